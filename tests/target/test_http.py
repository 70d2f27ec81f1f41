"""Every exchange ends, and says how."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import respx

from fixtures.target.exchange import Request
from fixtures.target.http import MAX_SILENCES, MAX_THROTTLED, HttpClient
from fixtures.target.record import Limits, Pace
from fixtures.target.redaction import Redactor
from fixtures.verdict.outcome import Inconclusive, Reason
from tests import servers

LIMITS = Limits(connect=0.5, read=0.5, total=1.0, size=10_000)


@contextmanager
def client(url: str, limits: Limits = LIMITS, pace: Pace | None = None) -> Iterator[HttpClient]:
    made = HttpClient(url, limits, pace or Pace(), Redactor({"NAME": "a-secret-value"}))
    yield made
    made.close()


def get(url: str, path: str = "/") -> Request:
    return Request("GET", url + path)


def test_complete_answer() -> None:
    """Status, headers and body as they came."""
    with servers.serving(servers.answering("418 Teapot", b'{"a":1}', "application/json; charset=utf-8")) as url:
        with client(url) as http:
            exchange = http.exchange(get(url))
    assert (418, b'{"a":1}', "application/json", True) == (
        exchange.status,
        exchange.body,
        exchange.media_type,
        exchange.complete,
    )


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        (servers.headers_then_nothing, "no complete answer within"),
        (servers.silent, "no complete answer within"),
        (servers.trickling_headers, "no complete answer within"),
        (servers.endless_body, "larger than 10000 bytes"),
        (servers.hanging_up, "the connection broke"),
    ],
)
def test_faulty_server(server: Callable[[servers.Connection], None], fault: str) -> None:
    """The exchange ends, says with what fault, and holds no more than its limits allow."""
    with servers.serving(server) as url, client(url) as http:
        exchange = http.exchange(get(url))
    assert fault in exchange.fault
    assert not exchange.complete
    assert len(exchange.body) <= LIMITS.size


def test_every_exchange_of_a_group_is_bounded() -> None:
    """Each has a deadline of its own."""
    with servers.serving(servers.trickling_headers) as url, client(url) as http:
        faults = [exchange.fault for exchange in http.exchange_all([get(url, f"/{n}") for n in range(3)])]
    assert all("no complete answer within" in fault for fault in faults), faults


def test_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a deployment on the net, unless the environment excepts it; never for loopback."""
    asked: list[bytes] = []

    def proxy(connection: servers.Connection) -> None:
        asked.append(servers.read_request(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    with servers.serving(proxy) as proxy_url, servers.serving(servers.answering("204 No", b"", "text/plain")) as local:
        monkeypatch.setenv("http_proxy", proxy_url)
        with client("http://clinic.example") as http:
            assert "ok" == http.exchange(get("http://clinic.example", "/health")).text
        with client(local) as http:
            assert 204 == http.exchange(get(local)).status
        monkeypatch.setenv("no_proxy", "clinic.example")
        with client("http://clinic.example") as http, pytest.raises(Inconclusive):
            http.exchange(get("http://clinic.example", "/health"))
    assert [b"GET http://clinic.example/health"] == [request.split(b" HTTP/")[0] for request in asked]


def test_answers_are_redacted_on_arrival() -> None:
    """Before anybody quotes from them, and bytes that are no text are left as they are."""
    body = b'{"leak": "a-secret-value", "raw": "\xff\xfe"}'
    with servers.serving(servers.answering("200 OK", body, "application/json")) as url, client(url) as http:
        assert b'{"leak": "[NAME]", "raw": "\xff\xfe"}' == http.exchange(get(url)).body


def test_nobody_listens() -> None:
    """Not connected is not judged; both attempts are told."""
    with servers.nobody_listening() as url, client(url) as http, pytest.raises(Inconclusive) as caught:
        http.exchange(get(url))
    assert Reason.TARGET_UNREACHABLE is caught.value.reason
    assert 2 == caught.value.detail.count("ConnectError")


def test_silent_path_is_not_asked_again() -> None:
    """Once silent until the limit: the outcome is known for that path, and only for it."""
    requests: list[bytes] = []

    def handle(connection: servers.Connection) -> None:
        requests.append(servers.read_request(connection))
        time.sleep(3600)

    with servers.serving(handle) as url, client(url) as http:
        first, second, other = (http.exchange(get(url, path)) for path in ("/a", "/a", "/b"))
    assert 2 == len(requests)
    assert "earlier in this run" in second.fault
    assert first.fault.split(" within")[0] == second.fault.split(" within")[0]
    assert "earlier in this run" not in other.fault


def test_path_that_answered_is_asked_again() -> None:
    """A path that answers and then stalls once is not given up."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
    count = 0

    def handle(connection: servers.Connection) -> None:
        nonlocal count
        count += 1
        servers.read_request(connection)
        if count == 2:
            time.sleep(3600)
        connection.sendall(answer)

    with servers.serving(handle) as url, client(url) as http:
        outcomes = [http.exchange(get(url)).complete for _ in range(3)]
    assert [True, False, True] == outcomes


def test_path_that_died_is_given_up() -> None:
    """After as many silences in a row as none has by chance."""
    asked = 0

    def handle(connection: servers.Connection) -> None:
        nonlocal asked
        asked += 1
        servers.read_request(connection)
        if asked > 1:
            time.sleep(3600)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    with servers.serving(handle) as url, client(url) as http:
        faults = [http.exchange(get(url)).fault for _ in range(6)]
    assert 1 + MAX_SILENCES == asked
    assert ["", False, False, False, True, True] == ["" if not text else "not asked again" in text for text in faults]


def test_budget_is_kept() -> None:
    """The request that would exceed it is not sent."""
    with servers.serving(servers.answering("200 OK", b"", "text/plain")) as url:
        with client(url, pace=Pace(budget=2)) as http:
            http.exchange_all([get(url), get(url)])
            with pytest.raises(Inconclusive) as caught:
                http.exchange(get(url))
    assert Reason.BUDGET_SPENT is caught.value.reason


def test_pace_is_kept() -> None:
    """Five requests at fifty a second take four gaps; the clock is the server's."""
    times: list[float] = []

    def handle(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            times.append(time.monotonic())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with servers.serving(handle) as url, client(url, pace=Pace(rate=50)) as http:
        http.exchange_all([get(url)] * 5)
    assert max(times) - min(times) >= 4 / 50 * 0.9


def test_simultaneous_answers_keep_their_order() -> None:
    """Whichever comes first."""

    def handle(connection: servers.Connection) -> None:
        path = servers.read_request(connection).split(b" ")[1]
        time.sleep(0.2 if path == b"/0" else 0)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n" + path)

    with servers.serving(handle) as url, client(url) as http:
        bodies = [exchange.text for exchange in http.exchange_all([get(url, f"/{n}") for n in range(4)])]
    assert ["/0", "/1", "/2", "/3"] == bodies


@respx.mock
def test_redirects_are_answers() -> None:
    """A redirect is not followed: Vapi would not, and the other host was never allowed."""
    respx.get("https://clinic.example/").mock(httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    elsewhere = respx.get("https://elsewhere.example/").mock(httpx.Response(200))
    with client("https://clinic.example") as http:
        assert 302 == http.exchange(get("https://clinic.example")).status
    assert not elsewhere.called


@respx.mock
def test_transport_error_after_sending_is_not_retried() -> None:
    """What was sent may have had its effect."""
    route = respx.post("https://clinic.example/").mock(side_effect=httpx.ReadError("reset"))
    with client("https://clinic.example") as http:
        exchange = http.exchange(Request("POST", "https://clinic.example/"))
    assert "the connection broke: ReadError" in exchange.fault
    assert 1 == route.call_count


class Throttling:
    """Answers 429 so many times before it serves."""

    def __init__(self, times: int, headers: str = "") -> None:
        self.times = times
        self.headers = headers
        self.seen = 0

    def handle(self, connection: socket.socket) -> None:
        while servers.read_request(connection):
            self.seen += 1
            refused = self.seen <= self.times
            status = f"429 Too Many Requests\r\n{self.headers}" if refused else "200 OK\r\n"
            connection.sendall(f"HTTP/1.1 {status}Content-Length: 0\r\n\r\n".encode())


def test_too_many_requests_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits as long as it is told, asks again, is slower from then on, and counts it."""
    waits: list[float] = []

    def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("fixtures.target.http.time.sleep", note)
    server = Throttling(2, "Retry-After: 7\r\n")
    with servers.serving(server.handle) as url, client(url) as http:
        assert 200 == http.exchange(get(url)).status
        assert (2, 3) == (http.throttled, server.seen)
    assert 2 == waits.count(7.0)
    assert any(0 < wait <= 1 for wait in waits)


def test_throttling_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pace has a floor, and after so many refusals the rest of the run is given up without another request."""
    waits: list[float] = []
    monkeypatch.setattr("fixtures.target.http.time.sleep", waits.append)
    server = Throttling(999)
    with servers.serving(server.handle) as url, client(url) as http:
        for _ in range(20):
            with pytest.raises(Inconclusive):
                http.exchange(get(url))
    assert MAX_THROTTLED == server.seen


def test_throttling_that_asks_for_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for it."""
    monkeypatch.setattr("fixtures.target.http.time.sleep", lambda _: None)
    server = Throttling(1, "Retry-After: 3600\r\n")
    with servers.serving(server.handle) as url, client(url) as http:
        for _ in range(2):
            with pytest.raises(Inconclusive, match="3600 s"):
                http.exchange(get(url))
    assert 1 == server.seen


def test_deployment_that_only_throttles_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a time that it tells, the waits double; in the end the budget is spent, nobody has failed."""
    waits: list[float] = []

    def note(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("fixtures.target.http.time.sleep", note)
    with servers.serving(Throttling(99).handle) as url, client(url) as http:
        with pytest.raises(Inconclusive, match="429") as raised:
            http.exchange(get(url))
    assert Reason.BUDGET_SPENT == raised.value.reason
    assert [1.0, 2.0, 4.0] == [wait for wait in waits if wait in {1.0, 2.0, 4.0, 8.0}][:3]

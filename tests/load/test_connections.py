"""What may come of a request on the wire, by kind."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from contextlib import closing

import pytest

from load.connections import MAX_BODY, Connections, ExchangeError
from load.recording import Kind
from tests import servers

ZIPPED = gzip.compress(b"{}")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def sends(*payload: bytes) -> Callable[[servers.Connection], None]:
    """Sends bytes for each request, and hangs up."""

    def handle(connection: servers.Connection) -> None:
        servers.read_request(connection)
        for part in payload:
            connection.sendall(part)

    return handle


@pytest.mark.parametrize(
    ("handle", "kind", "says"),
    [
        (servers.silent, Kind.TIMEOUT, "no complete answer within 0.4 s"),
        (servers.headers_then_nothing, Kind.TIMEOUT, "no complete answer"),
        (servers.trickling_headers, Kind.TIMEOUT, "no complete answer"),
        (servers.hanging_up, Kind.DISCONNECTED, "the connection ended before the answer did"),
        (servers.endless_body, Kind.TRANSPORT, f"an answer of more than {MAX_BODY} bytes"),
        (sends(HEAD + b"Content-Length: 100\r\n\r\nabc"), Kind.TRANSPORT, "Incomplete response"),
        (sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"), Kind.TRANSPORT, "Incomplete response"),
        (sends(b"hello\r\n\r\n"), Kind.TRANSPORT, "Expected HTTP/"),
        (sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"), Kind.TRANSPORT, "incorrect header"),
    ],
    ids=["silent", "half", "trickling", "hanging up", "endless", "cut off", "cut off in chunks", "garbage", "no gzip"],
)
def test_no_whole_answer(handle: Callable[[servers.Connection], None], kind: Kind, says: str) -> None:
    """Told by kind, and in words."""
    with servers.serving(handle) as url, pytest.raises(ExchangeError, match=says) as raised:
        Connections(url).post("/", (), b"{}", 0.4)
    assert kind is raised.value.kind


def test_nobody_listens() -> None:
    """Refused."""
    with servers.nobody_listening() as url, pytest.raises(ExchangeError) as raised:
        Connections(url).post("/", (), b"{}", 5.0)
    assert Kind.REFUSED is raised.value.kind


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"Content-Length: 2\r\n\r\n{}", id="length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", id="chunked"),
        pytest.param(b"\r\n{}", id="until the end"),
        pytest.param(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b" % (len(ZIPPED), ZIPPED), id="gzip"),
        pytest.param(b"content-encoding: GZIP \r\nContent-Length: %d\r\n\r\n%b" % (len(ZIPPED), ZIPPED), id="GZIP"),
    ],
)
def test_forms_of_an_answer(rest: bytes) -> None:
    """All that HTTP/1.1 allows."""
    with servers.serving(sends(HEAD, rest)) as url, closing(Connections(url)) as connections:
        answer = connections.post("/", (), b"{}", 5.0)
    assert (200, "application/json", b"{}") == (answer.status, answer.media_type, answer.body)


def test_request_on_the_wire() -> None:
    """The path under the base URL's, the headers, the body's bytes."""
    seen: list[bytes] = []

    def handle(connection: servers.Connection) -> None:
        seen.append(servers.read_request(connection))
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    with servers.serving(handle) as url, closing(Connections(f"{url}/base/")) as connections:
        connections.post("/path", (("x-signature", "abc"),), "ü".encode(), 5.0)
        host = url.removeprefix("http://").encode()
    assert seen[0].startswith(b"POST /base/path HTTP/1.1\r\nhost: " + host + b"\r\n")
    assert b"\r\nx-signature: abc\r\n" in seen[0]
    assert seen[0].endswith("\r\n\r\nü".encode())


def test_connections_are_kept_until_the_server_closes_them() -> None:
    """One for many requests; a closed one is not used again."""
    opened = []

    def three_answers(connection: servers.Connection) -> None:
        opened.append(connection)
        for _ in range(3):
            servers.read_request(connection)
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    with servers.serving(three_answers) as url, closing(Connections(url)) as connections:
        for place in range(6):
            connections.post("/", (), b"{}", 5.0)
            if place == 2:
                time.sleep(0.3)  # the server's end comes
    assert 2 == len(opened)

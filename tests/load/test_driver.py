"""The driver against small servers, in this process: however a run ends, every request is accounted for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gevent
import pytest

from fixtures.reference.canaries import write_canary_file
from fixtures.target.canaries import load_canaries
from fixtures.target.record import Paths
from fixtures.target.redaction import Redactor
from fixtures.vapi.signing import SigningPlan
from fixtures.verdict.outcome import Reason, Verdict
from load import driver, sending
from load.assembly import Assembly
from load.connections import Connections
from load.driver import EARLY_S, Driver, Part
from load.plan import Arrival, make_plan
from load.profiles import Phase, TrafficProfile
from load.recording import Ending, Kind, Recording
from load.requests import Markers, Prepared, RequestFactory
from load.sending import Sender
from load.validity import lags_of
from load.verdict import judge
from tests import servers
from tests.benchmarks.quick_server import answer

RIGHT = servers.answering("200 OK", b"{}", "application/json")
KEY = "planted-key"
Handle = Callable[[servers.Connection], None]


def profile(*, rate: float = 50.0, seconds: float = 1.0, call: tuple[str, ...] = ("status-update",)) -> TrafficProfile:
    return TrafficProfile("short", (Phase("all", seconds, rate),), seed=1, stall_s=0.01, call=call, think_s=0.1)


@pytest.fixture
def drive(tmp_path: Path) -> Callable[..., Recording]:
    """Sends traffic to a server; `meanwhile` may interfere with the driver."""
    write_canary_file(tmp_path / "canaries.toml")
    organisations = load_canaries(tmp_path / "canaries.toml")

    def run(handle: Handle, traffic: TrafficProfile, meanwhile: Callable[[Driver], None] = lambda _: None) -> Recording:
        plan = make_plan(traffic, len(organisations))
        assembly = Assembly("run", "digest", {"local": len(plan)})
        factory = RequestFactory(Paths(), organisations, Markers("Canary Test", "019c0000-0000-7"))
        with servers.serving(handle) as url:
            redactor = Redactor({"SECRET": "s3cr3t-value"})
            sender = Sender(url, Connections(url), SigningPlan(), KEY, redactor)
            made = Driver(
                Part("run", 0, 1, "digest", plan),
                factory,
                sender,
                lambda rows, account: assembly.take("local", rows, account.as_json()),
                lambda *_: None,
            )
            gevent.spawn(meanwhile, made)
            made.run(0.1)
        return assembly.recording()

    return run


Drive = Callable[..., Recording]


def right(connection: servers.Connection) -> None:
    while request := servers.read_request(connection):
        connection.sendall(answer(request))


def assert_accounted_for(made: Recording) -> None:
    assert made.account.offered == made.account.accounted == len(made.samples)


def test_whole_calls(drive: Drive) -> None:
    """Every step is sent to the right path in the right form, and its answer is right."""
    call = ("assistant-request", "status-update", "tools", "status-update", "end-of-call-report")
    made = drive(right, profile(rate=10, call=call, seconds=2.0))
    assert_accounted_for(made)
    assert made.account.planned == made.account.offered > 80
    assert {""} == {sample.fault for sample in made.samples}
    assert Ending.FINISHED is made.account.ended
    assert {0, 1} == {sample.tenant for sample in made.samples}


def test_server_that_never_answers(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request is given up when Vapi would, and the run fails: typical tools pass it."""
    monkeypatch.setattr(sending, "time_limit", lambda _: 0.3)
    traffic = profile()
    made = drive(servers.silent, traffic)
    assert_accounted_for(made)
    assert {Kind.TIMEOUT} == {sample.kind for sample in made.samples}
    assert all(0.3 <= sample.service_s for sample in made.samples)
    assert Verdict.FAIL is judge(made, traffic, 2.0, 0.05).verdict


def test_slow_answers_hold_nothing_up(drive: Drive) -> None:
    """As many are open as are due; each takes as long as the server does."""

    def slow(connection: servers.Connection) -> None:
        servers.read_request(connection)
        time.sleep(0.5)
        connection.sendall(answer(b""))

    made = drive(slow, profile())
    assert 10 <= made.account.in_flight_peak
    assert all(0.5 <= sample.service_s for sample in made.samples)


def test_freeze_is_not_the_servers(drive: Drive) -> None:
    """A generator that stands still reads every answer late; it knows so, and does not blame the server."""

    def freeze(_: Driver) -> None:
        for _turn in range(3):
            gevent.sleep(0.3)
            time.sleep(0.7)  # not gevent's, so that nothing else runs

    traffic = profile(seconds=3.0)
    made = drive(right, traffic, freeze)
    assert_accounted_for(made)
    assert any(sample.latency_s > 0.5 for sample in made.samples)
    assert all(sample.server_s < 0.5 for sample in made.samples)
    judged = judge(made, traffic, 0.5, 0.05)
    assert (Verdict.INCONCLUSIVE, Reason.GENERATOR_SATURATED) == (judged.verdict, judged.reason)


def test_freeze_at_the_time_limit(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the driver stood still when the time was over nobody knows whether an answer came."""

    def freeze(_: Driver) -> None:
        gevent.sleep(0.6)
        time.sleep(1.0)

    monkeypatch.setattr(sending, "time_limit", lambda _: 0.4)
    monkeypatch.setattr(driver, "time_limit", lambda _: 0.4)
    traffic = profile(seconds=0.55)
    made = drive(servers.silent, traffic, freeze)
    unread = [sample for sample in made.samples if sample.kind is Kind.UNANSWERED]
    assert unread
    assert all(sample.still_s > 0 for sample in unread)
    assert any("may have come meanwhile" in problem.detail for problem in lags_of(unread))


def test_requests_are_built_when_they_leave(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not before a long pause: a message says when it was made, and a server may refuse old ones."""
    built: list[tuple[float, float]] = []
    prepare = RequestFactory.prepare

    def noting(self: RequestFactory, arrival: Arrival) -> Prepared:
        built.append((arrival.at_s, time.time()))
        return prepare(self, arrival)

    monkeypatch.setattr(RequestFactory, "prepare", noting)
    made = drive(right, profile(rate=1.0, seconds=5.0))
    assert 5 == len(built)
    assert all(made.account.origin + at_s - when <= EARLY_S + 0.05 for at_s, when in built)


def test_stopped_in_mid_run(drive: Drive) -> None:
    """What was open then is neither lost nor held against the server, and the run proves nothing."""

    def stop(made: Driver) -> None:
        gevent.sleep(0.5)
        made.stop(Ending.TERMINATED)

    traffic = profile()
    made = drive(servers.silent, traffic, stop)
    assert_accounted_for(made)
    assert Ending.TERMINATED is made.account.ended
    assert made.account.offered < made.account.planned
    assert {Kind.UNANSWERED} == {sample.kind for sample in made.samples}
    assert Verdict.PASS is not judge(made, traffic, 2.0, 0.05).verdict


def test_error_storm_ends_the_load(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is down is not beaten on."""
    monkeypatch.setattr(driver, "STORM_S", 0.5)
    traffic = profile(rate=400, seconds=3.0)
    made = drive(servers.answering("500 Oops", b"{}", "application/json"), traffic)
    assert_accounted_for(made)
    assert Ending.ERROR_STORM is made.account.ended
    assert 200 <= made.account.offered < 0.6 * made.account.planned
    assert Verdict.PASS is not judge(made, traffic, 2.0, 0.05).verdict


def test_too_many_open(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap ends the run."""
    monkeypatch.setattr(driver, "IN_FLIGHT_CAP", 20)
    monkeypatch.setattr(sending, "time_limit", lambda _: 1.0)
    traffic = profile()
    made = drive(servers.silent, traffic)
    assert_accounted_for(made)
    assert (Ending.OVERLOADED, 20) == (made.account.ended, made.account.offered)
    assert Verdict.PASS is not judge(made, traffic, 2.0, 0.05).verdict


@pytest.mark.parametrize(("where", "name"), [(Sender, "fault_of"), (Sender, "send"), (RequestFactory, "prepare")])
def test_handler_that_raises(drive: Drive, monkeypatch: pytest.MonkeyPatch, where: type, name: str) -> None:
    """An error of ours is told of, without secrets, and the run proves nothing."""

    def fail(*_: Any) -> Any:
        raise KeyError("s3cr3t-value")

    monkeypatch.setattr(where, name, fail)
    traffic = profile()
    made = drive(RIGHT, traffic)
    assert Ending.CRASHED is made.account.ended
    assert "KeyError: '[SECRET]'" == made.account.errors[0]
    assert Verdict.PASS is not judge(made, traffic, 2.0, 0.05).verdict


def test_handler_that_raises_once(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request of fifty is enough."""
    once = iter([True])
    judged = Sender.fault_of

    def fail(*arguments: Any) -> Any:
        if next(once, False):
            raise RuntimeError("once")
        return judged(*arguments)

    monkeypatch.setattr(Sender, "fault_of", fail)
    traffic = profile()
    assert Verdict.PASS is not judge(drive(RIGHT, traffic), traffic, 2.0, 0.05).verdict


def test_printed_driver_shows_no_secret(drive: Drive) -> None:
    """Gevent prints the one whose greenlet breaks, on stderr, where nobody cleans it."""
    seen: list[str] = []
    drive(right, profile(seconds=0.1), lambda made: seen.append(f"{made!r} {made.sender!r}"))
    assert 1 == len(seen)
    assert KEY not in seen[0]
    assert "Arrival" not in seen[0]


def test_nothing_to_send(drive: Drive) -> None:
    """A server that was never called is not fast."""
    traffic = profile(rate=0.0)
    made = drive(RIGHT, traffic)
    assert 0 == made.account.planned == len(made.samples)
    assert Verdict.PASS is not judge(made, traffic, 2.0, 0.05).verdict


def test_quoted_answers_hold_no_secret(drive: Drive) -> None:
    """Though a secret may stand where a quotation ends."""
    body = b'"' + b"x" * 100 + b's3cr3t-value"'
    made = drive(servers.answering("200 OK", body, "application/json"), profile(call=("assistant-request",)))
    assert {Kind.WRONG} == {sample.kind for sample in made.samples}
    assert not any("s3cr" in sample.fault for sample in made.samples)

"""The driver of one worker: it keeps to the plan and never waits for an answer before the next request is due.

A closed loop would wait for a stalled server and then report that all was well. Here every request leaves when it
is due, in a greenlet of its own, and its latency counts from when it was due.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import gevent

from load.connections import Answer, ExchangeError
from load.events import DRAIN_S, IN_FLIGHT_CAP, time_limit
from load.plan import Arrival
from load.pulse import SLACK_S, Pulse
from load.recording import Account, Ending, Kind
from load.requests import Prepared, RequestFactory
from load.sending import Sender

EARLY_S = 0.5
"""So long before it is due a request is built: it says when it was, and Vapi's are fresh."""
AT_ONCE = 8
"""Requests that are overdue leave so many at a time."""
GRACE_S = 2.0
"""A run that is stopped waits so long for the last answers."""
REPORT_S = 1.0
STORM = 200
"""When so many requests in a row (and for at least `STORM_S`) end badly but for a twentieth, the load stops."""
STORM_S = 10.0
MAX_ERRORS = 10

Row = tuple[Any, ...]
"""A `Sample`'s members in their order, cheap to make and to send."""
Report = Callable[[Sequence[Row], Account], None]
"""Takes new samples and the account as it stands."""
Tell = Callable[[str, float, int, str], None]
"""Takes event, latency in seconds, size of the answer and fault without details, for Locust's own page."""


@dataclass(frozen=True, slots=True)
class Part:
    """A worker's part of a run."""

    run: str
    worker: int
    workers: int
    profile: str
    arrivals: Sequence[Arrival]


class Sent(NamedTuple):
    """A request on its way: since when, and how long the driver had stood still by then."""

    arrival: Arrival
    at: float
    still_s: float


@dataclass(eq=False, repr=False)
class Driver:
    """Sends a part of a plan. Gevent prints the one whose greenlet breaks: that must not be the whole plan."""

    part: Part
    factory: RequestFactory
    sender: Sender
    report: Report
    tell: Tell
    _offered: int = 0
    _accounted: int = 0
    _peak: int = 0
    _ending: Ending | None = None
    _origin: float = 0.0
    _origin_by_clock: float = 0.0
    _open: dict[int, Sent] = field(default_factory=dict)
    _pulse: Pulse = field(default_factory=Pulse)
    _rows: list[Row] = field(default_factory=list)
    _errors: list[str] = field(default_factory=list)
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=STORM))
    _stop: gevent.event.Event = field(default_factory=gevent.event.Event)

    def run(self, lead_s: float) -> None:
        """Send every request when it is due, from `lead_s` seconds from now on; report until all are accounted for."""
        self._origin = time.perf_counter() + lead_s
        self._origin_by_clock = time.time() + lead_s
        beside = [gevent.spawn(self._report_regularly), gevent.spawn(self._pulse.beat)]
        dispatching = gevent.spawn(self._dispatch)
        try:
            gevent.wait([dispatching, self._stop], count=1)
            dispatching.kill()
            self._drain(GRACE_S if self._ending in {Ending.TERMINATED, Ending.CRASHED} else DRAIN_S)
        finally:
            gevent.killall(beside)
            self._ending = self._ending or Ending.FINISHED
            self._report()
            self.sender.connections.close()

    def stop(self, ending: Ending) -> None:
        """End the run before its time."""
        self._ending = self._ending or ending
        self._stop.set()

    def account(self) -> Account:
        """As it stands."""
        return Account(
            run=self.part.run,
            planned=len(self.part.arrivals),
            offered=self._offered,
            accounted=self._accounted,
            in_flight_peak=self._peak,
            in_flight_cap=IN_FLIGHT_CAP,
            worker=self.part.worker,
            workers=self.part.workers,
            profile=self.part.profile,
            ended=self._ending or Ending.RUNNING,
            errors=tuple(self._errors),
            origin=self._origin_by_clock,
        )

    def _dispatch(self) -> None:
        try:
            for arrival in self.part.arrivals:
                if (early_s := self._wait_s(arrival) - EARLY_S) > 0:
                    gevent.sleep(early_s)
                prepared = self.factory.prepare(arrival)
                wait_s = self._wait_s(arrival)
                if wait_s > 0 or self._offered % AT_ONCE == 0:
                    gevent.sleep(max(0.0, wait_s))
                if len(self._open) >= IN_FLIGHT_CAP:
                    self.stop(Ending.OVERLOADED)
                    return
                self._offered += 1
                self._open[arrival.number] = self._sent(arrival)
                self._peak = max(self._peak, len(self._open))
                gevent.spawn_raw(self._send, arrival, prepared)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run is worth nothing and must say so
            self._crash(error)

    def _wait_s(self, arrival: Arrival) -> float:
        return self._origin + arrival.at_s - time.perf_counter()

    def _sent(self, arrival: Arrival) -> Sent:
        return Sent(arrival, time.perf_counter(), self._pulse.still_s())

    def _send(self, arrival: Arrival, prepared: Prepared) -> None:
        """One request; whatever comes of it is one sample."""
        try:
            sent = self._open[arrival.number] = self._sent(arrival)
            outcome = self._outcome(arrival.event, prepared)
            service_s, still_s = time.perf_counter() - sent.at, self._pulse.still_s() - sent.still_s
            kind, fault = self.sender.fault_of(prepared, outcome)
            if kind is Kind.TIMEOUT and still_s and service_s > time_limit(arrival.event) + SLACK_S:
                kind, fault = Kind.UNANSWERED, "the driver stood still when the time for the answer ended"
            if self._open.pop(arrival.number, None):
                latency_s = self._keep(sent, service_s, still_s, kind, fault)
                size = 0 if isinstance(outcome, ExchangeError) else len(outcome.body)
                self.tell(arrival.event, latency_s, size, fault.partition(": ")[0])
                self._watch_for_storm(fault)
        except Exception as error:  # noqa: BLE001  # as above
            self._open.pop(arrival.number, None)
            self._crash(error)

    def _outcome(self, event: str, prepared: Prepared) -> Answer | ExchangeError:
        try:
            return self.sender.send(event, prepared)
        except ExchangeError as error:
            return error

    def _keep(self, sent: Sent, service_s: float, still_s: float, kind: Kind, fault: str) -> float:
        arrival = sent.arrival
        lag_s = max(0.0, sent.at - self._origin - arrival.at_s)
        due = (arrival.number, arrival.event, arrival.tenant, arrival.at_s)
        self._rows.append((*due, lag_s, service_s, fault, kind, arrival.call, self.part.worker, still_s))
        self._accounted += 1
        return lag_s + service_s

    def _watch_for_storm(self, fault: str) -> None:
        self._recent.append(bool(fault))
        bad = self._accounted % 20 == 0 and sum(self._recent) >= 0.95 * STORM
        if bad and time.perf_counter() - self._origin >= STORM_S:
            self.stop(Ending.ERROR_STORM)

    def _crash(self, error: Exception) -> None:
        if len(self._errors) < MAX_ERRORS:
            self._errors.append(self.sender.redactor.text(f"{type(error).__name__}: {error}"))
        self.stop(Ending.CRASHED)

    def _drain(self, limit_s: float) -> None:
        """Wait for the last answers; what is still open then is a sample without an answer."""
        until = time.perf_counter() + limit_s
        while self._open and (now := time.perf_counter()) < until:
            gevent.sleep(min(0.02, until - now))
        for sent in self._open.values():
            service_s, still_s = time.perf_counter() - sent.at, self._pulse.still_s() - sent.still_s
            self._keep(sent, service_s, still_s, Kind.UNANSWERED, "the run ended before the answer")
        self._open.clear()

    def _report_regularly(self) -> None:
        while True:
            gevent.sleep(REPORT_S)
            self._report()

    def _report(self) -> None:
        rows, self._rows = self._rows, []
        self.report(rows, self.account())

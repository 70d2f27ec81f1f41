"""A run over Locust's own workers, or in this process alone: the plan is shared out, and the parts are put together.

The local process or the master is the coordinator. It fixes who takes part when the run begins; each worker makes
the same plan from its own files and variables, and refuses its part if the digest says that the two plans differ.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import gevent
from locust.runners import STATE_MISSING, LocalRunner, MasterRunner, WorkerRunner

from load.assembly import Assembly
from load.driver import GRACE_S, Driver, Part, Row
from load.events import DRAIN_S, IN_FLIGHT_CAP
from load.looks import at_look, early_looks
from load.plan import Arrival, digest, part_of
from load.profiles import TrafficProfile
from load.recording import Account, Ending, Recording
from load.requests import Markers

PART, REPORT, STOP = "voxanne-part", "voxanne-report", "voxanne-stop"
LEAD_S = 1.0
"""From the word to begin to the run's origin, so that every worker is ready by then."""
SILENCE_S = 15.0
"""A worker that reports nothing for so long is lost, whatever its heartbeat says."""
LAST_WORDS_S = GRACE_S + 3.0
"""How long a stopped run waits for its workers' accounts."""


@dataclass(frozen=True)
class Traffic:
    """What is to be sent, as this process understands it; `identity` is the same where the target is the same."""

    profile: TrafficProfile
    plan: Sequence[Arrival]
    identity: str

    @cached_property
    def digest(self) -> str:
        """The same in two processes that mean the same."""
        return digest(self.profile, self.plan, self.identity)


class Coordinator:
    """Shares out a run, and hands over its recording when it is over, however it ended."""

    def __init__(
        self,
        runner: LocalRunner | MasterRunner,
        traffic: Traffic,
        decided: Callable[[Recording], bool],
        over: Callable[[Recording], None],
    ) -> None:
        self._runner = runner
        self._decided = decided
        self._early: Recording | None = None
        self._traffic = traffic
        self._over = over
        self._assembly: Assembly | None = None
        self._heard: dict[str, float] = {}
        self._runner.register_message(REPORT, self._take)
        events: Any = runner.environment.events
        events.worker_connect.add_listener(self._came)

    @property
    def active(self) -> bool:
        """Whether a run is under way."""
        return self._assembly is not None

    def begin(self, run: str, markers: Markers) -> None:
        """Give each worker that is there its part."""
        workers, plan = self._workers(), self._traffic.plan
        planned = {worker: len(part_of(plan, place, len(workers))) for place, worker in enumerate(workers)}
        self._assembly = Assembly(run, self._traffic.digest, planned, self._traffic.profile.label)
        self._early = None
        self._heard = dict.fromkeys(workers, time.monotonic())
        common = {"run": run, "workers": len(workers), "digest": self._traffic.digest, "markers": asdict(markers)}
        for place, worker in enumerate(workers):
            self._runner.send_message(PART, {**common, "worker": place}, worker)
        gevent.spawn(self._watch, self._assembly)

    def stop(self) -> None:
        """End the run before its time; the recording follows."""
        if self.active:
            self._runner.send_message(STOP)

    def stop_and_wait(self) -> None:
        """The process is about to end."""
        if assembly := self._assembly:
            self.stop()
            until = time.monotonic() + LAST_WORDS_S
            while self._assembly is assembly and assembly.under_way and time.monotonic() < until:
                gevent.sleep(0.05)
            self._finish(assembly)

    def _workers(self) -> list[str]:
        if isinstance(self._runner, MasterRunner):
            return [client.id for client in self._runner.clients.all if client.state != STATE_MISSING]
        return ["local"]

    def _take(self, msg: Any, **_: object) -> None:
        if (assembly := self._assembly) is None:
            return
        self._heard[msg.node_id] = time.monotonic()
        assembly.take(msg.node_id, msg.data["rows"], msg.data["account"])
        if not assembly.under_way:
            self._finish(assembly)

    def _came(self, client_id: str, **_: object) -> None:
        if self._assembly and not self._assembly.has_part(client_id):
            self._assembly.note(f"worker {client_id} came when the run had begun, and has no part in it")

    def _watch(self, assembly: Assembly) -> None:
        """Lose who is silent, and send no load that proves nothing any more, nor for longer than was planned."""
        begun = time.monotonic() + LEAD_S
        until = begun + self._traffic.profile.duration_s + DRAIN_S + SILENCE_S
        looks = early_looks(self._traffic.profile)
        while True:
            gevent.sleep(0.5)
            if self._assembly is not assembly:  # over, and perhaps the next one is under way
                return
            now = time.monotonic()
            if looks and begun + looks[0] < now and self._looked(assembly, looks[0]):
                looks.pop(0)
            if now > until and assembly.under_way:
                assembly.note("the generator fell behind: not done long after the last request was due")
            for worker in assembly.under_way:
                if now > until or now - self._heard[worker] > SILENCE_S or self._gone(worker):
                    assembly.lose(worker)
            if assembly.spoilt or self._early:
                self.stop()
            if not assembly.under_way:
                self._finish(assembly)

    def _looked(self, assembly: Assembly, look: float) -> bool:
        """Whether all is there for a look; the run ends early if that decides."""
        recording = at_look(assembly.recording(), self._traffic.plan, look)
        if recording and gevent.get_hub().threadpool.apply(self._decided, (recording,)):  # meanwhile calls are due
            self._early = recording
        return recording is not None

    def _gone(self, worker: str) -> bool:
        if not isinstance(self._runner, MasterRunner):
            return False
        client = self._runner.clients.get(worker)
        return client is None or client.state == STATE_MISSING

    def _finish(self, assembly: Assembly) -> None:
        if self._assembly is assembly:
            for worker in assembly.under_way:
                assembly.lose(worker)
            self._assembly = None
            self._over(self._early or assembly.recording())


class Participant:
    """The worker's side: takes a part, and drives it."""

    def __init__(self, runner: LocalRunner | WorkerRunner, traffic: Traffic, make: Callable[..., Driver]) -> None:
        self._runner = runner
        self._traffic = traffic
        self._make = make
        self._driver: Driver | None = None
        self._running: gevent.Greenlet | None = None
        runner.register_message(PART, self._begin)
        runner.register_message(STOP, self._stop)

    def _begin(self, msg: Any, **_: object) -> None:
        given = msg.data
        arrivals = part_of(self._traffic.plan, given["worker"], given["workers"])
        part = Part(given["run"], given["worker"], given["workers"], self._traffic.digest, arrivals)
        if given["digest"] != part.profile:
            self._refuse(part)
            return
        self._driver = self._make(part, Markers(**given["markers"]), self._report)
        _spare_the_collector()
        self._running = gevent.spawn(self._driver.run, LEAD_S)
        if isinstance(self._runner, WorkerRunner):
            gevent.spawn(self._watch, self._runner, self._running)

    def _refuse(self, part: Part) -> None:
        error = f"worker {part.worker} has another profile, canary file, target record or secret than the master"
        ended = Ending.CRASHED
        place = (part.worker, part.workers, part.profile)
        self._report([], Account(part.run, len(part.arrivals), 0, 0, 0, IN_FLIGHT_CAP, *place, ended, (error,)))

    def _stop(self, **_: object) -> None:
        if self._driver:
            self._driver.stop(Ending.TERMINATED)

    def stop_and_wait(self) -> None:
        """The process is about to end."""
        if self._running:
            self._stop()
            self._running.join(LAST_WORDS_S)

    def _watch(self, runner: WorkerRunner, running: gevent.Greenlet) -> None:
        """Load that nobody collects does not go on; Locust's own worker would wait for a minute."""
        while not running.dead:
            heard = runner.last_heartbeat_timestamp
            if heard and time.time() - heard > SILENCE_S:
                self._stop()
            gevent.sleep(1)

    def _report(self, rows: Sequence[Row], account: Account) -> None:
        self._runner.send_message(REPORT, {"rows": rows, "account": account.as_json()})


def _spare_the_collector() -> None:
    """The plan stays; looking through it again and again for garbage would cost time in which requests are due."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)

"""What Locust loads: `locust -f load/locustfile.py --traffic smoke`, alone, as master or as worker.

Where the load goes is said by the variables of DESIGN section 5 and the record of `--target`, which must allow it.
Locust's users have no part in it: one driver for each process sends what is due, and the page shows its figures.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gevent
from locust import User, constant, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import STATE_INIT, LocalRunner, MasterRunner, WorkerRunner

sys.path.insert(0, str(Path(__file__).parents[1]))  # the `locust` command does not have the project on its path

from fixtures.target.ledger import default_ledger
from fixtures.target.record import RecordError
from fixtures.target.redaction import Redactor, secrets_in
from fixtures.target.run_identity import new_run_identity
from fixtures.verdict.outcome import Verdict
from load.connections import Connections
from load.coordination import Coordinator, Participant, Traffic
from load.driver import Driver, Part, Report
from load.evidence import check_folder, clear_recording, write_judged, write_recording
from load.given import read_given
from load.plan import make_plan
from load.profiles import FILE, ProfileError
from load.recording import Recording
from load.requests import Markers, RequestFactory
from load.sending import Sender
from load.verdict import LatencyVerdict, judge

EXIT = {"pass": 0, "fail": 1, "inconclusive": 20}
"""As the gate's (DESIGN section 2)."""
UNUSABLE = 2
"""Of what was given, or of the harness itself: no verdict."""


class Calls(User):
    """Stands for the calls on Locust's page; the driver makes them."""

    fixed_count = 1
    wait_time = constant(3600)

    @task
    def wait(self) -> None:
        """The driver is not slowed down by Locust's own loop."""


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """What the harness passes, and a person may."""
    group = parser.add_argument_group("Voxanne")
    group.add_argument("--traffic", default="smoke", help="traffic profile")
    group.add_argument("--traffic-file", default=str(FILE), help="where the profiles are")
    group.add_argument("--target", default="local", env_var="VOXANNE_TARGET", help="target record in pyproject.toml")
    group.add_argument("--recording", default="reports/load", help="folder for the recording")


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: object) -> None:
    """Take the part of this process; refuse a target that does not allow load."""
    try:
        Process(environment)
    except (RecordError, ProfileError, OSError) as error:
        _tell_problem(str(error))
        sys.exit(UNUSABLE)


class Process:
    """What one process of Locust does: alone it coordinates and takes part, else the one as master or the other.

    `environment` is Locust's, whose events and options have no types.
    """

    def __init__(self, environment: Any) -> None:
        self.environment = environment
        self.events = environment.events
        self.options = environment.parsed_options
        self.folder = Path(self.options.recording)
        self.beginning = self.ending = False
        self.given = read_given(self.options.target, self.options.traffic, Path(self.options.traffic_file))
        self.redactor = Redactor(secrets_in(os.environ))
        plan = make_plan(self.given.profile, len(self.given.organisations))
        self.traffic = Traffic(self.given.profile, plan, self.given.identity)
        runner = environment.runner
        if isinstance(runner, LocalRunner | WorkerRunner):
            participant = Participant(runner, self.traffic, self._driver)
            self.events.quitting.add_listener(lambda **_: participant.stop_and_wait())
        if isinstance(runner, LocalRunner | MasterRunner):
            self._coordinate(runner)

    def _coordinate(self, runner: LocalRunner | MasterRunner) -> None:
        if harness := os.environ.get("VOXANNE_LOAD_PARENT"):
            gevent.spawn(_end_with, int(harness), runner.quit)
        self.environment.process_exit_code = EXIT["inconclusive"]
        try:
            check_folder(self.folder)
        except OSError as error:
            raise RecordError(_unusable(self.folder, error)) from None
        coordinator = Coordinator(runner, self.traffic, self._decided, partial(self._over, runner))
        self.events.test_start.add_listener(lambda **_: self._begin(coordinator, runner))
        self.events.test_stop.add_listener(lambda **_: coordinator.stop())
        self.events.quitting.add_listener(lambda **_: self._end(coordinator))  # runs before Locust's own
        if isinstance(runner, MasterRunner):
            self._expect_workers(runner)

    def _expect_workers(self, runner: MasterRunner) -> None:
        """In place of Locust, which exits with the status of a failed run where they don't come in time."""
        limit_s, self.options.expect_workers_max_wait = self.options.expect_workers_max_wait, 0

        def give_up() -> None:
            if runner.state == STATE_INIT and len(runner.clients.ready) < self.options.expect_workers:
                there = f"{len(runner.clients.ready)} of {self.options.expect_workers} workers"
                _tell_problem(f"the run can't begin: {there} came within {limit_s:g} s")
                runner.quit()
                sys.exit(UNUSABLE)  # gevent ends the process with it

        if limit_s and self.options.headless:
            gevent.spawn_later(limit_s, give_up)

    def _end(self, coordinator: Coordinator) -> None:
        self.ending = True
        coordinator.stop_and_wait()

    def _begin(self, coordinator: Coordinator, runner: LocalRunner | MasterRunner) -> None:
        """Begin a run, in an empty folder: what is read there during it is of no older run.

        One that was stopped a moment ago has not told its end yet.
        """
        try:
            self.beginning = True
            coordinator.stop_and_wait()
            clear_recording(self.folder)
            coordinator.begin(self._run(), self._markers())
        except OSError as error:
            _tell_problem(f"the run can't begin: {error}")
            self.environment.process_exit_code = UNUSABLE
            self._leave(runner)
        finally:
            self.beginning = False

    def _leave(self, runner: LocalRunner | MasterRunner) -> None:
        gevent.spawn(runner.quit if self.options.headless else runner.stop)

    def _driver(self, part: Part, markers: Markers, report: Report) -> Driver:
        given = self.given
        factory = RequestFactory(given.record.paths, given.organisations, markers)
        sender = Sender(given.url, Connections(given.url), given.signing, given.secret, self.redactor)
        return Driver(part, factory, sender, report, self._tell)

    def _tell(self, event: str, latency_s: float, size: int, fault: str) -> None:
        """Locust's page shows what callers felt; its figures are rounded, and judge nothing."""
        stats: Any = self.environment.stats
        stats.log_request("POST", event, latency_s * 1000, size)
        if fault:
            stats.log_error("POST", event, fault)

    def _over(self, runner: LocalRunner | MasterRunner, recording: Recording) -> None:
        """Judge, tell and keep what there is, and end; the verdict is told though it can't be kept."""
        if not self.beginning:
            self._leave(runner)
        self.environment.process_exit_code = UNUSABLE  # should what follows break
        judged = self._judged(recording)
        self._tell_verdict(judged)
        self.environment.process_exit_code = EXIT.get(judged.verdict, EXIT["inconclusive"])
        try:
            write_recording(self.folder, recording)
            write_judged(self.folder, recording.account.run, judged)
        except OSError as error:
            _tell_problem(_unusable(self.folder, error))

    def _tell_verdict(self, judged: LatencyVerdict) -> None:
        """At the very end, after Locust's own tables; or now, where a page goes on."""

        def tell(**_: object) -> None:
            lines = [f"voxanne: {self.traffic.profile.name}: {judged.verdict}", *judged.details, ""]
            sys.stdout.write("\n".join(lines))
            sys.stdout.flush()

        if self.options.headless or self.ending:
            self.events.quit.add_listener(tell)
        else:
            tell()

    def _decided(self, recording: Recording) -> bool:
        judged = self._judged(recording)
        if self.traffic.profile.claim == "knee":
            return judged.parts["latency"].settled
        return judged.verdict in {Verdict.PASS, Verdict.FAIL}

    def _judged(self, recording: Recording) -> LatencyVerdict:
        limits = self.given.record.latency
        shares = (limits.late_share, limits.tail_share, limits.error_share)
        return judge(recording, self.traffic.profile, limits.target_s, *shares)

    def _run(self) -> str:
        """The harness's name for the run, or a new one."""
        return os.environ.get("VOXANNE_LOAD_RUN") or uuid.uuid4().hex

    def _markers(self) -> Markers:
        """Those of the harness's run, which will clean up; or new ones, in the ledger, for the next run to clean up."""
        if given := os.environ.get("VOXANNE_LOAD_MARKERS"):
            return Markers(*given.split("|"))
        identity = new_run_identity()
        ids = tuple(organisation.id for organisation in self.given.organisations)
        default_ledger().open(self.given.url, ids, identity.markers)
        return Markers(*identity.markers)


def _tell_problem(problem: str) -> None:
    sys.stderr.write(f"voxanne: {problem}\n")
    sys.stderr.flush()


def _unusable(folder: Path, error: OSError) -> str:
    return f"the recording can't be kept in {folder}: {error.strerror}"


def _end_with(harness: int, quit_: Callable[[], None]) -> None:
    """Load must not go on when the process that judges it is gone, however it went."""
    while os.getppid() == harness:
        gevent.sleep(0.5)
    gevent.spawn_later(15, os._exit, UNUSABLE)
    quit_()

"""What Locust loads: `locust -f load/locustfile.py --traffic smoke`, headless or under Locust's own web page.

Where the load goes is said by the variables of DESIGN section 5 and the record of `--target`, which must allow it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import gevent
from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

sys.path.insert(0, str(Path(__file__).parents[1]))  # the `locust` command does not have the project on its path

from fixtures.target.canaries import load_canaries
from fixtures.target.record import RecordError, TargetRecord, choose_record, load_records
from fixtures.target.redaction import Redactor, secrets_in
from fixtures.target.run_identity import new_run_identity
from fixtures.target.target import check_addresses
from fixtures.vapi.signing import signing_plan
from load.driver import Dispatcher
from load.plan import make_plan
from load.profiles import FILE, ProfileError, load_profile
from load.requests import Markers, RequestFactory

PROJECT = Path(__file__).parents[1]


class Calls(Dispatcher):
    """The calls of the chosen traffic to the chosen target."""

    fixed_count = 1


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    """What the harness passes, and a person may."""
    group = parser.add_argument_group("Voxanne")
    group.add_argument("--traffic", default="smoke", help="traffic profile")
    group.add_argument("--traffic-file", default=str(FILE), help="where the profiles are")
    group.add_argument("--target", default="local", env_var="VOXANNE_TARGET", help="target record in pyproject.toml")
    group.add_argument("--recording", default="reports/load", help="folder for the recording")
    group.add_argument("--run-id", default="by-hand", help="name of the run in the recording")


@events.init.add_listener  # type: ignore[untyped-decorator]
def prepare(environment: Environment, **_: object) -> None:
    """Fill in the user class; refuse a target that does not allow load."""
    options = environment.parsed_options
    assert options is not None
    try:
        record = choose_record(load_records(PROJECT / "pyproject.toml"), options.target)
        _require_load(record)
        profile = load_profile(options.traffic, Path(options.traffic_file))
        organisations = load_canaries(Path(_variable("VOXANNE_CANARIES")))
        plan = signing_plan(record.vapi_auth, record.name)
        Calls.host = _variable("BACKEND_URL").rstrip("/")
    except (RecordError, ProfileError) as error:
        sys.exit(f"voxanne: {error}")
    Calls.arrivals = make_plan(profile, len(organisations))
    Calls.factory = RequestFactory(record.paths, organisations, _markers())
    Calls.plan, Calls.secret = plan, os.environ.get("VAPI_WEBHOOK_SECRET", "")
    Calls.redactor = Redactor(secrets_in(os.environ))
    Calls.directory, Calls.run_id = Path(options.recording), options.run_id
    if harness := os.environ.get("VOXANNE_LOAD_PARENT"):
        gevent.spawn(_end_with, int(harness))


def _end_with(harness: int) -> None:
    """Load must not go on when the process that judges it is gone, however it went."""
    while os.getppid() == harness:
        gevent.sleep(0.5)
    os._exit(1)


def _require_load(record: TargetRecord) -> None:
    if "load" not in record.may:
        raise RecordError(f"target {record.name} does not allow load")
    check_addresses(record, os.environ)


def _variable(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise RecordError(f"{name} is not set")


def _markers() -> Markers:
    """Those of the harness's run, which will clean up, or new ones."""
    given = os.environ.get("VOXANNE_LOAD_MARKERS", "")
    return Markers(*given.split("|")) if given else Markers(*new_run_identity().markers)

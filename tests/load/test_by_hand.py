"""`locust -f load/locustfile.py`, as a person runs it: refusals, exit status, and what stands on the last lines."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import servers
from tests.locust_processes import Locusts, locusts

LIMIT_S = 120.0
USAGE = 2
PROFILE = """
[short]
rate = 20.0
measured_s = 3.0
stall_s = 0.05
seed = 3
call = ["status-update"]
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def called() -> threading.Event:
    """Set by the server when the first request comes."""
    return threading.Event()


@pytest.fixture
def by_hand(tmp_path: Path, called: threading.Event) -> Iterator[Locusts]:
    """Locust against a prompt server."""

    def handle(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            called.set()
            connection.sendall(OK)

    with servers.serving(handle) as url, locusts(tmp_path, url, PROFILE) as made:
        yield made


def refused(made: Locusts, *arguments: str) -> str:
    """What is said by one that does not begin: one line, and an exit status that is no verdict."""
    assert USAGE == made.alone(*arguments).wait(LIMIT_S), made.log("alone")
    said = [line for line in made.log("alone").splitlines() if line.startswith("voxanne: ")]
    assert 1 == len(said), made.log("alone")
    assert "Traceback" not in made.log("alone")
    return said[0]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"BACKEND_URL": "https://voxanne.example"}, "accepts loopback addresses only"),
        ({"VOXANNE_CANARIES": ""}, "VOXANNE_CANARIES is not set"),
        ({"VAPI_WEBHOOK_SECRET": ""}, "VAPI_WEBHOOK_SECRET is not set"),
        ({"VOXANNE_TARGET": "production"}, "target production does not allow load"),
        ({"VOXANNE_TARGET": "prod"}, "unknown target 'prod'"),
        ({"VOXANNE_CANARIES": "/nowhere"}, "canary file /nowhere"),
    ],
)
def test_it_is_as_careful_as_the_gate(
    by_hand: Locusts, called: threading.Event, changes: dict[str, str], says: str
) -> None:
    """Nothing is sent where the record does not allow it, or something is missing."""
    assert says in refused(replace(by_hand, variables=changes))
    assert not called.is_set()


def test_unusable_folder_is_found_beforehand(by_hand: Locusts, called: threading.Event) -> None:
    """Not after an hour of traffic."""
    (by_hand.folder / "file").write_text("")
    assert "can't be kept in" in refused(by_hand, "--recording", str(by_hand.folder / "file" / "load"))
    assert not called.is_set()


def test_verdict_stands_last(by_hand: Locusts) -> None:
    """After Locust's own tables."""
    assert by_hand.alone().wait(LIMIT_S) in {0, 20}, by_hand.log("alone")
    before, found, after = by_hand.log("alone").partition("voxanne: short: ")
    assert found, before
    assert "Aggregated" in before
    assert "Aggregated" not in after


def test_workers_that_do_not_come(by_hand: Locusts) -> None:
    """Nothing was judged, so nothing failed."""
    assert USAGE == by_hand.master(1, "--expect-workers-max-wait", "1").wait(LIMIT_S), by_hand.log("master")
    assert "voxanne: the run can't begin: 0 of 1 workers came within 1 s" in by_hand.log("master")
    assert "Traceback" not in by_hand.log("master")


def test_killed_run_leaves_no_older_verdict(by_hand: Locusts, called: threading.Event) -> None:
    """What is in the folder afterwards is not taken for this run's."""
    for name in ("judged.json", "problems.json", "worker-0.json"):
        by_hand.recording_folder.mkdir(exist_ok=True)
        (by_hand.recording_folder / name).write_text("[]")
    process = by_hand.alone()
    assert called.wait(LIMIT_S), by_hand.log("alone")
    process.kill()
    process.wait()
    assert [] == list(by_hand.recording_folder.iterdir())


def _lose_the_folder(made: Locusts) -> None:
    shutil.rmtree(made.recording_folder)
    made.recording_folder.write_text("")


def test_verdict_that_cannot_be_kept_is_told(by_hand: Locusts, called: threading.Event) -> None:
    """The folder is lost in mid-run: the verdict stands, and no secret is printed with what went wrong."""
    process = by_hand.alone()
    assert called.wait(LIMIT_S), by_hand.log("alone")
    _lose_the_folder(by_hand)
    assert process.wait(LIMIT_S) in {0, 20}, by_hand.log("alone")
    log = by_hand.log("alone")
    assert "voxanne: short: " in log
    assert 1 == log.count("voxanne: the recording can't be kept in")
    assert "Traceback" not in log
    assert "s" * 20 not in log

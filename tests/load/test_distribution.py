"""As a person runs it: Locust's own master and workers, one verdict on all of it; and Locust's web page."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from load.plan import make_plan
from load.profiles import load_profile
from load.recording import Ending
from tests import servers
from tests.locust_processes import Locusts, locusts

LIMIT_S = 120.0
PROFILE = """
[short]
rate = 40.0
measured_s = 5.0
stall_s = 0.02
seed = 3
call = ["status-update"]
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def run(tmp_path: Path) -> Iterator[tuple[Locusts, threading.Event]]:
    """Processes of Locust that load a prompt server, which tells when the first request comes."""
    called = threading.Event()

    def handle(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            called.set()
            connection.sendall(OK)

    with servers.serving(handle) as url, locusts(tmp_path, url, PROFILE) as made:
        yield made, called


def test_two_workers(run: tuple[Locusts, threading.Event]) -> None:
    """Every request of the plan is sent once, by one of them; the verdict is of all, and the master's exit status."""
    processes, _ = run
    master = processes.master(2)
    workers = [processes.worker("first"), processes.worker("second")]
    assert _passed_or_lagged(master.wait(LIMIT_S), processes.log("master"))
    assert [0, 0] == [worker.wait(LIMIT_S) for worker in workers]
    made = processes.recording()
    plan = make_plan(load_profile("short", processes.folder / "profiles.toml"), 2)
    assert [arrival.number for arrival in plan] == sorted(sample.number for sample in made.samples)
    assert {0, 1} == {sample.worker for sample in made.samples}
    assert [Ending.FINISHED, Ending.FINISHED] == [account.ended for account in made.accounts]
    judged = json.loads((processes.recording_folder / "judged.json").read_text())
    assert made.account.run == judged["run"]


def _passed_or_lagged(status: int, log: str) -> bool:
    """Passed; or a busy machine made the generator late, and it says so."""
    return status == 0 or (status == 20 and "ms late" in log)


def _killed_worker(processes: Locusts) -> None:
    processes.processes[1].kill()


def _late_worker(processes: Locusts) -> None:
    processes.worker("late")
    while "3 workers connected" not in processes.log("master"):
        time.sleep(0.1)


def _master_told_to_end(processes: Locusts) -> None:
    processes.processes[0].send_signal(signal.SIGTERM)


def _worker_told_to_end(processes: Locusts) -> None:
    processes.processes[1].send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("interfere", "ended", "says"),
    [
        (_killed_worker, Ending.LOST, "vanished after"),
        (_late_worker, None, "came when the run had begun"),
        (_master_told_to_end, Ending.TERMINATED, ""),
        (_worker_told_to_end, Ending.TERMINATED, ""),
    ],
)
def test_workers_that_fail(
    run: tuple[Locusts, threading.Event], interfere: Callable[[Locusts], None], ended: Ending | None, says: str
) -> None:
    """What came of them is recorded and told, and the run proves nothing."""
    processes, called = run
    profile = PROFILE.replace("measured_s = 5.0", "measured_s = 30.0")
    longer = Locusts(processes.folder, processes.url, profile, processes.markers, processes=processes.processes)
    master = longer.master(2)
    longer.worker("first")
    longer.worker("second")
    assert called.wait(LIMIT_S), longer.log("master")
    interfere(longer)
    if ended is None:
        master.send_signal(signal.SIGTERM)
    assert 20 == master.wait(LIMIT_S), longer.log("master")
    made = longer.recording()
    assert ended is None or ended in {account.ended for account in made.accounts}
    assert says in " ".join(made.problems)
    assert 0 < made.account.accounted < made.account.planned
    assert "inconclusive" in longer.log("master")


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [(["--traffic-file", "other.toml"], {}), ([], {"VAPI_WEBHOOK_SECRET": "another-secret"})],
    ids=["profile", "secret"],
)
def test_workers_that_disagree(
    run: tuple[Locusts, threading.Event], arguments: list[str], variables: dict[str, str]
) -> None:
    """One has another profile or secret: it sends nothing, and the other is stopped."""
    processes, _ = run
    other = processes.folder / "other.toml"
    other.write_text(PROFILE.replace("seed = 3", "seed = 4"))
    master = processes.master(2)
    processes.worker("first")
    differs = replace(processes, variables=variables)
    differs.worker("second", *(str(other) if argument == other.name else argument for argument in arguments))
    assert 20 == master.wait(LIMIT_S), processes.log("master")
    made = processes.recording()
    assert "has another profile" in " ".join(made.account.errors)
    assert 0 in {account.offered for account in made.accounts}


def test_load_ends_with_its_master(run: tuple[Locusts, threading.Event]) -> None:
    """A worker whose master was killed does not go on."""
    processes, called = run
    profile = PROFILE.replace("measured_s = 5.0", "measured_s = 100.0")
    longer = Locusts(processes.folder, processes.url, profile, processes.markers, processes=processes.processes)
    master = longer.master(1)
    longer.worker("first")
    assert called.wait(LIMIT_S), longer.log("master")
    os.kill(master.pid, signal.SIGKILL)
    master.wait()
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        called.clear()
        if not called.wait(3):
            return
    pytest.fail("the worker goes on")


def test_web_page(run: tuple[Locusts, threading.Event]) -> None:
    """A run for each push of the button; the page stays, with what callers felt."""
    processes, called = run
    page = f"http://127.0.0.1:{processes.port}"
    process = processes.with_page()
    runs = set()
    for _ in range(2):
        _push_start(page)
        assert called.wait(LIMIT_S), processes.log("page")
        runs.add(_judged(processes)["run"])
        (processes.recording_folder / "judged.json").unlink()
        with urllib.request.urlopen(f"{page}/stats/requests", timeout=30) as response:
            stats = json.load(response)
        assert 200 == stats["stats"][-1]["num_requests"]
    assert 2 == len(runs)
    process.send_signal(signal.SIGINT)
    assert _passed_or_lagged(process.wait(LIMIT_S), processes.log("page"))


@pytest.mark.parametrize("answers_in_s", [0.0, 1.0])
def test_start_at_once_after_stop(tmp_path: Path, answers_in_s: float) -> None:
    """The run that was stopped is judged first, though it waits for answers; then the next one is sent, whole."""
    called = threading.Event()

    def handle(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            called.set()
            time.sleep(answers_in_s)
            connection.sendall(OK)

    with servers.serving(handle) as url, locusts(tmp_path, url, PROFILE) as processes:
        _stop_and_start(processes, called)


def _stop_and_start(processes: Locusts, called: threading.Event) -> None:
    page = f"http://127.0.0.1:{processes.port}"
    process = processes.with_page()
    _push_start(page)
    assert called.wait(LIMIT_S), processes.log("page")
    with urllib.request.urlopen(f"{page}/stop", b"", timeout=30):
        _push_start(page)
    deadline = time.monotonic() + LIMIT_S
    while processes.log("page").count("voxanne: short: ") < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
    first, second = (
        line.removeprefix("voxanne: short: ")
        for line in processes.log("page").splitlines()
        if line.startswith("voxanne: ")
    )
    assert ("inconclusive", True) == (first, second in {"pass", "inconclusive"}), processes.log("page")
    _judged(processes)  # it is told before it is kept
    made = processes.recording()
    assert 200 == made.account.planned == made.account.accounted
    assert Ending.FINISHED is made.account.ended
    process.send_signal(signal.SIGINT)
    process.wait(LIMIT_S)


def _push_start(page: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            form = urllib.parse.urlencode({"user_count": 1, "spawn_rate": 1}).encode()
            with urllib.request.urlopen(f"{page}/swarm", form, timeout=30) as response:
                if json.load(response)["success"]:
                    return
        time.sleep(0.2)
    pytest.fail("the page did not come up")


def _judged(processes: Locusts) -> dict[str, Any]:
    path, deadline = processes.recording_folder / "judged.json", time.monotonic() + LIMIT_S
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    judged: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return judged

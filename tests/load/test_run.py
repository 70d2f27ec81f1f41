"""Real runs of Locust against small servers: what callers would have felt is what is recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fixtures.reference.canaries import write_canary_file
from fixtures.target.record import choose_record, load_records
from fixtures.target.run_identity import new_run_identity
from fixtures.target.target import Target
from fixtures.verdict.outcome import Reason, Verdict
from load import run
from load.profiles import TrafficProfile, load_profile
from load.recording import Ending, Recording
from load.run import LoadRunError, run_traffic
from load.verdict import judge
from tests import servers
from tests.gate import PROJECT

PROFILE = """
[short]
rate = 40.0
warm_up_s = 1.0
measured_s = 8.0
stall_s = 0.1
seed = 3
call = ["status-update"]
"""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def traffic(tmp_path: Path) -> tuple[TrafficProfile, Path]:
    """A short profile of webhook messages, and its file."""
    file = tmp_path / "profiles.toml"
    file.write_text(PROFILE)
    return load_profile("short", file), file


@pytest.fixture
def send(tmp_path: Path, traffic: tuple[TrafficProfile, Path]) -> Callable[[str], Recording]:
    """Sends the traffic to an address."""
    return lambda url: run_traffic(_target(url, tmp_path), *traffic, new_run_identity(), tmp_path / "load")


def _target(url: str, folder: Path) -> Target:
    write_canary_file(folder / "canaries.toml")
    record = choose_record(load_records(PROJECT / "pyproject.toml"), "local")
    variables = {"BACKEND_URL": url, "VAPI_WEBHOOK_SECRET": "s" * 20, "VOXANNE_CANARIES": str(folder / "canaries.toml")}
    return Target(record, variables)


def answer_promptly(connection: servers.Connection) -> None:
    while servers.read_request(connection):
        connection.sendall(OK)


def answering_and_telling(called: threading.Event) -> Callable[[servers.Connection], None]:
    def handle(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            called.set()
            connection.sendall(OK)

    return handle


def test_prompt_server(send: Callable[[str], Recording], traffic: tuple[TrafficProfile, Path]) -> None:
    """Every planned call is sent, answered and recorded, and the verdict passes."""
    with servers.serving(answer_promptly) as url:
        made = send(url)
    assert 360 == made.account.planned == made.account.accounted == len(made.samples)
    assert {""} == {sample.fault for sample in made.samples}
    assert traffic[0].label == made.account.traffic
    judged = judge(made, traffic[0], 2.0, 0.05)
    assert Verdict.PASS is judged.verdict or Reason.GENERATOR_SATURATED is judged.reason, judged


def test_stalled_server_hides_nothing(send: Callable[[str], Recording]) -> None:
    """A server that stands still for 1 s in every 4 s: each call that was due in it is late, not only one."""

    def stall(connection: servers.Connection) -> None:
        while servers.read_request(connection):
            time.sleep(max(0.0, 1.0 - time.time() % 4.0))
            connection.sendall(OK)

    with servers.serving(stall) as url:
        made = send(url)
    late = sum(sample.latency_s > 0.4 for sample in made.samples)
    due = sum((made.account.origin + sample.at_s) % 4.0 < 0.6 for sample in made.samples)
    assert 15 < due < 100  # about (1 - 0.4) / 4 of 360
    assert due <= late < 1.5 * due  # of a closed loop's answers about one in fifty is late


def test_refused_connections_are_faults(send: Callable[[str], Recording], traffic: tuple[TrafficProfile, Path]) -> None:
    """Nothing listens: every call failed, however fast."""
    with servers.nobody_listening() as url:
        made = send(url)
    assert all(sample.fault for sample in made.samples)
    assert Verdict.FAIL is judge(made, traffic[0], 2.0, 0.05).verdict


def test_terminated_driver_tells_what_it_has(
    send: Callable[[str], Recording], traffic: tuple[TrafficProfile, Path]
) -> None:
    """SIGTERM in mid-run, with which Locust itself exits 0: a part is recorded, and it does not pass."""
    called = threading.Event()

    def terminate() -> None:
        called.wait(60)
        time.sleep(1)
        next(_driver_of(os.getpid())).send_signal(signal.SIGTERM)

    thread = threading.Thread(target=terminate)
    thread.start()
    with servers.serving(answering_and_telling(called)) as url:
        made = send(url)
    thread.join()
    assert Ending.TERMINATED is made.account.ended
    assert 0 < made.account.offered == len(made.samples) < made.account.planned
    assert Verdict.PASS is not judge(made, traffic[0], 2.0, 0.05).verdict


def test_killed_driver_gives_no_recording(send: Callable[[str], Recording]) -> None:
    """SIGKILL leaves nothing to judge; that is an error of the run, not a verdict."""
    called = threading.Event()

    def kill() -> None:
        called.wait(60)
        next(_driver_of(os.getpid())).kill()

    thread = threading.Thread(target=kill)
    thread.start()
    with (
        servers.serving(answering_and_telling(called)) as url,
        pytest.raises(LoadRunError, match="without a recording"),
    ):
        send(url)
    thread.join()


def test_run_is_bounded_in_time(send: Callable[[str], Recording], monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that never ends is ended, whether it has something to tell by then or not."""
    monkeypatch.setattr(run, "START_LIMIT_S", -29.9)  # 9 s of traffic + 21 s to drain - 29.9 s
    with servers.serving(answer_promptly) as url, pytest.raises(LoadRunError):
        send(url)


def test_load_ends_with_the_harness(tmp_path: Path) -> None:
    """Killed with SIGKILL, it leaves no driver that goes on calling."""
    with servers.serving(answer_promptly) as url:
        target = _target(url, tmp_path)
        script = (
            "import sys; from pathlib import Path; from tests.load.test_run import _target;"
            "from load.profiles import load_profile; from load.run import run_traffic;"
            "from fixtures.target.run_identity import new_run_identity; folder = Path(sys.argv[1]);"
            "file = folder / 'profiles.toml'; run_traffic(_target(sys.argv[2], folder), load_profile('short', file),"
            "file, new_run_identity(), folder / 'load')"
        )
        (tmp_path / "profiles.toml").write_text(PROFILE.replace("measured_s = 8.0", "measured_s = 60.0"))
        harness = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), target.backend_url], cwd=PROJECT)
        driver = next(_driver_of(harness.pid))
        os.kill(harness.pid, signal.SIGKILL)
        harness.wait()
        driver.wait(timeout=90)


def _driver_of(pid: int) -> Iterator[psutil.Process]:
    while True:
        yield from (c for c in psutil.Process(pid).children() if "locust" in " ".join(c.cmdline()))
        time.sleep(0.1)

"""One run of a traffic profile: Locust as a process of its own, bounded in time, and its recording.

Locust's exit status is not looked at: it is 0 in too many cases in which nothing was measured.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from load.events import DRAIN_S
from load.evidence import clear_recording, read_recording
from load.profiles import TrafficProfile
from load.recording import Recording

PROJECT = Path(__file__).parents[1]
START_LIMIT_S = 30.0
LAST_WORDS_S = 10.0
"""How long it may take to tell what it has, when it is stopped."""


class LoadRunError(Exception):
    """Locust did not finish its run; an error of the harness, with what Locust printed."""


class TrafficInterrupted(Exception):  # as KeyboardInterrupt, which it stands for
    """Somebody ended the run before its time; `recording` is what there is of it."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(f"{recording.account.accounted} of {recording.account.planned} requests")
        self.recording = recording


def time_limit_s(profile: TrafficProfile) -> float:
    """How long a run may take, from the start of Locust to its recording."""
    return profile.duration_s + DRAIN_S + START_LIMIT_S


def run_traffic(target: Target, profile: TrafficProfile, file: Path, run: RunIdentity, directory: Path) -> Recording:
    """Send the traffic to `target`; the recording stays in `directory`. Raises LoadRunError, TrafficInterrupted."""
    run_id = uuid.uuid4().hex
    command: list[str | Path] = [
        *(sys.executable, "-m", "locust", "--locustfile", PROJECT / "load" / "locustfile.py"),
        *("--headless", "--users", "1", "--spawn-rate", "1", "--loglevel", "WARNING", "--only-summary"),
        *("--traffic", profile.name, "--traffic-file", file, "--target", target.name, "--recording", directory),
    ]
    clear_recording(directory)
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=_environment(target, run, run_id),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        interrupted = _wait(process, time_limit_s(profile))
        recording = read_recording(directory)
        if recording is None or recording.account.run != run_id:
            if interrupted:
                raise interrupted
            output.seek(0)
            raise LoadRunError(f"locust ended ({process.returncode}) without a recording:\n{_tail(output)}")
    if interrupted:
        raise TrafficInterrupted(recording) from interrupted
    return recording


def _wait(process: subprocess.Popen[bytes], limit_s: float) -> KeyboardInterrupt | None:
    """Until it ends or has to, which it may be told by Ctrl-C; what there is by then is told by Locust itself."""
    try:
        process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None
    except KeyboardInterrupt as interrupt:
        return interrupt
    else:
        return None
    finally:
        process.terminate()
        try:
            process.wait(LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _tail(output: IO[str]) -> str:
    """The last lines, whole ones: a secret that is cut in two is not found any more."""
    return "\n".join(output.read().splitlines()[-40:])


def _environment(target: Target, run: RunIdentity, run_id: str) -> Mapping[str, str]:
    names = ("BACKEND_URL", "VAPI_WEBHOOK_SECRET", "VOXANNE_CANARIES")
    variables = {name: target.variables[name] for name in names if name in target.variables}
    load = {"PARENT": str(os.getpid()), "MARKERS": "|".join(run.markers), "RUN": run_id}
    return {**os.environ, **variables, **{f"VOXANNE_LOAD_{name}": value for name, value in load.items()}}

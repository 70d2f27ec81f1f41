"""A recording on disk, as evidence: for each worker its samples, one JSON line each, and its account."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from load.recording import Account, Ending, Kind, Recording, Sample
from load.verdict import LatencyVerdict

PROBLEMS = "problems.json"
"""Written last, so that its presence means that all is there."""
JUDGED = "judged.json"
PROBE = ".probe"


def write_recording(directory: Path, recording: Recording) -> None:
    """Write a recording in place of an older one, each file in one step."""
    clear_recording(directory)
    for account in recording.accounts:
        lines = (json.dumps(asdict(one)) + "\n" for one in recording.samples if one.worker == account.worker)
        _put(directory / f"worker-{account.worker}.jsonl", "".join(lines))
        _put(directory / f"worker-{account.worker}.json", json.dumps(account.as_json()))
    _put(directory / PROBLEMS, json.dumps(recording.problems))


def clear_recording(directory: Path) -> None:
    """Make room for a recording, so that what is found afterwards is of no older run."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in (directory / PROBLEMS, directory / JUDGED, *directory.glob("worker-*.json*")):
        old.unlink(missing_ok=True)


def check_folder(directory: Path) -> None:
    """Raises OSError where no recording can be written, before an hour of traffic is sent for it."""
    directory.mkdir(parents=True, exist_ok=True)
    _put(directory / PROBE, "")
    (directory / PROBE).unlink()


def write_judged(directory: Path, run: str, judged: LatencyVerdict) -> None:
    """Write what was concluded, for who has no gate round the run."""
    _put(directory / JUDGED, json.dumps({"run": run, **judged.as_json()}, indent=2))


def read_recording(directory: Path) -> Recording | None:
    """The recording that was written to `directory`, or None if there is no whole one."""
    problems = directory / PROBLEMS
    if not problems.exists():
        return None
    accounts = [_account(json.loads(path.read_text(encoding="utf-8"))) for path in directory.glob("worker-*.json")]
    samples = [sample for account in accounts for sample in _samples(directory / f"worker-{account.worker}.jsonl")]
    return Recording(
        tuple(sorted(accounts, key=lambda account: account.worker)),
        tuple(sorted(samples, key=lambda sample: sample.at_s)),
        tuple(json.loads(problems.read_text(encoding="utf-8"))),
    )


def _account(document: dict[str, Any]) -> Account:
    return Account(**{**document, "ended": Ending(document["ended"]), "errors": tuple(document["errors"])})


def _samples(path: Path) -> Iterator[Sample]:
    for line in path.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        yield Sample(**{**document, "kind": Kind(document["kind"])})


def _put(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)

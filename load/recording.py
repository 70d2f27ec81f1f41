"""What became of every planned call: raw samples, one JSON line each, and the driver's own account of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}
SAMPLES = "samples.jsonl"
ACCOUNT = "account.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """One call.

    In seconds: `at_s` when it was due, `lag_s` how much later it was sent (the driver's fault), `service_s` from
    sending to the end of the answer. `fault` is empty for a right answer.
    """

    number: int
    event: str
    tenant: int
    at_s: float
    lag_s: float
    service_s: float
    fault: str = ""

    @property
    def latency_s(self) -> float:
        """What the caller felt: from when the call was due."""
        return self.lag_s + self.service_s


@dataclass(frozen=True, slots=True)
class Account:
    """The driver's account: calls planned, sent and accounted for, and the most that were open at once."""

    run: str
    planned: int
    offered: int
    accounted: int
    in_flight_peak: int
    in_flight_cap: int

    def as_json(self) -> dict[str, Any]:
        """For evidence and for the file."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished run."""

    account: Account
    samples: tuple[Sample, ...]

    def lag_summary(self) -> dict[str, float]:
        """The driver's own lag in milliseconds: median, 99th percentile, largest."""
        lags = sorted(sample.lag_s * 1000 for sample in self.samples)
        return {name: round(lags[int(share * (len(lags) - 1))], 1) for name, share in _SHARES.items() if lags}


def write_recording(directory: Path, account: Account, samples: Iterable[Sample]) -> None:
    """Write both files, each in one step; the account last, so that its presence means that all is there."""
    directory.mkdir(parents=True, exist_ok=True)
    _put(directory / SAMPLES, "".join(json.dumps(asdict(sample)) + "\n" for sample in samples))
    _put(directory / ACCOUNT, json.dumps(account.as_json()))


def _put(path: Path, text: str) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def read_recording(directory: Path) -> Recording | None:
    """The run that was written to `directory`, or None if it did not finish."""
    account = directory / ACCOUNT
    if not account.exists():
        return None
    lines = (directory / SAMPLES).read_text(encoding="utf-8").splitlines()
    samples = tuple(Sample(**json.loads(line)) for line in lines)
    return Recording(Account(**json.loads(account.read_text(encoding="utf-8"))), samples)

"""A benchmark: what is reported of a server that stands still for 5 s in every 20 s.

Run `python -m tests.benchmarks.load_stall`; it takes about 100 s.

Beside each other, in the same stalls: our traffic from one process, our traffic from two workers, and plain users of
Locust at the same rate. The truth is computed from the server's own log: for ours, when it answered each request less
when that was due; for the plain users, what requests spread evenly would have felt of its stalls. Bars: ours within
2 %, the workers' merged histogram within its precision of the pooled samples, and the plain users' report is wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fixtures.verdict.outcome import Verdict
from load.histogram import DIGITS, by_worker
from load.profiles import TrafficProfile, load_profile
from load.recording import Recording
from load.verdict import judge
from tests.benchmarks.stalling_server import Log, stalling_server
from tests.gate import PROJECT
from tests.locust_processes import locusts

SHARES = (0.5, 0.95, 0.99)
BAR = 0.02
RATE = 50.0
LIMIT_S = 200.0
SECONDS = 80.0
PREFIXES = ("019c0001-0001-7", "019c0002-0002-7")
PROFILE = f"""
[stalled]
rate = {RATE}
measured_s = {SECONDS}
stall_s = 5.0
seed = 4
call = ["status-update"]
"""


def quantiles(values: Sequence[float]) -> list[float]:
    """Of values as they are: what a share of them does not exceed."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in SHARES]


def plain_users(url: str, folder: Path) -> subprocess.Popen[bytes]:
    """Ten users that wait for each answer, at the same rate."""
    (folder / "body.json").write_text("{}", encoding="utf-8")
    variables = {"PLAIN_BODY": str(folder / "body.json"), "PLAIN_RATE": str(RATE / 10)}
    command = ["-f", "tests/benchmarks/plain_user.py", "--headless", "-u", "10", "-r", "10", "-t", f"{SECONDS:.0f}s"]
    return subprocess.Popen(
        [sys.executable, "-m", "locust", *command, "--host", url, "--only-summary", "--json-file", folder / "plain"],
        cwd=PROJECT,
        env={**os.environ, **variables},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def plain_report(folder: Path) -> list[float]:
    """The quantiles that Locust tells, in seconds, from its own rounded counts."""
    (entry,) = json.loads((folder / "plain.json").read_text(encoding="utf-8"))
    counts = {float(ms): int(number) for ms, number in entry["response_times"].items()}
    return quantiles([ms / 1000 for ms, number in counts.items() for _ in range(number)])


def truth(recording: Recording, log: Log, prefix: str) -> list[float]:
    """What callers felt."""
    origins = {account.worker: account.origin for account in recording.accounts}
    answered = [log.answered[f"{prefix}{one.call % 4096:03x}-8000-{one.call:012x}"] for one in recording.samples]
    due = [origins[sample.worker] + sample.at_s for sample in recording.samples]
    return quantiles([answer - begin for answer, begin in zip(answered, due, strict=True)])


def _compared(name: str, quantile: Callable[[float], float], expected: Sequence[float]) -> bool:
    told = [quantile(share) for share in SHARES]
    errors = [abs(seen / true - 1) for seen, true in zip(told, expected, strict=True)]
    for share, seen, true, error in zip(SHARES, told, expected, errors, strict=True):
        _tell(f"{name}, p{share * 100:.0f}: {seen:.3f} s; true {true:.3f} s; off by {error:.1%}")
    return max(errors) <= BAR


def _merged(recording: Recording) -> bool:
    """The workers' merged histogram against all samples pooled."""
    merged, pooled = by_worker(recording.samples), quantiles([sample.latency_s for sample in recording.samples])
    errors = [abs(merged.quantile(share) / exact - 1) for share, exact in zip(SHARES, pooled, strict=True)]
    _tell(f"merged histogram of {len(recording.accounts)} workers against pooled samples: off by {max(errors):.3%}")
    return max(errors) <= 10.0**-DIGITS


def _judged(recordings: Mapping[str, Recording], profile: TrafficProfile) -> bool:
    verdicts = {name: judge(recording, profile, 2.0, 0.05).verdict for name, recording in recordings.items()}
    _tell(f"p95 < 2 s: {', '.join(f'{name} {verdict}' for name, verdict in verdicts.items())}")
    return set(verdicts.values()) == {Verdict.FAIL}


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Measure, print, compare with the bars: 1 if one is missed."""
    with tempfile.TemporaryDirectory() as name, stalling_server() as server:
        folder = Path(name)
        for part in ("one", "two"):
            (folder / part).mkdir()
        with (
            locusts(folder / "one", server.url, PROFILE, f"Canary One|{PREFIXES[0]}") as one,
            locusts(folder / "two", server.url, PROFILE, f"Canary Two|{PREFIXES[1]}") as two,
        ):
            ours = [one.alone(), two.master(2), two.worker("first"), two.worker("second")]
            plain = plain_users(server.url, folder)
            for process in (*ours, plain):
                process.wait(LIMIT_S)
            log = server.end()
            recordings = {"one process": one.recording(), "two workers": two.recording()}
        reported = plain_report(folder)
        profile = load_profile("stalled", folder / "one" / "profiles.toml")
    met = [
        _compared(name, by_worker(recording.samples).quantile, truth(recording, log, prefix))
        for (name, recording), prefix in zip(recordings.items(), PREFIXES, strict=True)
    ]
    met += [_merged(recordings["two workers"]), _judged(recordings, profile)]
    evenly = [log.latency_s(log.stalls[0][0] + number * 0.01) for number in range(100 * 3 * 20)]
    met.append(not _compared("plain users", dict(zip(SHARES, reported, strict=True)).__getitem__, quantiles(evenly)))
    return int(not all(met))


if __name__ == "__main__":
    raise SystemExit(main())

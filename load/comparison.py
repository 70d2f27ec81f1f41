"""Whether a build is slower than the one before it: `python -m load.comparison --before DIR... --after DIR...`.

A build may be twice as slow and still under two seconds. The unit is the run, not the request: runs of one build differ
among themselves, and thousands of requests of a single pair would show nothing but that (facts: load.md section 4.5).
So runs are made in pairs, by turns (old new, new old, ...), and the logarithms of the pairs' ratios are judged by
Student's t: slower, if even the smallest ratio that they allow is beyond the margin; not slower, if even the largest is
within it (a test of non-inferiority); else undecided. `FLOOR_S` is added to both sides of a ratio, for nobody hears the
difference between 2 and 4 ms. A wrong or missing answer counts as one that took as long as Vapi waits.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fixtures.verdict.outcome import Verdict, merge
from load.binomial import ALPHA
from load.events import time_limit
from load.evidence import read_recording
from load.measured import measured
from load.parts import ALL
from load.profiles import FILE, ProfileError, TrafficProfile, load_profile
from load.recording import Recording, Sample
from load.student import t_quantile
from load.validity import lags_of, problems_of

MARGIN = 0.1
FLOOR_S = 0.05
FEWEST_PAIRS = 6
QUANTILES = {"median": 0.5, "p95": 0.95}
EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 20}


class NotComparable(Exception):  # of what is given, as ProfileError is
    """Folders that say nothing of two builds."""


Figures = Mapping[str, float]
"""What a run came to: seconds by subject and quantile."""


@dataclass(frozen=True)
class Change:
    """How one figure changed: `logs` has a pair's logarithmic ratio each. Failing shares the risk with `others`."""

    name: str
    before_s: float
    after_s: float
    logs: Sequence[float]
    margin: float = MARGIN
    others: int = 1

    @property
    def lower(self) -> float:
        """The smallest ratio that the pairs allow."""
        return math.exp(statistics.fmean(self.logs) - self._reach(ALPHA / self.others))

    @property
    def upper(self) -> float:
        """The largest ratio that the pairs allow."""
        return math.exp(statistics.fmean(self.logs) + self._reach(ALPHA))

    @cached_property
    def verdict(self) -> Verdict:
        """Fail: slower. Pass: not slower."""
        if self.lower > 1 + self.margin:
            return Verdict.FAIL
        return Verdict.PASS if self.upper <= 1 + self.margin else Verdict.INCONCLUSIVE

    def describe(self) -> str:
        """One line with the numbers."""
        times = f"{1000 * self.before_s:.0f} ms -> {1000 * self.after_s:.0f} ms"
        return f"{self.verdict:<13} {self.name:<28} {times:<22} x {self.lower:.2f} to {self.upper:.2f}"

    def _reach(self, alpha: float) -> float:
        return t_quantile(1 - alpha, len(self.logs) - 1) * statistics.stdev(self.logs) / math.sqrt(len(self.logs))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the pairs say; `problems` are why they can't say that nothing is slower."""

    changes: Sequence[Change]
    problems: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """That of the build."""
        verdicts = [change.verdict for change in self.changes] or [Verdict.INCONCLUSIVE]
        return merge([*verdicts, *([Verdict.INCONCLUSIVE] if self.problems else [])])


def compare(
    before: Sequence[Recording], after: Sequence[Recording], profile: TrafficProfile, margin: float = MARGIN
) -> Comparison:
    """Compare the runs of two builds, pair by pair in their order."""
    problems = list(_problems(before, after, profile))
    if len(before) != len(after) or len(before) < FEWEST_PAIRS:
        return Comparison((), problems)
    old, new = ([_figures(recording, profile) for recording in runs] for runs in (before, after))
    names = [name for name in old[0] if all(name in figures for figures in (*old, *new))]
    changes = [
        _change(name, [one[name] for one in old], [one[name] for one in new], margin, len(names)) for name in names
    ]
    return Comparison(changes, problems)


def _change(name: str, old: Sequence[float], new: Sequence[float], margin: float, others: int) -> Change:
    logs = [math.log((b + FLOOR_S) / (a + FLOOR_S)) for a, b in zip(old, new, strict=True)]
    return Change(name, statistics.median(old), statistics.median(new), logs, margin, others)


def _problems(before: Sequence[Recording], after: Sequence[Recording], profile: TrafficProfile) -> Iterator[str]:
    if len(before) != len(after) or len(before) < FEWEST_PAIRS:
        yield f"{len(before)} runs before and {len(after)} after; at least {FEWEST_PAIRS} of each are needed, in pairs"
    for when, runs in (("before", before), ("after", after)):
        for number, recording in enumerate(runs, start=1):
            problems = [*problems_of(recording), *lags_of(measured(recording.samples, profile).samples)]
            yield from (f"run {number} {when}: {problem.detail}" for problem in problems)


def _figures(recording: Recording, profile: TrafficProfile) -> Figures:
    seen = measured(recording.samples, profile)
    subjects = [(ALL, seen.samples), *seen.by_event(profile.events)]
    return {
        f"{subject}, {name}": _quantile(samples, share)
        for subject, samples in subjects
        if samples
        for name, share in QUANTILES.items()
    }


def _quantile(samples: Sequence[Sample], share: float) -> float:
    times = sorted(time_limit(sample.event) if sample.fault else sample.latency_s for sample in samples)
    return times[min(len(times) - 1, int(share * len(times)))]


def main(arguments: Sequence[str]) -> int:
    """Compare what is on disk: 0 not slower, 1 slower, 20 undecided, 2 not usable."""
    parser = argparse.ArgumentParser(prog="python -m load.comparison", description="Is a build slower than the last?")
    parser.add_argument("--before", nargs="+", type=Path, required=True, metavar="DIR", help="report folders, in order")
    parser.add_argument("--after", nargs="+", type=Path, required=True, metavar="DIR", help="those of the new build")
    parser.add_argument("--traffic", default="smoke", help="the profile of all runs")
    parser.add_argument("--traffic-file", type=Path, default=FILE, help="where the profiles are")
    parser.add_argument("--margin", type=float, default=MARGIN, help="slowdown that does not matter (default: 0.1)")
    options = parser.parse_args(arguments)
    try:
        profile = load_profile(options.traffic, options.traffic_file)
        runs = {folder: _read(folder) for folder in (*options.before, *options.after)}
        _require_comparable([*options.before, *options.after], runs, profile)
    except (ProfileError, NotComparable, FileNotFoundError) as error:
        parser.error(str(error))
    before, after = ([runs[folder] for folder in folders] for folders in (options.before, options.after))
    compared = compare(before, after, profile, options.margin)
    told = {Verdict.PASS: "NOT SLOWER", Verdict.FAIL: "SLOWER", Verdict.INCONCLUSIVE: "UNDECIDED"}
    lines = [change.describe() for change in compared.changes]
    sys.stdout.write("\n".join([*lines, *compared.problems, told[compared.verdict], ""]))
    return EXIT[compared.verdict]


def _require_comparable(folders: Sequence[Path], runs: Mapping[Path, Recording], profile: TrafficProfile) -> None:
    """Each run once, all of this traffic. Raises NotComparable, whose message is one line."""
    seen: dict[str, Path] = {}
    for folder in folders:
        account = runs[folder].account
        if account.run in seen:
            raise NotComparable(f"{folder} is the same run as {seen[account.run]}; a build needs runs of its own")
        seen[account.run] = folder
        if account.traffic != profile.label:
            raise NotComparable(f"{folder} is of other traffic: {account.traffic or 'untold'}; not {profile.label}")


def _read(folder: Path) -> Recording:
    """The recording in a report folder, or in its `load`."""
    for place in (folder, folder / "load"):
        if recording := read_recording(place):
            return recording
    raise FileNotFoundError(f"{folder} holds no recording of a whole run")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

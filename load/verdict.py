"""What may be concluded from a recording (facts: load.md section 4.4).

"p95 < 2 s" is judged as "less than 5 % of the calls are late", on exact counts. Late is a call whose right answer
did not come within the target, counted from when the call was due. Validity comes first; then, for each kind of
call, one-sided Clopper-Pearson limits on a sample size that is reduced for late calls that come in bursts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from fixtures.verdict.outcome import Reason, Verdict
from load.binomial import lower_limit, upper_limit
from load.events import time_limit
from load.profiles import TrafficProfile
from load.recording import BLOCK_S, Account, Ending, Kind, Recording, Sample

ERROR_BUDGET = 0.001
MAX_LAG_P99_S = 0.1
MAX_LAG_S = 0.25
MAX_LAGGING_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Clause:
    """The claim about one kind of call, and what the samples say of it. Limits are shares of late calls."""

    event: str
    verdict: Verdict
    count: int
    late: int
    effective_count: float
    lower: float
    upper: float
    budget: float
    more_s: float = 0.0
    """How many more seconds of the same would decide, if more are needed."""

    def describe(self) -> str:
        """One line with the numbers."""
        return (
            f"{self.event}: {self.late} of {self.count} late, {self.lower:.1%} to {self.upper:.1%} at 95 % confidence "
            f"(effective sample {self.effective_count:.0f}, allowed {self.budget:.0%})"
        )


@dataclass(frozen=True, slots=True)
class LatencyVerdict:
    """The verdict of a run. `reason` is set when it is inconclusive; `details` say why, one line each."""

    verdict: Verdict
    clauses: tuple[Clause, ...]
    details: tuple[str, ...]
    reason: Reason | None = None


def judge(recording: Recording, profile: TrafficProfile, target_s: float, late_share: float) -> LatencyVerdict:
    """Judge a finished run against `late_share` of calls later than `target_s` seconds."""
    measured = [sample for sample in recording.samples if profile.phase_at(sample.at_s).judged]
    clauses = tuple(_clauses(measured, profile, target_s, late_share, felt=True))
    if faults := list(_hard_failures(measured)):
        return LatencyVerdict(Verdict.FAIL, clauses, tuple(faults))
    if invalid := list(_saturation(recording, measured)):
        return LatencyVerdict(Verdict.INCONCLUSIVE, clauses, tuple(invalid), Reason.GENERATOR_SATURATED)
    undisturbed = _clauses(measured, profile, target_s, late_share, felt=False)
    for clause, other in zip(clauses, undisturbed, strict=True):
        if clause.verdict is not other.verdict:
            detail = f"{clause.event}: {clause.verdict} from when calls were due, {other.verdict} from when they left"
            return LatencyVerdict(Verdict.INCONCLUSIVE, clauses, (detail,), Reason.GENERATOR_SATURATED)
    return _overall(clauses, _errors(measured))


def _overall(clauses: tuple[Clause, ...], errors: tuple[Verdict, str]) -> LatencyVerdict:
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        details = [clause.describe() for clause in clauses if clause.verdict is verdict]
        details += [errors[1]] if errors[0] is verdict else []
        if details:
            if verdict is Verdict.FAIL:
                return LatencyVerdict(verdict, clauses, tuple(details))
            more = max(clause.more_s for clause in clauses)
            details += [f"about {more:.0f} s more of this traffic would decide"] if more else []
            return LatencyVerdict(verdict, clauses, tuple(details), Reason.TOO_FEW_SAMPLES)
    if not clauses:
        return LatencyVerdict(Verdict.INCONCLUSIVE, (), ("no call was measured",), Reason.TOO_FEW_SAMPLES)
    return LatencyVerdict(Verdict.PASS, clauses, tuple(clause.describe() for clause in clauses))


def _saturation(recording: Recording, measured: Sequence[Sample]) -> Iterator[str]:
    """Signs that the generator, not the server, was the limit. Its lag is its own fault alone."""
    account: Account = recording.account
    yield from recording.problems
    yield from (f"the driver failed: {error}" for error in account.errors)
    if account.ended is not Ending.FINISHED:
        yield f"the run did not end as planned: {account.ended}"
    if not account.planned == account.offered == account.accounted == len(recording.samples):
        yield (
            f"{account.planned} calls planned, {account.offered} sent, {account.accounted} accounted for, "
            f"{len(recording.samples)} recorded"
        )
    if account.in_flight_peak >= account.in_flight_cap:
        yield f"{account.in_flight_peak} calls were open at once, which is all that the driver allows"
    lags = sorted(sample.lag_s for sample in measured)
    if lags and (p99 := lags[int(0.99 * (len(lags) - 1))]) > MAX_LAG_P99_S:
        yield f"one call in a hundred left {p99 * 1000:.0f} ms late or later (allowed: {MAX_LAG_P99_S * 1000:.0f} ms)"
    lagging = sum(lag > MAX_LAG_S for lag in lags)
    if lagging > max(1, MAX_LAGGING_SHARE * len(lags)):
        yield f"{lagging} of {len(lags)} calls left more than {MAX_LAG_S * 1000:.0f} ms late"


def _hard_failures(measured: Iterable[Sample]) -> Iterator[str]:
    lost = [one for one in measured if one.kind is Kind.TIMEOUT or one.service_s > time_limit(one.event)]
    if lost:
        slowest = max(sample.service_s for sample in lost)
        yield f"{len(lost)} calls took so long that Vapi has given up; the slowest {slowest:.1f} s"


def _errors(measured: Sequence[Sample]) -> tuple[Verdict, str]:
    """Wrong and missing answers, whatever their time: none is a pass, more than chance allows a failure."""
    faults = Counter(sample.fault for sample in measured if sample.fault)
    if not (count := faults.total()):
        return Verdict.PASS, ""
    share = lower_limit(count, len(measured))
    detail = f"{count} of {len(measured)} answers failed or were wrong, most often: {faults.most_common(1)[0][0]}"
    return (Verdict.FAIL if share > ERROR_BUDGET else Verdict.INCONCLUSIVE), detail


def _clauses(
    measured: Sequence[Sample], profile: TrafficProfile, target_s: float, budget: float, *, felt: bool
) -> Iterator[Clause]:
    for event in profile.events:
        samples = [sample for sample in measured if sample.event == event]
        if samples:
            yield _clause(event, _blocks(samples, target_s, felt=felt), profile, budget)


def _blocks(samples: Iterable[Sample], target_s: float, *, felt: bool) -> list[tuple[int, int]]:
    """Calls and late calls in each block of the time at which they were due."""
    blocks: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for sample in samples:
        block = blocks[int(sample.at_s // BLOCK_S)]
        block[0] += 1
        block[1] += bool(sample.fault) or (sample.latency_s if felt else sample.service_s) > target_s
    return [(count, late) for count, late in blocks.values()]


def _clause(event: str, blocks: Sequence[tuple[int, int]], profile: TrafficProfile, budget: float) -> Clause:
    count, late = _totals(blocks)
    effective = effective_count(blocks, profile.measured_s, profile.stall_s)
    share = late / count
    lower, upper = lower_limit(share * effective, effective), upper_limit(share * effective, effective)
    verdict = Verdict.PASS if upper <= budget else Verdict.FAIL if lower > budget else Verdict.INCONCLUSIVE
    more = _more_seconds(share, effective, budget, profile.measured_s) if verdict is Verdict.INCONCLUSIVE else 0.0
    return Clause(event, verdict, count, late, effective, lower, upper, budget, more)


def effective_count(blocks: Sequence[tuple[int, int]], measured_s: float, stall_s: float) -> float:
    """The number of independent samples that the blocks are worth.

    Late calls come in bursts: the spread of the blocks' late counts tells by how much. Without any late call, the
    run speaks only for stalls that it had as many chances to see as there are stall lengths in it.
    """
    count, late = _totals(blocks)
    if not late:
        return min(count, measured_s / stall_s)
    if late == count:
        return float(count)
    share, m = late / count, len(blocks)
    if m == 1:
        return 1.0
    variance = sum((k - share * n) ** 2 for n, k in blocks) * m / (m - 1) / count**2
    return count / max(1.0, variance / (share * (1 - share) / count))


def _totals(blocks: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(count for count, _ in blocks), sum(late for _, late in blocks)


def _more_seconds(share: float, effective: float, budget: float, measured_s: float) -> float:
    """How much longer a run with the same share of late calls would have to be, to a tenth; 0 if that can't help."""

    def decides(tenths: int) -> bool:
        count = effective * tenths / 10
        if share < budget:
            return upper_limit(share * count, count) <= budget
        return lower_limit(share * count, count) > budget

    tenths = bisect_left(range(200), x=True, lo=10, key=decides)
    return measured_s * (tenths / 10 - 1) if tenths < 200 else 0.0

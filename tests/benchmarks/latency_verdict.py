"""A benchmark: how often the latency verdict is wrong. Run `python -m tests.benchmarks.latency_verdict [RUNS]`.

Synthetic runs (1,000 by default) of which the true share of late requests is known: exactly at the limit, a tenth under
and over it, and far from it. Requests are late independently of each other, or all that are due in bursts, which begin
at random. The rule promises that of the runs whose truth is not within the limit at most 5 % pass, and of those whose
truth is not beyond it at most 5 % fail, as long as no burst is longer than the stall of the claim. A bar is missed when
the rate is beyond that by more than chance explains (three standard errors).
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from fixtures.verdict.outcome import Verdict
from load.binomial import ALPHA
from load.clause import Claim, clause_of
from load.measured import block_s
from load.plan import make_plan
from load.profiles import load_profile
from load.recording import Account, Recording, Sample
from load.spread import Block
from load.verdict import judge

RUNS = 1000
WHOLE = 5
"""One in so many runs is simulated whole, which takes longer."""
SMOKE = load_profile("smoke")
P95, P99 = Claim("p95", 0.05), Claim("p99", 0.01)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Traffic of `rate` requests a second for `seconds`, claimed to have no stall over `stall_s`.

    Late requests come in bursts of `burst_s` seconds; 0: each for itself.
    """

    seconds: float
    rate: float
    stall_s: float
    burst_s: float

    def __str__(self) -> str:
        kind = f"bursts of {self.burst_s:g} s" if self.burst_s else "independent"
        return f"{self.seconds:5.0f} s at {self.rate:3g}/s, stalls to {self.stall_s:g} s, {kind:<15}"


def rates(scenario: Scenario, claim: Claim, share: float, runs: int, chance: random.Random) -> tuple[float, float]:
    """Which shares of the runs pass and fail, if `share` of the requests are late in truth."""
    verdicts = [
        clause_of("", claim, _run(scenario, share, chance), scenario.seconds, scenario.stall_s).verdict
        for _ in range(runs)
    ]
    return verdicts.count(Verdict.PASS) / runs, verdicts.count(Verdict.FAIL) / runs


def _run(scenario: Scenario, share: float, chance: random.Random) -> list[Block]:
    """One run, in blocks."""
    late_from = list(_bursts(scenario, share, chance)) if scenario.burst_s else []
    length_s = block_s(scenario.stall_s)
    blocks = [[0, 0] for _ in range(math.ceil(scenario.seconds / length_s))]
    at_s = chance.expovariate(scenario.rate)
    while at_s < scenario.seconds:
        while late_from and late_from[0] + scenario.burst_s <= at_s:
            late_from.pop(0)
        late = bool(late_from and late_from[0] <= at_s) if scenario.burst_s else chance.random() < share
        block = blocks[int(at_s // length_s)]
        block[0] += 1
        block[1] += late
        at_s += chance.expovariate(scenario.rate)
    return [(count, late) for count, late in blocks if count]


def _bursts(scenario: Scenario, share: float, chance: random.Random) -> Iterator[float]:
    """When bursts begin: an alternating renewal process that has been going on for ever."""
    pause_s = scenario.burst_s * (1 - share) / share
    at_s = -chance.random() * scenario.burst_s if chance.random() < share else chance.expovariate(1 / pause_s)
    while at_s < scenario.seconds:
        yield at_s
        at_s += scenario.burst_s + chance.expovariate(1 / pause_s)


def whole_runs(burst_s: float, runs: int, chance: random.Random) -> tuple[float, float]:
    """The same of whole runs of `smoke`, all kinds of request and both clinics exactly at the limit."""
    plan = make_plan(SMOKE, 2)
    traffic = Scenario(SMOKE.duration_s, 1.0, SMOKE.stall_s, burst_s)
    verdicts = []
    for _ in range(runs):
        bursts = list(_bursts(traffic, P95.budget, chance)) if burst_s else []
        late = [
            any(begin <= a.at_s < begin + burst_s for begin in bursts) if burst_s else chance.random() < P95.budget
            for a in plan
        ]
        samples = tuple(
            Sample(a.number, a.event, a.tenant, a.at_s, 0.0, 2.5 if slow else 0.1)
            for a, slow in zip(plan, late, strict=True)
        )
        account = Account("", len(plan), len(plan), len(plan), 1, 2000)
        judged = judge(Recording((account,), samples), SMOKE, 2.0, P95.budget)
        verdicts.append(judged.parts["latency"].verdict)
    return verdicts.count(Verdict.PASS) / runs, verdicts.count(Verdict.FAIL) / runs


def scenarios() -> Iterator[tuple[Claim, Scenario]]:
    """The traffic that claims are made of: just long enough, and longer."""
    for claim, seconds, rate, stall_s in (
        (P95, 24.0, 5.5, 0.3),
        (P95, 120.0, 4.0, 2.0),
        (P95, 300.0, 3.0, 5.0),
        (P95, 600.0, 10.0, 5.0),
        (P99, 600.0, 4.0, 2.0),
        (P99, 1500.0, 2.0, 5.0),
    ):
        for burst_s in (0.0, stall_s / 4, stall_s / 2, stall_s):
            yield claim, Scenario(seconds, rate, stall_s, burst_s)


def main(runs: int) -> int:
    """Simulate, print, compare with the promise: 1 if it is broken."""
    chance = random.Random(20261126)
    allowed = _allowed(runs)
    _tell(f"{runs} runs each; allowed {ALPHA:.0%}, with chance {allowed:.1%}; pass / fail in % of the runs, by truth")
    _tell(f"{'':<58}{'0.1 x limit':>14}{'0.9 x':>14}{'limit':>14}{'1.1 x':>14}{'3 x':>14}")
    worst_pass = worst_fail = 0.0
    for claim, scenario in scenarios():
        found = [rates(scenario, claim, claim.budget * times, runs, chance) for times in (0.1, 0.9, 1.0, 1.1, 3.0)]
        _tell(f"{claim.name} {scenario!s:<54}" + "".join(f"{100 * p:7.1f} /{100 * f:5.1f}" for p, f in found))
        worst_pass = max(worst_pass, *(passed for passed, _ in found[2:]))
        worst_fail = max(worst_fail, *(failed for _, failed in found[:3]))
    kept = [_verdict("false pass", worst_pass, allowed), _verdict("false fail", worst_fail, allowed)]
    few = max(1, runs // WHOLE)
    for burst_s in (0.0, SMOKE.stall_s):
        passed, failed = whole_runs(burst_s, few, chance)
        _tell(f"{few} whole runs of smoke at the limit, bursts of {burst_s:g} s: {passed:.1%} pass, {failed:.1%} fail")
        kept.append(_verdict("of these", max(passed, failed), _allowed(few)))
    return int(not all(kept))


def _allowed(runs: int) -> float:
    return ALPHA + 3 * math.sqrt(ALPHA * (1 - ALPHA) / runs)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _verdict(name: str, worst: float, allowed: float) -> bool:
    _tell(f"worst {name}: {worst:.1%}, bar {allowed:.1%}: {'met' if worst <= allowed else 'MISSED'}")
    return worst <= allowed


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if sys.argv[1:] else RUNS))

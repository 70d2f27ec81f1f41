"""Three answers to one claim."""

from __future__ import annotations

import random

import pytest

from fixtures.verdict.outcome import Verdict
from load.clause import USUAL, Claim, Clause, Risk, clause_of
from load.spread import Block
from tests.benchmarks.latency_verdict import Scenario, rates

P95 = Claim("p95", 0.05)


def clause(blocks: list[Block], measured_s: float = 130.0, risk: Risk = USUAL) -> Clause:
    return clause_of("lookup", P95, blocks, measured_s, 2.0, risk)


@pytest.mark.parametrize(
    ("blocks", "verdict"),
    [
        ([(40, 0)] * 13, Verdict.PASS),
        ([(40, 1)] + [(40, 0)] * 12, Verdict.PASS),
        ([(40, 2)] * 13, Verdict.INCONCLUSIVE),
        ([(40, 8), (40, 7)] * 6, Verdict.FAIL),
        ([(40, 30)] + [(40, 0)] * 12, Verdict.INCONCLUSIVE),  # one burst
        ([(2, 0)] * 13, Verdict.INCONCLUSIVE),
        ([], Verdict.INCONCLUSIVE),
    ],
)
def test_verdict(blocks: list[Block], verdict: Verdict) -> None:
    """Pass and fail only where chance is no explanation."""
    assert verdict is clause(blocks).verdict


def test_failing_shares_the_risk_and_passing_does_not() -> None:
    """Of twenty clauses each must pass, and any may fail."""
    assert Risk(0.05, 0.0125) == Risk().weighted(0.25)
    assert Risk(0.025, 0.025) == Risk().spent_over(2)


def test_more_seconds() -> None:
    """To a tenth of the run: 117 s without a late request would do."""
    assert 80.0 == clause([(40, 0)] * 4, 40.0).more_s
    assert 0.0 == clause([(40, 2)] * 13).more_s  # at the limit no time suffices


def test_claimable_depends_on_the_plan_only() -> None:
    """What was late does not excuse."""
    assert clause([(40, 20)] + [(40, 0)] * 12).claimable
    assert not clause([(40, 0)] * 4, 40.0).claimable


def test_description_has_the_numbers() -> None:
    """Of both counts, both limits and the claim."""
    said = clause([(40, 1)] + [(40, 0)] * 12).describe()
    for number in ("lookup: 1 of 520 late", "p95 allows 5.0%"):
        assert number in said


@pytest.mark.parametrize("burst_s", [0.0, 0.5, 2.0])
def test_at_the_limit_chance_decides_rarely(burst_s: float) -> None:
    """Exactly 5 % late: at most 5 % of the runs pass, and at most 5 % fail; seeded, and allowing for 300 runs."""
    passed, failed = rates(Scenario(120.0, 4.0, 2.0, burst_s), P95, 0.05, 300, random.Random(5))
    assert passed <= 0.08
    assert failed <= 0.08


def test_far_from_the_limit_most_runs_are_decided() -> None:
    """A positive control: the rule is not merely silent."""
    assert 0.9 < rates(Scenario(120.0, 4.0, 2.0, 0.0), P95, 0.003, 100, random.Random(5))[0]
    assert 0.9 < rates(Scenario(120.0, 4.0, 2.0, 2.0), P95, 0.25, 100, random.Random(5))[1]

"""From judgements to the run's answer."""

from __future__ import annotations

import datetime

import pytest

from fixtures.verdict.criterion import Criterion
from fixtures.verdict.outcome import Reason, Verdict, Violation
from fixtures.verdict.result import HARNESS_ERROR, CriterionResult, Judgement, Run, combine
from fixtures.verdict.waivers import Waiver

FAIL, OPEN, PASS, NEUTRAL = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE
WAIVER = Waiver("a", "known", "ops", datetime.date(2999, 1, 1))


def result(verdict: Verdict, severity: str = "required", waiver: Waiver | None = None) -> CriterionResult:
    criterion = Criterion("a", "A", "Section", "Mend it", severity)
    return CriterionResult(criterion, Judgement(verdict), 0.0, waiver=waiver)


@pytest.mark.parametrize(
    ("results", "verdict", "status"),
    [
        ([], "undecided", 20),
        ([result(PASS)], "go", 0),
        ([result(PASS), result(NEUTRAL)], "go", 0),
        ([result(NEUTRAL)], "undecided", 20),
        ([result(PASS), result(OPEN)], "undecided", 20),
        ([result(PASS), result(OPEN), result(FAIL)], "no-go", 1),
        ([result(PASS), result(FAIL, "advisory")], "go", 0),
        ([result(PASS), result(OPEN, "advisory")], "go", 0),
        ([result(FAIL, waiver=WAIVER)], "go", 0),
        ([result(OPEN, "advisory")], "undecided", 20),
    ],
)
def test_verdict_of_a_run(results: list[CriterionResult], verdict: str, status: int) -> None:
    """Nothing judged is never GO."""
    run = Run("reference", "now", results=results)
    assert (verdict, status) == (run.verdict, run.exit_status)


def test_what_could_not_be_judged_does_not_count_as_judged() -> None:
    """Neutral results rest on an observation, open ones do not."""
    assert 2 == Run("reference", "now", results=[result(PASS), result(NEUTRAL), result(OPEN)]).judged


def test_incomplete_run_is_undecided() -> None:
    """What was not run has not agreed."""
    assert "undecided" == Run("reference", "now", results=[result(PASS)], complete=False).verdict


def test_problem_of_the_harness_is_red() -> None:
    """Whatever the criteria say."""
    assert "no-go" == Run("reference", "now", results=[result(PASS)], problems=["a check broke"]).verdict


def test_combining_keeps_the_words_of_the_worst() -> None:
    """And only those."""
    combined = combine(
        [
            Judgement(PASS),
            Judgement(FAIL, detail="one", violations=[Violation("a", "b")]),
            Judgement(FAIL, detail="two", violations=[Violation("c", "d")]),
            Judgement(OPEN, Reason.TOO_FEW_SAMPLES, "three"),
        ]
    )
    assert (FAIL, "", "one; two", 2) == (combined.verdict, combined.reason, combined.detail, len(combined.violations))


def test_broken_check_outranks_a_failed_one() -> None:
    """Its other observations can't be trusted."""
    combined = combine([Judgement(FAIL, detail="red"), Judgement(FAIL, HARNESS_ERROR, "left rows")])
    assert HARNESS_ERROR == combined.reason

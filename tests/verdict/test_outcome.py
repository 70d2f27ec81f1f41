"""The lattice of verdicts, and the words a check has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.verdict.outcome import (
    CriterionFailed,
    Inconclusive,
    Reason,
    Verdict,
    Violation,
    control,
    expect,
    fail_on,
    merge,
    precondition,
)

FAIL, OPEN, PASS, NEUTRAL = Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS, Verdict.NOT_APPLICABLE
verdicts = st.lists(st.sampled_from(Verdict), min_size=1)


@pytest.mark.parametrize(
    ("merged", "of"),
    [
        (FAIL, [PASS, OPEN, FAIL, NEUTRAL]),
        (OPEN, [PASS, OPEN, NEUTRAL]),
        (PASS, [PASS, NEUTRAL]),
        (NEUTRAL, [NEUTRAL]),
        (PASS, [PASS]),
        (FAIL, [FAIL, FAIL]),
        (OPEN, [OPEN, OPEN, PASS]),
    ],
)
def test_merge_order(merged: Verdict, of: list[Verdict]) -> None:
    """fail > inconclusive > pass; not-applicable is neutral."""
    assert merged is merge(of)


@given(verdicts, verdicts)
def test_merging_in_parts_is_merging_at_once(some: list[Verdict], others: list[Verdict]) -> None:
    """Neither order nor grouping matters."""
    assert merge(some + others) is merge([merge(others), merge(some)])


@given(verdicts)
def test_neutral_element(some: list[Verdict]) -> None:
    """not-applicable changes nothing."""
    assert merge(some) is merge([*some, NEUTRAL])


def test_nothing_judged_is_no_verdict() -> None:
    """An empty merge has no answer."""
    with pytest.raises(ValueError, match="empty"):
        merge([])


def test_expect_says_both_sides() -> None:
    """What was expected, what was seen."""
    expect([1], expected="one", seen="one")
    with pytest.raises(CriterionFailed) as caught:
        expect([], expected="two", seen="one", rule="count", source="arithmetic", remedy="add one")
    assert (Violation("two", "one", "count", "arithmetic", "add one"),) == caught.value.violations


def test_fail_on_keeps_every_violation() -> None:
    """All of them, and none is fine."""
    fail_on([])
    with pytest.raises(CriterionFailed) as caught:
        fail_on(Violation(f"e{n}", f"s{n}") for n in range(3))
    assert 3 == len(caught.value.violations)


def test_failure_without_violation_is_a_bug() -> None:
    """A failure has to say what it saw."""
    with pytest.raises(ValueError, match="at least one violation"):
        CriterionFailed()


@pytest.mark.parametrize(
    ("judge", "reason"), [(control, Reason.CONTROL_FAILED), (precondition, Reason.PRECONDITION_LOST)]
)
def test_what_prevents_judging(judge: object, reason: Reason) -> None:
    """Inconclusive, with its reason."""
    assert callable(judge)
    judge([1], "fine")
    with pytest.raises(Inconclusive) as caught:
        judge([], "nothing there")
    assert (reason, "nothing there") == (caught.value.reason, caught.value.detail)

"""Hypothesis as the contract checks use it."""

from __future__ import annotations

import json

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from fixtures.vapi.exploration import CI, PACED, explore
from fixtures.vapi.hostile import VALUES, Instead, absurd, spoilt
from fixtures.vapi.tools import BOOKING
from fixtures.verdict.outcome import CriterionFailed, Inconclusive, Reason, Violation


def object_to(threshold: int, seen: list[int]) -> object:
    def judge(number: int) -> None:
        seen.append(number)
        if number >= threshold:
            raise CriterionFailed(Violation("less", str(number)))

    return judge


def test_objection_to_the_smallest() -> None:
    """It is the check's own failure that comes out, for an example that was made small."""
    with pytest.raises(CriterionFailed, match="seen 1000"):
        explore(st.integers(0, 10**9), object_to(1000, []), CI)  # type: ignore[arg-type]


def test_objection_that_does_not_come_again() -> None:
    """A deployment that fails now and then has failed."""
    seen: list[int] = []

    def judge(number: int) -> None:
        seen.append(number)
        if len(seen) == 3:
            raise CriterionFailed(Violation("always", "once"))

    with pytest.raises(CriterionFailed, match="seen once"):
        explore(st.integers(), judge, CI)


def test_inconclusive_comes_out_as_such() -> None:
    """A spent budget is no failure."""

    def judge(_: int) -> None:
        raise Inconclusive(Reason.BUDGET_SPENT, "spent")

    with pytest.raises(Inconclusive, match="spent"):
        explore(st.integers(), judge, CI)


def test_same_examples_every_time() -> None:
    """In CI; and few, without making a failure smaller, where the target sets a pace."""
    runs: list[list[int]] = [[], []]
    for seen in runs:
        explore(st.integers(), seen.append, CI)
    assert runs[0] == runs[1]
    assert 15 < len(runs[0]) <= 20
    few: list[int] = []
    with pytest.raises(CriterionFailed):
        explore(st.integers(0, 10**9), object_to(0, few), PACED)  # type: ignore[arg-type]
    assert len(few) <= 3


@settings(max_examples=200)
@given(st.one_of(absurd(BOOKING), VALUES))
def test_values_can_be_sent(example: object) -> None:
    """As UTF-8, and as JSON that every parser takes (no NaN)."""
    value = example.value if isinstance(example, Instead) else example
    encoded = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    assert value == json.loads(encoded) or "-0.0" in encoded.decode()


@given(spoilt(BOOKING))
def test_patient_can_still_be_told(change: dict[str, object]) -> None:
    """Name and number are never spoilt together, or the row could not be removed."""
    assert 1 == len(change)


def test_worst_is_among_them() -> None:
    """NUL, deep nesting, and numbers beyond 64 bits."""
    assert find(VALUES, lambda value: isinstance(value, str) and "\0" in value)
    assert find(VALUES, lambda value: isinstance(value, int) and value > 2**63)
    assert find(VALUES, lambda value: isinstance(value, list) and len(json.dumps(value)) > 300)

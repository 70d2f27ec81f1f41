"""Confidence limits against published figures, and against the definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.binomial import lower_limit, upper_limit


@pytest.mark.parametrize(("late", "needed"), [(0, 59), (1, 93), (2, 124), (5, 208), (10, 336)])
def test_samples_needed_for_five_percent(late: int, needed: int) -> None:
    """Facts: load.md section 4.2; one fewer does not suffice."""
    assert upper_limit(late, needed) <= 0.05 < upper_limit(late, needed - 1)


@pytest.mark.parametrize(("count", "passes", "fails"), [(1000, 38, 63), (3000, 130, 171), (10_000, 463, 537)])
def test_late_calls_allowed(count: int, passes: int, fails: int) -> None:
    """Facts: load.md section 4.2."""
    assert upper_limit(passes, count) <= 0.05 < upper_limit(passes + 1, count)
    assert lower_limit(fails, count) > 0.05 >= lower_limit(fails - 1, count)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_limits_by_definition(drawn: tuple[int, int]) -> None:
    """At the limit, what was seen (or more extreme) has the probability alpha."""
    late, count = drawn

    def at_most(limit: int, share: float) -> float:
        return sum(math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(limit + 1))

    upper, lower = upper_limit(late, count), lower_limit(late, count)
    assert 0 <= lower <= late / count <= upper <= 1
    if late < count:
        assert math.isclose(at_most(late, upper), 0.05, rel_tol=1e-6)
    if late > 0:
        assert math.isclose(1 - at_most(late - 1, lower), 0.05, rel_tol=1e-6)

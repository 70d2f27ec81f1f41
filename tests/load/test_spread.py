"""What the blocks of a run are worth."""

from __future__ import annotations

import math

import pytest

from load.spread import Block, spread_of
from load.student import inflation, t_quantile

ALPHA = 0.05


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 6.314), (3, 2.353), (11, 1.796), (29, 1.699), (100_000, 1.645)])
def test_quantiles_of_student(freedom: int, quantile: float) -> None:
    """As printed in every table."""
    assert quantile == pytest.approx(t_quantile(0.95, freedom), abs=5e-4)


@pytest.mark.parametrize(
    ("blocks", "effect"),
    [
        ([(10, 0), (10, 2), (10, 4)], 2.5),  # variance 8 * 3/2 / 30^2, 2.5 times that of 6 in 30 by chance
        ([(10, 1), (10, 1)], 1.0),  # more even than chance: never worth more than there are
        ([(10, 0), (10, 0)], 1.0),
        ([(10, 10), (5, 5)], 1.0),
    ],
)
def test_effect_of_bursts_by_hand(blocks: list[Block], effect: float) -> None:
    """The design effect of `facts/load.md` 4.4, in numbers."""
    assert effect == pytest.approx(spread_of(blocks, 120.0, 2.0).burst_effect)


def test_few_blocks_tell_little_of_their_spread() -> None:
    """Three blocks: Student's t with two degrees of freedom instead of the normal distribution."""
    spread = spread_of([(10, 0), (10, 2), (10, 4)], 30.0, 0.1)
    assert 30 / (2.5 * inflation(ALPHA, 2)) == pytest.approx(spread.worth_for_failing(ALPHA))


def test_one_block_tells_nothing() -> None:
    """Of the spread."""
    assert 1.0 == spread_of([(10, 3)], 10.0, 2.0).worth_for_failing(ALPHA)


def test_a_clean_run_is_worth_its_chances_to_see_a_stall() -> None:
    """120 s and stalls of 2 s: 60, however many requests there were; with few, some stalls hit none."""
    assert 60.0 == pytest.approx(spread_of([(600, 0)] * 12, 120.0, 2.0).worth_for_passing(ALPHA))
    assert 60.0 * (1 - math.exp(-2)) == pytest.approx(spread_of([(10, 0)] * 12, 120.0, 2.0).worth_for_passing(ALPHA))


def test_one_late_request_is_not_worth_more_than_none() -> None:
    """It says nothing of how long the next burst will be."""
    clean, one = (spread_of([(10, late)] + [(10, 0)] * 11, 120.0, 2.0) for late in (0, 1))
    assert one.late / one.worth_for_passing(ALPHA) > 0
    assert one.worth_for_passing(ALPHA) < 1.6 * clean.worth_for_passing(ALPHA)


def test_many_blocks_with_late_requests_speak_for_themselves() -> None:
    """What could have been is forgotten."""
    spread = spread_of([(50, 1)] * 60, 600.0, 2.0)
    assert 0.8 * spread.count < spread.worth_for_passing(ALPHA) <= spread.count


def test_bursts_reduce_the_sample() -> None:
    """Ten late requests in one block say less than one in each of ten."""
    scattered = spread_of([(60, 1)] * 10 + [(60, 0)] * 2, 120, 2)
    burst = spread_of([(60, 10)] + [(60, 0)] * 11, 120, 2)
    assert burst.worth_for_failing(ALPHA) < scattered.worth_for_failing(ALPHA) / 5


def test_a_longer_run_is_worth_more() -> None:
    """In proportion, if nothing else happens in it."""
    spread = spread_of([(10, 0)] * 12, 120.0, 2.0)
    assert 2 * spread.worth_for_passing(ALPHA) == pytest.approx(spread.longer(2).worth_for_passing(ALPHA))

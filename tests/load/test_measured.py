"""What of a run is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from load.measured import faulty_blocks, judged_seconds, late_blocks, look_ends, measured
from load.profiles import Phase
from load.recording import Kind, Sample
from tests.load.synthetic import TRAFFIC, recorded

THREE = replace(
    TRAFFIC, phase=(Phase("a", 10, 3, judged=False), Phase("b", 20, 3), Phase("c", 30, 3)), looks=(15.0, 25.0, 50.0)
)


def sample(at_s: float, service_s: float = 0.01, kind: Kind = Kind.NONE, lag_s: float = 0.0) -> Sample:
    return Sample(0, "lookup", 0, at_s, lag_s, service_s, str(kind), kind)


@pytest.mark.parametrize(("end", "seconds"), [(5, 0), (10, 0), (25, 15), (60, 50), (99, 50)])
def test_judged_seconds(end: float, seconds: float) -> None:
    """Phases that are not judged don't count."""
    assert seconds == judged_seconds(THREE, end)


def test_looks_are_counted_in_judged_seconds() -> None:
    """And the end of the run is the last."""
    assert [25.0, 35.0, float("inf")] == look_ends(recorded(THREE).samples, THREE)


def test_a_run_that_was_ended_early_is_as_long_as_it_was() -> None:
    """Up to a usual gap after its last request."""
    samples = [one for one in recorded(THREE).samples if one.at_s < 20]
    assert 10 == pytest.approx(measured(samples, THREE).seconds, abs=1)


def test_late_by_block() -> None:
    """Blocks are of the time at which requests were due, lateness counts from it."""
    samples = [sample(1), sample(9.9, 2.1), sample(10.1, 1.0, lag_s=1.5)]
    assert [(2, 1), (1, 1)] == late_blocks(samples, 2.0, felt=True)
    assert [(2, 1), (1, 0)] == late_blocks(samples, 2.0, felt=False)


def test_no_answer_is_late_and_a_wrong_one_is_wrong() -> None:
    """Whatever their time."""
    samples = [sample(1, kind=Kind.REFUSED), sample(2, kind=Kind.WRONG), sample(3, 9.0, Kind.STATUS)]
    assert [(1, 1)] == late_blocks(samples, 2.0, felt=True)
    assert [(3, 3)] == faulty_blocks(samples)


def test_what_nobody_can_know_is_left_out() -> None:
    """The run ended before the answer came, or before it was late."""
    samples = [sample(1), sample(2, 0.5, Kind.UNANSWERED), sample(3, 2.5, Kind.UNANSWERED)]
    assert [(2, 1)] == late_blocks(samples, 2.0, felt=True)
    assert [(1, 0)] == faulty_blocks(samples)

"""A run that is not what was planned can't pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from load.recording import Ending, Recording
from load.validity import lags_of, problems_of
from tests.load.synthetic import recorded


def problems(made: Recording) -> str:
    return "\n".join(f"{one.reason}: {one.detail}" for one in [*problems_of(made), *lags_of(made.samples)])


def with_account(**changes: Any) -> Recording:
    made = recorded()
    return replace(made, accounts=(replace(made.account, **changes),))


def test_a_whole_run_has_none() -> None:
    """The positive control."""
    assert "" == problems(recorded())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"planned": 1}, "precondition-lost: 1 requests planned, "),
        ({"offered": 1}, " 1 sent"),
        ({"accounted": 1}, " 1 accounted for"),
        ({"in_flight_peak": 2000}, "generator-saturated: 2000 requests were open at once"),
        ({"ended": Ending.OVERLOADED}, "generator-saturated: 5 requests were open at once"),
        ({"ended": Ending.TERMINATED}, "precondition-lost: worker 0 of 1 did not end as planned: terminated"),
        ({"ended": Ending.RUNNING}, "did not end as planned: running"),
        ({"workers": 2}, "precondition-lost: 1 of 2 workers gave an account"),
        ({"errors": ("KeyError: 'x'",)}, "precondition-lost: the driver failed: KeyError: 'x'"),
    ],
)
def test_what_may_be_wrong(changes: dict[str, Any], says: str) -> None:
    """Each is named, with its numbers."""
    assert says in problems(with_account(**changes))


def test_a_worker_that_lost_calls_is_seen_beside_one_that_has_too_many() -> None:
    """Sums could hide it; samples are counted too."""
    made = recorded()
    assert "requests planned" in problems(replace(made, samples=made.samples[1:]))


def test_workers_that_disagree() -> None:
    """On the profile."""
    made = recorded()
    other = replace(made.account, worker=1, workers=2, profile="other")
    first = replace(made.account, workers=2)
    assert "worker 1 had another profile" in problems(replace(made, accounts=(first, other)))


def test_what_the_coordinator_saw_is_told() -> None:
    """As it says it."""
    assert "precondition-lost: worker 2 joined late" in problems(
        replace(recorded(), problems=("worker 2 joined late",))
    )


def test_nobody_gave_an_account() -> None:
    """Nothing at all is not a run."""
    assert "0 of 1 workers gave an account" in problems(Recording((), ()))

"""Looks: times declared beforehand at which a run may be decided, and then ends.

What was sent after the look is left out, so that the run is the one that a shorter plan would have made. The risk of
all looks is shared out beforehand (`load.verdict`), so looking more often makes no verdict easier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from load.measured import when_judged
from load.plan import Arrival
from load.profiles import TrafficProfile
from load.recording import Account, Ending, Recording, Sample

_GOING = frozenset({Ending.RUNNING, Ending.TERMINATED, Ending.FINISHED})


def early_looks(profile: TrafficProfile) -> list[float]:
    """When they are, in seconds from the start of the run; without the last, which is the end of the plan.

    A rising rate is looked at after each step, so that it does not rise beyond the first that does not hold.
    """
    if profile.claim == "knee":
        return [*profile.ends[:-1]]
    return [when_judged(look, profile) for look in profile.looks[:-1]]


def at_look(recording: Recording, plan: Sequence[Arrival], look: float) -> Recording | None:
    """The run up to a look, or None as long as something that was due before it is not accounted for."""
    samples = tuple(sample for sample in recording.samples if sample.at_s < look)
    if len(samples) < sum(arrival.at_s < look for arrival in plan):
        return None
    return replace(recording, accounts=tuple(_whole(one, samples) for one in recording.accounts), samples=samples)


def _whole(account: Account, samples: Sequence[Sample]) -> Account:
    """That of a worker which had no more to do; one that ended badly has ended so."""
    number = sum(sample.worker == account.worker for sample in samples)
    ended = Ending.FINISHED if account.ended in _GOING else account.ended
    return replace(account, planned=number, offered=number, accounted=number, ended=ended)

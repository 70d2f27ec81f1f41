"""Whether a run may be judged at all: that it was the run that was planned, and that the generator kept up.

An invalid run never passes. It may fail, where what was seen is enough for that whatever was not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fixtures.verdict.outcome import Reason
from load.events import time_limit
from load.recording import Ending, Kind, Recording, Sample

MAX_LAG_P99_S = 0.1
MAX_LAG_S = 0.25
MAX_LAGGING_SHARE = 0.001
_SAID_ELSEWHERE = {Ending.FINISHED, Ending.OVERLOADED}


class Problem(NamedTuple):
    """Why a run can't pass."""

    reason: Reason
    detail: str


def problems_of(recording: Recording, *, whole: bool = True) -> Iterator[Problem]:
    """What is wrong with a run; unless it is judged `whole`, it may have been given up after what is judged."""
    yield from (Problem(Reason.PRECONDITION_LOST, detail) for detail in _broken(recording, whole=whole))
    account = recording.account
    if whole and (account.ended is Ending.OVERLOADED or account.in_flight_peak >= account.in_flight_cap > 0):
        detail = f"{account.in_flight_peak} requests were open at once, which is all that the driver allows"
        yield Problem(Reason.GENERATOR_SATURATED, detail)


def lags_of(measured: Sequence[Sample]) -> Iterator[Problem]:
    """Signs that the generator was late itself, by the samples that are judged: then nothing is known of lateness.

    It never waits for answers, so its lag is its own. Whether answers are right does not depend on it.
    """
    yield from (Problem(Reason.GENERATOR_SATURATED, detail) for detail in _lagging(measured))


def _broken(recording: Recording, *, whole: bool) -> Iterator[str]:
    """Signs that it was not the run that was planned."""
    yield from recording.problems
    account = recording.account
    yield from (f"the driver failed: {error}" for error in account.errors)
    for one in recording.accounts:
        if one.ended not in (_SAID_ELSEWHERE if whole else _SAID_ELSEWHERE | {Ending.ERROR_STORM}):
            yield f"worker {one.worker} of {one.workers} did not end as planned: {one.ended}"
        if one.profile != account.profile:
            yield f"worker {one.worker} had another profile or plan than worker {recording.accounts[0].worker}"
    if len(recording.accounts) < account.workers or not recording.accounts:
        yield f"{len(recording.accounts)} of {account.workers or 1} workers gave an account"
    if whole and not account.planned == account.offered == account.accounted == len(recording.samples):
        yield (
            f"{account.planned} requests planned, {account.offered} sent, {account.accounted} accounted for, "
            f"{len(recording.samples)} recorded"
        )


def _lagging(measured: Sequence[Sample]) -> Iterator[str]:
    lags = sorted(sample.lag_s for sample in measured)
    if lags and (p99 := lags[int(0.99 * (len(lags) - 1))]) > MAX_LAG_P99_S:
        allowed = f"allowed: {MAX_LAG_P99_S * 1000:.0f} ms"
        yield f"one request in a hundred left {p99 * 1000:.0f} ms late or later ({allowed})"
    if unread := [sample for sample in measured if sample.still_s and _may_have_been_late(sample)]:
        longest = max(sample.still_s for sample in unread)
        yield f"the driver stood still for {longest:.1f} s: {len(unread)} answers may have come meanwhile, or not"
    lagging = sum(lag > MAX_LAG_S for lag in lags)
    if lagging > max(1, MAX_LAGGING_SHARE * len(lags)):
        yield f"{lagging} of {len(lags)} requests left more than {MAX_LAG_S * 1000:.0f} ms late"


def _may_have_been_late(sample: Sample) -> bool:
    """Whether Vapi may have given up on it, or not: the driver could not look when the time was over."""
    return sample.kind is Kind.UNANSWERED or sample.service_s > time_limit(sample.event)

"""The part of a recording that is judged, in blocks of the time at which requests were due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from load.events import time_limit
from load.profiles import TrafficProfile
from load.recording import BLOCK_S, Kind, Sample
from load.spread import Block

FLOODER = 0
"""The clinic that floods, where one does."""

Bad = Callable[[Sample], bool]


@dataclass(frozen=True)
class Measured:
    """What is judged: the samples of judged phases, of clinics that don't flood, and how long these phases lasted."""

    samples: Sequence[Sample]
    seconds: float

    def by_event(self, events: Iterable[str]) -> Iterator[tuple[str, list[Sample]]]:
        """Each kind of request that was planned, also if none came."""
        for event in events:
            yield event, [sample for sample in self.samples if sample.event == event]

    def by_tenant(self) -> Iterator[tuple[str, list[Sample]]]:
        """Each clinic, by its place in the canary file."""
        for tenant in sorted({sample.tenant for sample in self.samples}):
            yield f"clinic {tenant + 1}", [sample for sample in self.samples if sample.tenant == tenant]


def measured(
    samples: Iterable[Sample], profile: TrafficProfile, until_s: float = float("inf"), from_s: float = 0.0
) -> Measured:
    """What is judged of a run, or of it between two times, in seconds from its start."""
    samples = list(samples)
    end = min(until_s, end_of(samples, profile))
    judged = [
        one
        for one in samples
        if from_s <= one.at_s < end and profile.phase_at(one.at_s).judged and not _floods(one, profile)
    ]
    return Measured(judged, judged_seconds(profile, end) - judged_seconds(profile, from_s))


def judged_seconds(profile: TrafficProfile, end: float) -> float:
    """How much of the time before `end` is in judged phases."""
    begins = (0.0, *profile.ends)
    lengths = (
        min(phase.seconds, end - begin) for phase, begin in zip(profile.phase, begins, strict=False) if phase.judged
    )
    return sum(length for length in lengths if length > 0)


def look_ends(samples: Sequence[Sample], profile: TrafficProfile) -> list[float]:
    """When each declared look was reached, in seconds from the start, and then the end of the run."""
    end = end_of(samples, profile)
    reached = [look for look in profile.looks if look < judged_seconds(profile, end) - BLOCK_S / 2]
    return [*(when_judged(look, profile) for look in reached), float("inf")]


def when_judged(look: float, profile: TrafficProfile) -> float:
    """When so many seconds have been judged."""
    judged = 0.0
    for phase, begin in zip(profile.phase, (0.0, *profile.ends), strict=False):
        if phase.judged and judged + phase.seconds >= look:
            return begin + look - judged
        judged += phase.seconds * phase.judged
    return profile.duration_s


def end_of(samples: Sequence[Sample], profile: TrafficProfile) -> float:
    """When the run ended: with its plan, or a usual gap after its last request where it was ended before."""
    if not samples:
        return 0.0
    last = max(sample.at_s for sample in samples)
    return min(profile.duration_s, last * (1 + 1 / len(samples)) if len(samples) > 1 else last)


def _floods(sample: Sample, profile: TrafficProfile) -> bool:
    return profile.flooded and sample.tenant == FLOODER


def undecided(sample: Sample, limit_s: float, *, felt: bool) -> bool:
    """Whether the run ended before anybody could know: not answered yet, and not yet for too long."""
    return sample.kind is Kind.UNANSWERED and (sample.latency_s if felt else sample.server_s) <= limit_s


def block_s(stall_s: float) -> float:
    """How long a block is: several of the longest stalls that are claimed, and no longer than counts are kept for."""
    return min(BLOCK_S, 5 * stall_s)


def in_blocks(samples: Iterable[Sample], bad: Bad, length_s: float = BLOCK_S) -> list[Block]:
    """How many were due in each block, and how many of them were bad."""
    blocks: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for sample in samples:
        block = blocks[int(sample.at_s // length_s)]
        block[0] += 1
        block[1] += bad(sample)
    return [(count, late) for count, late in blocks.values()]


def late_blocks(samples: Iterable[Sample], target_s: float, length_s: float = BLOCK_S, *, felt: bool) -> list[Block]:
    """Requests that were not answered within the target. Wrong answers are judged as such, not for their time."""

    def late(sample: Sample) -> bool:
        return sample.failed or (sample.latency_s if felt else sample.server_s) > target_s

    known = (one for one in samples if not one.wrong and not undecided(one, target_s, felt=felt))
    return in_blocks(known, late, length_s)


def faulty_blocks(samples: Iterable[Sample], length_s: float = BLOCK_S) -> list[Block]:
    """Requests that got a wrong answer, or none."""
    known = (sample for sample in samples if not undecided(sample, time_limit(sample.event), felt=False))
    return in_blocks(known, lambda sample: bool(sample.fault), length_s)

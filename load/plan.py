"""The plan of a run: when which call starts, fixed before the first one, the same for the same seed.

Arrivals are Poisson: constant spacing flatters a server (facts: load.md section 0, fact 8). Their number is fixed,
so that the samples suffice; given the number, the times of a Poisson process are uniform.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from load.profiles import TrafficProfile


@dataclass(frozen=True, slots=True)
class Arrival:
    """One call: it is due `at_s` seconds after the start, whatever became of those before it."""

    number: int
    at_s: float
    event: str
    tenant: int


def make_plan(profile: TrafficProfile, tenants: int) -> list[Arrival]:
    """All arrivals in the order of their times; kinds and tenants in exact shares, shuffled."""
    generator = random.Random(profile.seed)  # noqa: S311  # repeatable, not secret
    times: list[float] = []
    events: list[str] = []
    for begin, length in ((0.0, profile.warm_up_s), (profile.warm_up_s, profile.measured_s)):
        count = round(profile.rate * length)
        times += sorted(begin + generator.random() * length for _ in range(count))
        events += _shares(profile, count, generator)
    return [
        Arrival(number, at_s, event, generator.randrange(tenants))
        for number, (at_s, event) in enumerate(zip(times, events, strict=True))
    ]


def _shares(profile: TrafficProfile, count: int, generator: random.Random) -> list[str]:
    cycle = [event for event, weight in profile.mix.items() for _ in range(weight)]
    events = [cycle[number % len(cycle)] for number in range(count)]
    generator.shuffle(events)
    return events

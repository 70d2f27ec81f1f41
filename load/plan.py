"""The plan of a run: which request is due when, fixed before the first one, the same for the same seed.

Calls begin as a Poisson process: constant spacing flatters a server (facts: load.md section 0, fact 8). Their number
in each phase is fixed, so that the samples suffice; given the number, the times of a Poisson process are independent.
The later steps of a call are due at fixed times too, so that no answer of the server moves them. The run is a window
on traffic that went on before and goes on after: what calls from before it still have to send is due in it.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from load.events import EVENTS, TOOL_EVENTS, TOOLS
from load.profiles import MAX_CALLS, ProfileError, TrafficProfile

PAUSE_S = 1.0
"""Before a step in which the caller does not think."""
SPREAD = 0.5
"""Of the logarithm of thinking times (facts: load.md section 6)."""
MOST_TOOLS = 3
LONG = 4.0
"""Hardly anybody thinks for longer, in terms of the median."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: it is due `at_s` seconds after the start, whatever became of those before it.

    `call` is the number of the phone call that it belongs to, `step` its place in that.
    """

    number: int
    at_s: float
    event: str
    tenant: int
    call: int = 0
    step: int = 0


def make_plan(profile: TrafficProfile, tenants: int) -> list[Arrival]:
    """All requests in the order of their times. Raises ProfileError where the profile needs more clinics."""
    if profile.flooded and tenants < 2:
        raise ProfileError(f"traffic {profile.name} needs two clinics, the target has {tenants}")
    if (before := profile.phase[0].rate * _longest_call_s(profile)) > MAX_CALLS:
        raise ProfileError(f"traffic {profile.name}: {before:.0f} calls that last into the run; at most {MAX_CALLS}")
    due = [
        Arrival(0, at_s, event, tenant, call, step)
        for call, (begin, tenant) in enumerate(_calls(profile, tenants))
        for step, (at_s, event) in enumerate(
            _steps(profile, begin, random.Random(f"{profile.seed}:{call}"))  # noqa: S311  # as below
        )
        if 0 <= at_s < profile.duration_s
    ]
    due.sort(key=lambda arrival: (arrival.at_s, arrival.call))
    return [replace(arrival, number=number) for number, arrival in enumerate(due)]


def part_of(plan: Sequence[Arrival], worker: int, workers: int) -> list[Arrival]:
    """The share of one of several workers: every call is in exactly one, whole."""
    return [arrival for arrival in plan if arrival.call % workers == worker]


def digest(profile: TrafficProfile, plan: Sequence[Arrival], identity: str) -> str:
    """The same on two machines if both mean to send the same, to the same target."""
    return hashlib.sha256(repr((profile, plan, identity)).encode()).hexdigest()[:16]


def _calls(profile: TrafficProfile, tenants: int) -> Iterator[tuple[float, int]]:
    """When each call begins, and which clinic it is for."""
    chance = random.Random(profile.seed)  # noqa: S311  # repeatable, not secret
    weights = [profile.tenants[number % len(profile.tenants)] for number in range(tenants)]
    before = replace(profile.phase[0], seconds=_longest_call_s(profile), rise=0.0, flood=0.0)
    begin = -before.seconds
    for phase in (before, *profile.phase):
        for flood, rate, rise in ((False, phase.rate, phase.rise), (True, phase.flood, 0.0)):
            for share in _shares(profile, phase.seconds * (rate + rise / 2), chance):
                tenant = 0 if flood else chance.choices(range(tenants), weights)[0]
                yield begin + phase.seconds * _inverse(rate, rise, share), tenant
        begin += phase.seconds


def _longest_call_s(profile: TrafficProfile) -> float:
    """From so long before the window calls may reach into it."""
    return PAUSE_S * len(profile.call) + LONG * profile.think_s * MOST_TOOLS * profile.call.count(TOOLS)


def _shares(profile: TrafficProfile, calls: float, chance: random.Random) -> list[float]:
    """Which shares of a phase's calls have begun before each of them."""
    number = round(calls)
    if profile.arrivals == "constant":
        return [(one + 0.5) / number for one in range(number)]
    return [chance.random() for _ in range(number)]


def _inverse(rate: float, rise: float, share: float) -> float:
    """The share of a phase's time by which `share` of its calls have begun, the rate rising evenly."""
    if not rise:
        return share
    return (math.sqrt(rate**2 + rise * share * (2 * rate + rise)) - rate) / rise


def _steps(profile: TrafficProfile, begin: float, chance: random.Random) -> Iterator[tuple[float, str]]:
    """The requests of a call that begins at a time."""
    events = [event for step in profile.call for event in (_tools(profile, chance) if step == TOOLS else [step])]
    at_s = begin
    for place, event in enumerate(events):
        if place:
            thinks = event in TOOL_EVENTS
            at_s += profile.think_s * chance.lognormvariate(0, SPREAD) if thinks else PAUSE_S
        yield at_s, event


def _tools(profile: TrafficProfile, chance: random.Random) -> list[str]:
    """One to three tools, each once, in the order of a conversation."""
    wanted = min(len(profile.mix), chance.randint(1, MOST_TOOLS))
    chosen: set[str] = set()
    while len(chosen) < wanted:
        chosen.update(chance.choices([*profile.mix], [*profile.mix.values()]))
    return sorted(chosen, key=EVENTS.index)

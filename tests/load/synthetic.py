"""Recordings that nobody made: a plan, served as a test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from load.plan import Arrival, make_plan
from load.profiles import Phase, TrafficProfile
from load.recording import Account, Kind, Recording, Sample

Serve = Callable[[Arrival], float]

TRAFFIC = TrafficProfile(
    name="short",
    phase=(Phase("warm-up", 10.0, 3.0, judged=False), Phase("steady", 130.0, 3.0)),
    seed=1,
    stall_s=2.0,
    call=("status-update", "tools"),
    mix={"lookup": 1, "booking": 1},
)
TENANTS = 2
_PLAN = make_plan(TRAFFIC, TENANTS)


def prompt(_: Arrival) -> float:
    """Ten milliseconds."""
    return 0.01


def recorded(
    profile: TrafficProfile = TRAFFIC,
    service: Serve = prompt,
    lag: Serve = lambda _: 0.001,
    fault: Callable[[Arrival], Kind] = lambda _: Kind.NONE,
) -> Recording:
    """The plan of a profile, served in `service` seconds."""
    plan = _PLAN if profile is TRAFFIC else make_plan(profile, TENANTS)
    samples = tuple(
        Sample(a.number, a.event, a.tenant, a.at_s, lag(a), service(a), str(kind), kind, a.call)
        for a in plan
        for kind in [fault(a)]
    )
    return Recording((account_of(samples),), samples)


def account_of(samples: Sequence[Sample]) -> Account:
    """Of a driver that did everything."""
    return Account("run", len(samples), len(samples), len(samples), 5, 2000)

"""Plans are fixed in advance, and profiles read strictly."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from load.events import TOOL_EVENTS
from load.plan import Arrival, digest, make_plan, part_of
from load.profiles import FILE, MAX_S, Phase, ProfileError, TrafficProfile, load_profile

SMOKE = load_profile("smoke")


def test_same_seed_same_plan() -> None:
    """And another for another seed."""
    assert make_plan(SMOKE, 2) == make_plan(SMOKE, 2)
    assert make_plan(SMOKE, 2) != make_plan(replace(SMOKE, seed=1), 2)


def test_smoke_can_be_decided() -> None:
    """Enough calls of each kind, for long enough, that a clean run passes (facts: load.md section 4.3)."""
    measured = [arrival for arrival in make_plan(SMOKE, 2) if SMOKE.phase_at(arrival.at_s).judged]
    counts = Counter(arrival.event for arrival in measured)
    assert counts.keys() == {*SMOKE.events}
    assert min(counts.values()) >= 93
    assert SMOKE.measured_s / SMOKE.stall_s >= 59


def test_times_are_in_order_and_in_bounds() -> None:
    """From the start to the end of the profile."""
    times = [arrival.at_s for arrival in make_plan(SMOKE, 2)]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= SMOKE.duration_s


def test_arrivals_are_not_evenly_spaced() -> None:
    """Gaps of a Poisson process: their spread is their mean (seeded, so no chance is involved)."""
    times = [arrival.at_s for arrival in make_plan(replace(SMOKE, phase=(Phase("steady", 120.0, 100.0),)), 2)]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert 0.9 < spread / mean < 1.1


def test_every_tenant_is_called() -> None:
    """In about equal parts."""
    counts = Counter(arrival.tenant for arrival in make_plan(SMOKE, 2))
    assert min(counts.values()) > 0.4 * counts.total()


def test_unknown_profile_lists_the_known() -> None:
    """One line."""
    with pytest.raises(ProfileError, match="unknown traffic 'rush'; there are smoke"):
        load_profile("rush")


@pytest.mark.parametrize(
    ("change", "says"),
    [(("rate =", "rat ="), "rat"), (("stall_s =", "mix.bookin = 1\nstall_s ="), "unknown tools bookin")],
)
def test_faulty_profile(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    """The fault is named."""
    file = tmp_path / "profiles.toml"
    file.write_text(FILE.read_text().replace(*change))
    with pytest.raises(ProfileError, match=says):
        load_profile("smoke", file)


@pytest.mark.parametrize(("content", "says"), [(b"[mine]\nname = '\xff'", "utf-8"), (b"mine = 3", "must be a table")])
def test_no_profile_at_all(tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is none is told in one line, too."""
    file = tmp_path / "profiles.toml"
    file.write_bytes(content)
    with pytest.raises(ProfileError, match=says):
        load_profile("mine", file)


def test_calls_from_before_are_bounded() -> None:
    """Those that last into the run are planned too."""
    with pytest.raises(ProfileError, match="calls that last into the run"):
        plan_of(Phase("all", 1.0, 100.0), think_s=600.0)


def plan_of(*phases: Phase, **members: Any) -> list[Arrival]:
    """The plan of a made-up profile for two clinics."""
    return make_plan(TrafficProfile("made up", phases, seed=1, stall_s=1.0, **members), 2)


@pytest.mark.parametrize("name", tomllib.loads(FILE.read_text(encoding="utf-8")))
def test_every_profile_has_a_plan(name: str) -> None:
    """All kinds of request in it, within its bounds, and calls whole but for the ends of the window."""
    profile = load_profile(name)
    plan = make_plan(profile, 2)
    assert {*profile.events} == {arrival.event for arrival in plan}
    assert 0 <= plan[0].at_s <= plan[-1].at_s < profile.duration_s <= MAX_S
    assert [arrival.number for arrival in plan] == list(range(len(plan)))


def test_calls_are_sequences() -> None:
    """Asked for an assistant, told of, one to three tools with pauses, ended, reported."""
    inside = [Phase("all", 200.0, 0.5)]
    calls: dict[int, list[Arrival]] = {}
    for arrival in plan_of(*inside):
        calls.setdefault(arrival.call, []).append(arrival)
    whole = [call for call in calls.values() if call[0].step == 0 and call[-1].event == "end-of-call-report"]
    assert len(whole) > 70
    for call in whole:
        events = [arrival.event for arrival in call]
        assert ["assistant-request", "status-update"] == events[:2]
        assert ["status-update", "end-of-call-report"] == events[-2:]
        assert 1 <= len(events[2:-2]) <= 3
        assert {*events[2:-2]} <= {*TOOL_EVENTS}
        assert 1 == len({arrival.tenant for arrival in call})
        assert [arrival.step for arrival in call] == list(range(len(call)))


def test_traffic_is_as_dense_at_both_ends() -> None:
    """The run is a window on traffic that went on before it."""
    plan = plan_of(Phase("all", 300.0, 4.0))
    thirds = Counter(int(arrival.at_s // 100) for arrival in plan)
    assert all(2000 < thirds[third] < 2800 for third in range(3))  # 100 s x 4 calls/s x 6 requests


def test_constant_arrivals() -> None:
    """Evenly spaced, where that is asked for."""
    plan = plan_of(Phase("all", 10.0, 2.0), arrivals="constant", call=("status-update",))
    assert [pytest.approx(0.25 + 0.5 * n) for n in range(20)] == [arrival.at_s for arrival in plan]


def test_rising_rate() -> None:
    """From 0 to 40 calls a second: of its calls a quarter begin in the first half."""
    plan = plan_of(Phase("rise", 100.0, 0.0, rise=40.0), call=("status-update",))
    assert 2000 == len(plan)
    assert 0.22 < sum(arrival.at_s < 50 for arrival in plan) / 2000 < 0.28


def test_flood_is_the_first_clinic_s() -> None:
    """On top of everybody's calls."""
    plan = plan_of(Phase("all", 50.0, 2.0, flood=20.0), call=("status-update",))
    counts = Counter(arrival.tenant for arrival in plan)
    assert 1100 == counts.total()
    assert 30 < counts[1] < 70


def test_flood_needs_a_neighbour() -> None:
    """One clinic alone can't be disturbed."""
    with pytest.raises(ProfileError, match="needs two clinics"):
        make_plan(load_profile("noisy-neighbour"), 1)


def test_clinics_are_weighted() -> None:
    """As the profile says."""
    plan = plan_of(Phase("all", 100.0, 10.0), call=("status-update",), tenants=(4, 1))
    assert 0.75 < Counter(arrival.tenant for arrival in plan)[0] / len(plan) < 0.85


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_share_a_plan(workers: int) -> None:
    """Every request is one worker's, and every call whole."""
    plan = make_plan(SMOKE, 2)
    parts = [part_of(plan, worker, workers) for worker in range(workers)]
    assert plan == sorted((arrival for part in parts for arrival in part), key=lambda arrival: arrival.number)
    calls = [{arrival.call for arrival in part} for part in parts]
    assert sum(map(len, calls)) == len(set().union(*calls))


def test_digest_tells_plans_apart() -> None:
    """By profile, by clinics, by target."""
    digests = {
        digest(profile, make_plan(profile, tenants), target)
        for profile in (SMOKE, replace(SMOKE, stall_s=3.0))
        for tenants in (2, 3)
        for target in ("one", "two")
    }
    assert 8 == len(digests)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rate = 5000.0\nmeasured_s = 100.0", "at most 50000 in 7200 s"),
        ("rate = 0.1\nmeasured_s = 8000.0", "at most 50000 in 7200 s"),
        ("", "must not be empty"),
        ("rate = -1.0\nmeasured_s = 1.0", "must not be negative"),
        ('rate = 1.0\nmeasured_s = 1.0\ncall = ["hang"]', "unknown steps hang"),
        ("rate = 1.0\nmeasured_s = 1.0\ntenants = [0]", "must be positive"),
        ('phase = [{ name = "x", seconds = 1.0 }]', "lacks 'rate'"),
        ("steps = { first = 1.0 }", "traffic mine: steps: lacks 'factor'"),
        ("steps = { frist = 1.0, factor = 2.0, count = 2, seconds = 1.0 }", "did you mean 'first'"),
        ("steps = 3", "must be a table"),
        ("phase = 3", "must be a list"),
        ("rate = nan\nmeasured_s = 1.0", "nan and inf"),
        ("rate = 1.0\nmeasured_s = inf", "nan and inf"),
        ("rate = 1.0\nmeasured_s = 1.0\nthink_s = nan", "nan and inf"),
        ("rate = 1.0\nmeasured_s = 1.0\nthink_s = 1e5", "think_s is 100000, at most 600"),
        ("rate = 1.0\nwarm_up_s = 1.0", "no phase is judged"),
        ("rate = 1.0\nmeasured_s = 30.0\nlooks = [5.0, 10.0]", "looks must rise, up to the 30 s"),
        ("rate = 1.0\nmeasured_s = 30.0\nlooks = [10.0, 5.0, 30.0]", "looks must rise"),
        ('rate = 1.0\nmeasured_s = 1.0\nmix = { booking = "x" }', "mix: booking = 'x' is of the wrong type"),
    ],
)
def test_bounds(tmp_path: Path, text: str, says: str) -> None:
    """No profile asks for more than a run may take, or for nonsense."""
    file = tmp_path / "profiles.toml"
    file.write_text(f"[mine]\nseed = 1\nstall_s = 1.0\n{text}\n")
    with pytest.raises(ProfileError, match=says):
        load_profile("mine", file)

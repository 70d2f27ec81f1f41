"""Plans are fixed in advance, and profiles read strictly."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from load.plan import make_plan
from load.profiles import FILE, Phase, ProfileError, load_profile

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

"""Runs that end at a look."""

from __future__ import annotations

from dataclasses import replace

from load.looks import at_look, early_looks
from load.plan import make_plan
from load.profiles import Phase, TrafficProfile
from load.recording import Account, Ending, Recording, Sample

PHASES = (Phase("warm-up", 10.0, 2.0, judged=False), Phase("all", 60.0, 2.0))
PROFILE = TrafficProfile("looked at", PHASES, seed=1, stall_s=1.0, looks=(20.0, 40.0, 60.0))
PLAN = make_plan(PROFILE, 2)
SAMPLES = tuple(
    Sample(one.number, one.event, one.tenant, one.at_s, 0.0, 0.1, worker=one.call % 2) for one in PLAN if one.at_s < 33
)
ACCOUNTS = tuple(
    Account("run", 200, 120, 110, 3, 2000, worker=worker, workers=2, ended=Ending.RUNNING) for worker in (0, 1)
)
RUNNING = Recording(ACCOUNTS, SAMPLES)


def test_when_looks_are() -> None:
    """Seconds that are judged, told in seconds from the start; the last is no early one."""
    assert [30.0, 50.0] == early_looks(PROFILE)
    assert [] == early_looks(replace(PROFILE, looks=()))


def test_a_rising_rate_is_looked_at_after_each_step() -> None:
    """It goes on only as long as the rates hold."""
    assert [10.0] == early_looks(replace(PROFILE, claim="knee", looks=()))


def test_the_run_up_to_a_look() -> None:
    """Is whole, as if no more had been planned."""
    made = at_look(RUNNING, PLAN, 30.0)
    assert made is not None
    assert max(sample.at_s for sample in made.samples) < 30
    assert made.account.planned == made.account.offered == made.account.accounted == len(made.samples)
    assert Ending.FINISHED is made.account.ended


def test_no_look_before_all_is_there() -> None:
    """An answer that is awaited still may be the one that decides."""
    assert at_look(RUNNING, PLAN, 50.0) is None
    assert at_look(replace(RUNNING, samples=SAMPLES[1:]), PLAN, 30.0) is None


def test_a_look_mends_nothing() -> None:
    """A worker that was lost stays lost."""
    lost = replace(ACCOUNTS[1], ended=Ending.LOST)
    made = at_look(replace(RUNNING, accounts=(ACCOUNTS[0], lost), problems=("one was lost",)), PLAN, 30.0)
    assert made is not None
    assert Ending.LOST is made.account.ended
    assert ("one was lost",) == made.problems

"""A recording put together from workers' reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from load.assembly import Assembly
from load.recording import Account, Ending, Kind, Sample

ACCOUNT = Account("run", 3, 2, 1, 1, 2000, worker=0, workers=2, profile="digest", ended=Ending.RUNNING)
ROW = (0, "lookup", 1, 2.5, 0.001, 0.2, "", "", 7, 0, 0.0)


@pytest.fixture
def assembly() -> Assembly:
    """Two workers, three requests each."""
    return Assembly("run", "digest", {"a": 3, "b": 3}, "smoke, seed 1")


def test_parts_are_put_together(assembly: Assembly) -> None:
    """Samples in the order in which they were due, whoever reported them first."""
    assembly.take(
        "b", [(1, "booking", 0, 1.5, 0.0, 0.1, "HTTP 500", "status", 8, 1, 0.0)], _json(replace(ACCOUNT, worker=1))
    )
    assembly.take("a", [ROW], _json(replace(ACCOUNT, ended=Ending.FINISHED)))
    made = assembly.recording()
    assert [1, 0] == [sample.number for sample in made.samples]
    assert Sample(0, "lookup", 1, 2.5, 0.001, 0.2, call=7) == made.samples[1]
    assert Kind.STATUS is made.samples[0].kind
    assert (6, 4, 2) == (made.account.planned, made.account.offered, made.account.accounted)
    assert ["b"] == assembly.under_way
    assert {"smoke, seed 1"} == {account.traffic for account in made.accounts}


def test_a_worker_that_vanishes_is_told_of(assembly: Assembly) -> None:
    """With what it had planned and reported."""
    assembly.take("a", [ROW], _json(ACCOUNT))
    assembly.lose("a")
    made = assembly.recording()
    assert Ending.LOST is made.accounts[0].ended
    assert ("worker 0 (a) vanished after 1 of 3 requests",) == made.problems
    assert assembly.spoilt


def test_a_worker_that_comes_back_counts(assembly: Assembly) -> None:
    """Its account is whole, so nothing is wrong with it."""
    assembly.lose("a")
    assembly.take("a", [], _json(replace(ACCOUNT, ended=Ending.FINISHED)))
    assert () == assembly.recording().problems
    assert not assembly.spoilt


def test_one_that_has_ended_is_not_lost(assembly: Assembly) -> None:
    """Workers go when they have done their part."""
    assembly.take("a", [], _json(replace(ACCOUNT, ended=Ending.FINISHED)))
    assembly.lose("a")
    assert Ending.FINISHED is assembly.recording().accounts[0].ended


def test_reports_of_another_run(assembly: Assembly) -> None:
    """Nor those of workers that have no part."""
    assembly.take("a", [ROW], _json(replace(ACCOUNT, run="older")))
    assembly.take("c", [ROW], _json(ACCOUNT))
    assert () == assembly.recording().samples


def _json(account: Account) -> dict[str, object]:
    return account.as_json()

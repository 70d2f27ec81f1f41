"""The catalogue of defects covers the criteria, and its records hold together."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.defects.catalogue import DEFECTS
from fixtures.verdict.criterion import load_catalogue
from tests.gate import PROJECT

CRITERIA = load_catalogue(PROJECT / "features" / "criteria").criteria


def test_defects_name_known_criteria() -> None:
    """A misspelt one would never be compared."""
    for defect in DEFECTS.values():
        assert defect.fails
        assert set() == (defect.fails | defect.inconclusive) - CRITERIA.keys(), defect.id
        assert set() == defect.fails & defect.inconclusive


def test_every_criterion_has_been_seen_red() -> None:
    """A check that no defect turns red could be one that cannot fail."""
    assert set() == CRITERIA.keys() - {id_ for defect in DEFECTS.values() for id_ in defect.fails}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_twins_differ_from_the_healthy_deployment(defect: object) -> None:
    """A twin that changes nothing proves nothing."""
    from fixtures.defects.defect import Change, Defect

    assert isinstance(defect, Defect)
    assert defect.twin != Change()
    assert bool(defect.twin) == bool(defect.twin_is)
    assert defect.change != Change()
    assert defect.change != defect.twin


def test_checks_do_not_know_the_defects() -> None:
    """By no word: not even in a comment."""
    for folder in ("steps", "contracts", "load"):
        for path in Path(PROJECT / folder).rglob("*.py"):
            assert "fixtures.defects" not in path.read_text()
            assert "fixtures.reference" not in path.read_text()

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


SHOWN_ELSEWHERE = {"isolation.loaded": "tests/test_gate.py::test_schema_that_does_not_load"}
"""Criteria that a running deployment can't break, and the test that shows each: what has not been loaded is no database
yet, so only an audit of files (`--schema`) meets it, and it is never a failure but leaves the criterion open.
"""


def test_every_criterion_has_been_seen_red() -> None:
    """A check that no defect turns red could be one that cannot fail."""
    red = {id_ for defect in DEFECTS.values() for id_ in defect.fails}
    assert SHOWN_ELSEWHERE.keys() == CRITERIA.keys() - red


@pytest.mark.parametrize(("criterion", "test"), SHOWN_ELSEWHERE.items())
def test_what_no_defect_shows_is_shown_by_a_test(criterion: str, test: str) -> None:
    """The exemption names a test that exists, and that judges the criterion."""
    path, name = test.split("::")
    source = (PROJECT / path).read_text().split(f"def {name}(")[1].split("\ndef ")[0]
    assert f'"{criterion}"' in source


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

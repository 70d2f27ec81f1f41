"""The table of failure modes in CONTRIBUTING.md, against the criteria and the catalogue of defects."""

from __future__ import annotations

import fnmatch
import re

import pytest

from fixtures.defects.catalogue import DEFECTS
from fixtures.verdict.criterion import load_catalogue
from tests.gate import PROJECT

CRITERIA = load_catalogue(PROJECT / "features" / "criteria").criteria
ROW = re.compile(r"^\| (\d+|\+) \| (.+?) \| (.+?) \| ?(.*?) ?\|$", re.MULTILINE)
ROWS = ROW.findall((PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
ELSEWHERE = ("not the backend's", "inconclusive: ")


def test_every_failure_mode_has_its_row() -> None:
    """All 34 and the one seen in the field, each once."""
    assert [*map(str, range(1, 35)), "+"] == [number for number, *_ in ROWS]


@pytest.mark.parametrize(("number", "failure", "criterion", "defect"), ROWS, ids=[row[0] for row in ROWS])
def test_defect_turns_the_criterion_red(number: str, failure: str, criterion: str, defect: str) -> None:
    """What the table says is what the catalogue says, and the detection table shows."""
    if criterion.startswith(ELSEWHERE):
        assert not defect, f"{number}: {failure}"
        return
    named = set(fnmatch.filter(CRITERIA, criterion))
    assert named, criterion
    assert named & DEFECTS[defect].fails

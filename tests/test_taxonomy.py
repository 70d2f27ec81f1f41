"""The table of schema defects in CONTRIBUTING.md, against the catalogue of defects and the rules of the audit."""

from __future__ import annotations

import re

import pytest

from fixtures.defects.schemas.catalogue import SCHEMA_DEFECTS
from fixtures.tenancy.audit import RULES_OF
from fixtures.tenancy.lints.catalogue_of_rules import BY_NAME
from tests.gate import PROJECT

ROW = re.compile(r"^\| ((?:isolation|lint|none)[.:].+?) \| ([A-G]\d\d[A-G\d -]*) \|$", re.MULTILINE)
ROWS = ROW.findall((PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
RULES = {rule for rules in RULES_OF.values() for rule in rules} | BY_NAME.keys()


def numbers(cell: str) -> list[str]:
    """`A01 A05-A07` in full."""
    found = []
    for first, last in re.findall(r"([A-G]\d\d)(?:-([A-G]\d\d))?", cell):
        found += [f"{first[0]}{number:02}" for number in range(int(first[1:]), int((last or first)[1:]) + 1)]
    return found


def test_every_schema_defect_has_its_row() -> None:
    """Each once."""
    assert sorted(defect.id for defect in SCHEMA_DEFECTS) == sorted(id_ for _, cell in ROWS for id_ in numbers(cell))


@pytest.mark.parametrize(("rule", "cell"), ROWS, ids=[rule for rule, _ in ROWS])
def test_row_names_a_rule_of_the_defects(rule: str, cell: str) -> None:
    """One that exists; and where a record names rules that exist, one of those."""
    assert rule in RULES or rule.startswith("none: ")
    of = {defect.id: set(defect.rules) & RULES for defect in SCHEMA_DEFECTS}
    assert [] == [id_ for id_ in numbers(cell) if of[id_] and rule not in of[id_]]

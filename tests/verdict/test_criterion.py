"""Criteria files, read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.verdict.criterion import CatalogueError, load_catalogue
from tests.gate import PROJECT

ONE = '[[criterion]]\nid = "a.b"\ntitle = "A"\nchecklist = "S"\nremedy = "R"\n'


def load(folder: Path, text: str) -> list[str]:
    (folder / "a.toml").write_text(text, encoding="utf-8")
    return list(load_catalogue(folder).criteria)


def test_members(tmp_path: Path) -> None:
    """All that a record says."""
    (tmp_path / "a.toml").write_text(ONE + 'needs = ["backend"]\nmarks = ["writes"]\nseverity = "advisory"\n')
    criterion = load_catalogue(tmp_path).criteria["a.b"]
    assert (("backend",), ("writes",), "advisory") == (criterion.needs, criterion.marks, criterion.severity)


def test_each_makes_one_for_each(tmp_path: Path) -> None:
    """Texts are filled in, lists are added."""
    text = '[[criterion]]\neach = [{ t = "x" }, { t = "y", marks = ["writes"] }]\nid = "a.{t}"\ntitle = "A {t}"\n'
    (tmp_path / "a.toml").write_text(text + 'checklist = "S"\nremedy = "R"\nmarks = ["contract"]\n')
    criteria = load_catalogue(tmp_path).criteria
    assert {"a.x": ("contract",), "a.y": ("contract", "writes")} == {id_: c.marks for id_, c in criteria.items()}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE + ONE, "a.b has the id or the title of another criterion"),
        (ONE + ONE.replace("a.b", "a.c"), "a.c has the id or the title of another criterion"),
        (ONE + 'sevrity = "advisory"\n', "criterion a.b has unknown sevrity"),
        (ONE + 'severity = "high"\n', "severity is 'required' or 'advisory', not 'high'"),
        ('[[criterion]]\nid = "a.b"\ntitle = "A"\n', "criterion a.b lacks checklist, remedy"),
        ("[[criteria]]\n", "unknown table criteria"),
        ("[[criterion]\n", "a.toml:"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, says: str) -> None:
    """With the file, the record and the fault."""
    with pytest.raises(CatalogueError) as caught:
        load(tmp_path, text)
    assert says in str(caught.value)


def test_empty_folder_is_a_fault(tmp_path: Path) -> None:
    """No criterion is not a catalogue."""
    with pytest.raises(CatalogueError):
        load_catalogue(tmp_path)


def test_our_own_catalogue() -> None:
    """Loads; every id holds a dot, as scenario tags need; nothing is both judged and unverified."""
    catalogue = load_catalogue(PROJECT / "features" / "criteria")
    assert all("." in id_ for id_ in catalogue.criteria)
    assert not catalogue.criteria.keys() & catalogue.unverified.keys()
    assert not set(catalogue.unverified.values()) & {c.title for c in catalogue.criteria.values()}

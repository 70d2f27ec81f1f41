"""Waivers: accepted, and never forgotten."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from fixtures.verdict.waivers import WaiverError, load_waivers
from tests.project import Project

TOMORROW = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
YESTERDAY = TOMORROW - datetime.timedelta(days=2)


def waiver(id_: str = "sky.blue", expires: datetime.date = TOMORROW) -> str:
    return f'[[waiver]]\nid = "{id_}"\nreason = "known"\nowner = "ops"\nexpires = {expires}\n'


def test_waived_failure_goes(project: Project) -> None:
    """The check still runs, and the report says who accepted it."""
    project.outcome("it is green")
    project.write("waivers.toml", waiver())
    run = project.run("--waivers", "waivers.toml")
    assert 0 == run.exit_status, run.output
    criterion = run.criteria["sky.blue"]
    assert ("fail", "ops") == (criterion["verdict"], criterion["waiver"]["owner"])
    assert "waived" in run.output


@pytest.mark.parametrize(
    ("step", "text", "says"),
    [
        ("it is green", waiver(expires=YESTERDAY), "expired on"),
        ("it is blue", waiver(), "is not needed"),
        ("it is blue", waiver("sky.red"), "there is no such criterion"),
    ],
)
def test_rotten_waiver_fails_the_run(project: Project, step: str, text: str, says: str) -> None:
    """Expired, unneeded, or for nothing."""
    project.outcome(step)
    project.write("waivers.toml", text)
    run = project.run("--waivers", "waivers.toml")
    assert 1 == run.exit_status, run.output
    assert says in run.output


@pytest.mark.parametrize("step", ["nobody knows", "the check breaks"])
def test_waiver_covers_failures_only(project: Project, step: str) -> None:
    """What could not be judged was not accepted."""
    project.outcome(step)
    project.write("waivers.toml", waiver())
    assert 0 != project.run("--waivers", "waivers.toml").exit_status


@pytest.mark.parametrize(
    "text", ["[[waiver]]\n", waiver().replace("owner", "ownr"), waiver().replace('"known"', '""'), "[["]
)
def test_unusable_file(tmp_path: Path, text: str) -> None:
    """One line, with the path."""
    (tmp_path / "w.toml").write_text(text)
    with pytest.raises(WaiverError, match=r"w\.toml"):
        load_waivers(tmp_path / "w.toml")

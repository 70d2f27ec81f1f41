"""What is written is what runs."""

from __future__ import annotations

import re
import tomllib

from tests.gate import PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
GATE, TESTS = re.findall(r"^```sh\n(.+?)\n```$", README, re.MULTILINE | re.DOTALL)[:2]


def test_two_commands_do_everything() -> None:
    """Environment, installation with the pinned versions, run."""
    for command in (GATE, TESTS):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -q -c .ci/constraints.txt -e ")
    assert GATE.endswith("&& .venv/bin/pytest")
    assert "&& .venv/bin/pytest tests" in TESTS


def test_pull_requests_run_the_gate_as_written() -> None:
    """The workflow's command is the README's; CI runs both out of the README itself."""
    workflow = (PROJECT / ".github" / "workflows" / "gate.yml").read_text(encoding="utf-8")
    assert f"run: {GATE}\n" in workflow
    assert "run: .ci/run\n" in workflow
    script = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command 1" in script
    assert "readme_command 2" in script


def test_documents_name_what_exists() -> None:
    """Every path in backticks that looks like one of ours is there."""
    text = README + (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:features|steps|contracts|load|fixtures|tests|\.ci)/[\w./]*\w)`", text)
    assert len(named) > 10
    assert [] == [path for path in named if not (PROJECT / path).exists()]


def test_dependencies_are_pinned_and_explained() -> None:
    """Each has its version in the constraints and its reason in CONTRIBUTING."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[\[<>=]", wanted)[0] for wanted in project["dependencies"]]
    pinned = (PROJECT / ".ci" / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    contributing = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in names:
        assert f"\n{name.lower()}==" in f"\n{pinned}", name
        assert name in contributing, name

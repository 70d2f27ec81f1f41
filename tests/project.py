"""A small project with the verdict core and nothing else, for what pytest and pytest-bdd do to a gate."""

from __future__ import annotations

from pathlib import Path

from tests.gate import PROJECT, GateRun, run_gate

PYPROJECT = f"""
[tool.pytest]
minversion = "9.2"
strict = true
testpaths = ["steps"]
pythonpath = [".", "{PROJECT}"]
bdd_features_base_dir = "features"
filterwarnings = ["error"]
addopts = ["--import-mode=importlib", "--disable-plugin-autoload", "-p", "pytest-bdd", "-p", "xdist",
    "-p", "fixtures.verdict.plugin"]
markers = ["criterion(id): the criterion", "contract: a marker", "isolation: another"]
"""

STEPS = """
from pytest_bdd import given, scenarios, then, when
from fixtures.verdict.outcome import Inconclusive, NotApplicable, Reason, expect
scenarios("a.feature")
@when("the sky is looked at", target_fixture="colour")
def look(): return "blue"
@then("it is blue")
def blue(colour): expect(colour == "blue", expected="blue", seen=colour)
@then("it is green")
def green(colour): expect(colour == "green", expected="green", seen=colour)
@then("nobody knows")
def unknown(): raise Inconclusive(Reason.TARGET_UNREACHABLE, "clouds")
@then("it does not matter")
def indifferent(): raise NotApplicable("there is no sky")
@then("the check breaks")
def breaks(): raise RuntimeError("a bug of ours")
"""

BLUE = """
  @sky.blue
  Scenario: The sky is blue
    When the sky is looked at
    Then it is blue
"""


class Project:
    """A folder with criteria, a feature and steps; the feature starts with one scenario that passes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("pyproject.toml", PYPROJECT)
        self.write("steps/test_a.py", STEPS)
        self.criteria("sky.blue")
        self.feature(BLUE)

    def write(self, path: str, text: str) -> None:
        """Put a file into the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def criteria(self, *ids: str, **members: str) -> None:
        """State criteria, all with the same further members."""
        more = "".join(f"{name} = {value}\n" for name, value in members.items())
        records = [
            f'[[criterion]]\nid = "{id_}"\ntitle = "Title of {id_}"\nchecklist = "Section"\nremedy = "Mend it"\n{more}'
            for id_ in ids
        ]
        self.write("features/criteria/a.toml", "\n".join(records))

    def feature(self, scenarios: str, name: str = "a") -> None:
        """Write a feature file."""
        self.write(f"features/{name}.feature", f"Feature: {name}\n{scenarios}")

    def outcome(self, step: str) -> None:
        """Give the project one scenario with this outcome."""
        self.feature(f"  @sky.blue\n  Scenario: One\n    When the sky is looked at\n    Then {step}\n")

    def run(self, *arguments: str, variables: dict[str, str] | None = None) -> GateRun:
        """Run pytest in the project."""
        return run_gate(self.folder / "reports", *arguments, project=self.folder, variables=variables)

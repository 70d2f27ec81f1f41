"""The source of the checks: each of them judges, and none twice."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests import lints
from tests.gate import PROJECT

STEPS = sorted((PROJECT / "steps").glob("*.py"))
CONTRACTS = sorted((PROJECT / "contracts").glob("test_*.py"))


def name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("path", STEPS, ids=name)
def test_every_outcome_judges(path: Path) -> None:
    """And no step is async."""
    assert [] == lints.worthless_steps(path.read_text())


def test_no_step_is_defined_twice() -> None:
    """Across all modules of steps: the vocabulary is shared."""
    assert [] == lints.repeated_steps(path.read_text() for path in STEPS)


@pytest.mark.parametrize("path", CONTRACTS, ids=name)
def test_every_contract_test_judges(path: Path) -> None:
    """Itself, or through a function beside it."""
    assert [] == lints.worthless_contract_tests(path.read_text())


@pytest.mark.parametrize("path", [*STEPS, *CONTRACTS], ids=name)
def test_no_check_asserts(path: Path) -> None:
    """A failed assert would be an error of the harness; expect() says what was expected and what was seen."""
    assert [] == lints.plain_asserts(path.read_text())


@pytest.mark.parametrize("path", [*STEPS, *CONTRACTS], ids=name)
def test_no_check_catches_what_it_does_not_know(path: Path) -> None:
    """A swallowed exception is a pass that nobody saw."""
    handlers = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ExceptHandler)]
    assert [] == [handler.lineno for handler in handlers]


def test_lint_of_contract_tests_sees_an_idle_one() -> None:
    """The control."""
    source = "def _helper(x): expect(x)\ndef test_a(): _helper(1)\ndef test_b(): print(1)\n"
    assert ["test_b judges nothing"] == lints.worthless_contract_tests(source)


def test_lint_of_asserts_sees_one() -> None:
    """The control."""
    assert [2] == lints.plain_asserts("def test_a():\n    assert True\n")


def test_lint_of_steps_sees_an_async_one() -> None:
    """The control."""
    source = '@then("x")\nasync def later(): expect(1)\n'
    assert ["later is async and would never run"] == lints.worthless_steps(source)

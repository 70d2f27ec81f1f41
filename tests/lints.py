"""What can be seen in the source of checks: steps that repeat each other, and outcomes that judge nothing."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator

JUDGING = {"expect", "fail_on", "control", "precondition", "judge", "judge_findings"}
"""Functions that raise what a check has to say; raising it directly is judging too."""
KINDS = {"given", "when", "then"}


def repeated_steps(sources: Iterable[str]) -> list[str]:
    """Step texts that are defined more than once: pytest-bdd would take the last one."""
    steps = Counter(f'{kind} "{text}"' for source in sources for kind, text, _ in _steps(source))
    return [step for step, times in steps.items() if times > 1]


def worthless_steps(source: str) -> list[str]:
    """Outcomes that judge nothing, themselves or through a function of their module; async steps are never awaited."""
    problems = []
    judging = _judging(source)
    for kind, _, function in _steps(source):
        if isinstance(function, ast.AsyncFunctionDef):
            problems.append(f"{function.name} is async and would never run")
        if kind == "then" and function.name not in judging:
            problems.append(f"{function.name} judges nothing")
    return problems


def worthless_contract_tests(source: str) -> list[str]:
    """Contract tests that judge nothing, themselves or through a function of their module."""
    tests = [node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [f"{n} judges nothing" for n in tests if n.startswith("test_") and n not in _judging(source)]


def _judging(source: str) -> set[str]:
    """Functions of a module that judge, or call one that does."""
    functions = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
    directly = {name for name, node in functions.items() if _judges(node)}
    return directly | {name for name, node in functions.items() if _called(node) & directly}


def plain_asserts(source: str) -> list[int]:
    """Lines with an assert statement: its failure says neither what was expected nor what was seen."""
    return [node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]


def _steps(source: str) -> Iterator[tuple[str, str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Name):
                    kind = decorator.func.id
                    if kind in KINDS:
                        yield kind, _text(decorator.args[0]), node


def _text(argument: ast.expr) -> str:
    if isinstance(argument, ast.Call):
        argument = argument.args[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ast.unparse(argument)


def _judges(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    raises = any(isinstance(node, ast.Raise) for node in ast.walk(function))
    return raises or bool(_called(function) & JUDGING)


def _called(function: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(function) if isinstance(node, ast.Call))
    return {call.id for call in calls if isinstance(call, ast.Name)}

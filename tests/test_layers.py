"""Who may import whom (DESIGN section 3), from the imports as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gate import PROJECT

CORE = {"fixtures.verdict", "fixtures.target"}
CHECKS = CORE | {"fixtures.vapi", "fixtures.database", "fixtures.tenancy", "fixtures.providers", "fixtures.browser"}

ALLOWED: dict[str, set[str]] = {
    "fixtures.verdict": set(),
    "fixtures.target": {"fixtures.verdict"},  # for the closed list of reasons
    "fixtures.vapi": CORE,
    "fixtures.database": CORE,
    "fixtures.tenancy": CORE | {"fixtures.database"},
    "fixtures.reference": CORE | {"fixtures.database", "fixtures.vapi"},
    "fixtures.defects": CORE | {"fixtures.reference"},
    "load": CHECKS,
    "steps": CHECKS | {"load"},
    "contracts": CHECKS | {"load"},  # for the limits of a share
}
"""Each layer, and the other layers of ours that it may import."""

ONE_MODULE = {
    "httpx": {"fixtures/target/http.py", "fixtures/target/bounded_transport.py", "fixtures/target/library_client.py"},
    "httpcore": {"fixtures/target/bounded_transport.py"},
    "locust": {"load/coordination.py", "load/locustfile.py"},
    "gevent": {f"load/{name}.py" for name in ("connections", "pulse", "driver", "coordination", "locustfile")},
    "starlette": {"fixtures/reference", "fixtures/defects"},
    "uvicorn": {"fixtures/reference"},
    "supabase": {"fixtures/database/readback.py", "fixtures/tenancy/canary/principal.py"},
}
"""Libraries that only these may import, at run time or for a type."""

TYPES_ONLY = {("fixtures/database/readback.py", "httpx")}


def modules() -> list[Path]:
    folders = ("fixtures", "load", "steps", "contracts")
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> str | None:
    """The layer of ours that a dotted name belongs to."""
    return next((known for known in ALLOWED if name == known or name.startswith(f"{known}.")), None)


def relative(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_imports_follow_the_layers(path: Path) -> None:
    """Nothing above, nothing beside; only tests know the defects, only the target's record the reference."""
    own = layer(relative(path).removesuffix(".py").replace("/", "."))
    if own is None:
        assert relative(path) == "fixtures/__init__.py"
        return
    foreign = {found for name in imports(path) if (found := layer(name)) and found != own}
    assert set() == foreign - ALLOWED[own]


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_some_libraries_have_one_place(path: Path) -> None:
    """So that the next switch of an HTTP library is one line, and Locust never enters pytest's process."""
    for name in imports(path):
        library = name.split(".")[0]
        places = ONE_MODULE.get(library, {relative(path)})
        if (relative(path), library) not in TYPES_ONLY:
            assert any(relative(path).startswith(place) for place in places), f"imports {library}"


def test_plan_recording_and_verdict_know_no_locust() -> None:
    """Not even through each other."""
    pure = ("plan", "recording", "verdict", "requests", "assembly", "looks", "evidence", "histogram", "run", "plugin")
    reached = _reached(*(f"load/{name}.py" for name in pure))
    assert not ONE_MODULE["locust"] & reached
    assert not ONE_MODULE["gevent"] & reached


def test_locust_s_process_has_one_http_client() -> None:
    """Its own."""
    assert "fixtures/target/http.py" not in _reached("load/locustfile.py")


def _reached(*paths: str) -> set[str]:
    """What modules of ours import, and what those import."""
    reached, queue = set(), [*paths]
    while queue:
        path = queue.pop()
        reached.add(path)
        for name in imports(PROJECT / path):
            file = name.replace(".", "/") + ".py"
            if file not in reached and (PROJECT / file).is_file():
                queue.append(file)
    return reached


def test_there_is_nothing_else_at_top_level() -> None:
    """The layout that was agreed."""
    agreed = {
        ".ci", ".github", ".gitignore", "CONTRIBUTING.md", "README.md", "conftest.py", "contracts", "features",
        "fixtures", "load", "pyproject.toml", "steps", "tests",
    }  # fmt: skip
    ignored = {".git", ".venv", "reports"} | {path.name for path in PROJECT.glob(".*_cache")} | {".hypothesis"}
    assert agreed == {path.name for path in PROJECT.iterdir()} - ignored - {"__pycache__"}

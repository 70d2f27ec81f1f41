"""What the harness's own tests stand on: one Postgres, one seeded template, deployments made from it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from fixtures.database.provision import provision
from fixtures.database.server import Server
from fixtures.defects.defect import Change
from fixtures.reference.deployment import create_reference_database, deployed, new_secrets
from tests.changed import changed_database
from tests.project import Project

Deploy = Callable[[Change], contextlib.AbstractContextManager[Mapping[str, str]]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--all-defects`."""
    parser.getgroup("voxanne").addoption(
        "--all-defects",
        action="store_true",
        help="tests: try every defect, not a sample, and print the detection table",
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The detection table."""
    if not config.getoption("all_defects"):
        return
    reports = [r for rs in terminalreporter.stats.values() for r in rs if getattr(r, "when", "") == "call"]
    rows = [
        value for report in reports for name, value in getattr(report, "user_properties", ()) if name == "detection"
    ]
    if rows:
        terminalreporter.section(f"detection table: {len(rows)} defects")
    for defect, fails, inconclusive in sorted(rows):
        terminalreporter.write_line(f"{defect:<34} {', '.join(fails)}")
        if inconclusive:
            terminalreporter.write_line(f"{'':<34} not judged any more: {', '.join(inconclusive)}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for all tests that need one."""
    server = provision()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def reference_template(postgres: Server) -> str:
    """DSN of a database with the reference schema and seed; copied, never connected to."""
    return create_reference_database(postgres, new_secrets())


@pytest.fixture
def deploy(postgres: Server, reference_template: str, tmp_path: Path) -> Deploy:
    """Deploys the reference with a change, in this process; yields the variables that lead to it."""

    @contextlib.contextmanager
    def deploy_change(change: Change) -> Iterator[Mapping[str, str]]:
        with changed_database(postgres, reference_template, change.sql) as dsn:
            with deployed(dsn, new_secrets(), tmp_path, change.make_app) as variables:
                yield variables

    return deploy_change


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A small project with the verdict core and one scenario that passes."""
    return Project(tmp_path)

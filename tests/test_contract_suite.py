"""The contract suites as a whole: the same verdicts in any order, and nothing left behind by whoever was killed."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fixtures.database.cleanup import tenant_tables
from fixtures.defects.defect import Change
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate

KILLS = int(os.environ.get("VOXANNE_TEST_KILLS", "2"))
TRIES = 10
VERDICTS = 40
"""A run gives more than these; the kill comes after one of them."""
WRITES_ONCE = ("-k", "tools.booking.meaning.confirmation")


def verdicts(run: GateRun) -> dict[str, str]:
    return {id_: criterion["verdict"] for id_, criterion in run.criteria.items()}


@pytest.mark.parametrize("seed", os.environ.get("VOXANNE_TEST_SEEDS", "1").split(","))
def test_order_changes_nothing(tmp_path: Path, seed: str) -> None:
    """Every check arranges what it needs for itself."""
    run = run_gate(tmp_path, "-m", "contract", "-p", "tests.shuffled", variables={"SHUFFLE_SEED": seed})
    assert {"pass"} == set(verdicts(run).values()), run.output
    assert 0 == run.exit_status


def test_processes_change_nothing(tmp_path: Path) -> None:
    """Each has a deployment of its own."""
    run = run_gate(tmp_path, "-m", "contract", "-n", "2")
    assert {"pass"} == set(verdicts(run).values()), run.output
    assert 0 == run.exit_status


def counts(dsn: str) -> dict[str, int]:
    """The rows of every table of the tenants."""
    with psycopg.connect(dsn) as connection:
        return {
            table: int(next(connection.execute(f'select count(*) from public."{table}"'.encode()))[0])
            for table in tenant_tables(connection)
        }


def test_killed_runs_leave_no_row(tmp_path: Path, deploy: Deploy) -> None:
    """kill -9 at a random moment while the suites write; the next run, whatever it judges, removes all of it."""
    with deploy(Change()) as variables:
        before = counts(variables["DATABASE_URL"])
        state = {**variables, "XDG_STATE_HOME": str(tmp_path / "state")}
        for _ in range(KILLS):
            _kill_until_rows_are_left(tmp_path, state, before)
        run = run_gate(tmp_path / "reports", "--target", "local", *WRITES_ONCE, variables=state)
        assert 0 == run.exit_status, run.output
        assert before == counts(variables["DATABASE_URL"])


def _kill_until_rows_are_left(tmp_path: Path, variables: dict[str, str], before: dict[str, int]) -> None:
    """A kill proves something only if it hits a run that has written and has not tidied up yet."""
    for _ in range(TRIES):
        _kill_a_run(tmp_path, variables)
        if before != counts(variables["DATABASE_URL"]):
            return
    pytest.fail(f"none of {TRIES} killed runs has left a row")


def _kill_a_run(tmp_path: Path, variables: dict[str, str]) -> None:
    """After some verdict: a moment by the clock comes after the run's end on a fast machine."""
    environment = {**os.environ, **variables, "VOXANNE_POSTGRES": "embedded"}
    reports = ["--report-dir", str(tmp_path / "killed"), "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "--target", "local", "-m", "contract and writes", *reports]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    passed = (line for line in process.stdout if line.startswith("pass"))
    list(itertools.islice(passed, random.randint(1, VERDICTS)))
    process.kill()
    process.wait()
    process.stdout.close()

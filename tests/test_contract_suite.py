"""The contract suites as a whole: the same verdicts in any order, and nothing left behind by whoever was killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from fixtures.database.cleanup import tenant_tables
from fixtures.defects.defect import Change
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate

KILLS = int(os.environ.get("VOXANNE_TEST_KILLS", "2"))
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
            _kill_a_run(tmp_path, state)
        assert before != counts(variables["DATABASE_URL"]), "the killed runs have written"
        run = run_gate(tmp_path / "reports", "--target", "local", *WRITES_ONCE, variables=state)
        assert 0 == run.exit_status, run.output
        assert before == counts(variables["DATABASE_URL"])


def _kill_a_run(tmp_path: Path, variables: dict[str, str]) -> None:
    environment = {**os.environ, **variables, "VOXANNE_POSTGRES": "embedded"}
    reports = ["--report-dir", str(tmp_path / "killed"), "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "--target", "local", "-m", "contract and writes", *reports]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    next(line for line in process.stdout if line.startswith("pass"))
    time.sleep(random.uniform(0, 3))
    process.kill()
    process.wait()
    process.stdout.close()

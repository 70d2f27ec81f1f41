"""The live audit on deployments made for it: what it may do, what it leaves, and what its findings show."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from fixtures.database.cleanup import tenant_tables
from fixtures.defects.catalogue import DEFECTS
from fixtures.defects.defect import Change
from fixtures.reference.canaries import CLINIC_A, CLINIC_B
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate

LIVE = ("-k", "isolation.live")
READING = {
    "isolation.live.select", "isolation.live.anonymous", "isolation.live.token", "isolation.live.expired",
}  # fmt: skip
WITHOUT_MARK = """
create table public.counters (
  org_id uuid not null, id int generated always as identity primary key, label text not null
);
insert into public.counters (org_id, label) select id, name from public.organizations;
alter table public.counters enable row level security;
grant select, insert, update, delete on public.counters to authenticated;
create policy counters_org_isolation on public.counters for all to authenticated
  using (org_id = (select public.auth_org_id())) with check (org_id = (select public.auth_org_id()));
create function public.file_message() returns trigger language plpgsql set search_path = '' as $$
begin
  new.org_id := coalesce(public.auth_org_id(), new.org_id);
  return new;
end $$;
create trigger file_message before insert on public.messages for each row execute function public.file_message();
"""
"""A key that can't carry a run's mark; and rows that are filed under their sender's clinic, whatever they say."""


@pytest.fixture
def own_state(tmp_path: Path) -> dict[str, str]:
    """A ledger of the test's own."""
    return {"XDG_STATE_HOME": str(tmp_path / "state")}


def test_rows_of_the_run_are_gone(tmp_path: Path, deploy: Deploy, own_state: dict[str, str]) -> None:
    """On a database that is not to be thrown away: every table as it was."""
    with deploy(Change()) as variables:
        before = contents(variables)
        run = run_gate(tmp_path / "reports", "--target", "local", *LIVE, variables={**variables, **own_state})
        assert before == contents(variables)
    assert READING | {"isolation.live.write"} == run.with_verdict("pass"), run.output
    assert {"isolation.live.storage"} == run.with_verdict("not-applicable")


@pytest.mark.parametrize("lacking", [(), ("DATABASE_URL",)], ids=["dsn", "api-only"])
def test_rows_of_a_killed_run_are_gone(
    tmp_path: Path, deploy: Deploy, own_state: dict[str, str], lacking: tuple[str, ...]
) -> None:
    """After SIGKILL in mid-write the next run removes them: by the database, or through the API where there is none."""
    with deploy(Change()) as variables:
        before = contents(variables)
        given = {name: value for name, value in variables.items() if name not in lacking} | own_state
        kill_while_writing(tmp_path / "killed", given, variables)
        assert before != contents(variables), "the killed run has left rows"
        run = run_gate(tmp_path / "next", "--target", "local", *LIVE, variables=given)
        assert before == contents(variables), run.output
    assert "of a run that was killed" in run.output


def test_read_only_target_is_read_only(tmp_path: Path, deploy: Deploy) -> None:
    """What reads is judged, what writes lacks the permission; nothing is written."""
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    pyproject = (copy / "pyproject.toml").read_text()
    (copy / "pyproject.toml").write_text(pyproject.replace("pace = { rate = 2.0, budget = 600 }", ""))
    with deploy(Change()) as variables:
        before = contents(variables)
        run = run_gate(tmp_path / "reports", "--target", "production", *LIVE, variables=variables, project=copy)
        assert before == contents(variables)
    assert READING == run.with_verdict("pass"), run.output
    assert {"permission-missing"} == {run.criteria[id_]["reason"] for id_ in run.with_verdict("inconclusive")}
    assert {"isolation.live.write", "isolation.live.storage"} == run.with_verdict("inconclusive")


def test_without_database_the_known_tables_are_judged(tmp_path: Path, deploy: Deploy) -> None:
    """By their names; a leak in one of them is seen."""
    with deploy(DEFECTS["isolation.transcripts-readable"].change) as variables:
        given = {name: value for name, value in variables.items() if name != "DATABASE_URL"}
        run = run_gate(tmp_path, "--target", "local", "-k", "isolation.live.select", variables=given)
    assert {"isolation.live.select"} == run.with_verdict("fail"), run.output
    assert ["public.call_transcripts"] == [finding["object"] for finding in run.document["findings"]]


def test_unusual_tables_are_not_blamed(tmp_path: Path, deploy: Deploy) -> None:
    """What can't be judged is told by name; a row that a trigger files elsewhere is no breach."""
    with deploy(Change(sql=WITHOUT_MARK)) as variables:
        run = run_gate(tmp_path, "--target", "sandbox", "-k", "isolation.live.write", variables=variables)
    assert {"isolation.live.write"} == run.with_verdict("pass"), run.output
    [matrix] = [e for e in run.criteria["isolation.live.write"]["evidence"] if e["kind"] == "matrix"]
    assert any("counters: its key id is no UUID" in told for told in matrix["not judged"])


def test_missing_passwords_are_told_at_once(tmp_path: Path, deploy: Deploy) -> None:
    """By the names that the canary file gives them."""
    with deploy(Change()) as variables:
        given = {name: value for name, value in variables.items() if not name.startswith("CANARY_")}
        run = run_gate(tmp_path, "--target", "local", "-k", "isolation.live.select", variables=given)
    assert {"credential-missing"} == {run.criteria[id_]["reason"] for id_ in run.with_verdict("inconclusive")}
    assert "CANARY_A_PASSWORD" in run.output
    assert "CANARY_B_PASSWORD" in run.output


def test_clinic_without_rows_proves_nothing(tmp_path: Path, deploy: Deploy) -> None:
    """That others' rows are not shown says nothing where there are none."""
    with deploy(Change(sql=f"delete from public.imports where org_id = '{CLINIC_A.id}'")) as variables:
        run = run_gate(tmp_path, "--target", "local", "-k", "isolation.live.select", variables=variables)
    assert {"isolation.live.select"} == run.with_verdict("inconclusive"), run.output
    assert "control-failed" == run.criteria["isolation.live.select"]["reason"]


@pytest.mark.parametrize(
    ("defect", "shows"),
    [("live.shared-leads", CLINIC_B.id), ("live.planted-messages", CLINIC_B.id), ("live.shared-recordings", "canary-")],
)
def test_command_of_a_finding_shows_it(tmp_path: Path, deploy: Deploy, defect: str, shows: str) -> None:
    """Run in a shell with the same variables; it holds no secret itself."""
    with deploy(DEFECTS[defect].change) as variables:
        run = run_gate(tmp_path, "--target", "local", *LIVE, variables=variables)
        finding = findings(run)[0]
        for name, value in variables.items():
            if name.endswith(("KEY", "PASSWORD", "SECRET")):
                assert value not in finding["reproduce"], name
        assert "eyJ" not in (run.reports / "verdict.json").read_text(), "no token in the report"
        shell = subprocess.run(
            ["bash", "-c", finding["reproduce"]],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=True,
        )
    assert shows in shell.stdout, shell


def findings(run: GateRun) -> list[dict[str, str]]:
    """Those of the live audit."""
    return [finding for finding in run.document["findings"] if finding["rule"].startswith("isolation.live-")]


def contents(variables: Mapping[str, str]) -> dict[str, str]:
    """A digest of each tenant table."""
    digest = "select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from public.\"{}\" t"
    with psycopg.connect(variables["DATABASE_URL"]) as connection:
        tables = tenant_tables(connection)
        return {table: str(connection.execute(digest.format(table).encode()).fetchone()) for table in tables}


def kill_while_writing(reports: Path, given: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Start a run, and kill it when the first rows are there."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--target",
        "local",
        "-k",
        "isolation.live.write",
        "-p",
        "no:cacheprovider",
    ]
    process = subprocess.Popen(
        [*command, "--report-dir", str(reports)], cwd=PROJECT, env={**os.environ, **given}, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    with psycopg.connect(variables["DATABASE_URL"], autocommit=True) as connection:
        while count(connection) < 3 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def count(connection: psycopg.Connection[tuple[int]]) -> int:
    """Calls; the seed has two."""
    return int((connection.execute("select count(*) from public.calls").fetchone() or (0,))[0])

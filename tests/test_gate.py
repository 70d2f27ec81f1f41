"""The gate from outside: what a user does and sees, on healthy, hostile and absent deployments."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from fixtures.database.server import Server
from fixtures.defects.defect import Change
from fixtures.reference.deployment import deployed, new_secrets
from tests import servers
from tests.changed import changed_database
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate

FAST = ("-m", "not latency")


def test_reference_is_go(tmp_path: Path) -> None:
    """Two runs at the same time: both GO, each on a deployment of its own."""
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda name: run_gate(tmp_path / name, *FAST), ("one", "other")))
    for run in runs:
        assert 0 == run.exit_status, run.output
        assert "database: PostgreSQL 18" in run.output
        assert run.document["selection"]["selected"] == run.document["selection"]["judged"] > 50


def test_distributed_run_is_go(tmp_path: Path) -> None:
    """Under xdist each worker has a deployment of its own."""
    run = run_gate(tmp_path, "-n", "2", *FAST)
    assert 0 == run.exit_status, run.output


def test_local_target_without_reference(tmp_path: Path, deploy: Deploy) -> None:
    """Any backend on loopback is verified by its variables alone, and is left as it was found."""
    with deploy(Change()) as variables:
        run = run_gate(tmp_path, "--target", "local", "-m", "contract", variables={**variables, **state(tmp_path)})
    assert 0 == run.exit_status, run.output
    assert "fixtures.reference" not in run.output
    assert "removed" in run.output


def test_local_without_database(tmp_path: Path, deploy: Deploy) -> None:
    """Without DATABASE_URL the rest is judged all the same, and every criterion that needs it says so."""
    with deploy(Change()) as variables:
        given = {name: value for name, value in variables.items() if name != "DATABASE_URL"}
        run = run_gate(tmp_path, "--target", "local", "-m", "contract", variables={**given, **state(tmp_path)})
    assert 20 == run.exit_status, run.output
    assert "missing: DATABASE_URL, needed by" in run.output
    assert set() == run.with_verdict("fail")
    assert {"credential-missing"} == {run.criteria[id_]["reason"] for id_ in run.with_verdict("inconclusive")}
    assert "tools.lookup.meaning.finds-caller" in run.with_verdict("pass")


def test_missing_variables_are_told_at_once(tmp_path: Path) -> None:
    """Nothing is set: no traceback, every name, nothing judged."""
    run = run_gate(tmp_path, "--target", "production", "-m", "contract")
    assert 20 == run.exit_status, run.output
    for name in ("BACKEND_URL", "VAPI_WEBHOOK_SECRET", "VOXANNE_CANARIES", "DATABASE_URL"):
        assert f"missing: {name}, needed by" in run.output
    assert "Traceback" not in run.output
    assert 0 == run.document["selection"]["judged"]


def test_production_is_not_written_to(tmp_path: Path) -> None:
    """Its record does not allow it: every check that writes says so."""
    run = run_gate(tmp_path, "--target", "production", "-m", "writes")
    assert {"permission-missing"} == {criterion["reason"] for criterion in run.criteria.values()}
    assert 20 == run.exit_status


NOT_FOUND = servers.answering("404 Not Found", b'{"error":"Not found"}', "application/json")
HTML = servers.answering("200 OK", b"<!doctype html><title>Tunnel</title>", "text/html")


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(NOT_FOUND, id="404"),
        pytest.param(HTML, id="html"),
        pytest.param(servers.endless_body, id="endless-body"),
        pytest.param(servers.hanging_up, id="hanging-up"),
    ],
)
def test_hostile_server(tmp_path: Path, deploy: Deploy, server: Callable[[servers.Connection], None]) -> None:
    """No hang, no traceback, no pass: the database is healthy, the backend is not."""
    with deploy(Change()) as variables, servers.serving(server) as url:
        run = run_gate(tmp_path, "--target", "sandbox", "-m", "contract", variables={**variables, "BACKEND_URL": url})
    assert 1 == run.exit_status, run.output
    assert set() == run.with_verdict("pass")
    assert "Traceback" not in run.output
    assert "harness-error" not in {criterion["reason"] for criterion in run.criteria.values()}


def test_hanging_servers(tmp_path: Path, postgres: Server, reference_template: str) -> None:
    """They keep silent, stop after the headers, or trickle: bounded by the target's limits, and no pass."""

    def verify(server: Callable[[servers.Connection], None]) -> GateRun:
        folder = tmp_path / server.__name__
        folder.mkdir()
        with (
            changed_database(postgres, reference_template, "") as dsn,
            deployed(dsn, new_secrets(), folder) as variables,
            servers.serving(server) as url,
        ):
            given = {**variables, "BACKEND_URL": url}
            return run_gate(folder, "--target", "sandbox", "-m", "contract", variables=given)

    hanging = (servers.silent, servers.headers_then_nothing, servers.trickling_headers)
    with ThreadPoolExecutor() as pool:  # they only wait
        for run in pool.map(verify, hanging):
            assert 1 == run.exit_status, run.output
            assert set() == run.with_verdict("pass")
            assert "Traceback" not in run.output


def test_nobody_listening(tmp_path: Path, deploy: Deploy) -> None:
    """Nothing can be judged, so nothing failed."""
    with deploy(Change()) as variables, servers.nobody_listening() as url:
        run = run_gate(tmp_path, "--target", "sandbox", "-m", "contract", variables={**variables, "BACKEND_URL": url})
    assert 20 == run.exit_status, run.output
    assert {"target-unreachable"} == {criterion["reason"] for criterion in run.criteria.values()}


@pytest.mark.parametrize(
    ("arguments", "variables", "says"),
    [
        (["--target", "prod"], {}, "unknown target 'prod' (did you mean 'production'?)"),
        ([], {"VOXANNE_TARGET": "prod"}, "unknown target 'prod'"),
        (["-m", "contrat"], {}, "contrat"),
        (["--schema", "no/such/schema.sql"], {}, "schema no/such/schema.sql"),
        (["--traffic", "rush"], {}, "unknown traffic 'rush'; there are smoke"),
        (["--waivers", "no/such/file.toml"], {}, "waivers no/such/file.toml"),
        (["--target", "local"], {"BACKEND_URL": "https://voxanne.example"}, "accepts loopback addresses only"),
        (["--target", "local"], {"DATABASE_URL": "postgresql://u:p@db.example/x"}, "accepts loopback addresses only"),
        (["--target", "local"], {"BACKEND_URL": "localhost:3001"}, "BACKEND_URL is not an http(s) address"),
        (["--target", "local"], {"VOXANNE_CANARIES": "no/such/canaries.toml"}, "canary file no/such/canaries.toml"),
        (["--target", "local", "-n", "2"], {}, "must not overlap"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: list[str], variables: dict[str, str], says: str) -> None:
    """One clear line and exit status 4."""
    run = run_gate(tmp_path, *arguments, variables=variables)
    assert 4 == run.exit_status, run.output
    assert says in run.output
    assert "Traceback" not in run.output
    assert 1 == sum(line.startswith("ERROR:") for line in run.output.splitlines())


def test_misspelt_key_of_a_record(tmp_path: Path) -> None:
    """In a copy of the project: one line, with the key that was meant."""
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    pyproject = (copy / "pyproject.toml").read_text()
    (copy / "pyproject.toml").write_text(pyproject.replace("disposable_database", "disposable_databse"))
    run = run_gate(tmp_path / "reports", "--target", "local", project=copy)
    assert 4 == run.exit_status, run.output
    assert (
        "ERROR: target reference: unknown key 'disposable_databse' (did you mean 'disposable_database'?)" in run.output
    )


def test_schema_outside_the_project(tmp_path: Path) -> None:
    """Wherever the path leads, this project is the one that runs; nothing of the reference is started."""
    folder = tmp_path / "elsewhere" / "migrations"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.pytest]\naddopts = ["--no-such-option"]\n')
    (folder / "1.sql").write_text("create table public.organizations (id uuid primary key);")
    (folder / "2.sql").write_text("create table public.leads (org_id uuid not null references public.organizations);")
    run = run_gate(tmp_path / "reports", "-m", "isolation", "--schema", str(folder))
    assert 1 == run.exit_status, run.output
    assert "pass" == run.criteria["isolation.loaded"]["verdict"]
    assert ["1.sql", "2.sql"] == re.findall(r"(\d\.sql): whole, 1 statements", run.output)
    assert "database: PostgreSQL" in run.output
    assert "fixtures.reference" not in run.output
    assert "row-level security on leads" in run.criteria["isolation.rls-tables"]["detail"]


PROTECTED = """
create table public.organizations (id uuid primary key);
create table public.leads (org_id uuid not null references public.organizations, name text, primary key (org_id, name));
alter table public.organizations enable row level security;
alter table public.leads enable row level security;
revoke all on public.organizations, public.leads from anon, authenticated;
grant select, insert, update, delete on public.leads to authenticated;
create policy own on public.leads to authenticated
  using (org_id::text = (select auth.jwt()) -> 'app_metadata' ->> 'org_id');
"""


def test_schema_that_does_not_load(tmp_path: Path) -> None:
    """What could not be loaded is told; the rest is judged, and comes to no GO."""
    (tmp_path / "1.sql").write_text(f"{PROTECTED} create nonsense;")
    run = run_gate(tmp_path / "reports", "-m", "isolation", "--schema", str(tmp_path / "1.sql"))
    assert 20 == run.exit_status, run.output
    assert "precondition-lost" == run.criteria["isolation.loaded"]["reason"]
    assert '1.sql:10: 42601 syntax error at or near "nonsense"' in run.output


def test_criteria_run_nothing(tmp_path: Path) -> None:
    """The checklist, with no credential, no report and no deployment."""
    run = run_gate(tmp_path / "reports", "--criteria")
    assert 0 == run.exit_status, run.output
    assert "tools.booking.no-double-booking" in run.output
    assert "on reference, local, sandbox, staging" in run.output
    assert not run.reports.exists()


def test_killed_run_leaves_nothing(tmp_path: Path) -> None:
    """After SIGKILL in mid-run: no server, no Postgres, no directory once another run has come."""
    with tempfile.TemporaryDirectory() as temporary:  # not tmp_path, which is too long for a socket
        Path(temporary).chmod(0o755)
        environment = {**os.environ, "TMPDIR": temporary, "VOXANNE_POSTGRES": "embedded"}
        command = [sys.executable, "-m", "pytest", "-m", "not latency", "--report-dir", str(tmp_path / "reports")]
        before = left_over()
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        next(line for line in process.stdout if "deploy.health.answers" in line)
        started = left_over() - before
        assert started, "the run has started a deployment"
        assert list(Path(temporary).glob("voxanne-*")), "and it has directories"
        process.kill()
        process.wait()
        process.stdout.close()
        deadline = time.monotonic() + 20
        while left_over() & started and time.monotonic() < deadline:
            time.sleep(0.1)
        assert set() == left_over() & started
        run_gate(tmp_path / "reports", "-k", "deploy.health", variables={"TMPDIR": temporary})
        assert [] == [path.name for path in Path(temporary).iterdir() if "voxanne" in path.name]


def _ctrl_c(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


@pytest.mark.parametrize("end", [_ctrl_c, subprocess.Popen.terminate], ids=["ctrl-c", "sigterm"])
def test_interrupted_traffic_is_judged(tmp_path: Path, end: Callable[[subprocess.Popen[str]], None]) -> None:
    """In mid-traffic: what there is of it is judged, the session ends as interrupted, and Locust is gone."""
    traffic = tmp_path / "traffic.toml"
    traffic.write_text("[long]\nrate = 5.0\nmeasured_s = 300.0\nstall_s = 1.0\nseed = 1\n")
    options = ["-m", "latency", "--traffic", "long", "--traffic-file", str(traffic), "--report-dir", str(tmp_path)]
    environment = {**os.environ, **state(tmp_path), "VOXANNE_POSTGRES": "embedded"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider"],
        cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    locust = _locust_of(process.pid)
    end(process)
    output, _ = process.communicate(timeout=60)
    assert pytest.ExitCode.INTERRUPTED == process.returncode, output
    assert "the traffic was interrupted after" in output
    run = GateRun(process.returncode, output, tmp_path)
    assert ("inconclusive", "precondition-lost") == tuple(
        run.criteria["monitoring.latency"][name] for name in ("verdict", "reason")
    )
    assert not locust.is_running()


def _locust_of(pid: int) -> psutil.Process:
    """The traffic of a gate, once it has a connection to the backend."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(pid).children():
            if "locust" in child.cmdline() and child.net_connections("tcp"):
                return child
        time.sleep(0.05)
    raise TimeoutError("no traffic")


def left_over() -> set[int]:
    """Processes of reference deployments."""
    marks = ("fixtures.reference", "voxanne-")
    found = set()
    for process in psutil.process_iter(["pid", "cmdline", "name"]):
        line = " ".join(process.info["cmdline"] or ())
        if any(mark in line for mark in marks) and "pytest" not in line:
            found.add(process.info["pid"])
    return found


def state(folder: Path) -> dict[str, str]:
    """A ledger of the test's own."""
    return {"XDG_STATE_HOME": str(folder / "state")}

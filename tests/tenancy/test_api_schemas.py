"""What the API serves is told to the lints by the setting that PostgREST reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fixtures.database.server import Server
from fixtures.tenancy.api_schemas import declare_api_schemas


@pytest.fixture
def connection(postgres: Server) -> Iterator[psycopg.Connection[Any]]:
    """An empty database; what a test does to the roles of the server is undone."""
    with psycopg.connect(postgres.create_database()) as connection:
        connection.execute(
            "do $$ begin if not exists (select from pg_roles where rolname = 'authenticator') then "
            "create role authenticator; end if; end $$"
        )
        yield connection
        connection.rollback()


def _declared(connection: psycopg.Connection[Any]) -> Any:
    declare_api_schemas(connection)
    row = connection.execute("select current_setting('pgrst.db_schemas')").fetchone()
    return row and row[0]


def test_default(connection: psycopg.Connection[Any]) -> None:
    """As on a hosted project that changed nothing."""
    assert "public" == _declared(connection)


def test_role_of_the_api(connection: psycopg.Connection[Any]) -> None:
    """Its setting for this database goes before that for all."""
    connection.execute("alter role authenticator set pgrst.db_schemas = 'api, public'")
    assert "api, public" == _declared(connection)
    connection.execute("set local pgrst.db_schemas = ''")
    name = connection.info.dbname
    connection.execute(f"alter role authenticator in database {name} set pgrst.db_schemas = 'only'".encode())
    assert "only" == _declared(connection)


def test_session_knows_better(connection: psycopg.Connection[Any]) -> None:
    """What the session has set stays."""
    connection.execute("set local pgrst.db_schemas = 'mine'")
    assert "mine" == _declared(connection)


def test_ends_with_the_transaction(connection: psycopg.Connection[Any]) -> None:
    """Nothing is left on the connection."""
    declare_api_schemas(connection)
    connection.rollback()
    assert ("",) == connection.execute("select current_setting('pgrst.db_schemas', true)").fetchone()

"""A database that looks like a hosted project with a small, healthy schema; whatever a test does is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fixtures.database.bootstrap import bootstrap
from fixtures.database.server import Server
from tests.tenancy.lints.cases import BASE


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[psycopg.Connection[Any]]:
    """One open transaction for all tests of a module, rolled back at the end."""
    with psycopg.connect(postgres.create_database()) as connection:
        bootstrap(connection)
        connection.execute("set pgrst.db_schemas = 'public'")
        connection.execute(BASE)
        yield connection
        connection.rollback()


@pytest.fixture
def connection(database: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """The same, with a savepoint for each test."""
    with database.transaction(force_rollback=True):
        yield database

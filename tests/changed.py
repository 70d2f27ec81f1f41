"""A copy of the reference database with a defect's SQL applied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from fixtures.database.server import Server


@contextlib.contextmanager
def changed_database(server: Server, template: str, sql: str) -> Iterator[str]:
    """The DSN of a copy of `template` after `sql`; dropped at the end."""
    dsn = server.create_database(template)
    if sql:
        with psycopg.connect(dsn) as connection:
            connection.execute(sql.encode())
    try:
        yield dsn
    finally:
        server.drop_database(dsn)

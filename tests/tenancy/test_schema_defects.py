"""The corpus is what it says: each defect can be exploited where the base schema can't, each healthy schema works."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.database.schema import SchemaFile, load_schema
from fixtures.database.server import Server
from fixtures.defects.schemas.base import DIALECTS, SAMPLE_ROWS, base_schema, migration
from fixtures.defects.schemas.catalogue import SCHEMA_DEFECTS
from fixtures.defects.schemas.record import SchemaDefect
from fixtures.defects.schemas.rehearsal import first_failure

MUTANTS = {f"{defect.id}-{dialect}": (defect, dialect) for defect in SCHEMA_DEFECTS for dialect in defect.dialects}


@pytest.fixture(scope="module")
def bases(postgres: Server) -> Mapping[str, str]:
    """For each dialect, the DSN of a database with the base schema and the sample rows."""
    return {dialect: _built(postgres, base_schema(dialect), SAMPLE_ROWS) for dialect in DIALECTS}


def _built(server: Server, *texts: str) -> str:
    dsn = server.create_database()
    files = [SchemaFile(Path(f"{number}.sql"), text) for number, text in enumerate(texts)]
    assert () == load_schema(dsn, files).failures
    return dsn


@contextlib.contextmanager
def _scratch(server: Server, base: str, *, commits: bool) -> Iterator[psycopg.Connection[Any]]:
    """The base, to be changed at will: in a transaction that is rolled back, or in a copy where it has to commit."""
    dsn = server.create_database(template=base) if commits else base
    with contextlib.closing(psycopg.connect(dsn, autocommit=True)) as connection:
        with contextlib.nullcontext() if commits else connection.transaction(force_rollback=True):
            yield connection
    if commits:
        server.drop_database(dsn)


@pytest.mark.parametrize("id_", MUTANTS)
def test_only_the_defect_can_be_exploited(id_: str, postgres: Server, bases: Mapping[str, str]) -> None:
    """All steps of the exploit hold after the migration, and not all of them on the base schema."""
    defect, dialect = MUTANTS[id_]
    if _major(postgres) < defect.since:
        pytest.skip(f"needs PostgreSQL {defect.since}")
    with _scratch(postgres, bases[dialect], commits=defect.commits) as connection:
        assert first_failure(connection, defect.exploit)
    with _scratch(postgres, bases[dialect], commits=defect.commits) as connection:
        connection.execute(migration(defect, dialect).encode())
        assert "" == first_failure(connection, defect.exploit)


def _major(server: Server) -> int:
    with psycopg.connect(server.dsn) as connection:
        return connection.info.server_version // 10_000


def test_every_class_has_one_defect() -> None:
    """Ids are unique."""
    ids = [defect.id for defect in SCHEMA_DEFECTS]
    assert len(ids) == len(set(ids))


def _ids(defects: tuple[SchemaDefect, ...]) -> set[str]:
    return {defect.id for defect in defects}

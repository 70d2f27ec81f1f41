"""The corpus is what it says: each defect can be exploited where the base schema can't, each healthy schema works."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.database.schema import SchemaFile, load_schema
from fixtures.database.server import Server
from fixtures.defects.schemas.base import DIALECTS, SAMPLE_ROWS, base_schema, healthy_text, migration, render
from fixtures.defects.schemas.catalogue import HEALTHY_SCHEMAS, SCHEMA_DEFECTS
from fixtures.defects.schemas.record import HealthySchema, SchemaDefect
from fixtures.defects.schemas.rehearsal import first_failure, observe
from tests.sampling import git

MUTANTS = {f"{defect.id}-{dialect}": (defect, dialect) for defect in SCHEMA_DEFECTS for dialect in defect.dialects}
_NAMES = """
select nspname || '.' || relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
union all
select format('%s.%s(%s)', nspname, proname, oidvectortypes(proargtypes))
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
union all select rolname from pg_roles
union all select nspname from pg_namespace
union all select extname from pg_extension
union all select pubname from pg_publication
union all select id from storage.buckets
union all select 'large object ' || oid from pg_largeobject_metadata
"""
"""Names of all that a finding may be about."""

HEALTHY = {f"{healthy.id}-{dialect}": (healthy, dialect) for healthy in HEALTHY_SCHEMAS for dialect in healthy.dialects}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All with `--all-defects`, else one in five, another fifth for each commit."""
    if "id_" in metafunc.fixturenames:
        ids = list(HEALTHY if metafunc.function is test_healthy_schema_works_for_a_member else MUTANTS)
        whole = metafunc.config.getoption("all_defects")
        metafunc.parametrize(
            "id_", ids if whole else sorted(random.Random(git("rev-parse", "HEAD")).sample(ids, len(ids) // 5))
        )


@dataclass(frozen=True, slots=True)
class Base:
    """A database with the base schema and the sample rows: a template, and a connection to a copy of it."""

    template: str
    connection: psycopg.Connection[Any]


@pytest.fixture(scope="module")
def bases(postgres: Server) -> Iterator[Mapping[str, Base]]:
    """The base of each dialect."""
    with contextlib.ExitStack() as connections:
        made = {}
        for dialect in DIALECTS:
            template = _built(postgres, base_schema(dialect), SAMPLE_ROWS)
            connection = psycopg.connect(postgres.create_database(template), autocommit=True)
            made[dialect] = Base(template, connections.enter_context(contextlib.closing(connection)))
        yield made


def _built(server: Server, *texts: str) -> str:
    dsn = server.create_database()
    files = [SchemaFile(Path(f"{number}.sql"), text) for number, text in enumerate(texts)]
    assert () == load_schema(dsn, files).failures
    return dsn


@contextlib.contextmanager
def _undone(connection: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that is rolled back, and nothing of it is left in the session."""
    with connection.transaction(force_rollback=True):
        yield connection
    connection.execute("discard all")


@contextlib.contextmanager
def _copy(server: Server, template: str) -> Iterator[psycopg.Connection[Any]]:
    """A copy of a database, for what has to commit."""
    dsn = server.create_database(template)
    with contextlib.closing(psycopg.connect(dsn, autocommit=True)) as connection:
        yield connection
    server.drop_database(dsn)


def _scratch(server: Server, base: Base, defect: SchemaDefect) -> contextlib.AbstractContextManager[Any]:
    """The base, to be changed at will."""
    return _copy(server, base.template) if defect.commits else _undone(base.connection)


def test_only_the_defect_can_be_exploited(id_: str, postgres: Server, bases: Mapping[str, Base]) -> None:
    """All steps of the exploit hold after the migration, and not all of them on the base schema."""
    defect, dialect = MUTANTS[id_]
    _needs(postgres, defect)
    with _scratch(postgres, bases[dialect], defect) as connection:
        assert first_failure(connection, defect.exploit)
    with _scratch(postgres, bases[dialect], defect) as connection:
        connection.execute(migration(defect, dialect).encode())
        assert "" == first_failure(connection, defect.exploit)


def test_finding_can_name_its_object(id_: str, postgres: Server, bases: Mapping[str, Base]) -> None:
    """The object exists in the database with the defect, spelt so; only with `undo` the cluster is changed too."""
    defect, dialect = MUTANTS[id_]
    _needs(postgres, defect)
    with _undone(bases[dialect].connection) as connection:
        before = _cluster(connection)
        connection.execute(migration(defect, dialect).encode())
        assert {defect.object} <= {name for (name,) in connection.execute(_NAMES)}
        assert bool(defect.undo) == (before != _cluster(connection))


@pytest.mark.parametrize(
    "changes_roles", [id_ for id_, (defect, dialect) in MUTANTS.items() if defect.undo and dialect == "inline"]
)
def test_undo_gives_the_cluster_back(changes_roles: str, postgres: Server, bases: Mapping[str, Base]) -> None:
    """Once the database with the defect is gone, `undo` leaves the roles as they were."""
    defect, dialect = MUTANTS[changes_roles]
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        before = _cluster(connection)
        with _copy(postgres, bases[dialect].template) as changed:
            changed.execute(migration(defect, dialect).encode())
        assert before != _cluster(connection)
        connection.execute(defect.undo.encode())
        assert before == _cluster(connection)


def _cluster(connection: psycopg.Connection[Any]) -> list[Any]:
    """What of roles outlives a database: attributes, memberships, settings."""
    return [
        connection.execute(query).fetchall()
        for query in (
            "select * from pg_roles order by rolname",
            "select roleid, member, admin_option from pg_auth_members order by 1, 2, 3",
            "select * from pg_db_role_setting order by setdatabase, setrole",
        )
    ]


def _needs(server: Server, defect: SchemaDefect) -> None:
    if 15 < defect.since and _major(server) < defect.since:
        pytest.skip(f"needs PostgreSQL {defect.since}")


def _major(server: Server) -> int:
    with psycopg.connect(server.dsn) as connection:
        return connection.info.server_version // 10_000


def test_healthy_schema_works_for_a_member(id_: str, postgres: Server, bases: Mapping[str, Base]) -> None:
    """A member sees the rows of its own tenant, and no others."""
    healthy, dialect = HEALTHY[id_]
    with _schema(postgres, bases, healthy, dialect) as connection:
        connection.execute(render(f"{healthy.data};").encode())
        seen = observe(connection, healthy.member, healthy.query)
    assert [render(value) for value in healthy.sees] == sorted(str(row[0]) for row in seen)


@contextlib.contextmanager
def _schema(
    server: Server, bases: Mapping[str, Base], healthy: HealthySchema, dialect: str
) -> Iterator[psycopg.Connection[Any]]:
    """A transaction in a database with a healthy schema; no rows but, where it stands on the base, the sample's."""
    if not healthy.complete:
        with _undone(bases[dialect].connection) as connection:
            connection.execute(render(healthy.sql, dialect).encode())
            yield connection
        return
    dsn = _built(server, healthy_text(healthy, dialect))
    with psycopg.connect(dsn) as connection:
        yield connection
        connection.rollback()
    server.drop_database(dsn)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(f"{healthy.undo};".encode())


def test_catalogue_is_whole() -> None:
    """Every class of the taxonomy that a schema can commit has its one defect, in both dialects where it can."""
    classes = {"A": range(1, 11), "B": range(1, 32), "C": range(1, 17), "E": range(1, 24), "F": range(1, 17)}
    wanted = {f"{family}{number:02}" for family, numbers in classes.items() for number in numbers}
    wanted |= {f"G{number:02}" for number in (1, 3, 4, 5, 9, 10, 13, 14, 16, 17, 18, *range(21, 31))}
    assert sorted(wanted) == sorted(defect.id for defect in SCHEMA_DEFECTS)
    assert ["F16"] == [defect.id for defect in SCHEMA_DEFECTS if set(defect.dialects) != set(DIALECTS)]


def test_healthy_schemas_are_told_apart() -> None:
    """Ids are unique, and there are enough of both kinds."""
    assert len(HEALTHY_SCHEMAS) == len({healthy.id for healthy in HEALTHY_SCHEMAS})
    assert 30 <= len(HEALTHY_SCHEMAS)
    assert 15 <= sum(healthy.complete for healthy in HEALTHY_SCHEMAS)

"""The detection table of schemas: every defect is found and can be reproduced, no healthy schema is blamed.

`--all-defects` tries all of them in all dialects, else a sample that differs from commit to commit.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from fixtures.database.server import Server
from fixtures.defects.schemas.base import DIALECTS, base_schema, healthy_text, migration, render
from fixtures.defects.schemas.catalogue import HEALTHY_SCHEMAS, SCHEMA_DEFECTS
from fixtures.defects.schemas.record import HealthySchema, SchemaDefect
from fixtures.tenancy import catalogue_findings, proof
from fixtures.tenancy.api_schemas import declare_api_schemas
from fixtures.tenancy.audit import Audit
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.sampling import git
from tests.tenancy.schemas import Build, breach_of

DEFECTS = 18
HEALTHY = 8
NOTES = {"F16", "G09", "G13", "G18", "G22"}
"""Worth a note, and no more: what the schema's owner may mean, or what is within one tenant."""

Run = Callable[[str, str], tuple[str, Audit]]
"""SQL and its dialect -> DSN of the database, and what was found there."""


def chosen(records: Sequence[Any], count: int, *, everything: bool) -> list[Any]:
    """(Record, dialect): all, or so many, of each family some, one dialect each, by the commit."""
    pairs = [(record, dialect) for record in records for dialect in record.dialects]
    if everything:
        return pairs
    dice = random.Random(f"{git('rev-parse', 'HEAD')}/{len(records)}")
    families: dict[str, list[Any]] = {}
    for record in dice.sample(list(records), len(records)):
        families.setdefault(_family(record), []).append(record)
    shares = {name: max(1, round(count * len(members) / len(records))) for name, members in families.items()}
    picked = [record for name, members in families.items() for record in members[: shares[name]]]
    return [(record, dice.choice(record.dialects)) for record in picked]


def _family(record: SchemaDefect | HealthySchema) -> str:
    return record.id[0] if isinstance(record, SchemaDefect) else str(record.complete)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The schemas of this run."""
    everything = metafunc.config.getoption("all_defects")
    for name, records, count in (("defect", SCHEMA_DEFECTS, DEFECTS), ("healthy", HEALTHY_SCHEMAS, HEALTHY)):
        if name in metafunc.fixturenames:
            pairs = chosen(records, count, everything=everything)
            metafunc.parametrize((name, "dialect"), [_case(record, dialect) for record, dialect in pairs])


def _case(record: SchemaDefect | HealthySchema, dialect: str) -> Any:
    return pytest.param(record, dialect, id=f"{record.id}-{dialect}")


@pytest.fixture
def run(postgres: Server, build: Build, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The audit of a schema. Mutation control and cost of policies are left out: their tests are elsewhere."""
    monkeypatch.setattr(proof, "control", lambda *_: None)
    monkeypatch.setattr(proof, "costs", lambda *_: [])
    with contextlib.ExitStack() as clean:

        def audit(sql: str, dialect: str) -> tuple[str, Audit]:
            dsn = postgres.create_database(build(base_schema(dialect) if dialect in DIALECTS else ""))
            clean.callback(postgres.drop_database, dsn)
            with psycopg.connect(dsn) as connection:
                connection.execute(sql.encode())
                declare_api_schemas(connection)
                lints = catalogue_findings(connection)
            found = proof.prove(postgres, dsn)
            clean.callback(found.worlds.drop)
            return dsn, Audit(found, lints)

        yield audit


@pytest.fixture
def undo(postgres: Server) -> Iterator[Callable[[str], None]]:
    """Runs SQL on the cluster once the databases of the test are gone."""
    later: list[str] = []
    yield later.append
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        for sql in later:
            if sql:
                connection.execute(sql.encode())


def test_defect_is_found_where_it_is(
    postgres: Server, undo: Callable[[str], None], run: Run, defect: SchemaDefect, dialect: str
) -> None:
    """By a rule that may name it, on the object that may be named; and what is proven can be reproduced by hand."""
    if not defect.rules:
        pytest.skip("no rule can tell it from a healthy schema; it is in the catalogue for completeness")
    if 15 < defect.since and _major(postgres) < defect.since:
        pytest.skip(f"needs PostgreSQL {defect.since}")
    undo(defect.undo)
    dsn, audit = run(migration(defect, dialect), dialect)
    found = [f for f in audit.findings if f.severity is not FindingSeverity.NOTE or defect.id in NOTES]
    named = [f for f in found if f.rule in defect.rules and f.object in {defect.object, *defect.also}]
    assert named, _told(audit.findings)
    for finding in audit.proven_findings:
        if finding.severity is not FindingSeverity.NOTE and finding.rule != "isolation.unclassified":
            assert breach_of(dsn, finding.reproduce) is True, finding.reproduce


def test_healthy_schema_is_not_blamed(
    undo: Callable[[str], None], run: Run, healthy: HealthySchema, dialect: str
) -> None:
    """Notes at most, whatever idiom it is written in."""
    undo(healthy.undo)
    sql = healthy_text(healthy, "own") if healthy.complete else render(healthy.sql, dialect)
    _, audit = run(sql, dialect)
    blamed = [finding for finding in audit.findings if finding.severity is not FindingSeverity.NOTE]
    assert [] == blamed, _told(blamed)


def _told(findings: Sequence[Finding]) -> str:
    return "\n".join(f"{f.severity} {f.rule} {f.object}: {f.summary[:160]}" for f in findings)


def _major(server: Server) -> int:
    with psycopg.connect(server.dsn) as connection:
        return connection.info.server_version // 10_000

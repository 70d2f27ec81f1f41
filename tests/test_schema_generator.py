"""The generated schemas are what benchmarks and the mutation control take them for: healthy, and of the shape asked."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from fixtures.database.schema import SchemaFile, load_schema
from fixtures.database.server import Server
from fixtures.tenancy.inference import infer
from fixtures.tenancy.model import Ownership
from fixtures.tenancy.proof import prove
from fixtures.tenancy.snapshot import read_catalogue
from fixtures.verdict.finding import FindingSeverity
from tests.schema_generator import MIXED, Shape, generated_schema

OWNERSHIP = {Shape.DIRECT: Ownership.DIRECT, Shape.PATH: Ownership.PATH, Shape.MEMBERSHIP: Ownership.DIRECT}


def loaded(server: Server, schema: str) -> str:
    """DSN of a database with it."""
    dsn = server.create_database()
    assert not load_schema(dsn, [SchemaFile(Path("generated.sql"), schema)]).failures
    return dsn


def test_the_same_arguments_make_the_same_schema() -> None:
    """And another seed another one."""
    assert generated_schema(5) == generated_schema(5)
    assert generated_schema(5) != generated_schema(5, seed=1)


@pytest.mark.parametrize("shapes", [MIXED, *((shape,) for shape in Shape)], ids="+".join)
def test_tables_have_the_shapes_asked_for(postgres: Server, shapes: tuple[Shape, ...]) -> None:
    """As the audit's own model sees them."""
    dsn = loaded(postgres, generated_schema(6, shapes))
    with psycopg.connect(dsn) as connection:
        catalogue = read_catalogue(connection)
    model = infer(catalogue)
    postgres.drop_database(dsn)
    assert "public.organizations" == (model.tenants.full_name if model.tenants else "")
    made = [table for table in catalogue.tables if table.name[-4:].isdigit() and table.schema == "public"]
    assert 6 == len(made)
    assert all(OWNERSHIP[Shape(table.name[:-5])] is model.owner(table).ownership for table in made)


@pytest.mark.parametrize("shape", Shape)
def test_a_generated_schema_is_healthy(postgres: Server, shape: Shape) -> None:
    """The audit has nothing against it, and its controls work: members read and write their own rows."""
    dsn = loaded(postgres, generated_schema(2, (shape,)))
    proof = prove(postgres, dsn)
    proof.worlds.drop()
    postgres.drop_database(dsn)
    assert [] == [b for b in proof.breaches if b.severity is not FindingSeverity.NOTE]
    made = [table for table in proof.model.catalogue.tables if table.name.startswith(f"{shape}_")]
    missing = {
        (table.name, operation)
        for table in made
        for operation in ("select", "insert", "update", "delete")
        if (table.oid, operation) not in proof.controls
    }
    assert set() == missing

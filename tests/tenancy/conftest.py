"""What the tests of the audit stand on: databases with the platform's own schema, and small schemas on top of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.database.bootstrap import bootstrap
from fixtures.database.server import Server
from fixtures.tenancy.contract import Contract
from fixtures.tenancy.proof import Proof, prove
from tests.tenancy.schemas import NOTHING, Audited, Build


@pytest.fixture(scope="session")
def platform(postgres: Server) -> str:
    """DSN of a database with Supabase's own schema; copied, never connected to."""
    dsn = postgres.create_database()
    with psycopg.connect(dsn) as connection:
        bootstrap(connection)
    return dsn


@pytest.fixture(scope="session")
def build(postgres: Server, platform: str) -> Iterator[Build]:
    """A database with a schema, by the schema's SQL; it lives as long as the run."""
    made: dict[str, str] = {}

    def database(sql: str) -> str:
        if sql not in made:
            made[sql] = postgres.create_database(platform)
            with psycopg.connect(made[sql]) as connection:
                connection.execute(sql.encode())
        return made[sql]

    yield database
    for dsn in made.values():
        postgres.drop_database(dsn)


@pytest.fixture(scope="session")
def audited(postgres: Server, build: Build) -> Iterator[Audited]:
    """The proof of a schema, made when it is first asked for."""
    proofs: dict[tuple[str, Contract], Proof] = {}

    def made(sql: str, contract: Contract = NOTHING) -> Proof:
        if (sql, contract) not in proofs:
            proofs[sql, contract] = prove(postgres, build(sql), contract)
        return proofs[sql, contract]

    yield made
    for proof in proofs.values():
        proof.worlds.drop()

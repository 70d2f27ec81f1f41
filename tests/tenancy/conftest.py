"""What the tests of the audit stand on: databases with the platform's own schema, and small schemas on top of it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from fixtures.database.bootstrap import bootstrap
from fixtures.database.server import Server
from fixtures.tenancy import proof
from fixtures.tenancy.contract import Contract
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
    """The proof of a schema, made when it is first asked for; mutation control and cost have tests of their own."""
    proofs: dict[tuple[str, Contract], proof.Proof] = {}

    def made(sql: str, contract: Contract = NOTHING) -> proof.Proof:
        if (sql, contract) not in proofs:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(proof, "control", lambda *_: None)
                patch.setattr(proof, "costs", lambda *_: [])
                proofs[sql, contract] = proof.prove(postgres, build(sql), contract)
        return proofs[sql, contract]

    yield made
    for each in proofs.values():
        each.worlds.drop()

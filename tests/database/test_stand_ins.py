"""Extensions that the server has are installed, others are stood in for; roles belong to the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.database.bootstrap import bootstrap
from fixtures.database.extensions import FOLDER, SHELLS, Extensions, Request, request_of
from fixtures.database.roles import reset_roles
from fixtures.database.schema import Loaded, SchemaFile, load_schema
from fixtures.database.server import Server


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """An empty database."""
    dsn = postgres.create_database()
    yield dsn
    postgres.drop_database(dsn)


@pytest.fixture
def roles(postgres: Server) -> Iterator[None]:
    """The server's roles may be changed."""
    yield
    reset_roles(postgres.dsn)


def load(dsn: str, text: str) -> Loaded:
    return load_schema(dsn, [SchemaFile(Path("1.sql"), text)])


def values(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row if row is None or len(row) > 1 else row[0]


@pytest.mark.parametrize(
    ("code", "request_"),
    [
        ("create extension pgcrypto", Request("pgcrypto", guarded=False)),
        ('create extension if not exists "uuid-ossp" with schema "extensions"', Request("uuid-ossp", "extensions")),
        (
            "create extension if not exists vector schema x version '0.5' cascade",
            Request("vector", "x", cascade=True, versioned=True),
        ),
        ("create extension_table", None),
    ],
)
def test_every_form_of_the_statement(code: str, request_: Request | None) -> None:
    """Of CREATE EXTENSION."""
    assert request_ == request_of(code)


def test_every_stand_in_is_an_extension(database: str) -> None:
    """It can be made, made again, and dropped with all that it made."""
    with psycopg.connect(database) as connection:
        bootstrap(connection)
        for name in sorted({file.stem for file in FOLDER.glob("*.sql")} | SHELLS):
            extensions = Extensions(connection)
            extensions.__dict__["available"] = ()  # as if the server had none
            connection.execute(f'drop extension if exists "{name}" cascade'.encode())
            extensions.install(Request(name, "extensions"))
            extensions.install(Request(name, "extensions"))
            assert {name} == extensions.stand_ins
        left = "select count(*) from pg_depend where deptype = 'e' and refobjid > 16383"
        assert connection.execute(left).fetchone() != (0,)
        for name in sorted({file.stem for file in FOLDER.glob("*.sql")} | SHELLS):
            connection.execute(f'drop extension "{name}" cascade'.encode())
        assert connection.execute(left).fetchone() == (0,)


def test_pgcrypto_and_uuid(database: str) -> None:
    """Present without being created, as in hosted projects; right where the built-in hashes can be."""
    loaded = load(
        database,
        """create extension if not exists pgcrypto; create extension if not exists "uuid-ossp";
        create table t (id uuid default extensions.uuid_generate_v4(), h text default crypt('p', gen_salt('bf')));
        insert into t default values;""",
    )
    assert () == loaded.failures
    assert set(loaded.stand_ins) <= {"pgcrypto", "uuid-ossp"}
    path = "set search_path = public, extensions;"
    with psycopg.connect(database) as connection:
        connection.execute(path)
        checked = connection.execute(
            """select h = crypt('p', h), h = crypt('q', h), encode(digest('abc', 'sha256'), 'hex'),
               encode(hmac('what do ya want for nothing?', 'Jefe', 'sha256'), 'hex'),
               pgp_sym_decrypt(pgp_sym_encrypt('x', 'k'), 'k'), length(gen_random_bytes(40)),
               uuid_generate_v3(uuid_ns_dns(), 'www.example.com')::text from t"""
        ).fetchone()
    assert (
        True,
        False,
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "x",
        40,
        "5df41881-3aed-3515-88a7-2f4a814cf09e",
    ) == checked


def test_queues_jobs_requests_and_secrets(database: str) -> None:
    """They are noted and nothing leaves; no client can read them."""
    loaded = load(
        database,
        """create extension pg_cron; select cron.schedule('nightly', '0 0 * * *', 'select 1');
        select net.http_post('http://x.example', '{}'); create table t (i int);
        create trigger hook after insert on t for each row execute function supabase_functions.http_request(
          'http://x.example', 'POST', '{}', '{}', '1000');
        insert into t values (1);
        select vault.create_secret('s3cret', 'name'); select realtime.send('{}', 'event', 'topic');
        create extension pgmq; select pgmq.create('q'); select pgmq.send('q', '{}');""",
    )
    assert () == loaded.failures
    assert ("pg_cron", "pg_net", "pgmq", "supabase_vault") == loaded.stand_ins
    counts = """select (select count(*) from cron.job), (select count(*) from net.http_request_queue),
                (select count(*) from realtime.messages), (select decrypted_secret from vault.decrypted_secrets),
                (select count(*) from pgmq.q_q)"""
    assert (1, 2, 1, "s3cret", 1) == values(database, counts)
    assert not values(database, "select has_schema_privilege('authenticated', 'vault', 'usage')")


def test_unknown_extension_is_told(database: str) -> None:
    """In the server's words."""
    loaded = load(database, "create extension timescaledb;")
    assert ["1.sql:1: 0A000"] == [failure[:14] for failure in loaded.failures]


@pytest.mark.usefixtures("roles")
def test_own_roles_are_taken_as_they_are(database: str) -> None:
    """With their attributes and memberships, though the server had such roles before."""
    loaded = load(
        database,
        """create role anon login inherit bypassrls; create role authenticator with login;
        create user service_role in role pg_monitor; create table t (i int); grant select on t to anon;""",
    )
    assert ((), ("roles.sql", "public.sql")) == (loaded.failures, loaded.left_to_schema)
    assert (True, True, True) == values(
        database, "select rolcanlogin, rolinherit, rolbypassrls from pg_roles where rolname = 'anon'"
    )
    assert not values(database, "select pg_has_role('authenticator', 'anon', 'member')")
    assert values(database, "select pg_has_role('service_role', 'pg_monitor', 'member')")
    assert not values(database, "select has_table_privilege('anon', 't', 'insert')")
    assert values(database, "select has_schema_privilege('anon', 'auth', 'usage')")


@pytest.mark.usefixtures("roles")
def test_roles_are_reset(database: str, postgres: Server) -> None:
    """Nothing that one schema did to the server's roles reaches the next audit."""
    load(
        database,
        """alter role authenticated bypassrls; grant service_role to authenticated; create role stranger superuser;
        alter role anon set search_path = evil; grant stranger to anon; create role other; create table t (i int);
        alter table t owner to other;""",
    )
    assert ["other"] == reset_roles(postgres.dsn)
    query = "select rolbypassrls from pg_roles where rolname = 'authenticated'"
    assert not values(postgres.dsn, query)
    assert not values(postgres.dsn, "select pg_has_role('authenticated', 'service_role', 'member')")
    assert values(postgres.dsn, "select pg_has_role('authenticator', 'service_role', 'member')")
    assert values(postgres.dsn, "select not exists (select from pg_roles where rolname = 'stranger')")
    assert values(postgres.dsn, "select rolconfig is null from pg_roles where rolname = 'anon'")


def test_unqualified_names_reach_extensions(database: str) -> None:
    """The owner's search path is that of a hosted project."""
    text = "create extension citext schema extensions; create table t (id uuid default uuid_generate_v4(), n citext);"
    assert () == load(database, text).failures

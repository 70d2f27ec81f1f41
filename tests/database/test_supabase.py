"""The Supabase dialect on a plain Postgres, and acting as its clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.database.bootstrap import PIECES, bootstrap
from fixtures.database.impersonation import Identity, acting_as, script
from fixtures.database.schema import SchemaError, SchemaFile, load_schema, read_schema
from fixtures.database.server import Server

ALICE = Identity("Alice", "authenticated", {"sub": "00000000-0000-4000-8000-00000000000a", "email": "a@x.example"})
ANON = Identity("anyone", "anon")


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """An empty database."""
    dsn = postgres.create_database()
    yield dsn
    postgres.drop_database(dsn)


@pytest.fixture
def supabase(database: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with the bootstrap."""
    with psycopg.connect(database) as connection:
        assert [] == bootstrap(connection)
        yield connection
        connection.rollback()


def scalar(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row and row[0]


def test_claims_reach_the_helpers(supabase: psycopg.Connection[Any]) -> None:
    """auth.uid(), auth.role(), auth.email() and auth.jwt() say what the token says."""
    with acting_as(supabase, ALICE):
        assert "authenticated" == scalar(supabase, "select current_user")
        assert "authenticator" == scalar(supabase, "select session_user")
        assert ALICE.claims is not None
        assert ALICE.claims["sub"] == scalar(supabase, "select auth.uid()::text")
        assert "authenticated" == scalar(supabase, "select auth.role()")
        assert "a@x.example" == scalar(supabase, "select auth.email()")
        assert "authenticated" == scalar(supabase, "select auth.jwt() ->> 'role'")


def test_token_role_is_the_database_role(supabase: psycopg.Connection[Any]) -> None:
    """As in PostgREST, whatever the claims say."""
    forged = Identity("forger", "anon", {"role": "service_role"})
    with acting_as(supabase, forged):
        assert "anon" == scalar(supabase, "select auth.role()")


def test_no_rights_are_left_over(supabase: psycopg.Connection[Any]) -> None:
    """A client can reset its role to that of the pool, and not to ours."""
    with acting_as(supabase, ANON):
        supabase.execute("reset role")
        assert "authenticator" == scalar(supabase, "select current_user")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), supabase.transaction():
            supabase.execute("set role postgres")


def test_identity_ends_with_the_block(supabase: psycopg.Connection[Any]) -> None:
    """And leaves empty settings, as on a pooled connection of PostgREST."""
    with acting_as(supabase, ALICE):
        pass
    assert "postgres" == scalar(supabase, "select current_user")
    assert "" == scalar(supabase, "select current_setting('request.jwt.claims')")
    assert scalar(supabase, "select auth.uid()") is None


def test_identity_ends_with_an_error(supabase: psycopg.Connection[Any]) -> None:
    """The savepoint around it takes everything back."""
    with pytest.raises(psycopg.errors.DivisionByZero), supabase.transaction(), acting_as(supabase, ALICE):
        supabase.execute("select 1/0")
    assert "postgres" == scalar(supabase, "select current_user")


def test_script_does_the_same(supabase: psycopg.Connection[Any]) -> None:
    """What a finding tells a reader to run."""
    supabase.execute(script(Identity("O'Hara", "authenticated", {"sub": "x", "name": "O'Hara"})).encode())
    assert "O'Hara" == scalar(supabase, "select auth.jwt() ->> 'name'")
    assert "authenticated" == scalar(supabase, "select current_user")


def test_default_grants_are_those_of_a_hosted_project(supabase: psycopg.Connection[Any]) -> None:
    """A new table is open to clients unless RLS or a migration closes it."""
    supabase.execute("create table public.t (a int)")
    assert scalar(supabase, "select has_table_privilege('anon', 'public.t', 'select')")


@pytest.mark.parametrize(
    ("sql", "piece"),
    [
        ("create schema auth;", "auth.sql"),
        ('CREATE SCHEMA IF NOT EXISTS "auth"; create or replace function auth.uid() returns uuid as ...', "auth.sql"),
        ("create schema\n  storage authorization postgres;", "storage.sql"),
        ("create role anon nologin;", "roles.sql"),
        ("create publication supabase_realtime for all tables;", "publication.sql"),
        ("select pg_catalog.set_config('search_path', '', false); grant all on table t to anon;", "public.sql"),
    ],
)
def test_what_the_schema_brings_is_left_to_it(sql: str, piece: str) -> None:
    """What runs in production is what has to be judged."""
    assert [piece] == [found.file for found in PIECES if found.is_brought_by(sql)]


@pytest.mark.parametrize(
    "sql",
    [
        "create schema authors;",
        "create table auth.users (id int);",
        "create role anonymous;",
        "-- create schema auth;",
        "comment on table t is 'create schema auth;';",
        "create schema if not exists auth; create schema if not exists extensions;",
        "do $$ begin create role anon; exception when duplicate_object then null; end $$;",
        "alter default privileges in schema public grant select on tables to authenticated;",
    ],
)
def test_what_only_looks_like_it_is_supplied(sql: str) -> None:
    """Names that begin alike."""
    assert [] == [found.file for found in PIECES if found.is_brought_by(sql)]


def test_own_auth_schema_is_taken_as_it_is(database: str) -> None:
    """Its functions, not ours."""
    own = "create schema auth; create function auth.uid() returns text language sql as $$ select 'mine' $$;"
    loaded = load_schema(database, [SchemaFile(Path("1.sql"), own)])
    assert (("1.sql",), (), ("auth.sql",)) == (loaded.files, loaded.failures, loaded.left_to_schema)
    with psycopg.connect(database) as connection:
        assert "mine" == scalar(connection, "select auth.uid()")


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_unreadable_schema(tmp_path: Path, content: bytes | None) -> None:
    """An empty folder, or bytes that are no text."""
    if content:
        (tmp_path / "1.sql").write_bytes(content)
    with pytest.raises(SchemaError, match="schema"):
        read_schema([tmp_path])

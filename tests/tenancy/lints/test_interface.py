"""`catalogue_findings` works on whatever connection it is given, and leaves no trace on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import conninfo
from psycopg.rows import dict_row, namedtuple_row, scalar_row

from fixtures.database.server import Server
from fixtures.tenancy import catalogue_findings
from fixtures.tenancy.lints.source import quoted
from fixtures.verdict.finding import Finding
from tests.tenancy.lints.cases import BASE


@pytest.fixture
def plain(postgres: Server) -> Iterator[psycopg.Connection[Any]]:
    """A database without any of Supabase's schemas; roles are the server's, and may be there."""
    with psycopg.connect(postgres.create_database()) as connection:
        yield connection
        connection.rollback()


def _rules(findings: list[Finding], object_: str) -> set[str]:
    return {finding.rule for finding in findings if finding.object == object_}


def test_uncommitted_tables_are_seen(connection: psycopg.Connection[Any]) -> None:
    """The auditor shares the transaction that made them."""
    connection.execute("create table t (id int)")
    assert "lint.0013_rls_disabled_in_public" in _rules(catalogue_findings(connection), "public.t")


def test_without_supabase_roles_and_schemas(plain: psycopg.Connection[Any]) -> None:
    """Neither anon nor authenticated nor auth nor storage: no error, and the roles of the policies are judged."""
    plain.execute("create role web_app; create table t (a int); alter table t enable row level security")
    for role in ("anon", "authenticated"):
        if plain.execute("select from pg_roles where rolname = %s", [role]).rowcount:
            plain.execute(f"alter role {role} rename to {role}_renamed")
    plain.execute("create policy p on t to web_app using (a = 1); grant truncate on t to web_app")
    assert "lint.privilege-beyond-rows" in _rules(catalogue_findings(plain), "public.t")
    assert "lint.0013_rls_disabled_in_public" not in {finding.rule for finding in catalogue_findings(plain)}


def test_exposure_is_read_from_the_api_setting(connection: psycopg.Connection[Any]) -> None:
    """As in Supabase's linter: an empty setting exposes nothing; blanks around names don't count."""
    connection.execute("create table app.t (id int); grant select on app.t to anon; create table public.t (id int)")
    rule = "lint.0013_rls_disabled_in_public"
    for setting, exposed in (("", set()), ("app", {"app.t"}), ("public , app", {"public.t", "app.t"})):
        connection.execute("select set_config('pgrst.db_schemas', %s, true)", [setting])
        found = {finding.object for finding in catalogue_findings(connection) if finding.rule == rule}
        assert exposed == found


@pytest.mark.parametrize("row_factory", [dict_row, namedtuple_row, scalar_row])
def test_any_row_factory(row_factory: Any, connection: psycopg.Connection[Any]) -> None:
    """The caller's way of reading rows is its own matter."""
    expected = catalogue_findings(connection)
    before, connection.row_factory = connection.row_factory, row_factory
    try:
        assert expected == catalogue_findings(connection)
    finally:
        connection.row_factory = before


@pytest.mark.parametrize("path", ["", "auth, storage, public", "pg_temp, public, pg_catalog", "nowhere"])
def test_any_search_path(path: str, connection: psycopg.Connection[Any]) -> None:
    """Postgres prints names shorter or longer; the findings stay the same."""
    connection.execute(
        "create policy p on projects using (org_id::text = auth.jwt() -> 'user_metadata' ->> 'org');"
        "create view v as select * from projects;"
        "create policy s on storage.objects using (bucket_id = 'docs')"
    )
    expected = {(finding.rule, finding.object) for finding in catalogue_findings(connection)}
    connection.execute("select set_config('search_path', %s, true)", [path])
    assert expected == {(finding.rule, finding.object) for finding in catalogue_findings(connection)}


def test_settings_and_transaction_stay_as_they_are(connection: psycopg.Connection[Any]) -> None:
    """Every setting, and the transaction's own id: nothing was written."""
    query = "select name, setting from pg_settings order by name"
    before = connection.execute(query).fetchall()
    writer = connection.execute("select pg_current_xact_id_if_assigned()").fetchone()
    catalogue_findings(connection)
    assert before == connection.execute(query).fetchall()
    assert writer == connection.execute("select pg_current_xact_id_if_assigned()").fetchone()


def test_read_only_and_autocommit(plain: psycopg.Connection[Any]) -> None:
    """A session that may write nothing, outside and inside a transaction, on a committed schema."""
    plain.rollback()
    plain.execute("create view v as select 1 as a; create table t (secret text)")
    plain.commit()
    plain.autocommit = True
    plain.execute("set default_transaction_read_only = on")
    outside = catalogue_findings(plain)
    assert psycopg.pq.TransactionStatus.IDLE is plain.info.transaction_status
    with plain.transaction():
        assert outside == catalogue_findings(plain)


def test_database_without_an_encoding(postgres: Server) -> None:
    """psycopg hands over its text as bytes; findings are strings all the same."""
    dsn = postgres.create_database()
    name = f"{conninfo.conninfo_to_dict(dsn)['dbname']}_ascii"
    with psycopg.connect(postgres.dsn, autocommit=True) as maintenance:
        maintenance.execute(f"create database {name} template template0 encoding 'SQL_ASCII' locale 'C'".encode())
    with psycopg.connect(conninfo.make_conninfo(dsn, dbname=name), client_encoding="SQL_ASCII") as connection:
        connection.execute(
            'create table "k\xe4se" (token regproc); alter table "k\xe4se" enable row level security;'
            'create policy p on "k\xe4se" for delete using (true)'.encode()
        )
        found = {(finding.rule[5:9], finding.object) for finding in catalogue_findings(connection)}
        assert {("0018", "public.k\xe4se.token"), ("0024", "public.k\xe4se.p")} <= found
        connection.rollback()
    postgres.drop_database(conninfo.make_conninfo(dsn, dbname=name))


def test_aborted_transaction_says_so(plain: psycopg.Connection[Any]) -> None:
    """No finding, no empty list: the error of the server, which names the reason."""
    with pytest.raises(psycopg.errors.DivisionByZero):
        plain.execute("select 1 / 0")
    with pytest.raises(psycopg.errors.InFailedSqlTransaction, match="transaction is aborted"):
        catalogue_findings(plain)


def test_role_without_rights(connection: psycopg.Connection[Any]) -> None:
    """Nobody's superuser, no grants on storage or vault: what the catalogue shows is enough."""
    connection.execute("create table t (id int)")
    expected = {(finding.rule, finding.object) for finding in catalogue_findings(connection)}
    connection.execute("create role reader; set local role reader")
    assert expected == {(finding.rule, finding.object) for finding in catalogue_findings(connection)}


def test_awkward_names_are_quoted(connection: psycopg.Connection[Any]) -> None:
    """Quotes, braces, percent signs and backslashes in a name break neither script nor remedy."""
    name = """o'ne "two" {three} %s \\x"""
    table = '"' + name.replace('"', '""') + '"'
    connection.execute(f"create table {table} (id int)".encode())
    finding = next(f for f in catalogue_findings(connection) if f.object == f"public.{name}" and "0013" in f.rule)
    assert connection.execute(finding.reproduce.encode()).fetchall()
    connection.execute(finding.remedy.encode())
    assert "lint.0013_rls_disabled_in_public" not in _rules(catalogue_findings(connection), f"public.{name}")
    assert (name,) == connection.execute(f"select {quoted(name)}".encode()).fetchone()


def test_many_tables_take_seconds_not_minutes(postgres: Server) -> None:
    """Every lint is one SELECT at most; the bound is generous, for the machine may be busy."""
    with psycopg.connect(postgres.create_database()) as connection:
        connection.execute(
            "do $$ begin for i in 1..300 loop execute format('create table t%s (id int, org_id uuid, name text)', i);"
            "end loop; end $$"
        )
        began = time.monotonic()
        catalogue_findings(connection)
        assert 10 > time.monotonic() - began
        connection.rollback()


def test_base_is_a_healthy_schema(connection: psycopg.Connection[Any]) -> None:
    """What the cases stand on accuses nobody by a rule on policies."""
    assert BASE
    assert not [finding for finding in catalogue_findings(connection) if "policy" in finding.rule]

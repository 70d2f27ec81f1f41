"""Where the counterparts of Supabase's lints could part from them: what is exposed, near misses, and names."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from fixtures.tenancy import catalogue_findings
from fixtures.tenancy.lints.catalogue_of_rules import BY_NAME
from fixtures.tenancy.lints.engine import findings_of
from tests.tenancy.lints.cases import PLAIN, SUPABASE, Case
from tests.tenancy.lints.test_cases import GRAPHQL

EXPOSED = """
create extension postgres_fdw with schema extensions; create server s foreign data wrapper postgres_fdw;
create table app.t (password text); create view app.v as select * from projects;
create view app.u as select id from auth.users; create materialized view app.m as select 1 as a;
create foreign table app.ft (a int) server s;
create function app.f() returns int language sql security definer as 'select 1';
grant select on all tables in schema app to anon, authenticated;
"""
OF_EXPOSURE = {"0002", "0010", "0013", "0016", "0017", "0023", "0026", "0027", "0028", "0029"}

CACHE_KEYS = {
    "0002": "auth_users_exposed_public_people",
    "0007": "policy_exists_rls_disabled_public_projects",
    "0008": "rls_enabled_no_policy_public_projects",
    "0010": "security_definer_view_public_v",
    "0011": "function_search_path_mutable_public_f",
    "0013": "rls_disabled_in_public_public_t",
    "0014": "extension_in_public_ltree",
    "0015": "rls_references_user_metadata_public_projects_p",
    "0016": "materialized_view_in_api_public_m",
    "0017": "foreign_table_in_api_public_ft",
    "0018": "unsupported_reg_types_public_t_f",
    "0019": "insecure_queue_exposed_in_api_pgmq_q_jobs",
    "0021": "fkey_to_auth_unique_public_t_to_users",
    "0022": "extension_versions_outdated_pg_trgm",
    "0023": "sensitive_columns_exposed_public_t",
    "0024": "rls_policy_always_true_public_projects_p",
    "0025": "public_bucket_allows_listing_avatars",
    "0026": "pg_graphql_anon_table_exposed_public_projects",
    "0027": "pg_graphql_authenticated_table_exposed_public_members",
    "0028": "anon_security_definer_function_executable_public_f",
    "0029": "authenticated_security_definer_function_executable_public_f",
}


def _numbers(connection: psycopg.Connection[Any], schema: str) -> set[str]:
    """Of the lints that accuse something in a schema by what the API serves."""
    found = catalogue_findings(connection)
    return {f.rule[5:9] for f in found if f.object.startswith(f"{schema}.")} & OF_EXPOSURE


def _serve(connection: psycopg.Connection[Any], schemas: str) -> None:
    connection.execute("select set_config('pgrst.db_schemas', %s, true)", [schemas])


@pytest.mark.parametrize("schemas", ["app", "public,app", " public , app ", "nowhere,,app,"])
def test_schema_that_the_api_serves(schemas: str, connection: psycopg.Connection[Any]) -> None:
    """Every lint of exposure sees it, however the setting is spaced."""
    connection.execute(GRAPHQL + EXPOSED)
    _serve(connection, schemas)
    assert OF_EXPOSURE == _numbers(connection, "app")


@pytest.mark.parametrize("schemas", ["", "public", "APP", '"app"', "app2", "app;public", "\tapp"])
def test_schema_that_it_does_not_serve(schemas: str, connection: psycopg.Connection[Any]) -> None:
    """None sees it, and an empty setting serves nothing, `public` neither."""
    connection.execute(GRAPHQL + EXPOSED)
    _serve(connection, schemas)
    assert set() == _numbers(connection, "app")
    if not schemas:
        connection.execute("create table public.t (token text)")
        assert set() == _numbers(connection, "public")


@pytest.mark.parametrize("schema", ["auth", "storage", "extensions", "graphql_public", "vault", "tiger", "pgmq"])
def test_schemas_of_the_platform(schema: str, connection: psycopg.Connection[Any]) -> None:
    """They are left out even when served, except for views of auth.users."""
    connection.execute(GRAPHQL + f"create schema if not exists {schema};" + re.sub(r"\bapp\b", schema, EXPOSED))
    _serve(connection, f"{schema}, public")
    assert {"0002"} == _numbers(connection, schema)


def test_without_the_setting_our_own_rules_tell(connection: psycopg.Connection[Any]) -> None:
    """A table that clients reach doesn't go unseen because nobody said what the API serves."""
    connection.execute("create table t (id int)")
    _serve(connection, "")
    rules = {f.rule for f in catalogue_findings(connection) if f.object == "public.t"}
    assert "lint.unprotected-table-outside-api" in rules
    assert "lint.0013_rls_disabled_in_public" not in rules


MEMBERS = """
create table public.plain (password regproc); create table public.guarded (email text references auth.users (email));
alter table public.guarded enable row level security;
create table public.lax (id int); create policy p on public.lax using (true);
create view public.v as select id from auth.users; create materialized view public.m as select 1 as a;
create extension postgres_fdw with schema extensions; create server s foreign data wrapper postgres_fdw;
create foreign table public.ft (a int) server s;
create function public.f() returns int language sql security definer as 'select 1';
"""
OF_MEMBERS = ("table plain", "table guarded", "table lax", "view v", "materialized view m", "foreign table ft",
              "function f()")  # fmt: skip
SPARED = {"0007", "0008", "0010", "0011", "0016", "0017", "0026", "0027", "0028", "0029"}


def test_members_of_an_extension(connection: psycopg.Connection[Any]) -> None:
    """Most lints leave them to the extension's author; those on tables without RLS and on columns don't."""
    connection.execute("alter table auth.users add constraint one_address unique (email)")
    connection.execute(GRAPHQL + MEMBERS)
    names = {f"public.{member.rpartition(' ')[2]}" for member in OF_MEMBERS}

    def accused() -> set[str]:
        found = [f for f in catalogue_findings(connection) if f.rule.startswith("lint.0")]
        return {f.rule[5:9] for f in found if any(f"{f.object}.".startswith(f"{name}.") for name in names)}

    before = accused()
    connection.execute("create extension ltree with schema extensions")
    for member in OF_MEMBERS:
        kind, _, name = member.rpartition(" ")
        connection.execute(f"alter extension ltree add {kind} public.{name}".encode())
    assert {"0002", "0013", "0018", "0021", "0023"} | SPARED == before
    assert before - SPARED == accused()


@pytest.mark.parametrize(
    ("accused", "option"),
    [
        (False, "security_invoker"),
        (False, "security_invoker = on"),
        (False, "security_invoker = 'TRUE', security_barrier"),
        (False, "security_invoker = 1"),
        (False, "security_invoker = yes"),
        (True, "security_barrier"),
        (True, "security_invoker = off"),
        (True, "security_invoker = 0"),
        (True, "security_invoker = t"),  # it is on, but Supabase's linter doesn't know the abbreviation
    ],
)
def test_spellings_of_security_invoker(option: str, *, accused: bool, connection: psycopg.Connection[Any]) -> None:
    """The same as there, also where that errs."""
    connection.execute(f"create view v with ({option}) as select * from projects".encode())
    assert accused is bool(findings_of(connection, [BY_NAME["lint.0010_security_definer_view"]]))


@pytest.mark.parametrize(
    ("accused", "condition"),
    [
        (True, "auth.jwt() -> 'user_metadata' ->> 'org'"),
        (True, "auth.jwt() -> 'user-metadata' ->> 'org'"),
        (True, "current_setting('request.jwt.claims', true)::json -> 'user_metadata' ->> 'org'"),
        (False, "current_setting('request_jwt_claims', true)::json -> 'user_metadata' ->> 'org'"),
        (False, "current_setting('request.jwt.claim.user_metadata', true)"),
        (False, "auth.jwt() -> 'USER_METADATA' ->> 'org'"),
        (False, "auth.jwt() -> 'app_metadata' ->> 'org'"),
    ],
)
def test_user_metadata(condition: str, *, accused: bool, connection: psycopg.Connection[Any]) -> None:
    """The same spellings as there: an underscore of LIKE is any character, a full stop is none."""
    connection.execute(f"create policy p on projects using (name = ({condition}))".encode())
    found = findings_of(connection, [BY_NAME["lint.0015_rls_references_user_metadata"]])
    assert accused is bool(found)


def test_aggregate_without_search_path(connection: psycopg.Connection[Any]) -> None:
    """It is accused, for it is there; as nothing mends it, the remedy is a comment."""
    connection.execute("create aggregate total (int) (sfunc = int4pl, stype = int)")
    found = findings_of(connection, [BY_NAME["lint.0011_function_search_path_mutable"]])
    finding = next(f for f in found if f.object == "public.total(integer)")
    assert finding.remedy.startswith("--")


def _key(rule: str, accused: str) -> str:
    """As the docstring of `catalogue_findings` says; of functions the part in front of the arguments."""
    name = re.sub(r"lint\.\d+_", "", rule)
    return f"{name}_{accused.split('(', maxsplit=1)[0].replace('.', '_')}"


@pytest.mark.parametrize("case", SUPABASE, ids=[f"{at}-{case}" for at, case in enumerate(SUPABASE)])
def test_names_lead_to_cache_keys(case: Case, connection: psycopg.Connection[Any]) -> None:
    """Rule and object of each finding, by one simple rule."""
    setup = case.setup.removeprefix("GRAPHQL")
    connection.execute(((GRAPHQL + setup if setup != case.setup else setup) + case.fault).encode())
    keys = {_key(finding.rule, finding.object) for finding in findings_of(connection, [BY_NAME[case.rule]])}
    assert CACHE_KEYS[case.rule[5:9]] in keys


def test_graphql_does_not_wait_for_the_setting(connection: psycopg.Connection[Any]) -> None:
    """pg_graphql serves the search_path; where PostgREST's setting was never made, that is `public`."""
    connection.execute(GRAPHQL + PLAIN + "grant select on members to anon")
    rule = BY_NAME["lint.0026_pg_graphql_anon_table_exposed"]
    assert ["public.members"] == [finding.object for finding in findings_of(connection, [rule])]
    _serve(connection, "app")
    assert [] == findings_of(connection, [rule])

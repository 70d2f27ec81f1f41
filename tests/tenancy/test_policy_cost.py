"""The notes on costly policies: a slow policy of each kind, its healthy neighbour, and what the remedy does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import psycopg
import pytest

from fixtures.database.schema import SchemaFile, load_schema
from fixtures.database.server import Server
from fixtures.tenancy.claims import mine
from fixtures.tenancy.identities import Client, Standing
from fixtures.tenancy.inference import infer
from fixtures.tenancy.policy_cost import GROWS, PER_ROW, costs
from fixtures.tenancy.snapshot import read_catalogue
from fixtures.tenancy.tokens import Tokens
from fixtures.tenancy.trial import Trial
from fixtures.tenancy.worlds import build_worlds
from fixtures.verdict.finding import Finding, FindingSeverity

HEAD = """
create schema app;
grant usage on schema app to authenticated;
create table organizations (id uuid primary key default gen_random_uuid(), name text not null);
create table memberships (
  org_id uuid not null references organizations, user_id uuid not null references auth.users,
  primary key (user_id, org_id)
);
create function app.org() returns uuid language plpgsql stable as $$
begin return (auth.jwt() -> 'app_metadata' ->> 'org_id')::uuid; end $$;
create function app.is_member(org uuid) returns boolean
language plpgsql stable security definer set search_path = '' as $$
begin return exists (select from public.memberships m where m.org_id = org and m.user_id = auth.uid()); end $$;
create function app.orgs() returns setof uuid language plpgsql stable security definer set search_path = '' as $$
begin return query select m.org_id from public.memberships m where m.user_id = auth.uid(); end $$;
alter table organizations enable row level security;
create policy own on organizations for select to authenticated using (id = (select app.org()));
alter table memberships enable row level security;
create policy own on memberships for select to authenticated using (user_id = (select auth.uid()));
"""
CHILD = "parent_id uuid not null references indexed_wrapped (id)"
DIRECT = "org_id uuid not null references organizations"
OF_MEMBERSHIP = "(select m.org_id from memberships m where m.user_id = (select auth.uid()))"


def table(name: str, rule: str, columns: str = DIRECT, *, index: str = "", more: str = "") -> str:
    """A table with one policy for reading."""
    return f"""
create table {name} (id uuid default gen_random_uuid(), {columns}, title text not null);
alter table {name} enable row level security;
create policy {name}_read on {name} for select to authenticated using ({rule});
{f"create index on {name} ({index});" if index else ""}
{more}"""


OURS = "org_id = (select app.org())"
TABLES = {
    "indexed_wrapped": table("indexed_wrapped", OURS, f"{DIRECT}, unique (id)", index="org_id"),
    "indexed_unwrapped": table("indexed_unwrapped", "org_id = app.org()", index="org_id"),
    "unwrapped": table("unwrapped", "org_id = app.org()"),
    "wrapped": table("wrapped", OURS),
    "row_function": table("row_function", "app.is_member(org_id)", index="org_id"),
    "own_row_function": table("own_row_function", f"{OURS} and app.is_member(org_id)", index="org_id"),
    "set_of_mine": table("set_of_mine", "org_id = any (array(select app.orgs()))", index="org_id"),
    "in_list": table("in_list", "org_id in (select app.orgs())", index="org_id"),
    "child": table("child", "exists (select from indexed_wrapped p where p.id = parent_id)", CHILD, index="parent_id"),
    "three_policies": table("three_policies", OURS, index="org_id", more="".join(
        f"create policy p{n} on three_policies for select to authenticated using ({OURS});" for n in range(3)
    )),
    "partial": table("partial", OURS, more="create index on partial (org_id) where title = 'x';"),
    "second_column": table("second_column", OURS, f"{DIRECT}, primary key (id, org_id)"),
    "both_ways": table("both_ways", OURS, f"{DIRECT}, primary key (id, org_id), unique (org_id, id)"),
    "one_of_mine": table("one_of_mine", f"org_id = {OF_MEMBERSHIP}", index="org_id"),
    "unique_title": table("unique_title", OURS, more="create unique index on unique_title (org_id, title);"),
    "excluded": table("excluded", OURS, f"{DIRECT}, period int4range not null, exclude using gist (period with &&)"),
    "sleeps": table("sleeps", f"{OURS} and pg_sleep(2) is not null"),
    "raises": table("raises", f"{OURS} or 1 / (length(title) - length(title)) = 1"),
    "recurses": table("recurses", "org_id in (select r.org_id from recurses r)"),
    "open_to_all": table("open_to_all", "true"),
    "parts": """
create table parts (org_id uuid not null references organizations, day date not null) partition by range (day);
create table parts_all partition of parts default;
alter table parts enable row level security;
alter table parts_all enable row level security;
create policy parts_read on parts for select to authenticated using (org_id = (select app.org()));""",
}  # fmt: skip

Notes = Mapping[tuple[str, str], Finding]


def noted(server: Server, schema: str) -> Notes:
    """The notes on a schema, by table and rule."""
    dsn = server.create_database()
    loaded = load_schema(dsn, [SchemaFile(Path("schema.sql"), schema)])
    assert not loaded.failures
    with psycopg.connect(dsn) as connection:
        catalogue = read_catalogue(connection)
    model = infer(catalogue)
    worlds = build_worlds(server, dsn, model)
    trial = Trial(worlds)
    try:
        member = Tokens(model, mine(catalogue), {("app_metadata", "org_id"): lambda tenant: tenant.key}).member(
            worlds.ours, worlds.ours.user(0), "member of ours"
        )
        client = Client(member, Standing.MEMBER, user=worlds.ours.user(0))
        before = contents(worlds.full.dsn)
        found = costs(trial, [client])
        assert before == contents(worlds.full.dsn)
    finally:
        trial.close()
        worlds.drop()
        server.drop_database(dsn)
    return {(finding.object.removeprefix("public."), finding.rule): finding for finding in found}


def contents(dsn: str) -> list[tuple[object, ...]]:
    """What must be as before: rows, uniqueness of indexes, triggers."""
    query = """
      select relname, (select count(*) from pg_index i where i.indrelid = c.oid and i.indisunique),
             (select string_agg(tgenabled::text, '' order by tgname) from pg_trigger t where t.tgrelid = c.oid)
      from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'public' and relkind in ('r', 'p')
      order by 1"""
    with psycopg.connect(dsn) as connection:
        found = connection.execute(query).fetchall()
        counts = [connection.execute(f'select count(*) from "{row[0]}"'.encode()).fetchone() for row in found]
    return [(*row, count) for row, count in zip(found, counts, strict=True)]


@pytest.fixture(scope="module")
def notes(postgres: Server) -> Notes:
    """Of all the tables in one schema."""
    return noted(postgres, HEAD + "".join(TABLES.values()))


SLOW = {
    "unwrapped": {PER_ROW, GROWS},
    "row_function": {PER_ROW, GROWS},
    "own_row_function": {PER_ROW},
    "wrapped": {GROWS},
    "in_list": {GROWS},
    "child": {GROWS},
    "partial": {GROWS},
    "second_column": {GROWS},
    "excluded": {GROWS},
    "parts": {GROWS},
}
"""Tables and what is noted of each; of the others nothing (what `open_to_all` visits, its client sees)."""


@pytest.mark.parametrize("name", TABLES)
def test_only_what_grows_is_noted(notes: Notes, name: str) -> None:
    """A call for each row, and a visit to each foreign row; nothing else is one."""
    assert SLOW.get(name, set()) == {rule for table, rule in notes if table == name}


def test_a_note_tells_numbers_and_the_path_to_the_tenant(notes: Notes) -> None:
    """Counts before and after, of which function; never a time."""
    note = notes["row_function", PER_ROW]
    assert FindingSeverity.NOTE is note.severity
    assert "row_function.org_id" == note.tenant_path
    numbers = re.search(r"app\.is_member\(uuid\) (\d+) times, with (\d+) rows more (\d+)", note.summary)
    assert numbers is not None
    before, added, after = map(int, numbers.groups())
    assert before + added == after


def test_the_script_shows_the_plan(postgres: Server, notes: Notes) -> None:
    """`reproduce` runs as it is, and changes nothing."""
    dsn = postgres.create_database()
    load_schema(dsn, [SchemaFile(Path("schema.sql"), HEAD + TABLES["unwrapped"])])
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(notes["unwrapped", PER_ROW].reproduce.encode())
        plans = []
        while cursor.nextset():
            plans += [row[0] for row in cursor.fetchall()] if cursor.description else []
    postgres.drop_database(dsn)
    assert any("app.org()" in str(line) for line in plans)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("unwrapped", PER_ROW), ("wrapped", GROWS), ("unwrapped", GROWS), ("parts", GROWS), ("second_column", GROWS)],
)
def test_a_remedy_in_sql_removes_the_note(postgres: Server, notes: Notes, name: str, rule: str) -> None:
    """What it says can be executed, and then the same rule has nothing to say."""
    statements = [line for line in notes[name, rule].remedy.splitlines() if line.startswith(("alter ", "create "))]
    assert statements
    assert (name, rule) not in noted(postgres, HEAD + TABLES[name] + "".join(statements))


def test_a_function_of_the_row_is_not_told_to_be_wrapped(notes: Notes) -> None:
    """It reads the row: the remedy is a set to compare with."""
    assert 'using ("org_id" = any (array(select <function>())))' in notes["row_function", PER_ROW].remedy


def test_an_index_that_is_there_is_not_asked_for(notes: Notes) -> None:
    """The policy is what keeps it from being used."""
    assert "create index" not in notes["in_list", GROWS].remedy
    assert "create index" in notes["partial", GROWS].remedy


LOOKED_UP = """
alter table memberships drop constraint memberships_pkey, add column id uuid primary key default gen_random_uuid();
drop policy own on memberships;
revoke all on memberships from anon, authenticated;
"""


@pytest.mark.parametrize(
    ("index", "noted_rules"),
    [("", {GROWS}), ("create index on memberships (user_id);", set())],
    ids=["none", "indexed"],
)
def test_what_a_helper_looks_up_is_measured_too(postgres: Server, index: str, noted_rules: set[str]) -> None:
    """A table of members that no client may read is scanned for every statement, unless an index leads to the user."""
    found = noted(postgres, HEAD + TABLES["set_of_mine"] + LOOKED_UP + index)
    assert noted_rules == {rule for table, rule in found if table == "memberships"}
    assert all("set_of_mine" in note.summary and '("user_id")' in note.remedy for note in found.values())

"""Every table of any schema gets rows, whatever its constraints; where that can't be, it is told why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import psycopg
import pytest

from fixtures.tenancy.seeding import Seeder
from fixtures.tenancy.tenants import own_tenants
from tests.tenancy.schemas import Build, inferred

CLINICS = """
create table clinics (id uuid primary key default gen_random_uuid(), name text not null);
"""
OWN = "clinic_id uuid not null references clinics"


@dataclass(frozen=True, slots=True)
class Case:
    """A table with something that rows have to meet."""

    sql: str
    bypassed: frozenset[str] = field(default=frozenset())
    """Tables that only take rows with their triggers off."""


CASES: Mapping[str, Case] = {
    "check over two columns": Case(
        f"create table t (id int primary key, {OWN}, low int not null, high int not null,"
        " check (low < high and high < 9))"
    ),
    "check of a beginning and an end": Case(
        f'create table t (id int primary key, {OWN}, "startsAt" timestamptz not null, "endsAt" timestamptz not null,'
        f' opens date not null, gone date not null, check ("endsAt" > "startsAt"), check (gone > opens))'
    ),
    "check with a pattern": Case(
        f"create table t (id int primary key, {OWN}, code text not null check (code ~ '^[A-Z]{{3}}-[0-9]{{4}}$'))"
    ),
    "check with a list": Case(
        f"create table t (id int primary key, {OWN}, kind text not null check (kind in ('in', 'out')))"
    ),
    "check that one of two is set": Case(
        f"create table t (id int primary key, {OWN}, a int, b text, check (num_nonnulls(a, b) = 1))"
    ),
    "check of a length": Case(
        f"create table t (id int primary key, {OWN}, pin varchar(4) not null check (length(pin) = 4))"
    ),
    "enum": Case(
        f"create type mood as enum ('sad', 'ok'); create table t (id int primary key, {OWN}, m mood not null)"
    ),
    "domain": Case(
        "create domain mail as text check (value ~ '^[^@]+@[^@]+$');"
        "create domain pct as int check (value between 0 and 9);"
        f"create table t (id int primary key, {OWN}, contact mail not null, share pct not null)"
    ),
    "partitions by list": Case(
        f"create table t (id int, {OWN}, region text not null, primary key (id, region)) partition by list (region);"
        "create table t_eu partition of t for values in ('eu'); create table t_us partition of t for values in ('us')"
    ),
    "partitions by range": Case(
        f"create table t (id int, {OWN}, day date not null, primary key (id, day)) partition by range (day);"
        "create table t_25 partition of t for values from ('2025-01-01') to ('2026-01-01')"
    ),
    "exclusion": Case(
        "create extension if not exists btree_gist with schema extensions;"
        f"create table t (id int primary key, {OWN}, room int not null, during tstzrange not null,"
        " exclude using gist (room with =, during with &&))"
    ),
    "generated and identity": Case(
        f"create table t (id int generated always as identity primary key, {OWN}, a int not null,"
        " b int generated always as (a * 2) stored)"
    ),
    "refers to itself": Case(
        f"create table t (id int primary key, {OWN}, parent int references t, boss int references t)"
    ),
    "cycle of two": Case(
        f"create table u (id int primary key, {OWN});"
        f"create table t (id int primary key, {OWN}, u int not null references u);"
        "alter table u add t int references t"
    ),
    "cycle of required keys": Case(
        f"create table u (id int primary key, {OWN}, t int not null); create table t (id int primary key, {OWN},"
        " u int not null references u); alter table u add foreign key (t) references t deferrable initially immediate",
        frozenset({"public.t"}),
    ),
    "composite reference": Case(
        f"create table u ({OWN}, id int, primary key (clinic_id, id));"
        f"create table t (id int primary key, {OWN}, u int not null,"
        " foreign key (clinic_id, u) references u)"
    ),
    "trigger that makes the row": Case(
        f"create table t (id uuid primary key references auth.users, {OWN}, bio text);"
        "create function f() returns trigger language plpgsql security definer as $$begin"
        " insert into public.t (id, clinic_id)"
        " select new.id, id from public.clinics limit 1; return new; end$$;"
        "create trigger f after insert on auth.users for each row execute function f()"
    ),
    "trigger that refuses": Case(
        f"create table t (id int primary key, {OWN});"
        "create function f() returns trigger language plpgsql as $$begin raise exception 'closed'; end$$;"
        "create trigger f before insert on t for each row execute function f()",
        frozenset({"public.t"}),
    ),
    "trigger that swallows": Case(
        f"create table t (id int primary key, {OWN});"
        "create function f() returns trigger language plpgsql as $$begin return null; end$$;"
        "create trigger f before insert on t for each row execute function f()",
        frozenset({"public.t"}),
    ),
    "rare types": Case(
        f"create table t (id int primary key, {OWN}, a inet not null, b bytea not null, c interval not null,"
        " d point not null,"
        " e bit(4) not null, f macaddr not null, g jsonb not null, h text[] not null, i tsvector not null,"
        " j money not null,"
        " k time not null, l daterange not null, n numeric(4,1) not null, o char(2) not null,"
        " p int4multirange not null)"
    ),
    "names to be quoted": Case(
        'create table "T ""x""" ("Id" int primary key, "select" text not null,'
        " clinic_id uuid not null references clinics)"
    ),
}


def seeded(dsn: str) -> Iterator[Seeder]:
    """After both of our tenants; nothing is committed."""
    model = inferred(dsn)
    with psycopg.connect(dsn) as connection:
        seeder = Seeder(connection, model)
        seeder.seed_shared()
        for tenant in own_tenants(model):
            seeder.seed(tenant)
        yield seeder
        connection.rollback()


@pytest.mark.parametrize("name", CASES)
def test_tables_get_rows_of_each_tenant(build: Build, name: str) -> None:
    """And what Postgres keeps is what the seeder says that it keeps."""
    case = CASES[name]
    for seeder in seeded(build(f"{CLINICS} {case.sql}")):
        assert {} == seeder.problems
        assert case.bypassed == set(seeder.bypassed)
        tables = [table for table in seeder.tables if table.schema == "public"]
        assert len(tables) >= 2
        for table in tables:
            assert seeder.rows.get((table.oid, "a")), table.full_name
            assert seeder.rows.get((table.oid, "d")), table.full_name


def test_table_that_takes_no_row_is_told(build: Build) -> None:
    """With Postgres's own words, and the other tables are filled all the same."""
    sql = f"{CLINICS} create table t (id int primary key, {OWN}, check (id < 0 and id > 0));"
    sql += f"create table u (id int, {OWN})"
    for seeder in seeded(build(sql)):
        assert ["public.t"] == list(seeder.problems)
        assert "23514" in seeder.problems["public.t"]
        assert seeder.rows[seeder.model.catalogue.by_name["public.u"].oid, "a"]


def test_states_of_a_membership_all_occur(build: Build) -> None:
    """One member for each, the first in good standing."""
    sql = (
        f"{CLINICS} create table staff ({OWN}, user_id uuid not null references auth.users,"
        " status text not null check (status in ('active', 'invited', 'removed')), primary key (clinic_id, user_id))"
    )
    for seeder in seeded(build(sql)):
        rows = seeder.rows[seeder.model.catalogue.by_name["public.staff"].oid, "a"]
        assert "active" == rows[0]["status"]
        assert {"active", "invited", "removed"} == {row["status"] for row in rows}


def test_member_in_good_standing_has_accepted(build: Build) -> None:
    """Wherever the column stands; the next one has not."""
    sql = (
        f"{CLINICS} create table staff ({OWN}, user_id uuid not null references auth.users, role text,"
        " accepted_at timestamptz, primary key (clinic_id, user_id))"
    )
    for seeder in seeded(build(sql)):
        rows = seeder.rows[seeder.model.catalogue.by_name["public.staff"].oid, "a"]
        assert [True, False] == [row["accepted_at"] is not None for row in rows[:2]]


def test_spare_row_is_not_left_behind(build: Build) -> None:
    """It would go in; it is not in."""
    for seeder in seeded(build(f"{CLINICS} create table t (id int primary key, {OWN}, name text unique)")):
        table = seeder.model.catalogue.by_name["public.t"]
        before = seeder.connection.execute("select count(*) from t").fetchone()
        spare = seeder.spare(table, own_tenants(seeder.model)[0], 0)
        assert spare is not None
        assert "" == spare.room
        assert before == seeder.connection.execute("select count(*) from t").fetchone()


def test_room_is_made_where_a_tenant_has_one_row_at_most(build: Build) -> None:
    """A table of settings: the spare row goes in once the first is out of the way."""
    sql = f"{CLINICS} create table settings (clinic_id uuid primary key references clinics, colour text)"
    for seeder in seeded(build(sql)):
        table = seeder.model.catalogue.by_name["public.settings"]
        spare = seeder.spare(table, own_tenants(seeder.model)[0], 0)
        assert spare is not None
        assert "delete from" in spare.room

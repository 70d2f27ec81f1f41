"""The three copies differ in foreign rows only, and the database under audit stays as it was, whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from fixtures.database.dump import dump_schema
from fixtures.database.server import Server
from fixtures.tenancy.seeding import UnseedableError
from fixtures.tenancy.worlds import World, Worlds, build_worlds
from tests.gate import PROJECT
from tests.tenancy.schemas import CLINICS, Audited, Build, inferred, worlds_of

LINKED = f"""{CLINICS}
create table doctors (id uuid primary key default gen_random_uuid(), clinic_id uuid not null references clinics);
alter table visits add doctor_id uuid references doctors;
create table copies (of text);
create function note() returns trigger language plpgsql security definer set search_path = '' as $$
begin insert into public.copies values (new.id::text); return new; end $$;
create trigger note after insert on visits for each row execute function note();
create materialized view totals as select clinic_id, count(*) from visits group by clinic_id;
"""
PROVE = """
import sys
from fixtures.database.server import Server
from fixtures.tenancy.proof import prove
prove(Server("given", sys.argv[1]), sys.argv[2], progress=lambda lap: print(lap, flush=True))
"""


@pytest.fixture(scope="module")
def worlds(postgres: Server, build: Build) -> Iterator[Worlds]:
    """Of a schema with members, a trigger that copies and a key that carries no tenant."""
    with worlds_of(postgres, build(LINKED)) as made:
        yield made


def rows(world: World, table: str) -> set[str]:
    """As text."""
    with psycopg.connect(world.dsn) as connection:
        return {row[0] for row in connection.execute(f"select t::text from {table} t".encode())}


@pytest.mark.parametrize("table", ["clinics", "staff", "visits", "copies", "totals", "auth.users", "storage.objects"])
def test_each_world_holds_the_one_before(worlds: Worlds, table: str) -> None:
    """To the last byte; what is counted or copied by the schema itself included."""
    without, bare, full = (rows(world, table) for world in (worlds.without, worlds.bare, worlds.full))
    assert without
    assert without <= bare <= full
    assert without < full


def test_bare_world_has_the_foreign_tenants_themselves(worlds: Worlds) -> None:
    """And none of their rows."""
    assert rows(worlds.without, "visits") == rows(worlds.bare, "visits")
    assert rows(worlds.without, "clinics") < rows(worlds.bare, "clinics") == rows(worlds.full, "clinics")


def test_foreign_is_what_only_the_full_world_has(worlds: Worlds) -> None:
    """Whoever wrote it: a trigger's copy too."""
    for name in ("visits", "copies"):
        oid = worlds.model.catalogue.by_name[f"public.{name}"].oid
        assert rows(worlds.full, name) - rows(worlds.without, name) == worlds.foreign_rows[oid]
        assert worlds.own_rows[oid]


def test_running_numbers_do_not_meet_rows_that_have_theirs(postgres: Server, build: Build) -> None:
    """A log's numbers are taken probe by probe, by triggers: they would come to those of foreign rows."""
    log = "create table log (id {} primary key, clinic_id uuid references clinics, note text);"
    for numbered in ("bigint generated always as identity", "serial", "smallserial"):
        with worlds_of(postgres, build(CLINICS + log.format(numbered))) as worlds:
            with psycopg.connect(worlds.full.dsn) as connection:
                highest = next(connection.execute("select max(id) from log"))[0]
                assert highest < next(connection.execute("select nextval('log_id_seq')"))[0]


def test_row_of_ours_that_foreign_ones_change_is_still_ours(postgres: Server, build: Build) -> None:
    """Its counter may count them; taken for a foreign row, its owner would be accused of changing it."""
    counted = """
    alter table clinics add calls int not null default 0;
    create table calls (clinic_id uuid not null references clinics, id uuid primary key default gen_random_uuid());
    create function count_all() returns trigger language plpgsql security definer set search_path = '' as $$
    begin update public.clinics set calls = calls + 1; return new; end $$;
    create trigger count_all after insert on calls for each row execute function count_all();
    """
    with worlds_of(postgres, build(CLINICS + counted)) as worlds:
        clinics = worlds.model.catalogue.by_name["public.clinics"].oid
        assert not [row for row in worlds.foreign_rows[clinics] if worlds.ours.key in row]
        assert len([row for row in worlds.own_rows[clinics] if worlds.ours.key in row]) == 2


def test_membership_elsewhere_is_not_in_force(worlds: Worlds) -> None:
    """One user of ours for each way; the foreign tenant's row is in the bare world, so that it is compared away."""
    with psycopg.connect(worlds.bare.dsn) as connection:
        found = connection.execute(
            "select distinct status from staff where clinic_id = %s and user_id = any(%s::uuid[])",
            [worlds.foreign[0].key, [user.id for user in worlds.edges]],
        ).fetchall()
    assert {"invited", "removed"} == {status for (status,) in found}


def test_foreign_row_refers_to_ours_where_the_key_allows_it(worlds: Worlds) -> None:
    """The key from visits to doctors carries no tenant; that to clinics does."""
    assert ["visits_doctor_id_fkey"] == [name for _, name in worlds.crossing]


def test_tenants_are_easily_confused(worlds: Worlds) -> None:
    """Keys above and below ours in order, and none of ours among the foreign."""
    keys = sorted(tenant.key for tenant in (*worlds.foreign, worlds.ours))
    assert 0 < keys.index(worlds.ours.key) < len(keys) - 1
    assert len(keys) == len(set(keys))


def test_schema_that_takes_one_tenant_only(postgres: Server, build: Build) -> None:
    """Nothing can be told apart there, and that is said."""
    sql = CLINICS.replace(
        "name text not null", "name text not null, check (id = '00000000-0000-4000-8000-000000000001')"
    )
    dsn = build(sql)
    with pytest.raises(UnseedableError, match="no second tenant can be made"):
        build_worlds(postgres, dsn, inferred(dsn))


def test_audited_database_is_unchanged(postgres: Server, build: Build, audited: Audited) -> None:
    """Its schema, its rows, the roles of the cluster."""
    dsn = build(LINKED)
    before = contents(postgres, dsn)
    audited(LINKED)
    assert before == contents(postgres, dsn)


def test_audited_database_is_unchanged_by_an_audit_that_is_killed(postgres: Server, build: Build) -> None:
    """In the midst of the probes."""
    dsn = build(CLINICS)
    before = contents(postgres, dsn)
    with subprocess.Popen(
        [sys.executable, "-c", PROVE, postgres.dsn, dsn], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(line.startswith("identities") for line in process.stdout)
        os.kill(process.pid, signal.SIGKILL)
    assert -signal.SIGKILL == process.returncode
    assert before == contents(postgres, dsn)
    assert _drop_copies(postgres, process.pid) == 3


def contents(server: Server, dsn: str) -> tuple[str, list[object]]:
    """What an audit must leave alone; names of databases come and go beside it."""
    dump = "\n".join(line for line in dump_schema(dsn).splitlines() if "restrict" not in line)
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace in"
            " (select oid from pg_namespace where nspname in ('public', 'auth', 'storage')) order by 1"
        ).fetchall()
        counted = [connection.execute(f"select count(*) from {name}".encode()).fetchone() for (name,) in tables]
    with psycopg.connect(server.dsn) as connection:
        roles = connection.execute("select rolname, rolsuper, rolbypassrls from pg_roles order by 1").fetchall()
    return dump, [counted, roles]


def _drop_copies(server: Server, pid: int) -> int:
    """Those that the killed process left; how many they were."""
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        query = "select datname from pg_database where datname like %s"
        left = connection.execute(query, [f"voxanne\\_{pid}\\_%"]).fetchall()
    for (name,) in left:
        server.drop_database(psycopg.conninfo.make_conninfo(server.dsn, dbname=name))
    return len(left)


def test_schema_of_the_audits_own_name_is_told(postgres: Server, build: Build) -> None:
    """It is not overwritten, and no accident."""
    dsn = build("create schema voxanne_audit; create table visits (clinic_id uuid)")
    with pytest.raises(UnseedableError, match="there is a schema of this name"):
        build_worlds(postgres, dsn, inferred(dsn))

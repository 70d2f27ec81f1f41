"""Any schema is loaded as far as it works, and what does not is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.database.schema import Loaded, SchemaFile, Standing, load_schema
from fixtures.database.server import Server

Load = Callable[..., Loaded]


@pytest.fixture
def database(postgres: Server) -> Iterator[str]:
    """An empty database."""
    dsn = postgres.create_database()
    yield dsn
    postgres.drop_database(dsn)


@pytest.fixture
def load(database: str) -> Load:
    """Loads texts as the files 1.sql, 2.sql, ..."""

    def load_texts(*texts: str, **options: Any) -> Loaded:
        return load_schema(database, [SchemaFile(Path(f"{n}.sql"), text) for n, text in enumerate(texts, 1)], **options)

    return load_texts


def value(dsn: str, query: str) -> Any:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row and row[0]


def test_a_file_that_fails_is_loaded_as_far_as_it_works(load: Load, database: str) -> None:
    """Each failure with its line, the server's words and the statement's."""
    loaded = load("create table a (i int);\n\nselect * from nowhere;\ncreate table b (i int);", "bad;")
    assert [Standing.IN_PART, Standing.NOT] == [report.standing for report in loaded.reports]
    assert (
        '1.sql:3: 42P01 relation "nowhere" does not exist (select * from nowhere;)',
        '2.sql:1: 42601 syntax error at or near "bad" (bad;)',
    ) == loaded.failures
    assert () == loaded.files
    assert 2 == value(database, "select count(*) from pg_class where oid in (to_regclass('a'), to_regclass('b'))")


@pytest.mark.parametrize("text", ["", "-- nothing\n/* at all */", "\n;\n;"])
def test_empty_files(load: Load, text: str) -> None:
    """No statement, no failure."""
    loaded = load(text)
    assert [Standing.EMPTY] == [report.standing for report in loaded.reports]
    assert () == loaded.failures


def test_files_out_of_order(load: Load, database: str) -> None:
    """What needs a later file is applied after it, under its own file's settings, and this is told."""
    loaded = load(
        "set search_path = app; create table b (a int references public.a); alter table b enable row level security;",
        "create schema app;",
        "create table public.a (i int primary key);",
    )
    assert () == loaded.failures
    assert ("1.sql", "2.sql", "3.sql") == loaded.files
    assert value(database, "select relrowsecurity from pg_class where oid = 'app.b'::regclass")
    assert "1.sql:1: worked after 3.sql" in loaded.notes


def test_late_statements_do_not_undo_later_ones(load: Load, database: str) -> None:
    """A function's second definition stays, though the first could be applied only after it."""
    first = "create or replace function f() returns t language sql as 'select null::t';"
    second = "create or replace function f() returns int language sql as 'select 2';"
    loaded = load(first, second, "create type t as (i int);")
    assert () == loaded.failures
    assert any("superseded" in note for note in loaded.notes)
    assert 2 == value(database, "select f()")


def test_settings_do_not_leak(load: Load, database: str) -> None:
    """Each file begins in a fresh session."""
    loaded = load(
        "select pg_catalog.set_config('search_path', '', false); set session_replication_role = replica;set role anon;",
        "create table t (i int);",
    )
    assert () == loaded.failures
    query = "select pg_get_userbyid(relowner) <> 'anon' from pg_class where oid = 'public.t'::regclass"
    assert value(database, query)


def test_what_needs_its_own_transaction(load: Load, database: str) -> None:
    """Among statements that fail, and with settings that hold on."""
    loaded = load(
        "set search_path = s; create schema s; create type e as enum ('a'); create table t (x e);"
        "create index concurrently i on t (x); alter type e add value 'b'; insert into t values ('b'); vacuum t;"
        "nonsense;"
    )
    assert 1 == len(loaded.failures)
    assert "b" == value(database, "select x::text from s.t")
    assert value(database, "select to_regclass('s.i') is not null")


def test_own_transactions_and_rollbacks(load: Load, database: str) -> None:
    """SET LOCAL ends where the file ends it; what the file rolls back is not there, which is told."""
    loaded = load(
        "create schema s; begin; set local search_path = s; create table a (i int); commit; create table b (i int);"
        "begin; create table c (i int); rollback; begin; create table d (i int); savepoint x; drop table d;"
        "rollback to savepoint x; commit;"
    )
    assert () == loaded.failures
    names = "select array[to_regclass('s.a'), to_regclass('b'), to_regclass('c'), to_regclass('d')]::text[]"
    assert ["s.a", "b", None, "d"] == value(database, names)
    assert 2 == sum("rolls back" in note for note in loaded.notes)


def test_deferred_constraint_that_fails_at_the_end(load: Load, database: str) -> None:
    """The statements that can stand by themselves do."""
    loaded = load(
        "create table p (i int primary key); create table c (i int references p deferrable initially deferred);"
        "insert into c values (1); create table z (i int);"
    )
    assert ["23503"] == [failure.split()[1] for failure in loaded.failures]
    assert value(database, "select to_regclass('z') is not null")


def test_what_is_there_already_is_no_failure(load: Load) -> None:
    """Made by the bootstrap or an earlier file."""
    loaded = load("create table t (i int);", "create table t (i int); create schema storage_; create extension citext;")
    assert () == loaded.failures
    assert ('2.sql:1: 42P07 relation "t" already exists (create table t (i int);)',) == loaded.already_there


def test_a_dump(load: Load, database: str) -> None:
    """As pg_dump writes it, with data, of a newer version, and its privileges are all there are."""
    loaded = load(
        "\ufeff".strip("\ufeff") + "\\restrict abc\nSET statement_timeout = 0;\nSET not_a_setting = 0;\n"
        "SELECT pg_catalog.set_config('search_path', '', false);\n\\connect other\n"
        "CREATE SCHEMA auth;\nCREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql AS $$ select null::uuid $$;\n"
        "CREATE SCHEMA public;\nCREATE TABLE public.t (i integer, s text);\nALTER TABLE public.t OWNER TO postgres;\n"
        "COPY public.t (i, s) FROM stdin;\n1\ta;'b\n\\.\n\nGRANT SELECT ON TABLE public.t TO anon;\n\\unrestrict abc\n"
    )
    assert () == loaded.failures
    assert ("auth.sql", "public.sql") == loaded.left_to_schema
    assert ["restrict", "connect", "unrestrict"] == [
        note.split("\\")[1].split()[0] for note in loaded.notes if "psql command" in note
    ]
    assert any("not_a_setting" in note for note in loaded.notes)
    assert "a;'b" == value(database, "select s from public.t")
    assert not value(database, "select has_table_privilege('anon', 'public.t', 'insert')")


def test_unmatched_parenthesis_costs_one_statement(load: Load, database: str) -> None:
    """Not all that follows."""
    loaded = load("create table a (i int;\ncreate table b (i int);\ncreate table c (i int);")
    assert ["1.sql:1:"] == [failure.split()[0] for failure in loaded.failures]
    assert value(database, "select to_regclass('b') is not null and to_regclass('c') is not null")


@pytest.mark.parametrize(
    "endless",
    [
        "set statement_timeout = 0; select pg_sleep(1e6);",
        "do $$ begin loop end loop; end $$;",
        "do $$ begin loop begin perform pg_sleep(9); exception when query_canceled then null; end; end loop; end $$;",
        "select pg_terminate_backend(pg_backend_pid());",
    ],
)
def test_endless_statements_and_lost_sessions(load: Load, database: str, endless: str) -> None:
    """Are told, in bounded time; what stands before and after them stands."""
    started = time.monotonic()
    loaded = load(
        f"create schema s; set search_path = s; begin; create table a (i int); commit; {endless}"
        "create table b (i int);",
        statement_limit_s=0.3,
    )
    assert time.monotonic() - started < 20
    assert 1 == len(loaded.failures)
    assert value(database, "select to_regclass('s.a') is not null")
    assert value(database, "select to_regclass('s.b') is not null")


def test_copy_out_and_other_oddities(load: Load, database: str) -> None:
    """Told, and the session goes on."""
    loaded = load("create table t (i int); copy t to stdout; \\echo hi\ncreate table u (i int);")
    assert 1 == len(loaded.failures)
    assert value(database, "select to_regclass('u') is not null")
    assert any("\\echo hi" in note for note in loaded.notes)


MIGRATION = """
create extension if not exists "uuid-ossp" with schema extensions;
create extension if not exists "pg_net" with schema "extensions";
create extension if not exists moddatetime schema extensions;
do $$ begin create type public.plan as enum ('free', 'pro'); exception when duplicate_object then null; end $$;
create table public.profiles (
  id uuid primary key references auth.users on delete cascade, email text,
  key text default extensions.gen_random_bytes(8),
  org uuid default extensions.uuid_generate_v4(), updated_at timestamptz
);
alter table public.profiles enable row level security;
create policy "own" on public.profiles for all to authenticated using ((select auth.uid()) = id);
create trigger stamp before update on public.profiles for each row execute function extensions.moddatetime(updated_at);
create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.profiles (id, email) values (new.id, new.raw_user_meta_data ->> 'email');
  perform net.http_post('http://hook.example', jsonb_build_object('id', new.id));
  perform realtime.broadcast_changes('user:' || new.id, tg_op, tg_op, tg_table_name, tg_table_schema, new, null);
  return new;
end
$$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
  values ('a', 'a', false, 1, '{image/png}');
create policy "files" on storage.objects for select to authenticated
  using (bucket_id = 'a' and (storage.foldername(name))[1] = auth.uid()::text and storage.extension(name) = 'png');
create policy "topics" on realtime.messages for select to authenticated using (realtime.topic() = auth.uid()::text);
alter publication supabase_realtime add table public.profiles;
select cron.schedule('clean', '0 0 * * *', $$ delete from public.profiles where false $$);
grant usage on schema public to anon, authenticated;
revoke all on public.profiles from anon;
insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_user_meta_data)
values (default, gen_random_uuid(), 'authenticated', 'authenticated', 'a@x.example', crypt('p', gen_salt('bf')), now(),
  '{"email": "a@x.example"}');
insert into auth.identities (id, user_id, provider_id, identity_data, provider)
select gen_random_uuid(), id, id, '{}', 'email' from auth.users;
insert into supabase_migrations.schema_migrations (version) values ('1');
"""


def test_what_real_migrations_expect_of_a_hosted_project(load: Load, database: str) -> None:
    """Auth, storage, realtime, requests and jobs are there, and they work."""
    loaded = load(MIGRATION)
    assert () == loaded.failures
    assert () == loaded.left_to_schema
    assert {"pg_cron", "pg_net"} <= set(loaded.stand_ins)
    counts = (
        "select array[(select count(*) from profiles), (select count(*) from net.http_request_queue),"
        " (select count(*) from realtime.messages), (select count(*) from cron.job)]"
    )
    assert [1, 1, 1, 1] == value(database, counts)
    assert not value(database, "select has_table_privilege('authenticated', 'auth.users', 'select')")
    assert value(
        database,
        "select bool_and(relrowsecurity) from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'",
    )

"""Healthy schemas that look like faults: no lint may call them a weakness."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from fixtures.tenancy import catalogue_findings
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.lints.cases import PLAIN

NEIGHBOURS = {
    "security-invoker-view": "create view v with (security_invoker = true) as select * from projects",
    "definer-with-qualified-names": "create function f() returns bigint language sql security definer "
    "set search_path = '' as $$select count(*) from public.projects where org_id = auth.uid()$$",
    "definer-with-pinned-path": "create function f() returns bigint language sql security definer "
    "set search_path = public, pg_temp as $$select count(*) from projects where org_id = auth.uid()$$",
    "definer-that-only-triggers-on-auth": "create function f() returns trigger language plpgsql security definer as "
    "$$begin insert into members(user_id) values (new.id); return new; end$$;"
    "revoke all on auth.users from anon, authenticated;"
    "create trigger f after insert on auth.users for each row execute function f()",
    "signup-copies-a-display-name": "create function private.f() returns trigger language plpgsql security definer "
    "set search_path = '' as $$begin insert into public.projects(name) "
    "values (new.raw_user_meta_data ->> 'full_name'); return new; end$$;"
    "create trigger f after insert on auth.users for each row execute function private.f()",
    "comment-mentions-user-metadata": "create function app.f() returns text language sql stable as "
    "$$select auth.jwt() ->> 'org' -- never user_metadata\n$$;"
    "create policy p on projects using (org_id::text = app.f())",
    "setting-for-one-transaction": "create function f(o text) returns text language sql as "
    "$$select set_config('app.org', o, true)$$",
    "temporary-table-dropped-on-commit": "create function f() returns void language plpgsql as "
    "$$begin create temp table c on commit drop as select 1; end$$",
    "leakproof-without-arguments": "create function f() returns text language sql stable leakproof as 'select null'",
    "immutable-arithmetic": "create function f(a int) returns int language sql immutable as 'select a + 1'",
    "default-from-the-token": "alter table projects alter org_id set default auth.uid()",
    "usage-on-all-sequences": "create sequence s;"
    "grant usage, select on all sequences in schema public to authenticated",
    "grant-all-on-everything": "grant all on all tables in schema public to authenticated; create sequence s;"
    "grant all on all sequences in schema public to authenticated",
    "writing-revoked-from-grant-all": "grant all on projects to anon;"
    "revoke insert, update, delete on projects from anon",
    "platform-default-for-another-schema": "alter default privileges in schema app grant all on tables to anon, "
    "authenticated, service_role; alter default privileges in schema app grant all on functions to anon, "
    "authenticated, "
    "service_role; alter default privileges in schema app grant all on sequences to anon, authenticated, service_role",
    "grant-all-less-what-goes-beyond-rows": "alter default privileges in schema public grant all on tables to anon, "
    "authenticated, service_role; alter default privileges in schema public grant all on functions to anon, "
    "authenticated, service_role; alter default privileges in schema public grant all on sequences to anon, "
    "authenticated, service_role; create table later (id int, org_id uuid); alter table later enable row level "
    "security;"
    "create policy p on later using (org_id = auth.uid());"
    "revoke truncate, references, trigger on later from anon, authenticated, service_role",
    "storage-by-folder": "create policy p on storage.objects for all to authenticated using "
    "(bucket_id = 'docs' and (storage.foldername(name))[1] = auth.uid()::text)",
    "storage-by-owner": "create policy p on storage.objects for delete to authenticated using (owner = auth.uid())",
    "public-avatars": "insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);"
    "create policy r on storage.objects for select using (bucket_id = 'avatars');"
    "create policy w on storage.objects for insert to authenticated with check "
    "(bucket_id = 'avatars' and (storage.foldername(name))[1] = auth.uid()::text)",
    "backend-role-with-bypassrls": "create role worker login bypassrls",
    "protected-table-in-realtime": "alter publication supabase_realtime add table projects",
    "read-access-for-all": "create table plans (id int, name text); alter table plans enable row level security;"
    "create policy r on plans for select using (true); grant select on plans to anon",
    "private-schema-without-usage": "create table private.t (id int); grant all on private.t to authenticated",
    "protected-partition": "create table events_2027 partition of events for values from ('2027-01-01') to "
    "('2028-01-01'); alter table events_2027 enable row level security",
    "hook-for-the-auth-server-only": "create function hook(event jsonb) returns jsonb language sql as 'select event';"
    "revoke execute on function hook(jsonb) from public, anon, authenticated",
}


@pytest.mark.parametrize("name", NEIGHBOURS)
@pytest.mark.parametrize("grants", ["platform", "own"])
def test_no_weakness(name: str, grants: str, connection: psycopg.Connection[Any]) -> None:
    """With the platform's default grants, and without them."""
    if grants == "own":
        connection.execute(PLAIN)
    connection.execute(NEIGHBOURS[name].encode())
    weak = [
        (finding.rule, finding.object)
        for finding in catalogue_findings(connection)
        if finding.severity is FindingSeverity.WEAKNESS
    ]
    assert [] == weak

"""One fault for each lint: the statement that makes it, the object that is accused, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

BASE = """
create schema app; create schema private;
create table orgs (id uuid primary key);
create table projects (id int primary key, org_id uuid not null, name text);
create table members (org_id uuid, user_id uuid);
create table events (org_id uuid, at date) partition by range (at);
create table events_2026 partition of events for values from ('2026-01-01') to ('2027-01-01');
do $$ declare t text; begin
  foreach t in array array['orgs', 'projects', 'members', 'events', 'events_2026'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant on %I for select to authenticated
                      using (%I::text = (select auth.jwt() ->> ''org_id''))',
                   t, case t when 'orgs' then 'id' else 'org_id' end);
  end loop;
end $$;
"""
# As on a server without the platform's default grants.
PLAIN = """
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
revoke all on all tables in schema public from anon, authenticated, service_role;
grant select, insert, update, delete on projects to authenticated;
"""
OPEN_APP = "grant usage on schema app to authenticated;"


@dataclass(frozen=True, slots=True)
class Case:
    """`remedy`: what mends it; empty for the finding's own remedy, which must then run as it is."""

    rule: str
    fault: str
    object: str
    severity: str = "weakness"
    setup: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return self.rule.removeprefix("lint.")


SUPABASE = (
    Case("lint.0002_auth_users_exposed", "create view people as select id from auth.users", "public.people"),
    Case(
        "lint.0002_auth_users_exposed",
        "create view people with (security_invoker = on) as select id from auth.users",
        "public.people",
        setup="alter table auth.users disable row level security;",
        remedy="alter table auth.users enable row level security",
    ),
    Case("lint.0007_policy_exists_rls_disabled", "alter table projects disable row level security", "public.projects"),
    Case("lint.0008_rls_enabled_no_policy", "drop policy tenant on projects", "public.projects", "note"),
    Case("lint.0010_security_definer_view", "create view v as select * from projects", "public.v"),
    Case(
        "lint.0011_function_search_path_mutable",
        "create function f(a int, b text) returns int language sql as 'select 1'",
        "public.f(integer, text)",
        "note",
    ),
    Case("lint.0013_rls_disabled_in_public", "create table t (id int)", "public.t"),
    Case(
        "lint.0014_extension_in_public",
        "create extension ltree",
        "ltree",
        "note",
    ),
    Case(
        "lint.0015_rls_references_user_metadata",
        "create policy p on projects using (org_id::text = auth.jwt() -> 'user_metadata' ->> 'org')",
        "public.projects.p",
    ),
    Case("lint.0016_materialized_view_in_api", "create materialized view m as select * from projects", "public.m"),
    Case(
        "lint.0017_foreign_table_in_api",
        "create foreign table ft (a int) server s",
        "public.ft",
        setup="create foreign data wrapper w; create server s foreign data wrapper w;",
    ),
    Case("lint.0018_unsupported_reg_types", "create table t (f regproc)", "public.t.f", "note"),
    Case(
        "lint.0019_insecure_queue_exposed_in_api",
        "grant select on pgmq.q_jobs to anon",
        "pgmq.q_jobs",
        setup="create schema pgmq; create table pgmq.q_jobs (id int); set local pgrst.db_schemas = 'a, pgmq_public';",
    ),
    Case(
        "lint.0021_fkey_to_auth_unique",
        "create table t (email text constraint to_users references auth.users (email))",
        "public.t.to_users",
        "note",
        setup="alter table auth.users add constraint one_address unique (email);",
    ),
    Case(
        "lint.0022_extension_versions_outdated",
        "create extension pg_trgm with schema extensions version '1.3'",
        "pg_trgm",
        "note",
    ),
    Case("lint.0023_sensitive_columns_exposed", 'create table t ("API-Key" text)', "public.t"),
    Case(
        "lint.0024_rls_policy_always_true",
        "create policy p on projects for insert to authenticated with check (true)",
        "public.projects.p",
    ),
    Case("lint.0024_rls_policy_always_true", "create policy p on projects using (1 = 1)", "public.projects.p"),
    Case(
        "lint.0025_public_bucket_allows_listing",
        "create policy p on storage.objects for select using (bucket_id = 'avatars')",
        "avatars",
        "note",
        setup="insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);",
    ),
    Case(
        "lint.0026_pg_graphql_anon_table_exposed",
        "grant select (id) on projects to anon",
        "public.projects",
        "note",
        setup="GRAPHQL" + PLAIN,
        remedy="revoke select (id) on projects from anon",
    ),
    Case(
        "lint.0027_pg_graphql_authenticated_table_exposed",
        "grant select on members to authenticated",
        "public.members",
        "note",
        setup="GRAPHQL" + PLAIN,
    ),
    Case(
        "lint.0028_anon_security_definer_function_executable",
        "create function f() returns int language sql security definer as 'select 1'",
        "public.f()",
        "note",
    ),
    Case(
        "lint.0029_authenticated_security_definer_function_executable",
        "create function f() returns int language sql security definer as 'select 1'",
        "public.f()",
        "note",
    ),
)

EXPOSURE = (
    Case(
        "lint.unprotected-partition",
        "alter table events_2026 disable row level security; grant select on events_2026 to authenticated",
        "public.events_2026",
        setup=PLAIN,
    ),
    Case(
        "lint.unprotected-inheritance-child",
        "create table archive () inherits (projects); grant insert on archive to authenticated",
        "public.archive",
        setup=PLAIN,
    ),
    Case("lint.unprotected-copy", "create table projects_backup as table projects", "public.projects_backup"),
    Case(
        "lint.unprotected-copy",
        "alter table events detach partition events_2026; alter table events_2026 disable row level security",
        "public.events_2026",
    ),
    Case(
        "lint.unprotected-table", "create table p (a int) partition by list (a); grant select on p to anon", "public.p"
    ),
    Case(
        "lint.unprotected-table",
        "create table leads (email text); grant insert on leads to anon",
        "public.leads",
        setup=PLAIN,
    ),
    Case(
        "lint.unprotected-table-outside-api",
        "create table app.keys (org_id uuid, key text); grant select on app.keys to authenticated",
        "app.keys",
        setup=OPEN_APP,
    ),
    Case(
        "lint.definer-view-outside-api",
        "create view app.v as select * from projects; grant select on app.v to authenticated",
        "app.v",
        setup=OPEN_APP,
    ),
    Case(
        "lint.materialized-view-outside-api",
        "create materialized view app.m as select * from projects; grant select on app.m to authenticated",
        "app.m",
        setup=OPEN_APP,
    ),
    Case(
        "lint.foreign-table-outside-api",
        "create foreign table app.ft (a int) server s; grant select on app.ft to authenticated",
        "app.ft",
        setup=OPEN_APP + "create foreign data wrapper w; create server s foreign data wrapper w;",
    ),
    Case(
        "lint.rewrite-rule",
        "create rule r as on insert to projects do also update orgs set id = id",
        "public.projects",
        "note",
    ),
    Case(
        "lint.plain-secret-column",
        "alter table projects add stripe_api_key text",
        "public.projects.stripe_api_key",
        "note",
        setup=PLAIN,
        remedy="revoke select on projects from authenticated",
    ),
)

GRANTS = (
    Case(
        "lint.default-privileges",
        "alter default privileges in schema public grant all on tables to anon, authenticated; create table new ()",
        "public",
        setup=PLAIN,
    ),
    Case(
        "lint.default-privileges",
        "alter default privileges grant select on tables to authenticated; create table new ()",
        "(every schema)",
    ),
    Case(
        "lint.default-privileges-functions",
        "alter default privileges in schema app grant execute on functions to anon",
        "app",
        "note",
    ),
    Case("lint.privilege-beyond-rows", "grant truncate on projects to authenticated", "public.projects", setup=PLAIN),
    Case("lint.privilege-beyond-rows", "grant trigger on projects to public", "public.projects", "note", setup=PLAIN),
    Case(
        "lint.privilege-beyond-rows-by-default",
        "grant all on projects to authenticated",
        "public",
        "note",
        setup=PLAIN,
    ),
    Case(
        "lint.sequence-granted",
        "create sequence ticket_no; grant usage, select, update on sequence ticket_no to authenticated",
        "public.ticket_no",
        setup=PLAIN,
    ),
    Case(
        "lint.sequence-granted",
        "create sequence ticket_no; grant usage, select on sequence ticket_no to authenticated",
        "public.ticket_no",
        "note",
        setup=PLAIN,
    ),
    Case("lint.sequence-granted-by-default", "create sequence ticket_no", "public", "note"),
    Case("lint.schema-create", "grant create on schema app to authenticated", "app"),
    Case(
        "lint.large-object-granted",
        "select lo_from_bytea(7001, 'secret'); grant select on large object 7001 to authenticated",
        "large object 7001",
    ),
)

ROLES = (
    Case("lint.client-bypasses-rls", "alter role authenticated bypassrls", "authenticated"),
    Case("lint.client-bypasses-rls", "create role boss bypassrls; grant boss to authenticator", "boss"),
    Case("lint.client-reaches-privileged-role", "grant service_role to authenticated", "service_role"),
    Case(
        "lint.client-inherits-owner",
        "create role app_owner; alter table projects owner to app_owner; grant app_owner to authenticated;"
        "alter role authenticated inherit; grant app_owner to authenticated",
        "public.projects",
        setup="alter role authenticated inherit;",
    ),
    Case("lint.predefined-role", "grant pg_execute_server_program to authenticated", "pg_execute_server_program"),
    Case("lint.predefined-role", "grant pg_monitor to anon", "pg_monitor"),
    Case("lint.authenticator-extra-role", "create role manager; grant manager to authenticator", "manager", "note"),
)

ESCAPES = (
    Case(
        "lint.leakproof-function",
        "create function is_zz(t text) returns boolean language sql immutable leakproof as 'select true'",
        "public.is_zz(text)",
    ),
    Case(
        "lint.escape-extension",
        "create extension dblink with schema extensions",
        "dblink",
        "note",
    ),
    Case("lint.escape-extension", "create extension dblink", "dblink", remedy="drop extension dblink"),
    Case(
        "lint.auth-hook-executable",
        "create function custom_access_token_hook(event jsonb) returns jsonb language sql as 'select event'",
        "public.custom_access_token_hook(jsonb)",
    ),
    Case(
        "lint.outward-function",
        "create function q(s text) returns setof text language plpgsql security definer set search_path = '' as "
        "$$begin return query select t from extensions.dblink('host=localhost', s) as x(t text); end$$",
        "public.q(text)",
    ),
)

PLATFORM = (
    Case(
        "lint.secrets-exposed",
        "grant usage on schema vault to authenticated; grant select on vault.decrypted_secrets to authenticated",
        "vault.decrypted_secrets",
    ),
    Case("lint.scheduler-granted", "grant usage on schema cron to authenticated", "cron", setup="create schema cron;"),
    Case(
        "lint.request-queue-granted",
        "grant usage on schema net to anon; grant select on net.http_request_queue to anon",
        "net.http_request_queue",
        "note",
        setup="create schema net; create table net.http_request_queue (id int);",
    ),
    Case("lint.plan-enabled", "alter role authenticator set pgrst.db_plan_enabled to 'true'", "authenticator"),
    Case(
        "lint.publication-unprotected-table",
        "create table chat (id int primary key); alter publication supabase_realtime add table chat",
        "public.chat",
    ),
    Case(
        "lint.publication-deletes",
        "alter publication supabase_realtime add table projects",
        "supabase_realtime",
        "note",
    ),
    Case("lint.publication-all-tables", "create publication etl for all tables", "etl", "note"),
    Case(
        "lint.server-cve-residue",
        "set local allow_system_table_mods = on; drop view pg_catalog.pg_stats_ext;"
        "create view pg_catalog.pg_stats_ext as select 1 as a; reset allow_system_table_mods",
        "pg_catalog.pg_stats_ext",
        remedy="set local allow_system_table_mods = on; create or replace view pg_catalog.pg_stats_ext as "
        "select 1 as a where pg_catalog.pg_has_role('pg_monitor', 'USAGE')",
    ),
)

_HELPER = (
    "create function app.cur_org() returns text language sql stable set search_path = '' as $${body}$$;"
    "create policy p on projects for select to authenticated using (org_id::text = (select app.cur_org()))"
)
POLICIES = (
    Case(
        "lint.user-metadata-in-policy",
        _HELPER.format(body="select auth.jwt() -> 'user_metadata' ->> 'org'"),
        "public.projects.p",
    ),
    Case(
        "lint.user-metadata-in-policy",
        "create function app.inner_org() returns text language sql stable as "
        "$$select auth.jwt() -> 'user_metadata' ->> 'org'$$;" + _HELPER.format(body="select app.inner_org()"),
        "public.projects.p",
    ),
    Case(
        "lint.request-header-in-policy",
        "create policy p on projects using "
        "(org_id::text = current_setting('request.headers', true)::json ->> 'x-org-id')",
        "public.projects.p",
    ),
    Case(
        "lint.request-header-in-policy",
        _HELPER.format(body="select current_setting('request.cookies', true)::json ->> 'org'"),
        "public.projects.p",
    ),
    Case(
        "lint.custom-setting-in-policy",
        "create policy p on projects using (org_id::text = current_setting('app.org', true))",
        "public.projects.p",
        "note",
    ),
    Case(
        "lint.default-from-client",
        "alter table projects alter name set default current_setting('request.headers')::json ->> 'x-org'",
        "public.projects.name",
    ),
    Case(
        "lint.policy-constant",
        "create policy p on projects using (org_id = '00000000-0000-4000-8000-00000000000b')",
        "public.projects.p",
        "note",
    ),
    Case(
        "lint.membership-state-ignored",
        "create policy p on projects using (org_id in (select m.org_id from members m where m.user_id = auth.uid()))",
        "public.projects.p",
        "note",
        setup="alter table members add status text;",
        remedy="drop policy p on projects; create policy p on projects using (org_id in (select m.org_id from members m"
        " where m.user_id = auth.uid() and m.status = 'active'))",
    ),
    Case(
        "lint.membership-state-ignored",
        _HELPER.format(body="select org_id from public.members where user_id = auth.uid()"),
        "app.cur_org()",
        "note",
        setup="alter table members add accepted_at date;",
        remedy="create or replace function app.cur_org() returns text language sql stable as "
        "$$select org_id from public.members where user_id = auth.uid() and accepted_at is not null$$",
    ),
    Case(
        "lint.realtime-topic-unchecked",
        "create policy p on realtime.messages for select to authenticated using (true)",
        "realtime.messages.p",
        setup="create table if not exists realtime.messages (topic text, extension text);",
    ),
)

FUNCTIONS = (
    Case(
        "lint.definer-search-path",
        "create function mine() returns bigint language plpgsql security definer as "
        "$$begin return (select count(*) from projects); end$$",
        "public.mine()",
        remedy="alter function mine() set search_path = public, pg_temp",
    ),
    Case(
        "lint.definer-search-path",
        "create function log() returns trigger language plpgsql security definer as "
        "$$begin insert into projects values (new.id); return new; end$$;"
        "create trigger log after insert on members for each row execute function log()",
        "public.log()",
    ),
    Case(
        "lint.definer-search-path-temporary",
        "create function mine() returns bigint language sql security definer set search_path = public as "
        "$$select count(*) from projects$$",
        "public.mine()",
        "note",
    ),
    Case(
        "lint.immutable-reads-settings",
        "create function app.org() returns text language sql immutable as $$select auth.jwt() ->> 'org'$$",
        "app.org()",
    ),
    Case(
        "lint.immutable-reads-settings",
        "create function app.zone() returns text language sql immutable as $$select current_setting('timezone')$$",
        "app.zone()",
        "note",
    ),
    Case(
        "lint.stable-writes",
        "create function w() returns void language sql volatile as $$delete from projects$$; alter function w() stable",
        "public.w()",
        "note",
    ),
    Case(
        "lint.session-setting-kept",
        "create function use_org(o uuid) returns text language sql as $$select set_config('app.org', o::text, false)$$",
        "public.use_org(uuid)",
        setup="create policy p on projects using (org_id::text = current_setting('app.org', true));",
    ),
    Case(
        "lint.session-setting-kept",
        "create function remember(n text, v text) returns text language sql as $$select set_config(n, v, true)$$",
        "public.remember(text, text)",
    ),
    Case(
        "lint.temporary-table-kept",
        "create function cache() returns void language plpgsql as "
        "$$begin create temp table if not exists cache as select * from projects; end$$",
        "public.cache()",
    ),
    Case(
        "lint.notify-payload",
        "create function private.tell() returns trigger language plpgsql as "
        "$$begin perform pg_notify('rows', to_jsonb(new)::text); return new; end$$;"
        "create trigger tell after insert on projects for each row execute function private.tell()",
        "private.tell()",
    ),
    Case(
        "lint.notify-payload",
        "create function private.tell() returns trigger language plpgsql as "
        "$$begin perform pg_notify('rows', new.id::text); return new; end$$;"
        "create trigger tell after insert on projects for each row execute function private.tell()",
        "private.tell()",
        "note",
    ),
    Case(
        "lint.signup-metadata-trusted",
        "create function private.join_org() returns trigger language plpgsql security definer as $$begin "
        "insert into public.members values ((new.raw_user_meta_data ->> 'org_id')::uuid, new.id); return new; end$$;"
        "create trigger join_org after insert on auth.users for each row execute function private.join_org()",
        "private.join_org()",
    ),
    Case(
        "lint.app-metadata-writer",
        "create function switch_org(o uuid) returns void language sql security definer set search_path = '' as "
        "$$update auth.users set raw_app_meta_data = jsonb_build_object('org_id', o) where id = auth.uid()$$",
        "public.switch_org(uuid)",
    ),
)

STORAGE = (
    Case(
        "lint.storage-policy-unscoped",
        "create policy p on storage.objects for select to authenticated using (bucket_id = 'docs')",
        "storage.objects.p",
    ),
    Case(
        "lint.public-bucket",
        "update storage.buckets set public = true where id = 'docs'",
        "docs",
        setup="insert into storage.buckets (id, name) values ('docs', 'docs'); create policy s on storage.objects "
        "for select using (bucket_id = 'docs' and (storage.foldername(name))[1] = auth.jwt() ->> 'org_id');",
    ),
    Case(
        "lint.public-bucket",
        "insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true)",
        "avatars",
        "note",
    ),
)
SERVER = (
    Case(
        "lint.large-objects-unchecked",
        "set local lo_compat_privileges = on",
        "CURRENT_DATABASE",
        setup="select lo_create(7002);",
        remedy="set local lo_compat_privileges = off",
    ),
    Case(
        "lint.database-create",
        "do $$ begin execute format('grant create on database %I to anon', current_database()); end $$",
        "CURRENT_DATABASE",
    ),
    Case(
        "lint.untrusted-language",
        "create function f(a int) returns int language c as '$libdir/plpgsql', 'plpgsql_call_handler'",
        "public.f(integer)",
        "note",
    ),
)
CASES = (*SERVER, *SUPABASE, *EXPOSURE, *GRANTS, *ROLES, *ESCAPES, *PLATFORM, *POLICIES, *FUNCTIONS, *STORAGE)

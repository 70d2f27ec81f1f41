"""Idioms that outside examinations brought, as whole schemas; each is healthy as it stands."""

from __future__ import annotations

PEOPLE = """
create table orgs (id uuid primary key default gen_random_uuid(), slug text not null unique, name text not null);
create table members (
  org_id uuid not null references orgs on delete cascade, user_id uuid not null references auth.users on delete cascade,
  primary key (org_id, user_id)
);
create function my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.org_id from public.members m where m.user_id = (select auth.uid())
$$;
alter table orgs enable row level security;
alter table members enable row level security;
create policy own on orgs for select to authenticated using (id in (select my_orgs()));
create policy own on members for select to authenticated using (org_id in (select my_orgs()));
"""

KEYED = """
create function new_key() returns text language sql volatile set search_path = '' as $$
  select 'c' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 24)
$$;
create table "User" (
  id text primary key default new_key(), "authId" uuid not null unique references auth.users on delete cascade
);
create function add_user() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public."User" ("authId") values (new.id);
  return new;
end $$;
create trigger add_user after insert on auth.users for each row execute function add_user();
create table workspaces (id text primary key default new_key(), name text not null);
create table workspace_members (
  id text primary key default new_key(), workspace_id text not null references workspaces on delete cascade,
  user_id text not null references "User" on delete cascade, removed_at timestamptz, unique (workspace_id, user_id)
);
create table notes (
  id text primary key default new_key(), workspace_id text not null references workspaces on delete cascade,
  actor_id text not null, body text not null default ''
);
create function me() returns text language sql stable security definer set search_path = '' as $$
  select u.id from public."User" u where u."authId" = (select auth.uid())
$$;
create function my_workspaces() returns setof text language sql stable security definer set search_path = '' as $$
  select m.workspace_id from public.workspace_members m
  where m.user_id = public.me() and m.removed_at is null
$$;
alter table "User" enable row level security;
alter table workspaces enable row level security;
alter table workspace_members enable row level security;
alter table notes enable row level security;
create policy own on "User" for select to authenticated using ("authId" = (select auth.uid()));
create policy own on workspaces for select to authenticated using (id in (select my_workspaces()));
create policy own on workspace_members for select to authenticated using (workspace_id in (select my_workspaces()));
create policy own on notes for select to authenticated using (workspace_id in (select my_workspaces()));
create policy add on notes for insert to authenticated
  with check (actor_id = (select me()) and workspace_id in (select my_workspaces()));
create function search_notes(q text, workspace text default null) returns setof text
language sql stable security definer set search_path = '' as $$
  select n.body from public.notes n where n.body ilike '%' || q || '%'
    and (workspace is null or n.workspace_id = workspace) and n.workspace_id in (select public.my_workspaces())
$$;
revoke execute on function search_notes(text, text) from public, anon;
grant execute on function search_notes(text, text) to authenticated;
"""
"""Users by a key of the application's own, which a trigger makes (Prisma, Drizzle)."""

SIDES = (
    PEOPLE
    + """
create table partnerships (
  buyer_id uuid not null references orgs on delete cascade, seller_id uuid not null references orgs on delete cascade,
  primary key (buyer_id, seller_id), check (buyer_id <> seller_id)
);
create table products (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  title text not null
);
alter table partnerships enable row level security;
alter table products enable row level security;
create policy sides on partnerships for select to authenticated
  using (buyer_id in (select my_orgs()) or seller_id in (select my_orgs()));
create policy partners on products for select to authenticated using (
  org_id in (select my_orgs()) or exists (
    select from partnerships p where p.seller_id = products.org_id and p.buyer_id in (select my_orgs())));
"""
)
"""Rows of two tenants, which are never the same."""

FOLDERS = (
    PEOPLE
    + """
create function my_slugs() returns setof text language sql stable security definer set search_path = '' as $$
  select o.slug from public.orgs o where o.id in (select public.my_orgs())
$$;
create policy own on storage.objects for select to authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] in (select my_slugs()));
"""
)
"""Files in a folder that is called as the tenant's address is."""

COPIES = (
    PEOPLE
    + """
create table teams (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  unique (id, org_id)
);
create table documents (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  title text not null default 'Untitled', body text not null default '',
  seen_by text not null default 'all' check (seen_by in ('all', 'team')), team_id uuid,
  foreign key (team_id, org_id) references teams (id, org_id), check (seen_by <> 'team' or team_id is not null)
);
alter table teams enable row level security;
alter table documents enable row level security;
create policy own on teams for select to authenticated using (org_id in (select my_orgs()));
create policy own on documents for select to authenticated using (org_id in (select my_orgs()));
create function duplicate(document uuid, org uuid) returns uuid
language plpgsql security definer set search_path = '' as $$
declare
  made uuid;
begin
  insert into public.documents (org_id, title, body)
  select org, d.title || ' (copy)', d.body from public.documents d
  where d.id = document and d.org_id in (select public.my_orgs()) and org in (select public.my_orgs())
  returning id into made;
  return made;
end $$;
revoke execute on function duplicate(uuid, uuid) from public, anon;
grant execute on function duplicate(uuid, uuid) to authenticated;
"""
)
"""A function that copies what it finds; a reference that may be missing, but not in every state."""

DEVICES = (
    PEOPLE
    + """
create table locations (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  label text not null
);
create table kiosks (
  id uuid primary key references auth.users on delete cascade, org_id uuid not null references orgs on delete cascade,
  location_id uuid not null references locations on delete cascade
);
create table check_ins (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  location_id uuid not null references locations on delete cascade, visitor text not null
);
create function kiosk_location() returns uuid language sql stable security definer set search_path = '' as $$
  select k.location_id from public.kiosks k where k.id = (select auth.uid())
    and k.location_id = nullif(auth.jwt() -> 'app_metadata' ->> 'location_id', '')::uuid
$$;
create function kiosk_org() returns uuid language sql stable security definer set search_path = '' as $$
  select k.org_id from public.kiosks k where k.id = (select auth.uid())
$$;
alter table locations enable row level security;
alter table kiosks enable row level security;
alter table check_ins enable row level security;
create policy own on locations for select to authenticated
  using (org_id in (select my_orgs()) or id = kiosk_location());
create policy own on kiosks for select to authenticated using (org_id in (select my_orgs()));
create policy own on check_ins for select to authenticated using (org_id in (select my_orgs()));
create view location_load with (security_invoker = true) as
  select l.id, l.org_id, l.label, c.visits from locations l
  cross join lateral (select count(*) as visits from check_ins c where c.location_id = l.id) c;
create policy add on check_ins for insert to authenticated
  with check (location_id = (select kiosk_location()) and org_id = (select kiosk_org()));
"""
)
"""Devices whose token names a place, not a tenant."""

ROLES = """
create table clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table patients (
  id uuid primary key default gen_random_uuid(), clinic_id uuid not null references clinics on delete cascade,
  name text not null
);
create function may(clinic uuid) returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
  if nullif(auth.jwt() ->> 'clinic_id', '')::uuid is distinct from clinic then
    return false;
  end if;
  return coalesce(auth.jwt() ->> 'user_role' in ('doctor', 'manager'), false);
end $$;
alter table clinics enable row level security;
alter table patients enable row level security;
create policy own on clinics for select to authenticated using (may(id));
create policy own on patients for select to authenticated using (may(clinic_id));
"""
"""Tokens with a role and a tenant, either of which may be missing."""

SHARED = (
    PEOPLE
    + """
create table templates (id uuid primary key default gen_random_uuid(), title text not null, published boolean not null);
insert into templates (title, published) values ('Weekly report', true), ('Draft', false);
alter table templates enable row level security;
create policy all_read on templates for select to anon, authenticated using (published);
create policy backend on templates for update to service_role using (true);
create table rates (id uuid primary key default gen_random_uuid(), percent numeric not null);
insert into rates (percent) values (19), (7);
alter table rates enable row level security;
create policy all_read on rates for select to anon, authenticated using (true);
create policy counted on rates for update to service_role using (true);
"""
)
"""Rows that all tenants read."""

FLEET = (
    PEOPLE
    + """
create table trips (
  org_id uuid not null references orgs on delete cascade, trip_id bigint generated by default as identity,
  driver_id uuid not null references auth.users, started_at timestamptz not null default now(),
  primary key (org_id, trip_id)
);
create table trip_log (
  org_id uuid not null, entry_id bigint generated always as identity primary key,
  trip_id bigint not null, what text not null,
  foreign key (org_id, trip_id) references trips on delete cascade
);
create function log_trip() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.trip_log (org_id, trip_id, what) select t.org_id, t.trip_id, tg_op from public.trips t
    where t.trip_id = new.trip_id and t.org_id = new.org_id;
  return null;
end $$;
create trigger log_trip after insert or update on trips for each row execute function log_trip();
revoke execute on function log_trip() from public, anon, authenticated;
alter table trips enable row level security;
alter table trip_log enable row level security;
revoke all on trips, trip_log from anon, authenticated;
grant select, insert, update on trips to authenticated;
grant select on trip_log to authenticated;
create policy own on trips to authenticated
  using (org_id in (select my_orgs())) with check (org_id in (select my_orgs()));
create policy drivers on trips as restrictive for update to authenticated
  using (driver_id = (select auth.uid()) or org_id is not null);
create policy own on trip_log for select to authenticated using (org_id in (select my_orgs()));
"""
)
"""Numbers that begin anew in each tenant, a log that a trigger writes, a rule on top of the tenant's."""

VISITS = (
    PEOPLE
    + """
create table patients (
  org_id uuid not null references orgs on delete cascade, id uuid not null default gen_random_uuid(),
  user_id uuid references auth.users, primary key (org_id, id)
);
create table visits (
  id uuid primary key default gen_random_uuid(), org_id uuid not null, patient_id uuid not null,
  state text not null default 'booked' check (state in ('booked', 'done', 'cancelled')),
  foreign key (org_id, patient_id) references patients on delete cascade
);
create table bills (
  id uuid primary key default gen_random_uuid(), visit_id uuid not null references visits on delete cascade
);
create function my_patients() returns setof uuid language sql stable security definer set search_path = '' as $$
  select p.id from public.patients p where p.user_id = (select auth.uid())
$$;
alter table patients enable row level security;
alter table visits enable row level security;
alter table bills enable row level security;
revoke all on patients, visits, bills from anon, authenticated;
grant select on patients, visits to authenticated;
grant update (org_id, patient_id, state) on visits to authenticated;
create policy own on patients for select to authenticated using (user_id = (select auth.uid()));
create policy own on visits for select to authenticated using (patient_id in (select my_patients()));
create policy cancel on visits for update to authenticated
  using (patient_id in (select my_patients()) and state = 'booked')
  with check (patient_id in (select my_patients()) and state = 'cancelled');
"""
)
"""Whoever is treated may call their visit off, and change nothing else."""

SUPPORT = (
    PEOPLE
    + """
create schema internal;
create table internal.support_agents (user_id uuid primary key);
create table support_sessions (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  agent_id uuid not null, reason text not null
);
alter table support_sessions enable row level security;
revoke all on support_sessions from anon, authenticated;
grant select on support_sessions to authenticated;
create policy own on support_sessions for select to authenticated using (org_id in (select my_orgs()));
create function begin_support(org uuid, why text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not exists (select from internal.support_agents a where a.user_id = (select auth.uid())) then
    raise exception 'not allowed' using errcode = '42501';
  end if;
  insert into public.support_sessions (org_id, agent_id, reason) values (org, (select auth.uid()), why);
end $$;
revoke execute on function begin_support(uuid, text) from public, anon;
grant execute on function begin_support(uuid, text) to authenticated;
"""
)
"""Those who run the platform look in, and leave a row behind."""

SCHOOL = (
    PEOPLE
    + """
alter table members add expires_at timestamptz, add permissions text[] not null default '{}';
create or replace function my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.org_id from public.members m
  where m.user_id = (select auth.uid()) and (m.expires_at is null or m.expires_at > now())
$$;
create function may(org uuid, what text) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select from public.members m where m.org_id = org and m.user_id = (select auth.uid())
    and what = any (m.permissions) and (m.expires_at is null or m.expires_at > now()))
$$;
create table invitations (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  email text not null, accepted_at timestamptz, expires_at timestamptz not null default now() + interval '7 days'
);
create table courses (
  org_id uuid not null references orgs on delete cascade, code text not null, title text not null default '',
  state text not null default 'draft' check (state in ('draft', 'asked', 'posted')), primary key (org_id, code)
);
create table pupils (
  id uuid primary key default gen_random_uuid(), org_id uuid not null references orgs on delete cascade,
  email text, mentors uuid[] not null default '{}', deleted_at timestamptz
);
create unique index pupils_email on pupils (email, org_id) where deleted_at is null;
alter table invitations enable row level security;
alter table courses enable row level security;
alter table pupils enable row level security;
revoke all on invitations, courses, pupils from anon, authenticated;
grant select on courses to authenticated;
grant select, insert, update on pupils to authenticated;
create policy own on courses for select to authenticated using (org_id in (select my_orgs()));
create policy own on pupils for select to authenticated using (org_id in (select my_orgs()));
create policy enrol on pupils for insert to authenticated with check (may(org_id, 'pupils.write'));
create policy mentor on pupils for update to authenticated
  using (org_id in (select my_orgs()) and (auth.uid() = any (mentors) or mentors = '{}'))
  with check (org_id in (select my_orgs()));
create function rename_course(org uuid, code text, title text) returns void
language plpgsql security definer set search_path = '' as $$
begin
  if not public.may(org, 'courses.write') then raise insufficient_privilege; end if;
  update public.courses c set title = rename_course.title where c.code = rename_course.code and c.org_id = org;
end $$;
create function post_course(which text, school uuid) returns void
language plpgsql security definer set search_path = '' as $$
begin
  update public.courses c set state = 'posted'
  where c.code = which and c.org_id = school and c.state = 'asked' and c.org_id in (select public.my_orgs());
end $$;
create function is_free(which text, school uuid) returns boolean
language sql stable security definer set search_path = '' as $$
  select not exists (select from public.courses c where c.code = which and c.org_id = school)
    or school not in (select public.my_orgs())
$$;
create function sorted(ordering text default 'title') returns setof text
language plpgsql stable security definer set search_path = '' as $$
begin
  return query execute format(
    'select c.title from public.courses c where c.org_id in (select public.my_orgs()) order by c.%I', ordering);
end $$;
revoke execute on function rename_course(uuid, text, text), post_course(text, uuid), is_free(text, uuid), sorted(text)
  from public, anon;
grant execute on function rename_course(uuid, text, text), post_course(text, uuid), is_free(text, uuid), sorted(text)
  to authenticated;
create function join_on_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.members (org_id, user_id)
  select o.id, new.id from public.orgs o
  where exists (select from public.invitations i
    where i.org_id = o.id and i.email = new.email and i.accepted_at is null and i.expires_at > now());
  return new;
end $$;
create trigger join_on_sign_up after insert on auth.users for each row execute function join_on_sign_up();
insert into storage.buckets (id, name, public) values ('papers', 'papers', false);
create policy papers_read on storage.objects for select to authenticated
  using (bucket_id = 'papers' and (storage.foldername(name))[1] in (select my_orgs()::text));
create policy papers_add on storage.objects for insert to authenticated
  with check (bucket_id = 'papers' and owner = (select auth.uid())
    and exists (select from my_orgs() o where name like o || '/%'));
"""
)
"""Members until a day, who may do what a list says; codes that schools have in common; files in folders."""

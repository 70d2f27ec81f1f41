"""What public Supabase schemas taught: idioms of theirs that are healthy, and the faults that look like them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import psycopg
import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.model import Ownership
from fixtures.tenancy.mutation import Fate, control
from fixtures.tenancy.proof import Proof
from fixtures.tenancy.trial import Trial
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.schemas import Audited, Build, inferred

MINE = "user_id = (select auth.uid())"

MAILBOXES = f"""
create table email_accounts (id uuid primary key, user_id uuid not null references auth.users);
create table emails (id uuid primary key, account_id uuid not null references email_accounts);
alter table email_accounts enable row level security; alter table emails enable row level security;
create policy own on email_accounts using ({MINE});
create policy own on emails using (exists (select from email_accounts a where a.id = account_id and a.{MINE}));
"""
CUSTOMERS = f"""
create table customers (user_id uuid primary key references auth.users, stripe_customer_id text);
alter table customers enable row level security;
create policy own on customers for select using ({MINE});
"""
MEMBERS = """
create table members (id uuid primary key, nick text);
create table remarks (id bigint primary key, member uuid not null references members, body text);
alter table members enable row level security; alter table remarks enable row level security;
create policy own on members using (auth.uid() = id);
create policy own on remarks using (auth.uid() = member);
"""
FILES = """
create table files (
  id bigint primary key, object uuid not null references storage.objects, created_by uuid not null references auth.users
);
alter table files enable row level security;
create policy own on files using (created_by = auth.uid());
create policy own on storage.objects to authenticated using (bucket_id = 'f' and owner = auth.uid());
"""

APP = f"""
create type standing as enum ('user', 'admin');
create table profiles (id uuid primary key references auth.users on delete cascade, role standing default 'user');
create table notices (
  id bigint generated always as identity primary key, user_id uuid not null references auth.users, body text,
  dismissed boolean not null default false
);
create function sign_up() returns trigger language plpgsql security definer set search_path = '' as
$$ begin insert into public.profiles (id) values (new.id); return new; end $$;
create trigger sign_up after insert on auth.users for each row execute function sign_up();
create function only_dismissed() returns trigger language plpgsql set search_path = '' as $$ begin
  old.dismissed := new.dismissed;
  if new is distinct from old then raise exception 'only "dismissed" may change'; end if;
  return new; end $$;
create trigger only_dismissed before update on notices for each row execute function only_dismissed();
create function is_admin() returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.profiles where id = (select auth.uid()) and role = 'admin')
   or coalesce((auth.jwt() ->> 'user_role')::public.standing = 'admin', false) $$;
revoke execute on function sign_up(), only_dismissed() from public, anon, authenticated;
revoke all on profiles, notices from anon, authenticated;
grant select, update on notices to authenticated; grant select on profiles to authenticated;
grant update (id) on profiles to authenticated;
alter table profiles enable row level security; alter table notices enable row level security;
create policy own on profiles for select to authenticated using (id = (select auth.uid()) or is_admin());
create policy mine on profiles for update to authenticated using (id = (select auth.uid()));
create policy own on notices for select to authenticated using ({MINE} or is_admin());
create policy mine on notices for update to authenticated using ({MINE}) with check ({MINE});
insert into storage.buckets (id, name, public) values ('avatars', 'avatars', true);
create policy all_see on storage.objects for select using (bucket_id = 'avatars');
"""
"""Users are the tenants, and administrators theirs; one column alone may change; avatars are public."""

TEAMS = """
create table plans (name text primary key); insert into plans values ('owner'), ('member');
create table teams (
  id uuid primary key default gen_random_uuid(), slug text unique not null, owner_id uuid not null default auth.uid()
    references auth.users
);
create table team_members (
  team_id uuid references teams on delete cascade, user_id uuid references auth.users, role text not null
    references plans, primary key (team_id, user_id)
);
create function enrol() returns trigger language plpgsql security definer set search_path = '' as $$ begin
  if new.owner_id = auth.uid() then
    insert into public.team_members values (new.id, new.owner_id, 'owner');
  end if; return new; end $$;
create trigger enrol after insert on teams for each row execute function enrol();
create function is_member(team uuid) returns boolean language sql stable security definer set search_path = '' as
$$ select exists (select from public.team_members where team_id = team and user_id = (select auth.uid())) $$;
create function secret() returns text language sql volatile set search_path = '' as $$ select md5(random()::text) $$;
create table invitations (
  id uuid primary key default gen_random_uuid(), team_id uuid not null references teams, link text unique not null
    default secret()
);
create function create_team(slug text) returns teams language sql set search_path = '' as
$$ insert into public.teams (slug) values (create_team.slug) returning * $$;
revoke execute on function enrol() from public, anon, authenticated;
revoke all on plans, teams, team_members, invitations from anon, authenticated;
grant select on plans, team_members to authenticated; grant select, insert on teams to authenticated;
grant select, insert, delete on invitations to authenticated;
alter table plans enable row level security; alter table teams enable row level security;
alter table team_members enable row level security; alter table invitations enable row level security;
create policy all_see on plans for select to authenticated using (true);
create policy own on teams for select to authenticated using (owner_id = (select auth.uid()) or is_member(id));
create policy new on teams for insert to authenticated with check (owner_id = (select auth.uid()));
create policy own on team_members for select to authenticated using (is_member(team_id));
create policy own on invitations to authenticated using (is_member(team_id)) with check (is_member(team_id));
"""
"""Everybody may make a team, and a trigger makes them its member; links can't be guessed."""

BY_KEY = f"""{TEAMS}
create function invitation(key uuid) returns invitations language plpgsql stable security definer set search_path = ''
as $$ declare found_ public.invitations; begin
  select * into strict found_ from public.invitations where id = key; return found_; end $$;
"""


def serious(proof: Proof) -> Sequence[str]:
    """What is more than a note."""
    found = [f for f in proof_findings(proof) if f.severity is not FindingSeverity.NOTE]
    return [f"{f.rule} {f.object}: {f.summary}" for f in found]


@pytest.mark.parametrize(
    ("sql", "table", "owner"),
    [
        (MAILBOXES, "public.email_accounts", (Ownership.USER, "user_id")),
        (MAILBOXES, "public.emails", (Ownership.PATH, "")),
        (CUSTOMERS, "public.customers", (Ownership.USER, "user_id")),
        (MEMBERS, "public.members", (Ownership.USER, "id")),
        (MEMBERS, "public.remarks", (Ownership.USER, "member")),
        (FILES, "public.files", (Ownership.USER, "created_by")),
        (FILES, "storage.objects", (Ownership.NAMED, "owner")),
    ],
)
def test_users_are_the_tenants_where_policies_ask_for_them(
    build: Build, sql: str, table: str, owner: tuple[Ownership, str]
) -> None:
    """Whatever tables and columns are called; a stored object is its uploader's, if that is what policies ask for."""
    model = inferred(build(sql))
    found = model.owner(model.catalogue.by_name[table])
    assert (None, True) == (model.tenants, model.per_user)
    assert owner == (found.ownership, found.column)


def test_application_with_administrators_is_healthy(audited: Audited) -> None:
    """They may see all users; what is in a public bucket everybody may see; a token's role is one of the enum."""
    proof = audited(APP)
    assert [] == serious(proof)
    assert {} == proof.worlds.seeder.problems


def test_defects_that_keys_and_triggers_make_harmless_are_no_blindness(audited: Audited) -> None:
    """A profile's key can't be given away, for each user has one; what a trigger lets pass is seen if it is open."""
    proof = audited(APP)
    for world in (proof.worlds.without, proof.worlds.bare, proof.worlds.full):
        with psycopg.connect(world.dsn) as connection:
            connection.execute("truncate voxanne_audit.probes")
    with contextlib.closing(Trial(proof.worlds)) as trial:
        assert [] == [outcome.mutant.label for outcome in control(proof, trial, everything=True).of(Fate.UNSEEN)]
    opened = audited(f"{APP} alter policy mine on notices using (true) with check (true);")
    assert any(found.startswith("isolation.foreign-update public.notices") for found in serious(opened))


def test_teams_that_everybody_may_make_are_healthy(audited: Audited) -> None:
    """A new team takes nothing from anybody, a call that echoes a name tells nothing, a random link is no oracle."""
    proof = audited(TEAMS)
    assert [] == serious(proof)
    assert {} == proof.worlds.seeder.bypassed


def test_row_by_its_key_is_told_though_keys_can_not_be_guessed(audited: Audited) -> None:
    """That there is a row would be worth a note; what is in it is a breach."""
    assert any(
        found.startswith("isolation.function-reads public.invitation(uuid)") for found in serious(audited(BY_KEY))
    )

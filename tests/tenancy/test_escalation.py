"""What a client may change of itself, or say on signing up, opens nothing; where it does, that is told."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.schemas import CLINICS, OWN, Audited, Build, breach_of

SCHEMA = f"""{CLINICS}
create table profiles (
  id uuid primary key references auth.users, nickname text, is_platform_admin boolean not null default false
);
revoke all on profiles from anon, authenticated;
alter table profiles enable row level security;
create policy own on profiles to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select, update {{columns}} on profiles to authenticated;
create policy admins on visits for select to authenticated
using (exists (select from profiles p where p.id = (select auth.uid()) and p.is_platform_admin));
create table wages (clinic_id uuid not null references clinics, id int, amount int, primary key (clinic_id, id));
revoke all on wages from anon, authenticated;
alter table wages enable row level security;
create policy own on wages for select to authenticated using (clinic_id = {OWN});
grant select (clinic_id, id) on wages to authenticated;

create function enrol() returns trigger language plpgsql security definer set search_path = '' as $$ begin
  insert into public.staff (clinic_id, user_id, status)
  select c.id, new.id, 'active' from public.clinics c where c.id::text = new.{{source}} ->> 'clinic_id';
  return new;
end $$;
create trigger enrol after insert on auth.users for each row execute function enrol();

create policy join_any on staff for insert to authenticated with check (user_id = (select auth.uid()) {{more}});
grant insert on staff to authenticated;
"""
OPEN = SCHEMA.format(columns="", source="raw_user_meta_data", more="")
SHUT = SCHEMA.format(columns="(nickname)", source="raw_app_meta_data", more="and clinic_id is null")


@pytest.mark.parametrize(
    ("form", "object_"),
    [
        ("first a change, then a look", "public.profiles"),
        ("sign-up data", "public.staff"),
        ("", "public.staff"),
    ],
    ids=["own flag", "sign-up data", "own membership"],
)
def test_way_up_is_found(audited: Audited, form: str, object_: str) -> None:
    """On the table where it is open."""
    ways = [breach for breach in audited(OPEN).breaches if breach.rule == "isolation.escalation"]
    forms = {"first a change, then a look", "sign-up data"}
    assert object_ in {
        way.object for way in ways if way.probe.form == form or (not form and way.probe.form not in forms)
    }


def test_scripts_show_the_ways_up(audited: Audited, build: Build) -> None:
    """Each finding's."""
    found = [f for f in proof_findings(audited(OPEN)) if f.rule == "isolation.escalation"]
    assert {"public.profiles", "public.staff"} == {finding.object for finding in found}
    for finding in found:
        assert breach_of(build(OPEN), finding.reproduce) is True, finding.reproduce


def test_shut_ways_are_not_blamed(audited: Audited) -> None:
    """A nickname of one's own, metadata that the backend writes, a membership that nobody can give oneself."""
    serious = [f for f in proof_findings(audited(SHUT)) if f.severity is not FindingSeverity.NOTE]
    assert [] == [(f.rule, f.object, f.summary) for f in serious]

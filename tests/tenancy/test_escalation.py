"""What a client may change of itself, or say on signing up, opens nothing; where it does, that is told."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.schemas import CLINICS, Audited, Build, breach_of

PROFILES = f"""{CLINICS}
create table profiles (
  id uuid primary key references auth.users, nickname text, is_admin boolean not null default false
);
revoke all on profiles from anon, authenticated;
alter table profiles enable row level security;
create policy own on profiles to authenticated using (id = (select auth.uid())) with check (id = (select auth.uid()));
grant select, update {{columns}} on profiles to authenticated;
create policy admins on visits for select to authenticated
using (exists (select from profiles p where p.id = (select auth.uid()) and p.is_admin));
"""
SIGN_UP = f"""{CLINICS}
create function enrol() returns trigger language plpgsql security definer set search_path = '' as $$ begin
  insert into public.staff (clinic_id, user_id, status)
  select c.id, new.id, 'active' from public.clinics c where c.id::text = new.{{source}} ->> 'clinic_id';
  return new;
end $$;
create trigger enrol after insert on auth.users for each row execute function enrol();
"""
JOIN = f"""{CLINICS}
create policy join_any on staff for insert to authenticated with check (user_id = (select auth.uid()) {{more}});
grant insert on staff to authenticated;
"""
CASES = {
    "own flag": (PROFILES.format(columns=""), PROFILES.format(columns="(nickname)")),
    "sign-up data": (SIGN_UP.format(source="raw_user_meta_data"), SIGN_UP.format(source="raw_app_meta_data")),
    "own membership": (JOIN.format(more=""), JOIN.format(more="and status = 'nothing'")),
}


@pytest.mark.parametrize("name", CASES)
def test_way_up_is_found_and_the_shut_one_is_not(audited: Audited, build: Build, name: str) -> None:
    """With a script that shows it."""
    fault, neighbour = CASES[name]
    found = [f for f in proof_findings(audited(fault)) if f.rule == "isolation.escalation"]
    assert found
    assert breach_of(build(fault), found[0].reproduce) is True, found[0].reproduce
    healthy = [f for f in proof_findings(audited(neighbour)) if f.severity is not FindingSeverity.NOTE]
    assert [] == [(f.rule, f.object, f.summary) for f in healthy]

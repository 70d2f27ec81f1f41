"""Partitions: each of them gets rows of every tenant, whatever the defaults say; where none went, nothing is proven."""

from __future__ import annotations

import pytest

from fixtures.tenancy.breach import Outcome
from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.matrix import Matrix
from tests.tenancy.schemas import CLINICS, OWN, Audited

CALLS = f"""{CLINICS}
create table calls (
  clinic_id uuid not null references clinics, id bigint not null, at timestamptz not null default '2026-06-01',
  note text
) partition by range (at);
create table calls_before partition of calls for values from (minvalue) to ('2026-01-01');
create table calls_2026 partition of calls for values from ('2026-01-01') to ('2027-01-01');
create table calls_2027 partition of calls for values from ('2027-01-01') to ('2028-01-01') partition by list (note);
create table calls_2027_spam partition of calls_2027 for values in ('spam', 'junk');
create table calls_2027_rest partition of calls_2027 default;
create table calls_else partition of calls default;
revoke all on calls, calls_before, calls_2026, calls_2027, calls_2027_spam, calls_2027_rest, calls_else
from anon, authenticated;
alter table calls enable row level security;
grant select on calls to authenticated;
create policy own on calls for select to authenticated using (clinic_id = {OWN});
"""
LEAVES = ("calls_before", "calls_2026", "calls_2027_spam", "calls_2027_rest", "calls_else")


@pytest.mark.parametrize("leaf", LEAVES)
def test_open_partition_is_a_breach(audited: Audited, leaf: str) -> None:
    """Whichever it is: rows of others are in it."""
    found = audited(CALLS + "".join(f"grant select on {each} to authenticated;" for each in LEAVES))
    assert ("isolation.foreign-select", f"public.{leaf}") in {(f.rule, f.object) for f in proof_findings(found)}


def test_partition_that_no_foreign_row_is_in_is_not_judged(audited: Audited) -> None:
    """Its column can't be told from its bounds, so that silence there says nothing."""
    hidden = f"""{CLINICS}
create table notes (clinic_id uuid not null references clinics, id int not null, at int not null)
partition by range (at, id);
create table notes_low partition of notes for values from (0, 0) to (10, 0);
create table notes_never partition of notes for values from (10, 0) to (10, 1);
revoke all on notes, notes_low, notes_never from anon, authenticated;
grant select on notes, notes_never to authenticated;
alter table notes enable row level security;
create policy own on notes for select to authenticated using (clinic_id = {OWN});
"""
    assert Outcome.NOT_JUDGED is Matrix(audited(hidden)).best()["public.notes_never"]

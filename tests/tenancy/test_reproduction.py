"""A breach's script shows the breach on the schema alone, leaves nothing, and shows nothing once it is mended."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.schemas import OPEN, OWN, Audited, Build, breach_of

HOLES = f"""{OPEN}
create table bills (clinic_id uuid not null references clinics, number text unique, visit uuid,
  primary key (clinic_id, number));
revoke all on bills from anon, authenticated;
alter table bills enable row level security;
create policy own on bills to authenticated using (clinic_id = {OWN}) with check (clinic_id = {OWN});
grant select, insert on bills to authenticated;
create function count_visits() returns bigint language sql stable security definer set search_path = '' as
'select count(*) from public.visits';
create function visit_note(wanted uuid) returns setof text language sql stable security definer set search_path = '' as
'select note from public.visits where clinic_id = wanted';
create function wipe(wanted uuid) returns void language sql security definer set search_path = '' as
'delete from public.visits where clinic_id = wanted';
"""
MENDED = f"""{HOLES}
drop policy anyone on visits;
create policy own on visits to authenticated using (clinic_id = {OWN}) with check (clinic_id = {OWN});
"""
WANTED = {
    ("isolation.foreign-select", "public.visits"),
    ("isolation.foreign-insert", "public.visits"),
    ("isolation.foreign-update", "public.visits"),
    ("isolation.foreign-delete", "public.visits"),
    ("isolation.constraint-oracle", "public.bills"),
    ("isolation.function-reads", "public.count_visits()"),
    ("isolation.function-reads", "public.visit_note(uuid)"),
    ("isolation.function-writes", "public.wipe(uuid)"),
}


@pytest.fixture
def findings(audited: Audited) -> Mapping[tuple[str, str], Finding]:
    """Of a schema with a hole of each kind, those that are more than notes."""
    found = [f for f in proof_findings(audited(HOLES)) if f.severity is not FindingSeverity.NOTE]
    return {(finding.rule, finding.object): finding for finding in found}


def test_every_hole_is_found(findings: Mapping[tuple[str, str], Finding]) -> None:
    """Each by its rule and on its object, with the way to its tenant and what to do."""
    assert WANTED <= set(findings)
    for finding in findings.values():
        assert finding.remedy
        assert finding.summary
    assert "visits.clinic_id" == findings["isolation.foreign-select", "public.visits"].tenant_path


@pytest.mark.parametrize("wanted", sorted(WANTED), ids=" ".join)
def test_script_shows_the_breach(
    findings: Mapping[tuple[str, str], Finding], build: Build, wanted: tuple[str, str]
) -> None:
    """On the schema alone, without any row in it; and it undoes itself."""
    script = findings[wanted].reproduce
    dsn = build(HOLES)
    assert breach_of(dsn, script) is True, script
    assert breach_of(dsn, script) is True, script
    with psycopg.connect(dsn) as connection:
        assert (0,) == connection.execute("select count(*) from visits").fetchone()


@pytest.mark.parametrize("operation", ["select", "insert", "update", "delete"])
def test_script_shows_nothing_where_it_is_mended(
    findings: Mapping[tuple[str, str], Finding], build: Build, operation: str
) -> None:
    """So that it serves as a test of the remedy; a refusal is as good as no effect."""
    script = findings[f"isolation.foreign-{operation}", "public.visits"].reproduce
    try:
        seen = breach_of(build(MENDED), script)
    except psycopg.errors.InsufficientPrivilege:
        seen = False
    assert seen is not True, script

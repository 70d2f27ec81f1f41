"""What is a breach and what is none: a fault and its healthy neighbour for each rule of the proof."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.schemas import CLINICS, OWN, Audited

POLICY = f"(clinic_id = {OWN})"
DEFINER = "language sql security definer set search_path = '' as"
NOTES = f"""
create table notes (clinic_id uuid not null references clinics, id int, body text, primary key (clinic_id, id));
alter table notes enable row level security; revoke all on notes from anon, authenticated;
create policy own on notes to authenticated using {POLICY} with check {POLICY};
grant select, insert, update, delete on notes to authenticated;
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to the healthy schema: a fault of a rule, and a neighbour that looks like it."""

    rule: str
    object: str
    fault: str
    neighbour: str


PAIRS = (
    Pair(
        "isolation.outsider-select", "public.clinics",
        "create policy all_names on clinics for select to anon using (true); grant select on clinics to anon;",
        "create policy none on clinics for select to anon using (false); grant select on clinics to anon;",
    ),
    Pair(
        "isolation.foreign-truncate", "public.visits",
        "grant truncate on visits to authenticated;",
        "grant references, trigger on visits to authenticated;",
    ),
    Pair(
        "isolation.inference", "public.load",
        "create view load as select count(*) from visits; grant select on load to authenticated;",
        "create view load with (security_invoker = on) as select count(*) from visits;"
        "grant select on load to authenticated;",
    ),
    Pair(
        "isolation.constraint-oracle", "public.visits",
        "alter table visits add unique (note);",
        "alter table visits add unique (clinic_id, note);",
    ),
    Pair(
        "isolation.cross-tenant-reference", "public.bills",
        f"alter table visits add unique (id); create table bills (clinic_id uuid not null references clinics, id int,"
        f"  visit_id uuid references visits (id), primary key (clinic_id, id));"
        f"alter table bills enable row level security;"
        f"create policy own on bills to authenticated using {POLICY} with check {POLICY};",
        f"create table bills (clinic_id uuid not null references clinics, id int, visit_id uuid,"
        f" primary key (clinic_id, id), foreign key (clinic_id, visit_id) references visits);"
        f"alter table bills enable row level security;"
        f"create policy own on bills to authenticated using {POLICY} with check {POLICY};",
    ),
    Pair(
        "isolation.function-reads", "public.names()",
        f"create function names() returns setof text {DEFINER} 'select name from public.clinics';",
        f"create function names() returns setof text {DEFINER} $$select name from public.clinics"
        f" where id = {OWN}$$;",
    ),
    Pair(
        "isolation.side-effect", "public.visits",
        f"{NOTES} create function spread() returns trigger {DEFINER.replace('sql', 'plpgsql', 1)} $$begin"
        " update public.notes set body = new.note; return new; end$$;"
        "create trigger spread after insert or update on visits for each row execute function spread();",
        f"{NOTES} create function spread() returns trigger {DEFINER.replace('sql', 'plpgsql', 1)} $$begin"
        " update public.notes n set body = new.note where n.clinic_id = new.clinic_id; return new; end$$;"
        "create trigger spread after insert or update on visits for each row execute function spread();",
    ),
    Pair(
        "isolation.availability", "public.visits",
        "create policy strict on visits for select to authenticated"
        " using (clinic_id = (auth.jwt() -> 'app_metadata' ->> 'clinic_id')::uuid);",
        f"create policy strict on visits for select to authenticated using {POLICY};",
    ),
    Pair(
        "isolation.unowned-rows", "public.notes",
        NOTES.replace("uuid not null", "uuid").replace(", primary key (clinic_id, id)", "")
        + f"create policy loose on notes for select to authenticated using {POLICY[:-1]} or clinic_id is null);",
        NOTES.replace("uuid not null", "uuid").replace(", primary key (clinic_id, id)", ""),
    ),
    Pair(
        "isolation.unclassified", "public.scraps",
        "create table scraps (id int primary key, body text); grant select, insert on scraps to authenticated;",
        "create table scraps (id int primary key, body text); revoke all on scraps from anon, authenticated;"
        "grant select on scraps to authenticated;",
    ),
)  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.rule.removeprefix("isolation."))
def test_fault_is_told_and_its_neighbour_is_not(audited: Audited, pair: Pair) -> None:
    """By the rule and on the object; of the neighbour nothing but notes."""
    faults = {(f.rule, f.object) for f in proof_findings(audited(CLINICS + pair.fault)) if _serious(f.severity)}
    assert (pair.rule, pair.object) in faults
    healthy = [f for f in proof_findings(audited(CLINICS + pair.neighbour)) if _serious(f.severity)]
    assert [] == [(f.rule, f.object, f.summary) for f in healthy]


def test_healthy_schema_breaks_no_rule(audited: Audited) -> None:
    """And something was tried."""
    proof = audited(CLINICS)
    assert [] == [breach.seen for breach in proof.breaches if _serious(breach.severity)]
    assert proof.probes > 500


def _serious(severity: FindingSeverity) -> bool:
    return severity is not FindingSeverity.NOTE

"""Faults as applications have them: each needs a row, an argument or a session that the plainest one is not."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.proof import Proof
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.schemas import CLINICS, OWN, Audited, Build, breach_of
from tests.tenancy.test_judging import DEFINER, OURS, Pair, table


def _saving(name: str, argument: str, source: str, where: str) -> str:
    """A function that writes whatever row it is given."""
    return f"""{table(name)}
create function save_{name}({argument}) returns void {DEFINER.format("sql")} $$
  insert into public.{name} select r.* from {source} r where {where}
  on conflict (clinic_id, id) do update set body = excluded.body $$;
"""


def _copying(name: str, log: str, grant: str) -> str:
    """A trigger on updates that keeps what it sees, under running numbers."""
    return f"""{table(name)}
create table {log} (id bigint generated always as identity primary key, seen jsonb);
revoke all on {log} from anon, authenticated;
create function {log}() returns trigger {DEFINER.format("plpgsql")} $$ begin
  insert into public.{log} (seen) values (to_jsonb(new)); return null; end $$;
create trigger {log} after update on {name} for each row execute function {log}();
revoke execute on function {log}() from public, anon, authenticated;
{grant}
"""


def _channel(rule: str) -> str:
    return f"create policy enter on realtime.messages for select to authenticated using ({rule});"


PAIRS = (
    Pair(
        "isolation.foreign-delete", "public.calls",
        table("calls", more=", doctor uuid references auth.users")
        + "create policy unassigned on calls for delete to authenticated using (doctor is null);"
        "grant delete on calls to authenticated;",
        table("rounds", more=", doctor uuid references auth.users")
        + f"create policy unassigned on rounds for delete to authenticated using (doctor is null and {OURS});"
        "grant delete on rounds to authenticated;",
    ),
    Pair(
        "isolation.foreign-select", "public.drafts",
        table("drafts", more=", published boolean not null default false")
        + "create policy shown on drafts for select to authenticated using (published);",
        table("pages", more=", published boolean not null default false")
        + "create policy shown on pages for select to anon, authenticated using (published);"
        "grant select on pages to anon;"
        "create function page(wanted int) returns setof pages language sql stable as"
        " $$ select * from public.pages where id = wanted $$;",
    ),
    Pair(
        "isolation.function-writes", "public.save_notes(notes)",
        _saving("notes", "given notes", "(select (given).*)", "true"),
        _saving("cards", "given cards", "(select (given).*)", f"r.clinic_id = {OWN}"),
    ),
    Pair(
        "isolation.function-writes", "public.save_files(jsonb)",
        _saving("files", "given jsonb", "jsonb_populate_record(null::public.files, given)", "true"),
        _saving("sheets", "given jsonb", "jsonb_populate_record(null::public.sheets, given)", f"r.clinic_id = {OWN}"),
    ),
    Pair(
        "isolation.escalation", "public.staff",
        "create policy ask on staff for insert to authenticated"
        " with check (user_id = auth.uid() and status = 'invited'); grant insert on staff to authenticated;",
        "grant insert on staff to authenticated; create policy ask on staff for insert to authenticated"
        f" with check (user_id = auth.uid() and status = 'invited' and {OURS});",
    ),
    Pair(
        "isolation.foreign-select", "public.seen_orders",
        _copying("orders", "seen_orders", "grant select on seen_orders to authenticated;"),
        _copying("parcels", "seen_parcels", ""),
    ),
    Pair(
        "isolation.function-reads", "public.first_clinic()",
        f"create function first_clinic() returns setof clinics stable {DEFINER.format('sql')} $$"
        " select * from public.clinics order by name limit 1 $$; grant execute on function first_clinic() to anon;",
        f"create function my_clinic() returns setof clinics stable {DEFINER.format('sql')} $$"
        f" select * from public.clinics where id = {OWN} $$; grant execute on function my_clinic() to anon;",
    ),
    Pair(
        "isolation.foreign-select", "public.guides",
        table("guides") + "create policy fallback on guides for select to authenticated using"
        f" (clinic_id = coalesce({OWN}, nullif(auth.jwt() -> 'user_metadata' ->> 'clinic_id', '')::uuid));",
        table("manuals") + "create policy fallback on manuals for select to authenticated using"
        f" (clinic_id = coalesce({OWN}, nullif(auth.jwt() ->> 'clinic_id', '')::uuid));",
    ),
    Pair(
        "isolation.foreign-select", "realtime.messages",
        _channel("realtime.topic() like 'ward:%'"),
        _channel(f"realtime.topic() = 'ward:' || {OWN}::text"),
    ),
)  # fmt: skip
FAULTS = CLINICS + "".join(pair.fault for pair in PAIRS)
NEIGHBOURS = CLINICS + "".join(pair.neighbour for pair in PAIRS)


def _serious(proof: Proof) -> list[Finding]:
    return [f for f in proof_findings(proof) if f.severity is not FindingSeverity.NOTE]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.object)
def test_fault_is_told(audited: Audited, pair: Pair) -> None:
    """By its rule and on its object."""
    assert (pair.rule, pair.object) in {(f.rule, f.object) for f in _serious(audited(FAULTS))}


def test_scripts_show_the_faults(audited: Audited, build: Build) -> None:
    """Running numbers that the scripts put in do not collide with those that triggers add."""
    scripts = {f"{f.rule} {f.object}": f.reproduce for f in _serious(audited(FAULTS))}
    assert [] == [name for name, script in scripts.items() if breach_of(build(FAULTS), script) is not True]


def test_neighbours_are_not_blamed(audited: Audited) -> None:
    """What everybody may read is published, and no leak."""
    assert [] == [(f.rule, f.object, f.summary) for f in _serious(audited(NEIGHBOURS))]

"""What is a breach and what is none: for each rule of the proof a fault, and a healthy neighbour that looks like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from fixtures.tenancy.contract import Contract
from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.proof import Proof
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.schemas import CLINICS, OWN, Audited

OURS = f"clinic_id = {OWN}"
DEFINER = "language {} security definer set search_path = '' as"


def table(name: str, tenant: str = "uuid not null", more: str = "", rule: str = OURS) -> str:
    """A table with rows of clinics, under a policy for everything."""
    return f"""
create table {name} (
  clinic_id {tenant} references clinics, id int not null, body text, unique (clinic_id, id){more}
);
alter table {name} enable row level security;
revoke all on {name} from anon, authenticated;
create policy own on {name} to authenticated using ({rule}) with check ({OURS});
grant select, insert, update, delete on {name} to authenticated;
"""


def spreading(source: str, target: str, where: str) -> str:
    """A trigger on one table that changes rows of another."""
    return f"""{table(source)}{table(target)}
create function {source}() returns trigger {DEFINER.format("plpgsql")} $$ begin
  update public.{target} n set body = new.body {where}; return new; end $$;
create trigger spread after update on {source} for each row execute function {source}();
revoke execute on function {source}() from public, anon, authenticated;
"""


def noted(name: str, more: str = "") -> str:
    """A table of which every change leaves a hundred notes, in a table of the clinic's own."""
    return f"""{table(name)}
create table {name}_notes (clinic_id uuid references clinics, body text);
alter table {name}_notes enable row level security;
create function {name}() returns trigger {DEFINER.format("plpgsql")} $$ begin
  insert into public.{name}_notes select old.clinic_id, n::text from generate_series(1, 100) n; return old; end $$;
create trigger note before delete on {name} for each row execute function {name}();
revoke execute on function {name}() from public, anon, authenticated;
{more}"""


@dataclass(frozen=True, slots=True)
class Pair:
    """A fault of a rule on an object, and its neighbour; each on tables of its own."""

    rule: str
    object: str
    fault: str
    neighbour: str


PAIRS = (
    Pair(
        "isolation.foreign-select", "public.everyones",
        table("everyones", rule="true"), table("ours"),
    ),
    Pair(
        "isolation.outsider-select", "public.doors",
        table("doors") + "create policy out on doors for select to anon using (true);"
        "grant select on doors to anon;",
        table("shut") + "create policy out on shut for select to anon using (false); grant select on shut to anon;",
    ),
    Pair(
        "isolation.foreign-truncate", "public.bins",
        table("bins") + "grant truncate on bins to authenticated;",
        table("kept") + "grant references, trigger on kept to authenticated;",
    ),
    Pair(
        "isolation.inference", "public.load",
        "create view load as select count(*) from visits; grant select on load to authenticated;",
        "create view own_load with (security_invoker = on) as select count(*) from visits;"
        "grant select on own_load to authenticated;",
    ),
    Pair(
        "isolation.constraint-oracle", "public.codes",
        table("codes", more=", unique (body)"), table("own_codes", more=", unique (clinic_id, body)"),
    ),
    Pair(
        "isolation.cross-tenant-reference", "public.children",
        table("parents", more=", number int unique")
        + table("children", more=", parent int references parents (number)"),
        table("elders")
        + table("heirs", more=", elder int, foreign key (clinic_id, elder) references elders (clinic_id, id)"),
    ),
    Pair(
        "isolation.function-reads", "public.names()",
        f"create function names() returns setof text {DEFINER.format('sql')} 'select name from public.clinics';",
        f"create function own_name() returns setof text {DEFINER.format('sql')} $$"
        f"select name from public.clinics where id = {OWN} $$;",
    ),
    Pair(
        "isolation.function-reads", "public.leaflet(integer)",
        table("leaflets") + f"create function leaflet(link int) returns text {DEFINER.format('sql')} "
        "'select l.body from public.leaflets l where l.id = link';",
        table("letters", more=", link_token text not null unique")
        + f"create function letter(link text) returns text {DEFINER.format('sql')} "
        "'select l.body from public.letters l where l.link_token = link';",
    ),
    Pair(
        "isolation.side-effect", "public.spreads",
        spreading("spreads", "reached", ""), spreading("stays", "stayed_at", "where n.clinic_id = new.clinic_id"),
    ),
    Pair(
        "isolation.foreign-delete", "public.noisy",
        noted("noisy", "create policy gone on noisy for delete to authenticated using (true);"), noted("noted"),
    ),
    Pair(
        "isolation.availability", "public.brittle",
        table("brittle", rule="clinic_id = (auth.jwt() -> 'app_metadata' ->> 'clinic_id')::uuid"), table("sturdy"),
    ),
    Pair(
        "isolation.unowned-rows", "public.loose",
        table("loose", "uuid", rule=f"{OURS} or clinic_id is null"), table("tight", "uuid"),
    ),
    Pair(
        "isolation.unclassified", "public.scraps",
        "create table scraps (id int primary key, body text); grant select, insert on scraps to authenticated;",
        "create table rates (id int primary key, body text); revoke all on rates from anon, authenticated;"
        "grant select on rates to authenticated;",
    ),
)  # fmt: skip
FAULTS = CLINICS + "".join(pair.fault for pair in PAIRS)
NEIGHBOURS = CLINICS + "".join(pair.neighbour for pair in PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.rule.removeprefix('isolation.')}-{pair.object}")
def test_fault_is_told(audited: Audited, pair: Pair) -> None:
    """By its rule and on its object."""
    assert (pair.rule, pair.object) in {(f.rule, f.object) for f in _serious(audited(FAULTS))}


def test_neighbours_are_not_blamed(audited: Audited) -> None:
    """Notes at most; and much was tried."""
    proof = audited(NEIGHBOURS)
    assert [] == [(f.rule, f.object, f.summary) for f in _serious(proof)]
    assert proof.probes > 5000


def _serious(proof: Proof) -> Sequence[Finding]:
    return [f for f in proof_findings(proof) if f.severity is not FindingSeverity.NOTE]


def test_directory_of_tenants_is_no_breach_where_it_is_declared(audited: Audited) -> None:
    """Everybody may read it then, and nobody may change it."""
    open_ = f"""{CLINICS} create policy everybody on clinics for select to anon, authenticated using (true);
        grant select on clinics to anon; grant update on clinics to authenticated;"""
    declared = Contract(shared=frozenset({"public.clinics"}))
    assert {("isolation.foreign-select", "public.clinics")} < {(f.rule, f.object) for f in _serious(audited(open_))}
    assert [] == _serious(audited(open_, declared))
    harmful = f"{open_} create policy anyone on clinics for update to authenticated using (true);"
    assert {"isolation.foreign-update"} == {f.rule for f in _serious(audited(harmful, declared))}


def test_random_key_that_is_unique_alone_is_worth_a_note(audited: Audited) -> None:
    """Whoever gives a row of their own a foreign one's key is told that it is taken, and had to know it."""
    papers = f"""
    create table papers (
      clinic_id uuid not null references clinics, id uuid not null unique default gen_random_uuid(), body text,
      primary key (clinic_id, id)
    );
    create function tidy() returns trigger language plpgsql as $$ begin new.body := trim(new.body); return new; end $$;
    create trigger tidy before insert or update on papers for each row execute function tidy();
    alter table papers enable row level security;
    create policy own on papers to authenticated using ({OURS}) with check ({OURS});
    """
    proof = audited(CLINICS + papers)
    assert [] == _serious(proof)
    assert ("isolation.constraint-oracle", "public.papers") in {(f.rule, f.object) for f in proof_findings(proof)}

"""The mutation control sees what it plants, counts only what can do harm, and is not fooled by a blind judge."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from fixtures.database.schema import SchemaFile, load_schema, read_schema
from fixtures.database.server import Server
from fixtures.defects.schemas.base import healthy_text
from fixtures.defects.schemas.catalogue import HEALTHY_SCHEMAS
from fixtures.reference.deployment import SCHEMA
from fixtures.tenancy.audit import Audit as WholeAudit
from fixtures.tenancy.audit import judge, tell_blindness
from fixtures.tenancy.judging import Judge
from fixtures.tenancy.mutants import Mutant, mutants
from fixtures.tenancy.mutation import SAMPLE, BlindAuditError, Control, Fate, Outcome, Rehearsal, control
from fixtures.tenancy.proof import Proof, prove
from fixtures.tenancy.snapshot import read_catalogue
from fixtures.tenancy.standard_defects import STANDARDS, WRITES
from fixtures.tenancy.trial import Trial
from fixtures.tenancy.updates import Updates
from fixtures.verdict.outcome import CriterionFailed

BAR = 0.99
COMPLETE = {healthy.id: healthy for healthy in HEALTHY_SCHEMAS if healthy.complete}
OTHERS = ("bigint-keys", "organizations-object", "subquery-policies")
"""Numbers as keys and composite references; a map in the token; memberships and paths through parents."""
SOMETIMES = {"key compared by order", "truncate granted"}
"""Hang on how policies are written, and on what the platform's default grants are left."""

OPEN = """
create table public.orgs (id uuid primary key, name text);
create table public.notes (org_id uuid not null references public.orgs, id uuid primary key, body text);
alter table public.orgs enable row level security;
alter table public.notes enable row level security;
create policy all_notes on public.notes for select to authenticated using (true);
revoke all on public.orgs, public.notes from anon, authenticated;
grant select on public.notes to authenticated;
"""

STAMPED = """
create table public.orgs (id uuid primary key, name text);
create table public.notes (org_id uuid not null references public.orgs, id uuid primary key, body text);
create function public.own() returns uuid language sql stable as
$$ select nullif(auth.jwt() -> 'app_metadata' ->> 'org_id', '')::uuid $$;
create function public.stamp() returns trigger language plpgsql as $$ begin
  new.org_id := public.own();
  return new;
end $$;
create trigger stamp before insert on public.notes for each row execute function public.stamp();
alter table public.orgs enable row level security;
alter table public.notes enable row level security;
create policy own on public.notes to authenticated using (org_id = (select own())) with check (org_id = (select own()));
revoke all on public.orgs, public.notes from anon, authenticated;
grant select, insert on public.notes to authenticated;
"""

HELD = """
create table public.orgs (id uuid primary key, name text);
create table public.visits (
  org_id uuid not null references public.orgs, id uuid primary key, user_id uuid references auth.users,
  unique (org_id, id)
);
create table public.members (
  org_id uuid not null references public.orgs, user_id uuid not null references auth.users,
  primary key (org_id, user_id)
);
alter table public.members enable row level security;
grant select on public.members to authenticated;
create policy own on public.members for select to authenticated using (user_id = (select auth.uid()));
create table public.notes (
  org_id uuid not null, visit_id uuid not null, id uuid primary key, body text,
  foreign key (org_id, visit_id) references public.visits (org_id, id)
);
alter table public.orgs enable row level security;
alter table public.visits enable row level security;
alter table public.notes enable row level security;
revoke all on public.orgs, public.visits, public.notes from anon, authenticated;
grant select on public.visits, public.notes to authenticated;
create policy own on public.visits for select to authenticated using (user_id = (select auth.uid()));
create policy own on public.notes for select to authenticated using (exists (
  select from public.visits v
  where v.id = notes.visit_id and v.org_id = notes.org_id and v.user_id = (select auth.uid())));
"""

Audited = Callable[[str], Proof]


@pytest.fixture(scope="module")
def audited(postgres: Server) -> Iterator[Audited]:
    """The proof of a schema by its name, made when it is first asked for."""
    proofs: dict[str, Proof] = {}

    def made(name: str) -> Proof:
        if name not in proofs:
            dsn = postgres.create_database()
            assert [] == list(load_schema(dsn, _files(name)).failures)
            proofs[name] = prove(postgres, dsn)
        return proofs[name]

    yield made
    for proof in proofs.values():
        proof.worlds.drop()


def _files(name: str) -> list[SchemaFile]:
    if name == "reference":
        return list(read_schema([SCHEMA]))
    own = {"open": OPEN, "stamped": STAMPED, "held": HELD}
    return [SchemaFile(Path("schema.sql"), own.get(name) or healthy_text(COMPLETE[name], "own"))]


@contextlib.contextmanager
def _trial(proof: Proof) -> Iterator[Trial]:
    """One like that of the proof, which is closed by now."""
    for world in (proof.worlds.without, proof.worlds.bare, proof.worlds.full):
        with psycopg.connect(world.dsn) as connection:
            connection.execute("truncate voxanne_audit.probes")
    with contextlib.closing(Trial(proof.worlds)) as trial:
        yield trial


def _controlled(proof: Proof, *, everything: bool = False) -> Control:
    with _trial(proof) as trial:
        return control(proof, trial, everything=everything)


def _of_table(proof: Proof, name: str) -> list[Mutant]:
    return list(mutants(proof.model, proof.model.catalogue.by_name[name], list(proof.tokens.shapes)))


def _outcomes(proof: Proof, chosen: list[Mutant]) -> list[Outcome]:
    with _trial(proof) as trial:
        rehearsal = Rehearsal(proof, trial, chosen)
        return [rehearsal.outcome(mutant) for mutant in chosen]


def test_a_sample_of_different_defects_is_seen_on_the_reference(audited: Audited) -> None:
    """Each of another kind, on as many tables; one that does no harm where it fell may not count."""
    control = _controlled(audited("reference"))
    seen = control.of(Fate.SEEN)
    assert not control.of(Fate.UNSEEN)
    assert SAMPLE - 1 <= len(seen)
    assert len(seen) == len({outcome.mutant.standard.name for outcome in seen})
    assert len(seen) == len({outcome.mutant.relation.oid for outcome in seen})


def test_the_sample_hangs_on_the_schema_alone(audited: Audited) -> None:
    """A run can be repeated."""
    first, second = (_controlled(audited("reference")) for _ in range(2))
    assert [o.mutant.label for o in first.outcomes] == [o.mutant.label for o in second.outcomes]


def test_a_judge_that_is_blind_to_reads_is_found_out(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends in an error that names what was planted and not seen."""
    monkeypatch.setattr(Judge, "_of_read", lambda *_: iter(()))
    with pytest.raises(BlindAuditError, match=r"not seen by the audit: .*\(select\) on public\.") as raised:
        _controlled(audited("reference"))
    assert {"select"} == {outcome.mutant.command for outcome in raised.value.unseen}


def test_what_a_blind_audit_has_seen_is_told(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breaches stand, and for what it is silent about it is an error of the harness."""
    monkeypatch.setattr(Judge, "_of_write", lambda *_: iter(()))
    dsn = postgres.create_database()
    load_schema(dsn, [SchemaFile(Path("schema.sql"), f"{OPEN} grant update on public.notes to authenticated;")])
    audit = WholeAudit(prove(postgres, dsn), [])
    assert audit.proof.blind
    with pytest.raises(CriterionFailed, match="foreign rows are seen"):
        judge(audit, "select")
    with pytest.raises(BlindAuditError):
        judge(audit, "insert")
    with pytest.raises(BlindAuditError):  # lints are softened by what the proof saw
        tell_blindness(audit)
    audit.proof.worlds.drop()


@pytest.mark.parametrize("command", WRITES)
def test_a_judge_that_is_blind_to_writes_is_found_out(
    audited: Audited, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Each write that would do harm is unseen, and none is excused."""
    proof = audited("reference")
    chosen = [mutant for mutant in _of_table(proof, "public.contacts") if mutant.command == command]
    monkeypatch.setattr(Judge, "_of_write", lambda *_: iter(()))
    assert len(chosen) >= 4
    assert {Fate.UNSEEN} == {outcome.fate for outcome in _outcomes(proof, chosen)}


def test_recorders_that_are_switched_off_are_found_out(audited: Audited) -> None:
    """What can do harm is told by other means than those that are under control."""
    proof = audited("reference")
    chosen = [mutant for mutant in _of_table(proof, "public.audit_logs") if mutant.command == "delete"]
    with _without_recorder(proof, "public.audit_logs"):
        outcomes = _outcomes(proof, chosen)
    assert {Fate.UNSEEN} == {outcome.fate for outcome in outcomes}


def test_statements_that_are_never_tried_are_found_out(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the audit has no statement that does harm is no excuse: the control has its own."""
    proof = audited("bigint-keys")
    monkeypatch.setattr(Updates, "_forms", lambda *_: iter(()))
    monkeypatch.setattr(Updates, "_moves", lambda *_: iter(()))
    chosen = [mutant for mutant in _of_table(proof, "public.orders") if mutant.command == "update"]
    assert {Fate.UNSEEN} == {outcome.fate for outcome in _outcomes(proof, chosen)}


@contextlib.contextmanager
def _without_recorder(proof: Proof, table: str) -> Iterator[None]:
    for state in ("disable", "enable always"):
        for world in (proof.worlds.bare, proof.worlds.full):
            with psycopg.connect(world.dsn) as connection:
                connection.execute(f"alter table {table} {state} trigger zz_voxanne_audit".encode())
        if state == "disable":
            yield


@pytest.mark.parametrize("name", ["reference", *OTHERS])
def test_the_audit_sees_all_standard_defects(audited: Audited, name: str) -> None:
    """Every standard defect of every table, but at most one in a hundred; every kind is planted."""
    result = _controlled(audited(name), everything=True)
    assert [] == [outcome.mutant.label for outcome in result.of(Fate.NOT_JUDGED)]
    assert result.score >= BAR, "\n".join(outcome.mutant.label for outcome in result.of(Fate.UNSEEN))
    assert {standard.name for standard in STANDARDS} - SOMETIMES <= {
        outcome.mutant.standard.name for outcome in result.of(Fate.SEEN)
    }


def test_nothing_of_it_is_left_behind(audited: Audited) -> None:
    """The worlds have the catalogue that they had before."""
    proof = audited("open")
    before = _catalogues(proof)
    _controlled(proof, everything=True)
    assert before == _catalogues(proof)


def _catalogues(proof: Proof) -> list[object]:
    found: list[object] = []
    for world in (proof.worlds.without, proof.worlds.bare, proof.worlds.full):
        with psycopg.connect(world.dsn) as connection:
            found.append(read_catalogue(connection))
    return found


def test_what_no_trigger_or_key_lets_happen_does_not_count(audited: Audited) -> None:
    """Where a trigger writes the client's own tenant into each row, nobody can insert one of another."""
    proof = audited("stamped")
    chosen = [mutant for mutant in _of_table(proof, "public.notes") if mutant.command == "insert"]
    assert {Fate.HARMLESS} == {outcome.fate for outcome in _outcomes(proof, chosen)}


def test_a_loosened_rule_that_another_one_holds_up_does_not_count(audited: Audited) -> None:
    """Notes are of visits whose key they bear, so that a later clinic's number shows no more of them."""
    proof = audited("held")
    chosen = [m for m in _of_table(proof, "public.notes") if m.standard.name == "key compared by order"]
    assert [Fate.HARMLESS] == [outcome.fate for outcome in _outcomes(proof, chosen)]


def test_what_was_open_before_does_not_count(audited: Audited) -> None:
    """A policy for everybody beside another one changes nothing; one for anon does."""
    proof = audited("open")
    chosen = [mutant for mutant in _of_table(proof, "public.notes") if mutant.command == "select" and not mutant.made]
    fates = {outcome.mutant.standard.name: outcome.fate for outcome in _outcomes(proof, chosen)}
    assert Fate.OPEN_BEFORE == fates["policy for one command"]
    assert Fate.SEEN == fates["policy for everybody, granted to anon"]


def test_a_table_without_foreign_rows_is_told(audited: Audited) -> None:
    """Nothing can be lost in it, so it is left out by name."""
    proof = audited("open")
    table = proof.model.catalogue.by_name["public.notes"]
    worlds = replace(proof.worlds, foreign_rows={**proof.worlds.foreign_rows, table.oid: frozenset()})
    result = _controlled(replace(proof, worlds=worlds))
    assert ["public.notes"] == list(result.left_out)
    assert table.oid not in {outcome.mutant.relation.oid for outcome in result.outcomes}

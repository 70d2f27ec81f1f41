"""Odd schemas through the gate, as a user runs it: exit status, words, time; and never an empty pass."""

from __future__ import annotations

import time
from pathlib import Path

from tests.gate import GateRun, run_gate
from tests.tenancy.schemas import CLINICS, OWN

LIMIT_S = 120
"""On a busy machine; most take a tenth."""
GO, NO_GO, USAGE, UNDECIDED = 0, 1, 4, 20

CYCLES = f"""{CLINICS}
create table wards (clinic_id uuid not null references clinics, id int, head int not null, primary key (clinic_id, id));
create table nurses (clinic_id uuid not null references clinics, id int, ward int not null, primary key (clinic_id, id),
  foreign key (clinic_id, ward) references wards deferrable initially deferred);
alter table wards add foreign key (clinic_id, head) references nurses deferrable initially deferred;
alter table wards enable row level security; alter table nurses enable row level security;
revoke all on wards, nurses from anon, authenticated; grant select on wards, nurses to authenticated;
create policy own on wards for select to authenticated using (clinic_id = {OWN});
create policy own on nurses for select to authenticated using (clinic_id = {OWN});
"""
UNAVAILABLE = f"""{CLINICS}
create policy mates on staff for select to authenticated
using (clinic_id in (select s.clinic_id from staff s where s.user_id = (select auth.uid())));
create function own_clinic() returns uuid language plpgsql stable as $$ begin
  if auth.jwt() -> 'app_metadata' ->> 'clinic_id' is null then
    raise exception 'no clinic' using errcode = '22023';
  end if;
  return {OWN};
end $$;
alter policy own on visits using (clinic_id = own_clinic()) with check (clinic_id = own_clinic());
"""
DROPPING = f"""{CLINICS}
create function tidy() returns void language sql security definer set search_path = '' as
'drop table public.visits cascade';
create function reset() returns void language sql security definer set search_path = '' as 'truncate public.visits';
create function flood() returns void language plpgsql as $$ begin
  for n in 1..5000 loop raise notice 'n %', n; end loop; end $$;
"""


def judged(folder: Path, sql: str) -> tuple[GateRun, float]:
    """A run of the isolation criteria on a schema, and how long it took."""
    path = folder / "schema.sql"
    path.write_text(sql)
    started = time.monotonic()
    run = run_gate(folder / "reports", "-m", "isolation", "--schema", str(path))
    return run, time.monotonic() - started


def test_schema_without_tenants_proves_nothing(tmp_path: Path) -> None:
    """There is nobody to keep apart, which is said and is no GO."""
    run, took = judged(tmp_path, "create table rates (day date primary key, rate numeric);")
    assert UNDECIDED == run.exit_status, run.output
    assert "no tenants" in run.output
    assert not any(id_.startswith("isolation.proof.") for id_ in run.with_verdict("pass"))
    assert took < LIMIT_S


def test_empty_folder_is_told_at_once(tmp_path: Path) -> None:
    """One line, before anything is started."""
    run = run_gate(tmp_path / "reports", "-m", "isolation", "--schema", str(tmp_path))
    assert USAGE == run.exit_status, run.output
    assert str(tmp_path) in run.output
    assert "Traceback" not in run.output


def test_folder_in_which_every_file_fails(tmp_path: Path) -> None:
    """Each failed statement is named with its file and line, and nothing is proven."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "1.sql").write_text("create table a (id no_such_type);")
    (folder / "2.sql").write_text("create tabel b (id int);\n")
    run = run_gate(tmp_path / "reports", "-m", "isolation", "--schema", str(folder))
    assert UNDECIDED == run.exit_status, run.output
    assert "1.sql:1: 42704" in run.output
    assert "2.sql:1: 42601" in run.output
    assert not any(id_.startswith("isolation.proof.") for id_ in run.with_verdict("pass"))
    assert "isolation.loaded" in run.with_verdict("inconclusive")


def test_cycles_of_foreign_keys_are_no_obstacle(tmp_path: Path) -> None:
    """Rows go in all the same, so the reading of both tables is judged, and well."""
    run, took = judged(tmp_path, CYCLES)
    assert set() == run.with_verdict("fail"), run.output
    assert "isolation.proof.select" in run.with_verdict("pass"), run.output
    assert took < LIMIT_S


def test_policies_that_recurse_or_raise_make_unavailable(tmp_path: Path) -> None:
    """By PostgreSQL's own word for the one, by the policy's own for the other."""
    run, took = judged(tmp_path, UNAVAILABLE)
    assert NO_GO == run.exit_status, run.output
    assert "isolation.proof.availability" in run.with_verdict("fail"), run.output
    assert "42P17" in run.output
    assert "no clinic" in run.output
    assert took < LIMIT_S


def test_functions_that_drop_and_empty_tables(tmp_path: Path) -> None:
    """They are told as what they do to others, and the run goes on to its end."""
    run, took = judged(tmp_path, DROPPING)
    assert NO_GO == run.exit_status, run.output
    assert "isolation.proof.functions" in run.with_verdict("fail"), run.output
    for name in ("public.tidy()", "public.reset()"):
        assert name in run.output
    assert "public.flood()" not in "".join(
        str(violation) for violation in run.criteria["isolation.proof.functions"].get("violations", ())
    )
    assert took < LIMIT_S

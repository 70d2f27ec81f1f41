"""A name decides nothing: a schema under names that clash with the audit's own SQL has the verdict that it had."""

from __future__ import annotations

from fixtures.defects.schemas.base import base_schema
from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.model import literal
from fixtures.tenancy.proof import Proof
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.schemas import Audited, Build, breach_of

TROUBLESOME = (
    "q", "r", "t", "p0", "f", "k", "user", "order", "select", "Größe", "a b", 'qu"ote', "it's", "%s", "{x}", "$1",
    "a.b", "back\\slash", "x" * 63,
)  # fmt: skip
"""The audit's own aliases, reserved words, and what quoting, formatting and folding trip over."""

RENAMED = f"""
do $do$
declare
  names constant text[] := array[{", ".join(map(literal, TROUBLESOME))}];
  changed record; called text; old text; new text; number integer := 0; ordinal integer := 0;
begin
  for changed in
    select oid, relname, relispartition from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by oid
  loop
    ordinal := ordinal + 1;
    called := names[ordinal];
    execute format('alter table public.%I rename to %I', changed.relname, called);
    continue when changed.relispartition;  -- its columns are its parent's
    for old in select attname from pg_attribute where attrelid = changed.oid and attnum > 0 order by attnum loop
      number := number % array_length(names, 1) + 1;
      new := case when old in ('name', 'title', 'number', 'kind') then called
        when names[number] = called then 'other' else names[number] end;
      execute format('alter table public.%I rename column %I to %I', called, old, new);
    end loop;
  end loop;
end
$do$;
"""
"""Tables, their columns, and in most a column that is called as its table."""

OPENED = """
drop policy tasks_select on public.tasks;
create policy anyone on public.tasks for select to authenticated using (true);
drop policy projects_delete on public.projects;
create policy anyone on public.projects for delete to authenticated using (true);
"""


def accused(proof: Proof) -> list[Finding]:
    """What is more than a note."""
    return [finding for finding in proof_findings(proof) if finding.severity is not FindingSeverity.NOTE]


def test_healthy_under_other_names(audited: Audited) -> None:
    """Nothing is found."""
    assert [] == accused(audited(base_schema("inline") + RENAMED))


def test_faults_under_other_names(audited: Audited, build: Build) -> None:
    """What is found is what was found before, and the scripts show it."""
    sql = base_schema("inline") + OPENED
    before, after = (accused(audited(text)) for text in (sql, sql + RENAMED))
    assert before
    assert sorted(finding.rule for finding in before) == sorted(finding.rule for finding in after)
    assert {True} == {breach_of(build(sql + RENAMED), finding.reproduce) for finding in after}

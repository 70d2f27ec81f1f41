"""Functions that run a text as SQL: whatever rights they have, somebody can reach other tenants' rows through them."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.schemas import CLINICS, Audited, Build, breach_of

_BODY = "language plpgsql {rights} set search_path = '' as $$ begin {body}; end $$;"
WRAPPED = "return query execute 'select to_json(q) from (' || wanted || ') q'"
RUNNERS = {
    "query with the owner's rights": ("returns setof json", "security definer", WRAPPED, "isolation.function-reads"),
    "command with the owner's rights": (
        "returns void",
        "security definer",
        "execute wanted",
        "isolation.function-writes",
    ),
    "table with the owner's rights": (
        "returns setof json",
        "security definer",
        "return query execute format('select to_json(q) from public.%I q', wanted)",
        "isolation.function-reads",
    ),
    "query with the caller's rights": ("returns setof json", "", WRAPPED, "isolation.escalation"),
    "command with the caller's rights": ("returns void", "", "execute wanted", "isolation.escalation"),
}
HARMLESS = f"""{CLINICS}
create function count_of(wanted regclass) returns bigint language plpgsql set search_path = '' as $$
declare found bigint; begin execute format('select count(*) from %s', wanted) into found; return found; end $$;
create function notes_with(wanted text) returns setof public.visits language plpgsql set search_path = '' as $$ begin
  return query execute 'select * from public.visits where note ilike $1' using '%' || wanted || '%';
end $$;
create function notes_of(wanted text) returns setof public.visits language plpgsql set search_path = '' as $$ begin
  return query execute format('select * from public.visits where note = %L', wanted);
end $$;
"""


@pytest.mark.parametrize("name", RUNNERS)
def test_runner_of_text_is_a_breach(audited: Audited, build: Build, name: str) -> None:
    """By what it can be made to run; the script shows it."""
    returns, rights, body, rule = RUNNERS[name]
    sql = f"{CLINICS} create function run(wanted text) {returns} {_BODY.format(rights=rights, body=body)}"
    found = {f.object: f for f in proof_findings(audited(sql)) if f.rule == rule}
    assert "public.run(text)" in found
    assert breach_of(build(sql), found["public.run(text)"].reproduce) is True, found["public.run(text)"].reproduce


def test_text_that_stays_a_value_is_none(audited: Audited) -> None:
    """Parameters, quoted literals and names of tables leave the caller with its own rights."""
    assert [] == [f for f in proof_findings(audited(HARMLESS)) if f.severity is not FindingSeverity.NOTE]

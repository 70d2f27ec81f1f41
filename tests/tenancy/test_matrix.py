"""Each cell says what was proven of it, and nothing is proven that did not work on own rows."""

from __future__ import annotations

import json

import pytest

from fixtures.tenancy.audit import Audit, judge
from fixtures.tenancy.breach import Outcome
from fixtures.tenancy.matrix import Matrix
from fixtures.verdict.outcome import CriterionFailed, Inconclusive
from tests.tenancy.schemas import CLINICS, OPEN, Audited

SHUT = f"""{CLINICS}
create table closed (clinic_id uuid not null references clinics, id int primary key);
revoke all on closed from anon, authenticated;
alter table closed enable row level security;
grant select, insert on closed to authenticated;
create policy nobody on closed for select to authenticated using (clinic_id = auth.uid() and clinic_id <> auth.uid());
"""
"""A policy that admits the role and no row of anybody."""


def cell(matrix: Matrix, client: str, name: str, operation: str) -> Outcome:
    """What one came to."""
    (found,) = [c for c in matrix.cells if (c.client, c.object, c.operation) == (client, name, operation)]
    return found.outcome


def test_own_rows_work_and_foreign_ones_do_not(audited: Audited) -> None:
    """Proven for those who may try, denied by grant to the others."""
    matrix = Matrix(audited(CLINICS))
    for operation in ("select", "insert", "update", "delete"):
        assert Outcome.PROVEN is cell(matrix, "member of ours", "public.visits", operation)
        assert Outcome.DENIED_BY_GRANT is cell(matrix, "anonymous client", "public.visits", operation)
    assert Outcome.PROVEN is matrix.best()["public.visits"]
    assert [] == matrix.open(("select", "insert", "update", "delete"))


def test_breach_stands_in_the_cell_where_it_was_seen(audited: Audited) -> None:
    """And the object's worst counts."""
    matrix = Matrix(audited(OPEN))
    assert Outcome.BREACHED is cell(matrix, "member of ours", "public.visits", "select")
    assert Outcome.PROVEN is cell(matrix, "member of ours", "public.clinics", "select")
    assert Outcome.BREACHED is matrix.best()["public.visits"]


def test_what_nobody_can_do_is_not_proven(audited: Audited) -> None:
    """A policy that never holds says nothing about isolation; a missing one is a denial."""
    matrix = Matrix(audited(SHUT))
    assert Outcome.NOT_JUDGED is cell(matrix, "member of ours", "public.closed", "select")
    assert ["public.closed"] == [c.object for c in matrix.open(("select",))]
    assert Outcome.DENIED_BY_GRANT is cell(matrix, "member of ours", "public.closed", "insert")


def test_json_has_a_letter_for_each_client(audited: Audited) -> None:
    """One row for each object and operation, with the meaning of letters and why what is open is open."""
    document = json.loads(json.dumps(Matrix(audited(SHUT)).as_json()))
    assert {len(document["clients"])} == {len(row) for row in document["rows"].values()}
    assert set("".join(document["rows"].values())) <= set(document["letters"])
    assert sum(document["counts"].values()) == sum(len(row) for row in document["rows"].values())
    assert ["public.closed select"] == list(document["not_judged"])


def test_criterion_passes_fails_or_stays_open(audited: Audited) -> None:
    """As the cells of its statement say."""
    judge(Audit(audited(CLINICS), ()), "select")
    with pytest.raises(CriterionFailed):
        judge(Audit(audited(OPEN), ()), "select")
    with pytest.raises(Inconclusive, match=r"public\.closed"):
        judge(Audit(audited(SHUT), ()), "select")

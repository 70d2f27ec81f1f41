"""What outside examinations brought: the idiom is not accused, the fault in it is told, and its script shows it."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.examined import EXAMINED, Examined
from tests.tenancy.schemas import Audited, Build, breach_of

HEALTHY = {one.sql: one.id for one in EXAMINED}


@pytest.mark.parametrize("sql", [pytest.param(sql, id=name) for sql, name in HEALTHY.items()])
def test_idiom_is_not_accused(audited: Audited, sql: str) -> None:
    """No breach, no weakness; and every table takes rows as an application writes them."""
    proof = audited(sql)
    assert [] == _accusations(proof_findings(proof))
    assert {} == proof.worlds.seeder.problems
    assert {} == proof.worlds.seeder.bypassed


@pytest.mark.parametrize("one", EXAMINED, ids=lambda one: one.id)
def test_fault_is_told(audited: Audited, build: Build, one: Examined) -> None:
    """By the right rule, of the right object, with a script that shows it."""
    assert 1 == one.sql.count(one.right)
    sql = one.sql.replace(one.right, one.wrong)
    found = {(f.rule, f.object): f for f in _accusations(proof_findings(audited(sql)))}
    assert (one.rule, one.object) in found
    finding = found[one.rule, one.object]
    assert one.severity is finding.severity
    assert breach_of(build(sql), finding.reproduce) is True


def _accusations(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is not FindingSeverity.NOTE]

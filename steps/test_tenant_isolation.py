"""Steps of `tenant_isolation.feature`."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import parsers, scenarios, then, when

from fixtures.tenancy.audit import (
    Audit,
    Outsider,
    findings_of,
    judge,
    matrix,
    outsider_finding,
)
from fixtures.tenancy.catalogue import Catalogue, Policy
from fixtures.tenancy.probes import Cell, Outcome
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.finding import Finding
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on

scenarios("tenant_isolation.feature")


@when("the catalogue is read", target_fixture="snapshot")
def read(catalogue: Catalogue, evidence: Evidence) -> Catalogue:
    """In a read-only transaction."""
    evidence.attach("catalogue", tenant_tables=sorted(catalogue.tables), other_tables=sorted(catalogue.others))
    return catalogue


@then("the 11 tables of the security audit have row-level security enabled")
def audited_tables(snapshot: Catalogue, checklist_tables: Sequence[str]) -> None:
    """They exist, and have it on."""
    missing = [name for name in checklist_tables if name not in snapshot.tables]
    open_tables = [name for name in checklist_tables if name not in missing and not snapshot.tables[name].row_security]
    fail_on(
        [Violation(f"table {name} with a tenant column", "no such table") for name in missing]
        + [Violation(f"row-level security on {name}", "it is off") for name in open_tables]
    )


@then("so has every other table with a tenant column")
def every_tenant_table(snapshot: Catalogue) -> None:
    """A table that was added later, too; without any there is nothing to keep apart."""
    control(snapshot.tables, "no table of schema public has a tenant column")
    open_tables = [table.name for table in snapshot.tables.values() if not table.row_security]
    fail_on(Violation(f"row-level security on {name}", "it is off") for name in open_tables)


@then(parsers.parse("at least {least:d} org_isolation policies are in effect"))
def policies_in_effect(snapshot: Catalogue, checklist_tables: Sequence[str], least: int, evidence: Evidence) -> None:
    """Counted if its table has row security on, it binds signed-in users and it reads the tenant column."""
    if not checklist_tables:
        raise NotApplicable("the schema has none of the tables that the checklist's audit names")
    named = [policy for policy in snapshot.policies if "org_isolation" in policy.name]
    idle = [f"{policy.name} on {policy.table}" for policy in named if not _in_effect(policy, snapshot)]
    evidence.attach("policies", named=len(named), idle=idle)
    expect(
        len(named) - len(idle) >= least and not idle,
        expected=f"at least {least} org_isolation policies, all in effect",
        seen=f"{len(named)} of that name, {len(idle)} without effect: {', '.join(idle[:5]) or '-'}",
    )


@when(parsers.parse("users of two clinics try to {operation} each other's rows in every table"), target_fixture="cells")
def try_operation(audit: Audit, operation: str, evidence: Evidence, findings: list[Finding]) -> list[Cell]:
    """Each try in a savepoint that is rolled back."""
    cells = audit.cells(operation)
    evidence.attach("matrix", operation=operation, **matrix(cells))
    findings.extend(findings_of(cells))
    return cells


@then("every try is refused, while the same on their own rows works")
def all_refused(cells: Sequence[Cell]) -> None:
    """One breach fails; a table on which the own rows can't be reached either proves nothing."""
    judge(cells)


@when("clients that belong to no clinic read every table", target_fixture="outsiders")
def outsiders_read(audit: Audit, findings: list[Finding]) -> list[Outsider]:
    """Anonymous ones, and signed-in ones whose token names no clinic."""
    seen = list(audit.visible_to_outsiders())
    findings.extend({outsider.table.name: outsider_finding(outsider) for outsider in seen}.values())
    return seen


@then("they see no row, while the clinics' own users do")
def outsiders_see_nothing(audit: Audit, outsiders: Sequence[Outsider]) -> None:
    """The control: in every table that its own users may read, they do see rows."""
    fail_on(
        Violation(f"{seen.identity.label} sees nothing in {seen.table.name}", f"{seen.rows} rows") for seen in outsiders
    )
    own = [cell for cell in audit.cells("select") if cell.outcome is Outcome.PROVEN]
    control(own, "no table shows its own users a row either, so that outsiders see none says nothing")


def _in_effect(policy: Policy, snapshot: Catalogue) -> bool:
    table = snapshot.tables.get(policy.table)
    binds = bool({"authenticated", "public"} & set(policy.roles))
    return table is not None and table.row_security and binds and policy.reads_tenant

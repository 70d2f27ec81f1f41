"""Findings can be reproduced: the script of a breach shows it, and shows nothing where all is well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fixtures.database.server import Server
from fixtures.defects.isolation import ISOLATION
from fixtures.reference.canaries import CLINICS
from fixtures.tenancy.audit import Audit, findings_of, judge, matrix, outsider_finding, tenant_of
from fixtures.tenancy.catalogue import read_catalogue
from fixtures.tenancy.probes import Outcome
from fixtures.verdict.outcome import CriterionFailed, Inconclusive, Reason
from tests.changed import changed_database

BREACHES = {
    defect.id: (defect, operation)
    for defect in ISOLATION
    for operation in ("select", "insert", "update", "delete")
    if f"isolation.proof.{operation}" in defect.fails
}


@pytest.fixture
def healthy(postgres: Server, reference_template: str) -> Iterator[psycopg.Connection[Any]]:
    """The reference database, to probe."""
    with changed_database(postgres, reference_template, "") as dsn, psycopg.connect(dsn) as connection:
        yield connection
        connection.rollback()


def audit_of(connection: psycopg.Connection[Any]) -> Audit:
    return Audit(connection, read_catalogue(connection), [tenant_of(clinic) for clinic in CLINICS])


@pytest.mark.parametrize("id_", BREACHES)
def test_script_reproduces_the_breach(
    id_: str, postgres: Server, reference_template: str, healthy: psycopg.Connection[Any]
) -> None:
    """Run as it is by a superuser: rows with the defect, a refusal or none without; and it undoes itself."""
    defect, operation = BREACHES[id_]
    with changed_database(postgres, reference_template, defect.change.sql) as dsn, psycopg.connect(dsn) as connection:
        cells = audit_of(connection).cells(operation)
        connection.rollback()
        finding = next(findings_of(cells))
        with_defect = _rows(connection, finding.reproduce)
        assert with_defect > _rows(healthy, finding.reproduce) if _exists(healthy, finding.object) else with_defect > 0


def _exists(connection: psycopg.Connection[Any], name: str) -> bool:
    row = connection.execute("select to_regclass(%s) is not null", [name]).fetchone()
    return bool(row and row[0])


def _rows(connection: psycopg.Connection[Any], script: str) -> int:
    """How many rows the script's statement touched or returned; of a refusal, none."""
    connection.rollback()
    statement = script.removeprefix("begin;\n").removesuffix(";\nrollback;")
    identity, _, probe = statement.rpartition(";\n")
    connection.execute(identity.encode())
    try:
        cursor = connection.execute(probe.encode())
        return sum(row[-1] for row in cursor.fetchall()) if cursor.description else cursor.rowcount
    except psycopg.errors.InsufficientPrivilege:
        return 0
    finally:
        connection.rollback()


def test_probes_leave_no_trace(healthy: psycopg.Connection[Any]) -> None:
    """After every operation, in the same transaction, all rows are as they were."""
    audit = audit_of(healthy)
    query = "select md5(string_agg(c::text, '' order by c::text)) from public.contacts c"
    before = healthy.execute(query).fetchone()
    for operation in ("select", "insert", "update", "delete"):
        audit.cells(operation)
    assert before == healthy.execute(query).fetchone()
    assert ("postgres",) == healthy.execute("select current_user").fetchone()


def test_empty_world_proves_nothing(healthy: psycopg.Connection[Any]) -> None:
    """Without rows of the other tenant there is nothing that could be seen."""
    healthy.execute("set local session_replication_role = replica")
    for table in read_catalogue(healthy).tables.values():
        healthy.execute(f"delete from public.{table.name} where {table.tenant_column} = %s".encode(), [CLINICS[1].id])
    healthy.execute("set local session_replication_role = origin")
    for operation in ("select", "insert", "update", "delete"):
        with pytest.raises(Inconclusive) as caught:
            judge(audit_of(healthy).cells(operation))
        assert Reason.CONTROL_FAILED is caught.value.reason


def test_client_that_can_do_nothing_proves_nothing(healthy: psycopg.Connection[Any]) -> None:
    """A policy that no claim satisfies keeps tenants apart, and the owners out."""
    healthy.execute("alter policy leads_org_isolation on public.leads using (false) with check (false)")
    cells = audit_of(healthy).cells("select")
    assert {"leads"} == {cell.table.name for cell in cells if cell.outcome is Outcome.NOT_JUDGED}
    with pytest.raises(Inconclusive, match="leads"):
        judge(cells)


def test_breach_outranks_what_is_open(healthy: psycopg.Connection[Any]) -> None:
    """One of each: a failure, with every breach told."""
    healthy.execute("alter policy leads_org_isolation on public.leads using (false) with check (false)")
    healthy.execute("alter table public.services disable row level security")
    cells = audit_of(healthy).cells("select")
    with pytest.raises(CriterionFailed) as caught:
        judge(cells)
    assert 2 == len(caught.value.violations)
    assert ["services"] == matrix(cells)["breached"]


def test_outsider_finding_shows_the_rows(healthy: psycopg.Connection[Any]) -> None:
    """Anonymous clients that read a table."""
    healthy.execute("grant select on public.services to anon")
    healthy.execute("create policy anyone on public.services for select to anon using (true)")
    [seen] = audit_of(healthy).visible_to_outsiders()
    assert ("services", "anon", 2) == (seen.table.name, seen.identity.role, seen.rows)
    assert "set_config('role', 'anon', true)" in outsider_finding(seen).reproduce

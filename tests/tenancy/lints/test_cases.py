"""Each lint: silent before its fault, accuses the right object with it, silent again once mended."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from fixtures.tenancy import catalogue_findings
from fixtures.tenancy.lints.catalogue_of_rules import BY_NAME, RULES
from fixtures.tenancy.lints.engine import findings_of
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.tenancy.lints.cases import CASES, Case

# A fact of the server, which no statement can plant; test_server.py judges it.
WITHOUT_CASE = {"lint.server-cve"}
# pg_graphql is on no test server; what the lint asks for is that it is registered.
GRAPHQL = """
insert into pg_catalog.pg_extension select 4000000000, 'pg_graphql', extowner, extnamespace, false, '1', null, null
from pg_catalog.pg_extension limit 1;
"""


def _found(connection: psycopg.Connection[Any], case: Case) -> Finding | None:
    findings = findings_of(connection, [BY_NAME[case.rule]])
    name = case.object.replace("CURRENT_DATABASE", connection.info.dbname)
    return next((finding for finding in findings if finding.object == name), None)


def _run(connection: psycopg.Connection[Any], script: str) -> None:
    connection.execute(script.replace("GRAPHQL", GRAPHQL).encode())


@pytest.mark.parametrize("case", CASES, ids=[f"{at}-{case}" for at, case in enumerate(CASES)])
def test_fault_is_found_and_its_remedy_mends_it(case: Case, connection: psycopg.Connection[Any]) -> None:
    """Absent, present with a script that shows it, absent."""
    if case.setup:
        _run(connection, case.setup)
    before = _found(connection, case)
    assert before is None or before.severity is not FindingSeverity(case.severity)
    _run(connection, case.fault)
    finding = _found(connection, case)
    assert finding is not None
    assert FindingSeverity(case.severity) is finding.severity
    assert connection.execute(finding.reproduce.encode()).fetchall()
    _run(connection, case.remedy or finding.remedy)
    after = _found(connection, case)
    assert after is None or after.severity is not FindingSeverity(case.severity)


def test_every_lint_has_a_fault() -> None:
    """A rule that nothing can trigger would look like a schema without faults."""
    assert {rule.name for rule in RULES} == {case.rule for case in CASES} | WITHOUT_CASE


def test_healthy_schema_has_no_weakness(connection: psycopg.Connection[Any]) -> None:
    """The platform's own defaults are notes at most."""
    weak = [finding for finding in catalogue_findings(connection) if finding.severity is FindingSeverity.WEAKNESS]
    assert [] == weak

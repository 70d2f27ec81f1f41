"""Steps of `tenant_isolation.feature`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_bdd import parsers, scenarios, then, when

from fixtures.tenancy.audit import Audit, judge, judge_findings, tell_blindness
from fixtures.tenancy.breach import Outcome
from fixtures.tenancy.catalogue import Catalogue
from fixtures.tenancy.inference import infer
from fixtures.tenancy.model import TenantModel
from fixtures.tenancy.plugin import Shadow
from fixtures.tenancy.relation import Policy, Relation
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.finding import Finding
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on, precondition

scenarios("tenant_isolation.feature")


@when("the schema is built on a server of its own", target_fixture="built")
def build(shadow: Shadow, evidence: Evidence) -> Shadow:
    """As the bootstrap, the loader and the server say."""
    evidence.attach("load", lines=shadow.loaded.describe()[:200])
    return shadow


@then("every statement of it stands")
def all_loaded(built: Shadow) -> None:
    """What was not loaded was not audited: that is told, and never a pass."""
    failures = built.loaded.failures
    precondition(not failures, f"{len(failures)} statements not loaded: {'; '.join(failures[:5])}")


@when("the catalogue is read", target_fixture="snapshot")
def read(catalogue: Catalogue, evidence: Evidence) -> TenantModel:
    """In a read-only transaction."""
    model = infer(catalogue)
    owners = {relation.full_name: str(model.owner(relation).ownership) for relation in catalogue.tables}
    evidence.attach("catalogue", tables=owners)
    return model


@then("the 11 tables of the security audit have row-level security enabled")
def audited_tables(snapshot: TenantModel, checklist_tables: Sequence[str]) -> None:
    """They exist, and have it on."""
    found = {name: snapshot.catalogue.by_name.get(f"public.{name}") for name in checklist_tables}
    fail_on(
        [
            Violation(f"table {name} with a tenant column", "no such table")
            for name, table in found.items()
            if table is None
        ]
        + [
            Violation(f"row-level security on {n}", "it is off")
            for n, table in found.items()
            if table and not table.row_security
        ]
    )


@then("so has every other table with rows of tenants")
def every_tenant_table(snapshot: TenantModel) -> None:
    """A table that was added later, too; without any there is nothing to keep apart."""
    tables = [table for table in snapshot.catalogue.tables if _holds_tenants(snapshot, table)]
    control(tables, "no table has rows of tenants")
    reachable = [table for table in tables if _is_reachable(snapshot.catalogue, table)]
    fail_on(
        Violation(f"row-level security on {table.name}", "it is off") for table in reachable if not table.row_security
    )


@then(parsers.parse("at least {least:d} org_isolation policies are in effect"))
def policies_in_effect(snapshot: TenantModel, checklist_tables: Sequence[str], least: int, evidence: Evidence) -> None:
    """Counted if its table has row security on, it binds signed-in users and it reads the tenant column."""
    if not checklist_tables:
        raise NotApplicable("the schema has none of the tables that the checklist's audit names")
    named = [policy for policy in snapshot.catalogue.policies if "org_isolation" in policy.name]
    idle = [policy.name for policy in named if not _in_effect(policy, snapshot)]
    evidence.attach("policies", named=len(named), idle=idle)
    expect(
        len(named) - len(idle) >= least and not idle,
        expected=f"at least {least} org_isolation policies, all in effect",
        seen=f"{len(named)} of that name, {len(idle)} without effect: {', '.join(idle[:5]) or '-'}",
    )


@then("no state of it allows or hides a breach")
def no_lint(snapshot: TenantModel, lints: Sequence[Finding]) -> None:
    """Of a live database, where nothing can be tried; beside a proof, what it saw to be harmless is a note."""
    control(snapshot.catalogue.relations, "the catalogue holds no relation")
    judge_findings([finding for finding in lints if not _is_observable(finding)])


@when("everybody tries everything in two worlds that differ in foreign rows only", target_fixture="tried")
def try_everything(audit: Audit, evidence: Evidence) -> Audit:
    """Each try in a savepoint that is rolled back, on copies of the schema."""
    control(audit.proof.model.has_tenants, "no tenants, and no users with rows of their own, were found in the schema")
    evidence.attach("audit", **audit.proof.summary())
    return audit


@then(parsers.parse("{statement} is proven for every table, view and function"))
def proven(tried: Audit, statement: str, evidence: Evidence, findings: list[Finding]) -> None:
    """One breach or weakness fails; what could not be judged is no pass."""
    if statement == "select":
        evidence.attach("matrix", **tried.matrix.as_json())
        findings.extend([*tried.lint_findings, *tried.proof.costs])
    findings.extend(tried.of(statement))
    judge(tried, statement)


@then("no state of the schema allows or hides a breach that no client could show")
def no_hidden_state(tried: Audit) -> None:
    """Lints, softened where the proof saw that no harm is done; of harm that it saw its own statement tells."""
    worst = tried.matrix.best()
    judge_findings([finding for finding in tried.lint_findings if not _is_shown(finding, worst)])
    tell_blindness(tried)


def _is_observable(finding: Finding) -> bool:
    from fixtures.tenancy.lints.catalogue_of_rules import BY_NAME

    return finding.rule in BY_NAME and BY_NAME[finding.rule].observable


def _is_shown(finding: Finding, worst: Mapping[str, Outcome]) -> bool:
    """Whether the proof breached what the lint accuses: an object, or the table of a policy."""
    objects = (finding.object, finding.object.rpartition(".")[0])
    return _is_observable(finding) and any(worst.get(name) is Outcome.BREACHED for name in objects)


def _holds_tenants(model: TenantModel, table: Relation) -> bool:
    return (
        table.schema not in {"auth", "storage", "realtime"} and model.owner(table).is_somebodys and not table.partition
    )


def _is_reachable(catalogue: Catalogue, table: Relation) -> bool:
    return table.schema == "public" or any(catalogue.may(role.name, table, "select") for role in catalogue.clients)


def _in_effect(policy: Policy, model: TenantModel) -> bool:
    table = model.catalogue.relations[policy.relation]
    owner = model.owner(table)
    reads = owner.column in policy.columns or bool(owner.through and set(owner.through.columns) & set(policy.columns))
    binds = not policy.roles or "authenticated" in policy.roles
    return table.row_security and binds and reads

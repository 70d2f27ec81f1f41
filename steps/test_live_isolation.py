"""Steps of `live_isolation.feature`."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_bdd import scenarios, then, when

from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from fixtures.tenancy.audit import CHECKLIST_TABLES
from fixtures.tenancy.canary.cell import Cell, Outcome, findings_of, judge, matrix
from fixtures.tenancy.canary.objects import Objects
from fixtures.tenancy.canary.own_rows import OwnRows
from fixtures.tenancy.canary.plugin import LiveApi
from fixtures.tenancy.canary.tokens import Tokens, Try, accepted, unclear
from fixtures.tenancy.canary.writes import Writes
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.finding import Finding
from fixtures.verdict.outcome import NotApplicable, control, fail_on

scenarios("live_isolation.feature")


@when("users of two clinics ask the API for rows of others in every table", target_fixture="shown")
def read_foreign_rows(live_api: LiveApi, evidence: Evidence, findings: list[Finding]) -> list[Cell]:
    """Only the tenant column: a leak is proven without reading what leaks."""
    return _noted(live_api.reads.select(live_api.tables), evidence, findings)


@then("no row of others is shown, while each is shown its own")
def nothing_shown(shown: Sequence[Cell]) -> None:
    """A table that shows a user no row of its own proves nothing."""
    judge(shown)


@when("somebody anonymous asks the API for rows of every table", target_fixture="shown_to_anybody")
def read_as_anybody(live_api: LiveApi, evidence: Evidence, findings: list[Finding]) -> list[Cell]:
    """With the public key."""
    return _noted(live_api.reads.outsider(live_api.tables), evidence, findings)


@then("nobody's rows are shown, while users are shown their own")
def nothing_shown_to_anybody(shown_to_anybody: Sequence[Cell], live_api: LiveApi) -> None:
    """A table without a grant to anonymous clients is as good; that the API works at all is the users' to show."""
    live_api.readable_table()
    judge(shown_to_anybody, proves=(Outcome.PROVEN, Outcome.DENIED))


@when(
    "a user of one clinic tries to change by its key what a user of the other made in every table",
    target_fixture="touched",
)
def touch_foreign_rows(live_api: LiveApi, own_rows: OwnRows, evidence: Evidence, findings: list[Finding]) -> list[Cell]:
    """The rows are the run's own; no statement without a key."""
    attacker, owner = live_api.users
    return _noted(Writes(attacker, owner, own_rows).cells(live_api.tables), evidence, findings)


@then("every row stays as its owner left it, while its owner can change it")
def nothing_touched(touched: Sequence[Cell]) -> None:
    """The tables of the security audit have to be judged; of others the evidence tells which could not be."""
    judge(touched, {f"public.{name}" for name in CHECKLIST_TABLES})


@when(
    "a user of one clinic tries to reach what a user of the other stored in every bucket",
    target_fixture="reached",
)
def reach_foreign_objects(
    live_api: LiveApi,
    buckets: Sequence[str],
    run_identity: RunIdentity,
    evidence: Evidence,
    findings: list[Finding],
) -> list[Cell]:
    """What is stored is removed at once; what killed runs have stored was removed when the buckets were looked up."""
    if not buckets:
        raise NotApplicable("the project has no storage bucket")
    attacker, owner = live_api.users
    objects = Objects(attacker, owner, live_api.anonymous, run_identity.call_prefix)
    return _noted(objects.cells(buckets), evidence, findings)


@then("every object stays its owner's, who can reach it")
def nothing_reached(reached: Sequence[Cell]) -> None:
    """A bucket into which no user may put anything shows nothing either way."""
    judge(reached)


@when("tokens that nobody issued are shown to the API", target_fixture="tries")
def show_forged_tokens(live_api: LiveApi) -> list[Try]:
    """On a table whose own rows the genuine token shows, and at Auth."""
    user, other = live_api.users
    return Tokens(live_api.principals, user, live_api.readable_table()).forged(other)


@then("each of them is refused, while the genuine one is accepted")
def forgeries_refused(tries: Sequence[Try]) -> None:
    """With 401 or 403, by both."""
    fail_on(accepted(tries))
    control(not unclear(tries), unclear(tries))


@when("a token that expired is shown to the API", target_fixture="late_tries")
def show_expired_token(live_api: LiveApi, target: Target) -> list[Try]:
    """Signed with the project's own secret."""
    secret = target.variables["JWT_SECRET"]
    return Tokens(live_api.principals, live_api.users[0], live_api.readable_table()).expired(secret)


@then("it is refused, while a like one in date is accepted")
def expired_refused(late_tries: Sequence[Try]) -> None:
    """With 401 or 403, by both."""
    fail_on(accepted(late_tries))
    control(not unclear(late_tries), unclear(late_tries))


def _noted(cells: list[Cell], evidence: Evidence, findings: list[Finding]) -> list[Cell]:
    evidence.attach("matrix", **matrix(cells))
    findings.extend(findings_of(cells))
    return cells

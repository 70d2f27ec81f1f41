"""Whose call it is, the call says: its assistant and the number that was called. Nothing else may."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from contracts.conftest import ArgumentsFor
from contracts.crossing import Border, question
from contracts.each_tool import each_tool
from contracts.good_order import in_good_order, not_served
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall, stranger
from fixtures.vapi.reply import Answer, answer_to, understood
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
TENANT_ARGUMENTS = ("tenantId", "tenant_id", "orgId", "org_id", "organizationId", "organization_id", "clinicId")


@pytest.fixture
def border(clinic: Organisation, other_clinic: Organisation, diary: Diary, run_identity: RunIdentity) -> Border:
    """A call to the first clinic, and the second one's data."""
    return Border(clinic, other_clinic, diary, run_identity)


@each_tool("tenant.no-default")
def test_no_default(
    tool: ToolDefinition,
    vapi: Vapi,
    ring: Ring,
    target: Target,
    diary: Diary,
    arguments_for: ArgumentsFor,
    run_identity: RunIdentity,
) -> None:
    """A call whose assistant and number are no clinic's is served by none."""
    clinic = target.organisations[0]
    in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    before = diary.snapshot(target.organisations)
    call = ToolCall(tool, arguments_for(tool, clinic))
    reply = vapi.call_tools(stranger(ring(clinic), run_identity.next_caller()), call)
    written = diary.changes(target.organisations, before)
    expect(not written, expected="no row in any clinic", seen=f"{len(written)} rows for a call to no clinic")
    if reply.exchange.status == 200:
        answer = understood(reply, call)
        expect(
            answer.refused or answer.data.get("found") is False,
            expected="a refusal: no clinic has this assistant or number",
            seen=f"served: {answer.text[:200]}",
        )
    precondition(reply.exchange.complete, f"no answer: {reply.exchange.fault}")


@each_tool("tenant.without-metadata")
def test_without_metadata(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """Vapi sends metadata only where the assistant's overrides set it; assistant and number must do."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    call = ToolCall(tool, arguments_for(tool, clinic))
    reply = vapi.call_tools(replace(ring(clinic), metadata=None), call)
    fail_on(not_served(reply, call, f"without metadata, by {clinic.name}'s assistant and number", good))


@each_tool("tenant.contradiction")
def test_contradiction(tool: ToolDefinition, vapi: Vapi, ring: Ring, border: Border) -> None:
    """Assistant and number are one clinic's, the metadata name the other, or the caller is the other's patient."""
    here, there = border.here, border.there
    _control_own(vapi, ring(here), tool, border)
    line = replace(ring(here), metadata={"org_id": there.id, "orgId": there.id, "tenantId": there.id})
    fail_on(_crossing(vapi, line, tool, border, "the metadata"))
    for contact in [known for known in there.contact if known.phone not in {own.phone for own in here.contact}][:1]:
        fail_on(_crossing(vapi, replace(ring(here), customer=contact.phone), tool, border, "the caller's number"))


@each_tool("tenant.argument-ignored")
def test_argument_ignored(tool: ToolDefinition, vapi: Vapi, ring: Ring, border: Border) -> None:
    """The arguments name the other clinic in every way that was seen; model and caller make arguments up."""
    _control_own(vapi, ring(border.here), tool, border)
    misleading = dict.fromkeys(TENANT_ARGUMENTS, border.there.id)
    fail_on(_crossing(vapi, ring(border.here), tool, border, "an argument", misleading))


def _control_own(vapi: Vapi, line: LiveCall, tool: ToolDefinition, border: Border) -> None:
    """Asked in good order, the answer is the clinic's own."""
    asked = question(tool.key, border)
    answer = vapi.ask(line, tool, asked.arguments)
    crossed = asked.crossed(answer)
    detail = f"asked in good order, the answer is not {border.here.name}'s own: {crossed or answer.text[:160]}"
    control(asked.own(answer) and not crossed, detail)


def _crossing(
    vapi: Vapi,
    line: LiveCall,
    tool: ToolDefinition,
    border: Border,
    misleading: str,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Iterator[Violation]:
    """How the answer to a misleading call shows the other clinic. A refusal is as good as the own clinic's answer."""
    asked = question(tool.key, border)
    call = ToolCall(tool, {**asked.arguments, **more})
    reply = vapi.call_tools(line, call)
    precondition(reply.exchange.complete, f"no answer: {reply.exchange.fault}")
    answer = answer_to(reply, call) or Answer(refused=True, text="", data={})
    if crossed := asked.crossed(answer):
        own = f"{border.here.name}'s own data, or a refusal"
        yield Violation(f"{own}, though {misleading} names {border.there.name}", crossed)

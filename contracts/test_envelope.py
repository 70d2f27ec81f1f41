"""What all four tools share: the reply's form, refusals, and no clinic by default."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from contracts.conftest import ArgumentsFor
from contracts.each_tool import each_tool
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Reply, understood
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]


@each_tool("envelope.transport")
def test_transport(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """A call in the wire form gets HTTP 200 and JSON."""
    reply = vapi.call_tools(ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    fail_on(violations(reply, Layer.TRANSPORT))


@each_tool("envelope.results")
def test_results(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """The reply is one that Vapi hands to the model, whatever else is wrong with it."""
    reply = vapi.call_tools(ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    precondition(reply.has_document, f"no JSON to judge; see tools.{tool.key}.envelope.transport")
    fail_on(violations(reply, Layer.ENVELOPE))


@each_tool("errors.missing-argument")
def test_missing_argument(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Without a required argument: HTTP 200, a refusal, and no row."""
    clinic = target.organisations[0]
    _control_served(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    before = diary.snapshot(target.organisations)
    for name in tool.required:
        arguments = arguments_for(tool, clinic)
        del arguments[name]
        call = ToolCall(tool, arguments)
        _expect_refusal(vapi.call_tools(ring(clinic), call), call, f"without {name}")
    written = diary.changes(target.organisations, before)
    expect(not written, expected="no row written", seen=f"{len(written)} rows in {[c.table for c in written]}")


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
    stranger = replace(
        ring(clinic),
        assistant_id=str(uuid.uuid4()),
        phone_number_id=str(uuid.uuid4()),
        phone_number=run_identity.next_phone(),
        metadata=None,
    )
    _control_served(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    before = diary.snapshot(target.organisations)
    call = ToolCall(tool, arguments_for(tool, clinic))
    reply = vapi.call_tools(stranger, call)
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


def _control_served(vapi: Vapi, line: LiveCall, call: ToolCall) -> None:
    """A tool that refuses everything proves nothing by refusing one call more."""
    answer = understood(vapi.call_tools(line, call), call)
    control(not answer.refused, f"the same call in good order is refused too: {answer.text[:160]}")


def _expect_refusal(reply: Reply, call: ToolCall, case: str) -> None:
    broken = violations(reply, Layer.TRANSPORT)
    fail_on(replace(violation, seen=f"{case}: {violation.seen}") for violation in broken)
    answer = understood(reply, call)
    if not answer.refused:
        fail_on([Violation("a refusal that the assistant can say", f"{case}: {answer.text[:200]}")])

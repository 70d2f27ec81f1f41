"""How a refusal must look, and that the same call in good order is not refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Reply, answer_to, understood
from fixtures.vapi.rules import Layer, violations
from fixtures.verdict.outcome import Violation, control


def control_served(vapi: Vapi, line: LiveCall, call: ToolCall) -> None:
    """A tool that refuses everything proves nothing by refusing one call more."""
    answer = understood(vapi.call_tools(line, call), call)
    control(not answer.refused, f"the same call in good order is refused too: {answer.text[:160]}")


def not_refused(reply: Reply, call: ToolCall, case: str) -> Iterator[Violation]:
    """Why a reply is no refusal that the assistant can say: HTTP 200 with an `error`, or `success: false`."""
    broken = violations(reply, Layer.TRANSPORT)
    yield from (replace(violation, seen=f"{case}: {violation.seen}") for violation in broken)
    answer = answer_to(reply, call)
    if not broken and answer is None:
        seen = f"{case}: {reply.exchange.text[:160]!r}"
        yield Violation("a refusal that Vapi hands to the model", seen, exchange=reply.exchange.curl)
    if answer and not answer.refused:
        seen = f"{case}: {answer.text[:200]}"
        yield Violation("a refusal that the assistant can say", seen, exchange=reply.exchange.curl)

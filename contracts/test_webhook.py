"""The webhook: what Vapi tells, and the one thing it asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from fixtures.database.readback import Readback
from fixtures.target.canaries import Organisation
from fixtures.vapi.client import Vapi, as_document
from fixtures.vapi.message import (
    LiveCall,
    Message,
    assistant_request,
    end_of_call_report,
    plain_message,
    status_update,
)
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
TRANSCRIPTS = "call_transcripts"
ANSWERS = {"assistantId", "assistant", "squadId", "squad", "workflowId", "workflow", "destination"}
"""Members by which an assistant-request is answered (Vapi OpenAPI); `error` refuses the call."""


@pytest.mark.criterion("webhook.messages.acknowledged")
def test_acknowledged(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Messages that want no answer get a 2xx, those of types that nobody knows yet included.

    The control is a message that does want one: without its answer, anything at all may be behind the address.
    """
    greeting = vapi.tell(assistant_request(ring(clinic)))
    control(isinstance(as_document(greeting), dict), f"an assistant-request gets no JSON: {greeting.text[:120]!r}")
    fail_on(_not_acknowledged(vapi, ring(clinic)))


def _not_acknowledged(vapi: Vapi, call: LiveCall) -> Iterator[Violation]:
    messages: list[Message] = [
        status_update(call, "in-progress"),
        plain_message(call, "speech-update", status="started", role="assistant", turn=1),
        plain_message(call, "transcript", role="user", transcriptType="final", transcript="Hello"),
        plain_message(call, "hang"),
        plain_message(call, "a-type-of-next-year", anything={"nested": [1, None]}),
        status_update(call, "ended"),
    ]
    for message in messages:
        exchange = vapi.tell(message)
        if exchange.fault or exchange.status is None or not 200 <= exchange.status < 300:
            seen = exchange.fault or f"HTTP {exchange.status}: {exchange.text[:160]}"
            yield Violation(f"2xx to {message['message']['type']}", seen, source="docs.vapi.ai/server-url/events")


@pytest.mark.criterion("webhook.messages.assistant-request")
def test_assistant_request(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """The answer names an assistant in a way that Vapi takes, and it is the clinic's."""
    exchange = vapi.tell(assistant_request(ring(clinic)))
    document = as_document(exchange)
    seen = exchange.fault or f"HTTP {exchange.status}: {exchange.text[:200]}"
    expect(
        exchange.status == 200 and isinstance(document, dict) and ANSWERS & document.keys(),
        expected=f"HTTP 200 with one of {', '.join(sorted(ANSWERS))}",
        seen=seen,
    )
    expect(document.get("assistantId", clinic.assistant_id) == clinic.assistant_id,
           expected=f"the assistant of {clinic.name}, {clinic.assistant_id}", seen=seen)  # fmt: skip


@pytest.mark.criterion("webhook.messages.report-stored")
def test_report_stored(vapi: Vapi, ring: Ring, clinic: Organisation, readback: Readback) -> None:
    """The report comes after the call's other messages, and twice; its transcript is kept once."""
    call = ring(clinic)
    report = end_of_call_report(call, f"AI: Hello. User: This is call {call.id}.")
    for message in (status_update(call, "in-progress"), status_update(call, "ended"), report, report):
        exchange = vapi.tell(message)
        precondition(exchange.complete, f"no answer to {message['message']['type']}: {exchange.fault}")
    rows = [row for row in readback.rows(TRANSCRIPTS, clinic.id) if call.id in json.dumps(row, default=str)]
    expect(len(rows) == 1, expected=f"what the caller said, once in {TRANSCRIPTS}", seen=f"{len(rows)} times")

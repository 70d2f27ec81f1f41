"""The webhook: what Vapi tells, and the one thing it asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fixtures.database.readback import Readback
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.disclosure import internals
from fixtures.vapi.meaning import E164
from fixtures.vapi.message import LiveCall, assistant_request, encode, end_of_call_report, status_update, stranger
from fixtures.vapi.reply import as_document
from fixtures.vapi.server_messages import ASSISTANT_ANSWERS, SERVER_MESSAGES
from fixtures.vapi.variants import large
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
TRANSCRIPTS = "call_transcripts"
ASSISTANT_REQUEST_LIMIT_S = 7.5
CIPHER = 60
"""Characters; no id, date or state is as long, and the text of a report is no shorter when it is encrypted."""


@pytest.mark.criterion("webhook.messages.acknowledged")
def test_acknowledged(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Messages that want no answer get a 2xx, those of types that nobody knows yet included.

    The control is a message that does want one: without its answer, anything at all may be behind the address.
    """
    _control_answers(vapi, ring(clinic))
    fail_on(_not_acknowledged(vapi, ring(clinic)))


def _not_acknowledged(vapi: Vapi, call: LiveCall) -> Iterator[Violation]:
    for message in SERVER_MESSAGES:
        exchange = vapi.tell(message.about(call))
        if exchange.fault or exchange.status is None or not 200 <= exchange.status < 300:
            seen = exchange.fault or f"HTTP {exchange.status}: {exchange.text[:160]}"
            source = "docs.vapi.ai/server-url/events"
            yield Violation(f"2xx to {message.type}", seen, source=source, exchange=exchange.curl)


@pytest.mark.criterion("webhook.messages.large")
def test_large(vapi: Vapi, ring: Ring, clinic: Organisation, readback: Readback) -> None:
    """A report of 200 kB is acknowledged and kept, as a small one is."""
    small, big = ring(clinic), ring(clinic)
    vapi.tell(end_of_call_report(small, f"AI: Hello. User: This is call {small.id}."))
    control(_transcripts(readback, clinic, small) == 1, "a small report is not kept either")
    report = large(end_of_call_report(big, f"AI: Hello. User: This is call {big.id}."))
    exchange = vapi.tell(report)
    seen = exchange.fault or f"HTTP {exchange.status}: {exchange.text[:160]}"
    expect(exchange.status is not None and 200 <= exchange.status < 300, expected="2xx to 200 kB", seen=seen)
    kept = _transcripts(readback, clinic, big)
    expect(kept == 1, expected=f"its transcript once in {TRANSCRIPTS}", seen=f"{kept} times")


@pytest.mark.criterion("webhook.messages.questions")
def test_questions(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation) -> None:
    """Who answers a question of Vapi's answers it in its words, and for the clinic that was called.

    An acknowledgement leaves it open, which is allowed.
    """
    foreign = {other_clinic.transfer_number, *other_clinic.departments.values()} - {*clinic.departments.values()}
    _control_answers(vapi, ring(clinic))
    answered = 0
    for message in SERVER_MESSAGES:
        exchange = vapi.tell(message.about(ring(clinic))) if message.answer else None
        document = as_document(exchange) if exchange and exchange.status == 200 else None
        if not isinstance(document, dict):
            continue
        answered += bool(document.keys() & message.answer)
        if "destination" in document:
            fail_on(_bad_destination(document, message.type))
            abroad = [number for number in foreign if number in json.dumps(document["destination"])]
            expect(not abroad, expected=f"a number of {clinic.name}", seen=f"{other_clinic.name}'s {abroad}")
        wrapped = document.keys() & {"results", "transfer", "transfer_plan", "forwardingPhoneNumber"}
        expect(
            not wrapped,
            expected=f"one of {', '.join(sorted(message.answer))} to {message.type}, not wrapped",
            seen=f"{', '.join(sorted(wrapped))}: Vapi knows no such member",
            source="Vapi OpenAPI, ServerMessageResponse",
        )
    if not answered:
        raise NotApplicable("the webhook answers none of Vapi's questions, so its assistants must not ask them")


def _bad_destination(document: dict[str, Any], type_: str) -> Iterator[Violation]:
    """A destination that Vapi does not take, or takes for something else (Vapi OpenAPI, TransferDestination)."""
    destination = document["destination"]
    seen = json.dumps(destination)[:200]
    kind = destination.get("type") if isinstance(destination, dict) else None
    keys = {"number": "number", "sip": "sipUri", "assistant": "assistantName", "squad": "squadId", "dynamic": "type"}
    if kind not in keys or not destination.get(keys[kind]):
        yield Violation(f"a destination with a type and its address, to {type_}", seen)
    elif kind == "number" and not E164.fullmatch(str(destination["number"])):
        yield Violation(f"a number in E.164, to {type_}", seen)
    elif "transfer_plan" in destination:
        yield Violation("transferPlan, or a blind transfer is what happens", seen)


@pytest.mark.criterion("webhook.messages.assistant-request")
def test_assistant_request(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """The answer names an assistant in a way that Vapi takes, and it is the clinic's."""
    exchange = vapi.tell(assistant_request(ring(clinic)))
    document = as_document(exchange)
    seen = exchange.fault or f"HTTP {exchange.status}: {exchange.text[:200]}"
    expect(
        exchange.duration_s <= ASSISTANT_REQUEST_LIMIT_S,
        expected=f"an answer within {ASSISTANT_REQUEST_LIMIT_S} s, after which Vapi gives the call up",
        seen=f"after {exchange.duration_s:.1f} s",
        source="docs.vapi.ai/assistants/assistant-request",
    )
    expect(
        exchange.status == 200 and isinstance(document, dict) and ASSISTANT_ANSWERS & document.keys(),
        expected=f"HTTP 200 with one of {', '.join(sorted(ASSISTANT_ANSWERS))}",
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
    kept = _transcripts(readback, clinic, call)
    expect(kept == 1, expected=f"what the caller said, once in {TRANSCRIPTS}", seen=f"{kept} times")


@pytest.mark.criterion("webhook.tenant.own-report")
def test_own_report(vapi: Vapi, ring: Ring, target: Target, readback: Readback) -> None:
    """What was said in a call to one clinic is kept there and nowhere else; in both directions."""
    for here, there in (target.organisations[:2], target.organisations[1::-1]):
        call = ring(here)
        vapi.tell(end_of_call_report(call, f"AI: Hello. User: This is call {call.id}."))
        expect(not _entries(readback, there, call), expected=f"no transcript in {there.name}", seen="one")
        control(_transcripts(readback, here, call), f"no transcript in {here.name} either")


@pytest.mark.criterion("webhook.tenant.no-default")
def test_no_default(vapi: Vapi, ring: Ring, target: Target, run_identity: RunIdentity) -> None:
    """A number that is no clinic's is answered by no clinic's assistant."""
    clinic = target.organisations[0]
    ids = {known.assistant_id for known in target.organisations}
    own = as_document(vapi.tell(assistant_request(ring(clinic))))
    answered = isinstance(own, dict) and ASSISTANT_ANSWERS & own.keys()
    control(answered, f"a clinic's own number gets no assistant: {own!r:.120}")
    unknown = stranger(ring(clinic), run_identity.next_caller())
    exchange = vapi.tell(assistant_request(unknown))
    precondition(exchange.complete, f"no answer: {exchange.fault}")
    named = any(id_ in exchange.text for id_ in ids) or as_document(exchange) == own
    expect(
        not named,
        expected="an error, or an assistant that is no clinic's",
        seen=f"what a clinic's own callers get: {exchange.text[:160]}",
        source="docs.vapi.ai/assistants/assistant-request: `error` is spoken to the caller",
    )


@pytest.mark.criterion("webhook.errors.no-internals")
def test_no_internals(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """What no client should send is no reason to show the server's inside."""
    _control_answers(vapi, ring(clinic))
    greeting = assistant_request(ring(clinic))
    path = vapi.target.record.paths.webhook
    bodies = [b"", b"{", b"[]", b"null", b'{"message": null}', b'{"message": {"type": 7}}', b"\xff\xfe"]
    bodies += [
        encode({"message": {**greeting["message"], **change}})
        for change in (
            {"call": None},
            {"call": {**greeting["message"]["call"], "metadata": {"org_id": "no-uuid"}}},
            {"phoneNumber": {"number": "a\0b"}},
            {"type": "end-of-call-report", "call": {"id": ["x"]}, "artifact": "none"},
        )
    ]
    for body in bodies:
        exchange = vapi.send(vapi.signed(path, body))
        shown = internals(exchange.text)
        fail_on(
            Violation("nothing of the server's inside", f"to {body[:60]!r}: {found}", "vapi.disclosure.no-internals")
            for found in shown
        )


def _control_answers(vapi: Vapi, call: LiveCall) -> None:
    """Something that answers as a webhook does is there, or nothing it does not say tells anything."""
    greeting = vapi.tell(assistant_request(call))
    answered = greeting.status == 200 and isinstance(as_document(greeting), dict)
    control(answered, f"an assistant-request gets no JSON: HTTP {greeting.status} {greeting.text[:120]!r}")


def _transcripts(readback: Readback, clinic: Organisation, call: LiveCall) -> int:
    """How many entries hold what was said in a call, to its end; what is encrypted is taken for all of it."""
    texts = _entries(readback, clinic, call)
    return sum(f"This is call {call.id}" in text or ("Hello" not in text and _has_cipher(text)) for text in texts)


def _entries(readback: Readback, clinic: Organisation, call: LiveCall) -> list[str]:
    rows = (json.dumps(row, default=str) for row in readback.rows(TRANSCRIPTS, clinic.id))
    return [row for row in rows if call.id in row]


def _has_cipher(row: str) -> bool:
    return any(isinstance(value, str) and len(value) > CIPHER for value in json.loads(row).values())

"""Each rule: a reply that breaks it, and its nearest healthy neighbours that don't."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.target.exchange import Exchange, Request
from fixtures.vapi.message import ToolCall
from fixtures.vapi.reply import Reply
from fixtures.vapi.rules import MAX_RESULT, RULES, Layer, Severity, violations
from fixtures.vapi.tools import AVAILABILITY

CALL = ToolCall(AVAILABILITY, {"date": "2026-12-01"}, "call_A")
OTHER = ToolCall(AVAILABILITY, {"date": "2026-12-02"}, "toolu_B")
ENTRY = {"toolCallId": "call_A", "name": "checkAvailability", "result": "Open at 09:00."}


def reply(document: Any, calls: tuple[ToolCall, ...] = (CALL,), **exchange: Any) -> Reply:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    members = {"status": 200, "headers": {"content-type": "application/json"}, "body": body, **exchange}
    return Reply(Exchange(Request("POST", "http://x/"), **members), calls)


def entry(**members: Any) -> dict[str, Any]:
    return {"results": [{name: value for name, value in {**ENTRY, **members}.items() if value != "(gone)"}]}


def broken(judged: Reply, severity: Severity = Severity.FAIL) -> set[str]:
    return {violation.rule for layer in Layer for violation in violations(judged, layer, severity)}


HEALTHY = {
    "as documented": reply(entry()),
    "without a name, as in Vapi's examples": reply(entry(name="(gone)")),
    "an error": reply(entry(result="(gone)", error="Everything is taken.")),
    "an error beside a null result": reply(entry(result=None, error="Everything is taken.")),
    "JSON inside the string": reply(entry(result='{"success": true, "note": "a\\\\nb"}')),
    "more members": reply({**entry(metadata={"a": 1}), "trace": "x"}),
    "something to say": reply(entry(message={"type": "request-complete", "content": "Done."})),
    "a charset": reply(entry(), headers={"content-type": "application/json; charset=utf-8"}),
    "two calls, answered the other way round": reply(
        {"results": [{**ENTRY, "toolCallId": "toolu_B"}, ENTRY]}, calls=(CALL, OTHER)
    ),
    "a long result": reply(entry(result="x" * MAX_RESULT)),
    "tabs and accents": reply(entry(result="Öffnet um 09:00\tUhr")),
}

BROKEN: list[tuple[str, Reply]] = [
    ("vapi.transport.complete", reply(b"", status=None, fault="no complete answer within 20 s")),
    ("vapi.transport.status-200", reply(entry(), status=201)),
    ("vapi.transport.status-200", reply(entry(), status=400)),
    ("vapi.transport.content-type", reply(entry(), headers={"content-type": "text/plain"})),
    ("vapi.transport.content-type", reply(entry(), headers={})),
    ("vapi.transport.json", reply(b"<html>")),
    ("vapi.transport.json", reply(b"\xff{}")),
    ("vapi.transport.json", reply(b"[" * 100_000)),
    ("vapi.disclosure.no-internals", reply(entry(result="TypeError in /app/dist/tools.js:41:23"))),
    ("vapi.disclosure.not-evaluated", reply(entry(result="You said 9801547."))),
    ("vapi.envelope.results-array", reply({"result": "Open."})),
    ("vapi.envelope.results-array", reply({"results": ENTRY})),
    ("vapi.envelope.results-array", reply({"toolResult": {"content": "{}"}, "speech": ""})),
    ("vapi.envelope.results-array", reply([ENTRY])),
    ("vapi.envelope.results-array", reply(None)),
    ("vapi.envelope.entry-object", reply({"results": [ENTRY, "Open."]})),
    ("vapi.envelope.id-echoed", reply({"results": []})),
    ("vapi.envelope.id-echoed", reply(entry(toolCallId="call_"))),
    ("vapi.envelope.id-echoed", reply(entry(toolCallId="(gone)", tool_call_id="call_A"))),
    ("vapi.envelope.id-echoed", reply(entry(toolCallId=1))),
    ("vapi.envelope.id-echoed", reply({"results": [ENTRY, ENTRY]})),
    ("vapi.envelope.id-echoed", reply(entry(), calls=(CALL, OTHER))),
    ("vapi.envelope.id-echoed", reply({"results": [ENTRY, {**ENTRY, "toolCallId": "call_X"}]})),
    ("vapi.envelope.one-of", reply(entry(result="(gone)"))),
    ("vapi.envelope.one-of", reply(entry(error="Taken."))),
    ("vapi.envelope.one-of", reply(entry(result=None))),
    ("vapi.envelope.text", reply(entry(result={"slots": []}))),
    ("vapi.envelope.text", reply(entry(result=True))),
    ("vapi.envelope.text", reply(entry(result="(gone)", error=["Taken."]))),
    *(("vapi.envelope.one-line", reply(entry(result=f"a{c}b"))) for c in "\r\n\u2028\u2029\x85"),
    ("vapi.envelope.one-line", reply(entry(result="(gone)", error="a\nb"))),
    ("vapi.envelope.not-empty", reply(entry(result=""))),
    ("vapi.envelope.not-empty", reply(entry(result="  "))),
    ("vapi.envelope.size", reply(entry(result="x" * (MAX_RESULT + 1)))),
    ("vapi.envelope.message", reply(entry(message="Done."))),
    ("vapi.envelope.message", reply(entry(message=[{"type": "request-complete"}]))),
    ("vapi.envelope.message", reply(entry(message={"type": "done", "content": "x"}))),
]

WARNED: list[tuple[str, Reply]] = [
    ("vapi.envelope.name", reply(entry(name="bookAppointment"))),
    ("vapi.envelope.speech-length", reply(entry(message={"type": "request-complete", "content": "x" * 1001}))),
    ("vapi.envelope.order", reply({"results": [{**ENTRY, "toolCallId": "toolu_B"}, ENTRY]}, calls=(CALL, OTHER))),
]


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_replies_break_nothing(name: str) -> None:
    """What Vapi accepts is not blamed."""
    assert set() == broken(HEALTHY[name])


@pytest.mark.parametrize(("rule", "judged"), BROKEN)
def test_broken_reply_breaks_its_rule_only(rule: str, judged: Reply) -> None:
    """One fault, one rule: nothing else is hidden, and nothing else is blamed."""
    assert {rule} == broken(judged)


@pytest.mark.parametrize(("rule", "judged"), WARNED)
def test_what_may_be_lost_is_a_warning(rule: str, judged: Reply) -> None:
    """Told, and no failure."""
    assert rule in broken(judged, Severity.WARN)
    assert set() == broken(judged)


def test_every_rule_has_its_fault() -> None:
    """A rule that no reply breaks could not fail."""
    assert {f"vapi.{rule.layer}.{rule.id}" for rule in RULES} == {rule for rule, _ in BROKEN + WARNED}


def test_every_rule_says_where_it_comes_from() -> None:
    """Expectation, source and remedy."""
    assert all(rule.expected and rule.source and rule.remedy for rule in RULES)
    assert len(RULES) == len({rule.id for rule in RULES})

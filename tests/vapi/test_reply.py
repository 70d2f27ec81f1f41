"""Answers are found in replies whatever is wrong with their form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.target.exchange import Exchange, Request
from fixtures.vapi.message import ToolCall
from fixtures.vapi.reply import Reply, answer_to, as_document, understood
from fixtures.vapi.tools import AVAILABILITY
from fixtures.verdict.outcome import Inconclusive

CALL = ToolCall(AVAILABILITY, {}, "call_A")


def reply(document: Any) -> Reply:
    return Reply(Exchange(Request("POST", "http://x/"), 200, body=json.dumps(document).encode()), (CALL,))


@pytest.mark.parametrize(
    ("document", "refused", "data"),
    [
        ({"success": True, "data": {"found": True}}, False, {"found": True}),
        ({"success": False, "error": "SLOT_UNAVAILABLE"}, True, None),
        ({"results": [{"toolCallId": "call_A", "error": {"message": "no"}}]}, True, None),
        ({"results": [{"toolCallId": "call_A", "result": [{"found": True}]}]}, False, {"found": True}),
    ],
)
def test_more_dialects(document: Any, refused: bool, data: Any) -> None:  # noqa: FBT001
    """What is meant can be told, whatever is wrong with the form."""
    seen = answer_to(reply(document), CALL)
    assert seen is not None
    assert refused == seen.refused
    assert data is None or data == seen.data


def test_refusal_of_the_server_is_no_answer() -> None:
    """A 403 that says `success: false` is anybody's."""
    body = json.dumps({"success": False, "error": "CSRF token missing"}).encode()
    assert answer_to(Reply(Exchange(Request("POST", "http://x/"), 403, body=body), (CALL,)), CALL) is None


def test_blank_answer_is_not_understood() -> None:
    """It says nothing to judge."""
    with pytest.raises(Inconclusive):
        understood(reply({"results": [{"toolCallId": "call_A", "result": " "}]}), CALL)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1"])
def test_documents_are_utf_8(encoding: str) -> None:
    """Vapi reads JSON as RFC 8259 has it; what `json` guesses besides is not understood."""
    document = {"results": [{"toolCallId": "call_A", "result": "schön"}]}
    body = json.dumps(document, ensure_ascii=False)
    for encoded, whole in ((body.encode(encoding), False), (body.encode(), True), (body.encode("utf-8-sig"), True)):
        exchange = Exchange(Request("POST", "http://x/"), 200, body=encoded)
        assert whole is Reply(exchange, ()).has_document
        assert (document if whole else None) == as_document(exchange)

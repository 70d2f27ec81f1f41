"""Messages have the captured form."""

from __future__ import annotations

import json

from fixtures.reference.canaries import CLINIC_A
from fixtures.vapi.message import ToolCall, assistant_request, call_to, encode, end_of_call_report, tool_calls
from fixtures.vapi.tools import AVAILABILITY, BOOKING

LINE = call_to(CLINIC_A, "019c0000-0000-7000-8000-000000000001", "+12025550123")


def test_tool_calls_as_captured() -> None:
    """Objects in the three lists, text in the history (facts: vapi.md section 1.3)."""
    call = ToolCall(AVAILABILITY, {"date": "2026-12-01"})
    message = tool_calls(LINE, [call])["message"]
    assert "tool-calls" == message["type"]
    assert isinstance(message["timestamp"], int)
    for listed in (message["toolCalls"], message["toolCallList"], [message["toolWithToolCallList"][0]["toolCall"]]):
        assert {"name": "checkAvailability", "arguments": {"date": "2026-12-01"}} == listed[0]["function"]
        assert (call.id, "function") == (listed[0]["id"], listed[0]["type"])
    history = message["artifact"]["messages"][-1]["toolCalls"][0]["function"]["arguments"]
    assert {"date": "2026-12-01"} == json.loads(history)
    definition = message["toolWithToolCallList"][0]["function"]
    assert ["date"] == definition["parameters"]["required"]


def test_tenant_is_named_three_times() -> None:
    """Assistant, called number, metadata."""
    message = tool_calls(LINE, [ToolCall(BOOKING, {})])["message"]
    assert CLINIC_A.assistant_id == message["call"]["assistantId"] == message["assistant"]["id"]
    assert CLINIC_A.phone_number == message["phoneNumber"]["number"]
    assert {"org_id": CLINIC_A.id} == message["call"]["metadata"]


def test_tool_call_ids_are_their_own() -> None:
    """Never the same twice, never the id of the phone call."""
    ids = {ToolCall(BOOKING, {}).id for _ in range(100)}
    assert 100 == len(ids)
    assert LINE.id not in ids


def test_assistant_request_names_no_assistant() -> None:
    """That is what it asks."""
    message = assistant_request(LINE)["message"]
    assert "assistant" not in message
    assert "assistantId" not in message["call"]
    assert CLINIC_A.phone_number == message["phoneNumber"]["number"]


def test_report_has_its_transcript_where_it_is_today() -> None:
    """In the artifact."""
    assert "AI: Hi" == end_of_call_report(LINE, "AI: Hi")["message"]["artifact"]["transcript"]


def test_bytes_on_the_wire() -> None:
    """Compact, and not escaped to ASCII: a backend that serialises again before verifying fails."""
    assert '{"a":"Zoë"}'.encode() == encode({"a": "Zoë"})

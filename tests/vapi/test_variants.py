"""Each variant differs from the wire form where it says, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.reference.backend.tool_calls import tool_calls as read
from fixtures.reference.canaries import CLINIC_A
from fixtures.vapi.message import call_to, encode, tool_calls
from fixtures.vapi.tools import AVAILABILITY
from fixtures.vapi.variants import LARGE, LISTS, VARIANTS, Variant, large, with_arguments, with_function

LINE = call_to(CLINIC_A, "019c0000-0000-7000-8000-000000000001", "+12025550123")
ASKED = {"date": "2026-12-01"}
BY_ID = {variant.id: variant for variant in VARIANTS}


def message(id_: str) -> dict[str, Any]:
    variant = BY_ID[id_]
    built: dict[str, Any] = variant.message(LINE, variant.tool_call(AVAILABILITY, ASKED))["message"]
    return built


@pytest.mark.parametrize("variant", VARIANTS, ids=BY_ID)
def test_same_call_in_every_form(variant: Variant) -> None:
    """The reference backend reads one call with its arguments out of each, under its own id; and it is JSON."""
    call = variant.tool_call(AVAILABILITY, ASKED)
    built = variant.message(LINE, call)
    assert built == json.loads(encode(built))
    [seen] = read(built["message"])
    assert (call.id, AVAILABILITY.name, ASKED) == (seen.id, seen.name, seen.arguments)


def test_first_is_the_wire_form() -> None:
    """As captured, without a change."""
    call = BY_ID["V1"].tool_call(AVAILABILITY, ASKED)
    expected, built = tool_calls(LINE, [call])["message"], BY_ID["V1"].message(LINE, call)["message"]
    assert expected["toolCallList"] == built["toolCallList"]
    assert expected.keys() == built.keys()


def test_what_each_changes() -> None:
    """Text in all lists; a list less; flat items; an id of another maker; new members; a web call."""
    for listed in (message("V2")[name][0] for name in LISTS):
        assert ASKED == json.loads(listed.get("toolCall", listed)["function"]["arguments"])
    assert "toolCalls" not in message("V3")
    assert [["id", "name", "arguments"]] == [list(item) for item in message("V4")["toolCallList"]]
    assert [["id", "name", "parameters"]] == [list(item) for item in message("V5")["toolCallList"]]
    assert set() == set(LISTS[::2]) & message("V5").keys()
    assert message("V8-anthropic")["toolCalls"][0]["id"].startswith("toolu_")
    assert "newInNextRelease" in message("V12")["call"]
    assert set() == {"assistant", "artifact", "customer"} & message("V13").keys()
    assert "customer" not in message("V13")["call"]
    history = message("V1-history")["artifact"]["messages"][-1]["toolCalls"][0]["function"]["arguments"]
    assert "2026-12-01" not in history


def test_only_documented_forms_are_advice() -> None:
    """What nobody has captured."""
    assert {"V4", "V5"} == {variant.id for variant in VARIANTS if not variant.required}


def test_rewriting_leaves_the_original_alone() -> None:
    """Arguments of any type, another function, a long conversation; in a copy."""
    call = BY_ID["V1"].tool_call(AVAILABILITY, ASKED)
    wire = tool_calls(LINE, [call])
    before = json.dumps(wire)
    assert [None] == [call.arguments for call in read(with_arguments(wire, "{")["message"])]
    assert ["other"] == [call.name for call in read(with_function(wire, "other")["message"])]
    assert LARGE < len(encode(large(wire))) < 2 * LARGE
    assert before == json.dumps(wire)

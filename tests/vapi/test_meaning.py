"""What answers mean, in every form that was seen."""

from __future__ import annotations

import datetime
import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.target.exchange import Exchange, Request
from fixtures.vapi import meaning
from fixtures.vapi.message import ToolCall
from fixtures.vapi.reply import Answer, Reply, answer_to, understood
from fixtures.vapi.tools import AVAILABILITY
from fixtures.verdict.outcome import Inconclusive, Reason

ZONE = ZoneInfo("America/New_York")
CALL = ToolCall(AVAILABILITY, {}, "call_A")
OTHER = ToolCall(AVAILABILITY, {}, "call_B")
DAY = datetime.date(2026, 12, 1)


def answer(text: str, *, refused: bool = False) -> Answer:
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    return Answer(refused, text, data if isinstance(data, dict) else {})


def reply(document: Any, calls: tuple[ToolCall, ...] = (CALL,)) -> Reply:
    return Reply(Exchange(Request("POST", "http://x/"), 200, body=json.dumps(document).encode()), calls)


RESULT = '{"success": true, "slotCount": 0}'


@pytest.mark.parametrize(
    "document",
    [
        {"results": [{"toolCallId": "call_A", "result": RESULT}]},
        {"results": [{"toolCallId": "wrong", "result": RESULT}]},
        {"results": [{"toolCallId": "call_A", "result": json.loads(RESULT)}]},
        {"results": {"toolCallId": "call_A", "result": RESULT}},
        {"toolResult": {"content": RESULT}, "speech": "One moment."},
        {"toolCallId": "call_A", "result": json.loads(RESULT)},
        {"result": RESULT},
    ],
)
def test_dialects_mean_the_same(document: Any) -> None:
    """A fault of form hides no meaning."""
    found = answer_to(reply(document), CALL)
    assert found is not None
    assert (False, json.loads(RESULT)) == (found.refused, found.data)


@pytest.mark.parametrize(
    ("document", "refused"),
    [
        ({"results": [{"toolCallId": "call_A", "error": "Taken."}]}, True),
        ({"results": [{"toolCallId": "call_A", "result": '{"success": false, "error": "SLOT_UNAVAILABLE"}'}]}, True),
        ({"results": [{"toolCallId": "call_A", "result": '{"success": true}'}]}, False),
        ({"results": [{"toolCallId": "call_A", "result": "Booked."}]}, False),
    ],
)
def test_refusals(document: Any, refused: bool) -> None:  # noqa: FBT001
    """An error, or a result that says so."""
    found = answer_to(reply(document), CALL)
    assert found is not None
    assert refused is found.refused


@pytest.mark.parametrize("document", [{}, [], None, {"error": "Not found"}, {"results": []}, {"results": ["x"]}, "x"])
def test_no_answer(document: Any) -> None:
    """Nothing is read into it: any server can say `error`."""
    assert answer_to(reply(document), CALL) is None
    with pytest.raises(Inconclusive) as caught:
        understood(reply(document), CALL)
    assert Reason.PRECONDITION_LOST is caught.value.reason


def test_parallel_calls_by_id_only() -> None:
    """With several calls, an answer under a wrong id belongs to none."""
    document = {"results": [{"toolCallId": "call_B", "result": "two"}, {"toolCallId": "?", "result": "one"}]}
    assert answer_to(reply(document, (CALL, OTHER)), CALL) is None
    found = answer_to(reply(document, (CALL, OTHER)), OTHER)
    assert found is not None
    assert "two" == found.text


@pytest.mark.parametrize(
    "slots",
    [
        ["09:00", "14:30"],
        ["9:00 AM", "2:30 PM"],
        ["9:00", "14:30:00"],
        ["2026-12-01T09:00:00-05:00", "2026-12-01T14:30:00-05:00"],
        ["2026-12-01T14:00:00Z", "2026-12-01T19:30:00Z"],
        ["2026-12-01T09:00", "2026-12-01T14:30"],
        [{"time": "09:00"}, {"time": "14:30"}],
        [{"start": "2026-12-01T14:00:00+00:00"}, {"start": "2026-12-01T19:30:00+00:00"}],
        [{"date": "2026-12-01", "time": "9:00 am"}, {"date": "2026-12-01", "time": "2:30 p.m."}],
    ],
)
def test_slots_in_every_form(slots: list[Any]) -> None:
    """Clinic time."""
    text = json.dumps({"success": True, "requestedDate": "2026-12-01", "availableSlots": slots})
    found = meaning.availability(answer(text), ZONE)
    assert {"09:00", "14:30"} == found.times
    assert DAY == found.requested
    assert {slot.date for slot in found.slots} <= {None, DAY}


def test_slots_in_prose() -> None:
    """Every clock time counts; the date where there is one."""
    found = meaning.availability(answer("Open on 2026-12-01: 09:00, 10:30 and 2 in the afternoon."), ZONE)
    assert ({"09:00", "10:30", "14:00"}, DAY) == (found.times, found.requested)


def test_slot_on_another_day_is_seen() -> None:
    """An instant of the next day in UTC may be this day's evening, and the other way round."""
    text = json.dumps({"availableSlots": ["2026-12-02T02:00:00Z", "2026-12-01T04:00:00Z"]})
    dates = {slot.date for slot in meaning.availability(answer(text), ZONE).slots}
    assert {DAY, datetime.date(2026, 11, 30)} == dates


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ('{"times": [{"start": "9:00 AM", "end": "9:30 AM"}], "nextOpenings": [{"slots": ["10:00"]}]}', {"09:00"}),
        ('{"times": [], "alternatives": {"slots": ["10:00"]}}', set()),
        ('{"openings": {"morning": ["09:00"]}}', {"09:00"}),
        ('["2026-12-01T09:00", "2026-12-01T14:30"]', {"09:00", "14:30"}),
        ('{"message": "I have 9 AM and 2:30 PM."}', {"09:00", "14:30"}),
    ],
)
def test_slots_under_other_names(text: str, times: set[str]) -> None:
    """The list that holds times, unless its name says that they are not for having."""
    assert times == meaning.availability(answer(text), ZONE).times


@pytest.mark.parametrize("text", ['{"availableSlots": null}', '{"availableSlots": [null, 3, {}]}', "None left.", "{}"])
def test_nothing_offered(text: str) -> None:
    """Odd replies offer nothing, and raise nothing."""
    assert () == meaning.availability(answer(text), ZONE).slots


@pytest.mark.parametrize(
    ("text", "appointment"),
    [
        ('{"success": true, "appointmentId": "a-1"}', "a-1"),
        ('{"appointment_id": 4821}', "4821"),
        ('{"appointment": {"id": "a-2"}}', "a-2"),
        ('{"status": "booked", "event": {"id": "e-1", "time": "2:30 PM"}}', "e-1"),
        ('{"booking": {"confirmation_code": "AB-17"}}', "AB-17"),
        ('{"bookingStatus": "confirmed", "appointmentDate": "2026-12-01", "contact": {"id": "c-1"}}', ""),
        ('{"success": true}', ""),
    ],
)
def test_booking(text: str, appointment: str) -> None:
    """The id that is named."""
    assert appointment == meaning.booking(answer(text)).appointment


@pytest.mark.parametrize(
    ("text", "found", "count"),
    [
        ('{"success": true, "found": true, "contact": {"name": "A"}}', True, 1),
        ('{"found": false}', False, 0),
        ('{"multipleMatches": true, "contacts": [{"name": "A"}, {"name": "B"}]}', True, 2),
        ('{"found": false, "contact": {"name": "A"}}', True, 1),
        ('{"contact": null}', False, 0),
        ("You are Canary Alpha.", True, 0),
        ('{"matches": [{"patient": "Canary Alpha", "tel": "+12025550120"}]}', True, 1),
        ('{"matches": [], "note": "No patient on file."}', False, 0),
        ('{"firstName": "Canary", "lastName": "Alpha"}', True, 1),
        ('{"patient": null}', False, 0),
        ('{"isKnown": true}', True, 0),
        ('{"message": "Welcome back!"}', True, 0),
        ('{"success": true, "message": "Thank you for calling. Good-bye."}', False, 0),
        ('{"success": true}', False, 0),
    ],
)
def test_lookup(text: str, found: bool, count: int) -> None:  # noqa: FBT001
    """Disclosing a contact is finding it, whatever the flag says."""
    seen = meaning.lookup(answer(text))
    assert (found, count) == (seen.found, len(seen.contacts))


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ('{"success": true, "transferTo": "+12025550111"}', "+12025550111"),
        ('{"destination": {"type": "number", "number": "+12025550111"}}', "+12025550111"),
        ('{"transfer": {"destination": {"number": "+12025550111"}}}', "+12025550111"),
        ('{"destination": {"type": "sip", "sipUri": "sip:desk@pbx.example"}}', "sip:desk@pbx.example"),
        ("I am putting you through to +12025550111.", "+12025550111"),
        ("Either +12025550111 or +12025550112.", ""),
        ("Billing is at (202) 555-0111.", "+12025550111"),
        ('{"say": "Billing is at (202) 555-0111."}', ""),
        ('{"transferring": true, "to": {"number": "+12025550111", "label": "billing"}}', "+12025550111"),
        ('{"dial": "+12025550111"}', "+12025550111"),
        ('{"success": true}', ""),
    ],
)
def test_transfer(text: str, destination: str) -> None:
    """One destination, or none."""
    assert destination == meaning.transfer(answer(text)).destination


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["results", "result", "error", "toolCallId", "availableSlots", "contact", "contacts", "transfer", "destination",
         "appointment", "toolResult", "content", "start", "time", "date", "number"]
    ), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(json_values)
def test_no_reply_breaks_the_decoder(document: Any) -> None:
    """Whatever a backend sends, it is decoded or it is not; nothing is raised."""
    found = answer_to(reply(document), CALL)
    if found is not None:
        meaning.availability(found, ZONE)
        meaning.booking(found)
        meaning.alternatives(found)
        meaning.spoken_times(found)
        meaning.lookup(found)
        meaning.transfer(found)


@pytest.mark.parametrize(
    "slots",
    [
        '["09:00-09:30", "14:30 to 15:00"]',
        '["9:00 AM - 9:30 AM", "2:30 pm"]',
        '[{"time": "09:00", "available": true}, {"time": "10:00", "available": false}, {"time": "14:30"}]',
        '[{"start": "09:00", "end": "09:30"}, {"startTime": "14:30", "isAvailable": true}]',
    ],
)
def test_one_slot_is_one_time(slots: str) -> None:
    """Its end is not offered, nor what says that it is taken."""
    assert {"09:00", "14:30"} == meaning.availability(answer(f'{{"availableSlots": {slots}}}'), ZONE).times

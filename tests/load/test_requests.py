"""Requests are Vapi's messages, whole and fresh, and answers are judged by its rules."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.reference.canaries import write_canary_file
from fixtures.target.canaries import Organisation, load_canaries
from fixtures.target.exchange import Exchange, Request
from fixtures.target.record import Paths
from fixtures.vapi.message import assistant_request, call_to, encode, end_of_call_report, status_update, tool_calls
from load import requests
from load.events import EVENTS, TOOL_EVENTS
from load.plan import Arrival
from load.recording import Kind
from load.requests import TRANSCRIPT, Markers, Prepared, RequestFactory, fault_of

MARKERS = Markers("Canary Test", "019c0000-0000-7")


@pytest.fixture
def clinics(tmp_path: Path) -> list[Organisation]:
    write_canary_file(tmp_path / "canaries.toml")
    return list(load_canaries(tmp_path / "canaries.toml"))


@pytest.fixture
def factory(clinics: list[Organisation]) -> RequestFactory:
    return RequestFactory(Paths(), clinics, MARKERS)


@pytest.mark.parametrize("number", [12, 13])
@pytest.mark.parametrize("event", EVENTS)
def test_messages_are_those_of_the_wire(
    factory: RequestFactory, clinics: list[Organisation], event: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is filled in is what `fixtures.vapi` would have built for this call, byte for byte."""
    monkeypatch.setattr(time, "time", lambda: 1_795_000_000.0)
    for other in (3, 4):
        factory.prepare(Arrival(0, 0.0, event, 1, call=other, step=0))  # the template is another call's
    made = factory.prepare(Arrival(1, 0.0, event, 1, call=number, step=0))
    call = call_to(clinics[1], f"{MARKERS.call_prefix}{number:03x}-8000-{number:012x}", f"+121055501{number}")
    match event:
        case "assistant-request":
            expected = assistant_request(call)
        case "status-update":
            expected = status_update(call, "in-progress")
        case "end-of-call-report":
            expected = end_of_call_report(call, TRANSCRIPT)
        case _:
            expected = tool_calls(call, made.calls)
    assert encode(expected) == made.body


def test_calls_differ_in_every_id(factory: RequestFactory) -> None:
    """And no two bookings want the same slot."""
    made = [factory.prepare(Arrival(n, 0.0, "booking", 0, call=n)) for n in range(300)]
    assert 300 == len({one.calls[0].id for one in made}) == len({_call(one)["id"] for one in made})
    slots = {(one.calls[0].arguments["appointmentDate"], one.calls[0].arguments["appointmentTime"]) for one in made}
    assert 300 == len(slots)
    assert all(MARKERS.patient in one.body.decode() for one in made)
    assert all(b"@" not in one.body for one in made)


def test_no_cache_answers_in_place_of_the_server(factory: RequestFactory, clinics: list[Organisation]) -> None:
    """Most lookups are of numbers that were never asked before, some of a contact; every transfer is its call's own."""
    asked = [_arguments(factory, "lookup", call)["searchKey"] for call in range(100)]
    assert asked == [_arguments(factory, "lookup", call)["searchKey"] for call in range(100)]
    known = asked.count(clinics[0].contact[0].phone)
    assert 20 <= known <= 30
    assert 100 - known + 1 == len(set(asked))
    assert 100 == len({_arguments(factory, "transfer", call)["summary"] for call in range(100)})


def test_clinic_without_contacts(clinics: list[Organisation]) -> None:
    """Lookups there are of strangers only."""
    factory = RequestFactory(Paths(), [replace(clinics[0], contact=())], MARKERS)
    assert 4 == len({_arguments(factory, "lookup", call)["searchKey"] for call in range(4)})


def test_caller_who_is_not_found(factory: RequestFactory) -> None:
    """Is a right answer, as a result or as an error."""
    prepared = factory.prepare(Arrival(0, 0.0, "lookup", 0, call=1))
    entry = {"toolCallId": prepared.calls[0].id, "name": "lookupCaller"}
    for said in ({"result": '{"success": false, "found": false}'}, {"error": "No patient with this number."}):
        assert (Kind.NONE, "") == _judged(prepared, {"results": [entry | said]})


def test_the_call_ends(factory: RequestFactory) -> None:
    """The first status of a call is that it is in progress, the last that it has ended."""
    statuses = [_message(factory.prepare(Arrival(0, 0.0, "status-update", 0, step=step)))["status"] for step in (1, 4)]
    assert ["in-progress", "ended"] == statuses


def test_timestamps_are_fresh(factory: RequestFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """To a second."""
    monkeypatch.setattr(requests, "FRESH_S", 0.0)
    first = _message(factory.prepare(Arrival(0, 0.0, "lookup", 0)))["timestamp"]
    time.sleep(0.01)
    assert first < _message(factory.prepare(Arrival(1, 0.0, "lookup", 0)))["timestamp"]


@pytest.mark.parametrize("event", TOOL_EVENTS)
def test_answers_of_tools(factory: RequestFactory, event: str) -> None:
    """The right id in the right form, or wrong; a refusal in good form is right."""
    prepared = factory.prepare(Arrival(0, 0.0, event, 0))
    entry = {"toolCallId": prepared.calls[0].id, "name": prepared.calls[0].tool.name}
    assert (Kind.NONE, "") == _judged(prepared, {"results": [{**entry, "result": "fine"}]})
    assert (Kind.NONE, "") == _judged(prepared, {"results": [{**entry, "error": "not today"}]})
    assert Kind.WRONG is _judged(prepared, {"results": [{**entry, "toolCallId": "other", "result": "fine"}]})[0]
    assert (Kind.STATUS, "HTTP 503: '{}'") == _judged(prepared, {}, status=503)


def test_answers_to_an_assistant_request(factory: RequestFactory, clinics: list[Organisation]) -> None:
    """The clinic's assistant; another clinic's is wrong, as is none."""
    prepared = factory.prepare(Arrival(0, 0.0, "assistant-request", 0))
    assert (Kind.NONE, "") == _judged(prepared, {"assistantId": clinics[0].assistant_id})
    assert (Kind.NONE, "") == _judged(prepared, {"assistant": {"name": "built on the spot"}})
    assert Kind.WRONG is _judged(prepared, {"assistantId": clinics[1].assistant_id})[0]
    assert Kind.WRONG is _judged(prepared, {"error": "not in service"})[0]
    assert Kind.WRONG is _judged(prepared, [])[0]


def test_answers_to_other_messages(factory: RequestFactory) -> None:
    """Any 2xx will do."""
    prepared = factory.prepare(Arrival(0, 0.0, "end-of-call-report", 0))
    assert (Kind.NONE, "") == _judged(prepared, {}, status=204)
    assert (Kind.STATUS, "HTTP 302: '{}'") == _judged(prepared, {}, status=302)


def _judged(prepared: Prepared, document: object, status: int = 200) -> tuple[Kind, str]:
    headers = {"content-type": "application/json"}
    exchange = Exchange(Request("POST", prepared.path), status, headers, json.dumps(document).encode())
    return fault_of(prepared, exchange)


def _arguments(factory: RequestFactory, event: str, call: int) -> Mapping[str, Any]:
    return factory.prepare(Arrival(0, 0.0, event, 0, call=call)).calls[0].arguments


def _message(prepared: Prepared) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(prepared.body)["message"]
    return message


def _call(prepared: Prepared) -> dict[str, Any]:
    call: dict[str, Any] = _message(prepared)["call"]
    return call

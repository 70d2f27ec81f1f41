"""The requests of a run: every arrival of the plan as a message of Vapi's, and whether an answer to it is right."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fixtures.target.canaries import Organisation
from fixtures.target.exchange import Exchange
from fixtures.target.record import Paths
from fixtures.vapi.message import ToolCall, assistant_request, call_to, end_of_call_report, status_update, tool_calls
from fixtures.vapi.reply import Reply
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.server_messages import ASSISTANT_ANSWERS
from fixtures.vapi.tools import TOOLS
from load.plan import Arrival
from load.recording import Kind

FIRST_DAY_AHEAD = 100
"""Bookings of load start here, beyond the days on which checks book."""
SLOTS_PER_DAY = 7
TRANSCRIPT = "AI: Hello. User: I would like an appointment. " * 80


@dataclass(frozen=True, slots=True)
class Markers:
    """What everything that the run writes carries (see `fixtures.target.run_identity`)."""

    patient: str
    call_prefix: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request without its signature, which is made when it leaves."""

    path: str
    body: bytes
    calls: tuple[ToolCall, ...] = ()
    assistant_id: str = ""
    """What the answer to an assistant-request has to name, if it names one by id."""


class RequestFactory:
    """Builds the request of an arrival."""

    def __init__(self, paths: Paths, organisations: Sequence[Organisation], markers: Markers) -> None:
        self.paths = paths
        self.organisations = organisations
        self.markers = markers

    def prepare(self, arrival: Arrival) -> Prepared:
        """The request; two arrivals differ in every id, and no two bookings want the same slot."""
        clinic = self.organisations[arrival.tenant]
        call_id = f"{self.markers.call_prefix}{arrival.call % 4096:03x}-8000-{arrival.call:012x}"
        call = call_to(clinic, call_id, _phone(arrival.call))
        if arrival.event in TOOLS:
            tool_call = ToolCall(TOOLS[arrival.event], self._arguments(arrival, clinic))
            path = TOOLS[arrival.event].path(self.paths)
            return Prepared(path, _encode(tool_calls(call, [tool_call])), (tool_call,))
        if arrival.event == "assistant-request":
            return Prepared(self.paths.webhook, _encode(assistant_request(call)), (), clinic.assistant_id)
        message = status_update(call, "in-progress")
        if arrival.event == "end-of-call-report":
            message = end_of_call_report(call, TRANSCRIPT)
        return Prepared(self.paths.webhook, _encode(message))

    def _arguments(self, arrival: Arrival, clinic: Organisation) -> Mapping[str, Any]:
        days, slot = divmod(arrival.call, SLOTS_PER_DAY)
        today = datetime.datetime.now(clinic.zone).date()
        date = str(today + datetime.timedelta(days=FIRST_DAY_AHEAD + days))
        opens = datetime.datetime.fromisoformat(f"2000-01-01T{clinic.opens}")
        time = opens + datetime.timedelta(hours=slot)
        arguments: dict[str, Mapping[str, Any]] = {
            "availability": {"date": date},
            "booking": {
                "appointmentDate": date,
                "appointmentTime": f"{time:%H:%M}",
                "patientName": self.markers.patient,
                "patientPhone": _phone(arrival.call),
            },
            "lookup": {"searchKey": clinic.contact[0].phone, "searchType": "phone"},
            "transfer": {"summary": "The caller wants a person.", "department": "general"},
        }
        return arguments[arrival.event]


def fault_of(prepared: Prepared, exchange: Exchange) -> tuple[Kind, str]:
    """What is wrong with a whole answer, by rule; empty for a right one, which may be a refusal in good form."""
    status = exchange.status or 0
    if not 200 <= status < 300:
        return Kind.STATUS, f"HTTP {exchange.status}"
    if prepared.calls:
        reply = Reply(exchange, prepared.calls)
        broken = [violation for layer in Layer for violation in violations(reply, layer)]
        return (Kind.WRONG, f"{broken[0].rule}: {broken[0].seen}") if broken else (Kind.NONE, "")
    if prepared.assistant_id and (fault := _assistant_fault(prepared.assistant_id, exchange)):
        return Kind.WRONG, fault
    return Kind.NONE, ""


def _assistant_fault(assistant_id: str, exchange: Exchange) -> str:
    """An assistant-request is answered with an assistant, and if by its id, with the clinic's own."""
    try:
        document = json.loads(exchange.body)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not ASSISTANT_ANSWERS & document.keys():
        return f"no assistant in the answer to an assistant-request: {exchange.text[:120]!r}"
    named = document.get("assistantId", assistant_id)
    return "" if named == assistant_id else f"assistant {named!r} instead of the clinic's, {assistant_id}"


def _phone(number: int) -> str:
    """A number of the range reserved for fiction, for each arrival its own."""
    area, line = divmod(number, 100)
    return f"+1{210 + area % 700}55501{line:02}"


def _encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()

"""The requests of a run: every arrival of the plan as a message of Vapi's, and whether an answer to it is right."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fixtures.target.canaries import Organisation
from fixtures.target.exchange import Exchange
from fixtures.target.record import Paths
from fixtures.vapi.message import (
    Message,
    ToolCall,
    assistant_request,
    call_to,
    encode,
    end_of_call_report,
    new_tool_call_id,
    status_update,
    tool_calls,
)
from fixtures.vapi.reply import Reply, as_document
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.server_messages import ASSISTANT_ANSWERS
from fixtures.vapi.tools import TOOLS
from load.plan import Arrival
from load.recording import Kind

FIRST_DAY_AHEAD = 100
"""Bookings of load start here, beyond the days on which checks book."""
SLOTS_PER_DAY = 7
KNOWN_EVERY = 4
"""One lookup of so many is of a caller whom the clinic knows; the others', who are not found, differ in every call.

A cache would answer what is asked again and again, however slow the server is without one.
"""
TRANSCRIPT = "AI: Hello. User: I would like an appointment. " * 80
FRESH_S = 1.0
"""A message is built anew when its timestamps are older; what differs from call to call is filled in each time."""


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


@dataclass(frozen=True, slots=True)
class Values:
    """What differs between the calls to one clinic."""

    call: str
    caller: str
    tool_call: str
    date: str
    time: str


MARKS = Values("@call@", "@caller@", "@tool-call@", "@date@", "@time@")
"""Their places in a template."""


class Variant(NamedTuple):
    """Which of the messages of one kind: that of a call's `first` steps; that about a caller who is `known`."""

    first: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A message to one clinic with marks instead of values. `today` is the clinic's."""

    made_s: float
    today: datetime.date
    body: bytes


class RequestFactory:
    """Builds the request of an arrival."""

    def __init__(self, paths: Paths, organisations: Sequence[Organisation], markers: Markers) -> None:
        self.paths = paths
        self.organisations = organisations
        self.markers = markers
        self._templates: dict[tuple[str, int, Variant], Template] = {}
        self._slots = [_slots(one.opens) for one in organisations]

    def prepare(self, arrival: Arrival) -> Prepared:
        """The request; two calls differ in every id, and no two bookings want the same slot."""
        clinic, event = self.organisations[arrival.tenant], arrival.event
        known = arrival.call % KNOWN_EVERY == 0 and bool(clinic.contact)
        template = self._template(event, arrival.tenant, Variant(arrival.step < 2, known))
        values = self._values(arrival, template.today)
        body = template.body.replace(b"@call@", values.call.encode()).replace(b"@caller@", values.caller.encode())
        if event not in TOOLS:
            asked = clinic.assistant_id if event == "assistant-request" else ""
            return Prepared(self.paths.webhook, body, (), asked)
        body = body.replace(b"@tool-call@", values.tool_call.encode())
        body = body.replace(b"@date@", values.date.encode()).replace(b"@time@", values.time.encode())
        tool_call = ToolCall(TOOLS[event], self._arguments(event, clinic, values, known=known), values.tool_call)
        return Prepared(TOOLS[event].path(self.paths), body, (tool_call,))

    def _values(self, arrival: Arrival, today: datetime.date) -> Values:
        days, slot = divmod(arrival.call, SLOTS_PER_DAY)
        return Values(
            call=f"{self.markers.call_prefix}{arrival.call % 4096:03x}-8000-{arrival.call:012x}",
            caller=_phone(arrival.call),
            tool_call=new_tool_call_id() if arrival.event in TOOLS else "",
            date=str(today + datetime.timedelta(days=FIRST_DAY_AHEAD + days)),
            time=self._slots[arrival.tenant][slot],
        )

    def _template(self, event: str, tenant: int, variant: Variant) -> Template:
        key = event, tenant, variant
        now = time.monotonic()
        template = self._templates.get(key)
        if template is None or now - template.made_s > FRESH_S:
            clinic = self.organisations[tenant]
            today = datetime.datetime.now(clinic.zone).date()
            template = self._templates[key] = Template(now, today, encode(self._message(event, clinic, variant)))
        return template

    def _message(self, event: str, clinic: Organisation, variant: Variant) -> Message:
        call = call_to(clinic, MARKS.call, MARKS.caller)
        if event in TOOLS:
            arguments = self._arguments(event, clinic, MARKS, known=variant.known)
            return tool_calls(call, [ToolCall(TOOLS[event], arguments, MARKS.tool_call)])
        if event == "assistant-request":
            return assistant_request(call)
        if event == "end-of-call-report":
            return end_of_call_report(call, TRANSCRIPT)
        return status_update(call, "in-progress" if variant.first else "ended")

    def _arguments(self, event: str, clinic: Organisation, values: Values, *, known: bool) -> Mapping[str, Any]:
        match event:
            case "availability":
                return {"date": values.date}
            case "booking":
                return {
                    "appointmentDate": values.date,
                    "appointmentTime": values.time,
                    "patientName": self.markers.patient,
                    "patientPhone": values.caller,
                }
            case "lookup":
                return {"searchKey": clinic.contact[0].phone if known else values.caller, "searchType": "phone"}
            case _:
                return {"summary": f"The caller, {values.caller}, wants a person.", "department": "general"}


def fault_of(prepared: Prepared, exchange: Exchange) -> tuple[Kind, str]:
    """What is wrong with a whole answer, by rule; empty for a right one, which may be a refusal in good form."""
    status = exchange.status or 0
    if not 200 <= status < 300:
        return Kind.STATUS, f"HTTP {exchange.status}: {exchange.text[:120]!r}"
    if prepared.calls:
        reply = Reply(exchange, prepared.calls)
        broken = [violation for layer in Layer for violation in violations(reply, layer)]
        return (Kind.WRONG, f"{broken[0].rule}: {broken[0].seen}") if broken else (Kind.NONE, "")
    if prepared.assistant_id and (fault := _assistant_fault(prepared.assistant_id, exchange)):
        return Kind.WRONG, fault
    return Kind.NONE, ""


def _assistant_fault(assistant_id: str, exchange: Exchange) -> str:
    """An assistant-request is answered with an assistant, and if by its id, with the clinic's own."""
    document = as_document(exchange)
    if not isinstance(document, dict) or not ASSISTANT_ANSWERS & document.keys():
        return f"no assistant in the answer to an assistant-request: {exchange.text[:120]!r}"
    named = document.get("assistantId", assistant_id)
    return "" if named == assistant_id else f"assistant {named!r} instead of the clinic's, {assistant_id}"


def _slots(opens: str) -> list[str]:
    """The times of a clinic's day, an hour apart."""
    begin = datetime.datetime.fromisoformat(f"2000-01-01T{opens}")
    return [f"{begin + datetime.timedelta(hours=hour):%H:%M}" for hour in range(SLOTS_PER_DAY)]


def _phone(number: int) -> str:
    """A number of the range reserved for fiction, for each call its own."""
    area, line = divmod(number, 100)
    return f"+1{210 + area % 700}55501{line:02}"

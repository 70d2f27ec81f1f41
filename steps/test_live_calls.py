"""Steps of `live_calls.feature`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from pytest_bdd import given, scenarios, then, when

from fixtures.database.diary import Diary, instants
from fixtures.target.canaries import Organisation
from fixtures.target.exchange import Exchange
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi, as_document
from fixtures.vapi.message import LiveCall, ToolCall, assistant_request, end_of_call_report
from fixtures.vapi.reply import Answer, understood
from fixtures.vapi.tools import AVAILABILITY, BOOKING
from fixtures.verdict.outcome import expect, precondition

scenarios("live_calls.feature")


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call, and how the deployment answered the question who takes it."""

    call: LiveCall
    greeting: Exchange


@dataclass(frozen=True, slots=True)
class Taken:
    """The time that the caller took, and what it was told."""

    start: datetime.datetime
    answer: Answer


@given("a day on which the clinic has a free time", target_fixture="day")
def free_day(diary: Diary, clinic: Organisation) -> datetime.date:
    """Some weeks ahead."""
    return diary.free_start(clinic).date()


@when("a caller rings the clinic", target_fixture="ringing")
def rings(vapi: Vapi, ring: Callable[[Organisation], LiveCall], clinic: Organisation) -> Ringing:
    """Vapi asks which assistant takes the call."""
    call = ring(clinic)
    return Ringing(call, vapi.tell(assistant_request(call)))


@when("the assistant asks for the free times of that day", target_fixture="offered")
def asks(vapi: Vapi, ringing: Ringing, day: datetime.date, clinic: Organisation) -> meaning.Availability:
    """A tool call in mid-call."""
    call = ToolCall(AVAILABILITY, {"date": str(day)})
    return meaning.availability(understood(vapi.call_tools(ringing.call, call), call), clinic.zone)


@when("the caller takes the first of them", target_fixture="taken")
def takes(
    vapi: Vapi,
    ringing: Ringing,
    offered: meaning.Availability,
    day: datetime.date,
    clinic: Organisation,
    run_identity: RunIdentity,
) -> Taken:
    """Books exactly what was offered."""
    precondition(offered.times, f"nothing was offered on {day}, where a time is free; see tools.availability")
    time = min(offered.times)
    arguments = {"appointmentDate": str(day), "appointmentTime": time}
    patient = {"patientName": run_identity.patient, "patientPhone": ringing.call.customer}
    call = ToolCall(BOOKING, {**arguments, **patient})
    return Taken(clinic.at(day, time), understood(vapi.call_tools(ringing.call, call), call))


@when("the caller hangs up")
def hangs_up(vapi: Vapi, ringing: Ringing) -> None:
    """Vapi reports the call."""
    vapi.tell(end_of_call_report(ringing.call, f"AI: You are booked. User: Thanks. ({ringing.call.id})"))


@then("the clinic's assistant took the call")
def right_assistant(ringing: Ringing, clinic: Organisation) -> None:
    """By id."""
    document = as_document(ringing.greeting)
    seen = ringing.greeting.fault or ringing.greeting.text[:160]
    named = isinstance(document, dict) and document.get("assistantId", clinic.assistant_id) == clinic.assistant_id
    expect(named and ringing.greeting.status == 200, expected=f"assistant {clinic.assistant_id}", seen=seen)


@then("the appointment is in the clinic's calendar")
def in_calendar(diary: Diary, clinic: Organisation, taken: Taken) -> None:
    """At the instant of the local time that was offered."""
    rows = [row for row in diary.appointments(clinic) if taken.start in instants(row, clinic.zone)]
    expect(len(rows) == 1, expected=f"one appointment at {taken.start.isoformat()}",
           seen=f"{len(rows)}; the caller was told {taken.answer.text[:160]!r}")  # fmt: skip

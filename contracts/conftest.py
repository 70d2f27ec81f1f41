"""What the contract suites share: arguments that a tool must accept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import answer_to
from fixtures.vapi.tools import AVAILABILITY, ToolDefinition

Arguments = dict[str, Any]
ArgumentsFor = Callable[[ToolDefinition, Organisation], Arguments]
OfferedTimes = dict[tuple[str, datetime.date], set[str]]
FullDay = Callable[[Organisation], datetime.date]


TRIES = 12
"""Days that a black box is asked for until one has something; if none has, its answers are not understood."""


@pytest.fixture(scope="session")
def offered_times() -> OfferedTimes:
    """What the deployment itself offers, by clinic and day, where its calendar can't be read."""
    return {}


@pytest.fixture
def bookable_start(
    diary: Diary, vapi: Vapi, ring: Callable[[Organisation], LiveCall], offered_times: OfferedTimes
) -> Callable[[Organisation], datetime.datetime]:
    """A start that a booking must accept: free in the calendar, or, of a black box, one that it offers."""

    def times(clinic: Organisation, day: datetime.date) -> set[str]:
        if (clinic.id, day) not in offered_times:
            call = ToolCall(AVAILABILITY, {"date": str(day)})
            answer = answer_to(vapi.call_tools(ring(clinic), call), call)
            offered = meaning.availability(answer, clinic.zone).on(day) if answer else set()
            offered_times[clinic.id, day] = offered
        return offered_times[clinic.id, day]

    def offered(clinic: Organisation, start: datetime.datetime) -> bool:
        return f"{start:%H:%M}" in times(clinic, start.date())

    def choose(clinic: Organisation) -> datetime.datetime:
        first = diary.free_start(clinic)
        not_understood = len(offered_times) >= TRIES and not any(offered_times.values())
        if diary.readback or not_understood or offered(clinic, first):
            return first
        others = (diary.free_start(clinic) for _ in range(TRIES))
        return next((start for start in others if offered(clinic, start)), first)

    return choose


@pytest.fixture
def arguments_for(
    diary: Diary, run_identity: RunIdentity, bookable_start: Callable[[Organisation], datetime.datetime]
) -> ArgumentsFor:
    """Makes valid arguments: a slot that is free, a patient of this run, a caller whom the clinic knows."""

    def booking(clinic: Organisation) -> Arguments:
        start = bookable_start(clinic)
        when = {"appointmentDate": str(start.date()), "appointmentTime": f"{start:%H:%M}"}
        return {**when, "patientName": run_identity.patient, "patientPhone": run_identity.next_phone()}

    make: dict[str, Callable[[Organisation], Arguments]] = {
        "availability": lambda clinic: {"date": str(diary.free_day(clinic))},
        "booking": booking,
        "lookup": lambda clinic: {"searchKey": clinic.contact[0].phone, "searchType": "phone"},
        "transfer": lambda _clinic: {"summary": "The caller wants to speak to a person.", "department": "general"},
    }
    return lambda tool, clinic: make[tool.key](clinic)


def start_of_booking(clinic: Organisation, arguments: Arguments) -> datetime.datetime:
    """The instant that a booking asks for."""
    return clinic.at(datetime.date.fromisoformat(arguments["appointmentDate"]), arguments["appointmentTime"])


def booking_at(arguments: Arguments, start: datetime.datetime) -> Arguments:
    """The same booking at another time."""
    return {**arguments, "appointmentDate": str(start.date()), "appointmentTime": f"{start:%H:%M}"}

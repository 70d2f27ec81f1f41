"""What the contract suites share: arguments that a tool must accept."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi.tools import ToolDefinition

Arguments = dict[str, Any]
ArgumentsFor = Callable[[ToolDefinition, Organisation], Arguments]
FullDay = Callable[[Organisation], datetime.date]


@pytest.fixture
def arguments_for(diary: Diary, run_identity: RunIdentity) -> ArgumentsFor:
    """Makes valid arguments: a slot that is free, a patient of this run, a caller whom the clinic knows."""

    def booking(clinic: Organisation) -> Arguments:
        start = diary.free_start(clinic)
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

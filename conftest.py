"""What the checks stand on, beside the plugins that `pyproject.toml` names because they add options."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall
from fixtures.vapi.reply import Answer
from fixtures.vapi.tools import AVAILABILITY, BOOKING
from fixtures.verdict.outcome import precondition

pytest_plugins = ("fixtures.vapi.plugin", "fixtures.tenancy.canary.plugin")


@pytest.fixture
def full_day(
    vapi: Vapi, ring: Callable[[Organisation], LiveCall], diary: Diary, run_identity: RunIdentity
) -> Callable[[Organisation], datetime.date]:
    """Makes a day full, by booking what is offered on it until nothing more is given."""

    def book(clinic: Organisation, day: datetime.date, time: str) -> bool:
        wanted = {"appointmentDate": str(day), "appointmentTime": time}
        patient = {"patientName": run_identity.patient, "patientPhone": run_identity.next_phone()}
        return not vapi.ask(ring(clinic), BOOKING, {**wanted, **patient}).refused

    def fill(clinic: Organisation) -> datetime.date:
        day = diary.free_start(clinic).date()
        diary.keep_out(clinic, day)
        before: set[str] = set()
        while times := _offered(vapi.ask(ring(clinic), AVAILABILITY, {"date": str(day)}), clinic, day):
            booked = [book(clinic, day, time) for time in sorted(times)]  # offers may overlap, so that some are refused
            precondition(before or any(booked), f"nothing that is offered on {day} can be booked: {sorted(times)}")
            if not any(booked):
                break  # what is offered still is nobody's to have
            precondition(times != before, f"what was booked on {day} is offered again; see tools.booking.effect")
            before = times
        return day

    return fill


def _offered(answer: Answer, clinic: Organisation, day: datetime.date) -> set[str]:
    """The times that are offered on a day, `HH:MM`."""
    offered = meaning.availability(answer, clinic.zone)
    times = {f"{slot.time:%H:%M}" for slot in offered.slots if slot.date in {None, day}}
    closed = offered.outside(clinic.opens, clinic.closes)
    precondition(not closed, f"{', '.join(closed)} offered; see tools.availability.meaning.asked-date")
    return times

"""What the checks stand on, beside the plugins that `pyproject.toml` names because they add options."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall
from fixtures.vapi.tools import AVAILABILITY, BOOKING
from fixtures.verdict.outcome import precondition

pytest_plugins = ("fixtures.vapi.plugin", "fixtures.tenancy.plugin")


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
        day = diary.free_day(clinic)
        for rounds in itertools.count():
            offered = meaning.availability(vapi.ask(ring(clinic), AVAILABILITY, {"date": str(day)}), clinic.zone)
            times = {f"{slot.time:%H:%M}" for slot in offered.slots if slot.date in {None, day}}
            booked = [book(clinic, day, time) for time in sorted(times)]  # offers may overlap, so that some are refused
            if not any(booked):
                precondition(rounds, f"nothing that is offered on {day} can be booked: {sorted(times)}")
                return day
        raise AssertionError("unreachable")

    return fill

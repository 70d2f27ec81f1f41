"""bookClinicAppointment refuses what can't be booked, and puts nothing of its own in the place of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable

import pytest

from contracts.conftest import Arguments, ArgumentsFor
from contracts.good_order import in_good_order, not_refused
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.tools import BOOKING
from fixtures.verdict.outcome import Violation, expect, fail_on

HOLDER = "Incumbent"
Ring = Callable[[Organisation], LiveCall]
Refused = Callable[[Iterable[Arguments]], None]


@pytest.fixture
def expect_refused(vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor) -> Refused:
    """Judges changes to a good booking: each is refused, and none writes a row."""

    def judge(changes: Iterable[Arguments]) -> None:
        clinic = target.organisations[0]
        good = in_good_order(vapi, ring(clinic), ToolCall(BOOKING, arguments_for(BOOKING, clinic)))
        before = diary.snapshot(target.organisations)
        broken: list[Violation] = []
        valid = arguments_for(BOOKING, clinic)
        for change in changes:
            call = ToolCall(BOOKING, {**valid, **change})
            if faults := list(not_refused(vapi.call_tools(ring(clinic), call), call, f"{change}", good)):
                valid = arguments_for(BOOKING, clinic)  # lest the next be refused because this one was booked
            broken += faults
        fail_on(broken)
        written = diary.changes(target.organisations, before)
        expect(not written, expected="no row written", seen=f"{len(written)}: {[dict(c.row) for c in written[:2]]}")

    return judge


@pytest.mark.criterion("tools.booking.errors.impossible-time")
def test_impossible_time(expect_refused: Refused, clinic: Organisation) -> None:
    """What is not a time to come is refused in a way the assistant can say, and writes nothing."""
    now = datetime.datetime.now(clinic.zone)
    next_year, yesterday = now.year + 1, now.date() - datetime.timedelta(days=1)
    expect_refused(
        [
            {"appointmentDate": f"{next_year}-02-30"},
            {"appointmentDate": f"{next_year}-13-01"},
            {"appointmentDate": "not a date"},
            {"appointmentDate": ""},
            {"appointmentDate": str(yesterday)},
            {"appointmentDate": str(now.year - 1) + "-06-15"},
            {"appointmentTime": "25:00"},
            {"appointmentTime": "10:75"},
            {"appointmentTime": "whenever"},
            {"appointmentTime": ""},
        ]
    )


@pytest.mark.criterion("tools.booking.errors.closed")
def test_closed(expect_refused: Refused, clinic: Organisation) -> None:
    """Nobody is there at these hours; a caller who is told otherwise stands before a locked door."""
    expect_refused(
        [{"appointmentTime": time} for time in ("03:00", "23:30") if not clinic.opens <= time < clinic.closes]
    )


@pytest.mark.criterion("tools.booking.errors.impossible-duration")
def test_impossible_duration(expect_refused: Refused) -> None:
    """Outside the 15 to 240 minutes of the tool's schema."""
    expect_refused([{"duration": minutes} for minutes in (0, -30, 100_000)])


@pytest.mark.criterion("tools.booking.errors.invalid-phone")
def test_invalid_phone(expect_refused: Refused) -> None:
    """A number that nobody can ring is asked for again."""
    expect_refused([{"patientPhone": number} for number in ("my usual number", "+", "12", "+1 555 CALL NOW")])


@pytest.mark.criterion("tools.booking.errors.taken")
def test_taken(vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor) -> None:
    """The slot was booked a moment ago by somebody else, of whom nothing is told."""
    wanted = arguments_for(BOOKING, clinic)
    wanted = {**wanted, "patientName": f"{wanted['patientName']} {HOLDER}"}
    good = in_good_order(vapi, ring(clinic), ToolCall(BOOKING, wanted))
    patient = {name: arguments_for(BOOKING, clinic)[name] for name in ("patientName", "patientPhone")}
    second = ToolCall(BOOKING, {**wanted, **patient})
    case = f"{wanted['appointmentTime']}, which is taken"
    reply = vapi.call_tools(ring(clinic), second)
    fail_on(not_refused(reply, second, case, good))
    digits = re.sub(r"[\s().-]", "", reply.exchange.text)
    expect(
        HOLDER not in reply.exchange.text and wanted["patientPhone"][-10:] not in digits,
        expected="nothing of the patient who has the slot",
        seen=reply.exchange.text[:200],
    )

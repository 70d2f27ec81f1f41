"""bookClinicAppointment: one call, one appointment, where and when and for whom it was asked."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable

import pytest

from contracts.conftest import Arguments, ArgumentsFor, booking_at, start_of_booking
from fixtures.database.diary import (
    APPOINTMENTS,
    Change,
    Diary,
    instants,
    mentions_phone,
    next_clock_change,
    workday,
)
from fixtures.target.canaries import Organisation
from fixtures.target.target import Target
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import answer_to, understood
from fixtures.vapi.tools import BOOKING
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import NotApplicable, expect, precondition

Ring = Callable[[Organisation], LiveCall]


@pytest.mark.criterion("tools.booking.meaning.confirmation")
def test_confirmation(vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor) -> None:
    """A free slot is booked, and the confirmation names the appointment."""
    call = ToolCall(BOOKING, arguments_for(BOOKING, clinic))
    answer = understood(vapi.call_tools(ring(clinic), call), call)
    expect(not answer.refused, expected="a confirmation: the slot is free", seen=f"a refusal: {answer.text[:200]}")
    expect(meaning.booking(answer).appointment, expected="appointmentId in the result", seen=answer.text[:200])


@pytest.mark.criterion("tools.booking.effect.one-row")
def test_one_row(
    vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor, evidence: Evidence
) -> None:
    """After a booking there is one appointment more: at that instant, for that patient, in that clinic."""
    clinic = target.organisations[0]
    arguments = arguments_for(BOOKING, clinic)
    before = diary.snapshot(target.organisations)
    call = ToolCall(BOOKING, arguments)
    reply = vapi.call_tools(ring(clinic), call)
    changes = diary.changes(target.organisations, before)
    evidence.attach("rows", written=[{"table": change.table, "row": dict(change.row)} for change in changes])
    answer = answer_to(reply, call)
    said = answer.text[:120] if answer else f"HTTP {reply.exchange.status}"
    appointments = [change for change in changes if change.table == APPOINTMENTS]
    expect(
        [change.organisation.id for change in appointments] == [clinic.id],
        expected=f"one new appointment in {clinic.name}",
        seen=f"new in {[change.organisation.name for change in appointments]}; the tool said {said!r}",
    )
    _expect_right(appointments[0], changes, arguments)


def _expect_right(appointment: Change, changes: list[Change], arguments: Arguments) -> None:
    """The appointment starts when it was asked, and the patient stands in it or in the contact it refers to."""
    start = start_of_booking(appointment.organisation, arguments)
    seen = list(instants(appointment.row, appointment.organisation.zone))
    expect(
        start in seen,
        expected=f"a start at {start.isoformat()}",
        seen=f"{[instant.isoformat() for instant in seen]}",
    )
    own = [change.row for change in changes if change.organisation == appointment.organisation]
    written = json.dumps(own, default=str, ensure_ascii=False)
    expect(
        any(mentions_phone(row, arguments["patientPhone"]) for row in own),
        expected=f"the patient's number {arguments['patientPhone']} on the appointment or its contact",
        seen=f"new rows: {written[:300]}",
    )
    expect(
        all(part.lower() in written.lower() for part in arguments["patientName"].split()),
        expected=f"the patient's name {arguments['patientName']} on the appointment or its contact",
        seen=f"new rows: {written[:300]}",
    )


@pytest.mark.criterion("tools.booking.effect.duration")
def test_duration(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor) -> None:
    """An appointment of an hour takes an hour: its second half can't be booked, the time after it can."""
    start = diary.free_start(clinic, hours=2)
    wanted, second_half, after = (
        booking_at(arguments_for(BOOKING, clinic), start + datetime.timedelta(minutes=minutes))
        for minutes in (0, 30, 60)
    )
    hour = vapi.ask(ring(clinic), BOOKING, {**wanted, "duration": 60})
    precondition(not hour.refused, f"an appointment of an hour is refused: {hour.text[:160]}")
    inside = vapi.ask(ring(clinic), BOOKING, second_half)
    expect(
        inside.refused,
        expected=f"{second_half['appointmentTime']} refused: an appointment of 60 minutes began 30 minutes before",
        seen=f"booked: {inside.text[:160]}",
    )
    diary.mark_taken(clinic, start + datetime.timedelta(hours=1))
    behind = vapi.ask(ring(clinic), BOOKING, after)
    expect(not behind.refused, expected=f"{after['appointmentTime']} can be booked", seen=behind.text[:160])


@pytest.mark.criterion("tools.booking.meaning.local-time")
def test_local_time(vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor) -> None:
    """What the confirmation says of day and time is what was asked for, on the clinic's clock."""
    wanted = arguments_for(BOOKING, clinic)
    answer = vapi.ask(ring(clinic), BOOKING, wanted)
    precondition(not answer.refused, f"refused: {answer.text[:160]}; see tools.booking.meaning.confirmation")
    spoken, time = meaning.spoken_times(answer), wanted["appointmentTime"]
    expect(
        not spoken or time in spoken,  # the end of the appointment may be told as well
        expected=f"{time}, the clinic's time, where the confirmation speaks of a time",
        seen=f"{', '.join(sorted(spoken))} in {answer.text[:200]!r}",
    )
    days, day = meaning.spoken_dates(answer), datetime.date.fromisoformat(wanted["appointmentDate"])
    expect(
        not days or day in days,
        expected=f"{day}, where the confirmation speaks of a day",
        seen=f"{', '.join(map(str, days))} in {answer.text[:200]!r}",
    )


@pytest.mark.criterion("tools.booking.effect.daylight-saving")
def test_daylight_saving(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """After the clocks have changed, the clinic's ten o'clock is another instant than today's would be."""
    change = next_clock_change(clinic.zone)
    if change is None:
        raise NotApplicable(f"the clocks of {clinic.timezone} do not change within a year")
    start = diary.free_time(clinic, workday(change, 1))
    answer = vapi.ask(ring(clinic), BOOKING, booking_at(arguments_for(BOOKING, clinic), start))
    if answer.refused:
        as_far = diary.free_time(clinic, workday(change, -1))
        if vapi.ask(ring(clinic), BOOKING, booking_at(arguments_for(BOOKING, clinic), as_far)).refused:
            raise NotApplicable(f"no booking as far ahead as the next clock change ({change}) is taken")
    rows = diary.count_at(clinic, start)
    expect(
        rows == 1,
        expected=f"an appointment at {start.isoformat()}, after the clocks have changed",
        seen=f"{rows} there; the tool said {answer.text[:160]!r}",
    )

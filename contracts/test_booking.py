"""bookClinicAppointment: one call, one appointment, where and when and for whom it was asked."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts.conftest import Arguments, ArgumentsFor
from fixtures.database.diary import APPOINTMENTS, Change, Diary, instants, mentions_phone
from fixtures.target.canaries import Organisation
from fixtures.target.target import Target
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import answer_to, understood
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import BOOKING
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
SIMULTANEOUS = 5


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
    start = _start(appointment.organisation, arguments)
    seen = list(instants(appointment.row, appointment.organisation.zone))
    expect(
        start in seen,
        expected=f"a start at {start.isoformat()}",
        seen=f"{[instant.isoformat() for instant in seen]}",
    )
    own = [change.row for change in changes if change.organisation == appointment.organisation]
    expect(
        any(mentions_phone(row, arguments["patientPhone"]) for row in own),
        expected=f"the patient's number {arguments['patientPhone']} on the appointment or its contact",
        seen=f"new rows: {json.dumps(own, default=str)[:300]}",
    )


@pytest.mark.criterion("tools.booking.no-double-booking")
def test_no_double_booking(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Several patients want one slot at the same moment: one gets it, the others are told."""
    wanted = arguments_for(BOOKING, clinic)
    deliveries = [
        (ring(clinic), ToolCall(BOOKING, {**wanted, "patientPhone": arguments_for(BOOKING, clinic)["patientPhone"]}))
        for _ in range(SIMULTANEOUS)
    ]
    replies = vapi.call_tools_at_once(deliveries)
    answers = [understood(reply, call) for reply, (_, call) in zip(replies, deliveries, strict=True)]
    confirmed = sum(not answer.refused for answer in answers)
    rows = _rows_at(diary, clinic, wanted)
    expect(
        (confirmed, rows) == (1, 1),
        expected=f"1 confirmation of {SIMULTANEOUS}, and 1 appointment at that time",
        seen=f"{confirmed} confirmations and {rows} appointments",
    )


@pytest.mark.criterion("tools.booking.effect.repeated-delivery")
def test_repeated_delivery(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Vapi may deliver a call again when an answer was lost on the way: the same message is booked once."""
    wanted = arguments_for(BOOKING, clinic)
    call = ToolCall(BOOKING, wanted)
    line = ring(clinic)
    first = understood(vapi.call_tools(line, call), call)
    precondition(not first.refused, f"the first delivery was refused: {first.text[:200]}")
    vapi.call_tools(line, call)
    rows = _rows_at(diary, clinic, wanted)
    expect(rows == 1, expected="1 appointment after two deliveries", seen=f"{rows} appointments")


@pytest.mark.criterion("tools.booking.errors.impossible-time")
def test_impossible_time(vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor) -> None:
    """What is not a time to come is refused in a way the assistant can say, and writes nothing."""
    clinic = target.organisations[0]
    next_year = datetime.datetime.now(clinic.zone).year + 1
    yesterday = datetime.datetime.now(clinic.zone).date() - datetime.timedelta(days=1)
    cases: list[Arguments] = [
        {"appointmentDate": f"{next_year}-02-30"},
        {"appointmentDate": f"{next_year}-13-01"},
        {"appointmentDate": "not a date"},
        {"appointmentDate": str(yesterday)},
        {"appointmentTime": "25:00"},
    ]
    _control_booked(vapi, ring(clinic), arguments_for(BOOKING, clinic))
    before = diary.snapshot(target.organisations)
    broken: list[Violation] = []
    for case in cases:
        call = ToolCall(BOOKING, {**arguments_for(BOOKING, clinic), **case})
        reply = vapi.call_tools(ring(clinic), call)
        broken += [
            replace(violation, seen=f"{case}: {violation.seen}") for violation in violations(reply, Layer.TRANSPORT)
        ]
        answer = answer_to(reply, call)
        if answer and not answer.refused:
            broken.append(Violation(f"a refusal of {case}", f"{answer.text[:200]}"))
    fail_on(broken)
    written = diary.changes(target.organisations, before)
    expect(not written, expected="no row written", seen=f"{len(written)} rows: {[dict(c.row) for c in written[:2]]}")


@pytest.mark.criterion("tools.booking.tenant.argument-ignored")
def test_argument_ignored(vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor) -> None:
    """The arguments name the other clinic in every way that was seen; the booking stays where the call is."""
    clinic, other = target.organisations[:2]
    _control_booked(vapi, ring(clinic), arguments_for(BOOKING, clinic))
    names = ("tenantId", "tenant_id", "orgId", "org_id", "organizationId")
    call = ToolCall(BOOKING, {**arguments_for(BOOKING, clinic), **dict.fromkeys(names, other.id)})
    before = diary.snapshot(target.organisations)
    reply = vapi.call_tools(ring(clinic), call)
    written = diary.changes(target.organisations, before)
    abroad = [change for change in written if change.organisation is not clinic]
    expect(not abroad, expected=f"no row in {other.name}", seen=f"{len(abroad)} rows there")
    answer = understood(reply, call)
    precondition(written or answer.refused, f"confirmed ({answer.text[:120]}), but written nowhere")


def _control_booked(vapi: Vapi, line: LiveCall, arguments: Arguments) -> None:
    """A tool that refuses everything proves nothing by refusing one call more."""
    call = ToolCall(BOOKING, arguments)
    answer = understood(vapi.call_tools(line, call), call)
    control(not answer.refused, f"a booking in good order is refused too: {answer.text[:160]}")


def _rows_at(diary: Diary, clinic: Organisation, arguments: Arguments) -> int:
    start = _start(clinic, arguments)
    return sum(start in instants(row, clinic.zone) for row in diary.appointments(clinic))


def _start(clinic: Organisation, arguments: Arguments) -> datetime.datetime:
    return clinic.at(datetime.date.fromisoformat(arguments["appointmentDate"]), arguments["appointmentTime"])

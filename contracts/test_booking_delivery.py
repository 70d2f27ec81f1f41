"""bookClinicAppointment, however often and however close together it is called: one slot, one appointment."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from contracts.conftest import ArgumentsFor, start_of_booking
from contracts.good_order import in_good_order
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, Reply, answer_to, understood
from fixtures.vapi.tools import BOOKING
from fixtures.verdict.outcome import expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
SIMULTANEOUS = 5
OWN = re.compile(r"\b(?:you|your)\b.*\balready\b|\balready\b.*\b(?:you|your)\b|duplicate", re.IGNORECASE)
"""How a refusal says that the appointment is the caller's own."""


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
    good = in_good_order(vapi, ring(clinic), ToolCall(BOOKING, arguments_for(BOOKING, clinic)))
    replies = vapi.call_tools_at_once(deliveries)
    fail_on(fault for reply in replies for fault in good.new_faults(reply))
    answers = [understood(reply, call) for reply, (_, call) in zip(replies, deliveries, strict=True)]
    rows = diary.count_at(clinic, start_of_booking(clinic, wanted))
    expect(
        (_confirmed(answers), rows) == (1, 1),
        expected=f"1 confirmation of {SIMULTANEOUS}, and 1 appointment at that time",
        seen=f"{_confirmed(answers)} confirmations and {rows} appointments",
    )


@pytest.mark.criterion("tools.booking.effect.repeated-delivery")
def test_repeated_delivery(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Vapi may deliver a call again when an answer was lost on the way: the same message is booked once."""
    wanted = arguments_for(BOOKING, clinic)
    call, line = ToolCall(BOOKING, wanted), ring(clinic)
    first = understood(vapi.call_tools(line, call), call)
    precondition(not first.refused, f"the first delivery was refused: {first.text[:200]}")
    again = answer_to(vapi.call_tools(line, call), call)
    rows = diary.count_at(clinic, start_of_booking(clinic, wanted))
    expect(rows == 1, expected="1 appointment after two deliveries", seen=f"{rows} appointments")
    expect(
        again is None or not again.refused or OWN.search(again.text),
        expected="a confirmation, or that the caller has this appointment: the first answer was lost on the way",
        seen=f"a refusal: {again.text[:200] if again else ''}",
    )


@pytest.mark.criterion("tools.booking.auth.replay")
def test_replay(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor) -> None:
    """The same bytes under the same signature, as somebody who has seen them can send them: refused or answered."""
    wanted = arguments_for(BOOKING, clinic)
    call = ToolCall(BOOKING, wanted)
    request = vapi.tool_request(ring(clinic), call)
    first = understood(Reply(vapi.send(request), (call,)), call)
    precondition(not first.refused, f"the first delivery was refused: {first.text[:200]}")
    again = [vapi.send(request).status for _ in range(2)]
    rows = diary.count_at(clinic, start_of_booking(clinic, wanted))
    expect(rows == 1, expected="1 appointment", seen=f"{rows} appointments after replays that were answered {again}")


@pytest.mark.criterion("tools.booking.effect.repeated-at-once")
def test_repeated_at_once(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """The same message several times at the same moment: one appointment, and nobody hears that the slot is gone."""
    wanted = arguments_for(BOOKING, clinic)
    call, line = ToolCall(BOOKING, wanted), ring(clinic)
    good = in_good_order(vapi, ring(clinic), ToolCall(BOOKING, arguments_for(BOOKING, clinic)))
    replies = vapi.call_tools_at_once([(line, call)] * SIMULTANEOUS)
    fail_on(fault for reply in replies for fault in good.new_faults(reply))
    answers = [answer for reply in replies if (answer := answer_to(reply, call))]
    precondition(answers, f"no answer to understand: HTTP {replies[0].exchange.status}; see tools.booking.envelope")
    rows = diary.count_at(clinic, start_of_booking(clinic, wanted))
    expect(
        rows == 1 and _confirmed(answers) >= 1,
        expected=f"1 appointment after {SIMULTANEOUS} deliveries at once, and a confirmation",
        seen=f"{rows} appointments, {_confirmed(answers)} confirmations",
    )


@pytest.mark.criterion("tools.booking.effect.same-slot-in-one-message")
def test_same_slot_in_one_message(
    vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """The model books one slot for two patients in one message: one gets it, the other is told."""
    wanted = arguments_for(BOOKING, clinic)
    calls = [
        ToolCall(BOOKING, {**wanted, "patientPhone": arguments_for(BOOKING, clinic)["patientPhone"]}) for _ in range(2)
    ]
    single = ToolCall(BOOKING, arguments_for(BOOKING, clinic))
    precondition(
        not understood(vapi.call_tools(ring(clinic), single), single).refused, "a single booking is refused too"
    )
    reply = vapi.call_tools(ring(clinic), *calls)
    answers = [answer_to(reply, call) for call in calls]
    rows = diary.count_at(clinic, start_of_booking(clinic, wanted))
    confirmed = _confirmed([answer for answer in answers if answer])
    expect(
        rows == 1 and confirmed <= 1,
        expected="1 appointment, and at most 1 confirmation",
        seen=f"{rows} appointments and {confirmed} confirmations",
    )


def _confirmed(answers: Sequence[Answer]) -> int:
    return sum(not answer.refused for answer in answers)

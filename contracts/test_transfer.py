"""transferCall: to the clinic's own department, and nowhere else."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from contracts.good_order import in_good_order
from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.control import ControlServer
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import understood
from fixtures.vapi.tools import TRANSFER
from fixtures.verdict.outcome import control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
DEPARTMENTS = ("general", "billing", "medical")
DIALLABLE = re.compile(r"\+[1-9]\d{6,14}|sips?:[^\s@]+@[^\s@]+")


@pytest.mark.criterion("tools.transfer.meaning.department")
def test_department(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Each department has its number."""
    precondition(clinic.departments, f"the canary file names no departments of {clinic.name}")
    for department, number in clinic.departments.items():
        seen = _destination(vapi, ring, clinic, department)
        expect(seen == number, expected=f"{department} at {number}", seen=seen or "no destination")


@pytest.mark.criterion("tools.transfer.tenant.own-number")
def test_own_number(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation) -> None:
    """Whichever department is asked for, the number is none of the other clinic's, in both directions."""
    for here, there in ((clinic, other_clinic), (other_clinic, clinic)):
        foreign = {there.transfer_number, *there.departments.values()}
        seen = {department: _destination(vapi, ring, here, department) for department in ("general", "billing")}
        abroad = {department: number for department, number in seen.items() if number in foreign}
        expect(not abroad, expected=f"numbers of {here.name}", seen=f"numbers of {there.name}: {abroad}")
        control(all(seen.values()), f"{here.name} transfers nowhere at all: {seen}")


@pytest.mark.criterion("tools.transfer.meaning.destination")
def test_destination(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Wherever a caller is sent can be dialled, and is not the assistant itself."""
    for department in DEPARTMENTS:
        seen = _destination(vapi, ring, clinic, department)
        control(seen, f"{department}: no destination; see tools.transfer.meaning.department")
        expect(
            DIALLABLE.fullmatch(seen),
            expected=f"{department}: a number in E.164 or a SIP address",
            seen=repr(seen),
            source="Vapi OpenAPI, TransferDestinationNumber and TransferDestinationSip",
        )
        digits = re.sub(r"\D", "", seen)
        expect(
            not digits or digits != re.sub(r"\D", "", clinic.phone_number),
            expected=f"{department}: another number than {clinic.phone_number}, on which the assistant answers",
            seen=seen,
        )


@pytest.mark.criterion("tools.transfer.errors.unknown-department")
def test_unknown_department(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation) -> None:
    """A department that does not exist: a refusal, or a number of the clinic; never another one."""
    asked = {"summary": "The caller wants a person.", "department": "general"}
    good = in_good_order(vapi, ring(clinic), ToolCall(TRANSFER, asked))
    control(good.visible, "not even the general department has a destination")
    call = ToolCall(TRANSFER, {**asked, "department": "no-such-department"})
    reply = vapi.call_tools(ring(clinic), call)
    fail_on(good.new_faults(reply))
    answer = understood(reply, call)
    number = "" if answer.refused else meaning.transfer(answer).destination
    own = {clinic.transfer_number, *clinic.departments.values()}
    expect(not number or number in own, expected=f"a refusal, or one of {', '.join(sorted(own))}", seen=number)
    foreign = {other_clinic.transfer_number, *other_clinic.departments.values()} - own
    expect(not any(number in answer.text for number in foreign), expected="no foreign number", seen=answer.text[:200])


@pytest.mark.criterion("tools.transfer.effect.control-url")
def test_control_url(vapi: Vapi, ring: Ring, clinic: Organisation, control_server: ControlServer) -> None:
    """What moves the caller is an order to the call's control URL; the result is only text to the model."""
    precondition(clinic.departments, f"the canary file names no departments of {clinic.name}")
    for department, number in clinic.departments.items():
        line = ring(clinic)
        line = replace(line, control_url=control_server.url(line.id))
        vapi.ask(line, TRANSFER, {"summary": "The caller wants a person.", "department": department})
        orders = control_server.transfers(line.id)
        expect(
            [order.get("number", order.get("sipUri")) for order in orders] == [number]
            and orders[0].get("type") in {"number", "sip"},
            expected=f'one {{"type": "transfer", "destination": {{"type": "number", "number": "{number}"}}}}',
            seen=json.dumps(control_server.posted[line.id])[:300],
            source="docs.vapi.ai/calls/call-dynamic-transfers",
        )


def _destination(vapi: Vapi, ring: Ring, clinic: Organisation, department: str) -> str:
    asked = {"summary": "The caller wants a person.", "department": department}
    return meaning.transfer(vapi.ask(ring(clinic), TRANSFER, asked)).destination

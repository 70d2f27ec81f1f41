"""transferCall: to the clinic's own department, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import understood
from fixtures.vapi.tools import TRANSFER
from fixtures.verdict.outcome import control, expect, precondition

Ring = Callable[[Organisation], LiveCall]


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


def _destination(vapi: Vapi, ring: Ring, clinic: Organisation, department: str) -> str:
    call = ToolCall(TRANSFER, {"summary": "The caller wants a person.", "department": department})
    return meaning.transfer(understood(vapi.call_tools(ring(clinic), call), call)).destination

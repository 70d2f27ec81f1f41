"""What is sent, and what is not."""

from __future__ import annotations

import dataclasses

import pytest

from fixtures.reference.canaries import CLINIC_A
from fixtures.target.exchange_log import ExchangeLog
from fixtures.target.http import HttpClient
from fixtures.target.record import Limits, Pace, Permission, load_records
from fixtures.target.redaction import Redactor
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import ToolCall, call_to
from fixtures.vapi.signing import SigningPlan
from fixtures.vapi.tools import BOOKING, TOOLS
from fixtures.verdict.criterion import load_catalogue
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import Inconclusive, Reason
from tests.gate import PROJECT

URL = "http://127.0.0.1:9"


def vapi(*may: Permission) -> Vapi:
    record = load_records(PROJECT / "pyproject.toml")["local"]
    target = Target(dataclasses.replace(record, may=may), {"BACKEND_URL": URL})
    http = HttpClient(URL, Limits(), Pace(), Redactor({}))
    return Vapi(target, http, SigningPlan(), "a-secret", ExchangeLog(Evidence(), Redactor({})))


@pytest.mark.parametrize("key", TOOLS)
def test_no_booking_where_nothing_may_be_written(key: str) -> None:
    """Whatever criterion asks for it; the other tools are asked."""
    call, line = ToolCall(TOOLS[key], {}), call_to(CLINIC_A, "call-1", "+12025550199")
    assert vapi("read", "canary-writes").tool_request(line, call).body
    if TOOLS[key] is not BOOKING:
        assert vapi("read").tool_request(line, call).body
        return
    with pytest.raises(Inconclusive) as caught:
        vapi("read").tool_request(line, call)
    assert Reason.PERMISSION_MISSING is caught.value.reason


def test_every_booking_criterion_says_that_it_writes() -> None:
    """So that it is not even begun, and goes through the ledger where it is."""
    criteria = load_catalogue(PROJECT / "features" / "criteria").criteria
    booking = {id_: set(criterion.marks) for id_, criterion in criteria.items() if id_.startswith("tools.booking.")}
    assert len(booking) > 20
    assert {} == {id_: marks for id_, marks in booking.items() if "contract" in marks and "writes" not in marks}

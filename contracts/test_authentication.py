"""Only Vapi may call: every endpoint refuses what Vapi did not sign."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from contracts.conftest import ArgumentsFor
from contracts.each_tool import each_tool
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.exchange import Exchange, Request
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi, encode
from fixtures.vapi.forgeries import REFUSAL, forged, forgeries, in_other_unit, stale
from fixtures.vapi.message import LiveCall, ToolCall, assistant_request
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on

Ring = Callable[[Organisation], LiveCall]


@each_tool("auth.signature-required")
def test_tool_signature(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """A tool serves the signed call, refuses the forged ones, and they leave no row."""
    clinic = target.organisations[0]

    def request() -> Request:
        return vapi.tool_request(ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))

    _require_signing(vapi)
    _control(vapi.send(request()))
    before = diary.snapshot(target.organisations)
    fail_on(_accepted(vapi, request))
    written = diary.changes(target.organisations, before)
    expect(not written, expected="a refused call writes nothing", seen=f"{len(written)} rows written")


@pytest.mark.criterion("webhook.signature.required")
def test_webhook_signature(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """The webhook takes the signed message and refuses the forged ones."""

    def request() -> Request:
        return vapi.webhook_request(encode(assistant_request(ring(clinic))))

    _require_signing(vapi)
    _control(vapi.send(request()))
    fail_on(_accepted(vapi, request))


@pytest.mark.criterion("webhook.signature.fresh")
def test_webhook_freshness(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """A signature from an hour ago is refused; one of now is taken in seconds and in milliseconds."""
    _require_signing(vapi)
    if "{timestamp}" not in vapi.plan.payload_format or vapi.plan.plan != "hmac":
        raise NotApplicable(f"the record's signing plan ({vapi.plan.plan}) signs no timestamp")
    genuine = vapi.webhook_request(encode(assistant_request(ring(clinic))))
    _control(vapi.send(genuine))
    old = vapi.send(forged(genuine, stale(vapi.plan, vapi.secret, genuine.body)))
    other = vapi.send(forged(genuine, in_other_unit(vapi.plan, vapi.secret, genuine.body)))
    expect(old.status == REFUSAL, expected=f"HTTP {REFUSAL} to a signature of an hour ago", seen=_seen(old))
    expect(other.status == 200, expected="HTTP 200 to a timestamp in the other unit", seen=_seen(other))


def _require_signing(vapi: Vapi) -> None:
    if vapi.plan.plan == "none":
        raise NotApplicable("the target's record says that Vapi sends no credential (vapi_auth.plan = 'none')")


def _control(exchange: Exchange) -> None:
    accepted = exchange.complete and exchange.status is not None and 200 <= exchange.status < 300
    control(accepted, f"the genuine request was not accepted either: {_seen(exchange)}")


def _accepted(vapi: Vapi, new_request: Callable[[], Request]) -> Iterator[Violation]:
    """The forgeries that are not refused as they should be."""
    for name, forgery in forgeries(vapi.plan).items():
        genuine = new_request()
        exchange = vapi.send(forged(genuine, forgery(vapi.plan, vapi.secret, genuine.body)))
        if exchange.status != REFUSAL:
            yield Violation(f"HTTP {REFUSAL} to {name}", _seen(exchange))


def _seen(exchange: Exchange) -> str:
    return exchange.fault or f"HTTP {exchange.status}: {exchange.text[:160]}"

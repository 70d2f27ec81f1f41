"""Only Vapi may call: every endpoint serves what Vapi signed, in whatever bytes, and refuses all else with 401."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping

import pytest

from contracts.conftest import ArgumentsFor
from contracts.each_tool import each_tool
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.exchange import Exchange, Request
from fixtures.target.target import Target
from fixtures.vapi import forgeries as forge
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, Message, ToolCall, assistant_request, encode, tool_calls
from fixtures.vapi.reply import Reply, answer_to
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on

Ring = Callable[[Organisation], LiveCall]
NewRequest = Callable[[], Request]
ToolRequest = Callable[[ToolDefinition], Request]


@pytest.fixture
def tool_request(vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor) -> ToolRequest:
    """Makes a signed request that a tool serves, another one each time."""
    return lambda tool: vapi.tool_request(ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))


@pytest.fixture
def webhook_request(vapi: Vapi, ring: Ring, clinic: Organisation) -> NewRequest:
    """Makes a signed request that the webhook answers."""
    return lambda: vapi.webhook_request(encode(assistant_request(ring(clinic))))


@each_tool("auth.signature-required")
def test_tool_signature(
    tool: ToolDefinition, vapi: Vapi, target: Target, diary: Diary, tool_request: ToolRequest
) -> None:
    """A tool serves the signed call, refuses the forged ones, and they leave no row."""
    _require_signing(vapi)
    _control(vapi, tool_request(tool))
    before = diary.snapshot(target.organisations)
    fail_on(_accepted(vapi, forge.forgeries(vapi.plan), lambda: tool_request(tool)))
    written = diary.changes(target.organisations, before)
    expect(not written, expected="a refused call writes nothing", seen=f"{len(written)} rows written")


@each_tool("auth.fresh")
def test_tool_freshness(tool: ToolDefinition, vapi: Vapi, tool_request: ToolRequest) -> None:
    """See `_judge_freshness`."""
    _judge_freshness(vapi, lambda: tool_request(tool))


@each_tool("auth.raw-body")
def test_tool_raw_body(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """Bytes that no serialiser would make again, rightly signed, are served; signed as serialised again, refused."""
    _require_signing(vapi)
    usual = ToolCall(tool, arguments_for(tool, clinic))
    known = vapi.call_tools(ring(clinic), usual)
    control(_accepts(known.exchange), f"the genuine request was not accepted either: {_seen(known.exchange)}")
    told = answer_to(known, usual)
    control(not (told and told.refused), f"the same call in usual bytes is refused too: {told and told.text[:160]}")
    call = ToolCall(tool, arguments_for(tool, clinic))
    path, message = tool.path(vapi.target.record.paths), tool_calls(ring(clinic), [call])
    reply = Reply(vapi.send(vapi.signed(path, _unusual(message))), (call,))
    answer = answer_to(reply, call)
    expect(
        _accepts(reply.exchange) and not (answer and answer.refused),
        expected="a signature over the bytes as they came is accepted, whatever their spacing and escapes",
        seen=_seen(reply.exchange),
    )
    fail_on(_accepts_serialised_again(vapi, path, tool_calls(ring(clinic), [ToolCall(tool, call.arguments)])))


@each_tool("auth.exact-signature")
def test_tool_exact_signature(tool: ToolDefinition, vapi: Vapi, tool_request: ToolRequest) -> None:
    """See `_judge_exactness`."""
    _judge_exactness(vapi, lambda: tool_request(tool))


@pytest.mark.criterion("webhook.signature.required")
def test_webhook_signature(vapi: Vapi, webhook_request: NewRequest) -> None:
    """The webhook takes the signed message and refuses the forged ones."""
    _require_signing(vapi)
    _control(vapi, webhook_request())
    fail_on(_accepted(vapi, forge.forgeries(vapi.plan), webhook_request))


@pytest.mark.criterion("webhook.signature.fresh")
def test_webhook_freshness(vapi: Vapi, webhook_request: NewRequest) -> None:
    """See `_judge_freshness`."""
    _judge_freshness(vapi, webhook_request)


@pytest.mark.criterion("webhook.signature.raw-body")
def test_webhook_raw_body(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """As for the tools."""
    _require_signing(vapi)
    path = vapi.target.record.paths.webhook
    _control(vapi, vapi.webhook_request(encode(assistant_request(ring(clinic)))))
    exchange = vapi.send(vapi.signed(path, _unusual(assistant_request(ring(clinic)))))
    expect(
        _accepts(exchange),
        expected="a signature over the bytes as they came is accepted, whatever their spacing and escapes",
        seen=_seen(exchange),
    )
    fail_on(_accepts_serialised_again(vapi, path, assistant_request(ring(clinic))))


@pytest.mark.criterion("webhook.signature.exact")
def test_webhook_exact_signature(vapi: Vapi, webhook_request: NewRequest) -> None:
    """See `_judge_exactness`."""
    _judge_exactness(vapi, webhook_request)


def _judge_freshness(vapi: Vapi, new_request: NewRequest) -> None:
    """A signature of an hour ago or ahead is refused; one of now is taken in seconds and in milliseconds."""
    _require_signing(vapi)
    if not vapi.plan.signs_time:
        raise NotApplicable(f"the record's signing plan ({vapi.plan.plan}) signs no timestamp")
    _control(vapi, new_request())
    fail_on(_accepted(vapi, forge.stale(vapi.plan), new_request))
    other = vapi.send(forge.forged(vapi.signer(new_request()), forge.in_other_unit(vapi.plan)))
    expect(_accepts(other), expected="a timestamp in the other unit is accepted", seen=_seen(other))


def _judge_exactness(vapi: Vapi, new_request: NewRequest) -> None:
    """A signature with something after it is not the signature, though a hex decoder may stop before that."""
    if not forge.sloppy(vapi.plan):
        raise NotApplicable(f"the record's signing plan ({vapi.plan.plan}) sends no hex digits")
    _control(vapi, new_request())
    fail_on(_accepted(vapi, forge.sloppy(vapi.plan), new_request))


def _require_signing(vapi: Vapi) -> None:
    if vapi.plan.plan == "none":
        raise NotApplicable("the target's record says that Vapi sends no credential (vapi_auth.plan = 'none')")


def _control(vapi: Vapi, request: Request) -> None:
    exchange = vapi.send(request)
    control(_accepts(exchange), f"the genuine request was not accepted either: {_seen(exchange)}")


def _accepted(vapi: Vapi, forgeries: Mapping[str, forge.Forgery], new_request: NewRequest) -> Iterator[Violation]:
    """The forgeries that are not refused as they should be: with 401, soon, and with no other status."""
    signer = vapi.signer(new_request())
    for name, forgery in forgeries.items():
        exchange = vapi.send(forge.forged(signer, forgery))
        if exchange.status != forge.REFUSAL:
            yield Violation(f"HTTP {forge.REFUSAL} to {name}", _seen(exchange), exchange=exchange.curl)


def _accepts_serialised_again(vapi: Vapi, path: str, message: Message) -> Iterator[Violation]:
    """Unusual bytes under the signature of the same message in usual ones."""
    unusual = vapi.signed(path, _unusual(message))
    usual = encode(message)
    forgery = forge.of_another_body(lambda _: usual, shlex.quote(usual.decode()))
    exchange = vapi.send(forge.forged(vapi.signer(unusual), forgery))
    if vapi.plan.plan == "hmac" and exchange.status != forge.REFUSAL:
        expected = f"HTTP {forge.REFUSAL} to the signature of the message serialised again"
        yield Violation(expected, _seen(exchange), exchange=exchange.curl)


def _unusual(message: Message) -> bytes:
    """The same message in bytes that no serialiser makes: wide, escaped, the members in another order."""
    backwards = dict(reversed(message["message"].items()))
    text = json.dumps({"message": backwards}, indent=3, separators=(" ,", " :  "), ensure_ascii=True)
    return f"\n{text}\n".encode()


def _accepts(exchange: Exchange) -> bool:
    return exchange.complete and exchange.status is not None and 200 <= exchange.status < 300


def _seen(exchange: Exchange) -> str:
    return exchange.fault or f"HTTP {exchange.status}: {exchange.text[:160]}"

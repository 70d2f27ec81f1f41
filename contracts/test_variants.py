"""Every form of the request that Vapi may send is served alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from contracts.conftest import Arguments, ArgumentsFor, start_of_booking
from contracts.each_tool import each_tool
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, Reply, answer_to
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import BOOKING, LOOKUP, ToolDefinition
from fixtures.vapi.variants import VARIANTS, Variant, large
from fixtures.verdict.outcome import Violation, control, fail_on

Ring = Callable[[Organisation], LiveCall]
WIRE, *OTHERS = VARIANTS


@each_tool("envelope.variants")
def test_wire_variants(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """What was captured, or what the schema demands; a booking in each form is read back."""
    ids_right = _control(vapi, ring(clinic), tool, arguments_for(tool, clinic))
    required = [variant for variant in OTHERS if variant.required and (variant.books or tool is not BOOKING)]
    cases = [(variant, arguments_for(tool, clinic)) for variant in required]
    fail_on(_unserved(vapi, ring, clinic, diary, tool, cases, ids_right=ids_right))


@each_tool("envelope.documented-variants")
def test_documented_variants(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """What a page of the documents shows, and nobody has captured."""
    ids_right = _control(vapi, ring(clinic), tool, arguments_for(tool, clinic))
    documented = [(variant, arguments_for(tool, clinic)) for variant in OTHERS if not variant.required]
    fail_on(_unserved(vapi, ring, clinic, diary, tool, documented, ids_right=ids_right))


@each_tool("envelope.large-message")
def test_large_message(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """After a long conversation; body parsers with a small limit answer 413."""
    call = WIRE.tool_call(tool, arguments_for(tool, clinic))
    _control(vapi, ring(clinic), tool, arguments_for(tool, clinic))
    reply = vapi.deliver(large(WIRE.message(ring(clinic), call)), call)
    fail_on(_faults(reply, call, "a message of 200 kB", ids_right=False))


def _control(vapi: Vapi, line: LiveCall, tool: ToolDefinition, arguments: Arguments) -> bool:
    """The wire form is served, or nothing can be said of the others; returns whether its id is echoed."""
    call = WIRE.tool_call(tool, arguments)
    reply = vapi.deliver(WIRE.message(line, call), call)
    answer = answer_to(reply, call)
    control(answer and _served(tool, answer), f"the wire form is not served either: HTTP {reply.exchange.status} "
            f"{reply.exchange.text[:120]!r}; see tools.{tool.key}.envelope")  # fmt: skip
    return not _wrong_ids(reply)


def _unserved(
    vapi: Vapi,
    ring: Ring,
    clinic: Organisation,
    diary: Diary,
    tool: ToolDefinition,
    cases: Iterable[tuple[Variant, Arguments]],
    *,
    ids_right: bool,
) -> Iterator[Violation]:
    for variant, arguments in cases:
        call = variant.tool_call(tool, arguments)
        reply = vapi.deliver(variant.message(ring(clinic), call), call)
        case = f"{variant.id} ({variant.what})"
        faults = list(_faults(reply, call, case, ids_right=ids_right))
        yield from faults
        if (
            tool is BOOKING
            and diary.readback
            and not faults
            and diary.count_at(clinic, start_of_booking(clinic, arguments)) != 1
        ):
            yield Violation(f"{case}: the confirmed booking in the database", "no row", source=variant.source)


def _faults(reply: Reply, call: ToolCall, case: str, *, ids_right: bool) -> Iterator[Violation]:
    """Why Vapi's model would not have the answer that the wire form gets."""
    broken = violations(reply, Layer.TRANSPORT)
    broken += _wrong_ids(reply) if ids_right else []
    yield from (replace(violation, expected=f"{case}: {violation.expected}") for violation in broken)
    answer = answer_to(reply, call)
    if not broken and (answer is None or not _served(call.tool, answer)):
        seen = f"not served: {answer.text[:160]}" if answer else f"no answer in {reply.exchange.text[:160]!r}"
        yield Violation(f"{case}: served as the wire form is", seen, exchange=reply.exchange.curl)


def _served(tool: ToolDefinition, answer: Answer) -> bool:
    """Whether the tool did what was asked; looking up a known caller is to find somebody."""
    return not answer.refused and (tool is not LOOKUP or meaning.lookup(answer).found)


def _wrong_ids(reply: Reply) -> list[Violation]:
    return [violation for violation in violations(reply, Layer.ENVELOPE) if violation.rule == "vapi.envelope.id-echoed"]

"""Every form of the request that Vapi may send is served alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from contracts.conftest import Arguments, ArgumentsFor, start_of_booking
from contracts.each_tool import each_tool
from contracts.good_order import GoodOrder, in_good_order, not_served
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.tools import BOOKING, ToolDefinition
from fixtures.vapi.variants import VARIANTS, Variant, large
from fixtures.verdict.outcome import Violation, fail_on

Ring = Callable[[Organisation], LiveCall]
WIRE, *OTHERS = VARIANTS


@each_tool("envelope.variants")
def test_wire_variants(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """What was captured, or what the schema demands; a booking in each form is read back."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    required = [variant for variant in OTHERS if variant.required and (variant.books or tool is not BOOKING)]
    cases = [(variant, variant.tool_call(tool, arguments_for(tool, clinic))) for variant in required]
    fail_on(_unserved(vapi, ring, clinic, diary, cases, good))


@each_tool("envelope.documented-variants")
def test_documented_variants(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """What a page of the documents shows, and nobody has captured."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    documented = [variant for variant in OTHERS if not variant.required]
    cases = [(variant, variant.tool_call(tool, arguments_for(tool, clinic))) for variant in documented]
    fail_on(_unserved(vapi, ring, clinic, diary, cases, good))


@each_tool("envelope.large-message")
def test_large_message(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """After a long conversation; body parsers with a small limit answer 413."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    call = WIRE.tool_call(tool, arguments_for(tool, clinic))
    reply = vapi.deliver(large(WIRE.message(ring(clinic), call)), call)
    fail_on(not_served(reply, call, "a message of 200 kB", good))


def _unserved(
    vapi: Vapi,
    ring: Ring,
    clinic: Organisation,
    diary: Diary,
    cases: Iterable[tuple[Variant, ToolCall]],
    good: GoodOrder,
) -> Iterator[Violation]:
    for variant, call in cases:
        reply = vapi.deliver(variant.message(ring(clinic), call), call)
        case = f"{variant.id} ({variant.what})"
        faults = list(not_served(reply, call, case, good))
        yield from faults
        if call.tool is BOOKING and not faults and not _booked(diary, clinic, dict(call.arguments)):
            expected = f"{case}: the confirmed booking, once in the database"
            yield Violation(expected, "no row, or more than one", source=variant.source, exchange=reply.exchange.curl)


def _booked(diary: Diary, clinic: Organisation, arguments: Arguments) -> bool:
    return not diary.readback or diary.count_at(clinic, start_of_booking(clinic, arguments)) == 1

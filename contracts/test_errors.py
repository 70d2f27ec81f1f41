"""What can't be served is refused so that the assistant can say it: HTTP 200, one `error`, no row, nothing invented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts.conftest import Arguments, ArgumentsFor
from contracts.each_tool import each_tool
from contracts.good_order import GoodOrder, in_good_order, not_refused
from fixtures.database.diary import Change, Diary, Snapshot
from fixtures.target.canaries import Organisation
from fixtures.target.target import Target
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall, tool_calls
from fixtures.vapi.reply import Reply, answer_to
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import BOOKING, ToolDefinition
from fixtures.vapi.variants import with_arguments, with_function
from fixtures.verdict.outcome import Violation, expect, fail_on

if TYPE_CHECKING:
    from hypothesis import settings

Ring = Callable[[Organisation], LiveCall]

UNREADABLE = ('{"date": "2026-', "not JSON", "", "{}", "[]", '"text"')
"""What stands in the place of the arguments when the model was cut off or called with none (V6, V7)."""


@each_tool("errors.missing-argument")
def test_missing_argument(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Without one required argument, and without any."""
    clinic = target.organisations[0]
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    before = diary.snapshot(target.organisations)
    valid = arguments_for(tool, clinic)
    cases: dict[str, Arguments] = {f"without {name}": _without(valid, name) for name in tool.required}
    for case, arguments in {**cases, "without any argument": {}}.items():
        call = ToolCall(tool, arguments)
        fail_on(not_refused(vapi.call_tools(ring(clinic), call), call, case, good))
    _expect_nothing_written(diary, target, before)


@each_tool("errors.unreadable-arguments")
def test_unreadable_arguments(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, target: Target, diary: Diary, arguments_for: ArgumentsFor
) -> None:
    """Text that is no JSON object, as a model leaves it that ran out of tokens."""
    clinic = target.organisations[0]
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    before = diary.snapshot(target.organisations)
    for text in UNREADABLE:
        call = ToolCall(tool, {})
        reply = vapi.deliver(with_arguments(tool_calls(ring(clinic), [call]), text), call)
        fail_on(not_refused(reply, call, f"arguments {text!r}", good))
    _expect_nothing_written(diary, target, before)


@each_tool("errors.unknown-function")
def test_unknown_function(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """A function that was renamed at Vapi and not here: the assistant hears that it does not work."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    call = ToolCall(tool, {"query": "parking"})
    reply = vapi.deliver(with_function(tool_calls(ring(clinic), [call]), "noSuchFunction"), call)
    fail_on(not_refused(reply, call, "function noSuchFunction", good))


@each_tool("errors.absurd")
def test_absurd_arguments(
    tool: ToolDefinition,
    vapi: Vapi,
    ring: Ring,
    target: Target,
    diary: Diary,
    arguments_for: ArgumentsFor,
    exploration: settings,
) -> None:
    """Any JSON in the place of an argument, or of all: refused without a row, or served with one."""
    from fixtures.vapi import exploration as hypothesis
    from fixtures.vapi.hostile import Instead, absurd, worst

    clinic = target.organisations[0]
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    valid = [arguments_for(tool, clinic)]
    changes = diary.changes_from_now(target.organisations) if tool is BOOKING and diary.readback else None

    def judge(example: Arguments | Instead) -> None:
        call = ToolCall(tool, {} if isinstance(example, Instead) else {**valid[-1], **example})
        message = tool_calls(ring(clinic), [call])
        if isinstance(example, Instead):
            message = with_arguments(message, example.value)
        served = _expect_orderly(vapi.deliver(message, call), call, good, changes, f"{example!r}"[:160])
        if served and tool is BOOKING:
            valid.append(arguments_for(tool, clinic))  # the slot is gone

    for example in () if exploration is hypothesis.PACED else worst(tool):
        judge(example)
    hypothesis.explore(absurd(tool), judge, exploration)


def _expect_orderly(
    reply: Reply, call: ToolCall, good: GoodOrder, changes: Callable[[], list[Change]] | None, case: str
) -> bool:
    """HTTP 200 and JSON; a refusal has written nothing, a confirmed booking stands. Returns whether it was served."""
    broken = [*good.new_faults(reply), *_disclosed(reply, evaluated=True)]
    fail_on(replace(violation, seen=f"{case}: {violation.seen}") for violation in broken)
    answer = answer_to(reply, call)
    served = answer is not None and not answer.refused
    if changes:
        written = bool(changes())
        expect(
            written == served,
            expected="a row for each confirmation, and for nothing else",
            seen=f"{case}: {'a row' if written else 'no row'}, and {reply.exchange.text[:160]!r}",
        )
    return served


@each_tool("errors.no-internals")
def test_no_internals(
    tool: ToolDefinition,
    vapi: Vapi,
    ring: Ring,
    clinic: Organisation,
    arguments_for: ArgumentsFor,
    exploration: settings,
) -> None:
    """Whatever goes wrong, and with whatever status: no stack trace, SQL or path in the answer."""
    from fixtures.vapi import exploration as hypothesis
    from fixtures.vapi.hostile import spoilt, worst

    in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    valid = arguments_for(tool, clinic)
    for reply in _provoked(vapi, ring(clinic), tool, valid):
        fail_on(_disclosed(reply))

    def judge(change: Arguments) -> None:
        fail_on(_disclosed(vapi.call_tools(ring(clinic), ToolCall(tool, {**valid, **change}))))

    for change in () if exploration is hypothesis.PACED else worst(tool):
        judge(change)
    if exploration is not hypothesis.CI:  # whose few examples are judged as absurd arguments; the worst tell more
        hypothesis.explore(spoilt(tool), judge, exploration)


def _disclosed(reply: Reply, *, evaluated: bool = False) -> list[Violation]:
    """What of the server shows in a reply; or that it computed what it was told, which is a fault of its own."""
    found = violations(reply, Layer.DISCLOSURE)
    return [violation for violation in found if violation.rule.endswith("not-evaluated") is evaluated]


def _provoked(vapi: Vapi, line: LiveCall, tool: ToolDefinition, valid: Arguments) -> Iterator[Reply]:
    """Replies to what makes careless servers throw."""
    wire = tool_calls(line, [call := ToolCall(tool, valid)])
    for name in tool.required:
        for value in (None, {"$gt": ""}, "a\0b"):
            yield vapi.call_tools(line, ToolCall(tool, {**valid, name: value}))
        for other in tool.parameters["properties"][name].get("enum", ()):
            odd = {known: "a\0b" for known in tool.required if known != name}
            yield vapi.call_tools(line, ToolCall(tool, {**valid, **odd, name: other}))
    yield vapi.deliver(with_arguments(wire, UNREADABLE[0]), call)
    yield vapi.deliver(with_function(wire, "noSuchFunction"), call)
    yield vapi.deliver({"message": {**wire["message"], "call": None}}, call)
    yield vapi.deliver({"message": {"type": "tool-calls"}}, call)
    for metadata in ({"org_id": "no-uuid"}, "text", {"org_id": {"$ne": None}}):
        broken = {**wire["message"]["call"], "metadata": metadata}
        yield vapi.deliver({"message": {**wire["message"], "call": broken}}, call)


def _without(arguments: Arguments, name: str) -> Arguments:
    return {key: value for key, value in arguments.items() if key != name}


def _expect_nothing_written(diary: Diary, target: Target, before: Snapshot) -> None:
    written = diary.changes(target.organisations, before)
    expect(not written, expected="no row written", seen=f"{len(written)} rows in {[c.table for c in written]}")

"""The call in good order, which every other call of a check is compared with.

A tool that refuses everything proves nothing by refusing one call more; and a fault that all replies of a tool have
is judged once, by `envelope.transport` and `envelope.results`, and not again by every other criterion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, Reply, answer_to, understood
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import Violation, control

Fault = tuple[str, int | None, str]


@dataclass(frozen=True, slots=True)
class GoodOrder:
    """What the reply to a call in good order is like: its faults, and whether it can be seen that it did something."""

    faults: frozenset[Fault]
    visible: bool

    def new_faults(self, reply: Reply, layer: Layer = Layer.TRANSPORT) -> list[Violation]:
        """What is wrong with `reply` that is not wrong with every reply of this tool."""
        return [found for found in violations(reply, layer) if _fault(found, reply) not in self.faults]

    def serves(self, tool: ToolDefinition, answer: Answer) -> bool:
        """Whether a tool did in another case what it does in good order."""
        return not answer.refused and (_visible(tool, answer) or not self.visible)


def in_good_order(vapi: Vapi, line: LiveCall, call: ToolCall) -> GoodOrder:
    """Make the call in good order; raises Inconclusive when it is not understood, or refused."""
    reply = vapi.call_tools(line, call)
    answer = understood(reply, call)
    control(not answer.refused, f"the same call in good order is refused too: {answer.text[:160]}")
    found = violations(reply, Layer.TRANSPORT) + violations(reply, Layer.ENVELOPE)
    return GoodOrder(frozenset(_fault(violation, reply) for violation in found), _visible(call.tool, answer))


def not_refused(reply: Reply, call: ToolCall, case: str, good: GoodOrder) -> Iterator[Violation]:
    """Why a reply is no refusal that the assistant can say: HTTP 200 with an `error`, or `success: false`."""
    broken = good.new_faults(reply)
    yield from (replace(violation, seen=f"{case}: {violation.seen}") for violation in broken)
    answer = answer_to(reply, call)
    if not broken and answer is None:
        seen = f"{case}: {reply.exchange.text[:160]!r}"
        yield Violation("a refusal that Vapi hands to the model", seen, exchange=reply.exchange.curl)
    if answer and not answer.refused:
        seen = f"{case}: {answer.text[:200]}"
        yield Violation("a refusal that the assistant can say", seen, exchange=reply.exchange.curl)


def not_served(reply: Reply, call: ToolCall, case: str, good: GoodOrder) -> Iterator[Violation]:
    """Why Vapi's model does not get in another case the answer that it gets in good order."""
    broken = good.new_faults(reply)
    broken += [found for found in good.new_faults(reply, Layer.ENVELOPE) if found.rule.endswith(".id-echoed")]
    yield from (replace(violation, expected=f"{case}: {violation.expected}") for violation in broken)
    answer = answer_to(reply, call)
    if not broken and (answer is None or not good.serves(call.tool, answer)):
        seen = f"not served: {answer.text[:160]}" if answer else f"no answer in {reply.exchange.text[:160]!r}"
        yield Violation(f"{case}: served as the wire form is", seen, exchange=reply.exchange.curl)


def _fault(violation: Violation, reply: Reply) -> Fault:
    return violation.rule, reply.exchange.status, reply.exchange.media_type


def _visible(tool: ToolDefinition, answer: Answer) -> bool:
    """Whether the answer itself shows what was done; a booking's effect is in the database."""
    shows: dict[str, Callable[[Answer], bool]] = {
        "availability": lambda answer: bool(meaning.availability(answer, None).slots),
        "booking": lambda answer: not answer.refused,
        "lookup": lambda answer: meaning.lookup(answer).found,
        "transfer": lambda answer: bool(meaning.transfer(answer).destination),
    }
    return shows[tool.key](answer)

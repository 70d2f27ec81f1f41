"""The reply's form: what Vapi hands to the model, and what it drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from contracts.conftest import Arguments, ArgumentsFor
from contracts.each_tool import each_tool
from contracts.good_order import in_good_order
from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, answer_to
from fixtures.vapi.rules import Layer, violations
from fixtures.vapi.tools import ToolDefinition
from fixtures.verdict.outcome import Violation, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
Expected = tuple[Arguments, Callable[[Answer], str]]
"""Arguments, and what is wrong with an answer to them, or nothing."""

MATCHING = {"results-array", "entry-object", "id-echoed"}
"""The rules by which an answer finds its call."""


@each_tool("envelope.transport")
def test_transport(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """A call in the wire form gets HTTP 200 and JSON."""
    reply = vapi.call_tools(ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    fail_on(violations(reply, Layer.TRANSPORT))


@each_tool("envelope.results")
def test_results(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """The reply is one that Vapi hands to the model, whatever else is wrong with it."""
    call = ToolCall(tool, arguments_for(tool, clinic))
    reply = vapi.call_tools(ring(clinic), call)
    unavailable = reply.exchange.status is None or (reply.exchange.status >= 400 and answer_to(reply, call) is None)
    where = f"see tools.{tool.key}.envelope.transport"
    precondition(reply.has_document and not unavailable, f"no reply of the tool's to judge; {where}")
    fail_on(violations(reply, Layer.ENVELOPE))


@each_tool("envelope.refusal")
def test_refusal(
    tool: ToolDefinition, vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor
) -> None:
    """A refusal has the same form; code for errors is written on another day than the rest."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    reply = vapi.call_tools(ring(clinic), ToolCall(tool, {}))
    precondition(reply.has_document, f"no JSON to judge; see tools.{tool.key}.errors.missing-argument")
    fail_on(good.new_faults(reply, Layer.ENVELOPE))


@each_tool("envelope.parallel-calls")
def test_parallel_calls(
    tool: ToolDefinition,
    vapi: Vapi,
    ring: Ring,
    clinic: Organisation,
    diary: Diary,
    arguments_for: ArgumentsFor,
    run_identity: RunIdentity,
) -> None:
    """Two calls and three calls of one tool in one message: each is answered under its id, with its own answer."""
    good = in_good_order(vapi, ring(clinic), ToolCall(tool, arguments_for(tool, clinic)))
    for count in (2, 3):
        cases = list(PARALLEL[tool.key](clinic, diary, lambda: arguments_for(tool, clinic), run_identity))[:count]
        calls = [ToolCall(tool, arguments) for arguments, _ in cases]
        reply = vapi.call_tools(ring(clinic), *calls)
        fail_on(good.new_faults(reply))
        broken = violations(reply, Layer.ENVELOPE)
        fail_on(violation for violation in broken if violation.rule.rpartition(".")[2] in MATCHING)
        for number, (call, (_, fault)) in enumerate(zip(calls, cases, strict=True), start=1):
            answer = answer_to(reply, call)
            wrong = fault(answer) if answer else "none"
            fail_on([Violation(f"call {number} of {len(calls)}: its own answer", wrong)] if wrong else [])


NewArguments = Callable[[], Arguments]
Cases = Callable[[Organisation, Diary, NewArguments, RunIdentity], Iterator[Expected]]


def _days(clinic: Organisation, diary: Diary, _new: NewArguments, _run: RunIdentity) -> Iterator[Expected]:
    for date in sorted({diary.free_start(clinic).date() for _ in range(3)}):

        def fault(answer: Answer, date: object = date) -> str:
            offered = meaning.availability(answer, clinic.zone)
            other = offered.requested not in {None, date}
            return f"an answer about {offered.requested}, asked was {date}" if other or answer.refused else ""

        yield {"date": str(date)}, fault


def _bookings(_clinic: Organisation, _diary: Diary, new: NewArguments, _run: RunIdentity) -> Iterator[Expected]:
    for _ in range(3):
        yield new(), lambda answer: f"a refusal: {answer.text[:120]}" if answer.refused else ""


def _callers(clinic: Organisation, _diary: Diary, new: NewArguments, run: RunIdentity) -> Iterator[Expected]:
    nobody = {"searchKey": run.next_phone(), "searchType": "phone"}
    yield nobody, lambda answer: f"found: {answer.text[:120]}" if meaning.lookup(answer).found else ""
    for contact in clinic.contact[:2]:
        others = [other.name for other in clinic.contact if other != contact]

        def fault(answer: Answer, name: str = contact.name, others: Sequence[str] = others) -> str:
            known = meaning.lookup(answer).found and meaning.speaks_of(answer, name, others)
            return "" if known else f"{name} is not in {answer.text[:120]!r}"

        yield {**new(), "searchKey": contact.phone}, fault


def _departments(clinic: Organisation, _diary: Diary, new: NewArguments, _run: RunIdentity) -> Iterator[Expected]:
    for department, number in clinic.departments.items():

        def fault(answer: Answer, number: str = number) -> str:
            seen = meaning.transfer(answer).destination
            return "" if seen == number else f"sent to {seen or 'nowhere'}, {number} was due"

        yield {**new(), "department": department}, fault


PARALLEL: Mapping[str, Cases] = {
    "availability": _days,
    "booking": _bookings,
    "lookup": _callers,
    "transfer": _departments,
}

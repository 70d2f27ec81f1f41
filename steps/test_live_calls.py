"""Steps of `live_calls.feature`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_bdd import given, parsers, scenarios, then, when

from fixtures.database.diary import Diary, mentions_phone
from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.call import Call
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import ToolCall
from fixtures.vapi.reply import as_document
from fixtures.vapi.scripts import SCRIPTS, first_offer, play
from fixtures.vapi.tools import AVAILABILITY, BOOKING
from fixtures.verdict.outcome import NotApplicable, expect, precondition

scenarios("live_calls.feature")

NewCaller = Callable[[Organisation, datetime.date], Call]


@dataclass(frozen=True, slots=True)
class Race:
    """Two calls that took the same time at the same moment, and those of them that were confirmed."""

    start: datetime.datetime
    confirmed: tuple[Call, ...]
    calls: tuple[Call, Call]


@given("a day on which the clinic has a free time", target_fixture="day")
def free_day(diary: Diary, clinic: Organisation) -> datetime.date:
    """Some weeks ahead; another for each call."""
    return diary.free_start(clinic).date()


@given("a day on which every time is taken", target_fixture="day")
def taken_day(full_day: Callable[[Organisation], datetime.date], clinic: Organisation) -> datetime.date:
    """Taken by callers of this run."""
    return full_day(clinic)


@given("a caller who has booked before", target_fixture="earlier")
def earlier_call(caller: NewCaller, clinic: Organisation, day: datetime.date, diary: Diary) -> Call:
    """In a call of its own, and the booking made a contact."""
    call = _played(caller(clinic, day), "book", diary)
    precondition(call.booked(), f"the first booking was refused: {call.answers[-1].text[:160]}; see call.books")
    if not any(mentions_phone(row, call.line.customer) for row in diary.contacts(clinic)):
        raise NotApplicable("a booking makes no contact here, so that nobody is known who has booked before")
    return call


@when(parsers.parse('a caller rings and plays "{script}"'), target_fixture="call")
def rings(caller: NewCaller, clinic: Organisation, day: datetime.date, script: str, diary: Diary) -> Call:
    """From the first ring to the report."""
    return _played(caller(clinic, day), script, diary)


@when(parsers.parse('the same caller rings and plays "{script}"'), target_fixture="call")
def rings_again(
    caller: NewCaller, clinic: Organisation, day: datetime.date, earlier: Call, script: str, diary: Diary
) -> Call:
    """Another call from the same number."""
    call = caller(clinic, day)
    call.line = replace(call.line, customer=earlier.line.customer)
    return _played(call, script, diary)


def _played(call: Call, script: str, diary: Diary) -> Call:
    play(call, SCRIPTS[script])
    if call.wanted:
        diary.mark_taken(call.clinic, call.wanted)
    return call


@when("two callers are offered the same time and both take it", target_fixture="race")
def two_callers(vapi: Vapi, caller: NewCaller, clinic: Organisation, day: datetime.date) -> Race:
    """At the same moment."""
    first, second = caller(clinic, day), caller(clinic, day)
    for call in (first, second):
        call.ring()
        call.use(AVAILABILITY, {"date": str(day)})
    start = first_offer(first)
    precondition(first_offer(second) == start, f"the two are not offered the same on {day}")
    takes = [(call.line, ToolCall(BOOKING, call.booking(start))) for call in (first, second)]
    for call, reply, (_, tool_call) in zip((first, second), vapi.call_tools_at_once(takes), takes, strict=True):
        call.take(reply, tool_call)
        call.note()
    return Race(start, tuple(call for call in (first, second) if call.booked()), (first, second))


@when("whoever was told that it is gone takes another time", target_fixture="another")
def takes_another(race: Race, day: datetime.date, diary: Diary) -> Call | None:
    """In the same call; nobody, where both were confirmed."""
    told = next((call for call in race.calls if call not in race.confirmed), None)
    if told:
        told.use(AVAILABILITY, {"date": str(day)})
        told.use(BOOKING, told.booking(start := first_offer(told)))
        diary.mark_taken(told.clinic, start)
    return told


@then("the clinic's assistant took the call")
def right_assistant(call: Call, clinic: Organisation) -> None:
    """By id."""
    document = as_document(call.greeting) if call.greeting else None
    seen = (call.greeting.fault or call.greeting.text[:160]) if call.greeting else "no answer"
    named = isinstance(document, dict) and document.get("assistantId", clinic.assistant_id) == clinic.assistant_id
    answered = call.greeting is not None and call.greeting.status == 200
    expect(named and answered, expected=f"assistant {clinic.assistant_id}", seen=seen)


@then("the appointment is in the clinic's calendar")
def in_calendar(diary: Diary, clinic: Organisation, call: Call) -> None:
    """At the instant of the local time that was offered."""
    rows = diary.count_at(clinic, call.start)
    told = call.answers[-1].text[:160]
    expect(rows == 1, expected=f"one appointment at {call.start.isoformat()}", seen=f"{rows}; told was {told!r}")


@then("it is on another day than the full one")
def on_another_day(call: Call, day: datetime.date) -> None:
    """Which the assistant proposed, or the caller asked for."""
    expect(call.start.date() != day, expected=f"another day than {day}", seen=str(call.start.date()))


@then("the caller was recognised")
def recognised(call: Call) -> None:
    """The first tool of the script looks up the caller's number."""
    answer = call.answers[0]
    expect(meaning.lookup(answer).found, expected=f"{call.patient} found by number", seen=answer.text[:160])


@then("the clinic has one contact with the caller's number")
def one_contact(diary: Diary, clinic: Organisation, call: Call) -> None:
    """A second entry splits the patient's history."""
    rows = [row for row in diary.contacts(clinic) if mentions_phone(row, call.line.customer)]
    expect(len(rows) == 1, expected=f"one contact with {call.line.customer}", seen=f"{len(rows)}")


@then("the caller is sent to the billing department")
def sent_to_billing(call: Call, clinic: Organisation) -> None:
    """To its own number."""
    precondition("billing" in clinic.departments, f"the canary file names no billing department of {clinic.name}")
    seen = meaning.transfer(call.answers[-1]).destination
    number = clinic.departments["billing"]
    expect(seen == number, expected=f"sent to {number}", seen=seen or call.answers[-1].text[:160])


@then("the calendar says what the assistant was told")
def consistent(diary: Diary, clinic: Organisation, call: Call) -> None:
    """Confirmed and there, or refused and not there: nothing between."""
    rows, told = diary.count_at(clinic, call.start), call.answers[-1]
    expect(
        rows == (0 if told.refused else 1),
        expected=f"{'no' if told.refused else 'one'} appointment at {call.start.isoformat()}",
        seen=f"{rows}; told was {told.text[:160]!r}",
    )


@then("one of them has the appointment and the other was told")
def one_of_two(diary: Diary, clinic: Organisation, race: Race) -> None:
    """Whoever was first."""
    confirmed, rows = len(race.confirmed), diary.count_at(clinic, race.start)
    expect(
        (confirmed, rows) == (1, 1),
        expected="1 confirmation and 1 appointment",
        seen=f"{confirmed} confirmations and {rows} appointments",
    )


@then("the other time is in the calendar too")
def other_in_calendar(diary: Diary, clinic: Organisation, another: Call | None) -> None:
    """The caller who was told went away with an appointment."""
    rows = diary.count_at(clinic, another.start) if another else 0
    seen = f"{rows}; told was {another.answers[-1].text[:160]!r}" if another else "nobody was told"
    expect(rows == 1, expected="one appointment at the other time", seen=seen)

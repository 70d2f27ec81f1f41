"""checkAvailability: what is offered can be booked, and nothing else is offered."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest

from contracts.conftest import FullDay
from contracts.crossing import booked_only_there, require_all_offered
from contracts.good_order import in_good_order, not_refused
from fixtures.database.diary import Diary, next_clock_change, workday
from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, answer_to
from fixtures.vapi.tools import AVAILABILITY
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

DAYS = 3
"""A clinic may be closed on one of them, or take no bookings so far ahead."""
Ring = Callable[[Organisation], LiveCall]


@pytest.mark.criterion("tools.availability.meaning.asked-date")
def test_asked_date(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation, diary: Diary) -> None:
    """On a day with a free slot, times of that day and in opening hours are offered; also when the clocks changed."""
    for each in (clinic, other_clinic):
        dates = [diary.free_start(each).date() for _ in range(DAYS)]
        offers = {date: _offered(vapi, ring, each, date) for date in dates}
        on_days = ", ".join(map(str, dates))
        expect(
            any(offered.slots for offered in offers.values()),
            expected=f"at least one time on {on_days}, where slots are free",
            seen="none that can be made out",
        )
        fail_on(violation for date, offered in offers.items() for violation in _misplaced(offered, date, each))
        if change := next_clock_change(each.zone):
            date = workday(change, 1)
            answer = vapi.ask(ring(each), AVAILABILITY, {"date": str(date)})  # nothing, where it is too far ahead
            offered = meaning.availability(answer, each.zone)
            fail_on([] if answer.refused or not offered.slots else _misplaced(offered, date, each))


@pytest.mark.criterion("tools.availability.meaning.free-slots")
def test_free_slots(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary) -> None:
    """On a day with an appointment, its time is not offered, and others are."""
    booked = _appointment(diary, clinic)
    offered = _usable_offer(vapi, ring, clinic, booked.date())
    taken = {f"{start:%H:%M}" for start in diary.upcoming(clinic) if start.date() == booked.date()}
    times = offered.on(booked.date())
    expect(
        not taken & times,
        expected=f"none of the booked times {sorted(taken)} on {booked.date()}",
        seen=f"{sorted(taken & times)} offered",
    )
    control(times, f"nothing at all is offered on {booked.date()}, so that the booked time is not says nothing")


@pytest.mark.criterion("tools.availability.tenant.own-calendar")
def test_own_calendar(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation, diary: Diary) -> None:
    """A time that only the other clinic has booked is offered here, and not there."""
    booked = booked_only_there(diary, clinic, other_clinic)
    time = f"{booked:%H:%M}"
    there = _usable_offer(vapi, ring, other_clinic, booked.date()).on(booked.date())
    control(there and time not in there, f"{other_clinic.name} offers its own booked {time}")
    here = _usable_offer(vapi, ring, clinic, booked.date()).on(booked.date())
    if time not in here:
        require_all_offered(diary, clinic, booked.date(), here)
    expect(
        time in here,
        expected=f"{time} on {booked.date()} offered by {clinic.name}, where it is free",
        seen=f"offered: {', '.join(sorted(here)) or 'nothing'}",
    )


@pytest.mark.criterion("tools.availability.meaning.future-only")
def test_future_only(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary) -> None:
    """Of today nothing that is over, of yesterday nothing at all; and a day ahead has times."""
    control(_offered(vapi, ring, clinic, diary.free_day(clinic)).times, "no time is offered on a free day either")
    now = datetime.datetime.now(clinic.zone)
    yesterday = now.date() - datetime.timedelta(days=1)
    over = [f"{time:%H:%M}" for time in _certain(vapi, ring, clinic, now.date()) if time < now.time()]
    expect(not over, expected=f"only times of today after {now:%H:%M}", seen=f"offered: {', '.join(over)}")
    past = _certain(vapi, ring, clinic, yesterday)
    expect(not past, expected=f"no time on {yesterday}, which is over", seen=f"{len(past)} times offered")


@pytest.mark.criterion("tools.availability.meaning.full-day")
def test_full_day(vapi: Vapi, ring: Ring, clinic: Organisation, full_day: FullDay) -> None:
    """When everything is taken, nothing of that day is offered, and what is proposed instead is another day."""
    day = full_day(clinic)
    answer = vapi.ask(ring(clinic), AVAILABILITY, {"date": str(day)})
    offered = meaning.availability(answer, clinic.zone).certainly_on(day)
    proposed = meaning.alternatives(answer)
    expect(
        answer.refused or not offered,
        expected=f"no time on {day}, where every one is taken",
        seen=f"{len(offered)} times offered",
    )
    past = [str(date) for date in proposed if date <= datetime.datetime.now(clinic.zone).date()]
    expect(not past, expected="alternatives that lie ahead", seen=f"proposed: {', '.join(past)}")


@pytest.mark.criterion("tools.availability.errors.impossible-date")
def test_impossible_date(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary) -> None:
    """A date that does not exist or is none is refused, and never replaced by another."""
    line = ring(clinic)
    good = in_good_order(vapi, line, ToolCall(AVAILABILITY, {"date": str(diary.free_day(clinic))}))
    year = datetime.datetime.now(clinic.zone).year + 1
    for date in (f"{year}-02-30", f"{year}-13-01", f"{year}-00-10", "not a date", "0000-00-00"):
        call = ToolCall(AVAILABILITY, {"date": date})
        reply = vapi.call_tools(line, call)
        faults = list(not_refused(reply, call, f"date {date!r}", good))
        answer = answer_to(reply, call)
        fail_on([] if answer and _offers_nothing(answer, clinic) else faults)


def _offers_nothing(answer: Answer, clinic: Organisation) -> bool:
    """A result without times for a date that is none: said in another way than by an error."""
    offered = meaning.availability(answer, clinic.zone)
    return bool(answer.data) and not offered.slots and offered.requested is None


def _certain(vapi: Vapi, ring: Ring, clinic: Organisation, date: datetime.date) -> list[datetime.time]:
    """What is certainly offered on a day; nothing by a refusal."""
    answer = vapi.ask(ring(clinic), AVAILABILITY, {"date": str(date)})
    return [] if answer.refused else meaning.availability(answer, clinic.zone).certainly_on(date)


def _offered(vapi: Vapi, ring: Ring, clinic: Organisation, date: datetime.date) -> meaning.Availability:
    answer = vapi.ask(ring(clinic), AVAILABILITY, {"date": str(date)})
    expect(not answer.refused, expected=f"times on {date}", seen=f"a refusal: {answer.text[:200]}")
    return meaning.availability(answer, clinic.zone)


def _usable_offer(vapi: Vapi, ring: Ring, clinic: Organisation, date: datetime.date) -> meaning.Availability:
    """An offer whose times can be compared with the calendar: shifted ones would meet booked times by chance."""
    offered = _offered(vapi, ring, clinic, date)
    misplaced = next(_misplaced(offered, date, clinic), None)
    precondition(misplaced is None, f"{misplaced and misplaced.seen}; see tools.availability.meaning.asked-date")
    return offered


def _misplaced(offered: meaning.Availability, date: datetime.date, clinic: Organisation) -> Iterator[Violation]:
    """Offers on another day, or when the clinic is closed."""
    if offered.requested not in {None, date} and not (offered.prose and offered.on(date)):
        yield Violation(f"a reply about {date}", f"a reply about {offered.requested}")
    dates = {slot.date for slot in offered.slots} - {None, date}
    if dates and not (offered.prose and offered.on(date)):
        yield Violation(f"only times on {date}", f"times on {', '.join(sorted(map(str, dates)))}")
    if closed := offered.outside(clinic.opens, clinic.closes):
        yield Violation(f"times from {clinic.opens} to {clinic.closes}", f"{', '.join(closed)}")


def _appointment(diary: Diary, clinic: Organisation) -> datetime.datetime:
    """A coming appointment in opening hours."""
    upcoming = [start for start in diary.upcoming(clinic) if clinic.opens <= f"{start:%H:%M}" < clinic.closes]
    precondition(upcoming, f"{clinic.name} has no coming appointment in its calendar; put one there")
    return upcoming[-1]

"""checkAvailability: what is offered can be booked, and nothing else is offered."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

import pytest

from fixtures.database.diary import Diary
from fixtures.target.canaries import Organisation
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import understood
from fixtures.vapi.tools import AVAILABILITY
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]


@pytest.mark.criterion("tools.availability.meaning.asked-date")
def test_asked_date(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary) -> None:
    """On a day with a free slot, times of that day and in opening hours are offered."""
    date = diary.free_start(clinic).date()
    offered = _offered(vapi, ring, clinic, date)
    expect(offered.slots, expected=f"at least one time on {date}, where a slot is free", seen="none")
    fail_on(_misplaced(offered, date, clinic))


@pytest.mark.criterion("tools.availability.meaning.free-slots")
def test_free_slots(vapi: Vapi, ring: Ring, clinic: Organisation, diary: Diary) -> None:
    """On a day with an appointment, its time is not offered, and others are."""
    booked = _appointment(diary, clinic)
    offered = _usable_offer(vapi, ring, clinic, booked.date())
    taken = {f"{start:%H:%M}" for start in diary.upcoming(clinic) if start.date() == booked.date()}
    expect(
        not taken & offered.times,
        expected=f"none of the booked times {sorted(taken)} on {booked.date()}",
        seen=f"{sorted(taken & offered.times)} offered",
    )
    control(offered.times, f"nothing at all is offered on {booked.date()}, so that the booked time is not says nothing")


@pytest.mark.criterion("tools.availability.tenant.own-calendar")
def test_own_calendar(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation, diary: Diary) -> None:
    """A time that only the other clinic has booked is offered here, and not there."""
    booked = _booked_only_there(diary, clinic, other_clinic)
    time = f"{booked:%H:%M}"
    there = _usable_offer(vapi, ring, other_clinic, booked.date())
    control(there.times and time not in there.times, f"{other_clinic.name} offers its own booked {time}")
    here = _usable_offer(vapi, ring, clinic, booked.date())
    expect(
        time in here.times,
        expected=f"{time} on {booked.date()} offered by {clinic.name}, where it is free",
        seen=f"offered: {', '.join(sorted(here.times)) or 'nothing'}",
    )


def _offered(vapi: Vapi, ring: Ring, clinic: Organisation, date: datetime.date) -> meaning.Availability:
    call = ToolCall(AVAILABILITY, {"date": str(date)})
    answer = understood(vapi.call_tools(ring(clinic), call), call)
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
    if offered.requested not in {None, date}:
        yield Violation(f"a reply about {date}", f"a reply about {offered.requested}")
    dates = {slot.date for slot in offered.slots} - {None, date}
    if dates:
        yield Violation(f"only times on {date}", f"times on {', '.join(sorted(map(str, dates)))}")
    closed = sorted(time for time in offered.times if not clinic.opens <= time < clinic.closes)
    if closed:
        yield Violation(f"times from {clinic.opens} to {clinic.closes}", f"{', '.join(closed)}")


def _appointment(diary: Diary, clinic: Organisation) -> datetime.datetime:
    """A coming appointment in opening hours."""
    upcoming = [start for start in diary.upcoming(clinic) if clinic.opens <= f"{start:%H:%M}" < clinic.closes]
    precondition(upcoming, f"{clinic.name} has no coming appointment in its calendar; put one there")
    return upcoming[-1]


def _booked_only_there(diary: Diary, here: Organisation, there: Organisation) -> datetime.datetime:
    """A local time that is booked in one clinic and free, by an hour, at the same local time in the other."""
    taken = [start.replace(tzinfo=None) for start in diary.upcoming(here)]
    hour = datetime.timedelta(hours=1)
    only_there = [
        start
        for start in diary.upcoming(there)
        if here.opens <= f"{start:%H:%M}" < here.closes
        and all(abs(start.replace(tzinfo=None) - other) >= hour for other in taken)
    ]
    precondition(only_there, f"{there.name} has no coming appointment at a time that is free in {here.name}")
    return only_there[-1]

"""What is said to a caller, and what can be told from prose alone."""

from __future__ import annotations

import datetime
import json
from zoneinfo import ZoneInfo

import pytest

from fixtures.vapi import meaning, prose, spoken_time
from fixtures.vapi.reply import Answer

ZONE = ZoneInfo("America/New_York")


TODAY = datetime.date(2026, 11, 25)


def answer(text: str) -> Answer:
    """Not refused."""
    try:
        data = json.loads(text)
    except ValueError:
        data = {}
    return Answer(refused=False, text=text, data=data)


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ('{"availableSlots": ["08:30", "09:00", "16:30", "17:00"]}', ["08:30", "17:00"]),
        ("We have 09:00 and 16:30, and are open until 17:00.", []),
        ("We have 09:00 and 21:00, and are open until 17:00.", ["21:00"]),
    ],
)
def test_times_outside_opening_hours(text: str, outside: list[str]) -> None:
    """In prose the hour of closing is no offer."""
    assert outside == meaning.availability(answer(text), ZONE).outside("09:00", "17:00")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ('{"alternatives": [{"date": "2026-12-02", "slots": ["09:00"]}, "2026-12-03", "2026-12-02"]}', [2, 3]),
        ('{"availableSlots": [], "requestedDate": "2026-12-01"}', []),
        ("The first is taken; 2026-12-02 and 2026-12-09 have times.", [2, 9]),
        ('{"alternatives": [{"start": "2026-12-04T09:00:00-05:00"}]}', [4]),
        ('{"alternatives": ["2026-13-45"]}', []),
    ],
)
def test_alternatives(text: str, days: list[int]) -> None:
    """In the order in which they are named, each once."""
    assert [datetime.date(2026, 12, day) for day in days] == meaning.alternatives(answer(text))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ('{"success": true, "message": "You are booked for Tuesday at 2:30 pm, until 15:00."}', {"14:30", "15:00"}),
        ('{"success": true, "message": "Booked.", "scheduledAt": "2027-01-05T14:00:00Z"}', set()),
        ('{"success": true, "message": "Booked: 2027-01-05T14:00:00Z"}', set()),
        ("Booked for 2027-01-05 14:00.", {"14:00"}),
        ("Booked for 2027-01-05 14:00:00+00.", set()),
        ("You are booked.", set()),
    ],
)
def test_spoken_times(text: str, times: set[str]) -> None:
    """What the caller is told; an instant for machines is none."""
    assert times == meaning.spoken_times(answer(text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Booked, reference 4821.", "4821"),
        ("You are booked. Your confirmation number is AB-17.", "AB-17"),
        ("Your appointment id: 6f1d3f0e-0000-4000-8000-000000000000", "6f1d3f0e-0000-4000-8000-000000000000"),
        ("You are booked for the appointment you asked for.", ""),
        ("You're booked for Tuesday at 9:00 AM, number 65. Please arrive at 8:45 AM.", "65"),
        ('{"success": true, "message": "Booked, reference 4821."}', ""),
    ],
)
def test_reference_in_prose(text: str, named: str) -> None:
    """Only prose is searched: a result that is JSON has a member for it."""
    assert named == meaning.booking(answer(text)).appointment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello Canary Alpha, how can I help you?", True),
        ("There are several of that name; what is your number?", True),
        ("I can't find you in our records yet.", False),
        ("No matching patient was found.", False),
        ("We don't have that caller on file, no record of it.", False),
        ("You are not known to me; I could not find a match.", False),
        ("Welcome back, Anna! There are no new messages for this patient.", True),
        ("I couldn't find anyone with those details. You may be a new patient.", False),
        ("not_found", False),
        ("You seem to be new here.", False),
        ("We haven't met before, so I will set up a new file.", False),
        ("Found: Canary Alpha. No upcoming appointments found.", True),
    ],
)
def test_prose_about_callers(text: str, found: bool) -> None:  # noqa: FBT001
    """Whether it says that nobody was found."""
    assert found is meaning.lookup(answer(text)).found


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("I have 2:30 PM or 4 PM on Tuesday, March 3rd.", ["14:30", "16:00"]),
        ("9, 10:30 and 11 AM", ["09:00", "10:30", "11:00"]),
        ("11, 12 and 1 PM", ["11:00", "12:00", "13:00"]),
        ("9 a.m., 9:30 a.m. and 2 p.m.", ["09:00", "09:30", "14:00"]),
        ("9:00, 9:30, 1:00 and 2:30", ["09:00", "09:30", "13:00", "14:30"]),
        ("02:30 and 14:30:00", ["02:30", "14:30"]),
        ("ten thirty or two o\u2019clock, or noon", ["10:30", "14:00", "12:00"]),
        ("2 in the afternoon", ["14:00"]),
        ("On March 3, 10 AM is free; on 3/4/2027 there is one at 3:15 pm.", ["10:00", "15:15"]),
        ("one appointment, number 3, call +12025550110", []),
    ],
)
def test_clock_times(text: str, times: list[str]) -> None:
    """As people say them; a bare hour of the early morning is one of the afternoon."""
    assert times == [f"{time:%H:%M}" for time in spoken_time.clock_times(text)]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("from 9 to 10:30 AM", ["09:00", "09:30", "10:00"]),
        ("between 11:00 and 12:30", ["11:00", "11:30", "12:00"]),
        ("9:00 AM\u20139:30 AM, 10:00 AM - 10:30 AM", ["09:00", "10:00"]),
        ("from 9 to 1 PM", ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30", "12:00", "12:30"]),
        ("10:00 and 11:00", ["10:00", "11:00"]),
    ],
)
def test_spans(text: str, times: list[str]) -> None:
    """Every half hour of a span may be had, and its end not."""
    assert times == [f"{time:%H:%M}" for time in spoken_time.offered_times(text)]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Tuesday, March 3rd", [(2027, 3, 3)]),
        ("the 3rd of March 2028", [(2028, 3, 3)]),
        ("Nov. 20 and Dec 1, 2026", [(2026, 11, 20), (2026, 12, 1)]),
        ("03/04/2027, which is 2027-03-04", [(2027, 3, 4)]),
        ("You may 3 times. February 30.", []),
    ],
)
def test_dates(text: str, days: list[tuple[int, int, int]]) -> None:
    """The next such day, or one of the last weeks; no day that does not exist."""
    assert {datetime.date(*day) for day in days} == set(spoken_time.dates(text, TODAY))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("We are open from 9 AM to 5 PM. On December 1 you could come at 10 or 11 AM.", {"10:00", "11:00"}),
        ("Today is November 25. On December 1 I have 10:00.", {"10:00"}),
        ("10:00 is already taken, but I have 11:00.", {"11:00"}),
        ("I have 11:00 AM or 2 p.m. available on December 1. 10:00 AM is already taken.", {"11:00", "14:00"}),
        ("Nothing on December 1. On December 2 I have 10:00.", set()),
        ("I'm afraid December 1 is fully booked.", set()),
    ],
)
def test_what_is_offered_on_a_day(text: str, times: set[str]) -> None:
    """Neither the opening hours, nor what is taken, nor another day's."""
    assert times == meaning.availability(answer(text), ZONE).on(datetime.date(2026, 12, 1))


@pytest.mark.parametrize(
    ("text", "certain"),
    [
        ("On December 1 I have 10:00.", ["10:00"]),
        ("I have 10:00.", []),
        ("On December 2 I have 10:00.", []),
        ('{"slots": ["10:00"]}', ["10:00"]),
        ('{"slots": ["2026-12-02T10:00"]}', []),
    ],
)
def test_what_is_certainly_offered(text: str, certain: list[str]) -> None:
    """Prose must name the day; a list is of the day that was asked for, unless it says otherwise."""
    found = meaning.availability(answer(text), ZONE).certainly_on(datetime.date(2026, 12, 1))
    assert certain == [f"{time:%H:%M}" for time in found]


@pytest.mark.parametrize(
    ("text", "no"),
    [
        ("Sorry, 9:30 AM on Wednesday is already taken. I could offer 10:00 AM instead.", True),
        ("I\u2019m afraid we don't have that department.", True),
        ("That slot has just been booked, it is no longer available.", True),
        ("Which date would you like?", True),
        ("I need a full date.", True),
        ("Invalid phone number", True),
        ("That time isn't possible.", True),
        ("May 5th at 9 AM is yours.", False),
        ("You are already booked for 9:30 AM.", False),
        ("Sorry for the wait! You're booked for 9:30 AM.", False),
        ("You're all set, Anna. Your confirmation number is 7.", False),
        ("I found Canary Alpha.", False),
        ("Let me put you through to +12025550111.", False),
    ],
)
def test_refusals_in_words(text: str, no: bool) -> None:  # noqa: FBT001
    """An apology is none where what was asked is done."""
    assert no is prose.says_no(text)


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("Welcome back, Alpha!", True),
        ('{"contact": {"firstName": "Canary", "lastName": "Alpha"}}', True),
        ("I have your file here.", True),
        ("Welcome back, Beta!", False),
        ("Canary Beta", False),
    ],
)
def test_of_whom_is_spoken(text: str, about: bool) -> None:  # noqa: FBT001
    """A first name will do, and none as well; another contact's will not."""
    assert about is meaning.speaks_of(answer(text), "Canary Alpha", ["Canary Beta"])

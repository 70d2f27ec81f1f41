"""What is said to a caller, and what can be told from prose alone."""

from __future__ import annotations

import datetime
import json
from zoneinfo import ZoneInfo

import pytest

from fixtures.vapi import meaning
from fixtures.vapi.reply import Answer

ZONE = ZoneInfo("America/New_York")


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
    ],
)
def test_prose_about_callers(text: str, found: bool) -> None:  # noqa: FBT001
    """Whether it says that nobody was found."""
    assert found is meaning.lookup(answer(text)).found

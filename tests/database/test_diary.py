"""Calendars as rows tell them, whatever a deployment calls its columns."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fixtures.database.diary import WORKDAYS, Diary, next_clock_change, workday
from fixtures.reference.canaries import CLINIC_A
from fixtures.verdict.outcome import Inconclusive

Row = Mapping[str, Any]
DAY = workday(datetime.datetime.now(CLINIC_A.zone).date() + datetime.timedelta(days=20), 1)
TEN = CLINIC_A.at(DAY, "10:00")
HALF = datetime.timedelta(minutes=30)


class Rows:
    """Reads back what it was given."""

    def __init__(self, *rows: Row) -> None:
        self.given = list(rows)

    def rows(self, table: str, *org_ids: str) -> list[Row]:
        return self.given if (table, org_ids) == ("appointments", (CLINIC_A.id,)) else []

    def describe(self) -> str:
        return "rows"

    def close(self) -> None: ...


def at(start: datetime.datetime) -> Row:
    return {"scheduled_at": start.isoformat(), "ends_at": (start + HALF).isoformat(), "created_at": "2026-01-01T10:00Z"}


@pytest.mark.parametrize(
    "row",
    [
        at(TEN),
        {"startTime": TEN.astimezone(datetime.UTC).isoformat(), "endTime": (TEN + HALF).isoformat()},
        {"appointment_date": str(DAY), "appointment_time": "10:00:00", "end_time": "10:30:00"},
        {"start": f"{DAY} 10:00:00", "valid_until": (TEN + HALF).isoformat()},
    ],
)
def test_start_counts_and_end_does_not(row: Row) -> None:
    """When one ends, the next may start."""
    diary = Diary(Rows(row))
    assert 1 == diary.count_at(CLINIC_A, TEN)
    assert 0 == diary.count_at(CLINIC_A, TEN + HALF)


def test_cancelled_appointments_do_not_count() -> None:
    """In both spellings."""
    rows = [{**at(TEN), "status": status} for status in ("cancelled", "canceled", "confirmed")]
    assert 1 == Diary(Rows(*rows)).count_at(CLINIC_A, TEN)


def test_free_start_has_its_time_to_itself() -> None:
    """Two hours free, none handed out twice, and the one before it is an hour away."""
    taken = [TEN, TEN + 4 * HALF]
    diary = Diary(Rows(*map(at, taken)))
    starts = [diary.free_start(CLINIC_A, hours=2) for _ in range(40)]
    assert len(starts) == len(set(starts))
    for start in starts:
        assert start.weekday() in WORKDAYS
        assert CLINIC_A.at(start.date(), CLINIC_A.opens) <= start
        assert start + 4 * HALF <= CLINIC_A.at(start.date(), CLINIC_A.closes)
        assert not any(start - 2 * HALF < instant < start + 4 * HALF for instant in taken)


def test_free_time_on_a_day() -> None:
    """The first that is free; asking for a day hands nothing out, and none that is kept out."""
    diary = Diary(Rows(at(CLINIC_A.at(DAY, "09:00"))))
    assert CLINIC_A.at(DAY, "10:00") == diary.free_time(CLINIC_A, DAY)
    first = diary.free_day(CLINIC_A)
    assert first == diary.free_day(CLINIC_A)
    diary.keep_out(CLINIC_A, first)
    assert first not in {diary.free_start(CLINIC_A).date() for _ in range(60)}


def test_full_calendar_is_said() -> None:
    """Inconclusive, with what to do."""
    opens, closes = CLINIC_A.at(DAY, CLINIC_A.opens), CLINIC_A.at(DAY, CLINIC_A.closes)
    count = int((closes - opens) / HALF)
    diary = Diary(Rows(*(at(opens + number * HALF) for number in range(count))))
    with pytest.raises(Inconclusive, match="is taken"):
        diary.free_time(CLINIC_A, DAY)


def test_next_clock_change() -> None:
    """The day whose noon has another offset than the noon before; none where the clocks stand still."""
    zone = ZoneInfo("America/New_York")
    change = next_clock_change(zone)
    assert change is not None
    noons = [
        datetime.datetime.combine(change - datetime.timedelta(days=ago), datetime.time(12), zone) for ago in (0, 1, 2)
    ]
    assert noons[0].utcoffset() != noons[1].utcoffset() == noons[2].utcoffset()
    assert change.weekday() == 6
    assert next_clock_change(ZoneInfo("America/Phoenix")) is None


def test_workday() -> None:
    """Tuesday to Thursday, on either side."""
    sunday = datetime.date(2027, 3, 14)
    assert datetime.date(2027, 3, 16) == workday(sunday, 1)
    assert datetime.date(2027, 3, 11) == workday(sunday, -1)

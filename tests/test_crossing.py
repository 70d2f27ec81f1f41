"""What an answer shows of another clinic, and what it can't show."""

from __future__ import annotations

import datetime

import pytest

from contracts.crossing import require_all_offered
from fixtures.database.diary import Diary, workday
from fixtures.reference.canaries import CLINIC_A
from fixtures.verdict.outcome import Inconclusive, Reason

DAY = workday(datetime.datetime.now(CLINIC_A.zone).date() + datetime.timedelta(days=20), 1)
EVERY_HOUR = {f"{hour:02}:00" for hour in range(9, 17)}


@pytest.mark.parametrize("offered", [EVERY_HOUR, EVERY_HOUR - {"10:00"}, EVERY_HOUR - {"10:00", "12:00"}, set()])
def test_missing_time_tells_something(offered: set[str]) -> None:
    """Where the others are there, or none at all."""
    require_all_offered(Diary(None), CLINIC_A, DAY, offered)


def test_missing_time_among_few_tells_nothing() -> None:
    """It is not judged, which is no pass."""
    with pytest.raises(Inconclusive) as caught:
        require_all_offered(Diary(None), CLINIC_A, DAY, {"09:00", "13:00", "16:30"})
    assert Reason.PRECONDITION_LOST is caught.value.reason

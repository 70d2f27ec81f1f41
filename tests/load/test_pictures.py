"""Pictures of a run, as data: what they show is what was recorded."""

from __future__ import annotations

from fixtures.verdict.chart import Chart, Series
from load.pictures import pictures
from load.recording import Kind, Recording
from tests.load.synthetic import TRAFFIC, recorded

STALLED = recorded(
    service=lambda a: max(0.01, 5 - a.at_s % 40), fault=lambda a: Kind.STATUS if 60 < a.at_s < 63 else Kind.NONE
)
OVER_TIME, QUANTILES, THROUGHPUT, SUBJECTS = pictures(STALLED, TRAFFIC, 2.0)


def series(chart: Chart, name: str) -> Series:
    return next(one for one in chart.series if one.name == name)


def test_stalls_are_seen_when_they_were() -> None:
    """All late dots are due in the first three of every forty seconds, above the target line."""
    late = series(OVER_TIME, "late").points
    assert late
    assert all(point.x % 40 <= 3 and point.y >= 2.0 for point in late)
    assert [2.0] == [mark.at for mark in OVER_TIME.marks]
    slowest = max(sample.latency_s for sample in STALLED.samples)
    assert f"the slowest {slowest:.2f} s" in OVER_TIME.says


def test_quantiles_rise() -> None:
    """And end with the slowest."""
    latencies = [point.y for point in series(QUANTILES, "as felt").points]
    assert latencies == sorted(latencies)
    assert 4.5 < latencies[-1] < 5.01


def test_everything_due_is_answered_or_bad() -> None:
    """The areas under the steps."""
    due, answered, bad = (
        sum(p.y for p in series(THROUGHPUT, name).points) for name in ("due /s", "answered /s", "bad /s")
    )
    assert abs(due - answered - bad) < 0.01 * due
    assert bad > 0
    assert 0 == series(THROUGHPUT, "open").points[-1].y


def test_each_kind_and_clinic_has_its_bars() -> None:
    """Kinds first."""
    assert ["lookup", "booking", "status-update", "clinic 1", "clinic 2"] == [tick.text for tick in SUBJECTS.x.ticks]
    assert 5 == len(series(SUBJECTS, "p95").points)


def test_every_tick_is_on_its_axis() -> None:
    """Whatever was measured."""
    for slow in (0.0002, 0.05, 300.0):
        for chart in pictures(recorded(service=lambda _, s=slow: s), TRAFFIC, 2.0):  # type: ignore[misc]
            for axis in (chart.x, chart.y):
                assert all(axis.low <= tick.at <= axis.high for tick in axis.ticks)


def test_no_requests_no_pictures() -> None:
    """An empty run has none."""
    assert [] == pictures(Recording((), ()), TRAFFIC, 2.0)

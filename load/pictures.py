"""A run in four pictures: latency over time, its quantiles, throughput against the schedule, clinics and kinds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise
from typing import TypeVar

from fixtures.verdict.chart import Axis, Band, Chart, Colour, Mark, Point, Series, Tick
from load.events import EVENTS
from load.histogram import Latencies
from load.profiles import TrafficProfile
from load.recording import Recording, Sample

SLICES = 200
"""Points of a line over time."""
SHOWN_SUBJECTS = 10
SHOWN_LATE = 300
"""Late requests that are drawn one by one."""
USUAL: tuple[tuple[str, float, Colour], ...] = (("median", 0.5, "ok"), ("p95", 0.95, "open"))
SLOW: tuple[tuple[str, float, Colour], ...] = (("p95", 0.95, "ok"), ("p99", 0.99, "open"))
Key = TypeVar("Key", int, str)
LATENCY_TICKS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
NINES = (0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999)


def pictures(recording: Recording, profile: TrafficProfile, target_s: float) -> list[Chart]:
    """All of them; none of a run without requests."""
    if not recording.samples:
        return []
    return [
        over_time(recording.samples, profile, target_s),
        quantiles(recording.samples, target_s),
        throughput(recording, profile),
        subjects(recording.samples, profile, target_s),
    ]


def over_time(samples: Sequence[Sample], profile: TrafficProfile, target_s: float) -> Chart:
    """Median and p95 by when requests were due, and each late one."""
    slice_s = max(1.0, profile.duration_s / SLICES)
    slices = _grouped(samples, lambda sample: int(sample.at_s // slice_s))
    lines = [
        Series(
            name,
            "line",
            _rounded(((at + 0.5) * slice_s, _quantile(slices[at], share)) for at in sorted(slices)),
            colour,
        )
        for name, share, colour in USUAL
    ]
    late = [sample for sample in samples if sample.latency_s > target_s or sample.failed]
    shown = sorted(late, key=lambda sample: -sample.latency_s)[:SHOWN_LATE]
    dots = Series("late", "dots", _rounded((sample.at_s, sample.latency_s) for sample in shown), "bad")
    says = f"{len(late)} of {len(samples)} requests took over {target_s:g} s or got no answer"
    if late:
        first, last = (_clock(end(sample.at_s for sample in late)) for end in (min, max))
        says += f", the first due at {first}, the last at {last}, the slowest {shown[0].latency_s:.2f} s"
    y = _latency_axis(samples, target_s)
    return Chart(
        "Latency over time", f"{says}.", _time_axis(profile), y, [*lines, dots], _target(target_s), _bands(profile)
    )


def quantiles(samples: Sequence[Sample], target_s: float) -> Chart:
    """How many waited how long, as they felt it and from when their requests left."""
    felt, sent = Latencies(samples), Latencies()
    for sample in samples:
        sent.record(sample.service_s)
    x = Axis("share of the requests", 0, len(NINES) - 1, [Tick(at, _percent(nine)) for at, nine in enumerate(NINES)])
    lines = [
        Series("as felt", "line", _rounded(_curve(felt)), "ok"),
        Series("from sending", "line", _rounded(_curve(sent))),
    ]
    told = ", ".join(f"p{100 * share:g} {felt.quantile(share):.3f} s" for share in (0.5, 0.95, 0.99, 0.999))
    return Chart("Quantiles of latency", f"{told}.", x, _latency_axis(samples, target_s), lines, _target(target_s))


def _curve(latencies: Latencies) -> Iterator[tuple[float, float]]:
    """Between the marked shares in ten steps, on a scale that widens towards the slowest."""
    for place, (low, high) in enumerate(pairwise(NINES)):
        yield from ((place + step / 10, latencies.quantile(low + (high - low) * step / 10)) for step in range(10))
    yield len(NINES) - 1, latencies.quantile(NINES[-1])


def throughput(recording: Recording, profile: TrafficProfile) -> Chart:
    """What was due, answered and wrong, and how much was open."""
    samples = recording.samples
    slice_s = max(1.0, profile.duration_s / SLICES * 2)
    due = Counter(int(sample.at_s // slice_s) for sample in samples)
    done = Counter(int((sample.at_s + sample.latency_s) // slice_s) for sample in samples if not sample.fault)
    bad = Counter(int((sample.at_s + sample.latency_s) // slice_s) for sample in samples if sample.fault)
    last = max(*due, *done, *bad, int(profile.duration_s // slice_s))
    open_ = accumulate(due[at] - done[at] - bad[at] for at in range(last + 1))
    series = [
        Series("due /s", "steps", _rounded((at * slice_s, due[at] / slice_s) for at in range(last + 1))),
        Series("answered /s", "steps", _rounded((at * slice_s, done[at] / slice_s) for at in range(last + 1)), "ok"),
        Series("bad /s", "steps", _rounded((at * slice_s, bad[at] / slice_s) for at in range(last + 1)), "bad"),
        Series("open", "line", _rounded(((at + 1) * slice_s, left) for at, left in enumerate(open_)), "open"),
    ]
    highest = max(point.y for one in series for point in one.points)
    account = recording.account
    says = (
        f"{account.planned} requests planned, {account.offered} sent, {sum(done.values())} answered rightly, "
        f"{sum(bad.values())} wrongly or not; at most {account.in_flight_peak} were open at once."
    )
    x = _time_axis(profile, (last + 1) * slice_s)
    return Chart(
        "Throughput against the schedule", says, x, _linear("requests", highest), series, bands=_bands(profile)
    )


def subjects(samples: Sequence[Sample], profile: TrafficProfile, target_s: float) -> Chart:
    """p95 and p99 of each kind of request and each clinic, in judged phases; of many the slowest."""
    judged = [sample for sample in samples if profile.phase_at(sample.at_s).judged] or list(samples)
    events = _grouped(judged, lambda sample: EVENTS.index(sample.event))
    clinics = _grouped(judged, lambda sample: sample.tenant)
    groups = {EVENTS[event]: events[event] for event in sorted(events)}
    slowest = sorted(clinics, key=lambda tenant: -_quantile(clinics[tenant], 0.95))[: SHOWN_SUBJECTS - len(groups)]
    groups |= {f"clinic {tenant + 1}": clinics[tenant] for tenant in sorted(slowest)}
    x = Axis("", -0.5, len(groups) - 0.5, [Tick(at, name) for at, name in enumerate(groups)])
    bars = [
        Series(
            name, "bars", _rounded((at, _quantile(group, share)) for at, group in enumerate(groups.values())), colour
        )
        for name, share, colour in SLOW
    ]
    told = "; ".join(f"{name} {_quantile(group, 0.95):.3f} s of {len(group)}" for name, group in groups.items())
    title = "Latency of each kind of request and each clinic"
    y = _linear("latency, ms", 1000 * max(point.y for one in bars for point in one.points))
    bars = [replace(one, points=[Point(point.x, 1000 * point.y) for point in one.points]) for one in bars]
    marks = [Mark(1000 * target_s, f"target {target_s:g} s")]
    return Chart(title, f"p95: {told}. The target is {target_s:g} s.", x, y, bars, marks)


def _grouped(samples: Iterable[Sample], key: Callable[[Sample], Key]) -> dict[Key, list[float]]:
    groups: defaultdict[Key, list[float]] = defaultdict(list)
    for sample in samples:
        groups[key(sample)].append(sample.latency_s)
    return dict(groups)


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _rounded(points: Iterable[tuple[float, float]]) -> list[Point]:
    """To what can be seen, since pictures are kept as numbers too."""
    return [Point(round(x, 2), float(f"{y:.3g}")) for x, y in points]


def _latency_axis(samples: Sequence[Sample], target_s: float) -> Axis:
    """Logarithmic, from what was seen to beyond the target."""
    fastest = min(sample.latency_s for sample in samples)
    slowest = max(target_s, *(sample.latency_s for sample in samples))
    low = max([tick for tick in LATENCY_TICKS if tick <= fastest], default=LATENCY_TICKS[0])
    high = min([tick for tick in LATENCY_TICKS if tick > slowest], default=slowest * 1.1)
    ticks = [
        Tick(tick, f"{tick:g} s" if tick >= 1 else f"{1000 * tick:g} ms")
        for tick in LATENCY_TICKS
        if low <= tick <= high
    ]
    return Axis("latency", low, high, ticks, log=True)


def _time_axis(profile: TrafficProfile, end_s: float = 0.0) -> Axis:
    end = max(profile.duration_s, end_s)
    step = next(step for step in (5, 10, 30, 60, 300, 600, 1800) if end / step <= 12)
    ticks = [Tick(at, _clock(at)) for at in range(0, int(end) + 1, step)]
    return Axis("when the request was due, minutes:seconds", 0, end, ticks)


def _linear(label: str, highest: float) -> Axis:
    step = next(one * 10**power for power in range(9) for one in (1, 2, 5) if highest / (one * 10**power) <= 6)
    high = step * (int(highest / step) + 1)
    return Axis(label, 0, high, [Tick(at, f"{at:g}") for at in range(0, high + 1, step)])


def _bands(profile: TrafficProfile) -> list[Band]:
    """The phases that are told apart, unless there are too many to name."""
    named = len(profile.phase) <= 6
    begins = (0.0, *profile.ends)
    return [
        Band(begin, end, phase.name if named else "")
        for number, (phase, begin, end) in enumerate(zip(profile.phase, begins, profile.ends, strict=False))
        if number % 2 == 0 or not phase.judged
    ]


def _target(target_s: float) -> list[Mark]:
    return [Mark(target_s, f"target {target_s:g} s")]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"

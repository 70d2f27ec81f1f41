"""What is concluded from a recording, and what is not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.verdict.outcome import Reason, Verdict
from load.evidence import read_recording, write_recording
from load.plan import make_plan
from load.profiles import load_profile
from load.recording import Account, Recording, Sample
from load.verdict import LatencyVerdict, effective_count, judge

SMOKE = load_profile("smoke")
PLAN = make_plan(SMOKE, 2)
WARM_UP_S = SMOKE.phase[0].seconds
Serve = Callable[[float], float]


def recording(service: Serve, lag: Serve = lambda _: 0.001, fault: Callable[[int], str] = lambda _: "") -> Recording:
    """The plan, served in `service(at_s)` seconds."""
    samples = tuple(
        Sample(a.number, a.event, a.tenant, a.at_s, lag(a.at_s), service(a.at_s), fault(a.number)) for a in PLAN
    )
    return Recording((Account("run", len(PLAN), len(PLAN), len(PLAN), 5, 2000),), samples)


def judged(made: Recording) -> LatencyVerdict:
    return judge(made, SMOKE, 2.0, 0.05)


def test_fast_server_passes() -> None:
    """Each kind of call for itself, with its numbers."""
    verdict = judged(recording(lambda _: 0.01))
    assert Verdict.PASS is verdict.verdict
    assert set(SMOKE.events) == {clause.event for clause in verdict.clauses}
    assert {60.0} == {clause.effective_count for clause in verdict.clauses}


def test_one_late_call_still_passes() -> None:
    """Among 120 of its kind."""
    first = next(arrival for arrival in PLAN if arrival.at_s > 50)
    verdict = judged(recording(lambda at: 2.5 if at == first.at_s else 0.01))
    assert Verdict.PASS is verdict.verdict


def test_stalling_server_fails() -> None:
    """5 s of every 20 s: what a closed loop reports as p95 of 29 ms (facts: load.md section 2.1)."""
    verdict = judged(recording(lambda at: max(0.005, 5 - at % 20)))
    assert Verdict.FAIL is verdict.verdict


def test_overloaded_server_fails() -> None:
    """A queue that grows."""
    assert Verdict.FAIL is judged(recording(lambda at: at * 0.2)).verdict


def test_silent_server_fails() -> None:
    """The hard ceiling needs no statistics."""
    verdict = judged(recording(lambda _: 20.5, fault=lambda _: "no complete answer"))
    assert Verdict.FAIL is verdict.verdict
    assert "Vapi has given up" in verdict.details[0]


def test_one_kind_of_call_fails_alone() -> None:
    """The others don't dilute it."""
    samples = tuple(
        replace(sample, service_s=2.2) if sample.event == "lookup" and sample.number % 3 == 0 else sample
        for sample in recording(lambda _: 0.01).samples
    )
    verdict = judged(replace(recording(lambda _: 0.01), samples=samples))
    assert Verdict.FAIL is verdict.verdict
    assert ["lookup"] == [clause.event for clause in verdict.clauses if clause.verdict is Verdict.FAIL]


def test_warm_up_is_not_judged() -> None:
    """Cut by when calls were due, not by how long they took."""
    assert Verdict.PASS is judged(recording(lambda at: 9.0 if at < WARM_UP_S else 0.01)).verdict


@pytest.mark.parametrize(("errors", "verdict"), [(0, Verdict.PASS), (1, Verdict.INCONCLUSIVE), (40, Verdict.FAIL)])
def test_wrong_answers(errors: int, verdict: Verdict) -> None:
    """However fast: one may be chance, many are not."""
    wrong = {arrival.number for arrival in [a for a in PLAN if a.at_s > 20][:errors]}
    made = recording(lambda _: 0.01, fault=lambda number: "HTTP 500" if number in wrong else "")
    assert verdict is judged(made).verdict


@pytest.mark.parametrize(
    "lag",
    [
        pytest.param(lambda at: 0.15 if at % 10 < 1 else 0.001, id="often"),
        pytest.param(lambda at: 0.3 if 40 < at < 41 else 0.001, id="once"),
        pytest.param(lambda _: 2.5, id="always"),
    ],
)
def test_lagging_generator_decides_nothing(lag: Serve) -> None:
    """Its lag is its own fault, and neither the server's praise nor blame."""
    verdict = judged(recording(lambda _: 0.01, lag=lag))
    assert (Verdict.INCONCLUSIVE, Reason.GENERATOR_SATURATED) == (verdict.verdict, verdict.reason)


@pytest.mark.parametrize(
    "account",
    [
        Account("run", len(PLAN), len(PLAN) - 1, len(PLAN) - 1, 5, 2000),
        Account("run", len(PLAN), len(PLAN), len(PLAN) - 9, 5, 2000),
        Account("run", len(PLAN), len(PLAN), len(PLAN), 2000, 2000),
    ],
)
def test_calls_that_are_not_accounted_for(account: Account) -> None:
    """Planned, sent and recorded have to be the same; and the driver must not have been at its cap."""
    verdict = judged(replace(recording(lambda _: 0.01), accounts=(account,)))
    assert Reason.GENERATOR_SATURATED is verdict.reason


def test_nothing_measured_is_no_verdict() -> None:
    """A server that was never called is not fast."""
    made = replace(recording(lambda _: 0.01), samples=(), accounts=(Account("run", 0, 0, 0, 0, 2000),))
    assert (Verdict.INCONCLUSIVE, Reason.TOO_FEW_SAMPLES) == (judged(made).verdict, judged(made).reason)


def test_too_few_samples_say_how_many_more() -> None:
    """In seconds of the same traffic."""
    short = replace(SMOKE, phase=(SMOKE.phase[0], replace(SMOKE.phase[1], seconds=40.0)))
    samples = tuple(sample for sample in recording(lambda _: 0.01).samples if sample.at_s < short.duration_s)
    account = Account("run", len(samples), len(samples), len(samples), 5, 2000)
    verdict = judge(Recording((account,), samples), short, 2.0, 0.05)
    assert (Verdict.INCONCLUSIVE, Reason.TOO_FEW_SAMPLES) == (verdict.verdict, verdict.reason)
    assert "about 80 s more" in verdict.details[-1]


def test_bursts_reduce_the_sample() -> None:
    """Ten late calls in one block say less than one in each of ten."""
    spread = effective_count([(60, 1)] * 10 + [(60, 0)] * 2, 120, 2)
    burst = effective_count([(60, 10)] + [(60, 0)] * 11, 120, 2)
    assert burst < spread / 5


def test_at_the_limit_chance_decides_rarely() -> None:
    """Exactly 5 % late, in bursts of 3 s: at most 7 % of the runs pass, and at most 7 % fail (seeded)."""
    generator = random.Random(7)
    verdicts = []
    for _ in range(150):
        stalls = [generator.uniform(10, 130) for _ in range(2)]  # 2 x 3 s of 120 s
        late = [any(stall <= a.at_s < stall + 3 for stall in stalls) for a in PLAN]
        blocks = [[0, 0] for _ in range(14)]
        for arrival, is_late in zip(PLAN, late, strict=True):
            if arrival.at_s >= WARM_UP_S:
                block = blocks[int(arrival.at_s // 10)]
                block[0] += 1
                block[1] += is_late
        samples = tuple(
            Sample(a.number, "lookup", 0, a.at_s, 0.0, 2.5 if is_late else 0.01)
            for a, is_late in zip(PLAN, late, strict=True)
        )
        made = Recording(recording(lambda _: 0.01).accounts, samples)
        verdicts.append(judge(made, replace(SMOKE, call=("tools",), mix={"lookup": 1}), 2.0, 0.05).verdict)
    assert verdicts.count(Verdict.PASS) <= 0.07 * len(verdicts)
    assert verdicts.count(Verdict.FAIL) <= 0.07 * len(verdicts)


def test_recording_there_and_back(tmp_path: Path) -> None:
    """And an unfinished one is none."""
    made = recording(lambda _: 0.01)
    assert read_recording(tmp_path) is None
    write_recording(tmp_path, made)
    assert made == read_recording(tmp_path)
    (tmp_path / "problems.json").unlink()
    assert read_recording(tmp_path) is None


@pytest.mark.parametrize(
    ("blocks", "effective"),
    [
        ([(10, 0), (10, 2), (10, 4)], 12.0),  # variance 8 * 3/2 / 30^2, 2.5 times that of 6 in 30 by chance
        ([(10, 1), (10, 1)], 20.0),  # more even than chance: never worth more than there are
        ([(10, 3)], 1.0),  # one block tells nothing of the spread
        ([(10, 10), (5, 5)], 15.0),
        ([(10, 0), (10, 0)], 4.0),  # 120 s of which a stall takes 30
        ([(2, 0), (1, 0)], 3.0),
    ],
)
def test_effective_count_by_hand(blocks: list[tuple[int, int]], effective: float) -> None:
    """The rule of `facts/load.md` 4.4, in numbers."""
    assert pytest.approx(effective) == effective_count(blocks, measured_s=120.0, stall_s=30.0)

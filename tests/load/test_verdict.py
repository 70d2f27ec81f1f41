"""What is concluded from a recording, and what is not."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import pytest

from fixtures.verdict.outcome import Reason, Verdict
from load.plan import Arrival
from load.profiles import FILE, Phase, TrafficProfile, load_profile
from load.recording import Ending, Kind, Recording
from load.verdict import LatencyVerdict, judge
from tests.load.synthetic import TRAFFIC, Serve, account_of, recorded

LONG = replace(TRAFFIC, phase=(replace(TRAFFIC.phase[1], seconds=640.0),))


def judged(made: Recording, profile: TrafficProfile = TRAFFIC) -> LatencyVerdict:
    return judge(made, profile, 2.0, 0.05)


def verdicts(judgement: LatencyVerdict) -> str:
    """Of latency, tail and errors."""
    return " ".join(judgement.parts[name].verdict for name in ("latency", "tail", "errors"))


def ended(made: Recording, ending: Ending) -> Recording:
    return replace(made, accounts=tuple(replace(one, ended=ending) for one in made.accounts))


def test_fast_server_passes() -> None:
    """For each kind of request and each clinic, with the numbers; p99 takes longer traffic."""
    verdict = judged(recorded())
    assert "pass not-applicable pass" == verdicts(verdict)
    subjects = ["all requests", "lookup", "booking", "status-update", "clinic 1", "clinic 2"]
    assert subjects == [clause.subject for clause in verdict.clauses]
    assert "short is too short to show p99" in verdict.parts["tail"].details[0]


def test_long_traffic_shows_p99() -> None:
    """598 s where stalls last up to 2 s."""
    assert "pass pass pass" == verdicts(judged(recorded(LONG), LONG))


def test_two_in_a_hundred_fail_p99_alone() -> None:
    """Which p95 does not see."""
    assert "pass fail pass" == verdicts(judged(recorded(LONG, lambda a: 2.5 if a.number % 50 == 0 else 0.01), LONG))


def test_one_late_request_still_passes() -> None:
    """Among hundreds."""
    late = next(a for a in recorded().samples if a.at_s > 50)
    assert Verdict.PASS is judged(recorded(service=lambda a: 2.5 if a.at_s == late.at_s else 0.01)).verdict


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(lambda a: max(0.005, 5 - a.at_s % 20), id="stall"),  # p95 of a closed loop: 29 ms (facts: 2.1)
        pytest.param(lambda a: 0.05 * a.at_s, id="overload"),
        pytest.param(lambda _: 2.01, id="a-hair-over"),
    ],
)
def test_slow_server_fails(service: Serve) -> None:
    """However fast it is at other times."""
    assert Verdict.FAIL is judged(recorded(service=service)).parts["latency"].verdict


def test_silent_server_fails() -> None:
    """The hard ceiling needs no statistics: one request is enough."""
    last = recorded().samples[-1].number
    verdict = judged(
        recorded(
            service=lambda a: 20.5 if a.number == last else 0.01,
            fault=lambda a: Kind.TIMEOUT if a.number == last else Kind.NONE,
        )
    )
    assert Verdict.FAIL is verdict.parts["latency"].verdict
    assert "longer than Vapi waits" in verdict.details[0]


@pytest.mark.parametrize(
    ("slow", "subjects"),
    [
        (lambda a: a.event == "lookup" and a.number % 8 == 0, ["lookup"]),
        (lambda a: a.tenant == 1 and a.number % 9 == 0, ["clinic 2"]),
    ],
)
def test_one_fails_alone(slow: Serve, subjects: list[str]) -> None:
    """The others don't dilute it."""
    verdict = judged(recorded(service=lambda a: 2.2 if slow(a) else 0.01))
    failed = [clause.subject for clause in verdict.clauses if clause.verdict is Verdict.FAIL]
    assert subjects == failed


def test_warm_up_is_not_judged() -> None:
    """Cut by when requests were due, not by how long they took."""
    assert Verdict.PASS is judged(recorded(service=lambda a: 9.0 if a.at_s < 10 else 0.01)).verdict


@pytest.mark.parametrize(("bad", "verdict"), [(0, Verdict.PASS), (1, Verdict.INCONCLUSIVE), (40, Verdict.FAIL)])
def test_wrong_answers(bad: int, verdict: Verdict) -> None:
    """However fast: one may be chance, many are not; and they are no matter of time."""
    numbers = {a.number for a in recorded().samples if a.at_s > 10 and a.number % 7 == 0}
    wrong = sorted(numbers)[:bad]
    judgement = judged(recorded(fault=lambda a: Kind.STATUS if a.number in wrong else Kind.NONE))
    assert verdict is judgement.parts["errors"].verdict
    assert Verdict.PASS is judgement.parts["latency"].verdict


def test_no_answer_is_late_and_an_error() -> None:
    """A refused connection is quick and answers nobody."""
    judgement = judged(recorded(fault=lambda a: Kind.REFUSED if a.number % 4 == 0 else Kind.NONE))
    assert "fail fail fail" == verdicts(judgement)
    assert "status-update: refused" in " ".join(judgement.parts["errors"].details)


def test_lagging_generator_decides_nothing() -> None:
    """Its lag is its own fault, and neither the server's praise nor blame."""
    for lag in (
        lambda a: 0.15 if a.at_s % 10 < 1 else 0.001,
        lambda a: 0.3 if 40 < a.at_s < 41 else 0.001,
        lambda _: 2.5,
    ):
        verdict = judged(recorded(lag=lag))
        assert (Verdict.INCONCLUSIVE, Reason.GENERATOR_SATURATED) == (verdict.verdict, verdict.reason)
        assert Verdict.PASS is verdict.parts["errors"].verdict  # right answers are right, whenever they were asked for


@pytest.mark.parametrize("ending", [one for one in Ending if one is not Ending.FINISHED])
def test_unfinished_run_never_passes(ending: Ending) -> None:
    """However well it went until then."""
    assert judged(ended(recorded(), ending)).verdict in {Verdict.INCONCLUSIVE, Verdict.FAIL}


@pytest.mark.parametrize("ending", [Ending.TERMINATED, Ending.LOST, Ending.OVERLOADED, Ending.CRASHED])
def test_unfinished_run_fails_where_that_is_certain(ending: Ending) -> None:
    """What was not seen can't make it good."""
    made = recorded(service=lambda _: 3.0)
    half = made.samples[: len(made.samples) // 2]
    assert "fail fail inconclusive" == verdicts(judged(ended(replace(made, samples=half), ending)))


def test_what_the_end_cut_off_is_neither_late_nor_wrong() -> None:
    """Unless it was late by then."""
    soon = recorded(service=lambda _: 0.2, fault=lambda _: Kind.UNANSWERED)
    long_ago = recorded(service=lambda _: 3.0, fault=lambda _: Kind.UNANSWERED)
    assert "inconclusive inconclusive inconclusive" == verdicts(judged(ended(soon, Ending.TERMINATED)))
    assert "fail fail inconclusive" == verdicts(judged(ended(long_ago, Ending.TERMINATED)))


def test_faults_that_differ_in_ids_are_one() -> None:
    """Counted by event and rule; one is quoted."""
    samples = tuple(
        replace(one, kind=Kind.WRONG, fault=f"vapi.envelope.id-echoed: id 'call_{one.number}' is answered 0 times")
        if one.event == "lookup"
        else replace(one, kind=Kind.STATUS, fault="HTTP 500: 'oops'")
        if one.event == "booking" and one.number % 2
        else one
        for one in recorded().samples
    )
    details = judged(Recording((account_of(samples),), samples)).parts["errors"].details
    seen = [one for one in samples if one.at_s >= 10 and one.fault]
    lookups = [one for one in seen if one.event == "lookup"]
    assert f"{len(lookups)} times, lookup, for one: {lookups[0].fault}" == details[1]
    assert f"{len(seen) - len(lookups)} times, booking: HTTP 500: 'oops'" == details[2]
    assert 3 == len(details)


def test_error_storm_fails() -> None:
    """The driver gave up on a server that answered nothing right."""
    made = ended(recorded(fault=lambda a: Kind.STATUS if a.at_s > 11 else Kind.NONE), Ending.ERROR_STORM)
    start = replace(made, samples=tuple(sample for sample in made.samples if sample.at_s < 15))
    assert Verdict.FAIL is judged(start).parts["errors"].verdict


def test_error_storm_before_anything_is_judged_is_described() -> None:
    """What was seen and that the load was stopped, not that nothing was measured."""
    calm = replace(TRAFFIC, phase=(Phase("calm", 60.0, 3.0, judged=False), TRAFFIC.phase[1]))
    made = ended(recorded(calm, fault=lambda _: Kind.STATUS), Ending.ERROR_STORM)
    start = replace(made, samples=tuple(sample for sample in made.samples if sample.at_s < 20))
    part = judged(start, calm).parts["errors"]
    assert Verdict.FAIL is part.verdict
    assert "the load was stopped, for nearly all" in part.details[0]
    count = len(start.samples)
    assert f"wrong or missing: {count} of {count} since the start" in part.details[0]
    assert "status-update: status" in " ".join(part.details[1:])
    assert part.details[0] in judged(start, calm).facts


def test_what_was_seen_before_anything_is_judged_is_told() -> None:
    """Of a run that was ended in its warm-up."""
    made = ended(recorded(fault=lambda _: Kind.STATUS), Ending.TERMINATED)
    start = replace(made, samples=tuple(sample for sample in made.samples if sample.at_s < 5))
    part = judged(start).parts["errors"]
    assert Verdict.INCONCLUSIVE is part.verdict
    count = len(start.samples)
    assert f"nothing was judged by then; wrong or missing: {count} of {count} since the start" in part.details


def test_nothing_measured_is_no_verdict() -> None:
    """A server that was never called is not fast."""
    verdict = judged(Recording((account_of(()),), ()))
    assert (Verdict.INCONCLUSIVE, Reason.TOO_FEW_SAMPLES) == (verdict.verdict, verdict.reason)
    assert (Verdict.INCONCLUSIVE, Reason.PRECONDITION_LOST) == (
        judged(Recording((), ())).verdict,
        judged(Recording((), ())).reason,
    )


def test_a_kind_of_request_that_never_came_is_told() -> None:
    """Others say nothing about it."""
    samples = tuple(sample for sample in recorded().samples if sample.event != "booking")
    verdict = judged(Recording((account_of(samples),), samples))
    assert Verdict.INCONCLUSIVE is verdict.verdict
    assert ("booking: no request was measured",) == verdict.details


def test_a_kind_of_request_that_is_always_answered_wrong_is_told() -> None:
    """It was measured, and the times of wrong answers say nothing."""
    wrong = tuple(
        replace(one, kind=Kind.WRONG, fault="no results") if one.event == "booking" else one
        for one in recorded().samples
    )
    part = judged(Recording((account_of(wrong),), wrong)).parts["latency"]
    assert any("was answered right, so their times say nothing" in detail for detail in part.details)


def test_too_few_samples_say_how_many_more() -> None:
    """In seconds of the same traffic."""
    short = replace(TRAFFIC, phase=(TRAFFIC.phase[0], replace(TRAFFIC.phase[1], seconds=40.0)))
    verdict = judged(recorded(short), short)
    assert (Verdict.INCONCLUSIVE, Reason.TOO_FEW_SAMPLES) == (verdict.verdict, verdict.reason)
    assert "s more of this traffic would decide" in verdict.details[-1]


def test_flooding_clinic_is_not_judged() -> None:
    """The others are, for their time and their answers."""
    phase = replace(TRAFFIC.phase[1], flood=10.0)
    profile = replace(TRAFFIC, phase=(phase,))

    def victim_suffers(a: Arrival) -> float:
        return 2.5 if a.tenant == 1 and a.number % 9 == 0 else 0.01

    flooder = recorded(
        profile, lambda a: 30.0 if a.tenant == 0 else 0.01, fault=lambda a: Kind.STATUS if a.tenant == 0 else Kind.NONE
    )
    assert Verdict.PASS is judged(flooder, profile).verdict
    assert Verdict.FAIL is judged(recorded(profile, victim_suffers), profile).parts["latency"].verdict


def test_looks_share_the_risk() -> None:
    """Two looks: at 160 s and 300 s; a failure at any stands, and a look may pass a run that ends there."""
    looking = replace(TRAFFIC, phase=(replace(TRAFFIC.phase[1], seconds=300.0),), looks=(180.0, 300.0))
    early = recorded(looking, lambda a: 2.5 if a.at_s < 180 and a.number % 4 == 0 else 0.01)
    assert Verdict.FAIL is judged(early, looking).parts["latency"].verdict
    samples = tuple(sample for sample in recorded(looking).samples if sample.at_s < 180)
    stopped = judged(Recording((account_of(samples),), samples), looking)
    assert Verdict.PASS is stopped.verdict
    assert {0.025} == {clause.risk.passing for clause in stopped.clauses}


def test_thin_traffic_is_judged_by_the_ceiling_only() -> None:
    """Five calls to a service that slept."""
    cold = replace(TRAFFIC, claim="ceiling", phase=(replace(TRAFFIC.phase[1], seconds=30.0, rate=0.5),))
    assert "pass not-applicable pass" == verdicts(judged(recorded(cold, lambda _: 7.0), cold))
    assert Verdict.FAIL is judged(recorded(cold, lambda a: 21.0 if a.number == 3 else 0.1), cold).verdict


def test_judgement_as_json() -> None:
    """All numbers, in a form that files take."""
    document = json.loads(json.dumps(judged(recorded()).as_json()))
    assert "pass" == document["verdict"] == document["latency"]["verdict"]
    clause = document["latency"]["clauses"][0]
    assert {"subject", "count", "late", "effective_count", "lower", "upper", "budget"} <= clause.keys()


@pytest.mark.parametrize("name", tomllib.loads(FILE.read_text()))
def test_every_profile_can_pass(name: str) -> None:
    """Where nothing is late: its rates, times and looks suffice for what it claims."""
    profile = load_profile(name)
    assert Verdict.PASS is judged(recorded(profile), profile).verdict


def test_smoke_leaves_room_for_a_late_request() -> None:
    """One among those of its kind, as any service has."""
    smoke = load_profile("smoke")
    late = next(one.number for one in recorded(smoke).samples if one.event == "booking" and one.at_s > 50)
    made = recorded(smoke, lambda a: 2.5 if a.number == late else 0.01)
    assert Verdict.PASS is judged(made, smoke).verdict


@pytest.mark.parametrize(("still_s", "verdict"), [(0.0, Verdict.FAIL), (2.0, Verdict.INCONCLUSIVE)])
def test_what_was_read_too_late_may_have_been_in_time(still_s: float, verdict: Verdict) -> None:
    """A request over Vapi's limit has failed; not where the driver stood still meanwhile, and then it is no pass."""
    traffic = replace(TRAFFIC, claim="ceiling")
    first, *others = recorded(traffic).samples
    samples = (replace(first, at_s=traffic.duration_s / 2, service_s=21.0, still_s=still_s), *others)
    latency = judged(Recording((account_of(samples),), samples), traffic).parts["latency"]
    assert verdict is latency.verdict

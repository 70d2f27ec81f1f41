"""Steps of `webhook_latency.feature`."""

from __future__ import annotations

from pytest_bdd import scenarios, then, when

from fixtures.target.target import Target
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import Inconclusive, Reason, Verdict, Violation, fail_on
from load.profiles import TrafficProfile
from load.recording import Recording
from load.verdict import LatencyVerdict, judge

scenarios("webhook_latency.feature")


@when("a clinic's calls come in as the traffic profile plans them", target_fixture="judged")
def calls_come_in(
    traffic_recording: Recording, traffic_profile: TrafficProfile, target: Target, evidence: Evidence
) -> LatencyVerdict:
    """Locust in its own process; the numbers that follow are from its raw samples."""
    latency = target.record.latency
    judged = judge(traffic_recording, traffic_profile, latency.target_s, latency.late_share)
    evidence.attach(
        "latency",
        traffic=traffic_profile.name,
        target_s=latency.target_s,
        late_share=latency.late_share,
        clauses=[clause.describe() for clause in judged.clauses],
        account=traffic_recording.account.as_json(),
        lag=traffic_recording.lag_summary(),
    )
    return judged


@then("the share of late answers is within what the target allows, for every kind of call")
def share_is_allowed(judged: LatencyVerdict, target: Target) -> None:
    """Fail, undecided or pass, as the statistics allow to say."""
    if judged.verdict is Verdict.INCONCLUSIVE:
        raise Inconclusive(judged.reason or Reason.TOO_FEW_SAMPLES, "; ".join(judged.details))
    if judged.verdict is Verdict.FAIL:
        latency = target.record.latency
        expected = f"at most {latency.late_share:.0%} of the answers later than {latency.target_s:g} s or wrong"
        fail_on(Violation(expected, detail) for detail in judged.details)

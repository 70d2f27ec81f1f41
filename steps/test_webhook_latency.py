"""Steps of `webhook_latency.feature`."""

from __future__ import annotations

from functools import partial

import pytest
from pytest_bdd import scenarios, then, when

from fixtures.target.target import Target
from fixtures.verdict.evidence import Evidence
from fixtures.verdict.outcome import Inconclusive, NotApplicable, Reason, Verdict, Violation, fail_on
from load.once import Once
from load.pictures import pictures
from load.plugin import TOLD
from load.profiles import TrafficProfile
from load.run import LoadRunError
from load.verdict import LatencyVerdict, judge

scenarios("webhook_latency.feature")

TRAFFIC = pytest.StashKey[Once]()


@when("a clinic's calls come in as the traffic profile plans them", target_fixture="judged")
def calls_come_in(
    request: pytest.FixtureRequest, traffic_profile: TrafficProfile, target: Target, evidence: Evidence
) -> LatencyVerdict:
    """Locust in a process of its own, once for all scenarios; the numbers that follow are from its raw samples."""
    limits = target.record.latency
    reports = request.config.option.report_dir or request.config.rootpath / "reports"
    traffic = request.config.stash.setdefault(TRAFFIC, Once(reports.absolute() / "load"))
    first = not traffic.made
    recording = traffic.get(partial(request.getfixturevalue, "traffic_recording"))
    if recording.account.errors:
        raise LoadRunError(f"the driver failed: {'; '.join(recording.account.errors)}")
    shares = (limits.late_share, limits.tail_share, limits.error_share)
    judged = judge(recording, traffic_profile, limits.target_s, *shares)
    for chart in pictures(recording, traffic_profile, limits.target_s) if first else ():
        evidence.attach(**chart.as_json())
    request.config.stash[TOLD] = [f"traffic {traffic_profile.name}: {fact}" for fact in judged.facts]
    evidence.attach(
        "latency",
        traffic=traffic_profile.name,
        target_s=limits.target_s,
        judged=judged.as_json(),
        accounts=[account.as_json() for account in recording.accounts],
        lag=recording.lag_summary(),
    )
    return judged


@then("the share of late answers is within what the target allows, for every kind of request and every clinic")
def share_is_allowed(judged: LatencyVerdict, target: Target) -> None:
    """Fail, undecided or pass, as the statistics allow to say."""
    limits = target.record.latency
    late = f"at most {limits.late_share:.0%} of the answers later than {limits.target_s:g} s"
    _conclude(judged, "latency", f"{late}, and none that Vapi does not wait for")


@then("the share of late answers is within what the target allows for the slowest, where the traffic can show it")
def tail_is_allowed(judged: LatencyVerdict, target: Target) -> None:
    """The same of p99, which short traffic can't show."""
    limits = target.record.latency
    _conclude(judged, "tail", f"at most {limits.tail_share:.0%} of the answers later than {limits.target_s:g} s")


@then("the share of wrong and missing answers is within what the target allows")
def errors_are_allowed(judged: LatencyVerdict, target: Target) -> None:
    """Whatever their time."""
    _conclude(judged, "errors", f"at most {target.record.latency.error_share:.1%} of the answers wrong or missing")


def _conclude(judged: LatencyVerdict, name: str, expected: str) -> None:
    part = judged.parts[name]
    match part.verdict:
        case Verdict.FAIL:
            fail_on(Violation(expected, detail) for detail in part.details or ("no details",))
        case Verdict.INCONCLUSIVE:
            raise Inconclusive(part.reason or Reason.TOO_FEW_SAMPLES, "; ".join(part.details))
        case Verdict.NOT_APPLICABLE:
            raise NotApplicable("; ".join(part.details))
        case Verdict.PASS:
            pass

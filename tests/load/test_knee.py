"""Up to which rate the target holds."""

from __future__ import annotations

from dataclasses import replace

from fixtures.verdict.outcome import Verdict
from load.parts import Part
from load.plan import Arrival
from load.profiles import Phase
from load.recording import Ending
from load.verdict import judge
from tests.load.synthetic import TRAFFIC, Serve, prompt, recorded

RISING = replace(
    TRAFFIC, claim="knee", phase=tuple(Phase(f"{rate} calls/s", 60.0, float(rate)) for rate in (2, 4, 8, 16))
)


def part(service: Serve) -> Part:
    return judge(recorded(RISING, service), RISING, 2.0, 0.05).parts["latency"]


def overloaded_from(at_s: float) -> Serve:
    """A queue that grows from then on."""

    def service(arrival: Arrival) -> float:
        return max(0.01, (arrival.at_s - at_s) * 0.5)

    return service


def test_the_knee_is_found() -> None:
    """8 calls a second are too many."""
    found = part(overloaded_from(130.0))
    assert Verdict.PASS is found.verdict
    assert "the knee: 4 calls/s hold, 8 do not" == found.details[0]
    assert found.settled


def test_no_knee_within_the_traffic() -> None:
    """At least the highest rate holds."""
    assert "16 calls/s hold, the highest that was shown to" == part(prompt).details[0]
    assert not part(prompt).settled


def test_already_the_lowest_rate_is_too_high() -> None:
    """Which fails."""
    assert Verdict.FAIL is part(lambda _: 3.0).verdict


def test_the_second_rate_is_too_high() -> None:
    """A minute of the first is too short to show that it holds."""
    assert Verdict.INCONCLUSIVE is part(overloaded_from(60.0)).verdict


def test_a_driver_that_gave_up_above_the_knee_does_no_harm() -> None:
    """That is how such a run may end."""
    made = recorded(RISING, overloaded_from(130.0))
    samples = tuple(sample for sample in made.samples if sample.at_s < 190)
    cut = replace(made, samples=samples, accounts=(replace(made.account, ended=Ending.OVERLOADED),))
    assert "the knee: 4 calls/s hold, 8 do not" == judge(cut, RISING, 2.0, 0.05).details[0]


def test_a_lagging_generator_is_no_knee() -> None:
    """What it could not send is not shown to hold; the rates before it are."""
    made = recorded(RISING, lag=lambda a: 0.5 if a.at_s > 180 else 0.001)
    found = judge(made, RISING, 2.0, 0.05).parts["latency"]
    assert "8 calls/s hold, the highest that was shown to" == found.details[0]
    assert any("left more than 250 ms late" in detail for detail in found.details)

"""The detection table: every defect turns exactly its criteria red, every benign twin none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.defects.catalogue import DEFECTS
from fixtures.defects.defect import Defect
from tests.conftest import Deploy
from tests.gate import GateRun, run_gate

QUICK_TRAFFIC = """
# The smoke profile in little: stalls of up to 0.6 s are claimed, so 36 s without a late answer suffice.
[quick]
rate = 12.0
warm_up_s = 3.0
measured_s = 40.0
stall_s = 0.6
seed = 5
[quick.mix]
availability = 1
booking = 1
lookup = 1
status-update = 1
"""
ALL = [pytest.param(defect, id=defect.id) for defect in DEFECTS.values()]
Judge = Callable[[Defect, dict[str, str]], GateRun]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Runs the gate on a deployment: all criteria but latency, or latency alone for the faults that load shows."""

    def run(defect: Defect, variables: dict[str, str]) -> GateRun:
        selection = ["-m", "not latency", "-k", "not test_latency"]
        if "monitoring.latency" in defect.fails:
            traffic = tmp_path / "traffic.toml"
            traffic.write_text(QUICK_TRAFFIC)
            selection = ["-m", "latency", "--traffic", "quick", "--traffic-file", str(traffic)]
        return run_gate(tmp_path / "reports", "--target", "sandbox", "-q", *selection, variables=variables)

    return run


@pytest.mark.parametrize("defect", ALL)
def test_defect_is_caught(
    defect: Defect, deploy: Deploy, judge: Judge, record_property: Callable[[str, object], None]
) -> None:
    """NO-GO, for the criteria that the record names and for no other, each in words that say what to do."""
    with deploy(defect.change) as variables:
        run = judge(defect, dict(variables))
    record_property(
        "detection", [defect.id, sorted(run.with_verdict("fail")), sorted(run.with_verdict("inconclusive"))]
    )
    assert defect.fails == run.with_verdict("fail"), run.output
    assert defect.inconclusive == run.with_verdict("inconclusive"), run.output
    assert 1 == run.exit_status
    for id_ in defect.fails:
        block = run.output.split(f"_ {id_} _")[1].split("  repeat ")[0]
        assert [] == [word for word in ("expected ", "seen ", "rule ", "remedy ") if f"\n  {word}" not in block], block


@pytest.mark.parametrize("defect", ALL)
def test_twin_passes(defect: Defect, deploy: Deploy, judge: Judge) -> None:
    """The nearest healthy change is not blamed."""
    with deploy(defect.twin) as variables:
        run = judge(defect, dict(variables))
    assert set() == run.with_verdict("fail") | run.with_verdict("inconclusive"), run.output
    assert 0 == run.exit_status, run.output

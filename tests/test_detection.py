"""The detection table: every defect turns exactly its criteria red, every benign twin none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures.defects.catalogue import CONTRACT, SCHEMA
from fixtures.defects.defect import Defect
from fixtures.verdict.criterion import load_catalogue
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate
from tests.sampling import sample

TRAFFIC = """
# The smoke profile in little: stalls of up to 0.375 s are claimed, so 30 s suffice.
[quick]
rate = 6.0
warm_up_s = 3.0
measured_s = 30.0
stall_s = 0.375
seed = 5
call = ["tools"]
mix = { booking = 1, lookup = 1 }

# One kind of request only, so that p99 can be shown in a minute.
[quick-tail]
rate = 20.0
warm_up_s = 2.0
measured_s = 60.0
stall_s = 0.15
seed = 5
call = ["status-update"]
"""
CRITERIA = load_catalogue(PROJECT / "features" / "criteria").criteria
MARKS = {
    defect.id: mark
    for mark, areas in (("contract", CONTRACT), ("isolation", SCHEMA))
    for defects in areas.values()
    for defect in defects
}
"""Of the criteria by which a defect is judged; what is neither's is judged by all but the traffic and the audit."""

Judge = Callable[[Defect, dict[str, str]], GateRun]


def traffic_of(defect: Defect) -> str:
    """What shows a defect of latency, in as little time as it takes."""
    rare = "monitoring.latency.tail" in defect.inconclusive or defect.fails == {"monitoring.latency.tail"}
    return "quick-tail" if rare else "quick"


def _needs_traffic(defect: Defect) -> bool:
    return any(id_.startswith("monitoring.latency") for id_ in defect.fails)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The defects of this run; see `tests.sampling`.

    Traffic in real time asks for a machine that does nothing else: `--all-defects` sends it, other runs judge the same
    changes in virtual time (`tests/load/test_latency_defects.py`).
    """
    if "defect" in metafunc.fixturenames:
        everything = metafunc.config.getoption("all_defects")
        defects = [defect for defect in sample(everything=everything) if everything or not _needs_traffic(defect)]
        chosen = [defect for defect in defects if defect.twin or metafunc.function is not test_twin_passes]
        metafunc.parametrize("defect", [pytest.param(defect, id=defect.id) for defect in chosen])


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Runs the gate on a deployment: the criteria of the defect's area, latency only where the fault is one of time."""

    def run(defect: Defect, variables: dict[str, str]) -> GateRun:
        mark = MARKS.get(defect.id, "not latency and not isolation")
        selection = ["-m", mark, "-k", "not test_latency"]
        if any(id_.endswith(".latency") for id_ in defect.fails):
            selection = ["-m", "contract", "-k", "test_latency"]
        if _needs_traffic(defect):
            traffic = tmp_path / "traffic.toml"
            traffic.write_text(TRAFFIC)
            selection = ["-m", "latency", "--traffic", traffic_of(defect), "--traffic-file", str(traffic)]
        return run_gate(tmp_path / "reports", "--target", "sandbox", "-q", *selection, variables=variables)

    return run


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
    assert run.exit_status == _status(defect), run.output
    for id_ in defect.fails:
        block = run.output.split(f"_ {id_} _")[1].split("  repeat ")[0]
        assert [] == [word for word in ("expected ", "seen ", "rule ", "remedy ") if f"\n  {word}" not in block], block


def _status(defect: Defect) -> int:
    """NO-GO where a required criterion fails, UNDECIDED where one can't be judged; advice blocks nothing."""
    if any(CRITERIA[id_].severity == "required" for id_ in defect.fails):
        return 1
    return 20 if any(CRITERIA[id_].severity == "required" for id_ in defect.inconclusive) else 0


def test_twin_passes(defect: Defect, deploy: Deploy, judge: Judge) -> None:
    """The nearest healthy change is not blamed."""
    assert defect.twin is not None
    with deploy(defect.twin) as variables:
        run = judge(defect, dict(variables))
    assert set() == run.with_verdict("fail") | run.with_verdict("inconclusive"), run.output
    assert 0 == run.exit_status, run.output

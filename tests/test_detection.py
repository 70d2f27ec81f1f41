"""The detection table: every defect turns exactly its criteria red, every benign twin none."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.defects.catalogue import DEFECTS
from fixtures.defects.defect import Defect
from tests.conftest import Deploy
from tests.gate import run_gate

FAST = ("--target", "sandbox", "-q", "-m", "not latency")


@pytest.mark.parametrize("defect", [pytest.param(d, id=d.id) for d in DEFECTS.values() if "latency" not in d.id])
def test_defect_is_caught(defect: Defect, deploy: Deploy, tmp_path: Path) -> None:
    """The gate says NO-GO, for the criteria that the record names and for no other."""
    with deploy(defect.change) as variables:
        run = run_gate(tmp_path / "reports", *FAST, variables=variables)
    assert defect.fails == run.with_verdict("fail"), run.output
    assert defect.inconclusive == run.with_verdict("inconclusive"), run.output
    assert 1 == run.exit_status


@pytest.mark.parametrize("defect", [pytest.param(d, id=d.id) for d in DEFECTS.values() if "latency" not in d.id])
def test_twin_passes(defect: Defect, deploy: Deploy, tmp_path: Path) -> None:
    """The nearest healthy change is not blamed."""
    with deploy(defect.twin) as variables:
        run = run_gate(tmp_path / "reports", *FAST, variables=variables)
    assert set() == run.with_verdict("fail") | run.with_verdict("inconclusive"), run.output
    assert 0 == run.exit_status, run.output

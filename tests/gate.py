"""Running the gate as a user does, in a process of its own, and reading what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
LIMIT_S = 400


@dataclass(frozen=True, slots=True)
class GateRun:
    """What a run of the gate came to."""

    exit_status: int
    output: str
    reports: Path

    @property
    def document(self) -> dict[str, Any]:
        """`verdict.json`."""
        document: dict[str, Any] = json.loads((self.reports / "verdict.json").read_text(encoding="utf-8"))
        return document

    @property
    def criteria(self) -> dict[str, dict[str, Any]]:
        """The criteria of `verdict.json` by id."""
        return {criterion["id"]: criterion for criterion in self.document["criteria"]}

    def with_verdict(self, verdict: str) -> set[str]:
        """The criteria that came to `verdict`."""
        return {id_ for id_, criterion in self.criteria.items() if criterion["verdict"] == verdict}


def run_gate(
    reports: Path, *arguments: str, variables: Mapping[str, str] | None = None, project: Path = PROJECT
) -> GateRun:
    """Run `pytest ARGUMENTS` in `project` with no variable of the caller's but `variables`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("VOXANNE_", "PYTEST_"))}
    environment = {**inherited, "VOXANNE_POSTGRES": "embedded", **(variables or {})}
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "--report-dir", str(reports), "-p", "no:cacheprovider", *arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return GateRun(process.returncode, process.stdout, reports)

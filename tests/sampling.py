"""Which defects a run of the tests tries: all with `--all-defects`, else as many of each area as fit CI's time.

The sample differs from commit to commit and is the same in every process of one run; an area whose module the last
commit changed is tried whole.
"""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence

from fixtures.defects.catalogue import AREAS
from fixtures.defects.defect import Defect
from tests.gate import PROJECT

SHARE = 3
"""One in so many defects of an area, and at least one."""

MOST = 44


def sample(*, everything: bool) -> Sequence[Defect]:
    """The defects to try."""
    if everything:
        return [defect for defects in AREAS.values() for defect in defects]
    commit = git("rev-parse", "HEAD").strip() or "no repository"
    changed = git("diff", "--name-only", "HEAD~1", "--", "fixtures/defects").split()
    chosen: list[Defect] = []
    for area, defects in AREAS.items():
        whole = f"fixtures/defects/{area}.py" in changed
        count = len(defects) if whole else -(-len(defects) // SHARE)
        chosen += random.Random(f"{commit}/{area}").sample(defects, count)
    return random.Random(commit).sample(chosen, min(MOST, len(chosen)))


def git(*arguments: str) -> str:
    """What git says, or nothing."""
    process = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    return process.stdout if process.returncode == 0 else ""

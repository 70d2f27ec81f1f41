"""A plugin for tests: runs the checks in another order, told by the variable SHUFFLE_SEED."""

from __future__ import annotations

import os
import random

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In place, and the same in every process of one run."""
    random.Random(os.environ["SHUFFLE_SEED"]).shuffle(items)

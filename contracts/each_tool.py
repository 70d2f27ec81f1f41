"""For what is demanded of all four tools alike."""

from __future__ import annotations

import pytest

from fixtures.vapi.tools import TOOLS


def each_tool(statement: str) -> pytest.MarkDecorator:
    """Run a contract test once for each tool; `statement` ends the id of the criterion, `tools.TOOL.STATEMENT`."""
    parameters = [
        pytest.param(tool, id=tool.key, marks=pytest.mark.criterion(f"tools.{tool.key}.{statement}"))
        for tool in TOOLS.values()
    ]
    return pytest.mark.parametrize("tool", parameters)

"""A long audit says how far it is, now and then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fixtures.tenancy.progress import teller


def test_lines_are_told_now_and_then(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them if no time must pass between two, none if much must."""
    lines: list[str] = []
    reporter = SimpleNamespace(write_line=lines.append)
    plugins = {"terminalreporter": reporter, "capturemanager": None}
    monkeypatch.setattr(pytestconfig.pluginmanager, "get_plugin", plugins.get)
    for tell in (teller(pytestconfig, 0), teller(pytestconfig, 3600)):
        tell("client 1 of 22")
        tell("client 2 of 22")
    assert ["isolation: client 1 of 22", "isolation: client 2 of 22"] == lines

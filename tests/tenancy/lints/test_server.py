"""Server versions against the defects that let clients past row level security."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from fixtures.tenancy.lints.server import KNOWN_DEFECTS, SERVER_VERSION

VERSIONS = {
    150002: {"CVE-2023-2454", "CVE-2023-2455", "CVE-2023-39418", "CVE-2024-4317", "CVE-2024-10976"},
    150003: {"CVE-2023-39418"},
    150018: {"CVE-2026-6469"},
    160004: {"CVE-2024-10976", "CVE-2024-10978", "CVE-2025-8713"},
    170000: {"CVE-2024-10976"},
    180004: {"CVE-2026-6469"},
}
FIXED = {150019: set(), 160015: set(), 170011: set(), 180006: set(), 150003: {"CVE-2023-2454"}}


def _defects(connection: psycopg.Connection[Any], version: int) -> set[str]:
    query = KNOWN_DEFECTS.replace(SERVER_VERSION, str(version))
    return {row[0] for row in connection.execute(query.encode())}


@pytest.mark.parametrize("version", VERSIONS)
def test_version_before_the_fix(version: int, connection: psycopg.Connection[Any]) -> None:
    """The defects that its release notes mend later."""
    assert VERSIONS[version] <= _defects(connection, version)


@pytest.mark.parametrize("version", FIXED)
def test_version_with_the_fix(version: int, connection: psycopg.Connection[Any]) -> None:
    """A patched server is not blamed."""
    found = _defects(connection, version)
    assert not (found & FIXED[version] if FIXED[version] else found)

"""Words for states: what ends or suspends a membership, what has not begun, who runs the platform."""

from __future__ import annotations

import pytest

from fixtures.tenancy.relation import Column
from fixtures.tenancy.states import best_first, is_begun, is_inactive, is_over, is_platform_flag, is_platform_role


def column(name: str, base: str = "text", default: str | None = None) -> Column:
    """A column of which only name, type and default count."""
    return Column(
        name, base, base, "S" if base == "text" else "B", None, not_null=False, default=default, identity="",
        generated="", labels=(), checks=(), element=None,
    )  # fmt: skip


@pytest.mark.parametrize("state", ["invited", "PENDING", "removed", "revoked", "left", "is_deleted", "canceled"])
def test_state_out_of_force(state: str) -> None:
    """Whatever the case."""
    assert is_inactive(state)


@pytest.mark.parametrize("state", ["active", "accepted", "owner", "member", "leftover", "undeleted_x"])
def test_state_in_force(state: str) -> None:
    """Words that only contain such a word are not meant."""
    assert not is_inactive(state)


@pytest.mark.parametrize(("name", "over", "begun"), [
    ("deleted_at", True, False), ("revoked_at", True, False), ("accepted_at", False, True),
    ("is_active", False, True), ("created_at", False, False), ("note", False, False),
])  # fmt: skip
def test_column_that_says_so(name: str, *, over: bool, begun: bool) -> None:
    """Set: it is over. Not set: it has not begun."""
    assert (over, begun) == (is_over(name), is_begun(name))


@pytest.mark.parametrize("role", ["super_admin", "superadmin", "platform_admin", "sysadmin", "staff_users", "root"])
def test_role_of_the_platform(role: str) -> None:
    """It may see every tenant, so rows are not blamed for it."""
    assert is_platform_role(role)


@pytest.mark.parametrize("role", ["admin", "owner", "staff", "member", "manager", "rooted", "supervisor"])
def test_role_within_a_tenant(role: str) -> None:
    """The neighbour."""
    assert not is_platform_role(role)


def test_flag_of_the_platform() -> None:
    """`is_staff` is one as a flag only."""
    assert is_platform_flag("is_staff")
    assert not is_platform_flag("is_admin")


def test_member_in_good_standing_comes_first() -> None:
    """Before states that are out of force; by strength among roles."""
    assert "active" == best_first(column("status"), ["removed", "invited", "active"])[0]
    assert ["owner", "member"] == best_first(column("role"), ["member", "owner"])
    assert ["true", "false"] == best_first(column("is_active", "boolean"), ["false", "true"])
    assert ["false", "true"] == best_first(column("is_suspended", "boolean"), ["true", "false"])
    assert [None, "2001-01-01"] == best_first(column("deleted_at"), ["2001-01-01", None])

"""Who may see what after which steps: foreign marks, echoes of them, rows about oneself, memberships as they change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fixtures.tenancy.observation import Change
from fixtures.tenancy.sequences.marks import Marks
from fixtures.tenancy.sequences.step import Act, Part, Played, Sight, Step
from fixtures.tenancy.sequences.truth import Facts, Truth
from fixtures.tenancy.tenants import Tenant, User

FOREIGN = Tenant("b", 9, "90000000-0000-4000-8000-999999999999", foreign=True)
ME = User("5fff0000-0000-4000-8000-555555555555", "u0@a-tenant.example")
ROW = f"({FOREIGN.key},vxb-7-2-0)"
FACTS = Facts(
    marks=Marks([FOREIGN]),
    victim=FOREIGN,
    keys=frozenset({FOREIGN.key}),
    names={7: "public.projects"},
    tenants="public.orgs",
    memberships={"public.memberships"},
    cast=[ME],
    foreign_rows={7: frozenset({ROW})},
)
WORKED = Played("00000", "", "", ())
STEP = Step(Part.BACKEND, "", "select 1", 7, user=ME)


def secret(truth: Truth, row: str = ROW, relation: str = "public.projects") -> str:
    return truth.secret(ME, Sight(0, relation, row, None))


def after(*acts: Act) -> Truth:
    truth = Truth(FACTS)
    for act in acts:
        truth.follow(replace(STEP, act=act), WORKED)
    return truth


@pytest.mark.parametrize(
    ("acts", "is_secret"),
    [
        ((), True),
        ((Act.ADMITS,), False),
        ((Act.ADMITS, Act.REMOVES), True),
        ((Act.INVITES,), True),
        ((Act.INVITES, Act.WITHDRAWS), True),
        ((Act.RETIRES,), True),
    ],
    ids=str,
)
def test_only_members_see(acts: tuple[Act, ...], *, is_secret: bool) -> None:
    """An invitation is no membership, nor is one that has ended."""
    assert is_secret == bool(secret(after(*acts)))


def test_who_is_invited_sees_the_tenant() -> None:
    """Its own row, until the invitation is withdrawn."""
    assert "" == secret(after(Act.INVITES), relation="public.orgs")
    assert secret(after(Act.INVITES, Act.WITHDRAWS), relation="public.orgs")


def test_echo_is_no_secret() -> None:
    """What an attacker's statement named comes back, in another spelling too; other marks stay secret."""
    truth = Truth(FACTS)
    truth.follow(replace(STEP, part=Part.ATTACKER, statement="insert ... 'vxb-7-2-0'"), WORKED)
    assert "" == secret(truth, "(ours,vxb_7_2_0)")
    assert "vxb-7-3-0" == secret(truth, "(ours,vxb_7_2_0,vxb-7-3-0)")


def test_row_about_oneself_is_no_secret() -> None:
    """One's own membership, wherever it is."""
    assert "" == secret(Truth(FACTS), f"({FOREIGN.key},{ME.id},removed)")


def test_attackers_change_nothing_foreign() -> None:
    """A foreign row that changes, one that is made; what the backend does is its own affair."""
    changed = replace(WORKED, changes=[Change(7, "U", ROW, f"({FOREIGN.key},other)", FOREIGN.key)])
    made = replace(WORKED, changes=[Change(7, "I", None, f"({FOREIGN.key},new)", FOREIGN.key)])
    attack = replace(STEP, part=Part.ATTACKER)
    for played in (changed, made):
        assert Truth(FACTS).harm(attack, played)
        assert Truth(FACTS).harm(STEP, played) is None
        assert after(Act.ADMITS).harm(attack, played) is None


def test_row_stays_foreign_when_it_loses_its_owner() -> None:
    """As when its tenant is deleted: nobody may change it then either."""
    truth = Truth(FACTS)
    orphan = "(,vxb-7-2-0)"
    truth.follow(replace(STEP, act=Act.RETIRES), replace(WORKED, changes=[Change(7, "U", ROW, orphan, None)]))
    gone = replace(WORKED, changes=[Change(7, "D", orphan, None, None)])
    assert truth.harm(replace(STEP, part=Part.ATTACKER), gone)

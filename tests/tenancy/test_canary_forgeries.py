"""Forged tokens are what their labels say, and an honest verifier refuses each of them."""

from __future__ import annotations

import time

import pytest

from fixtures.reference.supabase.tokens import InvalidToken, api_key, claims_of, sign
from fixtures.tenancy.canary.forgeries import FORGERIES, Forgery, Material, dated, parts, signed

SECRET = "the project's secret, which is longer than thirty-two bytes"
OWN = {"sub": "a", "role": "authenticated", "app_metadata": {"org_id": "A"}, "exp": int(time.time()) + 86_400}
FOREIGN = {**OWN, "sub": "b", "app_metadata": {"org_id": "B"}}
MATERIAL = Material(sign(OWN, SECRET), sign(FOREIGN, SECRET), api_key("anon", SECRET))


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.label)
def test_forgery_is_refused(forgery: Forgery) -> None:
    """None is a token of the project."""
    with pytest.raises(InvalidToken):
        claims_of(forgery.make(MATERIAL), SECRET)


def test_forgeries_claim_what_is_worth_claiming() -> None:
    """Each is a well-formed token; one claims the other clinic, one the role that row-level security does not bind."""
    claims = [parts(forgery.make(MATERIAL))[1] for forgery in FORGERIES]
    assert FOREIGN == claims[0]
    assert "service_role" == claims[1]["role"]
    assert [OWN] * 4 == claims[2:]


def test_signing_is_that_of_the_project() -> None:
    """The control of the expired token: with the right secret and date it is accepted."""
    assert "a" == claims_of(signed(dated(OWN, 3600), SECRET), SECRET)["sub"]
    with pytest.raises(InvalidToken, match="expired"):
        claims_of(signed(dated(OWN, -120), SECRET), SECRET)

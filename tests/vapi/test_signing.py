"""Signing plans against the published vectors, and against the reference backend's own verification."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.reference.backend.signature import is_authentic
from fixtures.target.exchange import Request
from fixtures.target.record import RecordError
from fixtures.vapi.forgeries import Signer, forgeries, in_other_unit, sloppy, stale
from fixtures.vapi.signing import SigningPlan, signing_plan

SECRET = "topsecret"
BODY = b'{"message":{"type":"status-update","status":"ended"}}'

URL = "http://127.0.0.1:1/api/vapi/webhook"
REQUEST = Request("POST", URL, (), BODY)
ALL = {**forgeries(SigningPlan()), **stale(SigningPlan()), **sloppy(SigningPlan())}

VECTORS = [
    (SigningPlan(), "1767225600000", "ff7ce8d9b2a7663fab024a7fb0775d4fc3c2220a2f575c01b4e177b291c1a0fa"),
    (SigningPlan(), "1767225600", "7bdaec64f6dfdbb17541c902338623fc09ccd04360681899f174d4d5b883d0c6"),
    (SigningPlan(payload_format="{body}"), "1", "e49abd93fda9b260fc3c46caaf3c93fcb79f2ecc08065e5bf51c5ef1e22588a4"),
    (
        SigningPlan(payload_format="msg_1.{timestamp}.{body}", encoding="base64", signature_prefix="v1,"),
        "1767225600",
        "v1,fnIjMQHn3lWKStIqvsUjNjDbifeS1MZ6XHRE7Uj0o2I=",
    ),
]


@pytest.mark.parametrize(("plan", "timestamp", "signature"), VECTORS)
def test_vectors(plan: SigningPlan, timestamp: str, signature: str) -> None:
    """Facts: vapi.md section 3.2."""
    assert signature == dict(plan.headers(SECRET, BODY, timestamp))["x-vapi-signature"]


def test_other_plans() -> None:
    """What arrives under each."""
    assert () == SigningPlan(plan="none").headers(SECRET, BODY)
    assert (("authorization", "Bearer topsecret"),) == SigningPlan(plan="bearer").headers(SECRET, BODY)
    header = SigningPlan(plan="header", signature_header="x-vapi-secret")
    assert (("x-vapi-secret", SECRET),) == header.headers(SECRET, BODY)
    no_timestamp = SigningPlan(payload_format="{body}").headers(SECRET, BODY)
    assert ["x-vapi-signature"] == [name for name, _ in no_timestamp]


@given(body=st.binary(max_size=200), unit=st.sampled_from(["s", "ms"]))
def test_backend_accepts_what_is_signed(body: bytes, unit: Any) -> None:
    """Any bytes, either unit: the two were written apart."""
    plan = SigningPlan(timestamp_unit=unit)
    assert is_authentic(SECRET, dict(plan.headers(SECRET, body)), body)
    signer = Signer(plan, SECRET, Request("POST", URL, (), body))
    assert is_authentic(SECRET, dict(in_other_unit(plan).headers(signer)), body)


@pytest.mark.parametrize("name", ALL)
def test_backend_refuses_every_forgery(name: str) -> None:
    """Each for itself."""
    plan = SigningPlan()
    assert not is_authentic(SECRET, dict(ALL[name].headers(Signer(plan, SECRET, REQUEST))), BODY)


def test_backend_refuses_an_empty_secret() -> None:
    """A backend whose own secret is unset is not open."""
    plan = SigningPlan()
    assert not is_authentic("", dict(plan.headers("", BODY)), BODY)


@pytest.mark.parametrize("timestamp", ["", "now", "-5", "1" * 400, "٣", "1e9"])
def test_backend_bears_any_timestamp(timestamp: str) -> None:
    """It refuses, and does not raise."""
    assert not is_authentic(SECRET, {"x-vapi-timestamp": timestamp, "x-vapi-signature": "é" * 64}, BODY)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"algoritm": "sha1"}, "did you mean 'algorithm'"),
        ({"plan": "oauth"}, "plan must be one of"),
        ({"payload_format": "{timestamp}"}, "payload_format must hold"),
    ],
)
def test_faulty_settings(settings: dict[str, str], says: str) -> None:
    """Named with the target."""
    with pytest.raises(RecordError, match=says):
        signing_plan(settings, "staging")

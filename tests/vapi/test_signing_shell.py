"""The command in a failure, run by a shell, sends what the reference backend takes for signed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass, field

import pytest

from fixtures.reference.backend.signature import is_authentic
from fixtures.target.exchange import Exchange, Request
from fixtures.target.exchange_log import ExchangeLog
from fixtures.target.redaction import Redactor
from fixtures.vapi.forgeries import Forgery, Signer, forged, forgeries, in_other_unit, sloppy, stale
from fixtures.vapi.signing import SigningPlan
from fixtures.vapi.signing_shell import repeat
from fixtures.verdict.evidence import Evidence
from tests import servers

SECRET = "top'secret $HOME \\ value"
BODY = '{"message":{"text":"it\'s $5 \\\\ \\"ü\\" `x`"}}'.encode()
EVERYTHING = "{svix-id}.{timestamp}.{method}.{url}.{body}"
pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="curl and openssl")


@dataclass
class Received:
    """What the server was sent."""

    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def handle(self, connection: socket.socket) -> None:
        head, _, self.body = servers.read_request(connection).partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:]
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def sent_by_shell(
    plan: SigningPlan, secret: str = SECRET, forgery: Forgery | None = None, body: bytes = BODY
) -> Received:
    received = Received()
    with servers.serving(received.handle) as url:
        request = Request("POST", url, (), body, repeat(plan, url))
        request = forged(Signer(plan, secret, request), forgery) if forgery else request
        log = ExchangeLog(Evidence(), Redactor({"VAPI_WEBHOOK_SECRET": secret}))
        command = log.note(Exchange(request, 200)).curl
        assert secret not in command
        assert 1 == len(command.splitlines())
        environment = {**os.environ, "VAPI_WEBHOOK_SECRET": secret}
        subprocess.run(["bash", "-c", command], env=environment, check=True, timeout=20)
    return received


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_reference_accepts_it(unit: str) -> None:
    """The bytes of the body as they were, whatever is in them, and the default plan in both units."""
    received = sent_by_shell(SigningPlan(timestamp_unit=unit))  # type: ignore[arg-type]
    assert BODY == received.body
    assert is_authentic(SECRET, received.headers, received.body)


@pytest.mark.parametrize(
    "plan",
    [
        SigningPlan(payload_format="{body}", encoding="base64", algorithm="sha1", signature_prefix="sha1="),
        SigningPlan(
            payload_format="{svix-id}.{timestamp}.{method}.{url}.{body}",
            message_id_header="svix-id",
            algorithm="sha512",
        ),
        SigningPlan(plan="header", signature_header="x-vapi-secret"),
        SigningPlan(plan="bearer"),
        SigningPlan(plan="none"),
    ],
    ids=lambda plan: f"{plan.plan} {plan.payload_format}",
)
def test_same_headers_as_ours(plan: SigningPlan) -> None:
    """Under every plan; what was random or is the time is taken from what the shell sent."""
    received = sent_by_shell(plan)
    timestamp = received.headers.get(plan.timestamp_header, "")
    if "{svix-id}" in plan.payload_format:
        fixed = plan.payload_format.replace("{svix-id}", received.headers["svix-id"])
        plan = SigningPlan(payload_format=fixed, algorithm=plan.algorithm)
    expected = dict(plan.headers(SECRET, BODY, timestamp, f"http://{received.headers['host']}"))
    assert expected == {name: received.headers.get(name) for name in expected}


def test_secret_in_base64() -> None:
    """Decoded before it signs."""
    plan = SigningPlan(secret_is_base64=True, payload_format="{body}")
    received = sent_by_shell(plan, "c2VjcmV0LWtleQ==")
    assert SigningPlan(payload_format="{body}").headers("secret-key", BODY) == tuple(
        (name, received.headers[name]) for name in ("x-vapi-signature",)
    )


def test_body_of_several_lines() -> None:
    """On one line of shell, with quotes and backslashes in it."""
    body = b'\n{\n  "a": "it\'s \\\\ here"\n}\n'
    received = sent_by_shell(SigningPlan(), body=body)
    assert body == received.body
    assert is_authentic(SECRET, received.headers, received.body)


HMAC = SigningPlan()
FORGERIES = {**forgeries(HMAC), **stale(HMAC), **sloppy(HMAC)}


@pytest.mark.parametrize("name", FORGERIES)
def test_forgery_by_shell(name: str) -> None:
    """The same headers as ours but for the time, the same body, and the reference refuses it."""
    received = sent_by_shell(HMAC, forgery=FORGERIES[name])
    ours = forged(Signer(HMAC, SECRET, Request("POST", "http://x/", (), BODY)), FORGERIES[name])
    sent = {known: value for known, value in received.headers.items() if known.startswith(("x-", "content-type"))}
    assert dict(ours.headers).keys() == sent.keys()
    assert [len(value) for _, value in sorted(ours.headers)] == [len(value) for _, value in sorted(sent.items())]
    assert BODY == received.body
    assert not is_authentic(SECRET, received.headers, received.body)


@pytest.mark.parametrize("unit", ["s", "ms"])
def test_other_unit_by_shell(unit: str) -> None:
    """Which is no forgery."""
    plan = SigningPlan(timestamp_unit=unit)  # type: ignore[arg-type]
    received = sent_by_shell(plan, forgery=in_other_unit(plan))
    assert (13 if unit == "s" else 10) == len(received.headers["x-vapi-timestamp"])
    assert is_authentic(SECRET, received.headers, received.body)


@pytest.mark.parametrize("plan", [SigningPlan(plan="bearer"), SigningPlan(plan="header")], ids=["bearer", "header"])
def test_careless_secret_by_shell(plan: SigningPlan) -> None:
    """Plans that send the secret as it is: the same headers, byte for byte."""
    for forgery in forgeries(plan).values():
        received = sent_by_shell(plan, "a-plain-secret", forgery)
        ours = forged(Signer(plan, "a-plain-secret", Request("POST", "http://x/", (), BODY)), forgery)
        assert {name: received.headers.get(name) for name, _ in ours.headers} == dict(ours.headers)

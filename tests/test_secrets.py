"""Planted secrets: the deployment repeats them wherever it can, and no artefact holds one."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fixtures.defects.defect import Change
from tests.conftest import Deploy
from tests.gate import run_gate

PLANTED = {
    "SUPABASE_SERVICE_ROLE_KEY": "planted-service-role-Xq7+/",
    "JWT_SECRET": 'planted-jwt-"quoted"-secret',
    "VAPI_PRIVATE_KEY": "planted-vapi-private-9f",
    "CANARY_A_PASSWORD": "planted pass&word <x>",
}


def _talkative(app: ASGIApp) -> ASGIApp:
    """Answers every call with the secrets, its headers and its own signature; in text, JSON, hex and base64."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request = Request(scope, receive)
        values = [*PLANTED.values(), *(value for _, value in request.headers.items())]
        encoded = [base64.b64encode(value.encode()).decode() for value in values]
        text = json.dumps({"leak": values, "encoded": encoded, "hex": [value.encode().hex() for value in values]})
        headers = {"x-leak": PLANTED["VAPI_PRIVATE_KEY"], "set-cookie": "session=planted-cookie"}
        await PlainTextResponse(f"{text} {values}", 500, headers)(scope, receive, send)

    return wrapped


def test_no_artefact_holds_a_secret(tmp_path: Path, deploy: Deploy) -> None:
    """Neither report nor terminal, plain or encoded; the webhook's secret and signatures included."""
    with deploy(Change(asgi=_talkative)) as variables:
        given = {**variables, **PLANTED, "DATABASE_URL": f"{variables['DATABASE_URL']} password=planted-db-pass"}
        run = run_gate(tmp_path, "--target", "sandbox", "-m", "contract", variables=given)
    assert 1 == run.exit_status, run.output
    artefacts = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.*")} | {
        "terminal": run.output
    }
    assert {"verdict.json", "junit.xml", "summary.md", "terminal"} <= artefacts.keys()
    assert "leak" in artefacts["verdict.json"], "the answers are in the evidence"
    secrets = [*PLANTED.values(), variables["VAPI_WEBHOOK_SECRET"], "planted-db-pass", "planted-cookie"]
    for name, text in artefacts.items():
        for secret in secrets:
            assert not _shows(secret, text), f"{name} shows {secret}"


def test_no_sample_of_load_holds_a_secret(tmp_path: Path, deploy: Deploy) -> None:
    """Its faults quote the answers."""
    traffic = tmp_path / "traffic.toml"
    traffic.write_text("[short]\nrate = 10.0\nmeasured_s = 3.0\nstall_s = 1.0\nseed = 1\n[short.mix]\nlookup = 1\n")
    selection = ("--target", "sandbox", "-m", "latency", "--traffic", "short", "--traffic-file", str(traffic))
    with deploy(Change(asgi=_talkative)) as variables:
        run = run_gate(tmp_path / "reports", *selection, variables={**variables, **PLANTED})
    assert 1 == run.exit_status, run.output
    artefacts = {path.name: path.read_text(encoding="utf-8") for path in run.reports.rglob("*.*")}
    assert "leak" in artefacts["worker-0.jsonl"], "the answers are quoted"
    for name, text in {**artefacts, "terminal": run.output}.items():
        for secret in [*PLANTED.values(), variables["VAPI_WEBHOOK_SECRET"]]:
            assert not _shows(secret, text), f"{name} shows {secret}"


def _shows(secret: str, text: str) -> bool:
    forms: list[Any] = [secret, json.dumps(secret)[1:-1], secret.encode().hex()]
    forms.append(base64.b64encode(secret.encode()).decode()[:-4])
    return any(form in text for form in forms)

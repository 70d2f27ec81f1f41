"""The contract suites under every plan by which a deployment may authenticate Vapi."""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.defects.defect import Change
from fixtures.vapi.signing import SigningPlan
from tests.conftest import Deploy
from tests.gate import PROJECT, GateRun, run_gate

Headers = Mapping[str, str]
Check = Callable[[str, Headers, bytes], bool]
SVIX = "{svix-id}.{timestamp}.{body}"


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings in the target's record, and how a backend verifies what comes."""

    settings: Mapping[str, Any]
    accepts: Check


def _verbatim(header: str, prefix: str = "") -> Check:
    return lambda secret, headers, _body: hmac.compare_digest(
        headers.get(header, "").encode(), (prefix + secret).encode()
    )


def _signed(plan: SigningPlan) -> Check:
    def accepts(secret: str, headers: Headers, body: bytes) -> bool:
        """By the harness's own code: the vectors of the facts hold that against another's."""
        fixed = plan.payload_format.replace("{svix-id}", headers.get("svix-id", ""))
        expected = dict(
            replace(plan, payload_format=fixed).headers(secret, body, headers.get(plan.timestamp_header, "0"))
        )
        given = headers.get(plan.signature_header, "")
        return bool(given) and hmac.compare_digest(expected[plan.signature_header], given)

    return accepts


PLANS = {
    "none": Plan({"plan": "none"}, lambda *_: True),
    "header": Plan({"plan": "header", "signature_header": "x-vapi-secret"}, _verbatim("x-vapi-secret")),
    "bearer": Plan({"plan": "bearer"}, _verbatim("authorization", "Bearer ")),
    "hmac of the body": Plan(
        {"payload_format": "{body}", "encoding": "base64", "algorithm": "sha1", "signature_prefix": "sha1="},
        _signed(SigningPlan(payload_format="{body}", encoding="base64", algorithm="sha1", signature_prefix="sha1=")),
    ),
    "svix": Plan(
        {"payload_format": SVIX, "message_id_header": "svix-id", "timestamp_unit": "s"},
        _signed(SigningPlan(payload_format=SVIX, message_id_header="svix-id", timestamp_unit="s")),
    ),
}


def _any_beginning(secret: str, headers: Headers, _body: bytes) -> bool:
    return secret.startswith(headers.get("x-vapi-secret", "?"))


def _anything_after(secret: str, headers: Headers, _body: bytes) -> bool:
    return headers.get("authorization", "").startswith(f"Bearer {secret}")


@pytest.fixture
def judge(tmp_path: Path, deploy: Deploy) -> Callable[[Mapping[str, Any], Check], GateRun]:
    """Judges a deployment that verifies in one way, with a record that states one: in a copy of the project."""

    def run(settings: Mapping[str, Any], accepts: Check) -> GateRun:
        project = tmp_path / "project"
        shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        pyproject = (project / "pyproject.toml").read_text()
        plan = ", ".join(f"{name} = {json.dumps(value)}" for name, value in settings.items())
        record = "[tool.voxanne.targets.sandbox]"
        head, _, rest = pyproject.partition(record)
        comment, _, rest = rest.partition("\n")
        (project / "pyproject.toml").write_text(f"{head}{record}{comment}\nvapi_auth = {{ {plan} }}\n{rest}")
        selection = ["-m", "contract and not writes", "-k", "not test_latency and not test_tool_freshness"]
        with deploy(Change(parts=lambda parts: replace(parts, is_authentic=accepts))) as variables:
            return run_gate(
                tmp_path / "reports", "--target", "sandbox", *selection, variables=dict(variables), project=project
            )

    return run


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_right_plan_is_served(judge: Callable[[Mapping[str, Any], Check], GateRun], plan: Plan) -> None:
    """Nothing is blamed; where Vapi sends no credential, signatures do not apply."""
    run = judge(plan.settings, plan.accepts)
    stale = {"webhook.signature.fresh"} if "{timestamp}" in plan.settings.get("payload_format", "") else set()
    assert stale == run.with_verdict("fail"), run.output  # these backends look at no clock
    assert set() == run.with_verdict("inconclusive"), run.output
    neutral = {id_.rpartition(".")[2] for id_ in run.with_verdict("not-applicable")}
    assert ("signature-required" in neutral) == (plan.settings.get("plan") == "none")


def test_wrong_plan_is_not_judged(judge: Callable[[Mapping[str, Any], Check], GateRun]) -> None:
    """A secret that Vapi sends in another way than the record says: the control fails, and nothing is claimed."""
    run = judge(PLANS["bearer"].settings, PLANS["header"].accepts)
    assert "inconclusive" == run.criteria["tools.lookup.auth.signature-required"]["verdict"]
    assert "control-failed" == run.criteria["tools.lookup.auth.signature-required"]["reason"]


@pytest.mark.parametrize(
    ("plan", "accepts", "forgery"),
    [
        ("header", _any_beginning, "an empty signature"),
        ("header", lambda secret, headers, _: secret in headers.values(), "the secret in another header"),
        ("bearer", _anything_after, "the secret with one more character"),
    ],
)
def test_careless_comparison_is_seen(
    judge: Callable[[Mapping[str, Any], Check], GateRun], plan: str, accepts: Check, forgery: str
) -> None:
    """Also of secrets that are sent as they are."""
    run = judge(PLANS[plan].settings, accepts)
    assert "fail" == run.criteria["webhook.signature.required"]["verdict"]
    assert forgery in run.output

"""Statuses of the reference's Supabase interface, which the library does not show (facts/providers.md 3.2)."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from fixtures.reference.canaries import CLINIC_A, CLINIC_B
from fixtures.reference.seed import user_id
from tests.reference.conftest import Project

OBJECT = {"accept": "application/vnd.pgrst.object+json"}


def token(project: Project, **claims: Any) -> str:
    """A token of the first clinic's owner."""
    own = {"role": "authenticated", "sub": user_id(CLINIC_A), "app_metadata": {"org_id": CLINIC_A.id}}
    return jwt.encode({**own, "exp": int(time.time()) + 600, **claims}, project.variables["JWT_SECRET"])


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("GET", "/rest/v1/contacts", None, {}, 200, None),
        ("GET", "/rest/v1/contacts?limit=1", None, {"prefer": "count=exact"}, 206, None),
        ("GET", "/rest/v1/contacts?offset=9", None, {"prefer": "count=exact"}, 416, "PGRST103"),
        ("GET", "/rest/v1/contacts", None, OBJECT, 406, "PGRST116"),
        ("GET", "/rest/v1/contacts", None, {"accept-profile": "auth"}, 406, "PGRST106"),
        ("GET", "/rest/v1/nowhere", None, {}, 404, "PGRST205"),
        ("GET", "/rest/v1/contacts?nonsense=eq.1", None, {}, 400, "42703"),
        ("GET", "/rest/v1/contacts?name=nonsense.1", None, {}, 400, "PGRST100"),
        ("GET", "/rest/v1/contacts?select=calls(id)", None, {}, 400, "PGRST100"),
        ("GET", "/rest/v1/sealed", None, {}, 403, "42501"),
        ("POST", "/rest/v1/contacts", {"org_id": CLINIC_B.id, "name": "x", "phone": "+12025550155"}, {}, 403, "42501"),
        ("POST", "/rest/v1/contacts", {"org_id": CLINIC_A.id, "name": "x", "phone": "+12025550120"}, {}, 409, "23505"),
        ("POST", "/rest/v1/contacts", {"org_id": CLINIC_A.id, "name": "x", "phone": "none"}, {}, 400, "23514"),
        ("POST", "/rest/v1/contacts", [{"name": "x"}, {"phone": "x"}], {}, 400, "PGRST102"),
        ("POST", "/rest/v1/notes", {"org_id": CLINIC_A.id}, {}, 201, None),
        ("PATCH", "/rest/v1/contacts?name=eq.nobody", {"name": "x"}, {}, 204, None),
        ("PATCH", "/rest/v1/contacts?name=eq.nobody", {"name": "x"}, {"prefer": "return=representation"}, 200, None),
        ("DELETE", "/rest/v1/contacts?name=eq.nobody", None, {}, 204, None),
        ("POST", "/rest/v1/rpc/touch", {}, {}, 204, None),
        ("POST", "/rest/v1/rpc/nothing", {}, {}, 404, "PGRST202"),
        ("GET", "/rest/v1/rpc/touch", None, {}, 405, "25006"),
    ],
)
def test_statuses_and_codes(
    supabase_project: Project, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str | None
) -> None:
    """Of a signed-in user's requests."""
    answer = supabase_project.raw(method, path, token(supabase_project), json=body, headers=headers)
    told = answer.json().get("code") if answer.status_code >= 400 else None
    assert (status, code) == (answer.status_code, told), answer.text
    if code:
        assert {"code", "message", "details", "hint"} == answer.json().keys()


def test_anonymous_is_told_to_sign_in(supabase_project: Project) -> None:
    """401, where a user gets 403."""
    answer = supabase_project.raw("GET", "/rest/v1/contacts")
    assert (401, "42501") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize(
    ("claims", "status", "code"),
    [
        ({"exp": -10}, 200, None),
        ({"exp": -120}, 401, "PGRST303"),
        ({"nbf": 120}, 401, "PGRST303"),
        ({"aud": "another"}, 200, None),
    ],
)
def test_dates_of_tokens(supabase_project: Project, claims: dict[str, Any], status: int, code: str | None) -> None:
    """In seconds from now, with 30 s for clocks that differ; the audience is not looked at."""
    dated = {name: int(time.time()) + value if isinstance(value, int) else value for name, value in claims.items()}
    answer = supabase_project.raw("GET", "/rest/v1/contacts", token(supabase_project, **dated))
    assert (status, code) == (answer.status_code, answer.json()["code"] if code else None)


def test_foreign_signature(supabase_project: Project) -> None:
    """401 of PostgREST, 403 of Auth; without any token Auth says 401."""
    forged = jwt.encode({"role": "service_role"}, "another secret of more than thirty-two bytes")
    answer = supabase_project.raw("GET", "/rest/v1/contacts", forged)
    assert (401, "PGRST301") == (answer.status_code, answer.json()["code"])
    auth = supabase_project.raw("GET", "/auth/v1/user", forged)
    assert (403, "bad_jwt") == (auth.status_code, auth.json()["code"])
    assert 401 == supabase_project.raw("GET", "/auth/v1/user").status_code


def test_gateway_demands_a_key(supabase_project: Project) -> None:
    """One of the project."""
    for key in ("", "guess"):
        answer = supabase_project.raw("GET", "/rest/v1/contacts", headers={"apikey": key})
        assert 401 == answer.status_code
        assert "hint" in answer.json()


def test_too_many_rows_for_one_undo_the_change(supabase_project: Project) -> None:
    """A change that was to meet one row and met two has met none."""
    bearer = token(supabase_project)
    path, headers = "/rest/v1/contacts?org_id=not.is.null", {**OBJECT, "prefer": "return=representation"}
    assert (
        406 == supabase_project.raw("PATCH", path, bearer, json={"email": "x@y.example"}, headers=headers).status_code
    )
    emails = [row["email"] for row in supabase_project.raw("GET", "/rest/v1/contacts", bearer).json()]
    assert "x@y.example" not in emails


def test_shared_secret_has_no_public_keys(supabase_project: Project) -> None:
    """HS256."""
    assert {"keys": []} == supabase_project.raw("GET", "/auth/v1/.well-known/jwks.json").json()

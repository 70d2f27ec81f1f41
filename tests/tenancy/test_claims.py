"""Claims are mined in every form that schemas read them in; a tenant's and a role's are told by name."""

from __future__ import annotations

import pytest

from fixtures.tenancy.claims import Mined, is_standard, mine, names_role, names_tenant, with_claim
from fixtures.tenancy.tokens import claim_paths
from tests.tenancy.schemas import Build, snapshot

TABLE = "create table visits (id int primary key, clinic_id text, note text);"
CLAIMS = "current_setting('request.jwt.claims', true)"
DEEP = ("app_metadata", "clinic_id")
FORMS = {
    "auth.jwt() -> 'app_metadata' ->> 'clinic_id' = clinic_id": DEEP,
    "(auth.jwt() -> 'app_metadata')::jsonb ->> 'clinic_id' = clinic_id": DEEP,
    "(select (auth.jwt()->'app_metadata'->>'clinic_id')::text) = clinic_id": DEEP,
    "auth.jwt() #>> '{app_metadata,clinic_id}' = clinic_id": DEEP,
    "jsonb_extract_path_text(auth.jwt(), 'app_metadata', 'clinic_id') = clinic_id": DEEP,
    "jsonb_path_exists(auth.jwt(), '$.app_metadata.clinic_id')": DEEP,
    f"{CLAIMS}::json ->> 'clinic_id' = clinic_id": ("clinic_id",),
    f"coalesce({CLAIMS}, '{{}}')::jsonb -> 'app_metadata' ->> 'clinic_id' = clinic_id": DEEP,
    "(auth.jwt() -> 'app_metadata' -> 'clinics') ? clinic_id": ("app_metadata", "clinics"),
    "auth.jwt() -> 'app_metadata' -> 'clinics' @> to_jsonb(clinic_id)": ("app_metadata", "clinics"),
}
"""Expression of a policy -> the path in the token."""


def mined(build: Build, expression: str) -> Mined:
    """Of one policy."""
    return mine(snapshot(build(f"{TABLE} create policy own on visits using ({expression})")))


@pytest.mark.parametrize("expression", FORMS)
def test_path_is_mined(build: Build, expression: str) -> None:
    """As Postgres prints the expression, not as it was written."""
    assert FORMS[expression] in claim_paths(mined(build, expression))


def test_path_in_a_function_is_mined(build: Build) -> None:
    """With casts, line breaks and comments."""
    source = """
create function mine() returns text language plpgsql stable as $$
declare claims jsonb := auth.jwt();
begin
  -- 'app_metadata' ->> 'not_this'
  return (claims -> 'app_metadata')
    ->> 'clinic_id';
end $$;"""
    found = mine(snapshot(build(TABLE + source)))
    assert DEEP in found.claims
    assert ("app_metadata", "not_this") not in found.claims


def test_user_metadata_are_kept_apart(build: Build) -> None:
    """What a user may write is no claim of an honest token."""
    found = mined(build, "auth.jwt() -> 'user_metadata' ->> 'clinic_id' = clinic_id")
    assert [("clinic_id",)] == list(found.user_claims)
    assert ("user_metadata", "clinic_id") not in found.claims


def test_headers_cookies_and_settings(build: Build) -> None:
    """Each where it belongs; PostgREST's own are no settings of the schema."""
    header = "current_setting('request.headers', true)::json ->> 'x-clinic-id' = clinic_id"
    assert ["x-clinic-id"] == list(mined(build, header).headers)
    cookie = "current_setting('request.cookies', true)::json ->> 'clinic' = clinic_id"
    assert ["clinic"] == list(mined(build, cookie).cookies)
    assert ["app.clinic"] == list(mined(build, "current_setting('app.clinic', true) = clinic_id").settings)
    legacy = mined(build, "current_setting('request.jwt.claim.clinic_id', true) = clinic_id")
    assert (["clinic_id"], []) == (list(legacy.legacy), list(legacy.settings))


def test_words_are_mined(build: Build) -> None:
    """Roles and states that rules name."""
    assert "editor" in mined(build, "auth.jwt() ->> 'user_role' = 'editor'").words


def test_rules_without_claims_have_none(build: Build) -> None:
    """The neighbour: the user's id and nothing else."""
    assert [] == claim_paths(mined(build, "clinic_id = (select auth.uid())::text"))


@pytest.mark.parametrize("path", [("clinic_id",), ("app_metadata", "org_ids"), ("tenant",), ("organizations",)])
def test_path_of_a_tenant(path: tuple[str, ...]) -> None:
    """One key or several."""
    assert names_tenant(path)


@pytest.mark.parametrize("path", [("user_role",), ("app_metadata", "permissions"), ("access_level",)])
def test_path_of_a_role(path: tuple[str, ...]) -> None:
    """No tenant's; the database role itself is neither."""
    assert names_role(path)
    assert not names_tenant(path)
    assert not names_role(("role",))


def test_claim_is_put_in_its_place() -> None:
    """Deep, beside what is there, and over what is no object."""
    claims = {"sub": "x", "app_metadata": {"provider": "email"}}
    expected = {"sub": "x", "app_metadata": {"provider": "email", "org": {"id": 1}}}
    assert expected == with_claim(claims, ("app_metadata", "org", "id"), 1)
    assert {"sub": {"id": 1}} == with_claim({"sub": "x"}, ("sub", "id"), 1)
    assert {"sub": "x", "app_metadata": {"provider": "email"}} == claims
    assert is_standard(("sub",))

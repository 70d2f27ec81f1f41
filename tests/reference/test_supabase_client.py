"""The unmodified supabase client against the reference deployment's own interface."""

from __future__ import annotations

from typing import Any

import pytest
from postgrest.exceptions import APIError
from postgrest.types import CountMethod
from storage3.exceptions import StorageApiError
from supabase import Client
from supabase_auth.errors import AuthApiError

from fixtures.reference.canaries import CLINIC_A, CLINIC_B
from fixtures.reference.seed import user_id
from tests.reference.conftest import Project

OWNER = "owner-a@canary.example"


@pytest.fixture(scope="module")
def owner(supabase_project: Project) -> Client:
    """Signed in once."""
    return supabase_project.client(OWNER)


def data(query: Any) -> Any:
    """What a query comes to."""
    return query.execute().data


def code(query: Any) -> str | None:
    """The error that a query is refused with."""
    with pytest.raises(APIError) as refusal:
        query.execute()
    return refusal.value.code


def test_user_signs_in_and_out(supabase_project: Project) -> None:
    """The token names the user; after signing out Auth knows it no more."""
    client = supabase_project.client(OWNER)
    session = client.auth.get_session()
    assert session is not None
    answer = client.auth.get_user()
    assert answer is not None
    assert user_id(CLINIC_A) == answer.user.id
    assert CLINIC_A.id == answer.user.app_metadata["org_id"]
    client.auth.sign_out()
    assert 403 == supabase_project.raw("GET", "/auth/v1/user", session.access_token).status_code


def test_session_is_refreshed(supabase_project: Project) -> None:
    """Once with each refresh token."""
    client = supabase_project.client(OWNER)
    session = client.auth.get_session()
    assert session is not None
    refreshed = client.auth.refresh_session(session.refresh_token)
    assert refreshed.session is not None
    assert refreshed.user is not None
    assert OWNER == refreshed.user.email
    with pytest.raises(AuthApiError, match="Refresh Token"):
        client.auth.refresh_session(session.refresh_token)


def test_wrong_password_is_refused(supabase_project: Project) -> None:
    """With GoTrue's code, which the client finds by a header."""
    with pytest.raises(AuthApiError) as refusal:
        supabase_project.client().auth.sign_in_with_password({"email": OWNER, "password": "guess"})
    assert ("invalid_credentials", 400) == (refusal.value.code, refusal.value.status)


def test_user_sees_its_own_rows_only(owner: Client) -> None:
    """Others' are not there; to ask for them is no error."""
    assert {CLINIC_A.id} == {row["org_id"] for row in data(owner.table("contacts").select("*"))}
    assert [] == data(owner.table("contacts").select("id").eq("org_id", CLINIC_B.id))


def test_filters_order_and_page(owner: Client) -> None:
    """Operators as PostgREST spells them."""
    contacts = owner.table("contacts")
    names = data(contacts.select("name,number:phone").order("name", desc=True))
    assert [{"name": c.name, "number": c.phone} for c in reversed(CLINIC_A.contact)] == names
    assert 1 == len(data(contacts.select("name").in_("phone", ["+12025550120", "a,b"])))
    assert 1 == len(data(contacts.select("name").like("name", "%Alpha")))
    assert 2 == len(data(contacts.select("name").or_("name.eq.x,and(org_id.not.is.null,phone.neq.1)")))
    assert [{"name": "Canary Echo"}] == data(contacts.select("name").order("name").range(1, 1))


def test_rows_are_counted(owner: Client) -> None:
    """Without and with the rows themselves."""
    head = owner.table("contacts").select("*", count=CountMethod.exact, head=True).execute()
    assert (2, []) == (head.count, head.data)
    page = owner.table("contacts").select("*", count=CountMethod.exact).limit(1).execute()
    assert (2, 1) == (page.count, len(page.data))


def test_single_row(owner: Client) -> None:
    """One is an object; none or several are 406."""
    contacts = owner.table("contacts")
    assert {"name": "Canary Alpha"} == data(contacts.select("name").eq("phone", "+12025550120").single())
    assert "PGRST116" == code(contacts.select("*").single())
    assert contacts.select("*").eq("phone", "none").maybe_single().execute() is None


def test_rows_are_written(owner: Client) -> None:
    """Inserted, changed, merged and deleted; non-ASCII text stays what it was."""
    notes, services = owner.table("notes"), owner.table("services")
    made = data(notes.insert([{"org_id": CLINIC_A.id, "body": "ü"}, {"org_id": CLINIC_A.id, "body": "2"}]))
    assert ["ü", "2"] == [row["body"] for row in made]
    assert "-" == data(notes.insert([{"org_id": CLINIC_A.id}], default_to_null=False))[0]["body"]
    assert "3" == data(notes.update({"body": "3"}).eq("id", made[0]["id"]))[0]["body"]
    service = data(services.select("*").single())
    merged = data(services.upsert({**service, "name": "merged"}, on_conflict="org_id,id"))
    assert [{**service, "name": "merged"}] == merged
    assert 3 == len(data(notes.delete().gt("id", 0)))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"org_id": CLINIC_B.id}, "42501"),
        ({"nonsense": 1}, "PGRST204"),
        ({"org_id": "zzz"}, "22P02"),
        ({"org_id": CLINIC_A.id, "id": 7}, "428C9"),
        ({"body": "x"}, "42501"),
    ],
)
def test_insert_is_refused(owner: Client, row: dict[str, Any], expected: str) -> None:
    """By policy, by the schema cache, by the type, by the column."""
    assert expected == code(owner.table("notes").insert(row))


def test_hidden_rows_are_not_changed(owner: Client, supabase_project: Project) -> None:
    """No error, no rows, and the other clinic's contacts are what they were."""
    other = supabase_project.client("owner-b@canary.example")
    before = data(other.table("contacts").select("*"))
    assert [] == data(owner.table("contacts").update({"name": "x"}).eq("org_id", CLINIC_B.id))
    assert [] == data(owner.table("contacts").delete().eq("org_id", CLINIC_B.id))
    assert before == data(other.table("contacts").select("*"))


def test_blind_changes_are_refused(owner: Client) -> None:
    """As hosted projects do with safeupdate."""
    assert "21000" == code(owner.table("contacts").delete())
    assert "21000" == code(owner.table("contacts").update({"name": "x"}))


def test_functions_are_called(owner: Client) -> None:
    """By the names of their arguments, defaults included; sets as lists."""
    assert 3 == data(owner.rpc("add_up", {"a": 1, "b": 2}))
    assert 2 == data(owner.rpc("add_up", {"a": 1}, get=True))
    assert 2 == len(data(owner.rpc("own_contacts")))
    assert "PGRST202" == code(owner.rpc("add_up", {"c": 1}))
    assert "25006" == code(owner.rpc("touch", get=True))


def test_objects_are_stored(owner: Client, supabase_project: Project) -> None:
    """In the own folder; for the other clinic they are not there."""
    mine, other = owner.storage.from_("recordings"), supabase_project.client("owner-b@canary.example")
    name = f"{CLINIC_A.id}/a.txt"
    mine.upload(name, b"\x00spoken\r\n")
    assert b"\x00spoken\r\n" == mine.download(name)
    assert ["a.txt"] == [entry["name"] for entry in mine.list(CLINIC_A.id)]
    theirs = other.storage.from_("recordings")
    assert [] == theirs.list(CLINIC_A.id)
    for attempt in (lambda: theirs.download(name), lambda: theirs.upload(f"{CLINIC_A.id}/b.txt", b"")):
        with pytest.raises(StorageApiError):
            attempt()
    assert [] == theirs.remove([name])
    assert [name] == [entry["name"] for entry in mine.remove([name])]

"""No secret leaves the harness."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.target.redaction import Redactor, secrets_in

SECRET = 's3cr"et&/+ü=\\key'
printable = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=8, max_size=40)

FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "in JSON": json.dumps,
    "in JSON, not ASCII": lambda s: json.dumps(s, ensure_ascii=False),
    "in HTML": html.escape,
    "in a path": lambda s: quote(s, safe=""),
    "in a query": quote_plus,
    "in hex": lambda s: s.encode().hex(),
    "in base64": lambda s: base64.b64encode(s.encode()).decode(),
    "in base64 of credentials": lambda s: base64.b64encode(f"user:{s}".encode()).decode(),
    "in base64 after one byte": lambda s: base64.b64encode(f"x{s}".encode()).decode(),
    "in a repr": repr,
}


@pytest.mark.parametrize("form", FORMS)
def test_secret_in_every_form(form: str) -> None:
    """However a report or a reply shows it."""
    shown = FORMS[form](SECRET)
    assert SECRET not in Redactor({"NAME": SECRET}).text(f"before {shown} after")
    assert shown not in Redactor({"NAME": SECRET}).text(f"before {shown} after")
    assert "[NAME]" in Redactor({"NAME": SECRET}).text(f"before {shown} after")


@given(secret=printable, before=printable, after=printable)
def test_any_secret_anywhere(secret: str, before: str, after: str) -> None:
    """Plain and in JSON, whatever stands beside it."""
    redactor = Redactor({"X": secret})
    assert secret not in redactor.text(before + secret + after).replace("[X]", "\0")
    assert json.dumps(secret)[1:-1] not in redactor.text(json.dumps(before + secret + after)).replace("[X]", "\0")


def test_longer_secret_first() -> None:
    """One that contains another is replaced whole."""
    assert "[LONG]" == Redactor({"SHORT": "secret-1", "LONG": "secret-1-and-more"}).text("secret-1-and-more")


def test_without_secrets_nothing_changes() -> None:
    """Not a character."""
    assert "text" == Redactor({}).text("text")


@pytest.mark.parametrize(
    "name",
    ["VAPI_WEBHOOK_SECRET", "SUPABASE_SERVICE_ROLE_KEY", "JWT_SECRET", "VAPI_PRIVATE_KEY", "VERCEL_TOKEN",
     "CANARY_A_PASSWORD", "ENCRYPTION_KEY", "RENDER_API_KEY", "DATABASE_URL"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    """Every name of DESIGN section 5 that holds one."""
    assert {name: "value-of-it"} == secrets_in({name: "value-of-it"})


@pytest.mark.parametrize("name", ["BACKEND_URL", "PATH", "HOME", "VOXANNE_CANARIES", "KEYBOARD"])
def test_names_of_other_things(name: str) -> None:
    """Replacing these would garble every report."""
    assert {} == secrets_in({name: "value-of-it"})


@pytest.mark.parametrize(
    "dsn", ["postgresql://u:pa%2Fss-word@h/d", "host=h password=pa/ss-word dbname=d", "password='pa/ss-word'"]
)
def test_password_of_a_dsn(dsn: str) -> None:
    """It may show without the rest of it."""
    assert "pa/ss-word" == secrets_in({"DATABASE_URL": dsn})["DATABASE_URL password"]


def test_headers() -> None:
    """Some never show; httpx would show all but the first."""
    headers = [("Authorization", "a"), ("apikey", "b"), ("Cookie", "c"), ("x-vapi-secret", "d"), ("X-Mine", "e")]
    shown = Redactor({}, extra_headers=["X-Mine"]).headers([*headers, ("accept", "json")])
    assert {"json"} == set(shown.values()) - {"[hidden]"}


def test_secrets_are_learnt_on_the_way() -> None:
    """A session's token, beside what was known from the start."""
    redactor = Redactor({"JWT_SECRET": "known-from-the-start"})
    assert "a-session-token" == redactor.text("a-session-token")
    redactor.learn({"access token": "a-session-token"})
    assert "[access token] [JWT_SECRET]" == redactor.text("a-session-token known-from-the-start")

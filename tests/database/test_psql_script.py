"""Splitting scripts as psql does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.database.psql_script import MetaCommand, Statement, interpolate, split

QUIET = st.text(st.sampled_from("ab;()-/*\n \\é,."), max_size=8)
"""Between quotes: everything that means something outside of them."""

QUOTED = st.one_of(
    QUIET.map(lambda text: f"'{text}'"),
    QUIET.map(lambda text: f"'it''s {text}'"),
    QUIET.map(lambda text: "E'" + text.replace("\\", "\\\\") + "\\';'"),
    QUIET.map(lambda text: f'"{text}"'),
    QUIET.map(lambda text: f"$${text}$$"),
    QUIET.map(lambda text: f"$body${text} $$;'; $x$ $body$"),
    QUIET.map(lambda text: f"/* {text.replace('*', '').replace('/', '')} /* ; */ ' */"),
    QUIET.map(lambda text: "-- ' ; $$ " + text.replace("\n", "") + "\n"),
)
STATEMENT = st.lists(QUOTED | st.sampled_from(["select", "a$1$b", "1", "(a; b)", "::int"]), min_size=1).map(" ".join)


def statements(text: str) -> list[str]:
    return [part.code for part in split(text) if isinstance(part, Statement) and part.code]


@given(st.text(st.sampled_from("ab'\"$;()-/*\\\n E:"), max_size=60))
def test_nothing_is_lost(text: str) -> None:
    """Whatever the text, its parts joined are it."""
    assert text == "".join(part.source for part in split(text))


@given(st.lists(STATEMENT, max_size=5))
def test_quoted_semicolons_never_split(parts: list[str]) -> None:
    """Only the semicolons between statements do."""
    found = list(split("".join(f"select {part} ;" for part in parts)))
    assert len(parts) == len(found)
    assert all(isinstance(part, Statement) for part in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1; select 2", ["select 1", "select 2"]),
        ("select 'a;b'; select E'\\';'", ["select 'a;b'", "select E'\\';'"]),
        ("create rule r as on insert to t do (a; b); c", ["create rule r as on insert to t do (a; b)", "c"]),
        (
            "create or replace function f() begin atomic select case when a then 1 end; select 2; end; select 3;",
            ["create or replace function f() begin atomic select case when a then 1 end; select 2; end", "select 3"],
        ),
        ("begin; select 1; end;", ["begin", "select 1", "end"]),
        ("select a$b$; select $c$", ["select a$b$", "select $c$"]),
        ("/* a /* b; */ ; */ select 1;\r\n--x;\r\nselect 2;", ["select 1", "select 2"]),
        ("-- only this", []),
        ("", []),
    ],
)
def test_statements(text: str, expected: list[str]) -> None:
    """The manual's rules, one by one."""
    assert expected == statements(text)


def test_copy_data_and_meta_commands() -> None:
    """As in a dump."""
    text = "\\restrict x\n-- y\n\nCOPY t (a) FROM stdin;\n1;'\n\\N\n\\.\n\nselect 1 \\gset p\n\\unrestrict x\n"
    parts = list(split(text))
    assert text == "".join(part.source for part in parts)
    meta = [(part.name, part.line) for part in parts if isinstance(part, MetaCommand)]
    assert [("restrict", 1), ("gset", 9), ("unrestrict", 10)] == meta
    found = [(part.code, part.line, part.data) for part in parts if isinstance(part, Statement) and part.code]
    assert [("copy t (a) from stdin", 4, "1;'\n\\N\n"), ("select 1", 9, None)] == found


def test_variables() -> None:
    """In all three forms, and not in quotes or casts."""
    text = "select :n, :'n', :\"n\", ':n', x::n, :other"
    assert "select o'x, 'o''x', \"o'x\", ':n', x::n, :other" == interpolate(text, {"n": "o'x"})

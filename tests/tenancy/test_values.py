"""Values and strings by pattern: what is offered fits, tells tenants apart and sorts as they do."""

from __future__ import annotations

import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.tenancy.patterns import matching
from fixtures.tenancy.relation import Column
from fixtures.tenancy.values import Place, candidates, from_patterns, literals

PATTERNS = (
    r"^[A-Z]{3}-\d{4}$", r"^[a-z0-9]+(-[a-z0-9]+)*$", r"^\+?[1-9]\d{6,14}$", r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
    r"^(draft|sent|paid)$", r"^#[0-9a-fA-F]{6}$", r"^[[:alpha:]][[:alnum:]_]*$", r"^INV-20\d\d-\d+$", r"^.{2,8}$",
    r"^https?://\S+$", r"^[^\d]+$", r"a{3,}?b*c+", r"^(?:A|B)(?=x)?\w$",
)  # fmt: skip
PLACES = st.builds(
    Place,
    st.sampled_from("abcd"),
    st.integers(1, 14),
    st.integers(0, 400),
    st.integers(0, 99),
    st.integers(0, 99),
)
ATOMS = st.sampled_from([r"\d", r"\w", "[a-f]", "[^x]", "q", "-", "(?:ab|cd)", "[0-9A-F]", "."])
AMOUNTS = st.sampled_from(["", "+", "*", "?", "{2}", "{1,3}", "{4,}"])
"""Of which regular expressions are put together."""


def column(type_: str, **more: object) -> Column:
    """A column of a type; `more` are its other properties."""
    plain = {
        "category": "S", "length": None, "not_null": True, "default": None, "identity": "", "generated": "",
        "labels": (), "checks": (), "element": None, "name": "thing", "type": type_, "base": type_,
    }  # fmt: skip
    return Column(**{**plain, **more})  # type: ignore[arg-type]


def as_python(pattern: str) -> str:
    """With POSIX classes spelt out."""
    return re.sub(r"\[:(\w+):\]", lambda found: {"alpha": "a-zA-Z", "alnum": "a-zA-Z0-9"}[found[1]], pattern)


@given(number=st.integers(0, 10**6), pattern=st.sampled_from(PATTERNS))
def test_usual_patterns_are_matched(pattern: str, number: int) -> None:
    """Those that CHECKs of real schemas demand."""
    made = matching(pattern, number)
    assert made is not None
    assert re.search(as_python(pattern), made)


@given(parts=st.lists(st.tuples(ATOMS, AMOUNTS), min_size=1, max_size=5), number=st.integers(0, 10**6))
def test_any_pattern_is_matched(parts: list[tuple[str, str]], number: int) -> None:
    """Whatever it is put together from."""
    pattern = "".join(atom + amount for atom, amount in parts)
    made = matching(pattern, number)
    assert made is not None
    assert re.fullmatch(pattern, made)


def test_numbers_give_different_strings() -> None:
    """Or a unique key could not be met."""
    assert 50 == len({matching(r"^[A-Z]{3}-\d{4}$", number) for number in range(50)})


@pytest.mark.parametrize("pattern", ["(", "[a", r"(?P<a>x)(?P=b)", "[[:nonsense:]]"])
def test_what_is_not_understood_is_not_guessed(pattern: str) -> None:
    """None, and no error."""
    assert matching(pattern, 1) is None


@given(one=PLACES, other=PLACES)
def test_uuids_sort_as_tenants_do(one: Place, other: Place) -> None:
    """So that a policy that compares by order is seen through."""
    assert (one.number < other.number) == (one.uuid < other.uuid) or one.number == other.number
    assert one.uuid == str(uuid.UUID(one.uuid))


@given(place=PLACES)
def test_text_carries_the_marker(place: Place) -> None:
    """Of the tenant, table, column and row."""
    assert place.marker == candidates(column("text"), place)[0]


@given(place=PLACES, length=st.integers(2, 8))
def test_text_keeps_to_its_length(place: Place, length: int) -> None:
    """The end is kept, where values differ."""
    texts = candidates(column("character varying", length=length + 4), place)
    assert all(text is not None and len(text) <= length for text in texts)


def test_null_is_offered_where_it_is_allowed() -> None:
    """And last."""
    place = Place("a", 5, 1, 1, 1)
    assert candidates(column("text", not_null=False), place)[-1] is None
    assert None not in candidates(column("text"), place)


def test_enum_gives_each_label_first_to_some_row() -> None:
    """By row, so that each state occurs."""
    labels = ("red", "green", "blue")
    firsts = [candidates(column("colour", labels=labels), Place("a", 5, 1, 1, row))[0] for row in range(3)]
    assert list(labels) == firsts


def test_domain_is_asked_for_its_constants() -> None:
    """What its CHECK names comes first."""
    made = candidates(column("text", checks=["CHECK (VALUE = ANY (ARRAY['basic', 'pro']))"]), Place("a", 5, 1, 1, 1))
    assert ["basic", "pro"] == made[:2]


def test_constants_of_an_expression() -> None:
    """Strings with doubled quotes, numbers outside of them, no part of a name."""
    assert ["it's", "x1", "3", "-2.5"] == literals("a = 'it''s' or b1 = 'x1' or c > 3 or d < -2.5")


def test_patterns_of_an_expression() -> None:
    """As `pg_get_constraintdef` writes them."""
    for made in from_patterns("(code ~ '^[A-Z]{2}$'::text)", Place("a", 5, 1, 1, 1)):
        assert re.fullmatch("[A-Z]{2}", made)


def test_like_is_no_regular_expression() -> None:
    """The pattern itself would be the same key for every tenant."""
    assert ["org_vxa-1-1-1"] == from_patterns("(id ~~ 'org_%'::text)", Place("a", 5, 1, 1, 1))
    assert [] == from_patterns("(id !~~ 'org_%'::text)", Place("a", 5, 1, 1, 1))

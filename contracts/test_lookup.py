"""lookupCaller: finds the caller, and only the clinic's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from fixtures.target.canaries import Contact, Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall, ToolCall
from fixtures.vapi.reply import Answer, understood
from fixtures.vapi.tools import LOOKUP
from fixtures.verdict.outcome import Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]


@pytest.mark.criterion("tools.lookup.meaning.finds-caller")
def test_finds_caller(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Each key of a known contact leads to it."""
    contact = _contact(clinic)
    for kind, key in _keys(contact):
        answer = _look_up(vapi, ring, clinic, kind, key)
        expect(
            meaning.lookup(answer).found and contact.name in answer.text,
            expected=f"{contact.name} found by {kind}",
            seen=answer.text[:200],
        )


@pytest.mark.criterion("tools.lookup.meaning.unknown-caller")
def test_unknown_caller(vapi: Vapi, ring: Ring, clinic: Organisation, run_identity: RunIdentity) -> None:
    """A number and a name that nobody has lead to nobody, while a known number leads to somebody."""
    known = _look_up(vapi, ring, clinic, "phone", _contact(clinic).phone)
    control(meaning.lookup(known).found, f"a known caller is not found either: {known.text[:160]}")
    for kind, key in (("phone", run_identity.next_phone()), ("name", f"Nobody {run_identity.patient}")):
        answer = _look_up(vapi, ring, clinic, kind, key)
        found = meaning.lookup(answer)
        expect(not found.found, expected=f"nobody found by {kind} {key}", seen=answer.text[:200])


@pytest.mark.criterion("tools.lookup.tenant.own-contacts")
def test_own_contacts(vapi: Vapi, ring: Ring, clinic: Organisation, other_clinic: Organisation) -> None:
    """The other clinic's contacts are found there, and nothing of them is said here."""
    for contact in other_clinic.contact:
        kind, key = _keys(contact)[0]
        there = _look_up(vapi, ring, other_clinic, kind, key)
        control(contact.name in there.text, f"{contact.name} is not found in {other_clinic.name} either")
        for kind, key in _keys(contact):
            fail_on(_disclosed(_look_up(vapi, ring, clinic, kind, key), contact, kind, clinic))


def _disclosed(answer: Answer, contact: Contact, kind: str, clinic: Organisation) -> Iterator[Violation]:
    """What of a foreign contact shows in an answer to a search with one of its keys.

    The assistant may repeat the key that it searched for; and an own contact may have the same name.
    """
    shown = [value for name, value in _keys(contact) if name not in {kind, "name"} and value in answer.text]
    namesake = kind == "name" and contact.name in {own.name for own in clinic.contact}
    if meaning.lookup(answer).found and not namesake:
        shown.append("that the caller is known")
    if shown:
        yield Violation(f"nothing of {contact.name}, who is another clinic's, by {kind}", f"said: {', '.join(shown)}")


def _look_up(vapi: Vapi, ring: Ring, clinic: Organisation, kind: str, key: str) -> Answer:
    call = ToolCall(LOOKUP, {"searchKey": key, "searchType": kind})
    return understood(vapi.call_tools(ring(clinic), call), call)


def _keys(contact: Contact) -> list[tuple[str, str]]:
    keys = [("phone", contact.phone), ("email", contact.email), ("name", contact.name)]
    return [(kind, key) for kind, key in keys if key]


def _contact(clinic: Organisation) -> Contact:
    precondition(clinic.contact, f"the canary file names no contact of {clinic.name}")
    return clinic.contact[0]

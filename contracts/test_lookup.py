"""lookupCaller: finds the caller, and only the clinic's own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from contracts.conftest import ArgumentsFor
from fixtures.target.canaries import Contact, Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.client import Vapi
from fixtures.vapi.message import LiveCall
from fixtures.vapi.reply import Answer
from fixtures.vapi.tools import BOOKING, LOOKUP
from fixtures.verdict.outcome import NotApplicable, Violation, control, expect, fail_on, precondition

Ring = Callable[[Organisation], LiveCall]
FICTIONAL = re.compile(r"\+?\d{0,4}55501\d\d")
"""A number of this run's patients, however it is written."""


@pytest.mark.criterion("tools.lookup.meaning.finds-caller")
def test_finds_caller(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Each key of a known contact leads to it."""
    contact = _contact(clinic)
    others = [other.name for other in clinic.contact[1:]]
    for kind, key in _keys(contact):
        answer = _look_up(vapi, ring, clinic, kind, key)
        expect(
            meaning.lookup(answer).found and meaning.speaks_of(answer, contact.name, others),
            expected=f"{contact.name} found by {kind}",
            seen=answer.text[:200],
        )


@pytest.mark.criterion("tools.lookup.meaning.unknown-caller")
def test_unknown_caller(vapi: Vapi, ring: Ring, clinic: Organisation, run_identity: RunIdentity) -> None:
    """A number and a name that nobody has lead to nobody, while a known number leads to somebody."""
    _control_found(vapi, ring, clinic)
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
        control(meaning.lookup(there).found, f"{contact.name} is not found in {other_clinic.name} either")
        for kind, key in _keys(contact):
            fail_on(_disclosed(_look_up(vapi, ring, clinic, kind, key), contact, kind, clinic))


@pytest.mark.criterion("tools.lookup.meaning.wildcards")
def test_wildcards(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """What stands for anything in SQL or on a disk is a key like any other, which nobody has."""
    _control_found(vapi, ring, clinic)
    phone = _contact(clinic).phone
    for kind, key in (
        ("phone", "%"), ("phone", phone[:-1] + "_"), ("phone", f"{phone[:6]}%"), ("name", "%"), ("name", "*"),
        ("name", "%' OR '1'='1"), ("email", "%@%"), ("email", "*@*"),
    ):  # fmt: skip
        answer = _look_up(vapi, ring, clinic, kind, key)
        expect(not meaning.lookup(answer).found, expected=f"nobody found by {kind} {key!r}", seen=answer.text[:200])


@pytest.mark.criterion("tools.lookup.meaning.partial-keys")
def test_partial_keys(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """Who tries beginnings must not get the list of patients: no number and no address by a part of a key."""
    _control_found(vapi, ring, clinic)
    contact = _contact(clinic)
    keys = [("phone", contact.phone[:6]), ("phone", contact.phone[-4:]), ("name", contact.name[:1])]
    keys += [("email", contact.email.split("@")[0][:3]), ("email", "@" + contact.email.split("@")[-1])]
    for kind, key in (known for known in keys if known[1].strip("@")):
        answer = _look_up(vapi, ring, clinic, kind, key)
        shown = [
            value for known in clinic.contact for value in (known.phone, known.email) if value and value in answer.text
        ]
        expect(
            not set(shown) - {key},
            expected=f"no number or address of a patient by {kind} {key!r}",
            seen=f"said: {', '.join(shown)}",
        )


@pytest.mark.criterion("tools.lookup.meaning.several-matches")
def test_several_matches(
    vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor, run_identity: RunIdentity
) -> None:
    """Two patients of one name: the caller is asked which, and told neither's number or address."""
    name = f"{run_identity.patient} Gemini"
    for _ in range(2):
        phone = _booked_patient(vapi, ring, clinic, arguments_for, name)
        if not meaning.lookup(_look_up(vapi, ring, clinic, "phone", phone)).found:
            raise NotApplicable("a patient who has just booked is not found by lookupCaller, so no two can be made")
    answer = _look_up(vapi, ring, clinic, "name", name)
    told = FICTIONAL.findall(re.sub(r"[\s().-]", "", answer.text))
    expect(not told, expected=f"nobody's number, where two are called {name}", seen=f"said: {', '.join(told)}")


def _booked_patient(vapi: Vapi, ring: Ring, clinic: Organisation, arguments_for: ArgumentsFor, name: str) -> str:
    """The number of a patient of this run who has just booked."""
    wanted = {**arguments_for(BOOKING, clinic), "patientName": name}
    answer = vapi.ask(ring(clinic), BOOKING, wanted)
    precondition(not answer.refused, f"the booking of a patient to look up was refused: {answer.text[:160]}")
    return str(wanted["patientPhone"])


def _control_found(vapi: Vapi, ring: Ring, clinic: Organisation) -> None:
    """A known number leads to somebody, or not being found says nothing."""
    known = _look_up(vapi, ring, clinic, "phone", _contact(clinic).phone)
    control(meaning.lookup(known).found, f"a known caller is not found either: {known.text[:160]}")


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
    return vapi.ask(ring(clinic), LOOKUP, {"searchKey": key, "searchType": kind})


def _keys(contact: Contact) -> list[tuple[str, str]]:
    keys = [("phone", contact.phone), ("email", contact.email), ("name", contact.name)]
    return [(kind, key) for kind, key in keys if key]


def _contact(clinic: Organisation) -> Contact:
    precondition(clinic.contact, f"the canary file names no contact of {clinic.name}")
    return clinic.contact[0]

"""For each tool: a question whose answer shows from which of two clinics it comes."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.conftest import Arguments
from fixtures.database.diary import Diary, mentions_phone
from fixtures.target.canaries import Organisation
from fixtures.target.run_identity import RunIdentity
from fixtures.vapi import meaning
from fixtures.vapi.reply import Answer
from fixtures.verdict.outcome import precondition


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask; `crossed` says how an answer shows the other clinic, or nothing; `own` whether it is served."""

    arguments: Arguments
    crossed: Callable[[Answer], str]
    own: Callable[[Answer], bool]


@dataclass(frozen=True, slots=True)
class Border:
    """Two clinics, and what a run knows of them."""

    here: Organisation
    there: Organisation
    diary: Diary
    run: RunIdentity


def question(tool: str, border: Border) -> Question:
    """The question for one tool, asked in a call to `border.here`."""
    return _QUESTIONS[tool](border)


def _availability(border: Border) -> Question:
    """A day on which only the other clinic has an appointment: here its time is free."""
    booked = booked_only_there(border.diary, border.here, border.there)
    time, zone = f"{booked:%H:%M}", border.here.zone

    def crossed(answer: Answer) -> str:
        offered = meaning.availability(answer, zone).on(booked.date())
        if answer.refused or time in offered:
            return ""
        require_all_offered(border.diary, border.here, booked.date(), offered)
        return f"{time} is not offered, which only {border.there.name} has booked"

    def own(answer: Answer) -> bool:
        offered = meaning.availability(answer, zone)
        return time in offered.on(booked.date()) and not offered.outside(border.here.opens, border.here.closes)

    return Question({"date": str(booked.date())}, crossed, own)


def _booking(border: Border) -> Question:
    """A slot that is free here; the row tells where it was booked."""
    start, phone = border.diary.free_start(border.here), border.run.next_phone()
    arguments = {
        "appointmentDate": str(start.date()),
        "appointmentTime": f"{start:%H:%M}",
        "patientName": border.run.patient,
        "patientPhone": phone,
    }

    def stands_in(clinic: Organisation) -> bool:
        return any(mentions_phone(row, phone) for row in border.diary.patients(clinic))

    def crossed(_answer: Answer) -> str:
        return f"the patient stands in {border.there.name}" if stands_in(border.there) else ""

    return Question(arguments, crossed, lambda answer: not answer.refused and stands_in(border.here))


def _lookup(border: Border) -> Question:
    """A contact of the other clinic, whom nobody knows here."""
    known = {contact.phone for contact in border.here.contact}
    foreign = [contact for contact in border.there.contact if contact.phone not in known]
    precondition(foreign, f"the canary file names no contact of {border.there.name} alone")
    contact = foreign[0]

    def crossed(answer: Answer) -> str:
        found = meaning.lookup(answer).found or (contact.name in answer.text)
        return f"{contact.name} was found, who is {border.there.name}'s" if found else ""

    return Question({"searchKey": contact.phone, "searchType": "phone"}, crossed, lambda answer: not crossed(answer))


def _transfer(border: Border) -> Question:
    """A department that both have, each with its own number."""
    foreign = {border.there.transfer_number, *border.there.departments.values()}
    own = {border.here.transfer_number, *border.here.departments.values()}

    def crossed(answer: Answer) -> str:
        number = meaning.transfer(answer).destination
        return f"{number} is {border.there.name}'s number" if number in foreign - own else ""

    arguments = {"summary": "The caller wants a person.", "department": "general"}
    return Question(arguments, crossed, lambda answer: meaning.transfer(answer).destination in own)


_QUESTIONS: Mapping[str, Callable[[Border], Question]] = {
    "availability": _availability,
    "booking": _booking,
    "lookup": _lookup,
    "transfer": _transfer,
}


def require_all_offered(diary: Diary, clinic: Organisation, date: datetime.date, offered: set[str]) -> None:
    """Raises Inconclusive for a tool that offers a few of the free times: one that is missing says nothing then."""
    hour = datetime.timedelta(hours=1)
    taken = [start for start in diary.upcoming(clinic) if start.date() == date]
    hours = range(int(clinic.opens[:2]) + 1, int(clinic.closes[:2]))
    starts = [clinic.at(date, f"{number:02}:00") for number in hours]
    free = [start for start in starts if all(abs(start - other) >= hour for other in taken)]
    missing = [start for start in free if f"{start:%H:%M}" not in offered]
    told = f"of the free times of {date} only {', '.join(sorted(offered))} are offered, so that one may be left out"
    precondition(not offered or 2 * len(missing) <= len(free), told)


def booked_only_there(diary: Diary, here: Organisation, there: Organisation) -> datetime.datetime:
    """A local time that is booked in one clinic and free, by an hour, at the same local time in the other."""
    taken = [start.replace(tzinfo=None) for start in diary.upcoming(here)]
    hour = datetime.timedelta(hours=1)
    only_there = [
        start
        for start in diary.upcoming(there)
        if here.opens <= f"{start:%H:%M}" < here.closes
        and all(abs(start.replace(tzinfo=None) - other) >= hour for other in taken)
    ]
    precondition(only_there, f"{there.name} has no coming appointment at a time that is free in {here.name}")
    return only_there[-1]

"""Reading effects back, and removing what a run wrote."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest
import respx

from fixtures.database.cleanup import remove_created
from fixtures.database.diary import Diary, instants, mentions_phone, start_of
from fixtures.database.readback import PAGE, PostgresReadback, Row, SupabaseReadback
from fixtures.database.server import Server
from fixtures.reference.canaries import CLINIC_A, CLINIC_B
from fixtures.target.http import make_sync_client
from fixtures.target.ledger import LedgerEntry
from fixtures.target.record import Limits
from fixtures.verdict.outcome import Inconclusive, Reason

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def dsn(postgres: Server, reference_template: str) -> Iterator[str]:
    """A seeded database."""
    copy = postgres.create_database(reference_template)
    yield copy
    postgres.drop_database(copy)


@pytest.fixture
def readback(dsn: str) -> Iterator[PostgresReadback]:
    reader = PostgresReadback(dsn)
    yield reader
    reader.close()


def test_rows_of_one_tenant(readback: PostgresReadback) -> None:
    """And of no other."""
    rows = readback.rows("contacts", CLINIC_A.id)
    assert {contact.name for contact in CLINIC_A.contact} == {row["name"] for row in rows}


def test_rows_of_several_tenants(readback: PostgresReadback, dsn: str) -> None:
    """Read again they are what they have become."""
    clinics = (CLINIC_A.id, CLINIC_B.id)
    rows = readback.rows("contacts", *clinics)
    assert set(clinics) == {row["org_id"] for row in rows}
    with psycopg.connect(dsn) as connection:
        connection.execute("update public.contacts set name = 'Somebody Else' where id = %s", [rows[0]["id"]])
    names = {row["id"]: row["name"] for row in rows} | {rows[0]["id"]: "Somebody Else"}
    assert names == {row["id"]: row["name"] for row in readback.rows("contacts", *clinics)}


def test_reading_can_not_write(readback: PostgresReadback) -> None:
    """Whatever is asked of it."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        readback._connection.execute("delete from public.contacts")  # noqa: SLF001  # what it must never do


def test_unreadable_table_is_inconclusive(readback: PostgresReadback) -> None:
    """A deployment without it can't be judged by it."""
    with pytest.raises(Inconclusive) as caught:
        readback.rows("no_such_table", CLINIC_A.id)
    assert Reason.PRECONDITION_LOST is caught.value.reason


@respx.mock
def test_supabase_rows_come_in_pages() -> None:
    """A thousand at a time, all of them, by the service role, with our own bounded client."""
    pages = [[{"id": n} for n in range(PAGE)], [{"id": PAGE}]]
    route = respx.get("https://x.supabase.co/rest/v1/contacts").mock(
        side_effect=[httpx.Response(200, json=page) for page in pages]
    )
    reader = SupabaseReadback("https://x.supabase.co", "sb_secret_key", make_sync_client("https://x", Limits()))
    assert PAGE + 1 == len(reader.rows("contacts", "org-1", "org-2"))
    first, second = (call.request for call in route.calls)
    assert "in.(org-1,org-2)" == first.url.params["org_id"]
    assert "sb_secret_key" == first.headers["apikey"]
    assert ("0", str(PAGE)) == (first.url.params["offset"], second.url.params["offset"])
    reader.close()


@respx.mock
def test_supabase_refusal_is_inconclusive() -> None:
    """Not a traceback, and not tried again behind our back."""
    route = respx.get("https://x.supabase.co/rest/v1/contacts").mock(httpx.Response(401, json={"message": "no"}))
    reader = SupabaseReadback("https://x.supabase.co", "sb_secret_key", make_sync_client("https://x", Limits()))
    with pytest.raises(Inconclusive):
        reader.rows("contacts", "org-1")
    assert 1 == route.call_count
    reader.close()


def test_cleaning_removes_the_run_and_nothing_else(dsn: str) -> None:
    """The marked contact, the appointment that refers to it, the marked call; in canary organisations only."""
    marker = "Canary Zxcvbnmasdf"
    entry = LedgerEntry("http://x", (CLINIC_A.id,), (marker, "019cabcd-0000-7"), 1, 1.0)
    write = """
        insert into public.contacts (org_id, name, phone) values (%(org)s, %(marker)s, '+12125550199');
        insert into public.appointments (org_id, contact_id, scheduled_at, ends_at, duration_minutes)
          select org_id, id, '2031-01-01 10:00+00', '2031-01-01 10:30+00', 30 from public.contacts
          where name = %(marker)s and org_id = %(org)s;
        insert into public.calls (org_id, vapi_call_id, status) values (%(org)s, '019cabcd-0000-7000-8000-1', 'ended');
    """
    with psycopg.connect(dsn) as connection:
        before = _counts(connection)
        for statement in write.split(";")[:3]:
            for clinic in (CLINIC_A, CLINIC_B):
                connection.execute(statement.encode(), {"org": clinic.id, "marker": marker})
        assert 3 == remove_created(connection, entry)
        after = _counts(connection)
    changed = {key: after[key] - before[key] for key in before if after[key] != before[key]}
    assert {("contacts", CLINIC_B.id): 1, ("appointments", CLINIC_B.id): 1, ("calls", CLINIC_B.id): 1} == changed


def _counts(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], int]:
    tables = ("contacts", "appointments", "calls", "messages", "leads")
    return {
        (table, clinic.id): connection.execute(
            f"select count(*) from public.{table} where org_id = %s".encode(), [clinic.id]
        ).fetchone()[0]  # type: ignore[index]
        for table in tables
        for clinic in (CLINIC_A, CLINIC_B)
    }


class Rows:
    """A readback with given appointments."""

    def __init__(self, appointments: list[Row]) -> None:
        self.appointments = appointments

    def rows(self, table: str, *_org_ids: str) -> list[Row]:
        return self.appointments if table == "appointments" else []

    def describe(self) -> str:
        return "database: a list"

    def close(self) -> None:
        pass


def test_appointment_is_known_by_its_values() -> None:
    """Whatever the columns are called; cancelled ones don't stand."""
    row = {"created_at": "2020-01-01T00:00:00+00:00", "begin": "2091-05-04T14:00:00+00:00", "note": "2091", "n": 5}
    expected = datetime.datetime(2091, 5, 4, 14, tzinfo=datetime.UTC)
    assert expected in instants(row, CLINIC_A.zone)
    assert expected == start_of(row, CLINIC_A.zone, NOW)
    assert [expected] == Diary(Rows([row])).upcoming(CLINIC_A)


@pytest.mark.parametrize(
    ("row", "stands"),
    [
        ({"status": "CANCELLED"}, False),
        ({"state": "no_show"}, False),
        ({"deleted_at": "2090-01-01T00:00:00Z"}, False),
        ({"isCancelled": True}, False),
        ({"deleted_at": None, "is_cancelled": False, "status": "scheduled"}, True),
        ({"cancel_token": "abc", "cancellation_policy": "24 h", "status": "confirmed"}, True),
    ],
)
def test_given_up_appointments_do_not_stand(row: Row, stands: bool) -> None:  # noqa: FBT001
    """In whatever way the row says so."""
    diary = Diary(Rows([{"start": "2091-05-04T14:00:00+00:00", **row}]))
    assert stands is bool(diary.upcoming(CLINIC_A))


def test_moments_that_are_no_start() -> None:
    """A reminder goes out the day before."""
    row = {"reminder_at": "2091-05-03T14:00:00Z", "starts_at": "2091-05-04T14:00:00Z", "sync_due": "2091-05-02T09:00Z"}
    diary = Diary(Rows([row]))
    assert [datetime.datetime(2091, 5, 4, 14, tzinfo=datetime.UTC)] == diary.upcoming(CLINIC_A)
    reminded, starts = (datetime.datetime(2091, 5, day, 14, tzinfo=datetime.UTC) for day in (3, 4))
    assert (0, 1) == (diary.count_at(CLINIC_A, reminded), diary.count_at(CLINIC_A, starts))


@pytest.mark.parametrize(
    "row",
    [
        {"scheduled_at": "2091-05-04T14:00:00+00:00"},
        {"scheduled_at": "2091-05-04T10:00:00"},
        {"scheduled_at": "2091-05-04 10:00"},
        {"appointment_date": "2091-05-04", "appointment_time": "10:00:00", "status": "confirmed"},
        {"date": "2091-05-04", "start": "10:00", "end": "10:30"},
    ],
)
def test_start_in_every_form(row: Row) -> None:
    """With an offset, or in clinic time; in one column or in two."""
    assert datetime.datetime(2091, 5, 4, 14, tzinfo=datetime.UTC) == start_of(row, CLINIC_A.zone, NOW)


@pytest.mark.parametrize("text", ["+12125550142", "(212) 555-0142", "12125550142", 2125550142])
def test_phone_however_it_is_written(text: object) -> None:
    """Its last ten digits."""
    assert mentions_phone({"phone": text}, "+12125550142")
    assert not mentions_phone({"phone": text, "n": 142}, "+12125550143")


def test_free_starts_are_free_and_new() -> None:
    """In opening hours, not near an appointment, each handed out once."""
    blocked = Diary(None).free_start(CLINIC_A)
    diary = Diary(Rows([{"at": blocked.astimezone(datetime.UTC).isoformat()}]))
    starts = [diary.free_start(CLINIC_A) for _ in range(40)]
    assert 40 == len(set(starts))
    assert all(CLINIC_A.opens <= f"{start:%H:%M}" < CLINIC_A.closes for start in starts)
    assert all(abs(start - blocked) >= datetime.timedelta(hours=1) for start in starts)


def test_changes_are_new_and_altered_rows() -> None:
    """Of appointments and contacts, in every canary organisation."""
    org = {"org_id": CLINIC_A.id}
    reader = Rows([{**org, "id": 1, "status": "confirmed"}])
    diary = Diary(reader)
    before = diary.snapshot([CLINIC_A])
    assert [] == diary.changes([CLINIC_A], before)
    reader.appointments = [{**org, "id": 1, "status": "moved"}, {**org, "id": 2}]
    assert [1, 2] == [change.row["id"] for change in diary.changes([CLINIC_A], before)]

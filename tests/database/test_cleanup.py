"""Rows of a run are found by any of its traces, and no other row is touched."""

from __future__ import annotations

import psycopg

from fixtures.database.cleanup import remove_created, tenant_tables
from fixtures.database.server import Server
from fixtures.reference.canaries import CLINIC_A, CLINIC_B
from fixtures.target.ledger import LedgerEntry
from fixtures.target.run_identity import new_run_identity
from tests.changed import changed_database

CONTACT = "insert into public.contacts (org_id, name, phone) values (%s, %s, %s) returning id"
APPOINTMENT = """
insert into public.appointments (org_id, contact_id, scheduled_at, ends_at, duration_minutes)
values (%s, %s, now() + interval '400 days', now() + interval '400 days 30 min', 30)
"""


def test_traces_are_enough(postgres: Server, reference_template: str) -> None:
    """A patient whose name a check spoilt, one whose number it did, and what refers to them; in their clinic only."""
    run = new_run_identity(contact.phone for clinic in (CLINIC_A, CLINIC_B) for contact in clinic.contact)
    with changed_database(postgres, reference_template, "") as dsn, psycopg.connect(dsn) as connection:
        before = {table: _count(connection, table) for table in tenant_tables(connection)}
        for name, phone in (("' OR '1'='1", run.next_phone()), (run.patient, "+12025550199")):
            [contact] = connection.execute(CONTACT, [CLINIC_A.id, name, phone]).fetchone() or []
            connection.execute(APPOINTMENT.replace("400", "40" + phone[-1]), [CLINIC_A.id, contact])
        connection.execute(CONTACT, [CLINIC_B.id, "Somebody", run.next_phone()])
        entry = LedgerEntry("http://127.0.0.1:1", (CLINIC_A.id,), run.traces, 1, 1.0)
        assert 4 == remove_created(connection, entry)
        after = {table: _count(connection, table) for table in tenant_tables(connection)}
        assert {"contacts": before["contacts"] + 1} == dict(after.items() - before.items())


def _count(connection: psycopg.Connection[tuple[int]], table: str) -> int:
    return int((connection.execute(f'select count(*) from public."{table}"'.encode()).fetchone() or (0,))[0])

"""A small healthy schema, and what tests say about any."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import psycopg

from fixtures.database.server import Server
from fixtures.tenancy.catalogue import Catalogue
from fixtures.tenancy.contract import Contract
from fixtures.tenancy.inference import infer
from fixtures.tenancy.model import TenantModel
from fixtures.tenancy.proof import Proof
from fixtures.tenancy.snapshot import read_catalogue
from fixtures.tenancy.worlds import Worlds, build_worlds

Build = Callable[[str], str]

NOTHING = Contract()

OWN = "(select nullif(auth.jwt() -> 'app_metadata' ->> 'clinic_id', '')::uuid)"
"""The client's clinic, as its token says."""

CLINICS = f"""
create table clinics (id uuid primary key default gen_random_uuid(), name text not null);
create table staff (
  clinic_id uuid not null references clinics, user_id uuid not null references auth.users,
  status text not null default 'active' check (status in ('active', 'invited', 'removed')),
  primary key (clinic_id, user_id)
);
create table visits (
  clinic_id uuid not null references clinics, id uuid not null default gen_random_uuid(), note text,
  primary key (clinic_id, id)
);
revoke all on clinics, staff, visits from anon, authenticated;
alter table clinics enable row level security;
alter table staff enable row level security;
alter table visits enable row level security;
grant select on clinics, staff to authenticated;
grant select, insert, update, delete on visits to authenticated;
create policy own on clinics for select to authenticated using (id = {OWN});
create policy own on staff for select to authenticated using (clinic_id = {OWN});
create policy own on visits to authenticated using (clinic_id = {OWN}) with check (clinic_id = {OWN});
"""
"""Tenants, their members, their rows; two round trips of SQL do no harm in it."""

OPEN = f"{CLINICS} drop policy own on visits; create policy anyone on visits to authenticated using (true);"
"""The same with one table that everybody reads and writes."""


class Audited(Protocol):
    """The proof of a schema, made when it is first asked for."""

    def __call__(self, sql: str, contract: Contract = ...) -> Proof: ...


def snapshot(dsn: str) -> Catalogue:
    """The catalogue of a database."""
    with psycopg.connect(dsn) as connection:
        return read_catalogue(connection)


def inferred(dsn: str, contract: Contract = NOTHING) -> TenantModel:
    """The tenant model of a database."""
    return infer(snapshot(dsn), contract)


@contextlib.contextmanager
def worlds_of(server: Server, dsn: str) -> Iterator[Worlds]:
    """The three copies of a database."""
    worlds = build_worlds(server, dsn, inferred(dsn))
    yield worlds
    worlds.drop()


def breach_of(dsn: str, script: str) -> Any:
    """What the column `breach` of the last result that has one says, when a finding's script is run."""
    seen = None
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(script.encode())
        while True:
            if cursor.description and cursor.description[0].name == "breach":
                rows = cursor.fetchall()
                seen = rows[0][0] if rows else None
            if not cursor.nextset():
                return seen

"""One healthy reference deployment for the tests of its Supabase interface, and ways to talk to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
import pytest
from supabase import Client, create_client
from supabase.lib.client_options import SyncClientOptions

from fixtures.database.server import Server
from fixtures.reference.deployment import deployed, new_secrets
from tests.changed import changed_database

SCHEMA = """
create table public.notes (
  org_id uuid not null, id int generated always as identity primary key, body text default '-'
);
alter table public.notes enable row level security;
grant select, insert, update, delete on public.notes to authenticated;
create policy own on public.notes to authenticated
  using (org_id = (select public.auth_org_id())) with check (org_id = (select public.auth_org_id()));
create table public.sealed (org_id uuid, id int primary key);
create function public.add_up(a int, b int default 1) returns int language sql immutable as 'select a + b';
create function public.own_contacts() returns setof public.contacts language sql stable
  as 'select * from public.contacts';
create function public.touch() returns void language sql volatile as 'select 1';
grant execute on function public.add_up, public.own_contacts, public.touch to authenticated;
insert into storage.buckets (id, name, public) values ('recordings', 'recordings', false);
create policy own on storage.objects for all to authenticated
  using ((storage.foldername(name))[1] = (select public.auth_org_id())::text)
  with check ((storage.foldername(name))[1] = (select public.auth_org_id())::text);
"""


@dataclass(frozen=True, slots=True)
class Project:
    """The deployment's variables, and clients of it."""

    variables: Mapping[str, str]
    connections: list[httpx.Client] = field(default_factory=list)

    def client(self, email: str = "") -> Client:
        """An unmodified client; signed in where a user is named."""
        self.connections.append(httpx.Client(trust_env=False))
        options = SyncClientOptions(
            httpx_client=self.connections[-1],
            auto_refresh_token=False,
            persist_session=False,
            postgrest_client_retry=False,
        )
        client = create_client(self.variables["SUPABASE_URL"], self.key, options)
        if email:
            variable = "CANARY_A_PASSWORD" if "-a@" in email else "CANARY_B_PASSWORD"
            client.auth.sign_in_with_password({"email": email, "password": self.variables[variable]})
        return client

    @property
    def key(self) -> str:
        """The public API key."""
        return self.variables["NEXT_PUBLIC_SUPABASE_ANON_KEY"]

    def raw(self, method: str, path: str, token: str = "", **arguments: object) -> httpx.Response:
        """One request without the library."""
        headers = {"apikey": self.key, **({"authorization": f"Bearer {token}"} if token else {})}
        extra = arguments.pop("headers", {})
        assert isinstance(extra, dict)
        url = self.variables["SUPABASE_URL"] + path
        return httpx.request(method, url, headers={**headers, **extra}, trust_env=False, **arguments)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def supabase_project(
    postgres: Server, reference_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """With a few objects that the reference schema lacks."""
    with changed_database(postgres, reference_template, SCHEMA) as dsn:
        with deployed(dsn, new_secrets(), tmp_path_factory.mktemp("project")) as variables:
            project = Project(variables)
            yield project
            for connection in project.connections:
                connection.close()

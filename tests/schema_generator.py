"""Healthy schemas of any size, in the shapes that real ones have: for benchmarks and for the mutation control.

The same size, shape and seed make the same text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import StrEnum
from itertools import cycle, islice


class Shape(StrEnum):
    """How a table's rows lead to their tenant, and how its policies know the caller's."""

    DIRECT = "direct"
    """A tenant column, compared with a claim of the token."""
    PATH = "path"
    """A foreign key to a table of shape DIRECT, which the policy looks up."""
    MEMBERSHIP = "membership"
    """A tenant column, compared with the memberships that a helper function reads."""


MIXED = (Shape.DIRECT, Shape.PATH, Shape.MEMBERSHIP)

_CLAIM = "(select nullif(auth.jwt() -> 'app_metadata' ->> 'org_id', '')::uuid)"
_MINE = "any (array(select app.my_orgs()))"

_HEAD = f"""
create schema app;
grant usage on schema app to authenticated;
alter default privileges revoke execute on functions from public;
alter default privileges in schema public revoke all on tables from anon, authenticated;

create table public.organizations (id uuid primary key default gen_random_uuid(), name text not null);
alter table public.organizations enable row level security;
create policy own on public.organizations for select to authenticated using (id = {_CLAIM});
revoke all on public.organizations from anon, authenticated;
grant select on public.organizations to authenticated;

create table public.memberships (
  org_id uuid not null references public.organizations on delete cascade,
  user_id uuid not null references auth.users on delete cascade,
  role text not null default 'member' check (role in ('owner', 'member')),
  primary key (user_id, org_id)
);
alter table public.memberships enable row level security;
create policy own on public.memberships for select to authenticated using (user_id = (select auth.uid()));
revoke all on public.memberships from anon, authenticated;
grant select on public.memberships to authenticated;

create function app.my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select m.org_id from public.memberships m where m.user_id = (select auth.uid())
$$;
revoke all on function app.my_orgs() from public;
grant execute on function app.my_orgs() to authenticated;
"""

_COLUMNS = (
    "title text not null",
    "amount integer not null default 0",
    "price numeric(10, 2)",
    "is_open boolean not null default true",
    "status text not null default 'new' check (status in ('new', 'done'))",
    "starts_at timestamptz",
    "created_at timestamptz not null default now()",
    "settings jsonb not null default '{}'",
    "tags text[]",
    "email text",
    "phone varchar(20)",
    "day date",
)


def generated_schema(tables: int, shapes: tuple[Shape, ...] = MIXED, seed: int = 0) -> str:
    """SQL of a schema with so many tables beside those of the tenants, members and parents."""
    chance = random.Random(f"{tables} {shapes} {seed}")  # reproducible, not secret
    order = list(islice(cycle(shapes), tables))
    return "\n".join([_HEAD, *_tables(order, chance)])


def _tables(order: list[Shape], chance: random.Random) -> Iterator[str]:
    parent = "public.parents"
    yield from _owned(parent, _CLAIM, chance)
    for number, shape in enumerate(order):
        name = f"public.{shape}_{number:04}"
        if shape is Shape.PATH:
            yield _table(name, f"parent_id uuid not null references {parent} on delete cascade", chance)
            yield f"create index on {name} (parent_id);"
            yield _policy(name, f"exists (select from {parent} p where p.id = parent_id and p.org_id = {_CLAIM})")
            continue
        yield from _owned(name, _CLAIM if shape is Shape.DIRECT else _MINE, chance)
        if shape is Shape.DIRECT:
            parent = name


def _owned(name: str, key: str, chance: random.Random) -> Iterator[str]:
    yield _table(name, "org_id uuid not null references public.organizations on delete cascade", chance)
    yield f"create index on {name} (org_id);"
    yield _policy(name, f"org_id = {key}")


def _table(name: str, owner: str, chance: random.Random) -> str:
    columns = chance.sample(_COLUMNS, chance.randint(2, 6))
    return f"create table {name} (id uuid primary key default gen_random_uuid(), {owner}, {', '.join(columns)});"


def _policy(name: str, rule: str) -> str:
    """One policy for all commands: USING, and the same as WITH CHECK."""
    return f"""alter table {name} enable row level security;
create policy tenant on {name} for all to authenticated using ({rule}) with check ({rule});
revoke all on {name} from anon, authenticated;
grant select, insert, update, delete on {name} to authenticated;"""

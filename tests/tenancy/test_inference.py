"""The tenant model: by structure, name, path, user, or as the contract says; and none where there is none."""

from __future__ import annotations

import pytest

from fixtures.tenancy.contract import Contract
from fixtures.tenancy.model import Ownership, TenantModel
from tests.tenancy.schemas import CLINICS, Build, inferred

MADE_UP = """
create table zorgs (id bigint primary key, label text);
create table zorg_folk (zorg bigint references zorgs, person uuid references auth.users, primary key (zorg, person));
create table gizmos (id int primary key, zorg bigint not null references zorgs, name text);
alter table gizmos enable row level security;
create policy own on gizmos using (zorg in (select f.zorg from zorg_folk f where f.person = (select auth.uid())));
"""
"""No word in it says tenant."""

PATHS = """
create table orgs (id uuid primary key);
create table org_members (
  org_id uuid references orgs, user_id uuid references auth.users, primary key (org_id, user_id)
);
create table projects (id uuid primary key, org_id uuid not null references orgs);
create table tasks (id uuid primary key, project_id uuid not null references projects);
create table remarks (
  id uuid primary key, task_id uuid not null references tasks, author_id uuid references auth.users
);
create table plans (code text primary key, price int);
revoke insert, update, delete on plans from anon, authenticated;
create table queue (id int primary key);
revoke all on queue from anon, authenticated;
create table scraps (id int primary key, body text);
"""


def owners(model: TenantModel) -> dict[str, str]:
    """Table of `public` -> ownership."""
    return {t.name: str(model.owner(t).ownership) for t in model.catalogue.tables if t.schema == "public"}


def test_tenant_table_is_found_by_structure(build: Build) -> None:
    """A membership table that joins it to users is enough, whatever the names."""
    model = inferred(build(MADE_UP))
    assert model.tenants is not None
    assert ("public.zorgs", "id", "bigint") == (model.tenants.full_name, model.key, model.key_type)
    assert {"zorgs": "tenant", "zorg_folk": "direct", "gizmos": "direct"} == owners(model)
    assert [("zorg_folk", "zorg", "person")] == [
        (m.relation.name, m.tenant_column, m.user_column) for m in model.memberships
    ]


@pytest.mark.parametrize(
    "name", ["clinic_id", "tenant_id", "org_id", "organization_id", "workspace_uuid", "companyId", "account_key"]
)
def test_tenant_column_is_found_by_name(build: Build, name: str) -> None:
    """Where the tenants' own table is elsewhere."""
    model = inferred(build(f'create table visits (id uuid primary key, "{name}" uuid not null, note text)'))
    assert model.tenants is None
    assert ([name], "uuid") == (list(model.tenant_columns), model.key_type)
    assert {"visits": "direct"} == owners(model)


@pytest.mark.parametrize("name", ["category_id", "status_code", "device_uuid"])
def test_other_column_is_no_tenants(build: Build, name: str) -> None:
    """The neighbour: a key of something else."""
    model = inferred(build(f"create table visits (id uuid primary key, {name} uuid not null, note text)"))
    assert not model.has_tenants


def test_paths_lead_to_the_tenant(build: Build) -> None:
    """Through as many parents as it takes; what is nobody's is shared, private or unclassified, by what clients may."""
    model = inferred(build(PATHS))
    expected = {
        "orgs": "tenant", "org_members": "direct", "projects": "direct", "tasks": "by-path", "remarks": "by-path",
        "plans": "shared", "queue": "private", "scraps": "unclassified",
    }  # fmt: skip
    assert expected == owners(model)
    remarks = model.catalogue.by_name["public.remarks"]
    assert "remarks.task_id -> tasks.project_id -> projects.org_id" == model.tenant_path(remarks)


def test_users_are_the_tenants_where_there_are_no_others(build: Build) -> None:
    """Rows that name their user."""
    model = inferred(build("create table todos (id int primary key, user_id uuid references auth.users, body text)"))
    assert model.per_user
    assert model.has_tenants
    assert {"todos": "user-owned"} == owners(model)


def test_rows_of_a_user_beside_rows_of_tenants(build: Build) -> None:
    """Both kinds in one schema: the users' own are not taken for the tenants'."""
    sql = f"{CLINICS} create table drafts (id int primary key, user_id uuid not null references auth.users)"
    model = inferred(build(sql))
    assert not model.per_user
    assert "user-owned" == owners(model)["drafts"]


def test_schema_without_tenants_has_none(build: Build) -> None:
    """Nothing is made up."""
    model = inferred(build("create table rates (day date primary key, rate numeric)"))
    assert (None, False, False) == (model.tenants, model.per_user, model.has_tenants)


def test_stored_objects_are_owned_by_name(build: Build) -> None:
    """Folders of the platform's storage."""
    model = inferred(build(CLINICS))
    assert Ownership.NAMED is model.owner(model.catalogue.by_name["storage.objects"]).ownership


def test_contract_overrules(build: Build) -> None:
    """Which table and columns, what is shared, what is private."""
    contract = Contract("public.projects", ("project_id",), frozenset({"public.scraps"}), frozenset({"public.remarks"}))
    model = inferred(build(PATHS), contract)
    assert model.tenants is not None
    assert ("projects", ["project_id"]) == (model.tenants.name, list(model.tenant_columns))
    assert {"tasks": "direct", "scraps": "shared", "remarks": "private"}.items() <= owners(model).items()

"""What one client leaves in a pooled session: settings, cached plans, temporary tables; and functions that clean up."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from tests.tenancy.schemas import CLINICS, OWN, Audited, Build, breach_of

SCHEMA = f"""{CLINICS}
create function enter(wanted uuid) returns text language sql as $$
  select set_config('app.clinic', wanted::text, {{setting}}) where wanted = {OWN} $$;
create function enter_any(wanted uuid) returns void language sql as $$
  select set_config('app.clinic', wanted::text, {{setting}}) $$;
create policy entered on visits for select to authenticated
using (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);

create function export() returns setof text language plpgsql as $$ begin
  create temporary table if not exists exported {{table}} as select v.note from public.visits v;
  return query select note from exported;
end $$;

create function mine() returns uuid language sql {{volatility}} as $$
  select nullif(auth.jwt() -> 'app_metadata' ->> 'clinic_id', '')::uuid $$;
alter policy own on clinics using (id = mine());
"""
KEEPS = SCHEMA.format(setting="false", table="", volatility="immutable")
CLEANS_UP = SCHEMA.format(setting="true", table="on commit drop", volatility="stable")
KEEPERS = ("public.enter(uuid)", "public.enter_any(uuid)", "public.export()", "public.clinics")


@pytest.mark.parametrize(
    "keeper", KEEPERS, ids=["setting", "setting that the next call undoes", "temporary table", "plan"]
)
def test_what_is_kept_is_seen(audited: Audited, build: Build, keeper: str) -> None:
    """By the next client on the same connection; the script shows it."""
    found = {f.object: f for f in proof_findings(audited(KEEPS)) if f.rule == "isolation.pooled-session"}
    assert keeper in found
    assert breach_of(build(KEEPS), found[keeper].reproduce) is True, found[keeper].reproduce


def test_what_ends_with_the_transaction_is_not(audited: Audited) -> None:
    """The same, cleaned up."""
    assert [] == [one.object for one in audited(CLEANS_UP).left]

"""What one client leaves in a pooled session: settings, cached plans, temporary tables; and functions that clean up."""

from __future__ import annotations

import pytest

from fixtures.tenancy.findings import proof_findings
from tests.tenancy.schemas import CLINICS, OWN, Audited, Build, breach_of

KEPT = f"""{CLINICS}
create function enter(wanted uuid) returns text language sql as $$
  select set_config('app.clinic', wanted::text, {{kept}})
  where wanted = {OWN} $$;
create policy entered on visits for select to authenticated
using (clinic_id = nullif(current_setting('app.clinic', true), '')::uuid);
"""
PLANNED = f"""{CLINICS}
create function mine() returns uuid language sql {{volatility}} as $$
  select nullif(auth.jwt() ->> 'clinic_id', '')::uuid $$;
alter policy own on visits using (clinic_id = mine()) with check (clinic_id = mine());
"""
CACHED = f"""{CLINICS}
create function export() returns setof text language plpgsql as $$ begin
  create temporary table if not exists exported {{kept}} as select v.note from public.visits v;
  return query select note from exported;
end $$;
"""


def left(audited: Audited, sql: str) -> list[str]:
    """Objects of what sessions keep."""
    return [one.object for one in audited(sql).left]


@pytest.mark.parametrize(
    ("fault", "neighbour", "object_"),
    [
        (KEPT.format(kept="false"), KEPT.format(kept="true"), "public.enter(uuid)"),
        (CACHED.format(kept=""), CACHED.format(kept="on commit drop"), "public.export()"),
        (PLANNED.format(volatility="immutable"), PLANNED.format(volatility="stable"), "public.visits"),
    ],
    ids=["setting", "temporary table", "plan"],
)
def test_what_is_kept_is_seen(audited: Audited, build: Build, fault: str, neighbour: str, object_: str) -> None:
    """By the next client on the same connection; what ends with the transaction is not."""
    assert object_ in left(audited, fault)
    assert [] == left(audited, neighbour)
    finding = next(f for f in proof_findings(audited(fault)) if f.rule == "isolation.pooled-session")
    assert breach_of(build(fault), finding.reproduce) is True, finding.reproduce

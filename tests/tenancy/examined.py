"""Idioms that outside examinations brought, each healthy as it stands, and the fault that such an idiom invites."""

from __future__ import annotations

from dataclasses import dataclass

from fixtures.verdict.finding import FindingSeverity
from tests.tenancy.examined_schemas import (
    COPIES,
    DEVICES,
    FLEET,
    FOLDERS,
    KEYED,
    ROLES,
    SCHOOL,
    SHARED,
    SIDES,
    SUPPORT,
    VISITS,
)


@dataclass(frozen=True, slots=True)
class Examined:
    """`sql` is healthy; with `right` replaced by `wrong` it is not, and `rule` tells it of `object`."""

    id: str
    sql: str
    right: str
    wrong: str
    rule: str
    object: str
    severity: FindingSeverity = FindingSeverity.BREACH


EXAMINED = (
    Examined(
        "shared-and-changed", SHARED, "on templates for update to service_role using (true)",
        "on templates for update to authenticated using (exists (select my_orgs()))",
        "isolation.foreign-update", "public.templates", FindingSeverity.WEAKNESS,
    ),
    Examined(
        "shared-number-changed", SHARED, "on rates for update to service_role using (true)",
        "on rates for update to authenticated using (true) with check (percent > 0)",
        "isolation.foreign-update", "public.rates", FindingSeverity.WEAKNESS,
    ),
    Examined(
        "removed-member", KEYED, "public.me() and m.removed_at is null", "public.me()",
        "isolation.foreign-select", "public.notes",
    ),
    Examined(
        "author-alone", KEYED, "actor_id = (select me()) and workspace_id in (select my_workspaces())",
        "actor_id = (select me())", "isolation.foreign-insert", "public.notes",
    ),
    Examined(
        "search-of-all", KEYED,
        "(workspace is null or n.workspace_id = workspace) and n.workspace_id in (select public.my_workspaces())",
        "(workspace is null or n.workspace_id in (select public.my_workspaces()))",
        "isolation.function-reads", "public.search_notes(text, text)",
    ),
    Examined(
        "any-partner", SIDES, "p.seller_id = products.org_id and p.buyer_id", "p.buyer_id",
        "isolation.foreign-select", "public.products",
    ),
    Examined(
        "folder-by-prefix", FOLDERS, "(storage.foldername(name))[1] in (select my_slugs())",
        "exists (select from my_slugs() s where name like s || '%')", "isolation.foreign-select", "storage.objects",
    ),
    Examined(
        "copied-unread", COPIES,
        "d.id = document and d.org_id in (select public.my_orgs()) and org", "d.id = document and org",
        "isolation.function-writes", "public.duplicate(uuid, uuid)",
    ),
    Examined(
        "place-alone", DEVICES, "location_id = (select kiosk_location()) and org_id = (select kiosk_org())",
        "location_id = (select kiosk_location())", "isolation.foreign-insert", "public.check_ins",
    ),
    Examined(
        "role-alone", ROLES, "::uuid is distinct from clinic", "::uuid <> clinic",
        "isolation.outsider-select", "public.patients",
    ),
    Examined(
        "number-alone", FLEET, "t.trip_id = new.trip_id and t.org_id = new.org_id", "t.trip_id = new.trip_id",
        "isolation.side-effect", "public.trips",
    ),
    Examined(
        "restriction-that-permits", FLEET, "as restrictive for update", "for update",
        "isolation.foreign-update", "public.trips",
    ),
    Examined(
        "cancelled-elsewhere", VISITS,
        "with check (patient_id in (select my_patients()) and state", "with check (state",
        "isolation.foreign-update", "public.visits",
    ),
    Examined(
        "any-agent-will-do", SUPPORT, "a.user_id = (select auth.uid())", "a.user_id = a.user_id",
        "isolation.function-writes", "public.begin_support(uuid, text)",
    ),
    Examined(
        "expired", SCHOOL,
        "  where m.user_id = (select auth.uid()) and (m.expires_at is null or m.expires_at > now())\n",
        "  where m.user_id = (select auth.uid())\n", "isolation.foreign-select", "public.courses",
    ),
    Examined(
        "may-anywhere", SCHOOL, "where m.org_id = org and m.user_id", "where m.user_id",
        "isolation.foreign-insert", "public.pupils",
    ),
    Examined(
        "address-of-all", SCHOOL, "on pupils (email, org_id)", "on pupils (email)",
        "isolation.constraint-oracle", "public.pupils",
    ),
    Examined(
        "code-alone", SCHOOL, "c.code = rename_course.code and c.org_id = org", "c.code = rename_course.code",
        "isolation.function-writes", "public.rename_course(uuid, text, text)",
    ),
    Examined(
        "state-alone", SCHOOL, "c.state = 'asked' and c.org_id in (select public.my_orgs())", "c.state = 'asked'",
        "isolation.function-writes", "public.post_course(text, uuid)",
    ),
    Examined(
        "compared-by-other-names", SCHOOL, "\n    or school not in (select public.my_orgs())", "",
        "isolation.function-reads", "public.is_free(text, uuid)",
    ),
    Examined(
        "order-as-text", SCHOOL, "c.%I", "c.%s", "isolation.function-reads", "public.sorted(text)",
    ),
    Examined(
        "joined-by-name", SCHOOL, "i.org_id = o.id and i.email = new.email and",
        "o.name = new.raw_user_meta_data ->> 'school' or i.org_id = o.id and i.email = new.email and",
        "isolation.escalation", "public.members",
    ),
    Examined(
        "list-of-nobody", SCHOOL,
        "(auth.uid() = any (mentors) or mentors = '{}'))\n  with check (org_id in (select my_orgs()))",
        "(auth.uid() = any (mentors) or mentors = '{}') or mentors = '{}')\n  with check (auth.uid() = any (mentors))",
        "isolation.foreign-update", "public.pupils",
    ),
    Examined(
        "file-that-bears-the-name", SCHOOL, "o || '/%'", "'%' || o || '%'",
        "isolation.foreign-insert", "storage.objects",
    ),
)  # fmt: skip

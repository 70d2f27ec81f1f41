"""Calibration finds how a member's token looks; the clients are all who may come."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable

import pytest

from fixtures.database.server import Server
from fixtures.tenancy.claims import mine
from fixtures.tenancy.identities import Client, Standing, clients
from fixtures.tenancy.proof import _counter
from fixtures.tenancy.tokens import Tokens, always, calibrated
from fixtures.tenancy.trial import Trial
from tests.tenancy.schemas import CLINICS, Build, worlds_of

TABLES = """
create table clinics (id uuid primary key, name text not null);
create table visits (id uuid primary key default gen_random_uuid(), clinic_id uuid not null references clinics);
alter table visits enable row level security;
"""
JWT = "(select auth.jwt())"
SHAPES = {
    "scalar": (f"clinic_id::text = {JWT} -> 'app_metadata' ->> 'clinic_id'", str),
    "array": (
        f"clinic_id::text in (select jsonb_array_elements_text({JWT} -> 'app_metadata' -> 'clinics'))",
        list,
    ),
    "keys of an object": (
        f"clinic_id::text in (select jsonb_object_keys({JWT} -> 'app_metadata' -> 'clinics'))",
        dict,
    ),
}

Calibrate = Callable[[str], tuple[Tokens, list[Client]]]


@pytest.fixture(scope="module")
def calibrate(postgres: Server, build: Build) -> Calibrate:
    """The tokens and the clients of a schema, found once."""

    @functools.cache
    def found(sql: str) -> tuple[Tokens, list[Client]]:
        with worlds_of(postgres, build(sql)) as worlds, contextlib.closing(Trial(worlds)) as trial:
            catalogue = worlds.model.catalogue
            tokens = calibrated(worlds.model, mine(catalogue), worlds.ours, _counter(trial, catalogue))
            shaped = {path: shape(worlds.ours) for path, shape in tokens.shapes.items()}
            fixed = Tokens(worlds.model, tokens.mined, {p: always(v) for p, v in shaped.items()})
            everybody = clients(
                tokens, worlds.ours, worlds.second, worlds.foreign[0], edges=worlds.edges, variants=worlds.variants
            )
            return fixed, everybody

    return found


@pytest.mark.parametrize("form", SHAPES)
def test_shape_of_the_claim_is_found(calibrate: Calibrate, form: str) -> None:
    """By trying: it is the one that shows the own rows."""
    rule, kind = SHAPES[form]
    tokens, everybody = calibrate(f"{TABLES} create policy own on visits using ({rule});")
    values = [shape(None) for path, shape in tokens.shapes.items() if path[-1] in {"clinic_id", "clinics"}]  # type: ignore[arg-type]
    assert kind in {type(value) for value in values}
    assert "member of ours" == everybody[0].label


def test_everybody_comes(calibrate: Calibrate) -> None:
    """Members of each kind, outsiders, forgers, members of ours whose membership elsewhere is not in force."""
    _, everybody = calibrate(CLINICS)
    standings = {client.standing for client in everybody}
    assert set(Standing) == standings
    assert len(everybody) == len({client.label for client in everybody})
    labels = " / ".join(client.label for client in everybody)
    for wanted in (
        "of a second one",
        "anonymous client",
        "no tenant, empty tenant",
        "malformed",
        "user_metadata",
        "headers",
    ):
        assert wanted in labels


def test_honest_tokens_name_no_foreign_tenant(calibrate: Calibrate) -> None:
    """Only a forger's does, and only where a client can write."""
    _, everybody = calibrate(CLINICS)
    foreign = next(c for c in everybody if "user_metadata" in c.label).identity.claims
    assert foreign is not None
    key = foreign["user_metadata"]["clinic_id"]
    for client in everybody:
        honest = {name: v for name, v in (client.identity.claims or {}).items() if name != "user_metadata"}
        assert key not in str(honest), client.label


def test_malformed_tokens_are_no_legal_ones(calibrate: Calibrate) -> None:
    """A rule that fails on them breaks no promise; an empty claim it has to bear."""
    _, everybody = calibrate(CLINICS)
    legal = {client.label: client.legal for client in everybody}
    assert not legal["user of no tenant, malformed tenant"]
    assert legal["user of no tenant, empty tenant"]


def test_schema_without_claims_needs_none(calibrate: Calibrate) -> None:
    """Memberships alone: the token is Supabase's own."""
    rule = "clinic_id in (select s.clinic_id from staff s where s.user_id = (select auth.uid()))"
    sql = CLINICS.split("create policy")[0] + f"create policy own on visits using ({rule});"
    tokens, _ = calibrate(sql)
    assert {} == dict(tokens.shapes)

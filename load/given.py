"""What a process of Locust is given: which target, as its record and the environment say, and which traffic."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from fixtures.target.canaries import Organisation, load_canaries
from fixtures.target.record import RecordError, TargetRecord, choose_record, load_records
from fixtures.target.target import check_addresses
from fixtures.vapi.signing import SigningPlan, signing_plan
from load.identity import identity_of
from load.profiles import TrafficProfile, load_profile

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Given:
    """A target that allows load, and a traffic profile."""

    record: TargetRecord
    profile: TrafficProfile
    organisations: tuple[Organisation, ...]
    signing: SigningPlan
    url: str
    secret: str = field(repr=False)

    @property
    def identity(self) -> str:
        """The same in two processes that mean the same target."""
        return identity_of(self.url, self.record, self.organisations, self.secret)


def read_given(target: str, traffic: str, traffic_file: Path) -> Given:
    """Read all of it. Raises RecordError, ProfileError where load is not allowed, or something is missing."""
    record = choose_record(load_records(PROJECT / "pyproject.toml"), target)
    _require_load(record)
    signing = signing_plan(record.vapi_auth, record.name)
    return Given(
        record=record,
        profile=load_profile(traffic, traffic_file),
        organisations=load_canaries(Path(_variable("VOXANNE_CANARIES"))),
        signing=signing,
        url=_variable("BACKEND_URL").rstrip("/"),
        secret="" if signing.plan == "none" else _variable("VAPI_WEBHOOK_SECRET"),
    )


def _require_load(record: TargetRecord) -> None:
    for permission in ("load", "canary-writes"):
        if permission not in record.may:
            raise RecordError(f"target {record.name} does not allow {permission}")
    check_addresses(record, os.environ)


def _variable(name: str) -> str:
    if value := os.environ.get(name):
        return value
    raise RecordError(f"{name} is not set")

"""Workers agree on where they send what, and how they sign it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.reference.canaries import write_canary_file
from fixtures.target.canaries import Organisation, load_canaries
from fixtures.target.record import Paths, TargetRecord
from load.identity import identity_of

URL, RECORD, SECRET = "http://127.0.0.1:1", TargetRecord("one"), "planted-secret"


@pytest.fixture
def clinics(tmp_path: Path) -> tuple[Organisation, ...]:
    write_canary_file(tmp_path / "canaries.toml")
    return load_canaries(tmp_path / "canaries.toml")


def test_what_matters_is_in_it(clinics: tuple[Organisation, ...]) -> None:
    """The address, the paths, the signing, every member of the clinics, the secret; not what the target is called."""
    own = identity_of(URL, RECORD, clinics, SECRET)
    elsewhere = (replace(clinics[0], opens="07:00"), *clinics[1:])
    others = [
        identity_of("http://127.0.0.1:2", RECORD, clinics, SECRET),
        identity_of(URL, replace(RECORD, paths=Paths(lookup="/lookup")), clinics, SECRET),
        identity_of(URL, replace(RECORD, vapi_auth={"timestamp_unit": "s"}), clinics, SECRET),
        identity_of(URL, RECORD, elsewhere, SECRET),
        identity_of(URL, RECORD, clinics, "another-secret"),
    ]
    assert 6 == len({own, *others})
    assert own == identity_of(URL, replace(RECORD, name="other"), clinics, SECRET)
    assert SECRET not in own

"""The canary file, in its stable form."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.reference.canaries import CLINICS, write_canary_file
from fixtures.target.canaries import load_canaries
from fixtures.target.record import RecordError

ID = "11111111-1111-4111-8111-111111111111"
DESIGN = """
[[organisation]]
id = "11111111-1111-4111-8111-111111111111"
name = "Canary Clinic A"
timezone = "America/New_York"
assistant_id = "aaaaaaaa-0000-4000-8000-000000000001"   # Vapi assistant, in agents.vapi_assistant_id
phone_number_id = "aaaaaaaa-0000-4000-8000-000000000002"
phone_number = "+12025550100"                           # the assistant's own number, in phone_number_mapping
transfer_number = "+12025550110"
departments = { general = "+12025550110", billing = "+12025550111", medical = "+12025550112" }
opens = "09:00"
closes = "17:00"
[[organisation.contact]]                                # known callers
name = "Canary Alpha"
phone = "+12025550120"
email = "alpha@canary.example"
[[organisation.user]]                                   # dashboard users; the password's variable, never the password
email = "owner-a@canary.example"
role = "owner"
password = "env:CANARY_A_PASSWORD"
"""


def test_form_of_the_design(tmp_path: Path) -> None:
    """Its own example, twice."""
    (tmp_path / "c.toml").write_text(DESIGN + DESIGN.replace("1111", "2222"))
    first, second = load_canaries(tmp_path / "c.toml")
    assert ("Canary Alpha", "env:CANARY_A_PASSWORD") == (first.contact[0].name, first.user[0].password)
    assert (first.id, second.id) == (ID, ID.replace("1111", "2222"))


def test_reference_writes_what_is_read(tmp_path: Path) -> None:
    """There and back."""
    write_canary_file(tmp_path / "c.toml")
    assert CLINICS == load_canaries(tmp_path / "c.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DESIGN, "isolation needs two organisations, found 1"),
        (DESIGN * 2 + "\n[[organisation]]\nid = 'x'\n", "organisation 3: lacks 'name'"),
        (DESIGN.replace("opens =", "open ="), "unknown key 'open' (did you mean 'opens'?)"),
        (DESIGN.replace("America/New_York", "America/Gotham"), "organisation Canary Clinic A"),
        (DESIGN.replace('"09:00"', '"nine"'), "organisation Canary Clinic A"),
        ("[[", "canary file"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, says: str) -> None:
    """With the record and the key."""
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(RecordError) as caught:
        load_canaries(tmp_path / "c.toml")
    assert says in str(caught.value)

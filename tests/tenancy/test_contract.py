"""The contract file: what it declares is understood, what it misspells ends the run with one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.tenancy.contract import Contract, ContractError, read_contract

WHOLE = """
tenant_table = "clinics"
tenant_columns = ["clinic_id"]
shared = ["plans", "app.rates"]
private = ["audit_trail"]
may_cross = ["accept_invitation"]
"""


def written(folder: Path, text: str) -> Path:
    """As a file."""
    path = folder / "contract.toml"
    path.write_text(text)
    return path


def test_names_without_schema_are_of_public(tmp_path: Path) -> None:
    """As everywhere in SQL."""
    expected = Contract(
        "public.clinics",
        ("clinic_id",),
        frozenset({"public.plans", "app.rates"}),
        frozenset({"public.audit_trail"}),
        frozenset({"public.accept_invitation"}),
    )
    assert expected == read_contract(written(tmp_path, WHOLE))


def test_empty_file_declares_nothing(tmp_path: Path) -> None:
    """All of it is optional."""
    assert Contract() == read_contract(written(tmp_path, ""))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("share = []", "unknown share"),
        ("shared = 'plans'", "are lists of names"),
        ("shared = [1]", "are lists of names"),
        ("shared = [", "contract.toml"),
    ],
)
def test_unusable_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    """With what is wrong."""
    with pytest.raises(ContractError, match=told) as raised:
        read_contract(written(tmp_path, text))
    assert "\n" not in str(raised.value).strip()


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """A mistyped path is no empty contract."""
    with pytest.raises(ContractError, match=r"no\.toml"):
        read_contract(tmp_path / "no.toml")

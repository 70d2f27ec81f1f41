"""Target records and addresses, read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fixtures.target.record import Limits, RecordError, TargetRecord, build, choose_record, load_records
from fixtures.target.target import check_addresses, is_loopback, needed_variables, refuses
from tests.gate import PROJECT


def record(**members: Any) -> TargetRecord:
    return build(TargetRecord, {"name": "x", **members}, "target x")


def test_our_own_records() -> None:
    """The targets that the design names, and production is read-only as shipped."""
    records = load_records(PROJECT / "pyproject.toml")
    assert {"reference", "local", "staging", "production"} <= records.keys()
    assert ("read",) == records["production"].may
    assert "loopback" == records["local"].addresses


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"adresses": "loopback"}, "unknown key 'adresses' (did you mean 'addresses'?)"),
        ({"limits": {"conect": 1.0}}, "limits: unknown key 'conect' (did you mean 'connect'?)"),
        ({"addresses": "lan"}, "addresses must be one of loopback, any, not 'lan'"),
        ({"may": "read"}, "may must be a list"),
        ({"may": ["read", "delete"]}, "may must be one of"),
        ({"limits": 5}, "limits must be a table"),
        ({"disposable_database": "yes"}, "is of the wrong type"),
        ({"limits": {"size": True}}, "is of the wrong type"),
        ({"limits": {"size": 1.5}}, "is of the wrong type"),
    ],
)
def test_faults_are_named(members: dict[str, Any], says: str) -> None:
    """Down to the last key, with the nearest right one."""
    with pytest.raises(RecordError) as caught:
        record(**members)
    assert says in str(caught.value)


def test_values_become_records() -> None:
    """Tables inside tables; whole numbers where fractions may stand."""
    assert Limits(connect=2, size=10) == record(limits={"connect": 2, "size": 10}).limits


def test_unknown_target_lists_the_known() -> None:
    """With the nearest one."""
    with pytest.raises(RecordError, match="did you mean 'local'"):
        choose_record({"local": record()}, "locl")


def test_unreadable_project_file(tmp_path: Path) -> None:
    """One line."""
    with pytest.raises(RecordError):
        load_records(tmp_path / "none.toml")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1", "/tmp/socket"])
def test_loopback(host: str) -> None:
    """All of this machine."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "0.0.0.0", "localhost.example.com", "127.0.0.1.nip.io", "::", "db"])
def test_not_loopback(host: str) -> None:
    """Names that only look like it, and addresses that may be elsewhere."""
    assert not is_loopback(host)


LOCAL = record(addresses="loopback")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKEND_URL", "http://127.0.0.1:3001"),
        ("BACKEND_URL", "http://[::1]:3001/"),
        ("SUPABASE_URL", "http://localhost:54321"),
        ("DATABASE_URL", "postgresql://postgres:secret@127.0.0.1:5432/x"),
        ("DATABASE_URL", "host=/tmp/voxanne dbname=x"),
        ("DATABASE_URL", "dbname=x"),
    ],
)
def test_local_accepts_this_machine(name: str, value: str) -> None:
    """In every form of address."""
    check_addresses(LOCAL, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKEND_URL", "https://voxanne-backend.onrender.com"),
        ("BACKEND_URL", "http://localhost@evil.example/"),
        ("BACKEND_URL", "http://127.0.0.1.nip.io/"),
        ("SUPABASE_URL", "https://x.supabase.co"),
        ("DATABASE_URL", "postgresql://u:secret@db.example/x"),
        ("DATABASE_URL", "postgresql://u:secret@127.0.0.1,db.example/x"),
        ("DATABASE_URL", "host=localhost hostaddr=10.0.0.5 password=secret"),
    ],
)
def test_local_refuses_the_rest(name: str, value: str) -> None:
    """And does not repeat a password."""
    with pytest.raises(RecordError, match="loopback addresses only") as caught:
        check_addresses(LOCAL, {name: value})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["localhost:3001", "ftp://127.0.0.1", "http://", "http://127.0.0.1:port"])
def test_malformed_address(value: str) -> None:
    """Named, not shown."""
    with pytest.raises(RecordError, match="BACKEND_URL is not an http"):
        check_addresses(LOCAL, {"BACKEND_URL": value})


def test_needs_become_variables() -> None:
    """By the record: how effects are read back, and whether anything is signed."""
    assert ["BACKEND_URL", "DATABASE_URL"] == needed_variables(record(), ["backend", "readback"])
    supabase = record(readback="supabase", vapi_auth={"plan": "none"})
    assert ["SUPABASE_URL", "SUPABASE_SERVICE_ROLE_KEY"] == needed_variables(supabase, ["signing", "readback"])


@pytest.mark.parametrize(
    ("members", "needs", "marks", "says"),
    [
        ({}, [], ["writes"], "does not allow canary-writes"),
        ({}, [], ["latency"], "does not allow load"),
        ({}, [], ["disruptive"], "does not allow disruptive"),
        ({}, ["disposable-database"], [], "disposable_database = true"),
        ({"readback": "none"}, ["readback"], [], "gives no access to its database"),
    ],
)
def test_permissions(members: dict[str, Any], needs: list[str], marks: list[str], says: str) -> None:
    """Refused with the key of the record that says so."""
    assert says in refuses(record(**members), needs, marks)


def test_permitted() -> None:
    """Reading always is; the rest where the record says so."""
    assert "" == refuses(record(), ["backend", "readback"], ["contract"])
    generous = record(may=["read", "canary-writes", "load"], disposable_database=True)
    assert "" == refuses(generous, ["disposable-database"], ["writes", "latency"])

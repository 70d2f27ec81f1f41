"""What a client's statement does is seen, undone and bounded, whatever a function is up to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest

from fixtures.database.impersonation import Identity
from fixtures.database.server import Server
from fixtures.tenancy.breach import Bench
from fixtures.tenancy.identities import Client, Standing
from fixtures.tenancy.observation import TOO_LONG, Seen
from fixtures.tenancy.probe import Aim, Probe
from fixtures.tenancy.tokens import token
from fixtures.tenancy.trial import Trial
from tests.tenancy.schemas import CLINICS, Build, worlds_of

HEAD = "create function {} returns {} language plpgsql security definer set search_path = '' as $$begin {} end$$;"
SCHEMA = CLINICS + "".join(
    HEAD.format(name, kind, body)
    for name, kind, body in (
        ("sleeps()", "int", "perform pg_sleep(600); return 1;"),
        ("loops()", "int", "loop end loop; return 1;"),
        ("drops()", "int", "drop table public.visits; return 1;"),
        ("empties()", "int", "truncate public.visits; return 1;"),
        ("floods()", "int", "for n in 1..20000 loop raise notice 'n %', n; end loop; return 1;"),
        ("speaks()", "int", "raise notice 'there are %', (select count(*) from public.visits); return 1;"),
        ("counts()", "bigint", "return (select count(*) from public.visits);"),
        ("kills()", "bool", "return pg_terminate_backend(pg_backend_pid());"),
        ("ends()", "int", "raise exception using errcode = 'VXEND'; return 1;"),
        ("grows()", "int", "create table public.more as select n from generate_series(1, 1000) n; return 1;"),
    )
)
LIMIT_S = 25

Call = Callable[[str], tuple[Seen, Seen]]


@pytest.fixture(scope="module")
def trial(postgres: Server, build: Build) -> Iterator[Trial]:
    """In worlds of a schema with every kind of nuisance."""
    with worlds_of(postgres, build(SCHEMA)) as worlds, contextlib.closing(Trial(worlds)) as made:
        yield made


@pytest.fixture
def member(trial: Trial) -> Client:
    """Of ours."""
    ours = trial.worlds.ours
    claims = token(ours.user(0)) | {"app_metadata": {"clinic_id": ours.key}}
    return Client(Identity("member", "authenticated", claims), Standing.MEMBER)


@pytest.fixture
def call(trial: Trial, member: Client) -> Call:
    """What a member sees of a function, in the full world and in the other."""

    def called(name: str) -> tuple[Seen, Seen]:
        function = next(f for f in trial.worlds.model.catalogue.functions.values() if f.name == name)
        probe = Probe(Aim.CALL, "call", function.oid, "", f"select public.{name}() as result")
        (one,) = trial.tried(member, _loaded(trial, probe))
        return one.full, one.other

    return called


def _loaded(trial: Trial, *probes: Probe) -> list[int]:
    numbers = trial.add(probes)
    trial.load()
    return numbers


def rows(trial: Trial) -> int:
    """Visits in the full world, counted past every policy."""
    with psycopg.connect(trial.worlds.full.dsn) as connection:
        found = connection.execute("select count(*) from visits").fetchone()
    assert found is not None
    return int(found[0])


def test_notice_that_comes_once_in_a_session_is_no_difference(trial: Trial, member: Client) -> None:
    """As of a text search without words, when it is planned: it is asked for anew, in sessions of their own."""
    functions = {function.name: function.oid for function in trial.worlds.model.catalogue.functions.values()}
    quiet = Probe(Aim.CALL, "call", functions["empties"], "", "select 1 as result")
    telling = Probe(Aim.CALL, "call", functions["speaks"], "", "select public.speaks() as result")
    alike, different = trial.tried(member, _loaded(trial, quiet, telling))
    bench = Bench(trial)
    assert not bench.is_steady(replace(alike, other=replace(alike.other, notices="ignored")))
    assert different.full.notices != different.other.notices
    assert bench.is_steady(different)


def test_notice_that_comes_once_hides_no_difference(trial: Trial, member: Client) -> None:
    """What is returned differs as well, and goes on doing so."""
    functions = {function.name: function.oid for function in trial.worlds.model.catalogue.functions.values()}
    probe = Probe(Aim.CALL, "call", functions["counts"], "", "select public.counts() as result")
    (one,) = trial.tried(member, _loaded(trial, probe))
    assert one.full.observed[:-1] != one.other.observed[:-1]
    assert Bench(trial).is_steady(replace(one, other=replace(one.other, notices="ignored")))


@pytest.mark.parametrize("name", ["sleeps", "loops"])
def test_what_takes_too_long_is_stopped_and_told(call: Call, name: str) -> None:
    """Within seconds, and it is not tried a second time."""
    started = time.monotonic()
    assert {TOO_LONG} == {seen.state for seen in call(name)}
    assert time.monotonic() - started < LIMIT_S
    again = time.monotonic()
    assert {TOO_LONG} == {seen.state for seen in call(name)}
    assert time.monotonic() - again < 1


def test_one_that_sleeps_spoils_no_other(trial: Trial, member: Client, call: Call) -> None:
    """In one batch with it, the others are judged."""
    call("sleeps")
    table = trial.worlds.model.catalogue.by_name["public.visits"]
    sleeper = next(n for probe, n in trial.numbers.items() if "sleeps" in probe.statement)
    reads = [Probe(Aim.READ, "select", table.oid, f"{n}", f"select * from visits limit {n}") for n in range(1, 4)]
    tried = list(trial.tried(member, [*_loaded(trial, *reads), sleeper]))
    assert ["00000", "00000", "00000", TOO_LONG] == [one.full.state for one in tried]


def test_dropped_table_is_seen_and_back(trial: Trial, call: Call) -> None:
    """By an event trigger; and the batch is undone."""
    before = rows(trial)
    full, _ = call("drops")
    assert [("X", "public.visits")] == [
        (change.operation, change.before) for change in full.changes if change.operation == "X"
    ]
    assert before == rows(trial)


def test_emptied_table_is_seen_and_full_again(trial: Trial, call: Call) -> None:
    """TRUNCATE fires no trigger of rows."""
    before = rows(trial)
    full, _ = call("empties")
    assert "T" in {change.operation for change in full.changes}
    assert before == rows(trial)


def test_made_table_is_gone(trial: Trial, call: Call) -> None:
    """DDL is undone as well."""
    assert call("grows")[0].worked
    with psycopg.connect(trial.worlds.full.dsn) as connection:
        assert (None,) == connection.execute("select to_regclass('public.more')").fetchone()


def test_flood_of_notices_is_kept_short(call: Call) -> None:
    """And costs no more than seconds."""
    started = time.monotonic()
    full, _ = call("floods")
    assert full.worked
    assert len(full.notices.splitlines()) <= 50
    assert time.monotonic() - started < LIMIT_S


def test_notices_of_a_batch_are_told_apart(trial: Trial, member: Client) -> None:
    """Each probe has its own, whichever else was tried with it."""
    named = {f.name: f.oid for f in trial.worlds.model.catalogue.functions.values()}
    calls = [f"select public.{name}() as result" for name in ("ends", "speaks", "grows", "floods")]
    probes = [Probe(Aim.CALL, "call", named[c.split(".")[1].split("(")[0]], "batch", c) for c in calls]
    tried = list(trial.tried(member, _loaded(trial, *probes)))
    assert [False, True, False, True] == [bool(one.full.notices) for one in tried]
    assert tried[1].full.notices.startswith("there are")
    assert tried[3].full.notices.startswith("n 1\n")


def test_notice_tells_worlds_apart(call: Call) -> None:
    """What a function says beside its result reaches the client, too."""
    full, other = call("speaks")
    assert full.digest == other.digest
    assert full.observed != other.observed


def test_function_that_ends_its_session(call: Call) -> None:
    """It is told as what it is, and the next probe has a session."""
    full, _ = call("kills")
    assert not full.worked
    assert call("speaks")[0].worked


def test_function_that_knows_the_drivers_word(call: Call) -> None:
    """It raises what the driver itself ends a probe with; nothing of it stays, and no result is made up."""
    full, other = call("ends")
    assert full.observed == other.observed
    assert full.digest is None


def test_foreign_row_is_seen_only_through_a_hole(trial: Trial, member: Client) -> None:
    """The neighbour: a read under policies shows the same in both worlds."""
    table = trial.worlds.model.catalogue.by_name["public.visits"]
    (one,) = trial.tried(
        member, _loaded(trial, Probe(Aim.READ, "select", table.oid, "all rows", "select * from visits"))
    )
    assert one.full.observed == one.other.observed
    assert one.full.affected

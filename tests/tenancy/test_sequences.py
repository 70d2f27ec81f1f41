"""Sequences of steps: what only several of them open is found, shrunk and reproduced; what is healthy is not blamed."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import Verbosity, settings

from fixtures.database.schema import SchemaFile, load_schema
from fixtures.database.server import Server
from fixtures.defects.schemas.base import SAMPLE_ROWS, base_schema, healthy_text, render
from fixtures.defects.schemas.catalogue import HEALTHY_SCHEMAS
from fixtures.defects.schemas.rehearsal import first_failure
from fixtures.defects.schemas.sequences import SEQUENCE_DEFECTS, SequenceDefect
from fixtures.tenancy.findings import proof_findings
from fixtures.tenancy.proof import Proof
from fixtures.tenancy.sequences.company import Company, Play
from fixtures.tenancy.sequences.exploring import explore
from fixtures.tenancy.sequences.step import Explored, Part
from fixtures.verdict.finding import Finding, FindingSeverity
from tests.gate import PROJECT
from tests.sampling import git
from tests.schema_generator import generated_schema
from tests.tenancy.schemas import CLINICS, Audited, Build, breach_of

CI = settings(derandomize=True, max_examples=30, database=None, verbosity=Verbosity.quiet, print_blob=False)
"""Small, and the same every time."""
DEFECTS, HEALTHY = 3, 1
"""So many without `--all-defects`."""
LONGEST = 3
"""Steps of the shortest sequence that shows any of the defects."""
WITH_MEMBERS = [h for h in HEALTHY_SCHEMAS if h.complete and "member" in h.sql and not h.undo]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All with `--all-defects`, else a sample by the commit."""
    dice = random.Random(git("rev-parse", "HEAD"))
    everything = metafunc.config.getoption("all_defects")
    records: tuple[tuple[str, list[Any], int], ...] = (
        ("defect", list(SEQUENCE_DEFECTS), DEFECTS),
        ("healthy", WITH_MEMBERS, HEALTHY),
    )
    for name, found, count in records:
        if name in metafunc.fixturenames:
            chosen = found if everything else dice.sample(found, count)
            metafunc.parametrize(name, chosen, ids=lambda record: record.id)


def _played(proof: Proof) -> list[Finding]:
    """The findings of a proof after sequences were played."""
    proof.explored = explore(proof, CI)
    return proof_findings(proof)


def _schema(defect: SequenceDefect, sql: str) -> str:
    return base_schema(defect.dialect) + render(sql, defect.dialect)


@pytest.mark.parametrize("record", SEQUENCE_DEFECTS, ids=lambda record: record.id)
def test_only_the_defect_can_be_exploited(record: SequenceDefect, postgres: Server) -> None:
    """On the sample data all steps of the exploit hold with it, and not all of them with its twin."""
    seen = {}
    for name, sql in (("defect", record.sql), ("twin", record.twin)):
        dsn = postgres.create_database()
        files = [SchemaFile(Path(f"{n}.sql"), text) for n, text in enumerate((_schema(record, sql), SAMPLE_ROWS))]
        assert () == load_schema(dsn, files).failures
        with psycopg.connect(dsn, autocommit=True) as connection:
            seen[name] = first_failure(connection, record.exploit)
        postgres.drop_database(dsn)
    assert "" == seen["defect"]
    assert seen["twin"]


def test_defect_is_found_by_a_sequence_alone(defect: SequenceDefect, audited: Audited, build: Build) -> None:
    """Nothing else accuses it; the sequence is as short as it gets, and its script shows the breach on the schema."""
    sql = _schema(defect, defect.sql)
    serious = [f for f in _played(audited(sql)) if f.severity is not FindingSeverity.NOTE]
    assert {("isolation.sequence", defect.objects[0])} == {(f.rule, f.object) for f in serious}, _told(serious)
    explored = audited(sql).explored
    assert explored is not None
    assert all(len(sequel.steps) <= LONGEST for sequel in explored.sequels), _told(serious)
    script = serious[0].reproduce
    assert breach_of(build(sql), script) is True, script
    assert breach_of(build(sql), script) is True, "it undoes itself"


def test_twin_is_not_blamed(defect: SequenceDefect, audited: Audited) -> None:
    """The nearest healthy migration; notes at most."""
    serious = [f for f in _played(audited(_schema(defect, defect.twin))) if f.severity is not FindingSeverity.NOTE]
    assert [] == serious, _told(serious)


def test_healthy_schema_is_not_blamed(healthy: Any, audited: Audited) -> None:
    """Whatever idiom its memberships are written in."""
    found = explore(audited(healthy_text(healthy, "own")), CI)
    assert [] == _words(found)


def test_reference_schema_is_not_blamed(audited: Audited) -> None:
    """Steps by everybody, some hundred of them."""
    files = sorted((PROJECT / "fixtures" / "reference" / "schema").glob("*.sql"))
    found = explore(audited("\n".join(file.read_text(encoding="utf-8") for file in files)), CI)
    assert [] == _words(found)
    assert 300 < found.steps


def test_generated_schema_is_not_blamed(audited: Audited) -> None:
    """Of every shape."""
    assert [] == _words(explore(audited(generated_schema(6)), CI))


def test_nothing_is_left(audited: Audited) -> None:
    """Each example begins where the first one did, and the worlds stay as they were."""
    company = Company(audited(CLINICS))
    step = company.steps["admissions"][0]
    try:
        for _ in range(2):
            play = Play(company)
            assert play.act(step) is None
            assert [step] == play.steps
    finally:
        company.close()
    with psycopg.connect(audited(CLINICS).worlds.full.dsn) as connection:
        found = connection.execute("select to_regprocedure('voxanne_audit.look_authenticated(text, text[])')")
        assert (None,) == found.fetchone()


def test_attackers_and_owners_really_act(audited: Audited) -> None:
    """A member of ours can write, a foreign member can too, and neither is stopped by how they are played."""
    company = Company(audited(CLINICS))
    try:
        mine = [company.step(move, company.cast.attackers[0]) for move in company.moves]
        assert any(Play(company).act(step) is None and _changes(company, step) for step in mine)
        owners = company.steps["owners"]
        assert Part.OWNER is owners[0].part
        assert _changes(company, owners[0])
    finally:
        company.close()


def _changes(company: Company, step: Any) -> bool:
    play = Play(company)
    play.act(step)
    return play.changed


def _words(found: Explored) -> list[str]:
    return [f"{' -> '.join(step.words for step in s.steps)}: {s.objection.words}" for s in found.sequels]


def _told(findings: list[Finding]) -> str:
    return "\n".join(f"{f.rule} {f.object}: {f.summary[:400]}" for f in findings)

"""Exact counts, and evidence on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from load.evidence import read_recording, write_recording
from load.histogram import Latencies, by_worker
from load.recording import Account, Counts, Ending, Kind, Place, Recording, Sample, count, merge

SAMPLES = (
    Sample(0, "lookup", 0, 3.0, 0.0, 0.1),
    Sample(1, "lookup", 0, 9.99, 0.5, 1.6),
    Sample(2, "lookup", 0, 10.0, 0.0, 0.1, "HTTP 500", Kind.STATUS),
    Sample(3, "lookup", 1, 10.0, 0.0, 20.0, "no complete answer", Kind.TIMEOUT, worker=1),
    Sample(4, "booking", 1, 12.0, 0.0, 0.5, "the run ended", Kind.UNANSWERED, worker=1),
    Sample(5, "booking", 1, 12.5, 0.0, 2.5, "the run ended", Kind.UNANSWERED, worker=1),
)


def test_counts_by_hand() -> None:
    """By block of intended time, kind and clinic; what the end of the run cut off is late only if it was overdue."""
    assert {
        Place(0, "lookup", 0): Counts(offered=2, late=1, late_sent=0),
        Place(1, "lookup", 0): Counts(offered=1, late=1, late_sent=1, wrong=1),
        Place(1, "lookup", 1): Counts(offered=1, late=1, late_sent=1, failed=1),
        Place(1, "booking", 1): Counts(offered=2, late=1, late_sent=1),
    } == count(SAMPLES, 2.0)


def test_counts_of_workers_add_up() -> None:
    """To those of all samples together."""
    parts = [count([sample for sample in SAMPLES if sample.worker == worker], 2.0) for worker in (0, 1)]
    assert count(SAMPLES, 2.0) == merge(*parts)


def test_faults_are_kept_by_kind() -> None:
    """And by what they say."""
    made = Recording((), SAMPLES)
    assert 2 == made.faults[Kind.UNANSWERED, "the run ended"]
    assert 1 == made.faults[Kind.TIMEOUT, "no complete answer"]


def test_one_file_for_each_worker(tmp_path: Path) -> None:
    """There and back; an older run's files are gone."""
    accounts = (Account("run", 3, 3, 3, 2, 2000), Account("run", 3, 3, 3, 2, 2000, worker=1, ended=Ending.TERMINATED))
    write_recording(tmp_path, Recording((Account("old", 1, 1, 1, 1, 1, worker=7),), ()))
    made = Recording(accounts, SAMPLES, ("something",))
    write_recording(tmp_path, made)
    assert made == read_recording(tmp_path)
    assert {"worker-0.jsonl", "worker-1.jsonl"} == {path.name for path in tmp_path.glob("*.jsonl")}


def test_the_ending_of_a_run() -> None:
    """Is the first that is not as planned; without workers there was none."""
    finished, lost = Account("run", 1, 1, 1, 1, 1), Account("run", 1, 1, 1, 1, 1, ended=Ending.LOST)
    assert Ending.LOST is Recording((finished, lost), ()).account.ended
    assert Ending.FINISHED is Recording((finished, finished), ()).account.ended
    assert Ending.LOST is Recording((), ()).account.ended


def test_merged_histogram_is_that_of_all() -> None:
    """To three digits, and with every sample in it."""
    samples = [Sample(n, "lookup", 0, 0.0, 0.0, 0.001 * 1.01**n, worker=n % 3) for n in range(1000)]
    merged = by_worker(samples)
    assert 1000 == merged.total
    for share in (0.5, 0.95, 0.99, 1.0):
        exact = sorted(sample.latency_s for sample in samples)[min(999, int(share * 1000))]
        assert pytest.approx(min(exact, 120.0), rel=0.0101 if share < 1 else 0.001) == merged.quantile(share)


def test_a_histogram_bounds_what_it_is_given() -> None:
    """Nothing is lost: what is beyond its range counts as its end."""
    histogram = Latencies([Sample(0, "lookup", 0, 0.0, 0.0, 500.0), Sample(1, "lookup", 0, 0.0, 0.0, 0.0)])
    assert 2 == histogram.total
    assert pytest.approx(120.0, rel=0.001) == histogram.quantile(1.0)

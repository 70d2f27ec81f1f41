"""What is written down before it is created, and struck out when it is gone."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

from fixtures.target.ledger import Ledger
from tests.gate import PROJECT

URL = "http://127.0.0.1:1"
OPEN = """
from pathlib import Path
from fixtures.target.ledger import Ledger
import os, signal, sys
Ledger(Path(sys.argv[1])).open("http://127.0.0.1:1", ("org",), ("marker",))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_live_run_is_not_abandoned(tmp_path: Path) -> None:
    """Its own entry, as long as it lives."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    entry = ledger.open(URL, ("org",), ("marker",))
    assert [] == ledger.abandoned(URL)
    assert 1 == len((tmp_path / "ledger.jsonl").read_text().splitlines())
    ledger.close(entry)
    assert "" == (tmp_path / "ledger.jsonl").read_text()


def test_killed_run_is_abandoned(tmp_path: Path) -> None:
    """After kill -9 its entry is there, whole, and known to be nobody's; on its own backend only."""
    path = tmp_path / "ledger.jsonl"
    subprocess.run([sys.executable, "-c", OPEN, str(path)], cwd=PROJECT, check=False)
    ledger = Ledger(path)
    [entry] = ledger.abandoned(URL)
    assert (("org",), ("marker",)) == (entry.organisations, entry.markers)
    assert [] == ledger.abandoned("http://127.0.0.1:2")


def test_used_process_number_is_not_the_run(tmp_path: Path) -> None:
    """A number that now belongs to another process does not keep an entry alive."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.open(URL, ("org",), ("marker",))
    record = json.loads((tmp_path / "ledger.jsonl").read_text())
    (tmp_path / "ledger.jsonl").write_text(json.dumps({**record, "born": 1.0}) + "\n")
    assert 1 == len(ledger.abandoned(URL))


def _open_some(path: Path) -> None:
    for number in range(10):
        Ledger(path).open(URL, ("org",), (str(number),))


def test_simultaneous_runs_lose_nothing(tmp_path: Path) -> None:
    """Each entry of each of them is there."""
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_open_some, args=(path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert 30 == len(path.read_text().splitlines())

"""Traffic is sent once, whoever asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from load.evidence import write_recording
from load.once import XDIST_RUN, once
from load.recording import Recording
from tests.load.synthetic import recorded


def test_workers_of_one_run_share_the_traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, and has the same samples; the next run sends its own."""
    monkeypatch.setenv(XDIST_RUN, "one run")
    made: list[int] = []

    def make() -> Recording:
        made.append(1)
        write_recording(tmp_path / "load", recorded())
        return recorded()

    got: list[Recording] = []
    threads = [threading.Thread(target=lambda: got.append(once(make, tmp_path / "load"))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] == made
    assert 1 == len({one.samples for one in got})
    monkeypatch.setenv(XDIST_RUN, "another run")
    once(make, tmp_path / "load")
    assert [1, 1] == made


def test_one_process_sends_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older recording in the folder is not taken for its own."""
    monkeypatch.delenv(XDIST_RUN, raising=False)
    write_recording(tmp_path, Recording((), ()))
    assert recorded() == once(recorded, tmp_path)

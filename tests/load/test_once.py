"""Traffic is sent once, whoever asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from load.evidence import write_recording
from load.once import XDIST_RUN, Once
from load.recording import Recording
from load.run import LoadRunError
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
    threads = [threading.Thread(target=lambda: got.append(Once(tmp_path / "load").get(make))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [1] == made
    assert 1 == len({one.samples for one in got})
    monkeypatch.setenv(XDIST_RUN, "another run")
    Once(tmp_path / "load").get(make)
    assert [1, 1] == made


def test_one_process_sends_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older recording in the folder is not taken for its own."""
    monkeypatch.delenv(XDIST_RUN, raising=False)
    write_recording(tmp_path, Recording((), ()))
    assert recorded() == Once(tmp_path).get(recorded)


@pytest.mark.parametrize("processes", ["one", "several"])
def test_traffic_that_came_to_nothing_is_not_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: str
) -> None:
    """By this process, nor by another of the same run; the next run tries anew."""
    monkeypatch.delenv(XDIST_RUN, raising=False)
    if processes == "several":
        monkeypatch.setenv(XDIST_RUN, "one run")
    made: list[int] = []

    def fail() -> Recording:
        made.append(1)
        raise LoadRunError("locust was killed; it had printed s3cr3t")

    one = Once(tmp_path / "load")
    for _ in range(3):
        with pytest.raises(LoadRunError, match="locust was killed"):
            one.get(fail)
    other = Once(tmp_path / "load")
    with pytest.raises(LoadRunError, match="came to nothing" if processes == "several" else "killed"):
        other.get(fail)
    assert {"one": 2, "several": 1}[processes] == len(made)
    assert not any("s3cr3t" in path.read_text() for path in tmp_path.iterdir())
    monkeypatch.setenv(XDIST_RUN, "another run")
    assert recorded() == Once(tmp_path / "load").get(recorded)

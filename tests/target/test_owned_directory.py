"""Directories that a run owns, and what the next run does with those of dead ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from fixtures.target.owned_directory import create_owned_directory
from tests.gate import PROJECT

OWN = """
import subprocess, sys, time
from fixtures.target.owned_directory import create_owned_directory
directory = create_owned_directory()
child = subprocess.Popen(["sleep", "300"], start_new_session=True)
directory.note_process(child.pid)
print(directory.path, child.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, short enough for sockets."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_removed_with_its_contents(temporary: Path) -> None:
    """Twice does no harm."""
    directory = create_owned_directory()
    (directory.path / "file").write_text("x")
    directory.remove()
    directory.remove()
    assert [] == list(temporary.iterdir())


@pytest.mark.usefixtures("temporary")
def test_living_owner_is_left_alone() -> None:
    """Another run's directory stays."""
    directory = create_owned_directory()
    other = create_owned_directory()
    assert directory.path.exists()
    for made in (directory, other):
        made.remove()


@pytest.mark.usefixtures("temporary")
def test_dead_owner_is_cleaned_up_after() -> None:
    """Directory and process of an owner that was killed are gone once another run comes."""
    owner = subprocess.Popen([sys.executable, "-c", OWN], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    path, child = owner.stdout.readline().split()
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert Path(path).exists()
    assert psutil.pid_exists(int(child))
    create_owned_directory().remove()
    assert not Path(path).exists()
    assert not _runs(int(child))


@pytest.mark.usefixtures("temporary")
def test_other_process_of_that_number_is_left_alone() -> None:
    """A number that is used again is not the process that was noted."""
    directory = create_owned_directory()
    bystander = subprocess.Popen(["sleep", "300"])
    (directory.path / "processes").write_text(f"{bystander.pid} 12345.0\n")
    directory.remove()
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_short_enough_for_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long TMPDIR is not used."""
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    directory = create_owned_directory()
    assert len(str(directory.path)) < 60
    directory.remove()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""One run of the traffic for all criteria that it answers, also where several processes share out the checks."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from load.evidence import read_recording
from load.recording import Recording
from load.run import LoadRunError

XDIST_RUN = "PYTEST_XDIST_TESTRUNUID"
"""Set in the workers of a distributed pytest, the same in all."""
FAILED = " failed"
"""Stands after the run's id where its traffic came to nothing; not why, for that may hold a secret."""


class Once:
    """The recording that is left in `directory` by the first who wants it.

    A failure is kept too: traffic that came to nothing is not sent again for each criterion, which may take an hour.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._recording: Recording | None = None
        self._failure = ""

    @property
    def made(self) -> bool:
        """Whether this process has it."""
        return self._recording is not None

    def get(self, make: Callable[[], Recording]) -> Recording:
        """What `make` leaves, the first time; then the same. Raises LoadRunError, the first time and then."""
        if self._failure:
            raise LoadRunError(self._failure)
        if self._recording is None:
            try:
                self._recording = _among_processes(make, self._directory)
            except LoadRunError as error:
                self._failure = str(error)
                raise
        return self._recording


def _among_processes(make: Callable[[], Recording], directory: Path) -> Recording:
    """Made by the first process that wants it; others wait for it."""
    run = os.environ.get(XDIST_RUN)
    if not run:
        return make()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _alone(directory.parent / ".traffic-of") as made:
        told = made.read()
        if told == run + FAILED:
            raise LoadRunError("the traffic came to nothing; the check that sent it says why")
        if told == run and (recording := read_recording(directory)):
            return recording
        made.truncate(0)
        try:
            recording = make()
        except LoadRunError:
            made.write(run + FAILED)
            raise
        made.write(run)
        return recording


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[IO[str]]:
    """Opened by one process at a time."""
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file
        file.flush()

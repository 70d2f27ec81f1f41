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

XDIST_RUN = "PYTEST_XDIST_TESTRUNUID"
"""Set in the workers of a distributed pytest, the same in all."""


def once(make: Callable[[], Recording], directory: Path) -> Recording:
    """The recording that `make` leaves in `directory`, made by the first process that wants it; others wait for it."""
    run = os.environ.get(XDIST_RUN)
    if not run:
        return make()
    directory.parent.mkdir(parents=True, exist_ok=True)
    with _alone(directory.parent / ".traffic-of") as made:
        if made.read() == run and (recording := read_recording(directory)):
            return recording
        recording = make()
        made.truncate(0)
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

"""One run of the traffic for all criteria that it answers, also where several processes share out the checks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
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
    with _alone(Path(tempfile.gettempdir()) / f"voxanne-traffic-{run}") as made:
        if made.read() == str(directory) and (recording := read_recording(directory)):
            return recording
        recording = make()
        made.truncate(0)
        made.write(str(directory))
        return recording


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[IO[str]]:
    """Opened by one process at a time."""
    with path.open("a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file
        file.flush()

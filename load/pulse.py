"""How long the driver itself stood still: a process that is stopped, starved or busy reads every answer late."""

from __future__ import annotations

import time

import gevent

BEAT_S = 0.02
SLACK_S = 0.1
"""A beat that comes so much later than it should is a busy moment; later, the driver stood still."""


class Pulse:
    """Beats in a greenlet of its own; a beat that comes late has waited for the whole driver."""

    def __init__(self) -> None:
        self._last = time.perf_counter()
        self._still_s = 0.0

    def beat(self) -> None:
        """Until it is killed."""
        self._last = time.perf_counter()
        while True:
            gevent.sleep(BEAT_S)
            self._still_s = self.still_s()
            self._last = time.perf_counter()

    def still_s(self) -> float:
        """Seconds in all since the start; what has not come to a beat yet is counted too."""
        late_s = time.perf_counter() - self._last - BEAT_S
        return self._still_s + (late_s if late_s > SLACK_S else 0.0)

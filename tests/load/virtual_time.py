"""An event loop whose time passes only while nothing is to be done: an hour of traffic in seconds, on any machine."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Impatient(selectors.DefaultSelector):
    """Does not wait, but counts how long it would have."""

    waited_s = 0.0

    def select(self, timeout: float | None = None) -> Any:
        self.waited_s += max(0.0, timeout or 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Everything that waits for time waits for this loop's."""

    def __init__(self) -> None:
        self.impatient = _Impatient()
        super().__init__(self.impatient)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self.impatient.waited_s


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)

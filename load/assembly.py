"""A recording put together from what workers report, and what was wrong with them; nothing is lost silently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from load.events import IN_FLIGHT_CAP
from load.recording import Account, Ending, Kind, Recording, Sample


class Assembly:
    """The parts of one run. Workers are named by Locust's ids of them, which are new for each process."""

    def __init__(self, run: str, profile: str, planned: Mapping[str, int], traffic: str = "") -> None:
        self.run = run
        self._traffic = traffic
        place = {worker: (number, len(planned), profile) for number, worker in enumerate(planned)}
        self._accounts = {
            worker: Account(run, number, 0, 0, 0, IN_FLIGHT_CAP, *place[worker], ended=Ending.RUNNING, traffic=traffic)
            for worker, number in planned.items()
        }
        self._samples: list[Sample] = []
        self._problems: list[str] = []

    def take(self, worker: str, rows: Sequence[Sequence[Any]], account: Mapping[str, Any]) -> None:
        """A report of a worker: its new samples, and its account as it stands."""
        if worker not in self._accounts or account["run"] != self.run:
            return
        self._samples += [_sample(row) for row in rows]
        typed = {"ended": Ending(account["ended"]), "errors": tuple(account["errors"]), "traffic": self._traffic}
        self._accounts[worker] = Account(**{**account, **typed})

    def lose(self, worker: str) -> None:
        """A worker is not heard of any more; if it is after all, what it reports counts."""
        if self._accounts[worker].ended is Ending.RUNNING:
            self._accounts[worker] = replace(self._accounts[worker], ended=Ending.LOST)

    def note(self, problem: str) -> None:
        """Something that makes the run worth nothing."""
        self._problems.append(problem)

    def has_part(self, worker: str) -> bool:
        """Whether a worker was there when the run began."""
        return worker in self._accounts

    @property
    def under_way(self) -> list[str]:
        """The workers that have not ended."""
        return [worker for worker, account in self._accounts.items() if account.ended is Ending.RUNNING]

    @property
    def spoilt(self) -> bool:
        """Whether a worker has ended otherwise than planned, so that what the others still send proves nothing."""
        return any(one.ended not in {Ending.RUNNING, Ending.FINISHED} for one in self._accounts.values())

    def recording(self) -> Recording:
        """As it stands."""
        lost = [
            f"worker {account.worker} ({worker}) vanished after {account.accounted} of {account.planned} requests"
            for worker, account in self._accounts.items()
            if account.ended is Ending.LOST
        ]
        samples = sorted(self._samples, key=lambda sample: (sample.at_s, sample.number))
        return Recording(tuple(self._accounts.values()), tuple(samples), (*self._problems, *lost))


def _sample(row: Sequence[Any]) -> Sample:
    number, event, tenant, at_s, lag_s, service_s, fault, kind, call, worker, still_s = row
    return Sample(number, event, tenant, at_s, lag_s, service_s, fault, Kind(kind), call, worker, still_s)

"""What became of every planned request: raw samples, and each worker's own account of its part of the run.

The counts that a verdict rests on are made here, exactly, from the raw samples; Locust's own figures, which are
rounded to two digits, never enter it. Written and read by `load.evidence`, drawn from by `load.histogram`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

BLOCK_S = 10.0
"""Counts are kept for each block of so many seconds of the time at which requests were due."""
_SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


class Kind(StrEnum):
    """What came of a request that got no right answer.

    All but `STATUS`, `WRONG` and `UNANSWERED` are failures: no whole answer came.
    """

    NONE = ""
    TIMEOUT = "timeout"  # not within the client's time limit, after which Vapi has given up
    REFUSED = "refused"  # no connection
    DISCONNECTED = "disconnected"  # a connection that ended before the answer did
    TRANSPORT = "transport"  # any other fault below HTTP
    UNANSWERED = "unanswered"  # the run was stopped first, or the driver stood still; not the server's fault
    STATUS = "status"  # an HTTP status that Vapi drops
    WRONG = "wrong"  # an answer that breaks a rule


_WRONG = frozenset({Kind.STATUS, Kind.WRONG})


@dataclass(frozen=True, slots=True)
class Sample:
    """One request.

    In seconds: `at_s` when it was due, from the run's origin; `lag_s` how much later it was sent (the driver's
    fault); `service_s` from sending to the end of the answer; `still_s` how long of that the driver stood still, and
    could not have read an answer. `fault` says in words what `kind` says in one; both
    are empty for a right answer. `tenant` is the clinic's place in the canary file, `call` the number of the
    phone call that the request belongs to.
    """

    number: int
    event: str
    tenant: int
    at_s: float
    lag_s: float
    service_s: float
    fault: str = ""
    kind: Kind = Kind.NONE
    call: int = 0
    worker: int = 0
    still_s: float = 0.0

    @property
    def latency_s(self) -> float:
        """What the caller felt: from when the request was due."""
        return self.lag_s + self.service_s

    @property
    def server_s(self) -> float:
        """What the server took at least, from when the request was sent."""
        return max(0.0, self.service_s - self.still_s)

    @property
    def wrong(self) -> bool:
        """Whether an answer came, and not a right one."""
        return bool(self.fault) and (self.kind in _WRONG or not self.kind)

    @property
    def failed(self) -> bool:
        """Whether no whole answer came though there was time for it."""
        return bool(self.fault) and not self.wrong and self.kind is not Kind.UNANSWERED

    def is_late(self, target_s: float, *, felt: bool = True) -> bool:
        """Whether its right answer did not come within the target, as the caller felt it, or by the server's own time.

        Of one that was cut off by the end of the run that is only known if the target was over by then.
        """
        late = (self.latency_s if felt else self.server_s) > target_s
        return late or (bool(self.fault) and self.kind is not Kind.UNANSWERED)


class Ending(StrEnum):
    """How a worker's part of the run ended; a run is whole only if every part was finished."""

    RUNNING = "running"  # not yet; in reports under way
    FINISHED = "finished"
    TERMINATED = "terminated"  # SIGTERM, Ctrl-C, the stop button
    ERROR_STORM = "error-storm"  # the driver gave up on a server that answers nothing right
    OVERLOADED = "overloaded"  # as many requests were open as the driver allows
    CRASHED = "crashed"  # an exception in the driver; see `errors`
    LOST = "lost"  # the worker was not heard of again


@dataclass(frozen=True, slots=True)
class Account:
    """A driver's account: requests planned, sent and accounted for, and the most that were open at once.

    `profile` is the digest of profile and plan that it had, `errors` are exceptions of the driver's own, `origin` is
    the run's by the worker's clock, in seconds since the epoch, for comparison with a server's logs, `traffic` is the
    profile's label.
    """

    run: str
    planned: int
    offered: int
    accounted: int
    in_flight_peak: int
    in_flight_cap: int
    worker: int = 0
    workers: int = 1
    profile: str = ""
    ended: Ending = Ending.FINISHED
    errors: tuple[str, ...] = ()
    origin: float = 0.0
    traffic: str = ""

    def as_json(self) -> dict[str, Any]:
        """For evidence and for the file."""
        return asdict(self)


class Place(NamedTuple):
    """What counts are kept for: a block of intended time, a kind of request, a clinic."""

    block: int
    event: str
    tenant: int


class Counts(NamedTuple):
    """Requests that were due. `late` counts failed and wrong ones too; `late_sent`: by the server's own time."""

    offered: int = 0
    late: int = 0
    late_sent: int = 0
    failed: int = 0
    wrong: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together, exactly."""
        return Counts(*(a + b for a, b in zip(self, other, strict=True)))


def count(samples: Iterable[Sample], target_s: float) -> dict[Place, Counts]:
    """The exact counts for each place in which requests were due."""
    counted: defaultdict[Place, Counts] = defaultdict(Counts)
    for sample in samples:
        place = Place(int(sample.at_s // BLOCK_S), sample.event, sample.tenant)
        late, late_sent = sample.is_late(target_s), sample.is_late(target_s, felt=False)
        counted[place] = counted[place].plus(Counts(1, late, late_sent, sample.failed, sample.wrong))
    return dict(counted)


def merge(*parts: Mapping[Place, Counts]) -> dict[Place, Counts]:
    """The counts of several workers, or runs, together."""
    merged: defaultdict[Place, Counts] = defaultdict(Counts)
    for part in parts:
        for place, counts in part.items():
            merged[place] = merged[place].plus(counts)
    return dict(merged)


@dataclass(frozen=True)
class Recording:
    """A run that ended, whole or not: the account of every worker, all samples, and what was wrong with the workers.

    `problems` are sentences about the run as a whole (a worker that vanished, came late, had another profile);
    any of them makes it invalid.
    """

    accounts: tuple[Account, ...]
    samples: tuple[Sample, ...]
    problems: tuple[str, ...] = ()

    @cached_property
    def account(self) -> Account:
        """All workers' accounts as one; the ending is the first that is not `finished`."""
        if not self.accounts:
            return Account("", 0, 0, 0, 0, 0, workers=0, ended=Ending.LOST)
        first = self.accounts[0]
        return Account(
            run=first.run,
            planned=sum(one.planned for one in self.accounts),
            offered=sum(one.offered for one in self.accounts),
            accounted=sum(one.accounted for one in self.accounts),
            in_flight_peak=max(one.in_flight_peak for one in self.accounts),
            in_flight_cap=min(one.in_flight_cap for one in self.accounts),
            workers=first.workers,
            profile=first.profile,
            ended=next((one.ended for one in self.accounts if one.ended is not Ending.FINISHED), Ending.FINISHED),
            errors=tuple(error for one in self.accounts for error in one.errors),
            origin=min(one.origin for one in self.accounts),
            traffic=first.traffic,
        )

    @property
    def faults(self) -> Counter[tuple[Kind, str]]:
        """How often what was wrong."""
        return Counter((sample.kind, sample.fault) for sample in self.samples if sample.fault)

    def lag_summary(self) -> dict[str, float]:
        """The driver's own lag in milliseconds: median, 99th percentile, largest."""
        lags = sorted(sample.lag_s * 1000 for sample in self.samples)
        return {name: round(lags[int(share * (len(lags) - 1))], 1) for name, share in _SHARES.items() if lags}

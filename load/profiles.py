"""Traffic profiles: how many calls of which kind for how long, read from `profiles.toml` (its head says how)."""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Literal

from fixtures.target.record import RecordError, build
from load.events import EVENTS, TOOL_EVENTS, TOOLS

FILE = Path(__file__).with_name("profiles.toml")
MAX_S = 7200.0
MAX_CALLS = 50_000
"""Of one run, whatever its profile says; a call is up to ten requests."""

MAX_THINK_S = 600.0
MAX_STEPS = 100

CALL = ("assistant-request", "status-update", TOOLS, "status-update", "end-of-call-report")


class ProfileError(Exception):
    """A profile that does not exist or can't be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run in which the rate is constant, or rises by `rise` until its end.

    `rate` and `flood` in calls per second; `flood` comes to the first clinic on top of the rest. What is due in a
    phase that is not `judged` is sent and answered, no more.
    """

    name: str
    seconds: float
    rate: float
    rise: float = 0.0
    flood: float = 0.0
    judged: bool = True


@dataclass(frozen=True)
class TrafficProfile:
    """One kind of traffic.

    `claim`: what is judged: the share of late answers, or only that nothing takes longer than Vapi waits, or the
    highest rate at which the share holds. `stall_s`: the longest stall whose absence a clean run claims. `call`: the
    steps of a call; `mix` weighs the tools in it; `think_s`: median of the pause before each tool. `tenants` weighs
    the clinics in the order of the canary file (the first again after the last). `looks`: measured seconds after
    which the run may be decided and ended, declared beforehand, for the chance of error is shared out among them.
    """

    name: str
    phase: tuple[Phase, ...]
    seed: int
    stall_s: float
    claim: Literal["share", "ceiling", "knee"] = "share"
    arrivals: Literal["poisson", "constant"] = "poisson"
    call: tuple[str, ...] = CALL
    mix: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(TOOL_EVENTS, 1))
    think_s: float = 4.0
    tenants: tuple[int, ...] = (1,)
    looks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for fault in self._faults():
            raise ProfileError(f"traffic {self.name}: {fault}")

    def _faults(self) -> Iterator[str]:
        if unknown := {*self.call} - {*EVENTS, TOOLS}:
            yield f"unknown steps {', '.join(sorted(unknown))} in call"
        if unknown := self.mix.keys() - {*TOOL_EVENTS}:
            yield f"unknown tools {', '.join(sorted(unknown))} in mix"
        if not self.phase or not self.call or not self.mix or not self.tenants:
            yield "phase, call, mix and tenants must not be empty"
        yield from self._false_numbers()
        if self.duration_s > MAX_S or self.calls > MAX_CALLS:
            yield f"{self.calls:.0f} calls in {self.duration_s:.0f} s; at most {MAX_CALLS} in {MAX_S:.0f} s"
        if not self.measured_s:
            yield "no phase is judged; a steady rate is judged for measured_s"
        if self.looks and not (_rises((0.0, *self.looks)) and self.looks[-1] == self.measured_s):
            yield f"looks must rise, up to the {self.measured_s:g} s that are judged"

    def _false_numbers(self) -> Iterator[str]:
        of_phases = [value for one in self.phase for value in (one.rate, one.rate + one.rise, one.flood, one.seconds)]
        weights = [*self.mix.values(), *self.tenants, self.think_s, self.stall_s]
        if not all(map(math.isfinite, (*of_phases, *weights, *self.looks))):
            yield "nan and inf are no rates, times or weights"
        if min(of_phases) < 0:
            yield "rates and times must not be negative"
        if min(weights) <= 0:
            yield "weights, think_s and stall_s must be positive"
        if self.think_s > MAX_THINK_S:
            yield f"think_s is {self.think_s:g}, at most {MAX_THINK_S:g}"

    @cached_property
    def label(self) -> str:
        """For people its name and seed, and for who compares runs what tells one of that name from another."""
        shown = sorted((name, repr(value)) for name, value in asdict(self).items())
        return f"{self.name}, seed {self.seed}, {hashlib.sha256(repr(shown).encode()).hexdigest()[:8]}"

    @property
    def duration_s(self) -> float:
        """Until the last request is due."""
        return sum(phase.seconds for phase in self.phase)

    @property
    def calls(self) -> float:
        """About how many calls begin."""
        return sum(phase.seconds * (phase.rate + phase.rise / 2 + phase.flood) for phase in self.phase)

    @property
    def measured_s(self) -> float:
        """How long it is judged."""
        return sum(phase.seconds for phase in self.phase if phase.judged)

    @property
    def flooded(self) -> bool:
        """Whether the first clinic floods the deployment, so that only the others' latency is judged."""
        return any(phase.flood for phase in self.phase)

    @property
    def events(self) -> tuple[str, ...]:
        """The kinds of request that a run makes."""
        steps = {*self.call, *(self.mix if TOOLS in self.call else ())}
        return tuple(event for event in EVENTS if event in steps)

    @cached_property
    def ends(self) -> tuple[float, ...]:
        """Where each phase ends, in seconds from the start of the run."""
        return tuple(accumulate(phase.seconds for phase in self.phase))

    def phase_number(self, at_s: float) -> int:
        """In which phase a time is; the last one if it is after all."""
        return next((number for number, end in enumerate(self.ends) if at_s < end), len(self.phase) - 1)

    def phase_at(self, at_s: float) -> Phase:
        """The phase in which a request was due."""
        return self.phase[self.phase_number(at_s)]


def load_profile(name: str, file: Path = FILE) -> TrafficProfile:
    """The profile called `name`. Raises ProfileError that lists what there is."""
    try:
        profiles = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # no file, no UTF-8, no TOML
        raise ProfileError(f"{file}: {error}") from None
    if name not in profiles:
        raise ProfileError(f"unknown traffic {name!r}; there are {', '.join(profiles)}")
    where = f"traffic {name}"
    if not isinstance(profiles[name], Mapping):
        raise ProfileError(f"{where} must be a table")
    try:
        return build(TrafficProfile, {"name": name, **_with_phases(profiles[name], where)}, where)
    except RecordError as error:
        raise ProfileError(str(error)) from None


def _with_phases(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The table with its two short forms of `phase` written out; what is unknown or missing is left to tell."""
    table = dict(table)
    warm_up_s, measured_s = table.pop("warm_up_s", 0), table.pop("measured_s", 0)
    steady = {"rate": table.pop("rate")} if "rate" in table else {}
    phases = [{"name": "warm-up", "seconds": warm_up_s, **steady, "judged": False}] if warm_up_s else []
    phases += [{"name": "steady", "seconds": measured_s, **steady}] if measured_s else []
    if steps := table.pop("steps", None):
        phases += build(_Steps, steps, f"{where}: steps").phases()
    written = table.get("phase", [])
    return {**table, "phase": [*phases, *written] if isinstance(written, list) else written}


@dataclass(frozen=True, slots=True)
class _Steps:
    """A rising rate: a phase of `seconds` for each step, the rate from `first` on `factor` times the one before."""

    first: float
    factor: float
    count: int
    seconds: float

    def phases(self) -> list[dict[str, Any]]:
        """As tables of phases."""
        rates = [round(self.first * self.factor**step, 3) for step in range(min(self.count, MAX_STEPS))]
        return [{"name": f"{rate:g} calls/s", "seconds": self.seconds, "rate": rate} for rate in rates]


def _rises(values: Sequence[float]) -> bool:
    return all(before < after for before, after in pairwise(values))

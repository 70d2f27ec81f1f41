"""Traffic profiles: how many calls of which kind for how long, read from `profiles.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("profiles.toml")
DRAIN_S = 21.0
"""The longest wait for answers after the last call: a little more than Vapi waits for a tool."""

EVENTS = ("availability", "booking", "lookup", "transfer", "status-update", "end-of-call-report")


class ProfileError(Exception):
    """A profile that does not exist or can't be used; the message is one line."""


@dataclass(frozen=True, slots=True)
class TrafficProfile:
    """One kind of traffic. `rate` in calls per second; times in seconds; `mix` weighs the kinds of call."""

    name: str
    rate: float
    warm_up_s: float
    measured_s: float
    stall_s: float
    seed: int
    mix: Mapping[str, int]

    def __post_init__(self) -> None:
        if unknown := self.mix.keys() - set(EVENTS):
            raise ProfileError(f"traffic {self.name}: unknown events {', '.join(sorted(unknown))}")

    @property
    def duration_s(self) -> float:
        """Until the last call starts."""
        return self.warm_up_s + self.measured_s


def load_profile(name: str, file: Path = FILE) -> TrafficProfile:
    """The profile called `name`. Raises ProfileError that lists what there is."""
    profiles = tomllib.loads(file.read_text(encoding="utf-8"))
    if name not in profiles:
        raise ProfileError(f"unknown traffic {name!r}; there are {', '.join(profiles)}")
    try:
        return TrafficProfile(name=name, **profiles[name])
    except TypeError as error:
        raise ProfileError(f"traffic {name}: {error}") from None

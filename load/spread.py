"""How many independent samples a run is worth, when late requests come in bursts.

A stall makes everybody late who calls in it, so late requests are counted in blocks of time, as survey samplers count
in clusters. The spread of the blocks' late counts gives the design effect (Kish, Survey Sampling, 1965, 5.4), and the
effective count enters the exact binomial limits (Korn and Graubard, Survey Methodology 24, 1998, 193-201), which also
has the correction for the few blocks from which the spread is known.

Blocks can't tell of bursts that they did not see: few late requests look independent. So for passing the design effect
is shrunk to that of stalls as long as the traffic profile says may occur: one imagined block with such a stall counts
with the blocks that had a late request. Without any late request this is all there is to go by; with many it is
nothing. The rule of facts/load.md 4.4 lacked this: one late request of 120 was worth more than none, and runs at the
limit with bursts of 2 s passed in 15 of 100 cases instead of 5 (`python -m tests.benchmarks.latency_verdict`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from load.student import inflation

Block = tuple[int, int]
"""Requests that were due in a block of time, and how many of them were late."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What the blocks of a run tell of its late requests. The effects divide the count."""

    count: int
    late: int
    blocks: int
    late_blocks: int
    burst_effect: float
    """Design effect of the bursts that were seen; 1 if there were none."""
    stall_effect: float
    """Design effect of the stalls that the claim is about."""

    @property
    def share(self) -> float:
        """The share of late requests."""
        return self.late / self.count if self.count else 0.0

    def worth_for_failing(self, alpha: float) -> float:
        """The effective count by which too large a share is shown: of the bursts that were seen."""
        return self.count / self._corrected(alpha)

    def worth_for_passing(self, alpha: float) -> float:
        """The effective count by which a small share is shown: bursts as long as the claim says were possible."""
        seen = self.late_blocks * self._corrected(alpha) if self.late else 0.0
        return self.count / max(1.0, (seen + self.stall_effect) / (self.late_blocks + 1))

    def longer(self, times: float) -> Spread:
        """The same of a run so many times longer, in which nothing else happens."""
        grown = (math.floor(number * times) for number in (self.count, self.late, self.blocks, self.late_blocks))
        return replace(self, **dict(zip(("count", "late", "blocks", "late_blocks"), grown, strict=True)))

    def _corrected(self, alpha: float) -> float:
        """The effect of the bursts seen, larger for the few blocks that tell of it."""
        if self.late in {0, self.count}:
            return 1.0
        if self.blocks < 2:
            return float(self.count)  # one block tells nothing of the spread
        return max(1.0, self.burst_effect * inflation(alpha, self.blocks - 1))


def spread_of(blocks: Sequence[Block], measured_s: float, stall_s: float) -> Spread:
    """What blocks that make up `measured_s` seconds tell; `stall_s` is the longest stall that a pass excludes."""
    count, late = sum(count for count, _ in blocks), sum(late for _, late in blocks)
    late_blocks = sum(late > 0 for _, late in blocks)
    return Spread(
        count, late, len(blocks), late_blocks, _burst_effect(blocks), _stall_effect(count, measured_s, stall_s)
    )


def _burst_effect(blocks: Sequence[Block]) -> float:
    """The variance of the share, over blocks, as a multiple of what it would be if chance alone made requests late."""
    m, count, late = len(blocks), sum(count for count, _ in blocks), sum(late for _, late in blocks)
    if m < 2 or late in {0, count}:
        return 1.0
    share = late / count
    variance = sum((k - share * n) ** 2 for n, k in blocks) * m / (m - 1) / count**2
    return max(1.0, variance / (share * (1 - share) / count))


def _stall_effect(count: int, measured_s: float, stall_s: float) -> float:
    """How many requests a stall makes late on average, if it makes any late: of those that hit none nobody hears."""
    hit = count * stall_s / measured_s if measured_s else 0.0
    return hit / -math.expm1(-hit) if hit else 1.0

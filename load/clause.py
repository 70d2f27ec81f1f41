"""One claim about one kind of request or one clinic, judged in one of three ways.

"p95 < 2 s" is the claim that less than 5 % of the requests are late. It passes if even the largest share that the
samples allow is within that, fails if even the smallest is beyond, and is undecided in between: one-sided
Clopper-Pearson limits on the effective count of `load.spread`. A run passes when every clause does, and each at the
whole `alpha`: all pass together by chance at most as often as a single one (an intersection-union test: Berger,
Technometrics 24, 1982). It fails when any clause does, so failing shares `alpha` out among the clauses (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from fixtures.verdict.outcome import Verdict
from load.binomial import ALPHA, is_at_most, is_over, lower_limit, upper_limit
from load.spread import Block, Spread, spread_of

LONGEST = 20.0
"""How many times as long a run is worth thinking of."""


class Claim(NamedTuple):
    """At most the share `budget` of the requests is `bad`. `name` is how the field calls it."""

    name: str
    budget: float
    bad: str = "late"


class Risk(NamedTuple):
    """The probability of passing and of failing wrongly, each at the limit."""

    passing: float = ALPHA
    failing: float = ALPHA

    def weighted(self, share: float) -> Risk:
        """For a clause among several, with its share of the risk of failing."""
        return Risk(self.passing, self.failing * share)

    def spent_over(self, looks: int) -> Risk:
        """For one of several looks at the same run."""
        return Risk(self.passing / looks, self.failing / looks)


USUAL = Risk()


@dataclass(frozen=True)
class Clause:
    """What the samples say of a claim. `subject` is a kind of request or a clinic; `measured_s` how long it lasted.

    `asked`: requests, also those whose time says nothing, for their answers were wrong.
    """

    subject: str
    claim: Claim
    spread: Spread
    measured_s: float
    risk: Risk = USUAL
    asked: int = 0

    @cached_property
    def effective_count(self) -> float:
        """The number of independent samples that count for passing."""
        return self.spread.worth_for_passing(self.risk.passing)

    @property
    def upper(self) -> float:
        """The largest share that the samples allow."""
        return upper_limit(self.spread.share * self.effective_count, self.effective_count, self.risk.passing)

    @property
    def lower(self) -> float:
        """The smallest share that the samples allow."""
        effective = self.spread.worth_for_failing(self.risk.failing)
        return lower_limit(self.spread.share * effective, effective, self.risk.failing)

    @cached_property
    def verdict(self) -> Verdict:
        """Pass, fail, or undecided."""
        share, budget = self.spread.share, self.claim.budget
        if is_at_most(budget, share * self.effective_count, self.effective_count, self.risk.passing):
            return Verdict.PASS
        effective = self.spread.worth_for_failing(self.risk.failing)
        return (
            Verdict.FAIL if is_over(budget, share * effective, effective, self.risk.failing) else Verdict.INCONCLUSIVE
        )

    @property
    def claimable(self) -> bool:
        """Whether a run like this could pass at all, if nothing were late."""
        clean = replace(self.spread, late=0, late_blocks=0)
        return replace(self, spread=clean).verdict is Verdict.PASS

    @property
    def more_s(self) -> float:
        """How many more seconds of the same would decide, to a tenth of the run; 0 if that can't help."""
        low, high = 10, int(10 * LONGEST)
        if not self._longer(high / 10).decided:
            return 0.0
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self._longer(middle / 10).decided else (middle + 1, high)
        return self.measured_s * (low / 10 - 1)

    @property
    def decided(self) -> bool:
        """Whether it passes or fails."""
        return self.verdict is not Verdict.INCONCLUSIVE

    def _longer(self, times: float) -> Clause:
        return replace(self, spread=self.spread.longer(times))

    def as_json(self) -> dict[str, Any]:
        """For evidence and for the file: limits are shares."""
        told = {"subject": self.subject, "claim": self.claim.name, "budget": self.claim.budget, "verdict": self.verdict}
        limits = {"lower": self.lower, "upper": self.upper} if self.spread.count else {}
        return {**told, **asdict(self.spread), "effective_count": self.effective_count, **limits}

    def describe(self) -> str:
        """One line with the numbers."""
        if not self.spread.count:
            wrong = f"none of {self.asked} was answered right, so their times say nothing"
            return f"{self.subject}: {wrong if self.asked else 'no request was measured'}"
        return (
            f"{self.subject}: {self.spread.late} of {self.spread.count} {self.claim.bad}, so {self.lower:.2%} to "
            f"{self.upper:.2%} of all (worth {self.effective_count:.0f} independent samples; "
            f"{self.claim.name} allows {self.claim.budget:.1%})"
        )


def clause_of(
    subject: str, claim: Claim, blocks: Sequence[Block], measured_s: float, stall_s: float, risk: Risk = USUAL
) -> Clause:
    """The clause about a subject, from the blocks that make up `measured_s` seconds."""
    return Clause(subject, claim, spread_of(blocks, measured_s, stall_s), measured_s, risk)

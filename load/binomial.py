"""One-sided Clopper-Pearson limits for a share, also of fractional counts."""

from __future__ import annotations

from load.incomplete_beta import bisect, incomplete_beta

ALPHA = 0.05


def upper_limit(late: float, count: float, alpha: float = ALPHA) -> float:
    """The largest share under which so few late ones among `count` have at least the probability `alpha`."""
    return bisect(lambda share: not is_at_most(share, late, count, alpha))


def lower_limit(late: float, count: float, alpha: float = ALPHA) -> float:
    """The smallest share under which so many late ones among `count` have at least the probability `alpha`."""
    return 0.0 if late <= 0 else bisect(lambda share: is_over(share, late, count, alpha))


def is_at_most(share: float, late: float, count: float, alpha: float = ALPHA) -> bool:
    """Whether the upper limit is at most `share`; cheaper than the limit itself."""
    return late < count and 1 - incomplete_beta(late + 1, count - late, share) <= alpha


def is_over(share: float, late: float, count: float, alpha: float = ALPHA) -> bool:
    """Whether the lower limit is over `share`; cheaper than the limit itself."""
    return late > 0 and incomplete_beta(late, count - late + 1, share) < alpha

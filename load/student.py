"""Quantiles of Student's t distribution: how much further off a mean may be when few values tell of their spread."""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist

from load.incomplete_beta import bisect, incomplete_beta


@cache
def t_quantile(probability: float, freedom: float) -> float:
    """What a t variable with `freedom` degrees of freedom exceeds with 1 - `probability`, which is over one half."""
    tail = 2 * (1 - probability)
    x = bisect(lambda share: incomplete_beta(freedom / 2, 0.5, share) < tail)
    return math.sqrt(freedom * (1 - x) / x)


def inflation(alpha: float, freedom: float) -> float:
    """By how much a variance estimated with `freedom` degrees of freedom must grow to be used like a known one."""
    return (t_quantile(1 - alpha, freedom) / NormalDist().inv_cdf(1 - alpha)) ** 2

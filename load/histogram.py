"""Latencies as HDR histograms: three digits from a microsecond to two minutes, and merged without loss.

For pictures and for quantiles that are told. No verdict rests on them: those are on exact counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from hdrh.histogram import HdrHistogram

from load.recording import Sample

MAX_S = 120.0
DIGITS = 3
_US = 1_000_000


class Latencies:
    """A histogram in seconds."""

    def __init__(self, samples: Iterable[Sample] = ()) -> None:
        self._counts = HdrHistogram(1, int(MAX_S * _US), DIGITS)
        for sample in samples:
            self.record(sample.latency_s)

    def record(self, seconds: float) -> None:
        """Count one; what is longer than `MAX_S` counts as that."""
        self._counts.record_value(min(max(1, round(seconds * _US)), int(MAX_S * _US)))

    def add(self, other: Latencies) -> None:
        """Count all that another histogram counts."""
        self._counts.add(other._counts)  # of the same class

    @property
    def total(self) -> int:
        """How many were counted."""
        return int(self._counts.get_total_count())

    def quantile(self, share: float) -> float:
        """The latency in seconds that `share` of the samples do not exceed; 0 without samples."""
        return float(self._counts.get_value_at_percentile(share * 100)) / _US


def by_worker(samples: Iterable[Sample]) -> Latencies:
    """The merged histogram of what may come from several workers: one of each, then added."""
    parts: dict[int, Latencies] = {}
    for sample in samples:
        parts.setdefault(sample.worker, Latencies()).record(sample.latency_s)
    merged = Latencies()
    for part in parts.values():
        merged.add(part)
    return merged

"""A benchmark: what the isolation audit takes, and how that grows. Run `python -m tests.benchmarks.isolation`.

Arguments are numbers of generated tables (10, 100 and 1000 by default). Times are after provisioning and loading, of
everything that `prove` does. For a profile: `python -m cProfile -s cumulative -m tests.benchmarks.isolation 100`.
"""

from __future__ import annotations

import math
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fixtures.database.provision import provision
from fixtures.database.schema import SchemaFile, load_schema, read_schema
from fixtures.database.server import Server
from fixtures.tenancy.proof import prove
from fixtures.verdict.finding import FindingSeverity
from tests.schema_generator import generated_schema

REFERENCE = Path(__file__).parents[2] / "fixtures/reference/schema"
SECONDS = 10.0
"""Bar for the reference schema."""
PROBES_PER_SECOND = 3000.0
EXPONENT = 1.1


@dataclass(frozen=True, slots=True)
class Measured:
    """One audit. `parts` are its laps in seconds."""

    name: str
    tables: int
    seconds: float
    probes: int
    parts: dict[str, float]

    @property
    def rate(self) -> float:
        """Probes per second of the lap in which they run."""
        return self.probes / self.parts["probes"]

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in self.parts.items())
        return f"{self.name:<12} {self.seconds:7.1f} s ({parts}); {self.probes} probes, {self.rate:.0f}/s"


def measured(server: Server, name: str, files: Sequence[SchemaFile], tables: int = 0) -> Measured:
    """Audit one schema on a database of its own."""
    dsn = server.create_database()
    if failures := load_schema(dsn, files).failures:
        raise SystemExit(f"{name} does not load: {failures[0]}")
    started = time.monotonic()
    proof = prove(server, dsn)
    seconds = time.monotonic() - started
    proof.worlds.drop()
    server.drop_database(dsn)
    if accused := [breach for breach in proof.breaches if breach.severity is not FindingSeverity.NOTE]:
        _tell(f"{name}: a healthy schema was accused: {accused[0]}")
    return Measured(name, tables, seconds, proof.probes, dict(proof.seconds))


def growth_exponent(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the line through (tables, seconds) on logarithmic scales: 1 is linear."""
    return statistics.linear_regression([math.log(x) for x, _ in points], [math.log(y) for _, y in points]).slope


def main(sizes: Sequence[int]) -> int:
    """Measure, print, compare with the bars: 1 if one is missed."""
    server = provision()
    _tell(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {server.describe()}")
    try:
        reference = measured(server, "reference", read_schema([REFERENCE]))
        _tell(reference)
        grown: list[Measured] = []
        for size in sizes:
            files = [SchemaFile(Path(f"generated_{size}.sql"), generated_schema(size))]
            grown.append(measured(server, f"{size} tables", files, size))
            _tell(grown[-1])
    finally:
        server.stop()
    verdicts = [
        _verdict("reference schema, seconds", reference.seconds, SECONDS, reference.seconds <= SECONDS),
        _verdict("probes per second", reference.rate, PROBES_PER_SECOND, reference.rate >= PROBES_PER_SECOND),
    ]
    if len(grown) > 1:
        exponent = growth_exponent([(one.tables, one.seconds) for one in grown])
        verdicts.append(_verdict("growth exponent", exponent, EXPONENT, exponent <= EXPONENT))
        for part in grown[0].parts:
            exponent = growth_exponent([(one.tables, max(one.parts[part], 0.001)) for one in grown])
            _tell(f"  growth exponent of {part}: {exponent:.2f}")
    return int(not all(verdicts))


def _tell(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _verdict(name: str, value: float, bar: float, met: bool) -> bool:  # noqa: FBT001  # what is printed
    _tell(f"{name}: {value:.2f}, bar {bar:g}: {'met' if met else 'MISSED'}")
    return met


if __name__ == "__main__":
    raise SystemExit(main([int(argument) for argument in sys.argv[1:]] or [10, 100, 1000]))

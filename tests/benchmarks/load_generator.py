"""A benchmark: what a request costs our generator, against a plain FastHttpUser.

Run `python -m tests.benchmarks.load_generator`, with the number of pairs if not three (about a minute each).
Both send as many requests as they can to the same server, ours built, signed and judged, the plain ones a constant
body that nobody looks at. Pairs by turns, each client on one core, the server on another; CPU time is compared too,
since it is what remains comparable when others use the machine.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from fixtures.reference.canaries import write_canary_file
from tests.benchmarks.quick_server import Spent, quick_server
from tests.gate import PROJECT

REQUESTS = 16_000
WARM_UP = 2_000
BAR = 0.7
TRIES = 4
PROFILE = """
[flood]
rate = 2500.0
measured_s = 16.0
think_s = 0.1
stall_s = 1.0
seed = 1
"""
"""More than a core can send: 15,000 requests per second, else the plan would be what is measured."""


def spent_by(command: Sequence[str], variables: Mapping[str, str]) -> Spent:
    """What a client spends; tried again where a busy machine kept the server from bearing the flood."""
    for _ in range(TRIES):
        try:
            return _spent_by(command, variables, 1, 0)
        except TimeoutError as error:
            _tell(f"{error}; once more")
    raise SystemExit("the machine is too busy")


def _spent_by(command: Sequence[str], variables: Mapping[str, str], server_core: int, client_core: int) -> Spent:
    """Run a client against a new server until the watched requests are made."""
    with quick_server(server_core, WARM_UP, WARM_UP + REQUESTS) as server, tempfile.TemporaryFile("w+") as output:
        environment = {**os.environ, **variables, "BACKEND_URL": server.url}
        prefix = ["taskset", "-c", str(client_core), sys.executable, "-m", "locust", "--headless", "--only-summary"]
        client = subprocess.Popen(
            [*prefix, "--host", server.url, *command], cwd=PROJECT, env=environment, stdout=output, stderr=output
        )
        try:
            return server.watch(client.pid)
        finally:
            client.kill()
            client.wait()


def main(pairs: int) -> int:
    """Measure, print, compare with the bar: 1 if it is missed."""
    ratios: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        write_canary_file(path / "canaries.toml")
        (path / "profiles.toml").write_text(PROFILE, encoding="utf-8")
        (path / "body.json").write_text("x" * 2200, encoding="utf-8")
        variables = {
            "VOXANNE_CANARIES": str(path / "canaries.toml"),
            "VAPI_WEBHOOK_SECRET": "s" * 32,
            "XDG_STATE_HOME": folder,
            "PLAIN_BODY": str(path / "body.json"),
        }
        traffic = ["--traffic", "flood", "--traffic-file", str(path / "profiles.toml"), "--recording", folder]
        for _ in range(pairs):
            ours = spent_by(["-f", "load/locustfile.py", *traffic], variables)
            plain = spent_by(["-f", "tests/benchmarks/plain_user.py", "-u", "10", "-r", "10"], variables)
            ratios.append((plain.cpu_us / ours.cpu_us, ours.rate / plain.rate))
            _tell(f"ours {ours.cpu_us:.0f} us, {ours.rate:.0f}/s; plain {plain.cpu_us:.0f} us, {plain.rate:.0f}/s")
    by_cpu, by_rate = (statistics.median(values) for values in zip(*ratios, strict=True))
    _tell(f"requests per second of CPU, of a plain FastHttpUser's: {by_cpu:.2f}; by the clock {by_rate:.2f}; bar {BAR}")
    return int(by_cpu < BAR)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if sys.argv[1:] else 3))

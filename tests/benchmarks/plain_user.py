"""What a typical Locust script does: users that wait for each answer; the benchmarks' other side.

The variables `PLAIN_USERS`, `PLAIN_RATE` (requests per second of each user, 0: as many as it can) and `PLAIN_BODY`
(a file) say how many, how fast and what.
"""

from __future__ import annotations

import os
from pathlib import Path

from locust import FastHttpUser, constant, constant_throughput, task

_RATE = float(os.environ.get("PLAIN_RATE", "0"))


class Plain(FastHttpUser):
    """Posts one body again and again."""

    wait_time = constant_throughput(_RATE) if _RATE else constant(0)
    body = Path(os.environ["PLAIN_BODY"]).read_text(encoding="utf-8")
    headers = {"content-type": "application/json"}  # noqa: RUF012  # Locust's way

    @task
    def post(self) -> None:
        """One request."""
        self.client.post("/", data=self.body, headers=self.headers)

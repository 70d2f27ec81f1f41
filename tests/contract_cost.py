"""A benchmark: what the contract suites cost beyond their exchanges. Run `pytest -m contract -p tests.contract_cost`.

When all checks are done, the requests that they made are made again with bare httpx, in the same process and against
the same deployment; the ratio of the two times is printed. Only the time of the checks counts, not the start.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence

import httpx
import pytest

from fixtures.target.exchange import Exchange, Request
from fixtures.target.http import HttpClient

sent: list[Sequence[Request]] = []
spent = {"checks": 0.0, "bare": 0.0}
_exchange_all = HttpClient.exchange_all


def _noted(self: HttpClient, requests: Sequence[Request]) -> list[Exchange]:
    sent.append(requests)
    return _exchange_all(self, requests)


HttpClient.exchange_all = _noted  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, None, None]:
    """Add up the time of the checks themselves."""
    started = time.perf_counter()
    try:
        return (yield)
    finally:
        spent["checks"] += time.perf_counter() - started


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """After the last check, while the deployment still runs."""
    if nextitem is None:
        started = time.perf_counter()
        asyncio.run(_again())
        spent["bare"] = time.perf_counter() - started


async def _again() -> None:
    async with httpx.AsyncClient(timeout=20, trust_env=False, headers={"accept-encoding": "identity"}) as client:
        for requests in sent:
            await asyncio.gather(*(_one(client, request) for request in requests))


async def _one(client: httpx.AsyncClient, request: Request) -> None:
    await client.request(request.method, request.url, headers=list(request.headers), content=request.body or None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The ratio."""
    count = sum(map(len, sent))
    ratio = spent["checks"] / spent["bare"] if spent["bare"] else float("nan")
    told = f"{spent['checks']:.2f} s in the checks, {spent['bare']:.2f} s with bare httpx"
    terminalreporter.write_line(f"{count} exchanges: {told}: x {ratio:.2f}")

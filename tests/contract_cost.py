"""A benchmark: what the contract suites cost beyond their exchanges. Run `pytest -m contract -p tests.contract_cost`.

When all checks are done, the requests that they made are made again, by turns as the harness makes them and with
bare httpx, in the same process and against the same deployment: a booking that was taken the first time is refused
the second, so that only what is repeated can be compared. The own cost is what the checks took beside their
exchanges, together with what the harness's exchanges take, in terms of the bare ones.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import httpx
import pytest

from fixtures.target.exchange import Exchange, Request
from fixtures.target.http import HttpClient

T = TypeVar("T")
sent: list[tuple[HttpClient, Sequence[Request]]] = []
spent = {"checks": 0.0, "exchanges": 0.0, "again": 0.0, "bare": 0.0}
_exchange_all = HttpClient.exchange_all


def _noted(self: HttpClient, requests: Sequence[Request]) -> list[Exchange]:
    sent.append((self, requests))
    return _timed("exchanges", lambda: _exchange_all(self, requests))


HttpClient.exchange_all = _noted  # type: ignore[method-assign]


def _timed(what: str, action: Callable[[], T]) -> T:
    started = time.perf_counter()
    try:
        return action()
    finally:
        spent[what] += time.perf_counter() - started


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
    if nextitem is not None:
        return
    with httpx.Client(timeout=20, trust_env=False, headers={"accept-encoding": "identity"}) as client:
        for number, (harness, requests) in enumerate(sent):
            turns: dict[str, Callable[[], Any]] = {
                "again": partial(_exchange_all, harness, requests),
                "bare": partial(_exchange_bare, client, requests),
            }
            for what in sorted(turns, reverse=bool(number % 2)):
                _timed(what, turns[what])


def _exchange_bare(client: httpx.Client, requests: Sequence[Request]) -> None:
    def send(request: Request) -> None:
        client.request(request.method, request.url, headers=list(request.headers), content=request.body or None)

    if len(requests) == 1:
        send(requests[0])
    else:
        with ThreadPoolExecutor(len(requests)) as threads:
            list(threads.map(send, requests))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The ratio, and what it is made of."""
    count = sum(len(requests) for _, requests in sent)
    beside = spent["checks"] - spent["exchanges"]
    ratio = (beside + spent["again"]) / spent["bare"] if spent["bare"] else float("nan")
    told = f"{beside:.2f} s beside them, {spent['again']:.2f} s in them, {spent['bare']:.2f} s with bare httpx"
    terminalreporter.write_line(f"{count} exchanges in {spent['checks']:.2f} s: {told}: x {ratio:.2f}")

"""A library's own HTTP goes over the harness's exchanges."""

from __future__ import annotations

import httpx
import pytest

from fixtures.target.exchange import Exchange
from fixtures.target.http import HttpClient
from fixtures.target.library_client import make_library_client
from fixtures.target.record import Limits, Pace
from fixtures.target.redaction import Redactor
from fixtures.verdict.outcome import Inconclusive
from tests import servers


def test_answers_are_noted_and_redacted() -> None:
    """What the library gets is what the harness keeps."""
    noted: list[Exchange] = []
    with servers.serving(servers.answering("403 Forbidden", b'{"leak":"a-long-secret"}', "application/json")) as url:
        http = HttpClient(url, Limits(), Pace(), Redactor({"JWT_SECRET": "a-long-secret"}))
        with make_library_client(http, noted.append) as client:
            answer = client.post(f"{url}/rest/v1/t", json={"a": 1})
        http.close()
    assert (403, {"leak": "[JWT_SECRET]"}) == (answer.status_code, answer.json())
    assert [("POST", b'{"a":1}', 403)] == [(e.request.method, e.request.body, e.status) for e in noted]


def test_silence_is_bounded() -> None:
    """By the target's limits, whatever the library would wait for; and it is noted."""
    noted: list[Exchange] = []
    with servers.serving(servers.silent) as url:
        http = HttpClient(url, Limits(read=0.2, total=0.3), Pace(), Redactor({}))
        with (
            make_library_client(http, noted.append) as client,
            pytest.raises(httpx.ReadError, match="no complete answer"),
        ):
            client.get(url, timeout=60)
        http.close()
    assert [None] == [exchange.status for exchange in noted]


def test_budget_holds() -> None:
    """The library does not see it: the check ends."""
    with servers.serving(servers.answering("200 OK", b"{}", "application/json")) as url:
        http = HttpClient(url, Limits(), Pace(budget=1), Redactor({}))
        with make_library_client(http, lambda _: None) as client:
            assert 200 == client.get(url).status_code
            with pytest.raises(Inconclusive, match="budget"):
                client.get(url)
        http.close()

"""The control URL keeps what is posted to it, by call."""

from __future__ import annotations

import json
import urllib.request

from fixtures.vapi.control import serve_control


def post(url: str, body: bytes) -> int:
    with urllib.request.urlopen(urllib.request.Request(url, body), timeout=5) as response:
        return int(response.status)


def test_orders_are_kept_by_call() -> None:
    """Only transfers are transfers; what is no JSON object is answered and forgotten."""
    order = {"type": "transfer", "destination": {"type": "number", "number": "+12025550110"}}
    with serve_control() as control:
        assert 200 == post(control.url("a"), json.dumps(order).encode())
        assert 200 == post(control.url("a"), json.dumps({"type": "say", "content": "Hello"}).encode())
        for body in (b"", b"{", b"[]", b"null"):
            assert 200 == post(control.url("b"), body)
        assert [order["destination"]] == control.transfers("a")
        assert 2 == len(control.posted["a"])
        assert [] == control.transfers("b")

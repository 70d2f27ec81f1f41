"""Steps of `webhook_health.feature`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from pytest_bdd import scenarios, then, when

from fixtures.target.exchange import Exchange, Request
from fixtures.target.exchange_log import ExchangeLog
from fixtures.target.http import HttpClient
from fixtures.target.target import Target, is_loopback
from fixtures.vapi.reply import as_document
from fixtures.verdict.outcome import Violation, expect, fail_on, precondition

scenarios("webhook_health.feature")


@when("the webhook health is asked for", target_fixture="health")
def ask_for_health(target: Target, http: HttpClient, exchange_log: ExchangeLog) -> Exchange:
    """Without any credential: the checklist does it with curl."""
    return exchange_log.note(http.exchange(Request("GET", target.url(target.record.paths.health))))


@then("it answers 200 with JSON")
def answers(health: Exchange) -> None:
    """The transport alone."""
    seen = health.fault or f"HTTP {health.status}, {health.media_type or 'no content-type'}: {health.text[:160]}"
    good = health.complete and health.status == 200 and isinstance(as_document(health), dict)
    expect(good, expected="HTTP 200 with a JSON object", seen=seen)


@then("the body holds")
def body_holds(health: Exchange, datatable: Sequence[Sequence[str]]) -> None:
    """Each member of the table, with the value it names; `text` is any that is not empty."""
    body = _body(health)
    broken = []
    for member, value in datatable[1:]:
        seen = body.get(member)
        if not isinstance(seen, str) or not seen or value not in {"text", seen}:
            broken.append(Violation(f"{member}: {value}", f"{member}: {seen!r}"))
    fail_on(broken)


@then("the backend_url is the address under which it was asked")
def backend_url_is_right(health: Exchange, target: Target) -> None:
    """Compared as addresses: a slash at the end, a default port, localhost for 127.0.0.1 make no difference."""
    seen = _body(health).get("backend_url")
    same = isinstance(seen, str) and _address(seen) == _address(target.backend_url)
    expect(same, expected=f"backend_url {target.backend_url}", seen=f"backend_url {seen!r}")


@then("the environment is that of the target")
def environment_is_right(health: Exchange, target: Target) -> None:
    """As the target's record says; any, where it says nothing."""
    seen = _body(health).get("environment")
    wanted = target.record.environment
    expect(
        seen == wanted if wanted else seen, expected=f"environment {wanted or 'given'}", seen=f"environment {seen!r}"
    )


def _body(health: Exchange) -> Mapping[str, Any]:
    body = as_document(health)
    precondition(isinstance(body, dict), "the health check gave no JSON object; see deploy.health.answers")
    return body  # type: ignore[no-any-return]


def _address(url: str) -> tuple[str, str, int | None, str]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, "loopback" if is_loopback(host) else host, port, parts.path.rstrip("/")

"""One request of a load: signed when it leaves, sent, and its answer judged by the rules for Vapi's replies."""

from __future__ import annotations

from dataclasses import dataclass, field

from fixtures.target.exchange import Exchange, Request
from fixtures.target.redaction import Redactor
from fixtures.vapi.signing import SigningPlan
from load.connections import Answer, Connections, ExchangeError
from load.events import time_limit
from load.recording import Kind
from load.requests import Prepared, fault_of

JSON_HEADER = ("content-type", "application/json")


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends to one target as Vapi would."""

    base_url: str
    connections: Connections
    plan: SigningPlan
    secret: str = field(repr=False)
    redactor: Redactor

    def send(self, event: str, prepared: Prepared) -> Answer:
        """Send a request and wait for its answer. Raises ExchangeError."""
        signature = self.plan.headers(self.secret, prepared.body, url=self.base_url + prepared.path)
        return self.connections.post(prepared.path, (JSON_HEADER, *signature), prepared.body, time_limit(event))

    def fault_of(self, prepared: Prepared, outcome: Answer | ExchangeError) -> tuple[Kind, str]:
        """What is wrong with what came of it. What is quoted is cleaned first: a secret cut in two is not found."""
        if isinstance(outcome, ExchangeError):
            return outcome.kind, self.redactor.text(outcome.fault)
        kind, fault = fault_of(prepared, _exchange(prepared, outcome, outcome.body))
        if fault:
            kind, fault = fault_of(prepared, _exchange(prepared, outcome, self.redactor.body(outcome.body)))
        return kind, fault


def _exchange(prepared: Prepared, answer: Answer, body: bytes) -> Exchange:
    return Exchange(Request("POST", prepared.path), answer.status, {"content-type": answer.media_type}, body)

"""The driver: a Locust user that keeps to the plan and never waits for an answer before the next call is due.

A closed loop would wait for a stalled server and then report that all was well. Here every call leaves when it
is due, in a greenlet of its own, and its latency counts from when it was due.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, ClassVar

import gevent
from gevent.pool import Pool
from locust import FastHttpUser, constant, task

from fixtures.target.exchange import Exchange, Request
from fixtures.target.redaction import Redactor
from fixtures.vapi.signing import SigningPlan
from load.events import DRAIN_S, time_limit
from load.evidence import write_recording
from load.plan import Arrival
from load.recording import Account, Kind, Recording, Sample
from load.requests import Prepared, RequestFactory, fault_of

IN_FLIGHT_CAP = 2000
LEAD_S = 0.5
"""Between the start of the driver and the first possible call, so that it is ready when that is due."""
GIVE_UP_S = time_limit("") + 0.5


class Dispatcher(FastHttpUser):
    """The one user of a run. The locustfile fills in the class attributes."""

    abstract = True
    wait_time = constant(0)
    concurrency = IN_FLIGHT_CAP
    network_timeout = GIVE_UP_S
    connection_timeout = GIVE_UP_S
    insecure = False

    arrivals: ClassVar[Sequence[Arrival]]
    factory: ClassVar[RequestFactory]
    plan: ClassVar[SigningPlan]
    secret: ClassVar[str]
    redactor: ClassVar[Redactor]
    directory: ClassVar[Path]
    run_id: ClassVar[str]

    def on_start(self) -> None:
        """A redirect is an answer like any other, and no call carries the cookies of another."""
        self.client.cookiejar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        setattr(self.client.client, "redirect_response_codes", frozenset())  # noqa: B010  # typed as of the class

    @task
    def dispatch(self) -> None:
        """Send every call when it is due, wait for the last answers, write the recording, end the run."""
        pool: Pool = Pool(IN_FLIGHT_CAP)
        samples: list[Sample] = []
        peak = 0
        origin = time.perf_counter() + LEAD_S
        for arrival in self.arrivals:
            prepared = self.factory.prepare(arrival)
            gevent.sleep(max(0.0, origin + arrival.at_s - time.perf_counter()))
            pool.spawn(self._send, arrival, prepared, origin, samples)
            peak = max(peak, len(pool))
        pool.join(timeout=DRAIN_S)
        account = Account(self.run_id, len(self.arrivals), len(self.arrivals), len(samples), peak, IN_FLIGHT_CAP)
        write_recording(self.directory, Recording((account,), tuple(samples)))
        self.environment.runner.quit()

    def _send(self, arrival: Arrival, prepared: Prepared, origin: float, samples: list[Sample]) -> None:
        """One call; whatever comes of it is one sample."""
        signature = self.plan.headers(self.secret, prepared.body)
        request = Request("POST", prepared.path, (("content-type", "application/json"), *signature), prepared.body)
        sent = time.perf_counter()
        exchange, kind, fault = self._exchange(arrival.event, request, prepared)
        service = exchange.duration_s
        lag = max(0.0, sent - origin - arrival.at_s)
        done = (arrival.number, arrival.event, arrival.tenant, arrival.at_s)
        samples.append(Sample(*done, lag, service, fault, kind, arrival.call))

    def _exchange(self, event: str, request: Request, prepared: Prepared) -> tuple[Exchange, Kind, str]:
        """Send a request; the exchange, and what is wrong with its answer. Locust's own figures learn of it too."""
        started = time.perf_counter()
        body: Any = request.body  # bytes are sent as they are, whatever the annotation says
        try:
            with (
                gevent.Timeout(time_limit(event)),
                self.client.post(
                    request.url, data=body, headers=dict(request.headers), name=event, catch_response=True
                ) as response,
            ):
                duration = time.perf_counter() - started
                fault = str(response.error or "") if not response.status_code else ""
                headers = {name.lower(): value for name, value in (response.headers or {}).items()}
                received = self.redactor.body(response.content or b"")
                exchange = Exchange(request, response.status_code or None, headers, received, duration, fault)
                kind, fault = (Kind.TRANSPORT, fault) if fault else fault_of(prepared, exchange)
                if fault:
                    response.failure(fault)
                return exchange, kind, fault
        except gevent.Timeout:
            fault = f"no complete answer within {time_limit(event):g} s"
            return Exchange(request, None, duration_s=time.perf_counter() - started, fault=fault), Kind.TIMEOUT, fault

"""The defects of latency and their twins, judged in virtual time: the same changes, plan and verdict, no waiting.

`tests/test_detection.py` has the real thing. Here a server that answers after 20 ms is wrapped as the catalogue says.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fixtures.defects.defect import Change, Defect
from fixtures.defects.latency import LATENCY
from fixtures.reference.backend.tools.booking import BOOKING
from fixtures.reference.backend.tools.lookup import LOOKUP
from fixtures.reference.canaries import CLINICS
from load.events import time_limit
from load.plan import Arrival, make_plan
from load.profiles import TrafficProfile, load_profile
from load.recording import Kind, Recording, Sample
from load.verdict import judge
from tests.load import virtual_time
from tests.load.synthetic import account_of
from tests.test_detection import TRAFFIC, traffic_of

DEFECTS = {one.id: one for one in LATENCY if any(id_.startswith("monitoring") for id_ in one.fails)}
PATHS = {"lookup": LOOKUP.path, "booking": BOOKING.path}
CRITERIA = {"latency": "monitoring.latency", "tail": "monitoring.latency.tail", "errors": "monitoring.latency.errors"}


async def prompt(_scope: Scope, _receive: Receive, send: Send) -> None:
    """A healthy server."""
    await asyncio.sleep(0.02)
    await send({"type": "http.response.start", "status": 200, "headers": []})


def recorded(change: Change, profile: TrafficProfile) -> Recording:
    """The traffic of a profile, served with a change."""
    app, samples = change.asgi(prompt), list[Sample]()

    async def traffic() -> None:
        await asyncio.gather(*(_send(app, arrival, samples) for arrival in make_plan(profile, len(CLINICS))))

    virtual_time.run(traffic())
    return Recording((account_of(samples),), tuple(sorted(samples, key=lambda sample: sample.number)))


async def _send(app: ASGIApp, arrival: Arrival, samples: list[Sample]) -> None:
    loop, status = asyncio.get_running_loop(), list[int]()
    body = json.dumps({"message": {"call": {"assistantId": CLINICS[arrival.tenant].assistant_id}}}).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        status.append(message.get("status", 0))

    await asyncio.sleep(arrival.at_s)
    scope = {"type": "http", "method": "POST", "path": PATHS.get(arrival.event, "/webhook"), "headers": []}
    kind, begun = Kind.NONE, loop.time()
    try:
        await asyncio.wait_for(app(scope, receive, send), time_limit(arrival.event))
        kind = Kind.NONE if status[0] == 200 else Kind.STATUS
    except TimeoutError:
        kind = Kind.TIMEOUT
    service_s = loop.time() - begun
    samples.append(Sample(arrival.number, arrival.event, arrival.tenant, arrival.at_s, 0, service_s, str(kind), kind))


def verdicts(change: Change, defect: Defect, folder: Path) -> dict[str, set[str]]:
    """The criteria by what they come to."""
    file = folder / "traffic.toml"
    file.write_text(TRAFFIC)
    profile = load_profile(traffic_of(defect), file)
    parts = judge(recorded(change, profile), profile, 2.0, 0.05).parts
    return {
        verdict: {CRITERIA[name] for name, part in parts.items() if part.verdict == verdict}
        for verdict in ("fail", "inconclusive")
    }


@pytest.mark.parametrize("id_", DEFECTS)
def test_defect_fails_its_criteria(id_: str, tmp_path: Path) -> None:
    """Exactly those."""
    defect = DEFECTS[id_]
    assert {"fail": defect.fails, "inconclusive": defect.inconclusive} == verdicts(defect.change, defect, tmp_path)


@pytest.mark.parametrize("id_", DEFECTS)
def test_twin_passes(id_: str, tmp_path: Path) -> None:
    """Slower, but inside."""
    defect = DEFECTS[id_]
    assert defect.twin is not None
    assert {"fail": set(), "inconclusive": set()} == verdicts(defect.twin, defect, tmp_path)

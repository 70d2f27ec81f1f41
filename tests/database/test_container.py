"""Containers belong to a process; those of dead ones are abandoned. A pull that does not end is given up."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import psutil
import pytest

from fixtures.database import container
from fixtures.database.container import is_abandoned, start_container
from fixtures.database.server import UnavailableError
from tests import servers

HOST = socket.gethostname()
ME = psutil.Process()


@pytest.mark.parametrize(
    ("owner", "abandoned"),
    [
        pytest.param(f"{HOST}/{ME.pid}/{ME.create_time()}", False, id="this process"),
        pytest.param(f"{HOST}/{ME.pid}/1.0", True, id="an earlier one of this number"),
        pytest.param(f"{HOST}/99999999/1.0", True, id="none"),
        pytest.param(f"another-host/{ME.pid}/1.0", False, id="of another host"),
    ],
)
def test_owner(owner: str, abandoned: bool) -> None:  # noqa: FBT001
    """By process and its start, on this host only."""
    assert abandoned is is_abandoned(owner)


@pytest.mark.parametrize("host", ["unix:///no/such/docker.sock", "tcp://127.0.0.1:9"])
def test_engine_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Told at once, before any library is imported; the next provider is asked."""
    monkeypatch.setenv("DOCKER_HOST", host)
    started = sys.modules.copy()
    with pytest.raises(UnavailableError, match="no Docker engine answers"):
        start_container()
    assert not {"docker", "testcontainers"} & (sys.modules.keys() - started.keys())


def test_engine_that_answers_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something listens that is no engine: unavailable, with the library's words."""
    with servers.serving(servers.answering("404 Not Found", b"no", "text/plain")) as url:
        monkeypatch.setenv("DOCKER_HOST", url.replace("http", "tcp"))
        monkeypatch.delenv("VOXANNE_POSTGRES_IMAGE", raising=False)
        with pytest.raises(UnavailableError, match="container postgres:18-alpine"):
            start_container()


def engine_that_pulls(progress: Callable[[], Iterable[dict[str, str]]]) -> Callable[[socket.socket], None]:
    """A Docker engine without images and containers, whose pull tells `progress` and then falls silent."""

    def send(connection: socket.socket, status: str, *headers: str, body: bytes = b"") -> None:
        head = "\r\n".join((f"HTTP/1.1 {status}", "Content-Type: application/json", *headers))
        connection.sendall(head.encode() + b"\r\n\r\n" + body)

    def handle(connection: socket.socket) -> None:
        while request := servers.read_request(connection):
            path = request.split(b" ")[1]
            if b"/images/create" in path:
                send(connection, "200 OK", "Transfer-Encoding: chunked")
                for told in progress():
                    line = json.dumps(told).encode()
                    connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
                time.sleep(5)
                return
            status, answer = ("404 Not Found", {"message": "No such image"}) if b"/images/" in path else ("200 OK", [])
            body = json.dumps({"ApiVersion": "1.41"} if b"/version" in path else answer).encode()
            send(connection, status, f"Content-Length: {len(body)}", body=body)

    return handle


def slow() -> Iterable[dict[str, str]]:
    """A layer that takes its time, though something of it always arrives."""
    for _ in range(60):
        time.sleep(0.05)
        yield {"status": "Downloading"}


@pytest.mark.parametrize(
    ("progress", "reason"),
    [
        pytest.param(lambda: [{"error": "manifest unknown"}], "manifest unknown", id="refused"),
        pytest.param(lambda: [{"status": "Pulling"}], "not pulled within 1 s", id="silent"),
        pytest.param(slow, "not pulled within 1 s", id="slow"),
    ],
)
def test_pull_that_fails(
    monkeypatch: pytest.MonkeyPatch, progress: Callable[[], Iterable[dict[str, str]]], reason: str
) -> None:
    """Is given up in time, and the next provider is asked."""
    monkeypatch.setattr(container, "PULL_LIMIT_S", 1)
    monkeypatch.setenv("VOXANNE_POSTGRES_IMAGE", "voxanne-ci/no-such-image")
    with servers.serving(engine_that_pulls(progress)) as url:
        monkeypatch.setenv("DOCKER_HOST", url.replace("http", "tcp"))
        begin = time.monotonic()
        with pytest.raises(UnavailableError, match=rf"container voxanne-ci/no-such-image: .*{reason}"):
            start_container()
    assert time.monotonic() - begin < 4


def test_only_abandoned_containers_are_removed() -> None:
    """Of those that carry our label."""
    removed: list[str] = []

    class Container:
        def __init__(self, owner: str) -> None:
            self.labels = {container.OWNER: owner}

        def remove(self, **how: Any) -> None:
            assert how == {"force": True, "v": True}
            removed.append(self.labels[container.OWNER])

    class Engine:
        def __init__(self) -> None:
            self.containers = self

        def list(self, **how: Any) -> list[Container]:
            assert how == {"all": True, "ignore_removed": True, "filters": {"label": container.OWNER}}
            return [Container(f"{HOST}/{ME.pid}/{ME.create_time()}"), Container(f"{HOST}/99999999/1.0")]

    container._remove_abandoned(Engine())  # noqa: SLF001
    assert [f"{HOST}/99999999/1.0"] == removed

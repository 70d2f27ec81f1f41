"""Containers belong to a process; those of dead ones are abandoned. (A real engine is exercised by hand and in CI.)"""

from __future__ import annotations

import socket
import sys
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
            assert how == {"all": True, "filters": {"label": container.OWNER}}
            return [Container(f"{HOST}/{ME.pid}/{ME.create_time()}"), Container(f"{HOST}/99999999/1.0")]

    container._remove_abandoned(Engine())  # noqa: SLF001
    assert [f"{HOST}/99999999/1.0"] == removed

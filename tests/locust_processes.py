"""Locust as a person runs it: alone, or as master and workers, each a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fixtures.reference.canaries import write_canary_file
from load.evidence import read_recording
from load.recording import Recording
from tests.gate import PROJECT

LIMIT_S = 300.0


@dataclass(frozen=True)
class Locusts:
    """Processes of Locust that load one server with one profile; `folder` holds their files, a log for each.

    `variables` are in place of those that they would have, or beside them.
    """

    folder: Path
    url: str
    profile: str
    markers: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def recording_folder(self) -> Path:
        """Where the recording comes to be."""
        return self.folder / "recording"

    def alone(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One process that does everything."""
        return self._start("alone", "--headless", *arguments)

    def master(self, workers: int, *arguments: str) -> subprocess.Popen[bytes]:
        """A master that begins when its workers are there."""
        waits = ("--master", "--headless", "--expect-workers", str(workers))
        return self._start("master", *waits, "--master-bind-port", str(self.port), *arguments)

    def worker(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """A worker of that master."""
        return self._start(name, "--worker", "--master-port", str(self.port), *arguments)

    def with_page(self) -> subprocess.Popen[bytes]:
        """One process with Locust's web page, on which somebody has to start the run."""
        return self._start("page", "--web-host", "127.0.0.1", "--web-port", str(self.port))

    def log(self, name: str) -> str:
        """What a process has said so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def recording(self) -> Recording:
        """What came of the run."""
        recording = read_recording(self.recording_folder)
        assert recording is not None, self.log("master") + self.log("alone")
        return recording

    @property
    def port(self) -> int:
        """The master's."""
        path = self.folder / "port"
        if not path.exists():
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                path.write_text(str(free.getsockname()[1]))
        return int(path.read_text())

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        (self.folder / "profiles.toml").write_text(self.profile, encoding="utf-8")
        write_canary_file(self.folder / "canaries.toml")
        traffic = self.profile.split("[", 1)[1].split("]", 1)[0]
        command = [sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--only-summary", "--traffic", traffic]
        files = ["--traffic-file", str(self.folder / "profiles.toml"), "--recording", str(self.recording_folder)]
        variables = {
            "BACKEND_URL": self.url,
            "VAPI_WEBHOOK_SECRET": "s" * 20,
            "VOXANNE_CANARIES": str(self.folder / "canaries.toml"),
            "XDG_STATE_HOME": str(self.folder),
            "VOXANNE_LOAD_MARKERS": self.markers,
            **self.variables,
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, *files, *arguments],
                cwd=PROJECT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process


@contextlib.contextmanager
def locusts(folder: Path, url: str, profile: str, markers: str = "") -> Iterator[Locusts]:
    """Processes that are gone in the end; `markers` as the harness passes them."""
    made = Locusts(folder, url, profile, markers)
    try:
        yield made
    finally:
        for process in made.processes:
            process.kill()
            process.wait()

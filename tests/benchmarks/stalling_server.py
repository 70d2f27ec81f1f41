"""A server that answers after a quarter of a second, and stands still for 5 s in every 20 s; it keeps a log of that."""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

SERVICE_S = 0.25
STALL_S = 5.0
PERIOD_S = 20.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CALL = re.compile(rb'"call":\{"id":"([^"]+)"')
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@dataclass(frozen=True, slots=True)
class Log:
    """The server's own, in seconds since the epoch: when it stood still, and when it answered which call.

    `service_s` is how long it took otherwise (median).
    """

    stalls: tuple[tuple[float, float], ...]
    service_s: float
    answered: Mapping[str, float]

    def latency_s(self, due: float) -> float:
        """How long a request that is due at a time takes, if nothing but the stalls holds it up."""
        begins = next((end for start, end in self.stalls if start <= due < end), due)
        ends = begins + self.service_s
        return next((end for start, end in self.stalls if start <= ends < end), ends) - due


class _Server:
    def __init__(self) -> None:
        self.stalls: list[tuple[float, float]] = []
        self.services: list[float] = []
        self.answered: dict[str, float] = {}

    async def serve(self, pipe: Connection) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=4096)
        pipe.send(server.sockets[0].getsockname()[1])
        while not pipe.poll():
            start = time.time()
            if start % PERIOD_S < STALL_S:
                time.sleep(STALL_S - start % PERIOD_S)  # noqa: ASYNC251  # the fault
                self.stalls.append((start, time.time()))
            await asyncio.sleep(0.005)
        pipe.send((self.stalls, self.services, self.answered))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            begun, stalls = time.time(), len(self.stalls)
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            await asyncio.sleep(SERVICE_S)
            writer.write(_ANSWER)
            if call := _CALL.search(body):
                self.answered[call[1].decode()] = time.time()
            if stalls == len(self.stalls):
                self.services.append(time.time() - begun)
        writer.close()


def _serve(pipe: Connection) -> None:
    asyncio.run(_Server().serve(pipe))


@dataclass(frozen=True, slots=True)
class StallingServer:
    """The server, in a process of its own."""

    url: str
    pipe: Connection

    def end(self) -> Log:
        """Its log; it serves no longer."""
        self.pipe.send("end")
        stalls, services, answered = self.pipe.recv()
        return Log(tuple(stalls), statistics.median(services), answered)


@contextmanager
def stalling_server() -> Iterator[StallingServer]:
    """Serve on loopback."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    process.start()
    try:
        yield StallingServer(f"http://127.0.0.1:{ours.recv()}", ours)
    finally:
        process.kill()
        process.join()

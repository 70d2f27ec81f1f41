"""A server that answers as Vapi wants it, at little cost, and watches what its client spends."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import psutil

PATIENCE_S = 45.0
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TOOL_CALL = re.compile(rb'"toolCallList":\[\{"id":"([^"]+)","type":"function","function":\{"name":"([^"]+)"')
_ASSISTANT = re.compile(rb'"phoneNumber":\{.*?"assistantId":"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Spent:
    """What a client spent, seen from the server, on `requests` requests; seconds."""

    requests: int
    cpu_s: float
    wall_s: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU for each."""
        return 1e6 * self.cpu_s / self.requests

    @property
    def rate(self) -> float:
        """Requests per second of wall time."""
        return self.requests / self.wall_s


def answer(request: bytes) -> bytes:
    """A right answer to any message of Vapi's."""
    if call := _TOOL_CALL.search(request):
        body = b'{"results":[{"toolCallId":"%b","name":"%b","result":"It is done."}]}' % call.groups()
    elif assistant := _ASSISTANT.search(request):
        body = b'{"assistantId":"%b"}' % assistant[1]
    else:
        body = b"{}"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


class _Protocol(asyncio.Protocol):
    def __init__(self, count: _Count) -> None:
        self._count = count
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        length = _LENGTH.search(self._buffer, 0, end) if end >= 0 else None
        if length and len(self._buffer) >= end + 4 + int(length[1]):
            self._count.one()
            self._transport.write(answer(self._buffer))
            self._buffer = b""


class _Count:
    """Notes the client's CPU time at the first and the last request of a window."""

    def __init__(self, pipe: Connection, first: int, last: int) -> None:
        self._pipe, self._first, self._last, self._requests = pipe, first, last, 0
        self._client: psutil.Process | None = None

    def one(self) -> None:
        self._requests += 1
        if self._requests in {self._first, self._last}:
            if self._client is None:
                self._client = psutil.Process(self._pipe.recv())
            spent = self._client.cpu_times()
            self._pipe.send((time.perf_counter(), spent.user + spent.system))


def _serve(pipe: Connection, core: int, first: int, last: int) -> None:
    os.sched_setaffinity(0, {core})

    async def serve() -> None:
        count = _Count(pipe, first, last)
        server = await asyncio.get_running_loop().create_server(lambda: _Protocol(count), "127.0.0.1", 0, backlog=2048)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


@dataclass(frozen=True, slots=True)
class QuickServer:
    """The server, in a process of its own."""

    url: str
    pipe: Connection
    requests: int

    def watch(self, client: int) -> Spent:
        """What the process `client` spends, once it has made all the requests."""
        self.pipe.send(client)
        (began, before), (ended, after) = self._received(), self._received()
        return Spent(self.requests, after - before, ended - began)

    def _received(self) -> Any:
        if not self.pipe.poll(PATIENCE_S):
            raise TimeoutError("the client did not make its requests")
        return self.pipe.recv()


@contextmanager
def quick_server(core: int, first: int, last: int) -> Iterator[QuickServer]:
    """Serve on a core; the requests from the `first` to the `last` are watched."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, core, first, last))
    process.start()
    try:
        yield QuickServer(f"http://127.0.0.1:{ours.recv()}", ours, last - first)
    finally:
        process.kill()
        process.join()

"""HTTP/1.1 for the driver: one request on a kept connection, or on a new one when none is idle.

Locust's FastHttpUser rests on the same library (geventhttpclient), but spends most of its time on sessions,
redirects, cookies and retries, none of which a load may have: a redirect is an answer like any other, no call
carries the cookies of another, and what failed is told and not tried again.
"""

from __future__ import annotations

import contextlib
import time
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import gevent
from gevent import monkey, socket, ssl
from geventhttpclient.response import HTTPConnectionClosed, HTTPParseError, HTTPSocketResponse

from load.recording import Kind

MAX_IDLE_S = 2.0
"""Servers close what is idle, often after 5 s; a request that crosses with that is lost without anybody's fault."""
MAX_BODY = 1_048_576
"""Bytes of an answer (as everywhere, see `Limits.size`)."""


_select = monkey.get_original("select", "select")
"""Without gevent's round trip, for what never waits."""


class ExchangeError(Exception):
    """No whole answer came."""

    def __init__(self, kind: Kind, fault: str) -> None:
        super().__init__(fault)
        self.kind = kind
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    media_type: str
    body: bytes


class Connections:
    """Connections to one server, as many as there are requests open."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._fixed = f" HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\naccept-encoding: gzip, deflate\r\n"
        self._addresses: list[Any] = []
        self._idle: list[tuple[socket.socket, float]] = []

    def post(self, path: str, headers: tuple[tuple[str, str], ...], body: bytes, limit_s: float) -> Answer:
        """Send a request and read its answer, all within `limit_s`. Raises ExchangeError."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        head = f"POST {self._prefix}{path}{self._fixed}{lines}content-length: {len(body)}\r\n\r\n"
        connection: socket.socket | None = None
        try:
            with gevent.Timeout(limit_s):
                connection = self._kept() or self._new()
                connection.sendall(head.encode("latin-1") + body)
                response = HTTPSocketResponse(connection, method="POST")
                content = _content(response)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, gevent.Timeout | Exception):
                raise _told(error, limit_s) from error
            raise
        if response.should_close():
            connection.close()
        else:
            self._idle.append((connection, time.perf_counter()))
        return Answer(response.get_code(), str(response.get("content-type", "")), content)

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[0].close()

    def _kept(self) -> socket.socket | None:
        """An idle connection that its server has not closed."""
        fresh_s = time.perf_counter() - MAX_IDLE_S
        while self._idle:
            connection, since = self._idle.pop()
            if since > fresh_s and not _select([connection], [], [], 0)[0]:
                return connection
            connection.close()
        return None

    def _new(self) -> socket.socket:
        """A new connection, to the first address that takes one; the name is looked up once."""
        if not self._addresses:
            self._addresses = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        for address in self._addresses[:-1]:
            with contextlib.suppress(OSError):
                return self._connected(*address)
        return self._connected(*self._addresses[-1])

    def _connected(self, family: int, kind: int, protocol: int, _name: str, address: Any) -> socket.socket:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.connect(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._tls.wrap_socket(connection, server_hostname=self._host) if self._tls else connection
        except BaseException:
            connection.close()
            raise


def _content(response: HTTPSocketResponse) -> bytes:
    """The body, decompressed. Raises ExchangeError if it has no end in sight."""
    content = response.read() if response.message_complete else _rest(response)
    encoding = str(response.get("content-encoding", "")).strip().lower()  # RFC 9110, 8.4.1: in any case
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(content, MAX_BODY)
    return content


def _rest(response: HTTPSocketResponse) -> bytes:
    content = bytearray()
    for chunk in response:
        content += chunk
        if len(content) > MAX_BODY:
            raise ExchangeError(Kind.TRANSPORT, f"an answer of more than {MAX_BODY} bytes")
    return bytes(content)


def _told(error: BaseException, limit_s: float) -> ExchangeError:
    """What went wrong, by kind and in words."""
    match error:
        case ExchangeError():
            return error
        case gevent.Timeout():
            return ExchangeError(Kind.TIMEOUT, f"no complete answer within {limit_s:g} s")
        case ConnectionRefusedError():
            return ExchangeError(Kind.REFUSED, "the connection was refused")
        case ConnectionError() | HTTPConnectionClosed():
            return ExchangeError(Kind.DISCONNECTED, "the connection ended before the answer did")
        case HTTPParseError() | OSError() | zlib.error():
            return ExchangeError(Kind.TRANSPORT, f"{type(error).__name__}: {error}")
        case _:
            raise error

"""Tiny servers on loopback, each with one fault that a deployment may have."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator

Connection = socket.socket


@contextlib.contextmanager
def serving(handle: Callable[[Connection], None]) -> Iterator[str]:
    """Give each connection to `handle` in a thread of its own; yields the server's address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                handle(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def nobody_listening() -> Iterator[str]:
    """An address that refuses connections: its port is bound, and nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def answering(status: str, body: bytes, content_type: str) -> Callable[[Connection], None]:
    """The same answer to every request, over one connection."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def handle(connection: Connection) -> None:
        while read_request(connection):
            connection.sendall(head + body)

    return handle


def read_request(connection: Connection) -> bytes:
    """One request with its body; empty at the end of the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (chunk := connection.recv(65536)):
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def headers_then_nothing(connection: Connection) -> None:
    """Begins an answer and never goes on."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n")
    time.sleep(3600)


def silent(connection: Connection) -> None:
    """Takes the request and says nothing."""
    read_request(connection)
    time.sleep(3600)


def trickling_headers(connection: Connection) -> None:
    """Sends a header now and then, so that no single read ever times out."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(36000):
        connection.sendall(f"X-Header-{number}: 1\r\n".encode())
        time.sleep(0.1)


def endless_body(connection: Connection) -> None:
    """Sends for as long as somebody reads."""
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        connection.sendall(b'"more",' * 10_000)


def hanging_up(connection: Connection) -> None:
    """Closes the connection instead of answering."""
    read_request(connection)

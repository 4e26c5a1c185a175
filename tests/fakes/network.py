"""A network between gitsync and a fake platform that breaks on demand, byte by byte.

    with broken(host) as network:
        network.faults.append(("reset-after", "POST"))      # the next POST is stored, and its connection is reset

Every connection carries one request. A fault happens to the next request of its method; "" is any.
"""

from __future__ import annotations

import gzip
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

BEFORE = (
    "refuse", "reset", "hang", "garbage", "empty", "500", "429", "429-date", "429-absurd", "null", "nothing", "204",
    "unchanged",
)  # fmt: skip
"""What happens before the platform hears of the request."""

AFTER = (
    "reset-after", "hang-after", "cut", "cut-headers", "trickle", "too-long", "too-short", "not-gzip", "gzip-bomb",
    "bad-encoding", "html", "502-after", "301", "chunks-broken",
)  # fmt: skip
"""What happens once the platform did what it was asked."""

HTML = b"<!doctype html><title>Wait</title><p>One moment, please.</p>"


class Network:
    """A TCP server on loopback in front of another; `faults` are (kind, method), the first that fits happens."""

    def __init__(self, host: str) -> None:
        parts = urlsplit(host)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.faults: list[tuple[str, str]] = []
        self.over = threading.Event()
        self.hanging = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.host = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self.over.set()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(timeout=10)

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            request = _whole(client)
            method = request.partition(b" ")[0].decode()
            fault = next((it for it in self.faults if it[1] in ("", method)), None)
            kind = ""
            if fault is not None:
                self.faults.remove(fault)
                kind = fault[0]
            if kind in BEFORE and kind != "unchanged":
                self._refuse(client, kind)
                return
            with socket.create_connection(self._target) as upstream:
                upstream.sendall(_closing(_asking(request) if kind == "unchanged" else request))
                answer = _rest(upstream)
            self._answer(client, kind, answer)

    def _refuse(self, client: socket.socket, kind: str) -> None:
        if kind in ("reset", "refuse"):
            _reset(client)
        elif kind == "hang":
            self.hanging.set()
            self.over.wait(20)
        elif kind == "garbage":
            client.sendall(b"\x16\x03\x01\x00 this is no HTTP\r\n\r\n")
        elif kind == "500":
            client.sendall(_page(b"500 Internal Server Error", HTML))
        elif kind in ("null", "nothing", "204"):
            body = {"null": b"null", "nothing": b"{}", "204": b""}[kind]
            client.sendall(_page(b"200 OK" if body else b"204 No Content", body, b"Content-Type: application/json"))
        elif kind.startswith("429"):
            after = {"429": b"0", "429-date": b"Thu, 01 Jan 2026 00:00:00 GMT", "429-absurd": b"99999999"}[kind]
            client.sendall(_page(b"429 Too Many Requests", b"{}", b"Retry-After: " + after))

    def _answer(self, client: socket.socket, kind: str, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.partition(b"\r\n")[0].partition(b" ")[2]
        match kind:
            case "reset-after":
                _reset(client)
            case "hang-after":
                self.hanging.set()
                self.over.wait(20)
            case "cut":
                client.sendall(answer[: len(head) + 4 + max(len(body) // 2, 1)])
            case "cut-headers":
                client.sendall(answer[: len(head) // 2])
            case "trickle":
                for byte in answer:
                    client.sendall(bytes([byte]))
                    if self.over.wait(0.1):
                        return
            case "too-long":
                client.sendall(_page(status, body, length=len(body) + 100))
            case "too-short":
                client.sendall(_page(status, body, length=len(body) // 2))
            case "not-gzip":
                client.sendall(_page(status, body, b"Content-Encoding: gzip"))
            case "gzip-bomb":
                client.sendall(_page(status, gzip.compress(b"\0" * (80 << 20)), b"Content-Encoding: gzip"))
            case "bad-encoding":
                client.sendall(_page(status, b'{"title": "\xff\xfe\xfa"}'))
            case "html":
                client.sendall(_page(b"200 OK", HTML, b"Content-Type: text/html"))
            case "502-after":
                client.sendall(_page(b"502 Bad Gateway", HTML))
            case "301":
                client.sendall(_page(b"301 Moved", b"", b"Location: http://169.254.169.254/latest/"))
            case "chunks-broken":
                client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n" + body)
            case _:
                client.sendall(answer)


def _whole(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := client.recv(65536)):
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(v) for n, _, v in (x.partition(b":") for x in head.split(b"\r\n")) if n.lower() == b"content-length"), 0
    )
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def _closing(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [x for x in head.split(b"\r\n") if not x.lower().startswith((b"connection:", b"accept-encoding:"))]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""]) + body


def _asking(request: bytes) -> bytes:
    """Return a request that only reads what this one would change: the answer is the record as it was."""
    head = request.partition(b"\r\n\r\n")[0]
    lines = [x for x in head.split(b"\r\n") if not x.lower().startswith((b"content-length:", b"transfer-encoding:"))]
    return b"\r\n".join([b"GET " + lines[0].partition(b" ")[2], *lines[1:], b"", b""])


def _rest(upstream: socket.socket) -> bytes:
    data = b""
    while part := upstream.recv(65536):
        data += part
    return data


def _page(status: bytes, body: bytes, header: bytes = b"X-Nothing: 1", length: int | None = None) -> bytes:
    size = str(len(body) if length is None else length).encode()
    return b"HTTP/1.1 %s\r\n%s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s" % (status, header, size, body)


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def broken(host: str) -> Iterator[Network]:
    """Put a network in front of `host`."""
    network = Network(host)
    try:
        yield network
    finally:
        network.close()

"""Lets a whole answer have a deadline: httpx counts every read anew, so a server that trickles could take hours."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore


class Deadline(httpcore.NetworkBackend):
    """A network on which no read waits beyond `at`, an instant of `clock`; None: as long as the read says.

    `resolved` may say which addresses a host has, for who has judged them; None: the host is connected to by its name.
    `names` has the names of hosts that are asked for by address, through a proxy: certificates are for names.
    """

    def __init__(
        self, clock: Callable[[], float], resolved: Callable[[str], Sequence[str] | None] = lambda _: None
    ) -> None:
        self.at: float | None = None
        self.names: dict[str, str] = {}
        self._clock = clock
        self._resolved = resolved
        self._inner = httpcore.SyncBackend()

    def left(self, timeout: float | None) -> float | None:
        """Return the seconds that a read may take. Raises httpcore.ReadTimeout when there are none."""
        if self.at is None:
            return timeout
        left = self.at - self._clock()
        if left <= 0:
            raise httpcore.ReadTimeout("the answer took too long")
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        *others, last = self._resolved(host) or (host,)
        for address in others:
            try:
                return _Stream(self._inner.connect_tcp(address, port, timeout, local_address, socket_options), self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next address of the host may answer
        return _Stream(self._inner.connect_tcp(last, port, timeout, local_address, socket_options), self)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.connect_unix_socket(path, timeout, socket_options), self)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        name = self._deadline.names.get(server_hostname or "", server_hostname)
        return _Stream(self._inner.start_tls(ssl_context, name, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def is_proxied(client: Any, url: Any) -> bool:
    """Say whether an httpx client asks a proxy for `url`. It tells nobody, so this reaches inside it."""
    return client._transport_for_url(url) is not client._transport


def keep(client: Any, deadline: Deadline) -> None:
    """Let every connection of an httpx client obey `deadline`. httpx takes no backend, so this reaches inside it."""
    for transport in (client._transport, *client._mounts.values()):
        if hasattr(transport, "_pool"):
            transport._pool._network_backend = deadline

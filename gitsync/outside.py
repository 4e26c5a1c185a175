"""Addresses that stand in posts: asked for without any secret, in bounded time, and never on an inner network.

A name is resolved once; what it leads to is judged, and connected to as it was judged. So no name server can answer
with a public address first and an inner one a moment later. A proxy is asked for the judged address too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address
from socket import getaddrinfo
from typing import Final, NamedTuple, TypeVar

import httpx

from gitsync import __version__
from gitsync.answers import CODINGS, packed_well, plain, retry_after
from gitsync.deadline import Deadline, is_proxied
from gitsync.errors import ConfigError
from gitsync.http import opened

PICTURE: Final = 20 << 20
"""Bytes of a picture that is fetched."""

METADATA: Final = frozenset(map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192")))
"""Where Amazon (IPv6), Alibaba and Oracle answer a machine about itself; all others use link-local addresses."""

REDIRECTS: Final = 5

_Found = TypeVar("_Found")
_Addresses = list[IPv4Address | IPv6Address]


class Probe(NamedTuple):
    """What became of asking for a page: the status of the end, 0 for none; where a permanent redirect leads; why.

    `wait` is how many seconds a host wants to be left alone for that has had too many requests.
    """

    status: int
    moved_to: str = ""
    said: str = ""
    wait: float = 0.0


class _NotAsked(Exception):
    """An address that must not be asked for, or one redirect too many."""


def probe(url: str, *, timeout: float = 15.0) -> Probe:
    """Ask whether a page is there, without reading it: HEAD, and GET where that is not liked. Nothing is raised.

    http and https only, also after redirects; never an address where clouds keep a machine's metadata, and no address
    of an inner network that an outer one leads to.
    """
    moved, inner, wait = "", True, 0.0

    def may(_: str, addresses: _Addresses) -> bool:
        nonlocal inner
        was, inner = inner, any(not it.is_global for it in addresses)
        return (was or not inner) and not any(it.is_link_local or it in METADATA for it in addresses)

    def ask(client: httpx.Client, target: httpx.URL, place: httpx.URL) -> tuple[str, int]:
        nonlocal moved, wait
        try:
            answer = client.head(place)
            asked = answer.status_code < 400 or answer.status_code in (410, 429)
        except httpx.RemoteProtocolError:
            asked = False
        if not asked:
            with client.stream("GET", place) as answer:
                pass
        status, location = answer.status_code, _location(answer)
        wait = (retry_after(answer.headers) or 0.0) if status == 429 else 0.0
        if location and status in (301, 308):
            moved = str(target.join(location))
        return location, status

    agent = f"Mozilla/5.0 (compatible; gitsync/{__version__}; link check)"
    try:
        status = _followed(url, may, ask, {"User-Agent": agent, "Accept": "*/*"}, timeout)
    except _NotAsked as error:
        return Probe(0, said=str(error))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ConfigError) as error:
        return Probe(0, said=plain(str(error) or type(error).__name__)[:120])
    return Probe(status, moved, wait=wait)


def download(url: str, *, trusted: Collection[str] = (), timeout: float = 60.0) -> tuple[bytes, str] | None:
    """Return the content of a picture and its media type, by what the server says; None where it cannot be had.

    At most PICTURE bytes, http and https only; only public addresses, also after redirects, but for `trusted` hosts
    (with their port, as in a URL). Nothing is raised: a picture less is no reason against a post.
    """

    def may(host: str, addresses: _Addresses) -> bool:
        return host in trusted or all(it.is_global for it in addresses)

    def ask(client: httpx.Client, _: httpx.URL, place: httpx.URL) -> tuple[str, tuple[bytes, str] | None]:
        with client.stream("GET", place) as answer:
            if location := _location(answer):
                return location, None
            kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            packed = not packed_well(answer.headers.get("content-encoding", ""))
            may_be = kind.startswith("image/") or kind.endswith("/octet-stream")
            if answer.status_code != 200 or not may_be or packed:
                return "", None
            content = bytearray()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > PICTURE:
                    return "", None
            return "", (bytes(content), kind)

    try:
        return _followed(url, may, ask, {"User-Agent": f"gitsync/{__version__}", "Accept": "image/*"}, timeout)
    except (_NotAsked, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ConfigError):
        return None


def _followed(
    url: str,
    may: Callable[[str, _Addresses], bool],
    ask: Callable[[httpx.Client, httpx.URL, httpx.URL], tuple[str, _Found]],
    headers: dict[str, str],
    timeout: float,
) -> _Found:
    """Return what `ask` finds at the end of the redirects of `url`, all of it within `timeout` seconds.

    `ask` gets an address, and the same to be sent; it returns where an answer leads, "" for its end. `may` judges a
    host (with its port) and its addresses.
    """
    resolved: dict[str, list[str]] = {}
    deadline = Deadline(time.monotonic, resolved.get)
    deadline.at = time.monotonic() + timeout
    with opened(
        deadline, timeout=min(timeout, 15.0), headers=headers | {"Accept-Encoding": ", ".join(CODINGS)}
    ) as client:
        target = httpx.URL(url)
        for _ in range(1 + REDIRECTS):
            if target.scheme not in ("http", "https") or target.userinfo:
                raise _NotAsked("that is no public address")
            addresses = _addresses(target.host)
            if not may(target.netloc.decode("ascii"), addresses):
                raise _NotAsked("that is no public address")
            resolved[target.raw_host.decode("ascii")] = list(map(str, addresses))
            location, found = ask(client, target, _place(client, deadline, target, addresses))
            if not location:
                return found
            target = target.join(location)
    raise _NotAsked("it redirects too often")


def _place(client: httpx.Client, deadline: Deadline, target: httpx.URL, addresses: _Addresses) -> httpx.URL:
    """Return `target` as it is asked for: from a proxy by the address that was judged, or it would look for its own."""
    client.headers.pop("Host", None)
    if not is_proxied(client, target):
        return target
    client.headers["Host"] = target.netloc.decode("ascii")
    deadline.names[str(addresses[0])] = target.raw_host.decode("ascii")
    return target.copy_with(host=str(addresses[0]))


def _location(answer: httpx.Response) -> str:
    return str(answer.headers.get("location", "")) if 300 <= answer.status_code < 400 else ""


def _addresses(host: str) -> _Addresses:
    found = [ip_address(str(it[4][0]).partition("%")[0]) for it in getaddrinfo(host, None)]
    # An IPv4 address in IPv6's clothes leads to the same machine.
    addresses = (it.ipv4_mapped or it if isinstance(it, IPv6Address) else it for it in found)
    return list(dict.fromkeys(addresses))

"""Addresses that stand in posts: no inner network is asked, no name server can lead there, nothing takes for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gitsync import outside
from gitsync.outside import Probe, download, probe
from gitsync.testing import PNG
from tests.fakes.server import serving


async def pictures(scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a picture, and redirects to it and in circles."""
    answers = {
        "/a.png": Response(PNG, media_type="image/png"),
        "/moved": RedirectResponse("/a.png", 301),
        "/circle": RedirectResponse("/circle", 302),
    }
    await answers.get(scope["path"], Response("gone", 404))(scope, receive, send)


@pytest.fixture
def host() -> Iterator[str]:
    with serving(pictures) as url:
        yield url.removeprefix("http://")


def test_what_was_judged_is_what_is_connected_to(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, asked = f"pictures.invalid:{host.rpartition(':')[2]}", []

    def resolve(host: str, _: None) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(outside, "getaddrinfo", resolve)
    assert download(f"http://{name}/moved", trusted={name}) == (PNG, "image/png")
    assert asked == ["pictures.invalid"] * 2  # no other resolver was asked: none knows this name
    assert download(f"http://{name}/a.png") is None


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], socket.socket]]:
    """A proxy that the environment names; the lines it gets, and the socket it listens on."""
    lines: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    head = client.recv(65536).decode()
                    lines.extend(line for line in head.splitlines() if line.startswith(("GET", "CONNECT", "Host")))
                    client.sendall(
                        b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n"
                        if head.startswith("CONNECT")
                        else b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: %d\r\n\r\n%s"
                        % (len(PNG), PNG)
                    )

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "direct.invalid")
        yield lines, server
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_proxy_is_asked_for_the_address_that_was_judged(
    proxy: tuple[list[str], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, _ = proxy
    found = {"pictures.invalid": "93.184.215.14", "inner.invalid": "10.0.0.1", "direct.invalid": "127.0.0.1"}
    monkeypatch.setattr(outside, "getaddrinfo", lambda host, _: [(2, 1, 6, "", (found.get(host, host), 0))])
    assert download("http://pictures.invalid/a.png") == (PNG, "image/png")
    assert lines == ["GET http://93.184.215.14/a.png HTTP/1.1", "Host: pictures.invalid"]
    lines.clear()
    assert download("https://pictures.invalid/a.png") is None
    assert lines[0] == "CONNECT 93.184.215.14:443 HTTP/1.1"
    lines.clear()
    for url in ("http://inner.invalid/a.png", "http://10.0.0.1/a.png", "http://direct.invalid:9/a.png"):
        assert download(url) is None
    assert download("http://direct.invalid:9/a.png", trusted={"direct.invalid:9"}) is None
    assert lines == []


def test_a_page_is_probed_and_where_it_went_is_told(host: str) -> None:
    assert probe(f"http://{host}/a.png") == Probe(200)
    assert probe(f"http://{host}/moved") == Probe(200, f"http://{host}/a.png")
    assert probe(f"http://{host}/none") == Probe(404)
    assert probe(f"http://{host}/circle") == Probe(0, said="it redirects too often")
    assert probe("ftp://a.example/") == Probe(0, said="that is no public address")
    assert download(f"http://{host}/circle", trusted={host}) is None


def test_a_page_is_there_though_its_host_does_not_like_to_be_asked_without_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "HEAD" and request.url.path == "/broken":
            raise httpx.RemoteProtocolError("peer closed connection")
        return httpx.Response(500 if request.method == "HEAD" else 200)

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(transport=httpx.MockTransport(answer), **given))
    assert probe("http://93.184.215.14/page") == Probe(200)
    assert probe("http://93.184.215.14/broken") == Probe(200)


def test_how_long_a_host_wants_to_be_left_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = httpx.MockTransport(lambda _: httpx.Response(429, headers={"retry-after": "7"}))
    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(transport=busy, **given))
    assert probe("http://93.184.215.14/page") == Probe(429, wait=7.0)


def test_one_name_in_an_address_is_no_password_for_another(host: str) -> None:
    assert download(f"http://u:p@{host}/a.png", trusted={host, f"u:p@{host}"}) is None


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "[fe80::1]", "[fd00:ec2::254]"])
def test_a_link_is_never_looked_for_where_clouds_keep_their_metadata(host: str) -> None:
    assert probe(f"http://{host}/latest/meta-data/") == Probe(0, said="that is no public address")


def test_a_redirect_from_outside_leads_to_no_inner_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"location": "http://127.0.0.1:9/admin?delete=all"})

    real = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **given: real(transport=httpx.MockTransport(answer), **given))
    assert probe("http://93.184.215.14/page") == Probe(0, said="that is no public address")
    assert asked == ["http://93.184.215.14/page"]

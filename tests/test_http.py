"""What a caller may conclude from each way in which a request can go wrong."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from gitsync.connector import SiteSettings
from gitsync.errors import (
    ConfigError,
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SiteError,
    Stale,
    Throttled,
    Unauthorized,
    Unreachable,
)
from gitsync.http import LARGEST, Client
from gitsync.outside import download, probe
from gitsync.pace import Limit

BASE = "https://forem.example/api"
SECRET = "s3cr3t-Kéy".encode("ascii", "ignore").decode()
Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class World:
    """A site that gives prepared answers, the last one for ever, and a clock that only sleeping moves."""

    def __init__(
        self, *answers: Answer, pace: dict[str, Limit] | None = None, base: str = BASE, token: str = SECRET
    ) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.sleeps: list[float] = []
        self.now = 0.0
        self.settings = SiteSettings(
            name="blog", platform="x", url=base, root=Path(), secret=lambda key: token, pace=pace, timeout=5.0
        )
        self.client = Client(
            self.settings,
            base=base,
            headers={"api-key": token, "Accept": "application/json"},
            pace={},
            transport=httpx.MockTransport(self.answer),
            sleep=self.sleep,
            clock=lambda: self.now,
        )

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


def cut(_: httpx.Request) -> httpx.Response:
    def body() -> Iterator[bytes]:
        yield b'[{"id": 1'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    return httpx.Response(200, content=body())


def ok(value: object = None) -> httpx.Response:
    return httpx.Response(200, json=value)


def test_a_request_carries_credentials_and_a_user_agent() -> None:
    world = World(ok([1]))
    assert world.client.request("GET", "/articles", params={"page": 2}).json() == [1]
    (request,) = world.requests
    assert str(request.url) == f"{BASE}/articles?page=2"
    assert request.headers["api-key"] == SECRET
    assert request.headers["user-agent"].startswith("gitsync/")
    assert world.settings.meter.requests == 1


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.ReadError("reset"),
        httpx.Response(503, text="later"),
        cut,
    ],
)
def test_a_read_is_repeated_until_it_works(trouble: Answer) -> None:
    world = World(trouble, trouble, ok({"id": 1}))
    assert world.client.request("GET", "/x").json() == {"id": 1}
    assert world.settings.meter.requests == 3
    assert world.sleeps == [0.5, 1.0]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ReadTimeout("slow"), Unreachable),
        (httpx.Response(502), Unreachable),
        (cut, Malformed),
    ],
)
def test_patience_with_a_read_ends(trouble: Answer, error: type[SiteError]) -> None:
    world = World(trouble)
    with pytest.raises(error):
        world.client.request("GET", "/x")
    assert len(world.requests) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("disconnected"),
        httpx.Response(500),
        httpx.Response(504, text="<html>"),
        httpx.Response(408),
        cut,
    ],
)
def test_a_write_without_a_clear_answer_is_sent_once_and_unknown(method: str, trouble: Answer) -> None:
    world = World(trouble)
    with pytest.raises(OutcomeUnknown):
        world.client.request(method, "/x", json={})
    assert len(world.requests) == 1


def test_a_write_that_never_left_is_tried_again_and_then_unreachable() -> None:
    world = World(httpx.ConnectError("refused"))
    with pytest.raises(Unreachable):
        world.client.request("POST", "/x", json={})
    arriving = World(httpx.ConnectTimeout("slow"), ok())
    arriving.client.request("POST", "/x", json={})
    assert len(arriving.requests) == 2


def test_a_write_answered_with_html_is_unknown_a_read_malformed() -> None:
    page = httpx.Response(200, text="<html>We moved</html>")
    with pytest.raises(OutcomeUnknown, match="HTML"):
        World(page).client.request("POST", "/x", json={}).json()
    with pytest.raises(Malformed, match="HTML"):
        World(page).client.request("GET", "/x").json()


@pytest.mark.parametrize("content", [b'[{"id": 1', b"", b'"\xff"', b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        World(httpx.Response(200, content=content)).client.request("GET", "/x").json()


def test_half_a_surrogate_pair_becomes_text_that_can_be_written() -> None:
    content = b'["\\ud83d x", "\\ud83d\\ude00", "\\\\ud83d"]'
    assert World(httpx.Response(200, content=content)).client.request("GET", "/x").json() == ["� x", "😀", "\\ud83d"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Unauthorized),
        (403, Unauthorized),
        (404, NotFound),
        (409, Stale),
        (410, NotFound),
        (412, Stale),
        (413, Rejected),
        (418, Malformed),
        (422, Rejected),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_each_status_means_one_error(method: str, status: int, error: type[SiteError]) -> None:
    world = World(httpx.Response(status, json={"error": "Title can't be blank", "status": status}))
    with pytest.raises(error, match="Title can't be blank") as caught:
        world.client.request(method, "/x")
    assert type(caught.value) is error
    assert len(world.requests) == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_429_waits_as_long_as_it_says(method: str) -> None:
    date = datetime(2026, 1, 1, tzinfo=UTC)
    header = {"Retry-After": format_datetime(date + timedelta(seconds=7)), "Date": format_datetime(date)}
    world = World(
        httpx.Response(429, headers={"Retry-After": "30"}, json={"error": "Rate limit reached"}),
        httpx.Response(429, headers={"Retry-After": "1"}, text="Retry later\n"),
        httpx.Response(429, headers=header),
        httpx.Response(429),
        ok(),
    )
    world.client.request(method, "/x")
    assert world.sleeps == [30.0, 1.0, 7.0, 16.0]


@pytest.mark.parametrize("asked", ["86400", "99999999999"])
def test_an_absurd_wait_is_not_waited_for(asked: str) -> None:
    world = World(httpx.Response(429, headers={"Retry-After": asked}))
    with pytest.raises(Throttled) as caught:
        world.client.request("POST", "/x")
    assert caught.value.retry_after == float(asked)
    assert world.sleeps == []


def test_endless_429s_end() -> None:
    world = World(httpx.Response(429, headers={"Retry-After": "0"}))
    with pytest.raises(Throttled):
        world.client.request("POST", "/x")
    assert len(world.requests) < 20


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("place", ["http:x", "data:,x", "a:b:c", "javascript:x", "http://[::1", "/\x01", "", ":"])
def test_a_redirect_to_what_is_no_address_is_an_error_of_the_site(method: str, place: str) -> None:
    # `http:x` was an httpx.InvalidURL, told as a bug of gitsync.
    world = World(httpx.Response(301, headers={"Location": place}))
    with pytest.raises(SiteError):
        world.client.request(method, "/x")


@pytest.mark.parametrize(("headers", "most"), [({}, 64), ({"Retry-After": "-5"}, 64), ({"Retry-After": "300"}, 330)])
def test_a_storm_of_429s_ends_in_minutes(headers: dict[str, str], most: float) -> None:
    # Without a header it was eight and a half minutes in silence, and forty with one of five minutes.
    world = World(httpx.Response(429, headers=headers))
    with pytest.raises(Throttled):
        world.client.request("GET", "/x")
    assert most / 2 < sum(world.sleeps) <= most


def test_a_read_follows_a_redirect_on_the_same_host_only() -> None:
    world = World(httpx.Response(301, headers={"Location": "/api/y?page=2"}), ok(1))
    assert world.client.request("GET", "/x").json() == 1
    assert str(world.requests[1].url) == "https://forem.example/api/y?page=2"
    for target in ("https://evil.example/api", "http://forem.example/api", "https://forem.example:444/", "//evil/"):
        abroad = World(httpx.Response(302, headers={"Location": target}), ok())
        with pytest.raises(Malformed, match="moved to"):
            abroad.client.request("GET", "/x")
        assert len(abroad.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_write_never_follows_a_redirect(status: int) -> None:
    world = World(httpx.Response(status, headers={"Location": "/api/y"}), ok())
    with pytest.raises(Malformed, match="moved to"):
        world.client.request("POST", "/x", json={})
    assert len(world.requests) == 1


def test_redirects_in_a_circle_end() -> None:
    with pytest.raises(Malformed):
        World(httpx.Response(302, headers={"Location": "/api/x"})).client.request("GET", "/x")


def test_a_compressed_flood_is_refused() -> None:
    bomb = gzip.compress(b"\0" * (LARGEST + 1))
    world = World(lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=bomb))
    with pytest.raises(Malformed, match="64 MiB"):
        world.client.request("GET", "/x")


@pytest.mark.parametrize("coding", ["gzip, gzip", "GZIP,gzip", "br", "zstd", "gzip, identity"])
def test_an_answer_that_could_unpack_to_any_size_at_once_is_never_unpacked(coding: str) -> None:
    unpacked = []

    def body() -> Iterator[bytes]:
        unpacked.append(1)
        yield gzip.compress(gzip.compress(b"[]"))

    def packed(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": coding}, content=body())

    for method, error in (("GET", Malformed), ("POST", OutcomeUnknown)):
        with pytest.raises(error, match="packed"):
            World(packed).client.request(method, "/x")
    assert not unpacked


def test_only_what_is_unpacked_in_little_room_is_asked_for() -> None:
    world = World(ok())
    world.client.request("GET", "/x")
    assert world.requests[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ALL_PROXY", "socks5://u:hunter22@proxy.example", "SOCKS"),
        ("HTTPS_PROXY", "foo://u:hunter22@proxy.example", "no address"),
        ("HTTPS_PROXY", "http://u:hunter22@[::1", "no address"),
        ("NO_PROXY", "[::1", "no address"),
        ("SSL_CERT_FILE", "/nowhere/at/all.pem", "certificates"),
        ("SSL_CERT_FILE", os.devnull, "certificates"),
    ],
)
def test_an_environment_that_cannot_be_used_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    for other in list(os.environ):
        if other.lower().endswith("_proxy"):
            monkeypatch.delenv(other)
    monkeypatch.setenv(name, value)
    settings = SiteSettings(name="blog", platform="x", url=BASE, root=Path(), secret=lambda _: SECRET)
    with pytest.raises(ConfigError, match=said) as caught:
        Client(settings, base=BASE, headers={"api-key": SECRET}, pace={})
    assert "hunter22" not in str(caught.value)
    assert probe("https://nowhere.invalid/").status == 0
    assert download("https://nowhere.invalid/a.png") is None


def test_a_name_that_no_host_can_have_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(ConfigError, match="not an http or https address"):
        World(ok(), base="https://xn--zzzz.invalid")
    settings = SiteSettings(name="blog", platform="x", url="", root=Path(), secret=lambda _: SECRET)
    base = f"http://{'a' * 64}.invalid"
    client = Client(settings, base=base, headers={"api-key": SECRET}, pace={}, sleep=lambda _: None)
    with pytest.raises(Unreachable, match="no such host"):
        client.request("GET", "/x")
    for method, error in (("GET", SiteError), ("POST", OutcomeUnknown)):
        with pytest.raises(error):
            World(httpx.Response(302, headers={"Location": "http://xn--zzzz.invalid/"})).client.request(method, "/x")


def test_an_answer_that_drips_is_given_up_at_the_timeout() -> None:
    world = World(ok())

    def drips(_: httpx.Request) -> httpx.Response:
        def body() -> Iterator[bytes]:
            while True:
                world.now += 1.0
                yield b" "

        return httpx.Response(200, content=body())

    world.answers = [drips]
    with pytest.raises(OutcomeUnknown, match="5 seconds"):
        world.client.request("POST", "/x", json={})


def test_no_message_shows_what_signed_the_request() -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, json={"error": f"bad {request.headers['authorization']}"})

    settings = SiteSettings(name="blog", platform="x", url=BASE, root=Path(), secret=lambda _: SECRET)
    sent = iter(("token-one", "token-two"))
    client = Client(
        settings,
        base=BASE,
        headers={},
        pace={},
        sign=lambda *_: {"Authorization": f"Ghost {next(sent)}"},
        transport=httpx.MockTransport(echo),
    )
    for _ in range(2):
        with pytest.raises(Rejected, match="bad •••") as caught:
            client.request("GET", "/x")
        assert "token-" not in str(caught.value)


def test_no_message_shows_a_secret_or_a_control_character() -> None:
    said = f"\x1b[31mbad key {SECRET}\r\n" + "x" * 9999
    for answer in (httpx.Response(401, json={"error": said}), httpx.ConnectError(said)):
        with pytest.raises(SiteError) as caught:
            World(answer).client.request("GET", "/x")
        assert SECRET not in str(caught.value)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 600


@pytest.mark.parametrize("token", ["", "wrång", "two\nlines"])
def test_credentials_that_no_header_can_hold_are_refused_unsent(token: str) -> None:
    world = World(ok(), token=token)
    with pytest.raises(Unauthorized):
        world.client.request("GET", "/x")
    assert world.requests == []


@pytest.mark.parametrize("base", ["ftp://x/", "dev.to/api", "", "https://u:p@dev.to/api", "https://", "/api"])
def test_an_address_that_is_none_is_a_configuration_error(base: str) -> None:
    with pytest.raises(ConfigError) as caught:
        World(ok(), base=base)
    assert "u:p" not in str(caught.value)


def test_cookies_are_not_kept() -> None:
    world = World(httpx.Response(200, headers={"Set-Cookie": "session=1; Path=/"}))
    world.client.request("GET", "/x")
    world.client.request("GET", "/x")
    assert "cookie" not in world.requests[1].headers


def test_requests_keep_the_pace_of_the_settings() -> None:
    world = World(ok(), pace={"writes": (2, 10.0)})
    for _ in range(3):
        world.client.request("POST", "/x")
        world.client.request("GET", "/x")
    assert world.sleeps == [10.0]


def test_every_try_is_signed_anew_with_its_path_and_body() -> None:
    world = World(httpx.ConnectError("refused"), ok({}))
    signed: list[tuple[str, str, bytes]] = []

    def sign(method: str, path: str, body: bytes) -> dict[str, str]:
        signed.append((method, path, body))
        return {"X-Signature": str(len(signed))}

    client = Client(
        world.settings,
        base=BASE,
        headers={},
        pace={},
        sign=sign,
        transport=httpx.MockTransport(world.answer),
        sleep=world.sleep,
    )
    client.request("POST", "/posts?a=%C3%BC", content=b"{}", headers={"Content-Type": "application/json"})
    assert signed == [("POST", "/api/posts?a=%C3%BC", b"{}")] * 2
    assert world.requests[-1].headers["x-signature"] == "2"


def test_a_redirected_read_keeps_its_own_headers() -> None:
    world = World(httpx.Response(301, headers={"Location": "/api/posts/"}), ok([]))
    world.client.request("GET", "/posts", headers={"Prefer": "count=exact"})
    assert [request.headers["prefer"] for request in world.requests] == ["count=exact"] * 2


def test_a_caller_can_read_a_refusal_itself() -> None:
    world = World(httpx.Response(422, json={"errors": {"slug": "is taken"}}))
    response = world.client.request("POST", "/posts", json={}, accept={422})
    assert response.status == 422
    told = world.client.refused(Rejected, response, f"no {SECRET}")
    assert isinstance(told, Rejected)
    assert SECRET not in told.message


def test_a_file_is_sent_as_a_form() -> None:
    world = World(ok({}))
    world.client.request("POST", "/files", files={"f": ("ü.png", b"\x89PNG", "image/png")}, fields={"alt": "x"})
    [request] = world.requests
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"\x89PNG" in request.content
    assert b'name="alt"' in request.content

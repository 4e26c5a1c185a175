"""One polite HTTP client for every connector: paced, patient, never sending a write twice, errors translated once.

What a caller may conclude from an error is the point of this module. A read is repeated until it works or the patience
ends. A write is sent once: unless the connection was never made (Unreachable) or the server said no in so many words
(429, 4xx), nobody knows whether it happened (OutcomeUnknown), and the engine has to look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx

from gitsync import __version__
from gitsync.answers import CODINGS, packed_well, plain, retry_after
from gitsync.answers import Response as Response
from gitsync.answers import said as said
from gitsync.connector import SiteSettings
from gitsync.deadline import Deadline, keep
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
from gitsync.pace import Limit, Pace, limits
from gitsync.secrets import disguises

LARGEST: Final = 64 << 20
"""Bytes of an answer after decompression; a page of a thousand posts of dev.to is about 10 MB."""

LONGEST: Final = 330.0
"""Seconds one request waits when asked to; the longest documented Retry-After is dev.to's 300 s for new accounts."""

UNSAID: Final = 64.0
"""Seconds one request waits, ever longer, where no 429 says how long: a limit per minute has passed by then."""

BACKOFF: Final = (0.5, 1.0, 2.0)
"""Seconds between the tries of a read."""

THROTTLED: Final = 8
"""How many 429s in a row one request may get."""

ERRORS: Final[Mapping[int, type[SiteError]]] = {
    400: Rejected,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    409: Stale,
    410: NotFound,
    412: Stale,
    413: Rejected,
    415: Rejected,
    422: Rejected,
}

HINTS: Final[Mapping[type[SiteError], str]] = {
    Unauthorized: "Check the credentials of [sites.{site}] in gitsync.toml and what they may do.",
    Rejected: "Change the post and sync again.",
    Malformed: "Check `url` of [sites.{site}] in gitsync.toml.",
    OutcomeUnknown: "The next sync looks whether it arrived before anything is sent again.",
    Unreachable: "Check the network and `url` of [sites.{site}], or try again later.",
    Throttled: "Try again later.",
}

Signer = Callable[[str, str, bytes], Mapping[str, str]]
"""Returns the headers that sign one request: of its method, its path with the query, and its body."""

NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Client:
    """Speaks to one site. `base` is the address that paths are added to; `headers` hold its credentials.

    `sign` is asked anew for every request sent; `secrets` are what no message may show beside the headers.
    """

    def __init__(
        self,
        settings: SiteSettings,
        *,
        base: str,
        headers: Mapping[str, str],
        pace: Mapping[str, Sequence[Limit]],
        sign: Signer | None = None,
        secrets: Collection[str] = (),
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = settings.name
        self._settings = settings
        self._sleep, self._clock = sleep, clock
        self._pace = Pace(limits(pace, settings.pace), sleep, clock)
        self._base = self._checked(base)
        self._sign = sign
        self._secrets = secrets_in(headers) | {secret for secret in secrets if len(secret) >= 4}
        self._signature: Mapping[str, str] = {}
        self._sendable = all(value.strip() and value.isascii() and value.isprintable() for value in headers.values())
        always = {"User-Agent": f"gitsync/{__version__}", "Accept-Encoding": ", ".join(CODINGS)}
        self._deadline = Deadline(clock)
        self._http = opened(
            self._deadline,
            headers={**headers, **always} if self._sendable else {},
            timeout=settings.timeout,
            transport=transport,
            # Servers close idle connections after 5 s or more. Dropping ours first means that a write never meets
            # a connection that is just being closed, which would make its outcome unknown for nothing.
            limits=httpx.Limits(keepalive_expiry=2.0),
            # A session cookie beside an API key makes some platforms want a CSRF token.
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        )

    def _checked(self, base: str) -> str:
        try:
            url = httpx.URL(base)
            named = bool(url.host)
        except (httpx.InvalidURL, TypeError, ValueError):
            url, named = httpx.URL(), False
        if url.scheme not in ("http", "https") or not named or url.userinfo:
            message = f"`url` of [sites.{self._site}] is not an http or https address without a password in it."
            raise ConfigError(message, "Write it like https://example.org/api.")
        return base.rstrip("/")

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json: Any = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[int] = (),
        kind: str = "",
        asks: bool = False,
    ) -> Response:
        """Send one request and return its answer of status 2xx. Raises any SiteError but Forged.

        `path` is relative to `base`; the body is `json`, or `content` as it is, or a multipart form of `files` (field
        -> name, bytes, media type) and `fields`. Answers of the statuses in `accept` (from 400) are returned too, for
        the caller to read. `asks`: this POST only asks, as GraphQL's queries do, and may be sent again. `kind` names a
        limit that this request counts for beside "reads" or "writes". Counts every request sent in the meter.
        """
        if not self._sendable:
            message = f"the credentials of {self._site} are empty or have characters that no header can hold."
            raise self._error(Unauthorized, message)
        write = method not in ("GET", "HEAD") and not asks
        kinds = ["writes" if write else "reads", *([kind] if kind else [])]
        request = self._http.build_request(
            method,
            self._base + path,
            params=params,
            json=json,
            content=content,
            files=files,
            data=fields if files else None,
            headers=headers,
        )
        tries = iter(BACKOFF)
        throttled = redirects = 0
        waited = 0.0
        while True:
            self._pace.wait(kinds)
            if self._sign is not None:
                where = request.url.raw_path.decode("ascii")
                self._signature = self._sign(request.method, where, request.read())
                request.headers.update(self._signature)
            self._settings.meter.requests += 1
            try:
                response = self._answer(request, write)
            except (Unreachable, Malformed):
                # A write that surely was not sent may be tried again as well.
                if (pause := next(tries, None)) is None:
                    raise
                self._sleep(pause)
                continue
            finally:
                self._pace.stamp(kinds)
            if response.status == 429:
                throttled += 1
                seconds = self._patience(response, throttled, waited)
                waited += seconds
                self._sleep(seconds)
            elif 300 <= response.status < 400:
                redirects += 1
                request = self._redirected(request, response, redirects, headers)
            elif (response.status >= 500 or response.status == 408) and response.status not in accept:
                if write or (pause := next(tries, None)) is None:
                    raise self.refused(OutcomeUnknown if write else Unreachable, response)
                self._sleep(pause)
            elif response.status >= 400 and response.status not in accept:
                raise self.refused(ERRORS.get(response.status, Malformed), response)
            else:
                return response

    def hide(self, headers: Mapping[str, str]) -> None:
        """Let no message show what is secret in `headers`, which a site has given out meanwhile."""
        self._secrets |= secrets_in(headers)

    def close(self) -> None:
        """Close every connection."""
        self._http.close()

    def _answer(self, request: httpx.Request, write: bool) -> Response:
        """Send once and read all of the answer, within the site's timeout and LARGEST."""
        unknown = OutcomeUnknown if write else Unreachable
        # Answers that come at all come within twice that: once for the server's work, once for what it says.
        self._deadline.at = deadline = self._clock() + 2 * self._settings.timeout
        content = bytearray()
        begun = False
        try:
            response = self._http.send(request, stream=True)
            begun = True
            try:
                coding = response.headers.get("content-encoding", "")
                if not packed_well(coding):
                    strange = OutcomeUnknown if write else Malformed
                    raise self._error(strange, f"{self._site} sent an answer packed in a way not asked for: {coding}.")
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        too_much = OutcomeUnknown if write else Malformed
                        raise self._error(too_much, f"{self._site} answered with more than {LARGEST >> 20} MiB.")
                    if self._clock() > deadline:
                        raise httpx.ReadTimeout("the answer took too long")
            finally:
                response.close()
        except NOT_SENT as error:
            raise self._error(
                Unreachable, f"{self._site} cannot be reached: {error or type(error).__name__}."
            ) from None
        except httpx.TimeoutException:
            message = f"{self._site} did not answer within {self._settings.timeout:g} seconds."
            raise self._error(unknown, message) from None
        except httpx.InvalidURL:  # httpx reads where a redirect leads as soon as it has the headers
            nowhere = OutcomeUnknown if write else Malformed
            raise self._error(nowhere, f"{self._site} redirects to what is no address.") from None
        except UnicodeError:  # the same, or our own address: asked for only when it is connected to
            raise self._error(
                unknown, f"the address of {self._site}, or where it redirects, has no such host."
            ) from None
        except httpx.HTTPError as error:
            cut = Malformed if begun and not write else unknown
            what = "cut its answer off" if begun else "closed the connection without an answer"
            raise self._error(cut, f"{self._site} {what} ({type(error).__name__}).") from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(
            status=response.status_code, headers=headers, content=bytes(content), site=self._site, write=write
        )

    def _patience(self, response: Response, throttled: int, waited: float) -> float:
        """Return the seconds that a 429 asks us to wait. Raises Throttled when that is too long or too often."""
        asked = retry_after(response.headers)
        seconds, most = (float(2**throttled), UNSAID) if asked is None else (asked, LONGEST)
        if waited + seconds > most or throttled > THROTTLED:
            message = f"{self._site} wants no requests for {seconds:.0f} seconds."
            raise Throttled(message, HINTS[Throttled], retry_after=seconds)
        return seconds

    def _redirected(
        self, request: httpx.Request, response: Response, redirects: int, headers: Mapping[str, str] | None
    ) -> httpx.Request:
        """Return the request to send instead: only reads, and only to the same host, follow a redirect."""
        try:
            target = request.url.join(response.headers.get("location", ""))
        except httpx.InvalidURL:
            target = request.url
        same = (target.scheme, target.host, target.port) == (request.url.scheme, request.url.host, request.url.port)
        if response.write or not same or redirects > 3 or response.status == 304:
            place = str(target.copy_with(query=None, fragment=None, userinfo=b""))
            raise self._error(Malformed, f"{self._site} answered {response.status}: moved to {place}.")
        return self._http.build_request(request.method, target, headers=headers)

    def refused(self, kind: type[SiteError], response: Response, sentence: str = "") -> SiteError:
        """Return the error for an answer: `sentence`, or what the platform says in it, without secrets."""
        return self._error(kind, f"{self._site} answered {response.status}: {sentence or said(response)}")

    def _error(self, kind: type[SiteError], message: str) -> SiteError:
        forms = {form for secret in self._secrets | secrets_in(self._signature) for form in disguises(secret)}
        for form in sorted(forms, key=len, reverse=True):
            message = message.replace(form, "•••")
        return kind(plain(message), HINTS.get(kind, "").format(site=self._site))


def opened(deadline: Deadline, **options: Any) -> httpx.Client:
    """Return an httpx client that obeys `deadline`, with the proxies and the certificates that the environment names.

    Raises ConfigError where it names none that can be used.
    """
    try:
        client = httpx.Client(**options)
    except ImportError:
        message = "the proxy that the environment names is a SOCKS proxy, which needs a package more."
        raise ConfigError(message, "Run `pip install 'httpx[socks]'`, or name an HTTP proxy.") from None
    except OSError as error:  # ssl.SSLError is one too
        message = f"the certificates that the environment names cannot be used: {error.strerror or error}."
        raise ConfigError(message, "Correct or unset SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE.") from None
    except (ValueError, httpx.InvalidURL):
        message = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or NO_PROXY in the environment is no address."
        raise ConfigError(message, "Write a proxy like http://proxy.example:3128.") from None
    keep(client, deadline)
    return client


def secrets_in(headers: Mapping[str, str]) -> set[str]:
    """Return what no message may show: header values, and what follows a scheme such as `Bearer`."""
    values = [value for name, value in headers.items() if not name.lower().startswith(("accept", "content-type"))]
    return {part for value in values for part in (value, value.rpartition(" ")[2]) if len(part) >= 4}

"""Who a request is from: headers, a query parameter, a signature, or a session that is logged in to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final

from gitsync.connector import SiteSettings
from gitsync.errors import ConfigError
from gitsync.http import Signer
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Reader, reader
from gitsync_connectors.rest_requests import Endpoint, fill, header_of

ALGORITHMS: Final = ("sha256", "sha512", "sha384", "sha1", "md5")
CLOCKS: Final[Mapping[str, Callable[[float], str]]] = {
    "seconds": lambda now: str(int(now)),
    "milliseconds": lambda now: str(int(now * 1000)),
    "iso": lambda now: datetime.fromtimestamp(int(now), UTC).isoformat().replace("+00:00", "Z"),
    "http": lambda now: format_datetime(datetime.fromtimestamp(int(now), UTC), usegmt=True),
}
SECRET_HEADERS: Final = re.compile(
    r"authorization|cookie|(api|access|auth).?(key|token)|^apikey$|secret", re.IGNORECASE
)
FORMS: Final = (
    '"bearer", "basic", "hmac", "none", a header like "X-API-Key: {token}", or a parameter like "?key={token}"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A request that answers a token for the requests that follow."""

    endpoint: Endpoint
    body: Mapping[str, Any]
    form: bool
    token: Reader
    header: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What every request has: `headers`, `query`, a signature. `hidden` is what no message may show."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sign: Signer | None = None
    login: Login | None = None
    hidden: tuple[str, ...] = field(default=(), repr=False)


def credentials(settings: SiteSettings, options: Options, *, clock: Callable[[], float] = time.time) -> Credentials:
    """Return what `auth`, `headers`, `hmac` and `login` say. Raises ConfigError."""
    given = {name: settings.secret(name).strip() for name in ("token", "secret") if name in settings.options}
    values: dict[str, str | None] = {"user": options.text("user") or None, **given}
    login = _login(options, values)
    if login:
        values["session"] = "{session}"
    auth = options.text("auth") or ("none" if login else _usual(values))
    headers = {name: _filled(options, "headers", text, values) for name, text in options.texts("headers").items()}
    for name, text in options.texts("headers").items():
        if SECRET_HEADERS.search(name) and "{" not in text:
            hint = f'Store it elsewhere, refer to it with token, and write {name} = "{{token}}".'
            raise options.wrong(f"the header {name} must not be written here in clear.", hint)
    query: tuple[tuple[str, str], ...] = ()
    sign = None
    if auth == "bearer":
        headers["Authorization"] = _filled(options, "auth", "Bearer {token}", values)
    elif auth == "basic":
        pair = _filled(options, "auth", "{user}:{token}", values)
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    elif auth == "hmac":
        sign = signer(options.table("hmac"), values, clock=clock)
    elif auth.startswith("?"):
        name, _, text = auth[1:].partition("=")
        query = ((name, _filled(options, "auth", text, values)),)
    elif auth != "none":
        if ":" not in auth:
            raise options.wrong(f"auth cannot be {auth!r}.", f"It is one of: {FORMS}.")
        name, text = header_of(auth, f"[{options.place}] auth")
        headers[name] = _filled(options, "auth", text, values)
    return Credentials(headers=headers, query=query, sign=sign, login=login, hidden=tuple(given.values()))


def _usual(values: Mapping[str, str | None]) -> str:
    if "token" not in values:
        return "none"
    return "basic" if values["user"] else "bearer"


def _filled(options: Options, key: str, text: str, values: Mapping[str, str | None]) -> str:
    for name in re.findall(r"\{(\w+)\}", text):
        if name not in ("token", "secret", "user", "session"):
            raise options.unknown(f"{key} with a slot that", name, ("token", "secret", "user"))
        if values.get(name) is None:
            raise options.wrong(f"{key} needs {name}.", f'Add {name} = "{"me" if name == "user" else "env:NAME"}".')
    return fill(text, values)


def signer(table: Options, values: Mapping[str, str | None], *, clock: Callable[[], float]) -> Signer:
    """Return what signs requests as `[hmac]` declares. Raises ConfigError."""
    algorithm = table.text("algorithm", "sha256", choices=ALGORITHMS)
    encoding = table.text("encoding", "hex", choices=("hex", "base64"))
    message = table.text("message", "{method}\n{path}\n{timestamp}\n{body}")
    name, template = header_of(table.text("header", "X-Signature: {signature}"), f"[{table.place}] header")
    others = dict(table.texts("headers"))
    now = CLOCKS[table.text("timestamp", "seconds", choices=tuple(CLOCKS))]
    key = key_of(table, values.get("secret") or values.get("token"))
    table.end()
    if "{timestamp}" in message and not any("{timestamp}" in text for text in (*others.values(), template)):
        others["X-Timestamp"] = "{timestamp}"

    def sign(method: str, target: str, body: bytes) -> Mapping[str, str]:
        path, _, query = target.partition("?")
        said = {
            **{slot: value for slot, value in values.items() if slot == "user"},
            "method": method,
            "target": target,
            "path": path,
            "query": query,
            "timestamp": now(clock()),
            "nonce": secrets.token_hex(16),
            "body_hash": hashlib.new(algorithm, body).hexdigest(),
        }
        # A body need not be text, so it is put in as bytes.
        parts = [fill(part, said).encode() for part in message.split("{body}")]
        mac = hmac.new(key, body.join(parts), algorithm)
        said["signature"] = mac.hexdigest() if encoding == "hex" else base64.b64encode(mac.digest()).decode()
        return {name: fill(template, said), **{other: fill(text, said) for other, text in others.items()}}

    return sign


def key_of(table: Options, secret: str | None) -> bytes:
    """Return the bytes of a signing key, which is text unless `key` says hex or base64. Raises ConfigError."""
    form = table.text("key", "text", choices=("text", "hex", "base64"))
    if not secret:
        raise table.wrong("needs a secret.", 'Add secret = "env:NAME" to the site.')
    try:
        if form == "hex":
            return bytes.fromhex(secret)
        return base64.b64decode(secret, validate=True) if form == "base64" else secret.encode()
    except ValueError:
        raise table.wrong(f"the secret is not {form}.", 'Leave out key, or say key = "text".') from None


def _login(options: Options, values: Mapping[str, str | None]) -> Login | None:
    table = options.table("login")
    if not table:
        return None
    request = table.text("request", "POST /auth/login")
    method, _, path = request.partition(" ")
    if method != "POST" or not path.startswith("/"):
        raise table.wrong("request must be a POST below url.", 'Like request = "POST /auth/login".')
    body = dict(table.texts("body")) or {"email": "{user}", "password": "{token}"}
    login = Login(
        endpoint=Endpoint(method="POST", path=path),
        body={name: _filled(options, "login.body", text, values) for name, text in body.items()},
        form=table.flag("form"),
        token=reader(table.text("token", "token"), f"[{table.place}] token"),
        header=table.text("header", "Authorization: Bearer {session}"),
    )
    header_of(login.header, f"[{table.place}] header")
    table.end()
    return login


def session(login: Login, answer: Any, site: str) -> tuple[str, str]:
    """Return the header that the answer to a login is good for. Raises ConfigError when no token is in it."""
    token = login.token(answer)
    if not isinstance(token, str) or not token:
        hint = "Say where it is: [login] token, in JMESPath."
        raise ConfigError(f"{site} answered the login without a token.", hint)
    name, text = header_of(login.header, "[login] header")
    return name, fill(text, {"session": token})

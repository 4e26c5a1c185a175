"""Webhooks of a custom CMS: a signature or a shared word is verified before anything in them is believed. Pure."""

from __future__ import annotations

import base64
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gitsync.bounded_json import loads
from gitsync.connector import SiteSettings
from gitsync.errors import Forged, Malformed
from gitsync.model import Event
from gitsync_connectors.rest_auth import ALGORITHMS, key_of
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Json, Reader, reader

NO_HOOKS: Final = "Set webhook_secret, and [webhook] header to the header that has the signature."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """How a call is verified and where its facts are. `style` is hmac, or token: the header is the secret itself."""

    style: str
    header: str
    key: bytes = field(repr=False)
    algorithm: str
    encoding: str
    prefix: str
    message: str
    timestamp: str
    tolerance: int
    id: Reader
    kind: Reader


def hook(settings: SiteSettings, options: Options) -> Hook | None:
    """Return what `[webhook]` declares, None where nothing is. Raises ConfigError."""
    table = options.table("webhook")
    if not table and "webhook_secret" not in settings.options:
        return None
    place = f"[{table.place}]"
    secret = settings.secret("webhook_secret").strip() if "webhook_secret" in settings.options else ""
    if not secret:
        raise options.wrong("webhook needs webhook_secret.", 'Add webhook_secret = "env:NAME".')
    found = Hook(
        style=table.text("style", "hmac", choices=("hmac", "token")),
        header=table.text("header", "X-Signature").lower(),
        key=key_of(table, secret),
        algorithm=table.text("algorithm", "sha256", choices=ALGORITHMS),
        encoding=table.text("encoding", "hex", choices=("hex", "base64")),
        prefix=table.text("prefix"),
        message=table.text("message", "{body}"),
        timestamp=table.text("timestamp").lower(),
        tolerance=table.whole("tolerance", 300),
        id=reader(table.text("id", "id || data.id || entry.documentId || entry.id || key || keys[0]"), f"{place} id"),
        kind=reader(table.text("kind", "event || type || action"), f"{place} kind"),
    )
    table.end()
    return found


def told(
    how: Hook | None, headers: Mapping[str, str], body: bytes, *, site: str, clock: Callable[[], float] = time.time
) -> list[Event]:
    """Return the events of a call. Raises Forged when it is not surely from the CMS, Malformed when it says nothing."""
    if how is None:
        raise Forged(f"{site} has no webhook declared.", NO_HOOKS)
    given = {name.lower(): value for name, value in headers.items()}
    _verify(how, given, body, site=site, clock=clock)
    payload = _payload(body, site)
    ids = how.id(payload)
    kind = how.kind(payload)
    several = ids if isinstance(ids, list) else [ids]
    return [
        Event(kind=str(kind or "changed"), id=str(id))
        for id in several
        if isinstance(id, str | int) and not isinstance(id, bool)
    ]


def _verify(how: Hook, headers: Mapping[str, str], body: bytes, *, site: str, clock: Callable[[], float]) -> None:
    claimed = headers.get(how.header, "")
    forged = Forged(f"the webhook call to {site} is not signed by it.", f"Compare webhook_secret with {site}'s own.")
    if how.style == "token":
        word = claimed.removeprefix(how.prefix) if how.prefix else claimed.removeprefix("Bearer ")
        if not hmac.compare_digest(_bytes(word), how.key):
            raise forged
        return
    # "t=1700000000,v1=…" has the time and one or more signatures in one header.
    parts = [part.strip().partition("=") for part in claimed.split(",")]
    stamp = headers.get(how.timestamp, "") if how.timestamp else next((v for k, _, v in parts if k == "t"), "")
    if "{timestamp}" in how.message or how.timestamp:
        try:
            seconds = float(stamp) / (1000 if len(stamp.partition(".")[0]) > 11 else 1)
        except ValueError:
            raise forged from None
        if not abs(clock() - seconds) <= how.tolerance:  # "nan" is a number too, and no time
            raise Forged(f"the webhook call to {site} is an old one, sent again.", "Check the clocks of both machines.")
    said = {"timestamp": stamp, **{f"header:{name}": value for name, value in headers.items()}}
    pieces = [_bytes(_filled(piece, said)) for piece in how.message.split("{body}")]
    mac = hmac.new(how.key, body.join(pieces), how.algorithm)
    right = mac.hexdigest() if how.encoding == "hex" else base64.b64encode(mac.digest()).decode()
    claims = [claimed, *(part.strip() for part in claimed.split(",")), *(value for _, _, value in parts)]
    bare = [claim.removeprefix(how.prefix) for claim in claims if claim.startswith(how.prefix)]
    fold = str.lower if how.encoding == "hex" else str
    if not any(hmac.compare_digest(_bytes(fold(claim)), right.encode()) for claim in bare):
        raise forged


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{([\w:.-]+)\}", lambda slot: values.get(slot[1].lower(), ""), text)


def _bytes(text: str) -> bytes:
    """Return what was in a header, whatever its sender put there."""
    return text.encode("utf-8", "surrogatepass")


def _payload(body: bytes, site: str) -> Json:
    try:
        return loads(body)
    except ValueError:
        raise Malformed(f"{site} sent a webhook that is not JSON.", "Let it send JSON.") from None

"""The values that everything else speaks of: posts, records, assets. All frozen; behaviour lives in functions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Literal, NamedTuple

Value = str | tuple[str, ...] | datetime | None
"""What a field of a post can be: text, an ordered set or list of texts, an instant, or None for absent."""

Revision = str
"""A platform's change token. Equal tokens mean an unchanged record; the order of tokens means nothing."""

Cursor = datetime
"""The newest `Record.modified` of an earlier scan: by the site's clock, so skew between machines does no harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post in gitsync's own vocabulary, whatever dialect its file is in and whatever platform holds it.

    None is "absent": the author, or the platform, says nothing of it. `date` and `updated` are aware. `status` is
    draft, published, private or scheduled. `body` is Markdown with "\\n" line ends and no leading blank lines.
    """

    title: str | None = None
    slug: str | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None
    series: str | None = None
    cover: str | None = None
    canonical_url: str | None = None
    status: str | None = None
    date: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] | None = None
    lang: str | None = None
    body: str = ""

    def get(self, name: str) -> Value:
        """Return the field called `name`, one of FIELDS."""
        return getattr(self, name)  # type: ignore[no-any-return]

    def with_fields(self, changes: Mapping[str, Any]) -> Post:
        """Return this post with the named fields (or `body`) replaced; the very same one when nothing differs."""
        news = {name: value for name, value in changes.items() if getattr(self, name) != value}
        return replace(self, **news) if news else self


FIELDS: tuple[str, ...] = tuple(f.name for f in fields(Post) if f.name != "body")
"""The front matter fields of a post, in the order in which a new file has them."""

LISTS = frozenset({"tags", "authors"})
DATES = frozenset({"date", "updated"})
STATUSES = ("draft", "published", "private", "scheduled")


def clean_body(text: str) -> str:
    """Return `text` as `Post.body` has it: "\\n" line ends, no leading blank lines, the end as it is."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text and text[0] not in " \t\n":
        return text
    while True:
        line, newline, rest = text.partition("\n")
        if not newline or line.strip(" \t"):
            return text
        text = rest


def clean_address(url: str | None) -> str | None:
    """Return where a site says that something is on the web, or None where that is no address of a page.

    It is shown, put into files and into other posts: nothing but http and https, and a path of a site that says no
    more, and no control character.
    """
    if url is None or not url.isprintable():
        return None
    return url if re.match(r"https?://[^/?#\s]|/(?![/\\])", url, re.IGNORECASE) else None


def digest(post: Post) -> str:
    """Return a hash of all that a post says; absent and empty differ, equal instants in two zones do not."""

    values = ((name, getattr(post, name)) for name in FIELDS)
    said = [f'"{name}":{_json(value)}' for name, value in values if value is not None]
    # No line end stands in JSON that was written so: where the fields end and the body begins cannot be mistaken.
    return hashlib.sha256(f"{','.join(said)}\n{post.body}".encode("utf-8", "surrogatepass")).hexdigest()


def _json(value: str | tuple[str, ...] | datetime) -> str:
    # A JSONEncoder is made anew for every text that it is given, and that costs more than the text.
    if isinstance(value, tuple):
        return f"[{','.join(map(encode_basestring, value))}]"
    return encode_basestring(value if isinstance(value, str) else value.astimezone(UTC).isoformat())


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a platform would refuse or change a post: `field` of the post, a stable CODE, one sentence, a next step.

    `severity` is "error" when the platform would refuse the post (it is not sent) and "loss" when it would drop or
    change something (it is sent, and told). `offset` says where in the body, in characters.
    """

    code: str
    message: str
    hint: str = ""
    field: str = ""
    offset: int = 0
    severity: Literal["error", "loss"] = "error"


class Record(NamedTuple):
    """A post as one site stores it.

    A scan may yield records with `complete=False`: only `id` and `revision` (and whatever came for free) are set. A
    complete record has `post`: the site's version decoded to Markdown and fields, with everything that the platform
    generates or counts left out; `losses` are what its body says there and Markdown does not. `raw` has the fields
    exactly as stored that `post` does not hold verbatim, without secrets, `Capabilities.private_fields` and counters;
    it must be JSON. A named tuple, because a scan of a hundred thousand rows makes as many of them.
    """

    id: str
    revision: Revision
    complete: bool = True
    url: str | None = None
    post: Post | None = None
    raw: Mapping[str, Any] = {}
    modified: datetime | None = None
    author: str | None = None
    losses: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that posts show: its path in the repository, its bytes, its media type and the sha256 of its bytes."""

    path: str
    content: bytes
    media_type: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who the credentials belong to: a name to show, and where the account is seen, if anywhere."""

    name: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A change that a verified webhook tells of: what happened to which record."""

    kind: str
    id: str
    detail: Mapping[str, Any] = field(default_factory=dict)

"""Posts as Ghost holds them, and back. Pure; every rule is a fact of Ghost's Admin API.

Sources: ghost.org/docs/admin-api/posts, TryGhost/Ghost models/post.js, admin-api-schema, and what Ghost 6.65 answers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final
from urllib.parse import urlsplit

from gitsync.connector import Problem
from gitsync.errors import Malformed
from gitsync.model import FIELDS, Post
from gitsync_connectors import bodies
from gitsync_connectors.instants import whole_second

HELD: Final = frozenset({"title", "slug", "description", "tags", "cover", "canonical_url", "status", "date"})

LIMITS: Final[Mapping[str, int]] = {"title": 255, "description": 300, "canonical_url": 2000, "cover": 2000}
"""Characters; more is 422. Source: ghost/core data/schema/schema.js."""

MAX_TAG: Final = 191
KEPT: Final = (
    "slug",
    "status",
    "url",
    "published_at",
    "visibility",
    "featured",
    "feature_image_alt",
    "custom_template",
)
"""Fields that `Post` does not hold verbatim. No ids of previews, no e-mails, no counters."""

STATUSES: Final[Mapping[str, str]] = {
    "draft": "draft",
    "published": "published",
    "scheduled": "scheduled",
    "sent": "published",
}


def write_body(body: str) -> str:
    """Return the Lexical document to store."""
    return bodies.write("ghost", body).text


def read_body(row: Mapping[str, Any]) -> str:
    """Return what a row says as Markdown: its Lexical document, or the Mobiledoc of an old post."""
    text = document_of(row)
    return bodies.read("ghost", text).text if text else ""


def document_of(row: Mapping[str, Any]) -> str:
    text = row.get("lexical") or row.get("mobiledoc") or ""
    if not isinstance(text, str):
        raise Malformed(f"Ghost showed post {row.get('id')} without a document in text.")
    return text


def projected(post: Post) -> Post:
    """Return what Ghost holds of `post`."""
    from gitsync.markdown.dom import canonical_url  # noqa: PLC0415  70 ms that only posts cost

    status = {"private": "draft", None: "published"}.get(post.status, post.status)
    if status == "scheduled" and post.date is None:
        status = "draft"
    return post.with_fields(
        {name: None for name in FIELDS if name not in HELD}
        | {
            "title": " ".join((post.title or "").split()) or None,
            "slug": post.slug or None,
            "description": (post.description or "").strip()[: LIMITS["description"]].rstrip() or None,
            "tags": tags_of(post.tags or ()) or None,
            # Ghost takes ASCII alone in an address.
            "cover": canonical_url((post.cover or "").strip()) or None,
            "canonical_url": canonical_url((post.canonical_url or "").strip()) or None,
            "status": status,
            "date": post.date.astimezone(UTC).replace(microsecond=0) if post.date and status != "draft" else None,
            "body": bodies.read("ghost", write_body(post.body)).text,
        }
    )


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that Ghost keeps: in their order, each once whatever its case."""
    found: dict[str, str] = {}
    for tag in tags:
        if name := " ".join(tag.split())[:MAX_TAG]:
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def problems_of(post: Post) -> list[Problem]:
    """Say what Ghost would refuse, and what it would not hold, of `post`."""
    found = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = False) -> None:
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity="loss" if loss else "error"))

    if not (post.title or "").strip():
        add("TITLE_MISSING", "title", "Ghost needs a title", "Add `title:` to the front matter.")
    for field, most in LIMITS.items():
        size = len(str(post.get(field) or "").strip())
        if size > most:
            loss = field == "description"
            message = f"the {field} has {size} characters, Ghost takes {most}"
            add(f"{field.upper()}_LONG", field, message, "Shorten it, or set `overrides` for this site.", loss=loss)
    for field in ("cover", "canonical_url"):
        url = str(post.get(field) or "").strip()
        if url and not _absolute(url):
            message = f"Ghost does not take {url[:80]!r} as {field}"
            add("URL_BAD", field, message, "Give an absolute http or https address.")
    if post.status == "scheduled" and post.date is None:
        add("DATE_MISSING", "date", "a scheduled post needs a date", "Add `date:` to the front matter.")
    if post.status == "private":
        add("PRIVATE_DRAFT", "status", "Ghost has no private posts: it is kept as a draft there", loss=True)
    for field in ("series", "authors", "lang"):
        if post.get(field):
            add("FIELD_UNHELD", field, f"Ghost has no place for {field}", loss=True)
    found += bodies.losses("ghost", post.body)
    return found


def _absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"\s", url)


def text_of(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"Ghost showed post {row.get('id')} with a {name} that is not text.")
    return value or None


def tag_names(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a row's tags, internal ones with their "#", in their order."""
    tags = row.get("tags")
    names = [tag.get("name") for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    return tags_of([name for name in names if isinstance(name, str)])


def post_of(row: Mapping[str, Any]) -> Post:
    """Return what a row of the Admin API says."""
    status = STATUSES.get(str(row.get("status")), "draft")
    return Post(
        title=text_of(row, "title"),
        slug=text_of(row, "slug"),
        description=text_of(row, "custom_excerpt"),
        tags=tag_names(row) or None,
        cover=text_of(row, "feature_image"),
        canonical_url=text_of(row, "canonical_url"),
        status=status,
        date=whole_second(row.get("published_at")) if status != "draft" else None,
        body=read_body(row),
    )


def revision_of(row: Mapping[str, Any]) -> str:
    """Return a hash of all that a row says: `updated_at` has seconds, and two edits in one second share it."""
    names = ("title", "slug", "custom_excerpt", "feature_image", "canonical_url", "status", "lexical", "mobiledoc")
    at = whole_second(row.get("published_at"))
    drafted = row.get("status") == "draft"
    said = [*(row.get(name) or "" for name in names), tag_names(row), str(at) if at and not drafted else ""]
    return hashlib.sha256(json.dumps(said).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def kept(row: Mapping[str, Any], body: str) -> dict[str, Any]:
    """Return what a record keeps of a row beside its post."""
    raw = {name: row[name] for name in KEPT if row.get(name) not in (None, "", False)}
    for name in ("lexical", "mobiledoc"):
        if row.get(name) and write_body(body) != row[name]:
            raw[name] = row[name]
    return raw

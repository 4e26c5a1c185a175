"""Posts and drafts as Hashnode holds them, and back. Pure; every rule is a fact of Hashnode's API.

Source: Hashnode/gql-skill references/schema.graphql and errors-and-limits.md.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from gitsync.connector import Problem
from gitsync.errors import Malformed
from gitsync.model import FIELDS, Post
from gitsync_connectors import bodies
from gitsync_connectors.instants import whole_second

HELD: Final = frozenset({"title", "slug", "description", "tags", "series", "cover", "canonical_url", "status", "date"})
MAX_TAGS: Final = 15
MAX_REQUEST: Final = 100_000
"""Bytes of a request; longer posts are refused whole."""

KEPT: Final = ("slug", "url", "publishedAt")


def projected(post: Post) -> Post:
    """Return what Hashnode holds of `post`; it has neither private nor scheduled posts."""
    status = "published" if post.status in (None, "published") else "draft"
    return post.with_fields(
        {name: None for name in FIELDS if name not in HELD}
        | {
            "title": " ".join((post.title or "").split()) or None,
            "slug": post.slug or None,
            "description": " ".join((post.description or "").split()) or None,
            "tags": tags_of(post.tags or ()) or None,
            "series": slug_of(post.series or "") or None,
            "cover": (post.cover or "").strip() or None,
            "canonical_url": (post.canonical_url or "").strip() or None,
            "status": status,
            "date": post.date.astimezone(UTC).replace(microsecond=0) if post.date and status == "published" else None,
            "body": read_body(write_body(post.body)),
        }
    )


def slug_of(text: str) -> str:
    """Return a text as an address has it."""
    folded = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", folded.replace("+", "p").replace("#", "sharp")).strip("-")


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the slugs of the tags that Hashnode takes, in their order."""
    return tuple(dict.fromkeys(slug for tag in tags if (slug := slug_of(tag))))[:MAX_TAGS]


def write_body(body: str) -> str:
    return bodies.write("hashnode", body).text


def read_body(text: str) -> str:
    return bodies.read("hashnode", text).text


def problems_of(post: Post) -> list[Problem]:
    """Say what Hashnode would refuse, and what it would not hold, of `post`."""
    found = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = False) -> None:
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity="loss" if loss else "error"))

    if not (post.title or "").strip():
        add("TITLE_MISSING", "title", "Hashnode needs a title", "Add `title:` to the front matter.")
    if not post.body.strip():
        add("BODY_MISSING", "body", "Hashnode needs a text", "Write one, or keep the post off this site.")
    size = len(json.dumps(write_body(post.body)).encode())
    if size > MAX_REQUEST - 5000:
        message = f"the text has {size >> 10} KiB as it is sent, Hashnode takes {MAX_REQUEST >> 10}"
        add("BODY_LONG", "body", message, "Split the post; images belong beside it, not in it.")
    if post.status in ("private", "scheduled"):
        add("STATUS_DRAFT", "status", f"Hashnode has no {post.status} posts: it is kept as a draft there", loss=True)
    tags = post.tags or ()
    if len(tags_of(tags)) < len(tags):
        kept = ", ".join(tags_of(tags)) or "none"
        add("TAGS_CHANGED", "tags", f"Hashnode takes {MAX_TAGS} tags; of {', '.join(tags)} it gets: {kept}", loss=True)
    for field in ("authors", "lang"):
        if post.get(field):
            add("FIELD_UNHELD", field, f"Hashnode has no place for {field}", loss=True)
    found += bodies.losses("hashnode", post.body)
    return found


def text_of(node: Any, *names: str) -> str | None:
    """Return the text at a path in a node, None for none."""
    for name in names:
        node = node.get(name) if isinstance(node, dict) else None
    return node if isinstance(node, str) and node else None


def post_of(node: Mapping[str, Any], *, draft: bool) -> Post:
    """Return what a post or a draft says; a delisted post is a draft as far as Hashnode has a word for that."""
    tags = node.get("tags")
    slugs = [slug for tag in tags if (slug := text_of(tag, "slug"))] if isinstance(tags, list) else []
    preferences = node.get("preferences")
    hidden = draft or bool(isinstance(preferences, dict) and preferences.get("isDelisted"))
    markdown = text_of(node, "content", "markdown")
    if markdown is None and not draft:
        raise Malformed(f"Hashnode showed post {node.get('id')} without its Markdown.")
    return Post(
        title=text_of(node, "title"),
        slug=text_of(node, "slug"),
        description=text_of(node, "subtitle"),
        tags=tags_of(slugs) or None,
        series=text_of(node, "series", "slug"),
        cover=text_of(node, "coverImage", "url"),
        canonical_url=text_of(node, "canonicalUrl"),
        status="draft" if hidden else "published",
        date=whole_second(node.get("publishedAt")) if not hidden else None,
        body=read_body(markdown or ""),
    )


def revision_of(post: Post, markdown: str) -> str:
    """Return a hash of the content: `updatedAt` may be that of an older copy."""
    said = [post.get(name) for name in sorted(HELD - {"date"})]
    text = json.dumps([*said, str(post.date), markdown]).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]

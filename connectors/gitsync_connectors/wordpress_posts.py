"""Posts as WordPress holds them, and back. Pure; every rule is a fact of WordPress' REST API v2.

Sources: developer.wordpress.org/rest-api, wordpress-develop class-wp-rest-posts-controller.php, and what WordPress 6.8
and 7.1 answer.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final, Literal
from urllib.parse import quote, unquote, urlsplit

from gitsync.connector import Problem
from gitsync.errors import Malformed
from gitsync.model import Post
from gitsync_connectors import bodies

Markup = Literal["blocks", "html"]

LISTED: Final = ("id", "modified_gmt", "date_gmt", "status", "slug", "title.raw", "content.raw", "excerpt.raw")
"""What a listing asks for: all that a revision is made of. Without `_fields` it takes four times as long."""

KEPT: Final = ("slug", "status", "type", "link", "date_gmt", "author", "featured_media", "template", "format", "sticky")
"""Fields that `Post` does not hold verbatim. Never `password`, and no dates of ours."""

STATUSES: Final[Mapping[str, str]] = {
    "publish": "published",
    "future": "scheduled",
    "draft": "draft",
    "pending": "draft",
    "private": "private",
}
WRITTEN: Final[Mapping[str, str]] = {
    "published": "publish",
    "scheduled": "future",
    "draft": "draft",
    "private": "private",
}
STRIPPED: Final = re.compile(
    r"<(iframe|script|style|form|input|select|object|embed|svg|math|canvas|link|meta|noscript)\b|<\w[^>]*\s(on)[a-z]+\s*=",
    re.IGNORECASE,
)
"""What KSES takes out of the posts of users without `unfiltered_html`. Source: wp-includes/kses.php."""

MAX_TAG: Final = 200
"""Characters of a term's name. Source: wp_terms.name, varchar(200)."""


def write_body(body: str, markup: Markup) -> str:
    """Return the content to store."""
    if markup == "html":
        return bodies.write("html", body).text
    from gitsync.markdown.wordpress_write import write_blocks  # noqa: PLC0415  70 ms that only posts cost

    return "\n\n".join(write_blocks(body))


def read_body(content: str) -> str:
    """Return stored content, blocks or not, as Markdown."""
    return bodies.read("wordpress", content).text


def projected(post: Post, fields: frozenset[str], markup: Markup, host: str) -> Post:
    """Return what a site at `host` holds of `post`."""
    status = post.status or "published"
    if status == "scheduled" and post.date is None:
        status = "draft"
    cover = (post.cover or "").strip()
    said = {
        "title": (post.title or "").strip() or None,
        "slug": slug_of(post.slug) if post.slug else None,
        "description": (post.description or "").strip() or None,
        "tags": tags_of(post.tags or ()) or None,
        "cover": cover if cover and is_at(cover, host) else None,
        "canonical_url": (post.canonical_url or "").strip() or None,
        "status": status,
        # A draft's date is that of its last save, whatever was sent.
        "date": post.date.astimezone(UTC).replace(microsecond=0) if post.date and status != "draft" else None,
        "body": read_body(write_body(post.body, markup)),
    }
    return Post(**{name: value for name, value in said.items() if name in fields or name == "body"})  # type: ignore[arg-type]


def slug_of(slug: str) -> str:
    """Return a slug about as `sanitize_title` leaves it: small, without accents and signs."""
    folded = unicodedata.normalize("NFKD", slug.lower())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    words = re.sub(r"[^\w\s-]", "", plain.replace(".", "-"))
    return re.sub(r"[\s-]+", "-", unicodedata.normalize("NFC", words)).strip("-")


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that WordPress keeps, each once whatever its case, in its order: by name."""
    found: dict[str, str] = {}
    for tag in tags:
        name = " ".join(tag.split())[:MAX_TAG]
        if name:
            found.setdefault(name.casefold(), name)
    return tuple(found[key] for key in sorted(found))


def problems_of(
    post: Post, fields: frozenset[str], markup: Markup, host: str, *, review: bool, strips: Callable[[], bool]
) -> list[Problem]:
    """Say what WordPress would refuse, and what it would not hold, of `post`.

    `review`: the user submits posts for review. `strips`: WordPress takes out of its posts what could run there.
    """
    found = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = True) -> None:
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity="loss" if loss else "error"))

    if not (post.title or "").strip() and not post.body.strip() and not (post.description or "").strip():
        hint = "Add `title:` to the front matter."
        add("POST_EMPTY", "title", "WordPress takes no post without title, text and excerpt", hint, loss=False)
    if post.status == "scheduled" and post.date is None:
        add("DATE_MISSING", "date", "a scheduled post needs a date", "Add `date:` to the front matter.", loss=False)
    for field in ("series", "authors", "lang", "canonical_url", "tags"):
        if post.get(field) and field not in fields:
            hint = "Name the meta key that a plugin registered: `canonical_meta`." if field == "canonical_url" else ""
            add("FIELD_UNHELD", field, f"WordPress has no place for {field}", hint)
    cover = (post.cover or "").strip()
    if cover and not is_at(cover, host):
        hint = "Put the image into the repository: it is then uploaded."
        add("COVER_FOREIGN", "cover", "WordPress takes a cover from its own media library only", hint)
    for tag in post.tags or ():
        if len(tag) > MAX_TAG:
            add("TAG_LONG", "tags", f"the tag {tag[:30]!r}… is cut after {MAX_TAG} characters")
    written = bodies.write("wordpress" if markup == "blocks" else "html", post.body)
    found += (loss.as_problem() for loss in written.losses)
    if (
        stripped := dict.fromkeys((one or other).lower() for one, other in STRIPPED.findall(written.text))
    ) and strips():
        what = ", ".join(f"<{tag}>" if tag != "on" else "handlers of events" for tag in stripped)
        hint = "Give the user the role Editor, or put a link there."
        add("HTML_STRIPPED", "body", f"WordPress takes {what} out of what this user sends", hint)
    if review and post.status != "draft":
        hint = "An editor publishes it there; the date is the editor's, too."
        add("STATUS_REVIEW", "status", "the post waits for review, because this user may not publish", hint)
    return found


def moment(text: Any) -> datetime | None:
    """Return a `*_gmt` date, which has no zone and means UTC; None for none and for zeros."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except (TypeError, ValueError):
        return None


def raw_text(row: Mapping[str, Any], name: str) -> str:
    """Return `row[name].raw`. Raises Malformed where a reader without the right to edit got no raw text."""
    value = row.get(name)
    text = value.get("raw") if isinstance(value, dict) else None
    if not isinstance(text, str):
        message = f"WordPress showed post {row.get('id')} without its raw {name}."
        raise Malformed(message, "The user in gitsync.toml must be allowed to edit every post: make it an Editor.")
    return text


def post_of(
    row: Mapping[str, Any], tags: Sequence[str], cover: str | None, fields: frozenset[str], canonical_meta: str
) -> Post:
    """Return what a row of `context=edit` says; the names of its tags and its cover come from elsewhere."""
    status = STATUSES.get(str(row.get("status")), "private")
    slug = row.get("slug")
    meta = row.get("meta")
    canonical = meta.get(canonical_meta) if canonical_meta and isinstance(meta, dict) else None
    said = {
        "title": raw_text(row, "title") or None,
        "slug": unquote(slug) if isinstance(slug, str) and slug else None,
        "description": raw_text(row, "excerpt").strip() or None if "excerpt" in row else None,
        "tags": tags_of(tags) or None,
        "cover": cover,
        "canonical_url": canonical if isinstance(canonical, str) and canonical else None,
        "status": status,
        "date": moment(row.get("date_gmt")) if status != "draft" else None,
        "body": read_body(raw_text(row, "content")),
    }
    return Post(**{name: value for name, value in said.items() if name in fields or name == "body"})  # type: ignore[arg-type]


def revision_of(row: Mapping[str, Any]) -> str:
    """Return a hash of all that a row says: `modified_gmt` has seconds, and two edits may share one."""
    status = row.get("status")
    said = [
        *(raw_text(row, name) for name in ("title", "content")),
        (row.get("excerpt") or {}).get("raw", ""),
        status,
        row.get("slug"),
        row.get("tags") or [],
        row.get("featured_media") or 0,
        row.get("meta") or {},
        row.get("date_gmt") if STATUSES.get(str(status)) != "draft" else None,
    ]
    text = json.dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:32]


def kept(row: Mapping[str, Any], body: str) -> dict[str, Any]:
    """Return what a record keeps of a row beside its post: the markup as stored, and what is WordPress' own."""
    raw = {name: row[name] for name in KEPT if row.get(name) not in (None, "", 0, [], False)}
    for name in ("tags", "categories"):
        if row.get(name):
            raw[name] = row[name]
    content = raw_text(row, "content")
    return raw if content == body else {**raw, "content": content}


def term_name(text: Any) -> str:
    """Return a term's name, which the API shows HTML-escaped."""
    return unescape(text) if isinstance(text, str) else ""


def file_name(path: str) -> str:
    """Return a name that every WordPress takes for an upload."""
    stem, dot, ending = path.rpartition("/")[2].rpartition(".")
    stem, dot, ending = (stem, dot, ending) if stem else (ending, "", "")
    # A name without a letter of ASCII would be its ending alone, and the file of no type.
    plain = _ascii(stem) or quote(stem, safe="").replace("%", "").lower()
    return plain + dot + _ascii(ending)


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w.-]+", "-", folded).strip("-.")


def is_at(url: str, host: str) -> bool:
    """Say whether `url` is on `host`, with or without the www. that WordPress may have been told of."""
    return urlsplit(url).netloc.lower().removeprefix("www.") == host.lower().removeprefix("www.")

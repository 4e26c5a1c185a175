"""Posts as dev.to's articles, and back. Pure; every rule is a fact of Forem, the software that dev.to runs.

Sources: forem/forem (app/models/article.rb, app/services/articles/attributes.rb, app/views/api/v1/articles) and the
API documentation, developers.forem.com.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from gitsync.connector import Problem
from gitsync.dialects import DIALECTS
from gitsync.document import parse
from gitsync.errors import InvalidContent, Malformed
from gitsync.model import FIELDS, Post, Record, clean_body
from gitsync_connectors import bodies

HELD: Final = frozenset({"title", "description", "tags", "series", "cover", "canonical_url", "status", "date"})
"""The fields of an article. `date` can be set for a scheduled post only; `series` is taken and never shown."""

MAX_TITLE: Final = 128
MAX_TAGS: Final = 4
MAX_TAG: Final = 30
MAX_BODY: Final = 800 << 10
MADE_UP: Final = 104
"""Characters of a description that Forem makes, the dots included."""
FARTHEST: Final = timedelta(days=5 * 365)
"""A publication date later than this is forgotten, and the article is public at once."""

SPELLED: Final[Mapping[str, str]] = {"c++": "cpp", "c#": "csharp", "f#": "fsharp", ".net": "dotnet"}
"""Tags that would be another word without their signs."""

KEPT: Final = ("slug", "path", "canonical_url", "cover_image", "published_at")
"""Fields of an article that all its shapes have and that `Post` does not hold verbatim. No counters."""


def projected(post: Post) -> Post:
    """Return what dev.to holds of `post`."""
    status = {"private": "draft", None: "published"}.get(post.status, post.status)
    if status == "scheduled" and post.date is None:
        status = "draft"
    return post.with_fields(
        {name: None for name in FIELDS if name not in HELD}
        | {
            "title": " ".join(post.title.split()) if post.title is not None else None,
            "description": post.description if (post.description or "").strip() else None,
            "tags": tags_of(post.tags or ()) or None,
            "series": post.series or None,
            "cover": post.cover or None,
            "canonical_url": (post.canonical_url or "").strip() or None,
            "status": status,
            "date": post.date if status == "scheduled" else None,
            "body": bodies.read("devto", written(post.body)).text,
        }
    )


def written(body: str) -> str:
    """Return a body as dev.to holds it. A rule at its beginning would be read as front matter."""
    return re.sub(r"\A---(?=[ \t]*(?:\n|\Z))", "***", bodies.write("devto", body).text)


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that dev.to takes: at most four, each of at most 30 ASCII letters and digits."""
    plain = []
    for tag in tags:
        folded = unicodedata.normalize("NFKD", SPELLED.get(tag.strip().lower(), tag)).encode("ascii", "ignore").decode()
        plain.append(re.sub(r"[^a-z0-9]", "", folded.lower()))
    return tuple(dict.fromkeys(tag for tag in plain if 0 < len(tag) <= MAX_TAG))[:MAX_TAGS]


def made_up(description: str | None, body: str) -> bool:
    """Say whether a description is one that dev.to made of the first words of the text (or is empty).

    Made when an article is saved without one: 104 characters of the rendered text, cut after a word. It is stored
    and stays when the text is edited there, so most of its words in their order are enough.
    """
    if not description or not description.strip():
        return True
    if len(description) > MADE_UP:
        return False
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|<[^>]*>|\{%.*?%\}|^```.*$", "", body[:2000], flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)|\]\[[^\]]*\]", "]", text)
    said, words = re.findall(r"\w+", description.lower()), re.findall(r"\w+", text.lower())
    if not words:
        return description.startswith("A post by ")
    whole = not description.endswith("...")
    if not said or (whole and len(words) > 2 * len(said) + 2):
        return False
    if words[: len(said)] == said and not whole:
        return True
    same = SequenceMatcher(None, said, words[: 2 * len(said) + 2], autojunk=False).get_matching_blocks()
    return sum(block.size for block in same) >= 0.7 * len(said)


def problems_of(post: Post, now: datetime) -> list[Problem]:
    """Say what dev.to would refuse, and what it would not hold, of `post`."""
    found = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = False) -> None:
        severity: Any = "loss" if loss else "error"
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity=severity))

    title = " ".join((post.title or "").split())
    if not title:
        add("TITLE_MISSING", "title", "dev.to needs a title", "Add `title:` to the front matter.")
    if len(title) > MAX_TITLE:
        message = f"the title has {len(title)} characters, dev.to takes {MAX_TITLE}"
        add("TITLE_LONG", "title", message, "Shorten it, or set a shorter one for this site in `overrides`.")
    if (size := len(written(post.body).encode())) > MAX_BODY:
        add("BODY_LONG", "body", f"the text has {size >> 10} KiB, dev.to takes {MAX_BODY >> 10}", "Split the post.")
    for name, field in (("canonical URL", "canonical_url"), ("cover image", "cover")):
        if (url := post.get(field)) and not public(str(url).strip(), strict=field == "canonical_url"):
            hint = "Give an absolute http or https address."
            add("URL_BAD", field, f"dev.to does not take {str(url)[:80]!r} as a {name}", hint)
    if post.status == "scheduled" and post.date is None:
        add("DATE_MISSING", "date", "a scheduled post needs a date", "Add `date:` to the front matter.")
    if post.status == "scheduled" and post.date and post.date - now > FARTHEST:
        message = "dev.to forgets a date more than five years ahead and would publish the post at once"
        add("DATE_FAR", "date", message, "Give an earlier date, or make it a draft.")
    if post.status == "private":
        add("PRIVATE_DRAFT", "status", "dev.to has no private posts: it is kept as a draft there", loss=True)
    found += bodies.losses("devto", post.body)
    if (tags := post.tags or ()) and tags_of(tags) != tags:
        kept = ", ".join(tags_of(tags)) or "none"
        message = f"dev.to takes {MAX_TAGS} tags of letters and digits; of {', '.join(tags)} it gets: {kept}"
        add("TAGS_CHANGED", "tags", message, loss=True)
    return found


def public(url: str, *, strict: bool) -> bool:
    """Say whether Forem takes `url`; `strict` refuses hosts without a dot, as it does for canonical URLs."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    return (
        parts.scheme in ("http", "https") and bool(host) and not re.search(r"\s", url) and ("." in host or not strict)
    )


def article_of(post: Post, now: datetime, *, shown: Post | None = None) -> dict[str, Any]:
    """Return the JSON article for a projected post; `shown` is what an update replaces, None for a new article.

    `tags` are always sent, as an array: a PUT without them empties them, and a string is dropped. Of the other fields
    an omitted one stays, so an update says null for what the site shows and the post does not have, and an empty
    description has a new one made. Not for the series: the site never shows it, and one that was chosen there would
    be lost.
    """
    article: dict[str, Any] = {
        "title": post.title,
        "body_markdown": written(post.body),
        "published": post.status in ("published", "scheduled"),
        "tags": list(post.tags or ()),
    }
    if post.status == "scheduled" and post.date and post.date > now:
        article["published_at"] = post.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if post.series:
        article["series"] = post.series
    before = shown or Post()
    if post.canonical_url or before.canonical_url:
        article["canonical_url"] = post.canonical_url
    if post.description or shown:
        article["description"] = post.description or ""
    if post.cover != before.cover:
        # What is shown may be the address of a copy on a CDN; sent back, it would be a copy of a copy.
        article["main_image"] = post.cover
    return article


def record_of(article: Any, now: datetime, *, published: bool | None = None) -> Record:
    """Return the record of an article, as a listing shows it or a write answers it (then `published` as sent).

    Raises Malformed for what is no article.
    """
    id = article.get("id") if isinstance(article, dict) else None
    if not isinstance(id, int) or isinstance(id, bool):
        raise Malformed("dev.to listed something that is not an article.", "Check `url` in gitsync.toml.")
    stored = text_in(article, "body_markdown") or ""
    post = post_of(article, stored, bool(article.get("published") if published is None else published), now)
    raw = {name: article[name] for name in KEPT if article.get(name) is not None}
    if stored != post.body:
        raw["body_markdown"] = stored
    author = article.get("user")
    return Record(
        id=str(id),
        revision=revision_of(post, stored),
        url=text_in(article, "url") if post.status == "published" else None,
        post=post,
        raw=raw,
        author=(text_in(author, "name") or text_in(author, "username")) if isinstance(author, dict) else None,
    )


def text_in(article: Mapping[str, Any], name: str) -> str | None:
    value = article.get(name)
    if value is not None and not isinstance(value, str):
        raise Malformed(f"dev.to answered with an article whose {name} is not text.")
    return value


def post_of(article: Mapping[str, Any], stored: str, published: bool, now: datetime) -> Post:
    """Return what an article says, without what Forem makes up: a description, the article's own URL as canonical."""
    body = clean_body(stored.replace("\0", ""))
    front = Post()
    if body.startswith("---"):
        try:
            document = parse(body.encode(), dialect=DIALECTS["devto"])
        except InvalidContent:
            document = None
        if document and document.front:
            # The web editor's own way to say the fields; what it says won when the article was saved.
            front, body = document.post, document.post.body
    tags = next((tags for key in ("tags", "tag_list") if isinstance(tags := article.get(key), list)), ())
    tags = tags or [tag.strip() for tag in str(article.get("tag_list") or "").split(",") if not tags and tag.strip()]
    at = moment(article.get("published_at")) if published else None
    canonical = text_in(article, "canonical_url")
    status = "draft" if not published else "scheduled" if at and at > now else "published"
    body = bodies.read("devto", body).text
    shown = Post(
        title=text_in(article, "title"),
        description=text_in(article, "description"),
        tags=tuple(str(tag) for tag in tags),
        cover=source_of(text_in(article, "cover_image")),
        canonical_url=None if canonical == article.get("url") or canonical == url_at_home(article) else canonical,
        status=status,
        date=at,
        body=body,
    )
    said = {name: front.get(name) for name in (HELD - {"date", "status"}) if front.get(name)}
    if "tags" in said:
        said["tags"] = tuple(tag.lower() for tag in front.tags or ())
    shown = shown.with_fields(said)
    return replace(
        shown,
        description=None if made_up(shown.description, body) else shown.description,
        tags=shown.tags or None,
        canonical_url=shown.canonical_url or None,
    )


def url_at_home(article: Mapping[str, Any]) -> str | None:
    """Return the article's address without the query that a draft's preview may have."""
    url = text_in(article, "url")
    return url.partition("?")[0] if url else None


def moment(text: Any) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        when.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return when


def source_of(cover: str | None) -> str | None:
    """Return the image that a CDN address transforms: the second address in it, quoted or not; else the address."""
    starts = list(re.finditer(r"https?(?:://|%3A%2F%2F)", cover or "", re.IGNORECASE))
    if cover is None or len(starts) < 2:
        return cover or None
    source = cover[starts[1].start() :]
    return source if "://" in starts[1][0] else unquote(source)


def revision_of(post: Post, stored: str) -> str:
    """Return a hash of an article's content: Forem shows no updated_at and no ETag.

    By the date rather than the status: time turns a scheduled article into a published one, and nobody edited it.
    """
    at = int(post.date.timestamp()) if post.date else None
    said = [post.title, post.description, post.tags, post.cover, post.canonical_url, post.status == "draft", at, stored]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]

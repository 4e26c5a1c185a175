"""What a Forem does to an article: what it takes, checks, derives, stores and shows.

Facts from Forem's source (forem/forem) and its API documentation; the comments name the class or view.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

ALLOWED = frozenset(
    {"title", "body_markdown", "published", "series", "main_image", "canonical_url", "description", "tags"}
    | {"published_at", "subforem_id", "language", "ai_disclosure_level", "organization_id", "video_source_url"}
)
"""Api::ArticlesController#article_params; anything else is dropped without a word."""

TYPES: Mapping[str, tuple[type, ...]] = {
    "title": (str,),
    "body_markdown": (str,),
    "published": (bool,),
    "series": (str, type(None)),
    "main_image": (str, type(None)),
    "canonical_url": (str, type(None)),
    "description": (str,),
    "organization_id": (int, type(None)),
}
"""The `Article` request schema of the OpenAPI document, but for `tags`: it says string where only an array works."""

LEVELS = ("not_disclosed", "no_ai", "some_ai", "fully_autonomous")


class Invalid(Exception):
    """422: the sentence of the first error."""


@dataclass(slots=True, kw_only=True)
class Article:
    id: int
    created_at: datetime
    title: str = ""
    body_markdown: str = ""
    description: str | None = None
    tags: list[str] = field(default_factory=list)
    canonical_url: str | None = None
    main_image: str | None = None
    cover_by_front_matter: bool = False
    series: str | None = None
    published: bool = False
    published_at: datetime | None = None
    edited_at: datetime | None = None
    slug: str = ""

    def url(self, host: str) -> str:
        return f"{host}/forem-author/{self.slug}"


def saved(
    article: Article,
    given: Mapping[str, Any],
    *,
    others: Collection[Article],
    now: datetime,
    create: bool,
    ai_disclosure: bool = False,
    aliases: Mapping[str, str] | None = None,
) -> Article:
    """Return `article` as saving the request's fields leaves it. Raises Invalid; nothing is stored then."""
    was_published = article.published
    article = replace(article)
    given = {name: value for name, value in given.items() if name in ALLOWED}
    # Articles::Attributes#for_update always assigns tag_list: without `tags` it becomes empty.
    tags = given.get("tags")
    article.tags = [str(tag) for tag in tags] if isinstance(tags, list) else []
    for name in ("title", "body_markdown", "description", "canonical_url", "main_image", "series", "published"):
        if name in given:
            setattr(article, name, given[name])
    if "published_at" in given and not (was_published and article.published_at and article.published_at <= now):
        article.published_at = instant(given["published_at"])
    front = evaluate_front_matter(article, now, immutable=was_published)
    if ai_disclosure and create and not front & {"ai_disclosure_level", "ai_disclosure", "ai_generated"}:
        level = given.get("ai_disclosure_level")
        if level not in LEVELS:
            raise Invalid("ai_disclosure_level is required")
    article.title = re.sub(r"\s+", " ", article.title or "").strip()
    article.canonical_url = article.canonical_url or None
    article.main_image = article.main_image or None
    article.series = article.series or None
    # Article#evaluate_markdown: made once, stored, and not made again when only the text changes.
    article.description = article.description or processed_description(article.body_markdown or "")
    names = [re.sub(r"\s", "", tag).lower() for tag in article.tags]
    article.tags = list(dict.fromkeys((aliases or {}).get(name, name) for name in names if name))
    if article.published_at and article.published_at > now + timedelta(days=5 * 365):
        article.published_at = None
    validate(article, others, now, create=create, was_published=was_published)
    if article.published and article.published_at is None:
        article.published_at = now
    if article.published and "-temp-slug-" in (article.slug or "-temp-slug-"):
        article.slug = f"{slugified(article.title)}-{base26(article.id)}"
    elif not article.slug:
        article.slug = f"{slugified(article.title)}-temp-slug-{1_000_000 + article.id}"
    if was_published and not create:
        article.edited_at = now
    return article


def evaluate_front_matter(article: Article, now: datetime, *, immutable: bool) -> set[str]:
    """Let front matter in the body win over the JSON fields; return its keys. Article#evaluate_front_matter."""
    front = front_matter(article.body_markdown or "")
    if front.get("title"):
        article.title = str(front["title"])
        article.description = front.get("description") or None
        article.series = front.get("series") or None
    if front.get("tags"):
        tags = front["tags"]
        article.tags = [str(tag).strip() for tag in (tags if isinstance(tags, list) else str(tags).split(","))]
    if isinstance(front.get("published"), bool):
        article.published = front["published"]
    if front.get("published_at"):
        asked = instant(str(front["published_at"]))
        kept = article.published_at
        if immutable and kept and asked and abs(asked - kept) > timedelta(seconds=60):
            raise Invalid(
                "Published at updating published_at for articles that have already been published is immutable"
            )
        article.published_at = asked
    elif front.get("date") and article.published and article.published_at is None:
        article.published_at = instant(str(front["date"]))
    if front and (front.get("cover_image") or article.cover_by_front_matter):
        article.main_image = front.get("cover_image") or None
        article.cover_by_front_matter = True
    for name in ("canonical_url", "description", "series"):
        if front.get(name):
            setattr(article, name, str(front[name]))
    return set(front)


def front_matter(body: str) -> dict[str, Any]:
    """Return the YAML between `---` lines at the very start, or nothing."""
    match = re.match(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", body, re.DOTALL | re.MULTILINE)
    if not match:
        return {}
    try:
        parsed = yaml.safe_load(match[1])
    except yaml.YAMLError as error:
        raise Invalid(f"({getattr(error, 'problem', error)}) did not parse the front matter") from None
    if parsed is not None and not isinstance(parsed, dict):
        raise Invalid("undefined method `any?' for front matter that is not a mapping")
    return parsed or {}


def validate(
    article: Article, others: Collection[Article], now: datetime, *, create: bool, was_published: bool
) -> None:
    """Raise Invalid for what Article's validations refuse."""
    if not article.title:
        raise Invalid("Title can't be blank")
    if len(article.title) > 128:
        raise Invalid("Title is too long (maximum is 128 characters)")
    if create and any(
        other.title == article.title and now - other.created_at < timedelta(minutes=5) for other in others
    ):
        raise Invalid("Title has already been used in the last five minutes, and body markdown has already been taken")
    if len((article.body_markdown or "").encode()) > 800 << 10:
        raise Invalid("Body markdown is too long")
    if len(article.tags) > 4:
        raise Invalid("Tag list exceed the maximum of 4 tags")
    for tag in article.tags:
        if len(tag) > 30:
            raise Invalid(f'Tag "{tag}" is too long (maximum is 30 characters)')
        if not tag.isalnum():
            raise Invalid(f'Tag "{tag}" contains non-alphanumeric or prohibited unicode characters')
    if len(", ".join(article.tags)) > 126:
        raise Invalid("Tag list is too long (maximum is 126 characters)")
    check_url("Canonical url", article.canonical_url)
    check_url("Main image", article.main_image)
    rivals = [other.canonical_url for other in others if other.published and other.canonical_url]
    if article.published and article.canonical_url in rivals:
        raise Invalid("Canonical url has already been taken. Email the team for further details.")
    if create and article.published and article.published_at and article.published_at < now - timedelta(minutes=15):
        raise Invalid("Published at only future or current published_at allowed")
    check_liquid(article.body_markdown or "")
    if len(re.findall(r"(?<![\w/`])@\w+", article.body_markdown or "")) > 7:
        raise Invalid("Base You cannot mention more than 7 users in a post!")


def check_url(name: str, url: str | None) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid(f"{name} is not a valid URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", url):
        raise Invalid(f"{name} is not a valid URL")
    if name == "Canonical url" and (parts.hostname == "localhost" or "." not in parts.hostname):
        raise Invalid(f"{name} is not a valid URL")


def check_liquid(body: str) -> None:
    """Refuse tags that no Forem knows, outside code and raw blocks, as compiling the template does."""
    text = re.sub(
        r"```.*?```|~~~.*?~~~|`[^`\n]+`|\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}", "", body, flags=re.DOTALL
    )
    for name in re.findall(r"\{%-?\s*(\w+)", text):
        if name not in {"embed", "youtube", "tweet", "gist", "github", "link", "details", "enddetails", "katex"}:
            raise Invalid(f"Liquid syntax error: Unknown tag '{name}'")


def instant(text: Any) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(str(text).strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def slugified(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:100].strip("-")


def base26(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in (3, 2, 1, 0))


def text_of(body: str) -> str:
    """Return roughly what strip_tags leaves of the rendered body."""
    body = re.sub(r"\A---[ \t]*\n.*?^---[ \t]*\n", "", body, flags=re.DOTALL | re.MULTILINE)
    body = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", body)
    body = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", body)
    return " ".join(re.sub(r"[*_`#>]|\{%.*?%\}", "", body).split())


def processed_description(body: str) -> str:
    text = text_of(body)
    if not text:
        return "A post by Zoë O’Hara"
    return text if len(text) <= 104 else text[:102].rpartition(" ")[0] + "..."


def shown(article: Article, host: str, shape: str, now: datetime) -> dict[str, Any]:
    """Return one of the three read shapes: "index", "single" or "me". app/views/api/v1/articles/*.jbuilder."""
    url = article.url(host)
    text = text_of(article.body_markdown)
    at = article.published_at.strftime("%Y-%m-%dT%H:%M:%SZ") if article.published_at else None
    cover = None
    if article.main_image:
        options = "width=1000,height=420,fit=cover,gravity=auto,format=auto"
        cover = f"https://media2.forem.example/dynamic/image/{options}/{quote(article.main_image, safe='')}"
    common = {
        "type_of": "article",
        "id": article.id,
        "title": article.title,
        "description": article.description,
        "slug": article.slug,
        "path": url.removeprefix(host),
        "url": url,
        "comments_count": 0,
        "public_reactions_count": 0,
        "positive_reactions_count": 0,
        "published_timestamp": at if article.published else "",
        "cover_image": cover,
        "canonical_url": article.canonical_url or url,
        "published_at": at,
        "reading_time_minutes": 1,
        "user": {"name": "Zoë O’Hara", "username": "forem-author", "user_id": 7},
    }
    if shape == "me":
        return common | {
            "published": article.published,
            "tag_list": article.tags,
            "body_markdown": article.body_markdown,
            # Counters move with every read, so that nothing may depend on them.
            "page_views_count": int(now.timestamp() * 1000) % 1_000_003,
        }
    common |= {
        "readable_publish_date": article.published_at.strftime("%b %-d") if article.published_at else None,
        "collection_id": abs(hash(article.series)) % 10_000 if article.series else None,
        "social_image": cover,
        "created_at": article.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "edited_at": article.edited_at.strftime("%Y-%m-%dT%H:%M:%SZ") if article.edited_at else None,
        "crossposted_at": None,
        "last_comment_at": at,
        "language": "en",
    }
    if shape == "index":
        return common | {"tag_list": article.tags, "tags": ", ".join(article.tags)}
    return common | {
        "tag_list": ", ".join(article.tags),
        "tags": article.tags,
        "body_html": f"<p>{text}</p>\n\n",
        "body_markdown": article.body_markdown,
    }

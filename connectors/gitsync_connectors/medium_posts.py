"""Posts as Medium takes them, by its API or by a person's paste. Pure.

Source: Medium/medium-api-docs README, section 3.3; help.medium.com on importing a story.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from gitsync.connector import Problem
from gitsync.model import FIELDS, Post
from gitsync_connectors import bodies

HELD: Final = frozenset({"title", "tags", "cover", "canonical_url", "status"})
MAX_TAGS: Final = 3
MAX_TAG: Final = 25
MAX_TITLE: Final = 100

IMPORT: Final = "https://medium.com/p/import"
WRITE: Final = "https://medium.com/new-story"

_ID: Final = re.compile(r"(?:.*[-/])?([0-9a-f]{8,16})/?")


def projected(post: Post) -> Post:
    """Return what Medium is sent of `post`. It has no private posts for everybody: those stay drafts."""
    return post.with_fields(
        {name: None for name in FIELDS if name not in HELD}
        | {
            "title": " ".join((post.title or "").split()) or None,
            "tags": tags_of(post.tags or ()) or None,
            "cover": (post.cover or "").strip() or None,
            "canonical_url": (post.canonical_url or "").strip() or None,
            "status": "published" if post.status in (None, "published") else "draft",
        }
    )


def tags_of(tags: Sequence[str]) -> tuple[str, ...]:
    """Return the tags that Medium uses: the first three that are not too long."""
    said = (" ".join(tag.split()) for tag in tags)
    return tuple({tag.casefold(): tag for tag in said if tag and len(tag) <= MAX_TAG}.values())[:MAX_TAGS]


def problems_of(post: Post) -> list[Problem]:
    """Say what Medium would refuse, and what it would not hold, of `post`."""
    found = []

    def add(code: str, field: str, message: str, hint: str = "", *, loss: bool = False) -> None:
        found.append(Problem(code=code, message=message, hint=hint, field=field, severity="loss" if loss else "error"))

    title = (post.title or "").strip()
    if not title:
        add("TITLE_MISSING", "title", "Medium needs a title", "Add `title:` to the front matter.")
    if len(title) > MAX_TITLE:
        add("TITLE_LONG", "title", f"Medium's pages name {MAX_TITLE} characters of the title", loss=True)
    for field in ("cover", "canonical_url"):
        url = str(post.get(field) or "").strip()
        if url and not _absolute(url):
            message = f"Medium does not take {url[:80]!r} as {field}"
            add("URL_BAD", field, message, "Give an absolute http or https address.")
    if post.status in ("private", "scheduled"):
        add("STATUS_DRAFT", "status", f"Medium has no {post.status} posts: it is sent as a draft", loss=True)
    tags = post.tags or ()
    if len(kept := tags_of(tags)) < len(tags):
        said = f"Medium takes {MAX_TAGS} tags; of {', '.join(tags)} it gets: {', '.join(kept) or 'none'}"
        add("TAGS_CHANGED", "tags", said, loss=True)
    for field in ("series", "authors", "lang", "description"):
        if post.get(field):
            add("FIELD_UNHELD", field, f"Medium has no place for {field}", loss=True)
    return [*found, *bodies.losses("medium", post.body)]


def _absolute(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not re.search(r"\s", url)


def body_of(post: Post) -> str:
    """Return the HTML of a post with its title, which does not show otherwise, and its cover."""
    parts = [f"<h1>{escape(post.title, quote=False)}</h1>"] if post.title else []
    if post.cover:
        parts.append(f'<figure><img src="{escape(post.cover)}" alt=""></figure>')
    return "\n".join([*parts, bodies.write("medium", post.body).text])


def said_of(post: Post, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of a new post."""
    public = str(options.get("visibility", "public"))
    said: dict[str, Any] = {
        "title": (post.title or "")[:MAX_TITLE],
        "contentFormat": "html",
        "content": body_of(post),
        # Medium's own default is to publish.
        "publishStatus": "draft" if post.status == "draft" else public,
        "notifyFollowers": bool(options.get("notify", False)),
    }
    if post.tags:
        said["tags"] = list(post.tags)
    if post.canonical_url:
        said["canonicalUrl"] = post.canonical_url
    if license := options.get("license"):
        said["license"] = str(license)
    return said


def page_of(post: Post) -> str:
    """Return a page that holds nothing but what is to be copied."""
    return (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src http: https: data:">\n'
        f"<title>{escape(post.title or '', quote=False)}</title>\n</head>\n<body>\n<article>\n{body_of(post)}"
        "</article>\n</body>\n</html>\n"
    )


def steps_to(post: Post, url: str | None) -> list[str]:
    """Return what a person does, a sentence each. The page is named by the caller."""
    copy = "Open the page in a browser, select all, copy."
    if url is not None:
        return [copy, f"Open {url} in Medium's editor, select all there, paste, and save."]
    steps = [copy, f"Open {WRITE}, paste; the first line becomes the title."]
    if post.canonical_url:
        steps = [
            f"Open {IMPORT} and give it {post.canonical_url}: Medium takes the story from there, with its canonical "
            "link. Where that page looks better than what came out, go on with the next step instead.",
            *steps,
            f"In the story's settings, under Advanced, set the canonical link to {post.canonical_url}.",
        ]
    if post.tags:
        steps.append(f"Give it the topics {', '.join(post.tags)}.")
    return steps


def id_in(text: str) -> str | None:
    """Return the id at the end of an address of Medium's, or of an id itself; None where there is none."""
    path = urlsplit(text).path if text.startswith(("http://", "https://")) else text
    match = _ID.fullmatch(path.rstrip("/"))
    return match[1] if match else None

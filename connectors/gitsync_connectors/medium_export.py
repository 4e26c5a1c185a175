"""Medium's export (Download your information, a ZIP) and feeds as sources of posts.

Sources: real exports from 2018 to 2025; medium.com/feed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Final

from gitsync.errors import InvalidContent
from gitsync.markdown.dom import TEXT, Node, parse, walk
from gitsync.markdown.formats import named
from gitsync.markdown.medium_format import reading
from gitsync.model import Post
from gitsync.source import Found
from gitsync_connectors.export_xml import begins, items
from gitsync_connectors.instants import whole_second

LARGEST: Final = 16 << 20
"""Bytes of one story, unpacked; and a hundred thousand stories at the most."""
MOST: Final = 100_000

_STORY: Final = re.compile(r"(?:.*/)?posts/((?:draft|\d{4}-\d\d-\d\d)_[^/]*?-+([0-9a-f]{6,20}))\.html")


class MediumExport:
    """A ZIP with `posts/*.html`. Responses to other people's stories are left out."""

    name = "medium"

    def __init__(self, path: Path) -> None:
        self._path = path

    def posts(self) -> Iterator[Found]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                stories = [info for info in archive.infolist() if _STORY.fullmatch(info.filename)]
                for info in sorted(stories, key=lambda info: info.filename)[:MOST]:
                    found = self._found(info.filename, self._text(archive, info))
                    if found is not None:
                        yield found
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
            message = f"The archive cannot be read: {error}."
            raise InvalidContent(message, "Download it again.", code="ZIP", path=str(self._path)) from None

    def _text(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> str:
        # What a member says of its size may be a lie.
        with archive.open(info) as member:
            content = member.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InvalidContent("A story is larger than 16 MiB.", code="ZIP", path=f"{self._path}:{info.filename}")
        return content.decode("utf-8", "replace")

    def _found(self, name: str, html: str) -> Found | None:
        root = parse(html)
        match = _STORY.fullmatch(name)
        if root is None or match is None:
            return Found(place=name, post=Post(body=html, status="draft"), notes=("It is kept as HTML.",))
        nodes = [node for node, begins_here in walk(root.kids) if begins_here]
        title = _text_of(nodes, "class", "p-name")
        subtitle = _text_of(nodes, "data-field", "subtitle")
        draft = match[1].startswith("draft_")
        if not draft and _is_response(nodes, subtitle):
            return None
        when = next((node.get("datetime") for node in nodes if "dt-published" in node.get("class")), "")
        url = next((node.get("href") for node in nodes if "p-canonical" in node.get("class")), "")
        tags = [_all_text(node) for node in nodes if "p-tag" in node.get("class").split()]
        cover = next((node.get("src") for node in nodes if node.get("data-is-featured") == "true"), "")
        slug = re.sub(rf"-?{match[2]}$", "", url.rpartition("/")[2]) if url else ""
        story = reading(html, title, subtitle)
        post = Post(
            title=title or None,
            slug=slug or None,
            description=subtitle if subtitle and not subtitle.endswith("…") else None,
            tags=tuple(dict.fromkeys(tags)) or None,
            cover=cover or None,
            status="draft" if draft else "published",
            date=whole_second(when),
            body=story.text,
        )
        notes = tuple(f"{loss.code} {loss.message}." for loss in story.losses)
        return Found(place=name, post=post, url=url or None, notes=notes)


def _is_response(nodes: list[Node], subtitle: str) -> bool:
    """Return whether a story is a comment: one paragraph, no image, nothing above it. Medium does not say."""
    paragraphs = sum(node.tag == "p" and "graf" in node.get("class") for node in nodes)
    others = any(node.tag in ("figure", "ul", "ol", "pre", "blockquote") for node in nodes)
    return not subtitle and paragraphs <= 1 and not others


def _text_of(nodes: list[Node], attribute: str, value: str) -> str:
    found = next((node for node in nodes if value in node.get(attribute).split()), None)
    return _all_text(found) if found else ""


def _all_text(node: Node) -> str:
    return " ".join("".join(kid.text for kid, begins_here in walk([node]) if begins_here and kid.tag == TEXT).split())


class Feed:
    """An RSS feed: Medium's, or any that has whole posts in it."""

    name = "rss"

    def __init__(self, path: Path) -> None:
        self._path = path

    def posts(self) -> Iterator[Found]:
        for item, channel in items(self._path):
            whole = item.texts.get("content:encoded", "")
            title = unescape(item.text("title"))
            url = re.sub(r"\?source=rss[^#]*", "", item.text("link"))
            html = whole or item.text("description")
            is_story = channel.get("generator", "").strip() == "Medium" or _COUNTER.search(html)
            story = reading(_COUNTER.sub("", html), title) if is_story else named("html").reading(html)
            notes = [] if whole else ["The feed has its summary only."]
            notes += [f"{loss.code} {loss.message}." for loss in story.losses]
            post = Post(
                title=title or None,
                tags=tuple(dict.fromkeys(name.strip() for _, name in item.categories if name.strip())) or None,
                status="published",
                date=_published(item.text("pubDate")),
                authors=(item.text("creator"),) if item.text("creator") else None,
                body=story.text,
            )
            place = f"{self._path.name}:{item.line} ({title[:60]})"
            yield Found(place=place, post=post, url=url or None, notes=tuple(notes))


_COUNTER: Final = re.compile(r"<img\b[^<>]*\bmedium\.com/_/stat[^<>]*>")
"""The image of one pixel with which Medium counts its readers."""


def _published(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def open_zip(path: Path) -> MediumExport | None:
    """Return Medium's export at `path`; None for another file."""
    if path.is_dir() or begins(path)[:2] != b"PK":
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            return MediumExport(path) if any(map(_STORY.fullmatch, archive.namelist())) else None
    except (zipfile.BadZipFile, OSError):
        return None


def open_feed(path: Path) -> Feed | None:
    """Return the feed at `path`; None for another file."""
    head = begins(path)
    return Feed(path) if b"<rss" in head and b"wordpress.org/export/" not in head else None

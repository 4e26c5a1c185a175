"""WordPress' export files (Tools → Export, WXR) as a source of posts.

Sources: wordpress-develop wp-admin/includes/export.php; what real exports look like beyond that.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from gitsync.model import Post
from gitsync.source import Found
from gitsync_connectors.bodies import left_out
from gitsync_connectors.export_xml import Item, begins, items
from gitsync_connectors.wordpress_posts import STATUSES, read_body

TYPES: Final = ("post", "page")
"""The types of posts that are text; attachments, menus, revisions and templates are not."""


class WordPressExport:
    """A WXR file. It is read twice: the addresses of images may stand behind the posts that show them."""

    name = "wordpress"

    def __init__(self, path: Path) -> None:
        self._path = path

    def posts(self) -> Iterator[Found]:
        images = {
            item.text("post_id"): item.text("attachment_url")
            for item, _ in items(self._path)
            if item.text("post_type") == "attachment"
        }
        for item, _ in items(self._path):
            if item.text("post_type") in TYPES and item.text("status") not in ("trash", "auto-draft", "inherit"):
                yield self._found(item, images)

    def _found(self, item: Item, images: dict[str, str]) -> Found:
        notes = []
        status = STATUSES.get(item.text("status"), "draft")
        if item.text("post_password"):
            status = "private"
            notes.append("It had a password, and is private here.")
        if item.text("post_type") == "page":
            notes.append("It was a page.")
        tags = [unescape(name) for domain, name in item.categories if domain in ("post_tag", "tag") and name]
        sections = [unescape(name) for domain, name in item.categories if domain == "category" and name]
        more = [name for name in sections if name not in ("Uncategorized", *tags)]
        if more:
            notes.append(f"Its categories are tags here: {', '.join(more)}.")
        content = item.texts.get("content:encoded", "")
        notes += [f"{loss.code} {loss.message}." for loss in left_out("wordpress", content)]
        slug = unquote(item.text("post_name"))
        url = item.text("link")
        public = urlsplit(url).scheme in ("http", "https") and "?p=" not in url and "?page_id=" not in url
        post = Post(
            title=unescape(item.text("title")) or None,
            slug=slug or None,
            description=item.text("excerpt:encoded") or None,
            tags=tuple(dict.fromkeys([*tags, *more])) or None,
            cover=images.get(item.meta.get("_thumbnail_id", "")) or None,
            canonical_url=item.meta.get("_yoast_wpseo_canonical") or None,
            status=status,
            date=_date(item) if status != "draft" else None,
            authors=(item.text("creator"),) if item.text("creator") else None,
            body=read_body(content),
        )
        place = f"{self._path.name}:{item.line} ({(post.title or slug or 'without a title')[:60]})"
        return Found(place=place, post=post, url=url if public else None, notes=tuple(notes))


def _date(item: Item) -> datetime | None:
    """Return when a post came out: in UTC, in RSS' way, or, in an export of old, by a clock of no zone."""
    for name in ("post_date_gmt", "pubDate", "post_date"):
        text = item.text(name)
        try:
            found = parsedate_to_datetime(text) if name == "pubDate" else datetime.fromisoformat(text)
        except (ValueError, TypeError, IndexError):
            continue
        if found.year > 1:
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


def open_export(path: Path) -> WordPressExport | None:
    """Return the export at `path`; None for another file."""
    head = begins(path)
    return WordPressExport(path) if b"wordpress.org/export/" in head or b"<wp:wxr_version" in head else None

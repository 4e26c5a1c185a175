"""Pictures that a site shows come into the repository with its posts: fetched once each, and known by their address.

The post then shows the file, the ledger knows where the site has it, and nothing is uploaded again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote, urlsplit

from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import relative
from gitsync.engine.surroundings import Addresses
from gitsync.markdown.links import Link, rewrite
from gitsync.model import Post
from gitsync.repository import Oid

Fetch = Callable[[str], tuple[bytes, str] | None]
"""Returns the content and the media type of what is at an address; None where that cannot be had, or is no picture."""

ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}


class Bringing:
    """Brings one site's pictures; `folder` is where they go, "x/". `files` are those that this run adds."""

    def __init__(self, overlay: Overlay, addresses: Addresses, folder: str, fetch: Fetch) -> None:
        self._overlay = overlay
        self._addresses = addresses
        self._folder = folder
        self._fetch = fetch
        self._paths: dict[str, str | None] = {}
        self._by_content: dict[Oid, str] = {}
        self.files: dict[str, Oid | None] = {}

    def localised(self, post: Post, path: str) -> Post:
        """Return `post`, which is to be at `path`, with every picture that can be had as a file of the repository."""

        def local(link: Link) -> str | None:
            if link.kind != "image" or not link.url.startswith(("http://", "https://")):
                return None
            file = self._brought(link.url)
            return None if file is None else relative(file, path)

        cover = local(Link(0, 0, post.cover, "image")) if post.cover else None
        return post.with_fields({"body": rewrite(post.body, local), "cover": cover or post.cover})

    def _brought(self, url: str) -> str | None:
        if url not in self._paths:
            self._paths[url] = self._addresses.path_of(url) or self._fetched(url)
        return self._paths[url]

    def _fetched(self, url: str) -> str | None:
        found = self._fetch(url)
        if found is None or found[1] not in ENDINGS:
            return None
        content, media_type = found
        oid = self._overlay.project.repository.hash_blob(content)
        if oid not in self._by_content:
            path = self._overlay.free_path(self._folder + _name(url, media_type))
            self.files[path] = self._overlay.add_file(path, content)
            self._by_content[oid] = path
            self._addresses.uploaded.setdefault(oid, url)
        return self._by_content[oid]


def _name(url: str, media_type: str) -> str:
    """Return a file name of what an address ends with: small, plain, and with the ending that the content has."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    plain = re.sub(r"[^\w-]+", "-", stem.casefold(), flags=re.ASCII).strip("-_")[:80]
    return f"{plain or 'picture'}.{ENDINGS[media_type]}"

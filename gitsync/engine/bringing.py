"""Pictures that a site shows come into the repository with its posts: fetched once each, and known by their address.

The post then shows the file, the ledger knows where the site has it, and nothing is uploaded again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import unquote, urlsplit

from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import relative
from gitsync.git import lfs
from gitsync.markdown.links import Link, rewrite
from gitsync.markdown.originals import original
from gitsync.model import Post
from gitsync.post.paths import RESERVED
from gitsync.repository import Oid

Fetch = Callable[[str], tuple[bytes, str] | None]
"""Returns the content and the media type of what is at an address; None where that cannot be had, or is no picture."""

SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb".{4}ftyp(?:avi[fs]|.{4,32}?avif)", re.DOTALL), "image/avif"),
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<(?:\?|!--|!DOCTYPE svg)[^<]{0,2000}>\s*){0,9}<svg[\s>]", re.IGNORECASE),
        "image/svg+xml",
    ),
)
"""How the content of a picture begins. What a server says of it is often wrong, and a page is no picture."""

ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/svg+xml": "svg",
}


class Bringing:
    """Brings the pictures of posts that come from one place, into the first folder of assets.

    `path_of` knows the addresses of files that are here; `uploaded` is told where a new one is to be seen.
    """

    def __init__(
        self, overlay: Overlay, fetch: Fetch, path_of: Callable[[str], str | None], uploaded: dict[Oid, str]
    ) -> None:
        self._overlay = overlay
        self._fetch = fetch
        self._path_of = path_of
        self._uploaded = uploaded
        project = overlay.project
        self._folder = project.root + next(iter(project.config.content.assets), "images/").rstrip("/") + "/"
        self._paths: dict[str, str | None] = {}
        self._by_content: dict[Oid, str] = {}
        self._files: dict[str, Oid] = {}

    def files(self) -> dict[str, Oid]:
        """Return the files added since this was last asked: they belong into the next commit."""
        added, self._files = self._files, {}
        return added

    def localised(self, post: Post, path: str, only: Collection[str] | None = None) -> Post:
        """Return `post`, which is to be at `path`, with every picture that can be had as a file of the repository.

        `only` are the addresses to look at; None for all.
        """

        def local(link: Link) -> str | None:
            if link.kind != "image" or not link.url.startswith(("http://", "https://")):
                return None
            if only is not None and link.url not in only:
                return None
            file = self._brought(link.url)
            return None if file is None else relative(file, path)

        cover = local(Link(0, 0, post.cover, "image")) if post.cover else None
        return post.with_fields({"body": rewrite(post.body, local), "cover": cover or post.cover})

    def _brought(self, url: str) -> str | None:
        if url not in self._paths:
            whole = original(url)
            known = self._path_of(url) or (self._brought(whole) if whole is not None else None)
            self._paths[url] = known or self._fetched(url)
        return self._paths[url]

    def _fetched(self, url: str) -> str | None:
        found = self._fetch(url)
        if found is None or (media_type := picture_type(found[0])) is None:
            return None
        path = self._folder + _name(url, media_type)
        repository = self._overlay.project.repository
        content = lfs.cleaned(repository, path, found[0])
        oid = repository.hash_blob(content)
        self._uploaded.setdefault(oid, url)
        if oid not in self._by_content and (there := self._overlay.path_of(oid)) is not None:
            self._by_content[oid] = there
        if oid not in self._by_content:
            path = self._overlay.free_path(path)
            self._files[path] = self._overlay.add_file(path, content)
            self._by_content[oid] = path
        return self._by_content[oid]


def picture_type(content: bytes) -> str | None:
    """Return which of ENDINGS a file is, by its content; None for anything else."""
    return next((media_type for begins, media_type in SIGNATURES if begins.match(content)), None)


def fetched(url: str, trusted: Collection[str] = ()) -> tuple[bytes, str] | None:
    """Return what is at a public address, or on one of the hosts `trusted`."""
    from gitsync.outside import download  # noqa: PLC0415  most runs fetch nothing

    return download(url, trusted=frozenset(trusted))


def pictures(post: Post) -> set[str]:
    """Return the addresses of all pictures of a post."""
    found = {post.cover} if post.cover else set()

    def note(link: Link) -> None:
        if link.kind == "image":
            found.add(link.url)

    rewrite(post.body, note)
    return found


def _name(url: str, media_type: str) -> str:
    """Return a file name of what an address ends with: small, plain, and with the ending that the content has."""
    last = unquote(urlsplit(url).path).rpartition("/")[2]
    stem = last.rpartition(".")[0] or last
    plain = re.sub(r"[^\w-]+", "-", stem.casefold(), flags=re.ASCII).strip("-_")[:80]
    return f"{plain or 'picture'}{'-picture' if plain in RESERVED else ''}.{ENDINGS[media_type]}"

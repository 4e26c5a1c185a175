"""Links of one post to the repository's own files: those that lead nowhere, and those that could be mended."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from gitsync.connector import Problem
from gitsync.document import Document
from gitsync.engine.projection import candidates, split_link
from gitsync.markdown.anchors import headings, names
from gitsync.markdown.links import Link, find_links, rewrite
from gitsync.markdown.parser import parsed

Kind = Literal["post", "file"] | None

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_OWN = re.compile(r"\{[^}\n]*#([\w:.-]+)[^}\n]*\}|<[^>]+\b(?:id|name)\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)


class Links:
    """Looks links up. `kind` says what a path is, `body` what a post says, `fetched` whether a file is more than a
    pointer of Git LFS; `names` are all files."""

    def __init__(
        self,
        root: str,
        *,
        kind: Callable[[str], Kind],
        body: Callable[[str], str],
        fetched: Callable[[str], bool],
        names: Callable[[], Sequence[str]],
        home: str | None,
    ) -> None:
        self._root = root
        self._kind = kind
        self._body = body
        self._fetched = fetched
        self._names = names
        self._home = home
        self._folded: dict[str, list[str]] | None = None
        self._anchors: dict[str, frozenset[str]] = {}

    def problems(self, file: Document) -> Iterator[tuple[Problem, bool]]:
        """Yield what is wrong with the post's links, and whether `mended` can mend it."""
        for link in find_links(file.post.body):
            yield from self._problems(file.path, file.post.body, link, "body")
        if file.post.cover:
            yield from self._problems(file.path, "", Link(0, 0, file.post.cover, "image"), "cover")

    def _problems(self, path: str, body: str, link: Link, field: str) -> Iterator[tuple[Problem, bool]]:
        if not link.url or link.url.startswith("//") or _scheme(link.url):
            return
        target, tail = split_link(link.url)
        if not target:
            if link.url.startswith("#") and not self._has_anchor(path, body, link.url[1:]):
                yield self._anchor(link, field, f"there is no heading for {link.url} here"), False
            return
        found = next((it for it in candidates(target, path, self._root) if self._kind(it)), None)
        if found is None:
            if link.url.startswith("/") and self._home:
                return  # a page of the site that the blog is served from
            near = self._other_case(target, path)
            hint = f"It is {near}." if near else "Mend the link, or make it absolute."
            message = f"points to {link.url}, which is not in the repository"
            severity: Literal["error", "loss"] = "error" if link.kind == "image" else "loss"
            problem = Problem(
                code="LINK003", message=message, hint=hint, field=field, offset=link.start, severity=severity
            )
            yield problem, near is not None and field == "body"
        elif self._kind(found) == "post":
            anchor = tail.partition("#")[2]
            if anchor and not self._has_anchor(found, None, anchor):
                yield self._anchor(link, field, f"{found} has no heading for #{anchor}"), False
        elif not self._fetched(found):
            message = f"{found} is a pointer of Git LFS, and its content is not here"
            hint = "Run git lfs pull; on GitHub, check out with lfs: true."
            yield Problem(code="LFS001", message=message, hint=hint, field=field, offset=link.start), False

    def _anchor(self, link: Link, field: str, message: str) -> Problem:
        hint = "Mend the link, or give the heading that name."
        return Problem(code="LINK004", message=message, hint=hint, field=field, offset=link.start, severity="loss")

    def _has_anchor(self, path: str, body: str | None, name: str) -> bool:
        if not name or name in ("top",) or name.startswith((":~:", "fn")):
            return True
        if path not in self._anchors:
            self._anchors[path] = anchors(self._body(path) if body is None else body)
        return unquote(name).casefold() in self._anchors[path]

    def _other_case(self, target: str, path: str) -> str | None:
        """Return the one file whose name differs in case or accents' form only."""
        if self._folded is None:
            self._folded = {}
            for name in self._names():
                self._folded.setdefault(_folded(name), []).append(name)
        for candidate in candidates(target, path, self._root):
            found = self._folded.get(_folded(candidate), [])
            if len(found) == 1:
                return found[0]
        return None

    def mended(self, file: Document) -> str:
        """Return the body with every link mended that differs from a file's name in case only."""

        def new(link: Link) -> str | None:
            if not link.url or link.url.startswith(("#", "//", "/")) or _scheme(link.url):
                return None
            target, tail = split_link(link.url)
            if any(self._kind(it) for it in candidates(target, file.path, self._root)):
                return None
            near = self._other_case(target, file.path)
            if near is None:
                return None
            return quote(posixpath.relpath(near, posixpath.dirname(file.path) or ".")) + tail

        return rewrite(file.post.body, new)


def anchors(body: str) -> frozenset[str]:
    """Return the names that a link can lead to inside a post: its headings', as GitHub makes them, and its own ids."""
    said = (re.sub(r"\{[^}]*\}\s*$", "", text) for text in headings(parsed(body)))
    own = ((match[1] or match[2]) for match in _OWN.finditer(_FENCE.sub("", body)))
    return frozenset(name.casefold() for name in (*names(said), *own) if name)


def _scheme(url: str) -> bool:
    try:
        return bool(urlsplit(url).scheme)
    except ValueError:
        return True


def _folded(path: str) -> str:
    from unicodedata import normalize  # noqa: PLC0415  asked only when a link is broken

    return normalize("NFC", path).casefold()

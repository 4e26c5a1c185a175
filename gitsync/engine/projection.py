"""A post as one site is to hold it, and the way back, which undoes just what was done here.

Overrides and defaults are applied, links and images made absolute, and then the connector projects.
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from gitsync.connector import Connector, Problem
from gitsync.document import Document
from gitsync.markdown.links import Link, may_be_relative, rewrite
from gitsync.markdown.originals import may_be_resized, original
from gitsync.markdown.sources import line_starts
from gitsync.markdown.template_links import plain_links
from gitsync.model import Post, digest
from gitsync.state.records import Oid, Uses

GENERATION = 10
"""Raised when the same post would be translated differently: every site is then looked at again."""

_PARENTS_OF_ROOT = ("", "static/", "public/", "content/")
"""Where a generator serves `/x` from: the root itself, Hugo's and Docusaurus' static/, Astro's and Next's public/, and
content/, in which Hugo has posts and what lies beside them."""


_POSTS = (".md", ".markdown", ".mdx")
"""Endings of posts: a link to one that is not there is looked at again when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the links of a post can lead to, on one site.

    `exists` says whether a path is a file of the repository and whether it is a post; `url_of` gives a post's URL on
    this site, `asset_url` where a file was uploaded to; `path_of` is the way back of both, and `hosts` are those that
    it knows ("" for addresses without one; None: any host may be one); `blob` is a file's content. `home` is
    `[content] url`, `raw` the public address of the repository's files; `root` is the folder of gitsync.toml in the
    repository, "" or "x/".
    """

    site: str
    default_status: str | None
    exists: Callable[[str], Literal["post", "file"] | None]
    url_of: Callable[[str], str | None]
    path_of: Callable[[str], str | None]
    asset_url: Callable[[str], str | None]
    blob: Callable[[str], Oid | None]
    hosts: Callable[[], Collection[str]] | None = None
    uploads: bool = False
    upload_types: frozenset[str] | None = None
    home: str | None = None
    raw: str | None = None
    root: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """What would be sent: the post, its hash, the files and posts it leans on, and what is wrong with it."""

    post: Post
    digest: str
    uses: Uses
    problems: tuple[Problem, ...]

    @property
    def refused(self) -> Problem | None:
        """The first problem that keeps the post from being sent."""
        return next((problem for problem in self.problems if problem.severity == "error"), None)


def view(document: Document, site: str, default_status: str | None = None) -> Post:
    """Return the post as its author means it for `site`: overrides applied, and a status where none is said."""
    post = document.post.with_fields(document.overrides.get(site, {}))
    return post if post.status is not None else post.with_fields({"status": default_status or "published"})


def selected(document: Document, site: str) -> bool:
    """Say whether the author wants this post on `site`."""
    return document.sites is None or site in document.sites


def gets_address(document: Document, site: str, default_status: str | None) -> bool:
    """Say whether readers find the post on `site` as soon as it was sent."""
    return selected(document, site) and view(document, site, default_status).status not in ("draft", "scheduled")


def project(post: Post, path: str, place: Place, connector: Connector, *, checked: bool = True) -> Projection:
    """Return what `connector` would be sent for a view of the post at `path`.

    Without `checked` nobody looks for problems: for what is on the site already.
    """
    outgoing = _Outgoing(path, place)
    body = _without_templates(post.body, path, place)
    body = rewrite(body, outgoing.target) if may_be_relative(body) else body
    outgoing.field = "cover"
    fields = connector.capabilities.fields
    held = post.cover if "cover" in fields else None
    before = len(outgoing.assets)
    cover = outgoing.target(Link(0, 0, held, "image")) if held else None
    # A cover that is to be uploaded first has no address yet that a platform could judge.
    waits = cover is None and len(outgoing.assets) > before
    absolute = post.with_fields({"body": body, "cover": None if waits else cover or post.cover})
    stored = connector.project(absolute)
    if unheld := _unheld(stored, fields):
        stored = stored.with_fields(dict.fromkeys(unheld))
    found = connector.problems(absolute) if checked else ()
    problems = (*outgoing.problems, *_where_written(found, body, post.body)) if checked else ()
    assets = {path: oid for path in outgoing.assets if (oid := place.blob(path)) is not None}
    uses = Uses(posts=outgoing.posts, assets=assets)
    return Projection(post=stored, digest=digest(stored), uses=uses, problems=problems)


def _without_templates(body: str, path: str, place: Place) -> str:
    root = place.root
    folder = posixpath.join(posixpath.dirname(path).removeprefix(root.rstrip("/")).lstrip("/"), "")
    return plain_links(body, folder, lambda name: place.exists(root + name) is not None)


def _where_written(problems: Sequence[Problem], sent: str, written: str) -> Iterator[Problem]:
    """Yield problems of the body `sent`, whose links are longer than those `written`, with their places in the latter.

    Links are rewritten within their lines: a problem stays in its line.
    """
    if sent == written or not problems:
        yield from problems
        return
    there, here = line_starts(sent), line_starts(written)
    for problem in problems:
        if problem.field != "body":
            yield problem
            continue
        line = bisect_right(there, problem.offset) - 1
        begin, end = here[line], here[line + 1] - 1
        same = len(posixpath.commonprefix([sent[there[line] : problem.offset], written[begin:end]]))
        yield replace(problem, offset=begin + same)


def lift(post: Post, path: str, place: Place) -> Post:
    """Undo on a site's version what `project` did to links: absolute ones that lead to our files become relative."""

    def back(link: Link) -> str | None:
        target, tail = split_link(link.url)
        found = place.path_of(target) or _ours(target, place)
        if found is None and (whole := original(link.url)) is not None:
            found, tail = place.path_of(whole) or _ours(whole, place), ""
        return None if found is None else relative(found, path) + tail

    cover = back(Link(0, 0, post.cover, "image")) if post.cover else None
    body = rewrite(post.body, back) if _may_be_ours(post.body, place) else post.body
    return post.with_fields({"body": body, "cover": cover or post.cover})


def _may_be_ours(body: str, place: Place) -> bool:
    """Say whether a link to something of ours may be in `body`: reading every post for links takes a millisecond."""
    if place.hosts is None or "" in (known := place.hosts()):
        return True
    if may_be_resized(body):
        return True
    ours = {host_of(url) for url in (place.raw, place.home) if url}
    return any(host.lower() in known or host.lower() in ours for host in _HOSTS(body))


_HOSTS = re.compile(r"//([^/\s?#\"'<>)\\]*)").findall


def host_of(url: str) -> str:
    """Return the host of a URL as a link would say it, in lower case; "" when it has none."""
    found = _HOSTS(url)
    return str(found[0]).lower() if found else ""


def _unheld(post: Post, fields: frozenset[str]) -> Sequence[str]:
    return [name for name in Post.__slots__ if name != "body" and name not in fields and post.get(name) is not None]


class _Outgoing:
    """Finds the absolute target of each relative link, and remembers what was used and what is wrong."""

    def __init__(self, path: str, place: Place) -> None:
        self.path = path
        self.place = place
        self.field = "body"
        self.posts: dict[str, str | None] = {}
        self.assets: list[str] = []
        self.problems: list[Problem] = []

    def target(self, link: Link) -> str | None:
        if not link.url or link.url.startswith(("#", "//")) or urlsplit(link.url).scheme:
            return None
        target, tail = split_link(link.url)
        for path in candidates(target, self.path, self.place.root):
            kind = self.place.exists(path)
            if kind == "post":
                return self._post(path, tail, link)
            if kind == "file":
                return self._file(path, tail, link)
        if link.kind == "link" and target.endswith(_POSTS):
            self.posts.update(dict.fromkeys(candidates(target, self.path, self.place.root)[:1]))
        return self._elsewhere(link)

    def _post(self, path: str, tail: str, link: Link) -> str | None:
        url = self.place.url_of(path)
        self.posts[path] = url
        if url is not None:
            return url + tail
        if self.place.home:
            return _join(self.place.home, _page(path.removeprefix(self.place.root))) + tail
        message = f"links to {path}, which has no address on {self.place.site} yet"
        self._tell(link, "LINK001", message, "Publish that post there too, or set [content] url.", refused=False)
        return None

    def _file(self, path: str, tail: str, link: Link) -> str | None:
        types, url = self.place.upload_types, self.place.asset_url(path)
        if url or (self.place.uploads and (types is None or media_type(path) in types)):
            self.assets.append(path)
            return url + tail if url else None
        if self.place.home:
            return _join(self.place.home, _served(path.removeprefix(self.place.root))) + tail
        if self.place.raw:
            return _join(self.place.raw, path) + tail
        hint = "Set [content] url, or give the repository a remote on a public host."
        image = link.kind == "image"
        self._tell(link, "LINK002", f"shows {path}, which has no public address", hint, refused=image)
        return None

    def _elsewhere(self, link: Link) -> str | None:
        if link.url.startswith("/") and self.place.home:
            return self.place.home.rstrip("/") + link.url
        message = f"points to {link.url}, which is not in the repository"
        self._tell(link, "LINK003", message, "Mend the link, or make it absolute.", refused=link.kind == "image")
        return None

    def _tell(self, link: Link, code: str, message: str, hint: str, *, refused: bool) -> None:
        """Note what is wrong with a link, which stays as it is."""
        self.problems.append(
            Problem(
                code=code,
                message=message,
                hint=hint,
                field=self.field,
                offset=link.start,
                severity="error" if refused else "loss",
            )
        )


def media_type(path: str) -> str:
    """Return what a file is, by its name."""
    return mimetypes.guess_type(path)[0] or "application/octet-stream"


def split_link(url: str) -> tuple[str, str]:
    """Cut a link into what it names and its query and fragment."""
    end = min((i for i in (url.find("#"), url.find("?")) if i >= 0), default=len(url))
    return url[:end], url[end:]


def candidates(target: str, path: str, root: str) -> list[str]:
    """Name the repository paths that a relative link can mean; none that leaves the repository."""
    target = unquote(target)
    if target.startswith("/"):
        names = [posixpath.normpath(root + parent + target.lstrip("/")) for parent in _PARENTS_OF_ROOT]
    else:
        names = [posixpath.normpath(posixpath.join(posixpath.dirname(path), target))]
    return [name for name in names if name not in (".", "..") and not name.startswith("../")]


def _join(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{quote(path)}"


def _served(path: str) -> str:
    """Return where a generator serves a file of the repository: static/, public/ and content/ are its web root."""
    for parent in _PARENTS_OF_ROOT[1:]:
        if path.startswith(parent):
            return path.removeprefix(parent)
    return path


def _page(path: str) -> str:
    """Return where a generator serves a post: `x/index.md` is the page of its folder."""
    stem = posixpath.splitext(_served(path))[0]
    return stem.removesuffix("/index")


def _ours(url: str, place: Place) -> str | None:
    for base, prefixes in ((place.raw, ("",)), (place.home, tuple(place.root + p for p in _PARENTS_OF_ROOT))):
        if base and url.startswith(base.rstrip("/") + "/"):
            rest = unquote(url[len(base.rstrip("/")) + 1 :])
            for prefix in prefixes:
                if place.exists(prefix + rest) is not None:
                    return prefix + rest
                for page in (f"{prefix}{rest.rstrip('/')}.md", f"{prefix}{rest.rstrip('/')}/index.md"):
                    if place.exists(page) == "post":
                        return page
    return None


def relative(target: str, path: str) -> str:
    """Return the link from the file at `path` to the one at `target`."""
    return quote(posixpath.relpath(target, posixpath.dirname(path) or "."))


def changed_links(uses: Uses, url_of: Callable[[str], str | None]) -> Mapping[str, str | None]:
    """Return the used posts whose URL is another now than it was when the projection was sent."""
    return {path: url for path, was in uses.posts.items() if (url := url_of(path)) != was}


def is_outdated(was: Uses, now: Uses) -> bool:
    """Say whether what was sent with `was` shows another file, or leads elsewhere, than the same text does by now."""
    files = any(was.assets.get(path, oid) != oid for path, oid in now.assets.items())
    return files or any(was.posts.get(path, url) != url for path, url in now.posts.items())

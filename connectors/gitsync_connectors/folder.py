"""A folder of posts in another dialect as a site: a Jekyll, Hugo, Astro, Eleventy or Docusaurus source tree.

Files are edited, not rewritten: an update changes the lines that it is about and leaves the site's own keys, comments
and order alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from gitsync import document
from gitsync.connector import Capabilities, Problem, Setting, SiteSettings
from gitsync.dialects import DIALECTS, Dialect
from gitsync.errors import ConfigError, Forged, InvalidContent, Malformed, NotFound, Rejected, Stale
from gitsync.model import FIELDS, Account, Asset, Cursor, Event, Post, Record, Value
from gitsync_connectors.folder_files import Files, digest


class Folder:
    """`[sites.NAME]` with platform = "folder". The id of a post is its path below the folder, whatever its slug."""

    settings: ClassVar[Mapping[str, Setting]] = {
        "path": Setting(type=str, help="the folder, relative to gitsync.toml; url is understood too"),
        "dialect": Setting(type=str, choices=tuple(DIALECTS), help="whose front matter and file names these are"),
        "front": Setting(
            type=dict, help='what new files also say, like {layout = "post"} or {domain = "me.hashnode.dev"}'
        ),
        "timezone": Setting(type=str, help='where dates without a zone are from, like "Europe/Berlin"; else UTC'),
        "permalink": Setting(type=str, help="where a post is seen on the web, with {slug} or {path} in it"),
    }

    capabilities: Capabilities = Capabilities(
        fields=frozenset(FIELDS),
        conditional=True,
        revision_hash=True,
        revision_whole=True,
        bulk_fetch=500,
        scheduled=True,
        backdates=True,
        limits="what the dialect has a key for",
    )

    def __init__(self, settings: SiteSettings) -> None:
        options = settings.options
        path = options.get("path") or settings.url.removeprefix("file://")
        if not path:
            raise ConfigError(f"[sites.{settings.name}] lacks path.", "Name the folder, relative to gitsync.toml.")
        root = settings.root / path
        if any(part.casefold() == ".git" for part in root.resolve().parts):
            # gitsync.toml may be somebody else's: what git keeps there is no place for posts.
            raise ConfigError(f"path of [sites.{settings.name}] is in a folder of git's own.", "Name another folder.")
        dialect = DIALECTS[options.get("dialect", "gitsync")]
        if zone := options.get("timezone"):
            try:
                dialect = replace(dialect, timezone=ZoneInfo(zone))
            except (KeyError, ValueError, OSError):
                raise ConfigError(f"There is no time zone {zone!r}.", 'Write it like "Europe/Berlin".') from None
        self._dialect = dialect
        self._front = _lines(settings.name, options.get("front", {}), dialect)
        self._permalink: str | None = options.get("permalink")
        # Jekyll's folders mean something even when one of them is the folder itself.
        self._above = f"{root.name}/" if root.name in ("_posts", "_drafts") else ""
        self._files = Files(root, lambda path: dialect.is_post(self._above + path))
        self._taken: set[str] | None = None
        self.capabilities = replace(
            self.capabilities,
            fields=frozenset(dialect.fields) - {"body"},
            scheduled=dialect.status("scheduled") == "scheduled",
            backdates="date" in dialect.fields,
        )

    def whoami(self) -> Account:
        """Name the folder, after looking that it is there."""
        self._files.check()
        return Account(name=str(self._files.root))

    def project(self, post: Post) -> Post:
        """Return what a new file of this dialect would say, read back."""
        said = {name: post.get(name) for name in self._dialect.fields}
        held = _spoken(Post(**said).with_fields({"status": self._dialect.status(post.status or "published")}))  # type: ignore[arg-type]
        try:
            return _spoken(document.parse(document.write(held, dialect=self._dialect), dialect=self._dialect).post)
        except InvalidContent:
            return held

    def problems(self, post: Post) -> Sequence[Problem]:
        """Tell the fields that this dialect has no key for, and what no file can hold."""
        found = []
        name = self._dialect.name
        for field in FIELDS:
            if field not in self._dialect.fields and post.get(field):
                hint = "It stays in your own file."
                found.append(_loss("FOLDER001", f"{name} front matter has no key for {field}", hint, field))
        if post.status and self._dialect.status(post.status) != post.status:
            said = self._dialect.status(post.status)
            found.append(_loss("FOLDER002", f"{name} writes {post.status} as {said}", "Its build decides.", "status"))
        try:
            document.write(post, dialect=self._dialect)
        except InvalidContent as error:
            found.append(Problem(code="FOLDER003", message=error.message, hint=error.hint))
        return found

    def scan(self, since: Cursor | None = None) -> Iterator[Record]:  # noqa: ARG002  times of files say nothing sure
        """Yield path and hash of every post."""
        for path in self._files.list():
            try:
                yield Record(path, digest(self._files.read(path)), False)
            except NotFound:
                continue  # deleted between the listing and the look

    def fetch(self, id: str) -> Record:
        """Return one file. Raises NotFound, and Malformed with the place when its front matter cannot be read."""
        return self._record(id, self._files.read(id))

    def fetch_many(self, ids: Sequence[str]) -> Iterator[Record]:
        """Yield those files that exist; a file that cannot be read is told after all the others were yielded."""
        broken: Malformed | None = None
        for id in ids:
            try:
                yield self.fetch(id)
            except NotFound:
                continue
            except Malformed as error:
                broken = broken or error
        if broken:
            raise broken

    def find(self, post: Post) -> Iterator[Record]:
        """Yield the files that are called as a new file of `post` would be, a number or a date aside."""
        name = PurePosixPath(self._proposed(post, ())).stem
        said = str(self._dialect.from_path(f"{self._above}{name}.md").get("slug") or name)
        for path in self._files.list():
            if said in path:
                yield from self.fetch_many([path])

    def create(self, post: Post) -> Record:
        """Make a new file and return what it says. Raises Rejected."""
        if self._taken is None:
            self._taken = {path.lower() for path in self._files.list()}
        while True:
            path = self._proposed(post, self._taken)
            self._taken.add(path.lower())
            try:
                content = document.write(post, dialect=self._dialect, path=self._above + path)
                content = content.replace(b"---\n", b"---\n" + self._front, 1)
            except InvalidContent as error:
                raise Rejected(error.message, error.hint) from None
            if self._files.add(path, content):
                return self._record(path, content)

    def _proposed(self, post: Post, taken: Any) -> str:
        """Return a path below the folder for a new post; `taken` has the others, in lower case."""
        above = {self._above.lower() + path for path in taken} if self._above else taken
        path = self._dialect.new_path(post, folder=self._above.rstrip("/"), taken=above)
        return path.removeprefix(self._above)

    def update(self, id: str, post: Post, *, expect: str) -> Record:
        """Edit a file and return what it then says; a draft that is published leaves `_drafts`, and has a new id.

        Raises Stale, NotFound, Rejected.
        """
        content = self._files.read(id)
        if digest(content) != expect:
            raise Stale(f"{id} has changed meanwhile.", "Sync again.")
        target = id
        if post.status != "draft" and self._said(id).get("status") == "draft":
            target = self._proposed(post, {path.lower() for path in self._files.list()})
        edited = self._edited(target, content, post)
        if target != id and not self._files.move(id, target, expect=expect):
            raise Stale(f"{target} came into being meanwhile.", "Sync again.")
        if edited != content:
            self._files.replace(target, edited, expect=expect)
        return self._record(target, edited)

    def _edited(self, path: str, content: bytes, post: Post) -> bytes:
        """Return `content` with the lines changed that make it say `post` under the name `path`."""
        now = self._parsed(path, content)
        changes: dict[str, Value] = {}
        shown = _spoken(now.post)
        for name in sorted(self._dialect.fields - {"body"}):
            wanted = post.get(name)
            if wanted is None:
                # What a file's name says, and a status, cannot be taken away.
                wanted = self._said(path).get(name, shown.status if name == "status" else None)
            if wanted != shown.get(name):
                changes[name] = wanted
        body = post.body if post.body != now.post.body else None
        if not changes and body is None:
            return content
        try:
            return document.edit(now, changes, body=body)
        except InvalidContent as error:
            raise Rejected(f"{path} cannot be edited: {error.message}", error.hint) from None

    def delete(self, id: str, *, expect: str) -> None:
        """Delete the file, and its bundle's folder when nothing else is in it. Raises Stale, NotFound."""
        self._files.remove(id, expect=expect)

    def upload(self, asset: Asset) -> str:
        """Refuse: where a site's images go is its generator's business, and `capabilities.uploads` says so."""
        raise Rejected(f"{asset.path} has no place in this folder.", "Set [content] url, where your files are served.")

    def events(self, headers: Mapping[str, str], body: bytes) -> list[Event]:  # noqa: ARG002  the protocol's own names
        """Refuse: folders send no webhooks."""
        raise Forged("A folder sends no webhooks.", "Remove the webhook for this site.")

    def close(self) -> None:
        """Nothing is kept open."""

    def _said(self, path: str) -> Mapping[str, Value]:
        return self._dialect.from_path(self._above + path)

    def _parsed(self, path: str, content: bytes) -> document.Document:
        try:
            return document.parse(content, path=self._above + path, dialect=self._dialect)
        except InvalidContent as error:
            place = error.at(str(Path(self._files.root, path)))
            raise Malformed(
                f"A post of the folder cannot be read: {place}.".replace("..", "."), "Mend it there."
            ) from None

    def _record(self, path: str, content: bytes) -> Record:
        read = self._parsed(path, content)
        post = _spoken(read.post)
        known = {key.partition(".")[0].lower() for keys in self._dialect.keys.values() for key in keys}
        known |= {key for key, _ in self._dialect.flags}
        url = None
        if self._permalink and (post.slug or "{slug}" not in self._permalink):
            url = self._permalink.replace("{slug}", post.slug or "").replace("{path}", path.rpartition(".")[0])
        return Record(
            id=path,
            revision=digest(content),
            url=url,
            post=post,
            raw={str(key): _plain(value) for key, value in read.front.items() if str(key).lower() not in known},
            author=post.authors[0] if post.authors else None,
        )


def _spoken(post: Post) -> Post:
    """Return `post` as its generator takes it: published where it says nothing of drafts, and absent what is empty."""
    changes: dict[str, Any] = {} if post.status else {"status": "published"}
    for name in FIELDS:
        value = post.get(name)
        if isinstance(value, tuple) and not all(value):
            value = tuple(item for item in value if item)
            changes[name] = value
        if value is not None and not value:
            changes[name] = None
    return post.with_fields(changes) if changes else post


def _lines(site: str, front: Mapping[str, Any], dialect: Dialect) -> bytes:
    """Return the front matter that every new file has. Raises ConfigError for keys that posts have a field for."""
    ours = {key.partition(".")[0] for keys in dialect.keys.values() for key in keys} | {key for key, _ in dialect.flags}
    for key, value in front.items():
        if key in ours or not re.fullmatch(r"[\w-]+", key) or not isinstance(value, str | bool | int | list):
            hint = (
                'Name keys that no field of a post is written to, with texts, numbers or lists, like layout = "post".'
            )
            raise ConfigError(f"[sites.{site}.front] cannot say {key}.", hint)
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items()).encode()


def _plain(value: Any) -> Any:
    """Return a value of the front matter as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _loss(code: str, message: str, hint: str, field: str) -> Problem:
    return Problem(code=code, message=message, hint=hint, field=field, severity="loss")

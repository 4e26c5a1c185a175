"""Posts of an export become files, in one commit: each once, none over another, links between them made links here."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from gitsync import document
from gitsync.engine.bringing import Bringing, Fetch, fetched
from gitsync.engine.exchange import Exchange
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import relative
from gitsync.errors import InvalidContent
from gitsync.events import Event, Operation, Outcome, Progress, Summary
from gitsync.git import worktree
from gitsync.markdown.links import Link, rewrite
from gitsync.model import Post
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.source import Found, Source, open_source
from gitsync.state.lock import process_lock
from gitsync.state.spool import Spool

PROCESS_WAIT = 60.0
"""Seconds to wait for another process in this repository."""


@dataclass(slots=True)
class _Here:
    """What is here already, by what makes a post the same one."""

    texts: dict[bytes, str] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    canonical: dict[str, str] = field(default_factory=dict)

    def add(self, path: str, post: Post, slug: str) -> None:
        title = (post.title or "").strip()
        self.texts[_told_apart(title, post.body)] = path
        self.named[title, post.slug or slug] = path
        if post.canonical_url:
            self.canonical[post.canonical_url] = path

    def path_of(self, found: Found) -> str | None:
        """Return the path of the post that `found` is, None for a new one."""
        title, post = (found.post.title or "").strip(), found.post
        same = self.texts.get(_told_apart(title, post.body)) or (
            self.named.get((title, post.slug)) if post.slug else None
        )
        return same or next((self.canonical[u] for u in (post.canonical_url, found.url) if u in self.canonical), None)


def _told_apart(title: str, body: str) -> bytes:
    """Return a hash of what makes two posts the same: there may be a hundred thousand texts."""
    return hashlib.sha256(f"{title}\0{' '.join(body.split())}".encode("utf-8", "surrogatepass")).digest()


class _Waiting:
    """The new posts and where they are to be, in order and on the disk: links are made when all places are known."""

    def __init__(self) -> None:
        self._spool = Spool()
        self._starts: list[int] = []

    def add(self, where: str, found: Found) -> None:
        self._starts.append(self._spool.add(pickle.dumps((where, found), pickle.HIGHEST_PROTOCOL)))

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[tuple[str, Found]]:
        for start, end in pairwise((*self._starts, self._spool.end)):
            # Our own values in a file of our own: nobody else can have put anything there.
            where, found = pickle.loads(self._spool.read(start, end - start))  # noqa: S301
            yield where, found

    def close(self) -> None:
        self._spool.close()


def import_source(project: Project, path: Path, *, dry_run: bool, fetch: Fetch = fetched) -> Iterator[Event]:
    """Import the export at `path`. Nothing is imported of an export that breaks off or holds a post that none can be.

    Where the configuration wants the pictures too, `fetch` has them. Raises UsageError, InvalidContent, Refused, Moved.
    """
    source = open_source(path)
    repository = project.repository
    if dry_run:
        yield from _imported(project, source, path, None)
        return
    with process_lock(repository, wait=PROCESS_WAIT):
        worktree.complete(repository)
        project.check_writable(_followed(project))
        yield from _imported(project, source, path, fetch)


def _followed(project: Project) -> str | None:
    """Return the branch that the ledgers say is followed."""
    return Exchange(project, list(project.config.sites)).recorded_branch()


def _imported(project: Project, source: Source, path: Path, fetch: Fetch | None) -> Iterator[Event]:
    """Import, with what fetches pictures; None for a dry run."""
    dry_run = fetch is None
    with Overlay(project, project.head()) as overlay, closing(_Waiting()) as new:
        here = _posts_here(project, overlay)
        places: dict[str, str] = {}
        files: dict[str, Oid] = {}
        wanted = fetch if project.config.content.fetch_assets else None
        pictures = Bringing(overlay, wanted, lambda _: None, {}) if wanted is not None else None
        for number, found in enumerate(source.posts(), 1):
            if (there := here.path_of(found)) is not None:
                reason = f"{found.place} is here already."
                yield Operation(site=source.name, path=there, action="skip", result="planned", reason=reason)
                _note(places, found.url, there)
                continue
            where = overlay.free_path(project.dialect.new_path(found.post, folder=project.folder))
            files[where] = overlay.put(where, _file(project, found, found.post, where))
            _note(places, found.url, where)
            new.add(where, found)
            yield Progress(site=source.name, done=number)
        for where, found in new:
            linked = found.post.with_fields({"body": _linked(found.post.body, where, places)})
            linked = linked if pictures is None else pictures.localised(linked, where)
            if linked != found.post:
                files[where] = overlay.put(where, _file(project, found, linked, where))
        if files and not dry_run:
            brought = pictures.files() if pictures is not None else {}
            _commit(project, overlay, files | brought, f"Import {len(files)} posts from {path.name}")
        told: Outcome = "planned" if dry_run else "done"
        for where, found in new:
            notes = " ".join(found.notes) or None
            yield Operation(site=source.name, path=where, action="import", result=told, url=found.url, reason=notes)
    yield Summary(created=0, pulled=0 if dry_run else len(new), exit_code=0)


def _posts_here(project: Project, overlay: Overlay) -> _Here:
    here = _Here()
    entries = [entry for entry in project.repository.tree(overlay.head) if project.is_post(entry.path)]
    for path, content in overlay.read_all((entry.path, entry.oid) for entry in entries):
        try:
            here.add(path, project.read(path, content).post, project.slug_of(path))
        except InvalidContent:
            continue  # `gitsync check` tells; a file that cannot be read is not the same as any other
    return here


def _file(project: Project, found: Found, post: Post, path: str) -> bytes:
    try:
        return document.write(post, dialect=project.dialect, path=path)
    except InvalidContent as error:
        raise error.at(found.place) from None


def _note(places: dict[str, str], url: str | None, path: str) -> None:
    if url:
        places.setdefault(url.rstrip("/"), path)  # of two posts with one address, the first has it


def _linked(body: str, path: str, places: dict[str, str]) -> str:
    """Return `body` with links to other posts of the export leading to their files."""

    def here(link: Link) -> str | None:
        target, mark, tail = link.url.partition("#")
        found = places.get(target.partition("?")[0].rstrip("/"))
        return None if found is None else relative(found, path) + mark + tail

    return rewrite(body, here) if places else body


def _commit(project: Project, overlay: Overlay, files: dict[str, Oid], message: str) -> None:
    repository = project.repository
    branch = project.check_writable(_followed(project))
    with repository.importer() as importer:
        changes = ((path, overlay.read(oid), "100644") for path, oid in files.items())
        commit = importer.commit(parent=overlay.head, changes=changes, message=message)
    worktree.advance(repository, branch=branch, old=overlay.head, new=commit.oid)

"""What a person decides about one post on one site: written down like a sync would, with nothing sent to any site."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from gitsync.connector import Connector
from gitsync.document import Document
from gitsync.engine.exchange import Exchange
from gitsync.engine.incoming import Incoming
from gitsync.engine.landing import land
from gitsync.engine.local import LocalChange
from gitsync.engine.overlay import Overlay
from gitsync.engine.settings import settings_digest
from gitsync.engine.subject import Subject
from gitsync.engine.surroundings import Addresses
from gitsync.engine.survey import read_local
from gitsync.errors import Refused
from gitsync.git import busy, worktree
from gitsync.ledger import Ledger
from gitsync.plan import Step
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.state.lock import process_lock
from gitsync.state.records import Entry
from gitsync.sync import Options, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post here: where the ledger has it (`key`), where its file is, what HEAD has there, and its entry."""

    key: str
    path: str
    oid: Oid | None
    entry: Entry
    change: LocalChange | None


@dataclass(slots=True)
class Bench:
    """One site's ledger under work. What is put into `incoming` is committed and recorded when the work ends well."""

    project: Project
    site: Site
    incoming: Incoming
    overlay: Overlay

    def post(self, path: str) -> Post:
        """Return the post at `path`, the file's or the ledger's."""
        reading = self.incoming.reading
        change = next((it for it in reading.local.values() if it.path == path), None) or reading.local.get(path)
        key = path if change is None or change.old_path is None else change.old_path
        where = path if change is None else change.path
        oid = self.project.repository.lookup(self.overlay.head, [where]).get(where)
        return Post(key=key, path=where, oid=oid, entry=reading.entries([key])[key], change=change)

    def file(self, path: str, oid: Oid | None) -> Document | None:
        """Return the post in a blob of the repository. Raises InvalidContent."""
        return None if oid is None else self.project.read(path, self.overlay.read(oid))

    def subject(self, post: Post, step: Step = Step.PUSH) -> Subject:
        return Subject(site=self.site.name, path=post.path, oid=post.oid, entry=post.entry, step=step)

    def check_free(self, path: str) -> None:
        """Raise Refused when the file must not be touched now."""
        for reason in busy.busy(self.project.repository, [path]).values():
            raise Refused(f"{path} {reason}.", "Commit or undo that first.")


def live_posts(project: Project) -> list[str]:
    """Return the posts of HEAD."""
    tree = project.repository.tree(project.head(), project.pathspecs)
    return [entry.path for entry in tree if project.is_post(entry.path)]


@contextmanager
def bench(project: Project, site: Site, *, connector: Connector | None = None) -> Iterator[Bench]:
    """Open one site's ledger for a decision; on a good end, commit and record it, and share it where that is wanted.

    Raises Locked, Moved, Refused (another branch, a merge in progress), RepositoryError.
    """
    for _ in Run(project, [], Options()).events():  # what a killed run left comes first
        pass
    repository = project.repository
    exchange = Exchange(project, [site.name])
    with process_lock(repository), ExitStack() as stack:
        worktree.complete(repository)
        exchange.receive()
        ledger = Ledger(repository, site.name)
        branch = project.check_writable(ledger.branch)
        at = opened(project, site, ledger, project.head(), stack, connector)
        yield at
        publish = exchange.publish if exchange.remote is not None else None
        land(at.overlay, [at.incoming], branch=branch, trailers={"Sync": secrets.token_hex(6)}, publish=publish)


def opened(
    project: Project, site: Site, ledger: Ledger, head: Oid, stack: ExitStack, connector: Connector | None
) -> Bench:
    """Return one site's ledger as it is at `head`, to look things up; `stack` holds what it needs open."""
    overlay = stack.enter_context(Overlay(project, head))
    reading = read_local(project, site, head, ledger, stack.enter_context(Index.at(ledger)))
    reading.connector = connector
    settings = ledger.settings if ledger.settings is not None else settings_digest(project, site)
    incoming = Incoming(reading=reading, addresses=Addresses(reading, overlay), settings=settings)
    stack.callback(incoming.results.close)
    return Bench(project=project, site=site, incoming=incoming, overlay=overlay)

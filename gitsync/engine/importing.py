"""Posts that are only on a site become files: at a path that nobody has, in one commit for each site."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from gitsync import document
from gitsync.dialects import GITSYNC
from gitsync.engine.incoming import Edit, Incoming, Round
from gitsync.engine.projection import lift, project
from gitsync.engine.subject import seen
from gitsync.engine.telling import in_words
from gitsync.errors import InvalidContent
from gitsync.model import Post, Record
from gitsync.repository import Oid
from gitsync.state.records import LedgerRecord, Result

LISTED_IDS = 500
"""Above this many posts an import commit does not list their ids."""


class Importing:
    """Turns unclaimed records into new files, all of one site in one commit."""

    def __init__(self, round: Round, incoming: Incoming) -> None:
        self._round = round
        self._incoming = incoming
        self._files: dict[str, Oid | None] = {}
        self._ids: list[str] = []
        self._linking: list[tuple[str, Record, LedgerRecord | None]] = []

    def add(self, record: Record, *, path: str | None = None, known: LedgerRecord | None = None) -> None:
        """Import one record, at `path` if it had a file before."""
        if not self._round.pulls or not self._round.policy.import_ or record.post is None:
            return
        incoming, overlay = self._incoming, self._round.overlay
        wanted = path or overlay.project.dialect.new_path(record.post, folder=overlay.project.folder)
        if busy := self._round.busy.get(wanted) if path else None:
            incoming.tell(
                "skip",
                wanted,
                "planned",
                record=record,
                reason=f"waits, because the file {busy}. Commit or undo that, then sync again.",
            )
            incoming.hold(wanted, 3)
            return
        path = overlay.free_path(wanted)
        try:
            self._put(path, record, known)
        except InvalidContent as error:
            # What no file can hold blocks itself alone: whoever may write on the site could stop every sync else.
            incoming.tell("skip", path, "failed", record=record, reason=str(error.at(path)))
            incoming.codes.add(6)
            return
        if record.url is not None:
            incoming.addresses.arrive(record.url, path)
            if _host(record.url) in record.post.body:
                self._linking.append((path, record, known))
        self._ids.append(record.id)
        reason = in_words(record.losses, self._round.policy, incoming.reading.name)
        incoming.tell("import", path, "planned", record=record, reason=reason)

    def _put(self, path: str, record: Record, known: LedgerRecord | None) -> None:
        incoming, overlay = self._incoming, self._round.overlay
        stored = record.post or Post()
        place = incoming.addresses.place
        post = lift(stored, path, place)
        if incoming.pictures is not None:
            post = incoming.pictures.localised(post, path)
        oid = overlay.put(path, document.write(post, dialect=overlay.project.dialect))
        sent = project(post, path, place, incoming.reading.online, checked=False)
        self._files[path] = oid
        assets = incoming.addresses.asset_urls(sent.uses.assets)
        same = post is stored and overlay.project.dialect is GITSYNC
        incoming.results.append(
            Result(
                site=incoming.reading.name,
                path=path,
                base=oid,
                remote=stored,
                remote_blob=oid if same else None,
                record=replace(seen(known, record, sent), assets=assets),
                conflict=None,
            )
        )

    def end(self) -> None:
        """Make the commit, with links between the imported posts as links between files."""
        if not self._files:
            return
        for path, record, known in self._linking:
            self._put(path, record, known)
        if self._incoming.pictures is not None:
            self._files |= self._incoming.pictures.files()
        count = len(self._files)
        what = next(iter(self._files)) if count == 1 else f"{count} posts"
        ids = tuple(self._ids) if count <= LISTED_IDS else ()
        self._incoming.edits.append(
            Edit(
                site=self._incoming.reading.name,
                subject=f"Import {what} from {self._incoming.reading.name}",
                ids=ids,
                files=self._files,
                is_new=True,
            )
        )


def _host(url: str) -> str:
    return f"//{urlsplit(url).netloc}"

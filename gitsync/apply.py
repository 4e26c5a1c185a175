"""Sends the planned writes to one site, one after the other, and records each outcome before the next request.

A write is on disk as an intent before its request leaves, and its result is in the journal before anything else
happens: whatever instant the process dies at, the next run knows what may have been done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from gitsync.engine.expecting import expected
from gitsync.engine.incoming import Incoming
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import Projection, project, view
from gitsync.engine.pushing import Outgoing, Write
from gitsync.engine.reconcile import same_content
from gitsync.engine.recording import Recorder
from gitsync.engine.resending import outdated_links, with_other_links
from gitsync.engine.subject import Subject, entry_of, written
from gitsync.engine.survey import clean
from gitsync.engine.unheard import Hearing
from gitsync.engine.unsure import Unsure
from gitsync.engine.uploading import Doubts, Uploading
from gitsync.errors import (
    Error,
    InvalidContent,
    NotFound,
    OutcomeUnknown,
    Rejected,
    SiteError,
    Stale,
)
from gitsync.events import Action, Event, Notice, Operation, Outcome, Progress
from gitsync.model import Post, Record
from gitsync.plan import Step
from gitsync.state.intents import Intent, Intents
from gitsync.state.records import LedgerRecord, Result

CHUNK = 500

PASSES = 3
"""How often posts are sent again because an address moved that their links lead to: sending may move their own."""

LOST_REPLIES = 3
"""After so many lost replies in a row a site is looked at before it is sent anything more."""


@dataclass(slots=True)
class Applied:
    """What became of a site's writes: `stale` ones must be planned again, `unknown` ones looked at.

    `unsure` ones show a file that the site may have; from `until` on (Unix time) a look tells whether it does.
    """

    stale: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    until: float = 0.0
    codes: set[int] = field(default_factory=set)


class Applying:
    """One site's writes. `before_write` raises when the lock that allows them is lost; `missed` is for `Hearing`."""

    def __init__(
        self,
        outgoing: Outgoing,
        overlay: Overlay,
        *,
        recorder: Recorder,
        intents: Intents,
        doubts: Doubts,
        run: str,
        before_write: Callable[[], None],
        missed: Sequence[Intent] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._incoming: Incoming = outgoing.incoming
        self._writes: Sequence[Write] = outgoing.writes
        self._overlay = overlay
        self._recorder = recorder
        self._intents = intents
        self._run = run
        self._before_write = before_write
        self._clock = clock
        self._reading = outgoing.incoming.reading
        listed = frozenset(self._reading.fresh)
        self._hearing = Hearing(incoming=outgoing.incoming, overlay=overlay, run=run, missed=missed, listed=listed)
        self._connector = outgoing.incoming.reading.online
        self._site = outgoing.incoming.reading.name
        self._uploading = Uploading(
            self._incoming.addresses,
            overlay,
            intents=intents,
            doubts=doubts,
            run=run,
            note=recorder.note,
            before_write=before_write,
            clock=clock,
        )
        self._known: dict[str, Result] = {}
        self._shown: dict[str, Record] = {}
        self._relinked: set[str] = set()
        self.applied = Applied()

    def run(self) -> Iterator[Event]:
        """Make every write; then once more those whose links can be completed now. Yields what happened."""
        total = len(self._writes)
        for done, event in enumerate(self._send(self._writes), 1):
            yield event
            yield Progress(site=self._site, done=done, total=total)
        for _ in range(PASSES):
            if again := self._second_pass():
                self._relinked.update(write.subject.path for write in again)
                yield from self._send(again)

    def _send(self, writes: Sequence[Write]) -> Iterator[Event]:
        remaining, left, lost = iter(writes), len(writes), 0
        while chunk := list(islice(remaining, CHUNK)):
            wanted = {write.subject.path: write.subject.oid for write in chunk if write.op in ("create", "update")}
            contents = dict(self._overlay.read_all((path, oid) for path, oid in wanted.items() if oid is not None))
            for write in chunk:
                left -= 1
                try:
                    yield self._one(write, contents.get(write.subject.path))
                    lost = 0
                except (Stale, NotFound) as error:
                    self.applied.stale.append(write.subject.path)
                    yield self._told(write, "planned", reason=f"{error} It will be planned again.")
                except Unsure as error:
                    self.applied.unsure.append(write.subject.path)
                    self.applied.until = max(self.applied.until, error.until)
                    yield self._told(write, "planned", reason=f"{error} It waits for a look there.")
                except OutcomeUnknown as error:
                    self.applied.unknown.append(write.subject.path)
                    yield self._told(write, "unknown", reason=str(error))
                    lost += 1
                    if lost == LOST_REPLIES:
                        return
                except (Rejected, InvalidContent) as error:
                    self.applied.codes.add(6 if isinstance(error, InvalidContent) else 1)
                    yield self._told(write, "failed", reason=str(error))
                except SiteError as error:
                    self.applied.codes.add(1)
                    self.applied.unsure.clear()
                    yield self._told(write, "failed", reason=str(error))
                    if left:
                        yield Notice(level="warning", message=f"{self._site}: {left} more posts wait for the next run.")
                    return

    def _one(self, write: Write, content: bytes | None) -> Event:
        match write.op:
            case "create":
                return self._create(*self._projected(write, content))
            case "update":
                return self._update(*self._projected(write, content))
            case "unpublish":
                return self._unpublish(write)
            case "delete":
                return self._delete(write)

    def _projected(self, write: Write, content: bytes | None) -> tuple[Write, Projection, str | None]:
        subject = write.subject
        if content is None:
            raise AssertionError(f"{subject.path} has no content")
        project_of = self._overlay.project
        post = view(project_of.read(subject.path, content), self._site, self._reading.site.status)
        place = self._incoming.addresses.place
        projection = project(post, subject.path, place, self._connector)
        if place.uploads:
            stored, told = self._uploading.store(projection.uses.assets)
            write = replace(write, reason=f"{write.reason} {told}".strip())
            if stored:
                projection = project(post, subject.path, place, self._connector)
        return write, projection, post.slug or project_of.slug_of(subject.path)

    def _create(self, write: Write, projection: Projection, slug: str | None) -> Event:
        post = projection.post
        if post.slug is None and slug and "slug" in self._connector.capabilities.fields:
            post = post.with_fields({"slug": slug})
        key, at = self._begin(write, projection, slug)
        record = self._asked(key, lambda: self._connector.create(post))
        self._hearing.insist_on_ours(write.subject, record, new=True)
        self._hearing.made.add(record.id)
        return self._done(write, projection, record, key, at)

    def _update(self, write: Write, projection: Projection, slug: str | None) -> Event:
        known = write.subject.entry.record
        if known is None:
            raise AssertionError(f"{write.subject.path} has no record")
        before = self._showing(write.subject)
        if write.subject.step is Step.REVIVE:
            if self._hearing.is_given_again(write.subject.entry):
                return self._create(replace(write, op="create"), projection, slug)
            try:
                if write.subject.theirs is None:
                    now = clean(self._connector.fetch(known.id))
                    expect, before = now.revision, now.post
                else:
                    expect = self._expected(write.subject, known, before)
            except NotFound:
                return self._create(replace(write, op="create"), projection, slug)
        else:
            expect = self._expected(write.subject, known, before)
        key, at = self._begin(write, projection, slug)
        record = self._asked(key, lambda: self._connector.update(known.id, projection.post, expect=expect))
        self._hearing.insist_on_ours(write.subject, record)
        if known.doubted == projection.digest and not self._connector.capabilities.settles_after:
            record = self._seen(write.subject, record)
        fields = self._connector.capabilities.fields
        answers = before is not None and record.post is not None and not same_content(before, record.post, fields)
        unmoved = answers and record.revision == expect
        if before is not None:
            try:
                told = self._hearing.of_update(write.subject, before, record, expect=expect, sent=projection)
            except (OutcomeUnknown, Rejected):
                self._intents.heard(key)
                raise
            write = replace(write, reason=f"{write.reason} {told}".strip())
        return self._done(write, projection, record, key, at, over=expect, unmoved=unmoved)

    def _seen(self, subject: Subject, answer: Record) -> Record:
        """Return what the site shows of a post after a write whose answer is not believed. Raises OutcomeUnknown."""
        try:
            return clean(self._connector.fetch(answer.id))
        except SiteError as error:
            message = f"{subject.path} was sent again; whether it was stored is not known. {error.message}"
            raise OutcomeUnknown(message, "The next sync looks.") from None

    def _unpublish(self, write: Write) -> Event:
        known, shown = write.subject.entry.record, self._showing(write.subject)
        if known is None or shown is None:
            raise AssertionError(f"{write.subject.path} has no record")
        expect = self._expected(write.subject, known, shown)
        hidden = self._connector.project(shown.with_fields({"status": "draft"}))
        projection = Projection(post=hidden, digest="", uses=known.uses, problems=())
        key, at = self._begin(write, projection, None)
        record = self._asked(key, lambda: self._connector.update(known.id, hidden, expect=expect))
        self._hearing.insist_on_ours(write.subject, record)
        self._hearing.insist_on_hidden(write.subject, shown, record, hidden)
        stone = replace(written(known, record, projection, at, over=expect), state="unpublished", sent=None)
        return self._tombstone(write, key, stone, record)

    def _delete(self, write: Write) -> Event:
        known = write.subject.entry.record
        if known is None:
            raise AssertionError(f"{write.subject.path} has no record")
        expect = self._expected(write.subject, known, self._showing(write.subject))
        key, at = self._begin(write, None, None)
        self._asked(key, lambda: self._connector.delete(known.id, expect=expect))
        return self._tombstone(write, key, replace(known, state="deleted", sent=None, written=at), None)

    def _showing(self, subject: Subject) -> Post | None:
        if subject.entry.record is not None and subject.entry.record.id in self._shown:
            return self._shown[subject.entry.record.id].post
        return subject.theirs.post if subject.theirs is not None else subject.entry.remote

    def _expected(self, subject: Subject, known: LedgerRecord, shown: Post | None) -> str:
        again, now = self._shown.get(known.id), self._clock()
        return expected(self._reading, subject.path, known, shown=shown, theirs=subject.theirs, again=again, now=now)

    def _begin(self, write: Write, projection: Projection | None, slug: str | None) -> tuple[str, float]:
        self._before_write()
        at = self._clock()
        known = write.subject.entry.record
        intent = Intent(
            op=write.op,
            site=self._site,
            path=write.subject.path,
            id=known.id if known is not None else None,
            blob=write.subject.oid,
            projection=projection.post if projection is not None else None,
            sent=projection.digest if projection is not None else None,
            uses=projection.uses if projection is not None else None,
            assets=self._incoming.addresses.asset_urls(projection.uses.assets) if projection is not None else None,
            slug=slug,
            at=at,
            run=self._run,
            ledger=self._reading.ledger.tip,
        )
        return self._intents.begin(intent), at

    def _asked(self, key: str, ask: Callable[[], Record | None]) -> Record:
        """Make the request. Every error but an unknown outcome says that nothing was stored: the intent is over."""
        try:
            answer = ask()
        except OutcomeUnknown:
            raise
        except Error:
            self._intents.done(key)
            raise
        return clean(answer) if answer is not None else Record("", "")

    def _done(
        self,
        write: Write,
        projection: Projection,
        record: Record,
        key: str,
        at: float,
        *,
        over: str = "",
        unmoved: bool = False,
    ) -> Event:
        subject = write.subject
        known = written(subject.entry.record, record, projection, at, over=over)
        if unmoved and not self._connector.capabilities.revision_hash:
            # A token that a write does not move says nothing of it: the next run looks.
            known = replace(known, revision="", revisions=(record.revision, *known.revisions)[:8])
        known = replace(known, assets=self._incoming.addresses.asset_urls(projection.uses.assets))
        result = subject.result(base=subject.oid, remote=record.post, record=known)
        self._record(subject, result, record, key)
        action: Action = "create" if write.op == "create" else "update"
        return Operation(
            site=self._site,
            path=subject.path,
            action=action,
            result="done",
            id=record.id,
            url=record.url,
            reason=write.reason or None,
        )

    def _record(self, subject: Subject, result: Result, record: Record, key: str) -> None:
        self._recorder.record(result)
        self._intents.done(key)
        if isinstance(result.record, LedgerRecord) and result.record.uses.posts:
            self._known[subject.path] = result
            self._shown[record.id] = record
        shown = record.post is not None and record.post.status != "draft"
        if shown or self._incoming.addresses.url_of(subject.path) is not None:
            self._incoming.addresses.created[subject.path] = record.url if shown else None

    def _tombstone(self, write: Write, key: str, known: LedgerRecord, record: Record | None) -> Event:
        subject = write.subject
        remote = record.post if record is not None else subject.entry.remote
        self._recorder.record(subject.result(base=subject.oid, remote=remote, record=known))
        self._intents.done(key)
        action: Action = "unpublish" if write.op == "unpublish" else "delete"
        return Operation(site=self._site, path=subject.path, action=action, result="done", id=known.id, url=known.url)

    def _told(self, write: Write, result: Outcome, *, reason: str) -> Operation:
        known = write.subject.entry.record
        id, url = (known.id, known.url) if known is not None else (None, None)
        return Operation(
            site=self._site, path=write.subject.path, action=write.op, result=result, id=id, url=url, reason=reason
        )

    def _second_pass(self) -> list[Write]:
        """Return updates for posts that link to posts which have their address only now, or none any more."""
        created = self._incoming.addresses.created
        if not created or not self._connector.capabilities.update:
            return []
        again = []
        for path, result in list(self._known.items()):
            record = result.record
            if isinstance(record, LedgerRecord) and any(
                created.get(used, was) != was for used, was in record.uses.posts.items()
            ):
                again.append(path)
        settled = self._incoming.results
        users = [*with_other_links(self._incoming, created), *outdated_links(self._incoming)]
        others = [path for path in dict.fromkeys(users) if path not in self._known and path not in self._relinked]
        subjects = [self._again(path, self._known[path]) for path in again]
        entries = self._reading.entries(others)
        for path in others:
            entry = entry_of(settled[path], entries[path]) if path in settled else entries[path]
            theirs = self._reading.changed.get(path)
            oid = self._overlay.oid(path)
            if (
                oid is not None
                and oid == entry.base
                and (theirs is None or path in settled)
                and entry.conflict is None
                and path not in self._incoming.held
            ):
                subjects.append(
                    Subject(site=self._site, path=path, oid=oid, entry=entry, step=Step.PUSH, theirs=theirs)
                )
        return [
            Write(op="update", subject=subject, reason="its links have other addresses now.") for subject in subjects
        ]

    def _again(self, path: str, result: Result) -> Subject:
        oid = result.base if isinstance(result.base, str) else None
        subject = Subject(
            site=self._site, path=path, oid=oid, entry=self._reading.entries([path])[path], step=Step.PUSH
        )
        return subject.after(replace(result, old_path=None), step=Step.PUSH, oid=oid)

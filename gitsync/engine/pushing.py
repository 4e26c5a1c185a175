"""Plans what goes from the repository to a site: the second half of a plan, made when every pull is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from gitsync import document, merge
from gitsync.config import Policy
from gitsync.connector import ByHand
from gitsync.document import Document
from gitsync.engine.incoming import Incoming
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import Projection, gets_address, project, selected, view
from gitsync.engine.resending import everything, outdated_links, with_other_files, with_other_links
from gitsync.engine.scope import Scope
from gitsync.engine.subject import Subject, entry_of
from gitsync.engine.survey import Reading
from gitsync.engine.telling import in_words
from gitsync.errors import InvalidContent, Refused
from gitsync.model import Post
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.intents import Operation as Op
from gitsync.state.records import Keep, LedgerRecord

CHUNK = 500

RECONFIGURED = "the configuration changed, so it would be sent differently; allow it with --allow resend."


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One request to be made. `leans_on` names the posts that the text links to, `files` those to be uploaded first."""

    op: Op
    subject: Subject
    leans_on: tuple[str, ...] = ()
    files: Mapping[str, Oid] = field(default_factory=dict)
    reason: str = ""


@dataclass(slots=True)
class Outgoing:
    """What one site is to be sent, in order, and what needs only to be remembered (in `incoming.results`).

    `by_hand` holds, by path, the posts that only a person can bring there.
    """

    incoming: Incoming
    writes: list[Write] = field(default_factory=list)
    by_hand: dict[str, Post] = field(default_factory=dict)


class Pushing:
    """Plans the writes of one site after the other."""

    def __init__(self, overlay: Overlay, policy: Policy, *, allow: frozenset[str], scope: Scope | None = None) -> None:
        self._overlay = overlay
        self._project = overlay.project
        self._policy = policy
        self._allow = allow
        self._scope = scope
        self._public: dict[tuple[str, str], bool] = {}

    def plan(self, incoming: Incoming) -> Outgoing:
        """Return what this site is to be sent. Raises Refused when that is more than the guards allow."""
        outgoing = Outgoing(incoming=incoming)
        creates: list[Write] = []
        removals: list[Write] = []
        for write in self._writes(incoming, outgoing):
            if write.op == "create":
                creates.append(write)
            elif write.op == "update":
                outgoing.writes.append(write)
            else:
                removals.append(write)
        asked = self._scope.withdrawn if self._scope is not None else ()
        unasked = [write for write in removals if (incoming.reading.name, write.subject.path) not in asked]
        self._guard(incoming, len(creates), len(unasked))
        outgoing.writes += [*_linked_first(creates), *removals]
        return outgoing

    def _guard(self, incoming: Incoming, creates: int, removals: int) -> None:
        reading = incoming.reading
        if "deletes" not in self._allow and self._policy.max_delete.exceeded(removals, reading.known):
            raise Refused(
                f"{reading.name}: {removals} of {reading.known} posts would be taken off the site; nothing changed.",
                "If that is meant, run again with --allow deletes.",
            )
        unsure = reading.listed > 0 or not reading.capabilities.searchable
        if "creates" not in self._allow and creates > self._policy.max_create and reading.known == 0 and unsure:
            raise Refused(
                f"{reading.name}: {creates} posts would be created on a site that gitsync knows nothing of; "
                "nothing was changed.",
                "If they are surely not there yet, run again with --allow creates.",
            )

    def _writes(self, incoming: Incoming, outgoing: Outgoing) -> Iterator[Write]:
        subjects = {
            subject.path: self._newest(subject) for subject in incoming.subjects if subject.path not in incoming.held
        }
        _let_go(incoming, (path for path, subject in subjects.items() if self._goes(incoming, subject)))
        for subject in self._others(incoming, subjects):
            subjects[subject.path] = subject
        withdrawn = [subject for subject in subjects.values() if subject.step is Step.REMOVE]
        for subject in withdrawn:
            yield from self._remove(incoming, subject)
        sent = {path: subject for path, subject in subjects.items() if subject.step is not Step.REMOVE}
        coming = {path for path, subject in sent.items() if subject.step is Step.CREATE}
        contents = self._overlay.read_all((path, subject.oid) for path, subject in sent.items() if subject.oid)
        for path, content in contents:
            try:
                yield from self._send(outgoing, sent[path], self._project.read(path, content), coming)
            except InvalidContent as error:
                action: Op = "create" if sent[path].step is Step.CREATE else "update"
                incoming.tell(action, path, "failed", reason=str(error if error.path else error.at(path)))
                incoming.hold(path, 6)

    def _goes(self, incoming: Incoming, subject: Subject) -> bool:
        """Say whether a post has no address any more when its turn has come."""
        capabilities = incoming.reading.capabilities
        if subject.step is Step.REMOVE:
            return self._policy.delete != "ignore" and (
                capabilities.unpublish or (capabilities.delete and self._policy.delete == "delete")
            )
        known = incoming.addresses.url_of(subject.path) is not None and capabilities.update
        return known and self._is_draft(incoming, subject)

    def _is_draft(self, incoming: Incoming, subject: Subject) -> bool:
        used = subject.entry.path
        if subject.oid is None or not incoming.reading.index.using([used, subject.path]):
            return False
        try:
            file = self._project.read(subject.path, self._overlay.read(subject.oid))
        except InvalidContent:  # told of itself
            return False
        return view(file, incoming.reading.name, incoming.reading.site.status).status == "draft"

    def _newest(self, subject: Subject) -> Subject:
        """Return the subject with what the sites planned after its own made of the file."""
        oid = self._overlay.pending(subject.path)
        return subject if oid is None or subject.step is Step.REMOVE else replace(subject, oid=oid)

    def _others(self, incoming: Incoming, have: Mapping[str, Subject]) -> Iterator[Subject]:
        """Yield posts that nobody touched here but that may have to be sent.

        Other sites changed or brought them, a push of theirs is owed, an image of theirs is another one, or the
        configuration is.
        """
        reading = incoming.reading
        settled = incoming.results
        moved = {change.old_path for change in reading.local.values()}
        known = {change.path for change in reading.local.values()}
        named = [
            path
            for path in self._overlay.changed
            if (oid := self._overlay.pending(path)) is not None and not settled.is_settled(path, oid)
        ]
        owing = [*reading.index.owed(), *with_other_files(incoming, self._overlay)]
        if reading.capabilities.update:
            moved_posts = {*incoming.addresses.created, *reading.settled}
            owing += [*with_other_links(incoming, moved_posts), *reading.index.relinked()]
        relinked = outdated_links(incoming) if reading.capabilities.update else []
        if self._scope is not None:
            owing = [path for path in owing if path in self._scope.paths]
        elif incoming.is_reconfigured:
            incoming.unasked = {path for path in everything(incoming) if path not in owing and path not in named}
            owing += sorted(incoming.unasked)
        named += [path for path in reading.unstored if path not in moved]
        named += [*relinked, *(path for path in owing if path not in settled and path not in moved)]
        waiting = {*incoming.held, *reading.crowded, *reading.crowded.values()}
        wanted = [path for path in dict.fromkeys(named) if path not in have and path not in waiting]
        for chunk in _chunks(wanted):
            entries = reading.entries(chunk)
            for path in chunk:
                entry = entry_of(settled[path], entries[path]) if path in settled else entries[path]
                if entry.record is None and path not in settled and path not in known:  # a later site brought it
                    brought = self._overlay.pending(path)
                    yield Subject(site=reading.name, path=path, oid=brought, entry=entry, step=Step.CREATE)
                    continue
                if entry.record is None or entry.record.state != "live" or entry.conflict is not None:
                    continue
                oid = self._overlay.pending(path) or entry.base
                theirs = reading.changed.get(path)
                if oid is not None and (theirs is None or path in settled):
                    yield Subject(site=reading.name, path=path, oid=oid, entry=entry, step=Step.PUSH, theirs=theirs)

    def _send(self, outgoing: Outgoing, subject: Subject, file: Document, coming: set[str]) -> Iterator[Write]:
        incoming = outgoing.incoming
        reading, record = incoming.reading, subject.entry.record
        capabilities = reading.capabilities
        post = view(file, reading.name, reading.site.status)
        if not selected(file, reading.name):
            return
        if subject.step is Step.CREATE and post.status == "draft" and not capabilities.drafts:
            _remember(incoming, subject, subject.oid)
            return
        projection = project(post, subject.path, incoming.addresses.place, reading.online)
        # Without a token it is not known that the site shows it still: the ledger may have gone back with the history.
        is_sure = record is not None and (record.revision != "" or not capabilities.listed)
        if subject.step is Step.PUSH and record is not None and is_sure and record.sent == projection.digest:
            known = replace(record, uses=projection.uses)
            if subject.oid != subject.entry.base or subject.path != subject.entry.path or known != record:
                remote = reading.newest_remote(subject.entry)
                incoming.results.append(subject.result(base=subject.oid, remote=remote, record=known))
            return
        if (marked := merge.marked_line(file.layout.text)) is not None:
            raise InvalidContent(
                "Conflict markers are left.",
                "Decide what stays, and delete the marker lines.",
                code="conflict-markers",
                path=subject.path,
                line=marked,
            )
        if (refused := projection.refused) is not None:
            line, column = document.place(file, refused.field or "body", refused.offset)
            raise InvalidContent(
                f"{refused.message}.", refused.hint, code=refused.code, path=subject.path, line=line, column=column
            )
        op: Op = "create" if subject.step is Step.CREATE else "update"
        if not (capabilities.create if op == "create" else capabilities.update):
            if subject.path not in incoming.unasked:
                outgoing.by_hand[subject.path] = projection.post
                incoming.tell("skip", subject.path, "planned", record=record, reason=_by_hand(reading, subject))
            return
        if subject.path in incoming.unasked and "resend" not in self._allow:
            incoming.tell("update", subject.path, "planned", record=record, reason=RECONFIGURED)
            incoming.withheld += 1
            return
        if record is not None and subject.path != subject.entry.path:
            # Known under its new name before anything is sent: a run that dies in between finds it there.
            renamed = subject.result(base=subject.entry.base, remote=subject.entry.remote, record=record)
            incoming.results.append(renamed)
            subject = subject.after(renamed, step=subject.step, oid=subject.oid)
        yield Write(
            op=op,
            subject=subject,
            leans_on=tuple(projection.uses.posts),
            files={path: oid for path, oid in projection.uses.assets.items() if not _is_there(incoming, path)},
            reason=self._losses(incoming, projection, coming),
        )

    def _losses(self, incoming: Incoming, projection: Projection, coming: set[str]) -> str:
        """Say what the site will not show of a post; a link to a post that comes out in this run is no loss."""
        homeless = [path for path, url in projection.uses.posts.items() if url is None]
        awaited = all(path in coming and self._comes_out(incoming, path) for path in homeless)
        told = (problem for problem in projection.problems if problem.code != "LINK001" or not awaited)
        return in_words(told, self._policy, incoming.reading.name)

    def _comes_out(self, incoming: Incoming, path: str) -> bool:
        """Say whether a post that is created has an address then."""
        site, oid = incoming.reading.site, self._overlay.oid(path)
        if (site.name, path) not in self._public:
            try:
                file = self._project.read(path, self._overlay.read(oid)) if oid is not None else None
            except InvalidContent:  # told of itself
                file = None
            self._public[site.name, path] = file is not None and gets_address(file, site.name, site.status)
        return self._public[site.name, path]

    def _remove(self, incoming: Incoming, subject: Subject) -> Iterator[Write]:
        reading, record = incoming.reading, subject.entry.record
        capabilities = reading.capabilities
        if record is None:
            return
        base = subject.oid
        remote = subject.entry.remote
        if self._policy.delete == "ignore":
            known = replace(record, state="ignored", sent=None)
            incoming.results.append(subject.result(base=base, remote=remote, record=known))
            incoming.tell("skip", subject.path, "planned", record=record, reason=f"stays on {reading.name}, by policy.")
        elif self._policy.delete == "unpublish" and remote is not None and remote.status == "draft":
            known = replace(record, state="unpublished", sent=None)
            incoming.results.append(subject.result(base=base, remote=remote, record=known))
        elif capabilities.unpublish and (self._policy.delete == "unpublish" or not capabilities.delete):
            yield Write(op="unpublish", subject=subject)
        elif capabilities.delete and self._policy.delete == "delete":
            yield Write(op="delete", subject=subject)
        else:
            incoming.tell(
                "skip",
                subject.path,
                "failed",
                record=record,
                reason=f"{reading.name} cannot hide a post. "
                + (
                    'Set [policy] delete = "delete"'
                    if capabilities.delete
                    else f"Remove {record.url or record.id} there by hand, then gitsync detach "
                    f"{subject.path} {reading.name}"
                )
                + ', or set [policy] delete = "ignore".',
            )
            incoming.codes.add(1)


def _let_go(incoming: Incoming, going: Iterable[str]) -> None:
    """Let links to posts that leave the site in this run, or that it lost, lead nowhere there."""
    found = incoming.results
    lost = (path for path in incoming.reading.gone if path in found and not _is_live(found[path].record))
    incoming.addresses.created.update(dict.fromkeys([*going, *lost]))


def _is_live(record: LedgerRecord | Keep | None) -> bool:
    return isinstance(record, LedgerRecord) and record.state == "live"


def _is_there(incoming: Incoming, file: str) -> bool:
    return incoming.addresses.asset_url(file) is not None


def _by_hand(reading: Reading, subject: Subject) -> str:
    """Say what a person has to do for a post, in one sentence and a next step."""
    site, path, record = reading.name, subject.path, subject.entry.record
    able = isinstance(reading.online, ByHand)
    if record is None:
        return (
            f"{site} takes new posts by hand only: gitsync publish {path} {site} tells how."
            if able
            else (f"{site} takes no new posts from outside: write it there, then gitsync adopt {path} {site} ID.")
        )
    place = record.url or record.id
    if able:
        how = f"gitsync publish {path} {site} writes the page to paste over {place}."
    else:
        how = f"edit {place} by hand, then gitsync adopt {path} {site} {record.id}."
    return f"{site} cannot change a post once it is there; {how}"


def _remember(incoming: Incoming, subject: Subject, base: Oid | None) -> None:
    if base != subject.entry.base:
        incoming.results.append(subject.result(base=base, remote=subject.entry.remote, record=subject.entry.record))


def _linked_first(creates: Sequence[Write]) -> list[Write]:
    """Order creates so that a post comes after those it links to, wherever that can be had."""
    by_path = {write.subject.path: write for write in creates}
    ordered: dict[str, Write] = {}
    for root in by_path:
        stack, open_paths = [(root, iter(by_path[root].leans_on))], {root}
        while stack:
            path, links = stack[-1]
            step = next(
                (link for link in links if link in by_path and link not in open_paths and link not in ordered), None
            )
            if step is not None:
                open_paths.add(step)
                stack.append((step, iter(by_path[step].leans_on)))
            else:
                ordered.setdefault(path, by_path[path])
                stack.pop()
    return list(ordered.values())


def _chunks(paths: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(paths)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk

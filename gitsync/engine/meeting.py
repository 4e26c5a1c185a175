"""Files and records that nobody linked yet: which belong together, what they agree on, what becomes of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from gitsync.document import Document
from gitsync.engine.conflicts import record_conflict
from gitsync.engine.importing import Importing
from gitsync.engine.incoming import Incoming, Round
from gitsync.engine.matching import OWN, Candidate, Matcher, alike
from gitsync.engine.parting import withdraw
from gitsync.engine.projection import Projection, lift, project, view
from gitsync.engine.reconcile import same_content, shows, stored_of
from gitsync.engine.rewritten import deleted_since
from gitsync.engine.subject import Subject, seen
from gitsync.engine.survey import Reading, shown_now
from gitsync.engine.unanswered import await_forerunner, await_sites, bring_in, forerunner, unseen_stray
from gitsync.errors import InvalidContent, RepositoryError
from gitsync.events import Progress
from gitsync.model import Post, Record
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.records import Entry, LedgerRecord

TOLD_EVERY = 20
"""Records between two words about how far it is."""


def meet_all(round: Round, incoming: Incoming, created: Sequence[Subject]) -> None:
    """Link new files with records that nobody claims, or whose file went; import those that are nobody's."""
    reading, recovery = incoming.reading, round.recoveries[incoming.reading.name]
    forsaken = _forsaken(round, incoming) if created else {}
    candidates = _candidates(round, incoming, created) if reading.fresh or incoming.strays or forsaken else ()
    matcher = Matcher(candidates, reading.capabilities.telling)
    imports = Importing(round, incoming)
    files = {subject.path for subject in created}
    await_sites(round, incoming, files)
    unseen = unseen_stray(round, incoming) if created else None
    strays = {record.id: entry for record, entry in incoming.strays}
    for record, entry in incoming.strays:
        if not matcher.offer(record):
            _offer_again(round, incoming, imports, record, entry)
    for id, post in _last_shown(round, forsaken):
        matcher.offer(Record(id, "", post=post), by=OWN)
    for number, record in enumerate(reading.fresh_records(), 1):
        if not matcher.offer(record):
            bring_in(round, incoming, imports, record, files)
        if number % TOLD_EVERY == 0:
            round.progress(Progress(site=reading.name, done=number, total=len(reading.fresh)))
    matches, unclaimed = matcher.matches()
    for record in unclaimed:
        if record.id in forsaken:
            continue
        stray = strays.get(record.id)
        if stray is None:
            bring_in(round, incoming, imports, record, files)
        else:
            _offer_again(round, incoming, imports, record, stray)
    imports.end()
    for path, record in matches.found.items():
        _locate(incoming, path, record)
    for subject in created:
        if (found := matches.found.get(subject.path)) is not None:
            known = replace(subject, entry=(strays | forsaken).get(found.id, subject.entry))
            try:
                back = found.id in forsaken
                linked = revive(round, incoming, known) if back else meet(round, incoming, known, found)
            except InvalidContent as error:  # what the site has there is nothing that a file can hold
                incoming.tell("skip", subject.path, "failed", record=found, reason=str(error.at(subject.path)))
                incoming.hold(subject.path, 6)
                continue
            incoming.subjects += [linked] if linked is not None else []
        elif subject.path in recovery.unsettled:
            _wait(incoming, subject.path)
        elif (old := forerunner(round, incoming, subject, files) or unseen) is not None:
            await_forerunner(round, incoming, subject.path, old)
        elif doubtful := [id for id in matches.doubtful.get(subject.path, ()) if not _is_deleted(forsaken.get(id))]:
            ids = ", ".join(sorted(doubtful))
            which = "that were let go of and" if forsaken.keys() >= set(doubtful) else "that"
            incoming.tell(
                "skip",
                subject.path,
                "failed",
                reason=f"{reading.name} has several posts {which} may be this one ({ids}). "
                f"Say which: gitsync adopt {subject.path} {reading.name} ID.",
            )
            incoming.hold(subject.path, 3)
        else:
            incoming.subjects.append(subject)


def _is_deleted(entry: Entry | None) -> bool:
    """Say whether a post was let go of and is nowhere any more: whichever it was, it has to be made anew."""
    return entry is not None and entry.record is not None and entry.record.state == "deleted"


def _offer_again(round: Round, incoming: Incoming, imports: Importing, record: Record, entry: Entry) -> None:
    """Import a post again whose file was reset away; if a commit deleted it since, the post goes as well."""
    gone = deleted_since(round, incoming.reading, record, entry.path)
    if gone is None:
        imports.add(record, path=entry.path, known=entry.record)
    else:
        withdraw(round, incoming, gone[0], record, untouched=gone[1])


def _locate(incoming: Incoming, path: str, record: Record) -> None:
    """Note where a file turned out to be on the site, for the links of others: those to come, and those it shows."""
    if record.url is None or (record.post is not None and record.post.status == "draft"):
        return
    incoming.addresses.created[path] = record.url
    incoming.addresses.arrive(record.url, path)


def _wait(incoming: Incoming, path: str) -> None:
    """A request for this post may still arrive: it is neither there nor surely not there."""
    site = incoming.reading.name
    reason = f"was sent before, and {site} may still be storing it; it is not sent again until that is sure."
    if not incoming.reading.capabilities.searchable:
        reason = (
            f"was sent before, no answer came, and {site} cannot be searched: look there. If it is there, run "
            f"gitsync adopt {path} {site} URL; if not, gitsync push {site} --create {path}."
        )
        incoming.codes.add(1)
    incoming.tell("create", path, "unknown", reason=reason)
    incoming.held.add(path)


def _candidates(round: Round, incoming: Incoming, created: Sequence[Subject]) -> Iterator[Candidate]:
    place = incoming.addresses.place
    oids = {subject.path: subject.oid for subject in created if subject.oid is not None}
    for path, content in round.overlay.read_all(oids.items()):
        try:
            post = view(round.overlay.project.read(path, content), incoming.reading.name, place.default_status)
        except InvalidContent:  # told when it is about to be sent
            continue
        slug = post.slug or round.overlay.project.slug_of(path)
        projection = project(post, path, place, incoming.reading.online)
        sent = tuple(post for _, post in round.recoveries[incoming.reading.name].sent_before(path))
        yield Candidate(path=path, projection=projection.post, slugs=(slug,) if slug else (), sent=sent)


def _forsaken(round: Round, incoming: Incoming) -> dict[str, Entry]:
    """Return, by id, the posts that were let go of with their files but are still there: one may be back elsewhere.

    A file that stays where it is and is not for this site any more (or was detached) is a base without being sent.
    """
    reading = incoming.reading
    # As they are today: where the branch was reset, they may have been at other paths, or nowhere, in its history.
    entries = {**reading.ledger.entries(reading.index.paths_in("unpublished", "ignored")), **reading.settled}
    return {
        entry.record.id: entry
        for path, entry in entries.items()
        if entry.record is not None
        and entry.record.is_let_go
        and entry.base is None
        and entry.record.id not in reading.taken
        and round.overlay.oid(path) is None
    }


def _last_shown(round: Round, forsaken: Mapping[str, Entry]) -> Iterator[tuple[str, Post | None]]:
    """Yield what sites had of posts that were let go of, by id, with the slugs of their files: many sites know none."""
    was = {id: entry.record.was for id, entry in forsaken.items() if entry.record and entry.record.was}
    files: dict[Oid, bytes] = {}
    with suppress(RepositoryError):  # a ledger without its history: title and text have to tell
        files = dict(round.overlay.project.repository.blobs(set(was.values()))) if was else {}
    for id, entry in forsaken.items():
        post = entry.remote
        if was.get(id) in files and (post is None or post.slug is None):
            with suppress(InvalidContent):
                file = round.overlay.project.read(entry.path, files[was[id]]).post
                post = file if post is None else replace(post, slug=file.slug)
        yield id, post


def revive(round: Round, incoming: Incoming, subject: Subject) -> Subject | None:
    """Publish a post again that was let go of, over nothing but what the site showed then."""
    known, remote = subject.entry.record, subject.entry.remote
    if known is None:
        raise AssertionError(f"{subject.path} has no record")
    record = shown_now(incoming.reading, subject.entry)
    if record is None and _is_too_soon(incoming.reading, known):
        until = (known.written or 0.0) + incoming.reading.capabilities.settles_after
        round.recoveries[incoming.reading.name].unsettled[subject.path] = until
        reason = f"was sent just now, and {incoming.reading.name} may not show it yet; it is not sent again until then."
        incoming.tell("update", subject.path, "unknown", record=known, reason=reason)
        incoming.held.add(subject.path)
        return None
    if record is None or record.post is None:
        return replace(subject, step=Step.REVIVE, theirs=None)
    if remote is not None and same_content(remote, record.post, incoming.reading.capabilities.fields):
        return replace(subject, step=Step.REVIVE, theirs=record)
    return meet(round, incoming, replace(subject, step=Step.MATCH, theirs=None), record)


def _is_too_soon(reading: Reading, known: LedgerRecord) -> bool:
    """Say whether a post that the site has is not to be found there because we wrote it only just now."""
    soon = known.written is not None and reading.at - known.written < reading.capabilities.settles_after
    return soon and known.state != "deleted" and not any(reading.online.fetch_many([known.id]))


def meet(round: Round, incoming: Incoming, subject: Subject, record: Record) -> Subject | None:
    """Decide for a file and a record that are surely one post but have no agreement in this history.

    Equal: agreed. Else the base is the newest version in the file's history that the site shows; else a conflict.
    """
    if subject.oid is None or record.post is None:
        raise AssertionError(f"{subject.path}: nothing to compare")
    place = incoming.addresses.place
    file = round.overlay.project.read(subject.path, round.overlay.read(subject.oid))
    base = _shown_version(round, incoming, subject, record, file)
    if base is not None:
        oid, projection, current = base
        digest = projection.digest if current else None
        assets = incoming.addresses.asset_urls(projection.uses.assets)
        known = replace(seen(subject.entry.record, record), sent=digest, uses=projection.uses, assets=assets)
        incoming.awaited.update(path for path, url in projection.uses.posts.items() if url is None)
        result = subject.result(base=oid, remote=record.post, record=known)
        incoming.results.append(result)
        arrived = any(oid == sent for sent, _ in round.recoveries[incoming.reading.name].sent_before(subject.path))
        incoming.tell(
            "create" if arrived else "adopt",
            subject.path,
            "planned",
            record=record,
            reason="had arrived, though no answer came back." if arrived else "",
        )
        after = replace(subject.after(result, step=Step.PUSH, oid=subject.oid), theirs=record)
        return None if oid == subject.oid and current else after
    ours = view(file, incoming.reading.name, place.default_status)
    sent = project(ours, subject.path, place, incoming.reading.online).post
    first: Document | None = None
    for oid, asked in round.recoveries[incoming.reading.name].sent_before(subject.path):
        if first is None and alike(asked, record.post) and asked.status == record.post.status:
            # It had arrived, and somebody has edited it there since: what was sent is what both begin with. Where its
            # status is another, it may be that it was never published, which is for the author to say.
            first, sent = round.overlay.project.read(subject.path, round.overlay.read(oid)), asked
            subject = replace(subject, entry=replace(subject.entry, base=oid))
    before, remote = subject.entry.record, subject.entry.remote
    if before is not None and before.is_let_go and remote is not None and remote.status == record.post.status:
        sent = replace(sent, status=remote.status)  # that it is hidden is our doing, and nothing to decide on
    return record_conflict(
        incoming,
        subject,
        file,
        base=first,
        sent=sent,
        record=record,
        lift=lambda post: lift(post, subject.path, place),
        conflict=round.policy.conflict,
    )


def _shown_version(
    round: Round, incoming: Incoming, subject: Subject, record: Record, file: Document
) -> tuple[Oid, Projection, bool] | None:
    """Return the version of the file that the site shows, its projection, and whether that would be sent today."""
    place = incoming.addresses.place
    connector = incoming.reading.online
    fields = connector.capabilities.telling

    def projected(document: Document) -> Projection:
        return project(view(document, incoming.reading.name, place.default_status), subject.path, place, connector)

    now = projected(file)
    if record.post is None or subject.oid is None:
        return None
    if shows(now.post, record.post, fields):
        return subject.oid, now, True
    for oid, sent in round.recoveries[incoming.reading.name].sent_before(subject.path):
        if stored_of(sent, record.post, fields):
            then = projected(round.overlay.project.read(subject.path, round.overlay.read(oid)))
            # It may lead to posts that had no address yet when it was sent, and have one now.
            return oid, then, then.post == sent
    repository = round.overlay.project.repository
    paths = dict.fromkeys((subject.path, subject.entry.path))
    for oid in (oid for path in paths for oid in repository.file_history(path, round.overlay.head)):
        try:
            then = projected(round.overlay.project.read(subject.path, round.overlay.read(oid)))
        except InvalidContent:  # an old version that nobody could have sent
            continue
        if shows(then.post, record.post, fields):
            return oid, then, True
    return None

"""Creates that arrived without an answer, and whose files went before anybody knew that they had."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from math import inf

from gitsync.engine.importing import Importing
from gitsync.engine.incoming import Incoming, Round
from gitsync.engine.parting import withdraw
from gitsync.engine.projection import project, view
from gitsync.engine.recovery import arrived, of_intent
from gitsync.engine.subject import Subject, written
from gitsync.errors import InvalidContent, RepositoryError
from gitsync.model import Post, Record
from gitsync.repository import Oid
from gitsync.state.intents import Intent
from gitsync.state.records import Entry


def bring_in(round: Round, incoming: Incoming, imports: Importing, record: Record, files: Collection[str]) -> None:
    """Import a record that is no file's, unless it was made of a file that somebody deleted since: it goes as well.

    An import would bring back what was deleted, and other sites would have it twice. Where no commit deleted the file,
    but the one that had it was reset away, it comes back at its path. `files` wait to be linked with a record.
    """
    intent = _made_by(round, incoming, record, files)
    if intent is None or intent.blob is None:
        imports.add(record)
        return
    entry = incoming.reading.entries([intent.path])[intent.path]
    if entry.record is not None and entry.record.state == "live":  # another one was linked since
        imports.add(record)
    elif intent.blob in round.overlay.project.repository.file_history(intent.path, round.overlay.head):
        _withdraw(round, incoming, intent, intent.blob, replace(entry, conflict=None), record)
    else:
        imports.add(record, path=intent.path, known=entry.record)


def await_sites(round: Round, incoming: Incoming, files: Collection[str]) -> None:
    """Say which creates may still arrive though their files went: what they make has to go as well.

    Where nobody can search, a person has to look; until then it is told in every run.
    """
    recovery, site = round.recoveries[incoming.reading.name], incoming.reading.name
    for path in dict.fromkeys(it.path for it in recovery.creates if it.path not in files):
        if recovery.unsettled.get(path, inf) < inf:
            reason = f"was sent before, and {site} may still be storing it, though the file is not meant for it now."
            incoming.tell("create", path, "unknown", reason=reason)
        elif path in recovery.unsettled:
            reason = (
                f"was sent before, no answer came, {site} cannot be searched, and the file is not for it any more: "
                f"look there. If it is there, remove it by hand, or bring the file back and run gitsync adopt {path} "
                f"{site} URL. If it is not, or not any more, gitsync push {site} --create {path} forgets it."
            )
            incoming.tell("create", path, "unknown", reason=reason)
            incoming.codes.add(1)


def forerunner(round: Round, incoming: Incoming, subject: Subject, files: Collection[str]) -> str | None:
    """Return the path of a create that may still arrive, has no file any more, and may be what `subject` was before.

    Renamed and edited before its answer is known, a post would be there twice. How alike they are says little, and an
    orphan is rare, so every new file waits for it; where nobody can search, that may be for ever, and only a file of
    the same text, slug or title does.
    """
    recovery = round.recoveries[incoming.reading.name]
    orphans = [it for it in recovery.creates if it.path not in files and it.path in recovery.unsettled]
    post: Post | None = None
    for intent in reversed(orphans):
        if recovery.unsettled[intent.path] < inf or intent.blob == subject.oid:
            return intent.path
        if post is None and subject.oid is not None:
            with suppress(InvalidContent):  # told when it is about to be sent
                post = round.overlay.project.read(subject.path, round.overlay.read(subject.oid)).post
        slug = post and (post.slug or round.overlay.project.slug_of(subject.path))
        titled = post is not None and intent.projection is not None and post.title == intent.projection.title
        if titled or (slug and slug == intent.slug):
            return intent.path
    return None


def unseen_stray(round: Round, incoming: Incoming) -> str | None:
    """Return a post that was sent lately, that this history knows nothing of, and that the site does not show yet.

    Nobody can tell whether a new file is that one before it is shown.
    """
    reading, unsettled = incoming.reading, round.recoveries[incoming.reading.name].unsettled
    entries = reading.entries(list(reading.unseen)) if reading.unseen else {}
    for path in sorted(entries, key=lambda path: reading.unseen[path], reverse=True):
        record, base = entries[path].record, entries[path].base
        if record is not None and record.state == "live" and base is None and round.overlay.oid(path) is None:
            unsettled[path] = max(reading.unseen[path], unsettled.get(path, 0.0))
            return path
    return None


def await_forerunner(round: Round, incoming: Incoming, path: str, old: str) -> None:
    """Say that the new file at `path` is not sent before it is known what became of the create of `old`."""
    recovery, site = round.recoveries[incoming.reading.name], incoming.reading.name
    until = recovery.unsettled[path] = recovery.unsettled[old]
    reason = f"waits until it is sure whether {old}, which was sent before and may be the same post, is on {site}."
    if until == inf:
        reason = (
            f"may be what was sent as {old}, of which no answer came, and {site} cannot be searched: look there. If it "
            f"is there, run gitsync adopt {path} {site} URL; then, and also if it is not, gitsync push {site} --create "
            f"{old} forgets that request."
        )
        incoming.codes.add(1)
    incoming.tell("create", path, "unknown", reason=reason)
    incoming.held.add(path)


def _made_by(round: Round, incoming: Incoming, record: Record, files: Collection[str]) -> Intent | None:
    """Return the newest create that surely made `record`, if no file of its path waits for a record."""
    for announced in reversed(round.recoveries[incoming.reading.name].creates):
        if announced.path in files or record.post is None:
            continue
        intent = _complete(round, incoming, announced)
        own = bool(intent.slug) and intent.slug == record.post.slug
        if own or arrived(intent, record, incoming.reading.capabilities.telling):
            return intent
    return None


def _complete(round: Round, incoming: Incoming, intent: Intent) -> Intent:
    """Return `intent` with what it sent: of another machine's only the file is known, where this history has it."""
    if intent.projection is not None or intent.blob is None:
        return intent
    source, place = round.overlay.project, incoming.addresses.place
    try:
        file = source.read(intent.path, round.overlay.read(intent.blob))
    except (RepositoryError, InvalidContent):
        return intent
    post = view(file, incoming.reading.name, place.default_status)
    sent = project(post, intent.path, place, incoming.reading.online, checked=False)
    slug = post.slug or source.slug_of(intent.path)
    return replace(intent, projection=sent.post, sent=sent.digest, uses=sent.uses, slug=slug)


def _withdraw(round: Round, incoming: Incoming, intent: Intent, blob: Oid, entry: Entry, record: Record) -> None:
    """Agree on what was sent, as if its answer had come."""
    untouched = arrived(intent, record, incoming.reading.capabilities.telling)
    known = written(entry.record, record, of_intent(intent), intent.at)
    remote = record.post if untouched else intent.projection
    if untouched:
        reason = "had arrived, though no answer came back."
        incoming.tell("create", intent.path, "planned", record=record, reason=reason)
    withdraw(round, incoming, replace(entry, base=blob, remote=remote, record=known), record, untouched=untouched)

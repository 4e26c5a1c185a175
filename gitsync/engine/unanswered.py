"""Creates that arrived without an answer, and whose files were deleted before anybody knew that they had."""

from __future__ import annotations

from gitsync.engine.conflicts import record_conflict
from gitsync.engine.incoming import Incoming, Round
from gitsync.engine.projection import lift
from gitsync.engine.recovery import arrived, of_intent
from gitsync.engine.subject import Subject, written
from gitsync.model import Record
from gitsync.plan import Step
from gitsync.state.intents import Intent
from gitsync.state.records import Entry


def let_go(round: Round, incoming: Incoming, record: Record) -> bool:
    """Say whether an unclaimed record is such a post, which then is as if its answer had come: deleted here since.

    An import would bring back what was deleted, and other sites would have it twice. What an editor has changed since
    then is a conflict. A file that no commit deleted was reset away, and comes back as any pull does.
    """
    intent = _made_by(round, incoming, record)
    if intent is None or intent.projection is None or intent.blob is None:
        return False
    as_sent = arrived(intent, record, incoming.reading.capabilities.telling)
    remote = record.post if as_sent else intent.projection
    known = written(None, record, of_intent(intent), intent.at)
    entry = Entry(path=intent.path, base=intent.blob, remote=remote, record=known)
    subject = Subject(
        site=intent.site, path=intent.path, oid=None, entry=entry, step=Step.REMOVE, theirs=record if as_sent else None
    )
    if as_sent:
        incoming.results.append(subject.result(base=entry.base, remote=entry.remote, record=entry.record))
        incoming.subjects.append(subject)
        return True
    place = incoming.addresses.place
    record_conflict(
        incoming,
        subject,
        None,
        base=round.overlay.project.read(intent.path, round.overlay.read(intent.blob)),
        record=record,
        lift=lambda post: lift(post, intent.path, place),
    )
    return True


def _made_by(round: Round, incoming: Incoming, record: Record) -> Intent | None:
    """Return the newest create that surely made `record`, if its file was deleted since and nothing stands for it."""
    creates = round.recoveries[incoming.reading.name].creates
    for intent in reversed(creates):
        if intent.projection is None or record.post is None or round.overlay.oid(intent.path) is not None:
            continue
        own = bool(intent.slug) and intent.slug == record.post.slug
        if not own and not arrived(intent, record, incoming.reading.capabilities.telling):
            continue
        if incoming.reading.entries([intent.path])[intent.path].record is not None:
            continue
        repository = round.overlay.project.repository
        if any(oid == intent.blob for oid in repository.file_history(intent.path, round.overlay.head)):
            return intent
    return None

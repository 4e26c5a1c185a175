"""One side let go of a post, or lost it: what the other side keeps, and what is told."""

from __future__ import annotations

from dataclasses import replace

from gitsync.engine.case import Case
from gitsync.engine.conflicts import record_conflict
from gitsync.engine.incoming import Edit, Incoming, Round
from gitsync.engine.projection import lift, selected
from gitsync.engine.subject import Subject
from gitsync.model import Record
from gitsync.plan import Step
from gitsync.state.records import Entry


def outside(case: Case) -> None:
    """Ask about a post whose file left the content paths but still exists."""
    record = case.entry.record
    if record is None or record.state != "live":
        case.path = case.key
        case.consider(None)
        return
    case.incoming.tell(
        "skip",
        case.key,
        "planned",
        record=record,
        reason=f"is now at {case.path}, which the content paths do not reach; {case.site} still has it. "
        f"Move it back, widen [content] paths, or run gitsync detach {case.key} {case.site}.",
    )
    case.incoming.hold(case.key, 3)


def entomb(case: Case) -> None:
    """Remember that both sides let go of a post."""
    known = case.entry.record
    if known is None:
        raise AssertionError(f"{case.key} has no record")
    base = case.oid if case.change is not None and case.change.kind != "deleted" else None
    case.incoming.results.append(
        case.subject(Step.ENTOMB).result(
            base=base, remote=case.entry.remote, record=replace(known, state="gone", sent=None)
        )
    )
    case.incoming.tell("skip", case.path, "planned", record=known, reason=f"is gone here and on {case.site}.")


def lost(case: Case) -> Subject | None:
    """Follow the policy for a post that the site lost and nobody deleted here."""
    known = case.entry.record
    if known is None:
        raise AssertionError(f"{case.key} has no record")
    if case.round.policy.gone == "recreate":
        return case.subject(Step.CREATE)
    base = case.entry.base
    if case.round.policy.gone == "remove" and case.round.pulls and not case.round.busy.get(case.path):
        case.round.overlay.remove(case.path)
        case.incoming.edits.append(
            Edit(
                site=case.site,
                subject=f"Remove {case.path}, which {case.site} removed",
                ids=(known.id,),
                files={case.path: None},
            )
        )
        base = None
    case.incoming.results.append(
        case.subject(Step.LOST).result(
            base=base, remote=case.entry.remote, record=replace(known, state="gone", sent=None)
        )
    )
    case.incoming.tell(
        "skip",
        case.path,
        "planned",
        record=known,
        reason=f"is gone on {case.site}; the file was {'kept' if base else 'removed'}. "
        f"To publish it again: gitsync resolve {case.path} --ours.",
    )
    return None


def one_side_gone(case: Case, record: Record | None) -> None:
    """Record that one side deleted what the other edited."""
    file = case.file() if case.change is None or case.change.kind != "deleted" else None
    place = case.incoming.addresses.place
    base = case.read(case.entry.base) if case.entry.base is not None else None
    subject = case.subject(Step.CONFLICT, record)
    deleted_here = case.oid is None or (case.change is not None and file is not None and not selected(file, case.site))
    record_conflict(
        case.incoming,
        replace(subject, oid=None) if deleted_here else subject,
        file,
        base=base,
        record=record,
        lift=lambda post: lift(post, case.path, place),
    )


def withdraw(round: Round, incoming: Incoming, entry: Entry, record: Record, *, untouched: bool) -> None:
    """Take a post off whose file went before anybody knew that both had agreed on `entry`; edited there, ask."""
    path = entry.path
    subject = Subject(
        site=incoming.reading.name,
        path=path,
        oid=round.overlay.oid(path),  # there, it names other sites now
        entry=entry,
        step=Step.REMOVE,
        theirs=record if record.post is not None else None,
    )
    if untouched or entry.base is None:
        incoming.results.append(subject.result(base=entry.base, remote=entry.remote, record=entry.record))
        incoming.subjects.append(subject)
        return
    base, place = round.overlay.project.read(path, round.overlay.read(entry.base)), incoming.addresses.place
    edited = replace(subject, oid=None, step=Step.CONFLICT)
    record_conflict(incoming, edited, None, base=base, record=record, lift=lambda post: lift(post, path, place))

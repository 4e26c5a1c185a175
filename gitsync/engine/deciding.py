"""The decision for one post on one site: what the table says, carried out as far as the repository is concerned."""

from __future__ import annotations

from dataclasses import replace

from gitsync.engine.case import Case
from gitsync.engine.conflicts import pending
from gitsync.engine.incoming import Pending
from gitsync.engine.local import are_strangers
from gitsync.engine.meeting import meet, revive
from gitsync.engine.merging import merge
from gitsync.engine.parting import entomb, lost, one_side_gone, outside
from gitsync.engine.projection import selected
from gitsync.engine.reconcile import same_content
from gitsync.engine.rewritten import own_earlier_text
from gitsync.engine.subject import Subject
from gitsync.errors import InvalidContent, RepositoryError
from gitsync.model import Post, Record
from gitsync.plan import Ours, Step, Theirs, decide
from gitsync.state.records import Entry


def decide_on(case: Case) -> Subject | None:
    """Return what is left to be sent, or None."""
    if case.change is not None and case.change.kind == "outside":
        outside(case)
        return None
    record = case.reading.changed.get(case.key)
    if _is_another(case):
        # Whoever was here keeps its id, under a name of its own.
        case.entry, record = Entry(path=case.key), None
    if case.entry.conflict is not None:
        record = _decided_before(case, record)
    if case.entry.conflict is not None:
        settled = pending(
            case.incoming,
            case.entry,
            case.wanted(),
            case.conflict_file,
            case.default_status,
            decided_for_another=case.path in case.round.decided,
        )
        if isinstance(settled, Pending):
            asked_again = settled.conflict != case.entry.conflict
            if asked_again or case.reading.agreed != case.reading.ledger.tip:
                case.entry = replace(case.entry, conflict=settled.conflict)
                _reopen(case)
            if asked_again:
                case.incoming.markers.append(settled)
            case.incoming.hold(case.path, 3)
            return None
        case.round.decided.add(case.path)
        merged = settled.text is not None and case.oid is not None and settled.text != case.data(case.oid)
        if merged and case.waits(case.entry.record):
            return None
        case.latest, moved = _since(case, settled.entry.remote)
        case.entry, record = settled.entry, case.latest if moved else None
        if merged and settled.text is not None:
            case.commit(settled.text, case.latest, f"Merge {case.path} with {case.site}")
        if case.entry.record is not None:
            # What the site showed is no answer to the base that this makes of it, nor to what it was sent last.
            case.entry = replace(case.entry, record=replace(case.entry.record, sent=None))
        case.take_up(case.entry)
    ours, theirs = _ours(case), _theirs(case, record)
    if ours is None:
        return None
    step = decide(ours, theirs)
    return _carry_out(case, step, record)


def _is_another(case: Case) -> bool:
    """Say whether a new file only has the path of a post that was let go of, and none of its names."""
    known, change = case.entry.record, case.change
    if change is None or change.kind != "new" or known is None or not known.is_let_go or known.was is None:
        return False
    try:
        return are_strangers(case.read(known.was).post, case.file_or_fail().post)
    except InvalidContent:
        return False
    except RepositoryError:  # a ledger without its history: its path is all that tells
        return False


def _decided_before(case: Case, record: Record | None) -> Record | None:
    """Take up a decision whose commit the author has written anew since: to ask again would be asking twice.

    Return what of the site's record is left to look at.
    """
    if case.entry.record is None:
        return record
    earlier = own_earlier_text(case, record or case.recorded()._replace(post=None))
    if earlier is None:
        return record
    entry, untouched = earlier
    case.take_up(entry)
    return None if untouched else record


def _reopen(case: Case) -> None:
    """Let the ledger have a conflict again whose decision was reset away, so that it can be decided."""
    entry = case.entry
    unread = None if entry.record is None else replace(entry.record, revision="")
    case.incoming.results.append(
        case.subject(Step.CONFLICT).result(base=entry.base, remote=entry.remote, record=unread, conflict=entry.conflict)
    )


def _carry_out(case: Case, step: Step, record: Record | None) -> Subject | None:
    match step:
        case Step.PUSH | Step.CREATE | Step.REMOVE:
            return case.subject(step, record or case.latest)
        case Step.REVIVE:
            return revive(case.round, case.incoming, case.subject(step))
        case Step.PULL | Step.MERGE:
            return merge(case, step, record)
        case Step.MATCH:
            return _match(case, record or case.recorded())
        case Step.IMPORT:
            case.incoming.strays.append((record or case.recorded(), case.entry))
        case Step.ENTOMB:
            entomb(case)
        case Step.LOST:
            return lost(case)
        case Step.CONFLICT:
            earlier = None if record is None else own_earlier_text(case, record)
            if earlier is not None:
                case.entry, untouched = earlier
                if untouched:
                    return case.subject(Step.REMOVE, record)
            one_side_gone(case, record)
        case Step.REPORT:
            case.incoming.tell(
                "skip",
                case.path,
                "planned",
                record=record or case.entry.record,
                reason=f"was let go of here ({_state(case)}), but {case.site} has it again or has changed it. "
                "Bring its file back to follow it, or remove it there.",
            )
        case Step.NOTHING:
            pass
    return None


def _match(case: Case, record: Record) -> Subject | None:
    """Find out what a file and its record, which this history knows no agreement of, have in common."""
    if record.post is None:
        # It is what we wrote last: soon after that, the site may show an older version.
        ledger, key = case.reading.ledger, case.source
        record = record._replace(post=ledger.entries([key])[key].remote)
    if record.post is None:
        reason = f"was sent just now, and {case.site} still shows an older version. Sync again in a minute."
        case.incoming.tell("skip", case.path, "planned", record=record, reason=reason)
        case.incoming.hold(case.path, 1)
        return None
    earlier = own_earlier_text(case, record)
    if earlier is not None:
        case.entry, untouched = earlier
        return case.agree_on(case.entry, record) if untouched else merge(case, Step.MERGE, record)
    return meet(case.round, case.incoming, case.subject(Step.MATCH), record)


def _ours(case: Case) -> Ours | None:
    """Return where the file stands; None when there is nothing more to say."""
    record, change = case.entry.record, case.change
    if change is None:
        if record is None:
            return None
        if record.state != "live":
            return Ours.TOMBSTONE
        if case.oid is None:
            return Ours.ABSENT if case.entry.base is None else Ours.DELETED
        if case.oid == case.entry.base:
            return Ours.SAME
        # Another site may have brought the file in this run, before this history has any agreement on it.
        return Ours.CHANGED if case.entry.base is not None else Ours.NEW
    if change.kind == "deleted" and case.oid is None:
        if record is None or record.state != "live":
            case.consider(None)
            return None
        return Ours.DELETED
    if not selected(case.file_or_fail(), case.site):
        _tell_unknown_sites(case)
        if record is None or record.state != "live":
            case.consider(case.oid)
            return None
        return Ours.DESELECTED
    if record is None:
        return Ours.NEW
    if record.state == "live":
        return Ours.CHANGED if case.entry.base is not None else Ours.NEW
    if record.state == "gone" and case.entry.base is not None:
        if case.oid == case.entry.base:
            case.consider(case.oid)  # renamed, which the site would not see either
            return None
        return Ours.TOMBSTONE if case.key in case.reading.revived else Ours.CHANGED
    if record.state == "ignored" and case.entry.base is not None and selected(case.read(case.entry.base), case.site):
        case.consider(case.oid)  # detached: it was let go of while it was meant for this site
        return None
    return Ours.NEW


def _tell_unknown_sites(case: Case) -> None:
    """A name that is no site of ours may be meant for another configuration, or be mistyped: say so once."""
    known = case.round.overlay.project.config.sites
    unknown = [name for name in case.file_or_fail().sites or () if name not in known]
    if unknown:
        reason = f"names {', '.join(unknown)}, which gitsync.toml does not have."
        case.incoming.tell("skip", case.path, "planned", reason=reason)


def _theirs(case: Case, record: Record | None) -> Theirs:
    known = case.entry.record
    if known is None:
        return Theirs.ABSENT
    if case.key in case.reading.revived:
        return Theirs.CHANGED
    if known.state != "live":
        if record is not None:
            return Theirs.CHANGED
        if case.change is None:
            return Theirs.SAME
        return Theirs.GONE if known.state == "gone" and case.entry.base is not None else Theirs.TOMBSTONE
    if case.key in case.reading.gone:
        return Theirs.GONE
    return Theirs.CHANGED if record is not None else Theirs.SAME


def _since(case: Case, shown: Post | None) -> tuple[Record, bool]:
    """Return the site's record, and whether it is something else than what a resolved conflict showed."""
    record = case.reading.changed.get(case.key) or case.recorded()
    if record.post is None:  # nothing was ever agreed, and it is as it was shown
        record = record._replace(post=shown)
    fields = case.reading.capabilities.fields
    same = record.post is not None and shown is not None and same_content(record.post, shown, fields)
    return record, not same


def _state(case: Case) -> str:
    return case.entry.record.state if case.entry.record is not None else "unknown"

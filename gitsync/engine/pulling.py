"""Plans what comes from a site into the repository, and finds out what has to go back: the first half of a plan.

Nothing is written. Files that will change go into the overlay, so that the next site sees them; what the ledger is to
hold goes into `Incoming.results`; what remains to be sent goes into `Incoming.subjects`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from gitsync.engine.bringing import Bringing
from gitsync.engine.case import Case
from gitsync.engine.deciding import decide_on
from gitsync.engine.incoming import Incoming, Round
from gitsync.engine.local import TAKEN, LocalChange
from gitsync.engine.meeting import meet_all, revive
from gitsync.engine.projection import selected
from gitsync.engine.settings import settings_digest
from gitsync.engine.subject import Subject, entry_of
from gitsync.engine.surroundings import Addresses
from gitsync.engine.survey import Reading
from gitsync.errors import InvalidContent
from gitsync.plan import Step
from gitsync.repository import Oid
from gitsync.state.records import Entry

CHUNK = 500
"""How many posts are in memory at once."""


def plan_pulls(round: Round, reading: Reading) -> Incoming:
    """Return what this site brings; call it for the sites in their order. Raises SiteError when a read fails."""
    incoming = Incoming(
        reading=reading,
        addresses=Addresses(reading, round.overlay),
        settings=settings_digest(round.overlay.project, reading.site),
    )
    if round.bring is not None and round.pulls:
        addresses = incoming.addresses
        incoming.pictures = Bringing(round.overlay, round.bring(reading), addresses.path_of, addresses.uploaded)
    try:
        _fill(round, incoming)
    except BaseException:
        incoming.results.close()
        raise
    return incoming


def _fill(round: Round, incoming: Incoming) -> None:
    reading = incoming.reading
    recovery = round.recoveries[reading.name]
    for result in recovery.results:
        incoming.results.append(result)
    incoming.events += recovery.events
    concerned = {*reading.local, *reading.changed, *reading.gone, *reading.revived, *reading.conflicts}
    paths = sorted(concerned - reading.crowded.keys())
    created: list[Subject] = []
    remaining = iter(paths)
    while chunk := list(islice(remaining, CHUNK)):
        entries = reading.entries(chunk)
        posts = [
            _post(path, entries[path], reading.local.get(path))
            for path in chunk
            if not _is_elsewhere(entries[path], reading)
        ]
        blobs = _blobs(round, posts)
        for path, entry, change in posts:
            if not path.isascii() and not _is_text(path):
                incoming.tell("skip", path, "failed", reason="has a name that is not UTF-8; rename it.")
                incoming.hold(path, 6)
                continue
            try:
                subject = decide_on(Case(round, incoming, blobs, path, entry, change))
            except InvalidContent as error:
                _invalid(incoming, path if change is None else change.path, error)
                continue
            if subject is not None:
                (created if _is_made_anew(subject, reading) else incoming.subjects).append(subject)
    for subject in _from_other_sites(round, incoming, {subject.path for subject in created}):
        if subject.step is Step.CREATE:
            created.append(subject)
        elif (linked := revive(round, incoming, subject)) is not None:
            incoming.subjects.append(linked)
    meet_all(round, incoming, created)


def _is_made_anew(subject: Subject, reading: Reading) -> bool:
    """Say whether a post is sent as a new one: what the site lost is looked for too, it may have arrived before."""
    known = subject.entry.record
    if subject.step is Step.CREATE or known is None:
        return subject.step is Step.CREATE
    return subject.step is Step.REVIVE and (known.state in ("gone", "deleted") or known.id in reading.taken)


def _is_elsewhere(entry: Entry, reading: Reading) -> bool:
    """Say whether all that is left of a post is a conflict of this history: its record went along with its file."""
    return entry.conflict is not None and entry.record is None and entry.path not in reading.local


def revive_others(round: Round, incoming: Incoming) -> None:
    """Show what the site let go of again where sites after it brought the file back. Raises SiteError."""
    have = {*(subject.path for subject in incoming.subjects), *incoming.held}
    for subject in _from_other_sites(round, incoming, have, new=False):
        if subject.path not in incoming.results:
            linked = revive(round, incoming, subject)
            incoming.subjects += [linked] if linked is not None else []


def pass_over(round: Round, incomings: Sequence[Incoming]) -> None:
    """Let each site remember what others made of posts that it does not carry: the next run has nothing to look at."""
    files = [path for it in incomings for edit in it.edits if not edit.is_new for path in edit.files]
    changed = {path: oid for path in files if (oid := round.overlay.pending(path)) is not None}
    for incoming in incomings if changed else ():
        _pass_over(round, incoming, changed)


def _pass_over(round: Round, incoming: Incoming, changed: Mapping[str, Oid]) -> None:
    reading, results, overlay = incoming.reading, incoming.results, round.overlay
    entries = reading.entries(list(changed))
    for path, oid in changed.items():
        entry = entry_of(results[path], entries[path]) if path in results else entries[path]
        is_live = entry.record is not None and entry.record.state == "live"
        if entry.base in (None, oid) or is_live or entry.conflict is not None:
            continue
        if not selected(overlay.project.read(path, overlay.read(oid)), reading.name):
            subject = Subject(site=reading.name, path=path, oid=oid, entry=entry, step=Step.NOTHING)
            results.append(subject.result(base=oid, remote=entry.remote, record=entry.record))


def _post(key: str, entry: Entry, change: LocalChange | None) -> tuple[str, Entry, LocalChange | None]:
    """Return what is known under one key; a new file at another post's path has no history."""
    return key, Entry(path=change.path) if change is not None and key.endswith(TAKEN) else entry, change


def _blobs(round: Round, posts: Sequence[tuple[str, Entry, LocalChange | None]]) -> dict[Oid, bytes]:
    """Read every version that these posts' decisions may need, at once."""
    wanted: dict[Oid, None] = {}
    for _, entry, change in posts:
        oids = [entry.base, change.oid if change is not None else None]
        if (conflict := entry.conflict) is not None:
            oids += [conflict.base, conflict.ours, conflict.theirs]
        wanted.update((oid, None) for oid in oids if oid is not None and not round.overlay.is_new(oid))
    return dict(round.overlay.project.repository.blobs(wanted))


def _is_text(path: str) -> bool:
    """Say whether a path can be written down; git takes any bytes for a name."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _invalid(incoming: Incoming, path: str, error: InvalidContent) -> None:
    incoming.tell("skip", path, "failed", reason=str(error if error.path else error.at(path)))
    incoming.hold(path, 6)


def _from_other_sites(round: Round, incoming: Incoming, have: set[str], *, new: bool = True) -> list[Subject]:
    """Return the files that other sites brought in this run: they are back here, or `new` too."""
    overlay, name = round.overlay, incoming.reading.name
    known = {change.path for change in incoming.reading.local.values()}
    brought = [path for path in overlay.changed if path not in have and path not in known]
    entries = {**incoming.reading.ledger.entries(brought), **incoming.reading.settled}
    return [
        Subject(
            site=name,
            path=path,
            oid=oid,
            entry=entries[path],
            step=Step.CREATE if (claim := entries[path].record) is None else Step.REVIVE,
        )
        for path in brought
        if (new if (claim := entries[path].record) is None else claim.is_let_go and entries[path].base is None)
        and (oid := overlay.pending(path)) is not None
        and selected(overlay.project.read(path, overlay.read(oid)), name)
    ]

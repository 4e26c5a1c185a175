"""Records follow their files through rewritten history: a rename that was amended, squashed or reset is no new post.

Bases are those of the newest agreement in HEAD's history, under the paths of then; records are the tip's, under the
paths of the newest agreement. Where a post was renamed in between, only the tip knows which file its record is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gitsync.engine.local import LocalChange, local_changes
from gitsync.engine.projection import selected
from gitsync.engine.survey import Reading, crowded
from gitsync.errors import InvalidContent
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state.records import KEEP, Entry, LedgerRecord, Result, moved


@dataclass(frozen=True, slots=True)
class _Move:
    """A record that the ledger has at `source`, of the file that is `oid` at `path` in HEAD, agreed on as `key`.

    Without an `oid` there is no file: the record makes room for another one, or its file was `deleted`.
    """

    source: str
    key: str
    path: str
    oid: Oid | None
    deleted: bool = False


def relocate(project: Project, reading: Reading, head: Oid) -> list[Result]:
    """Let every live record of `reading` be known where its file is in HEAD; return what the ledger is to learn."""
    if reading.ledger.tip is None or reading.agreed == reading.ledger.tip:
        return []
    moves = _possible(reading, *_moves(project, reading, head))
    if not moves:
        return []
    sources = [move.source for move in moves]
    entries = reading.entries([*sources, *(move.key for move in moves)])
    known = {key: reading.local.pop(key, None) for key in {*sources, *(move.key for move in moves)}}
    read = {source: reading.changed.pop(source, None) for source in sources}
    gone = reading.gone & set(sources)
    reading.gone -= gone
    results: list[Result] = []
    targets = {move.path for move in moves}
    for source in set(sources) - targets:
        left = known.get(source)
        keeps = left is not None and left.oid is not None and source not in {move.key for move in moves}
        agreed = entries[source].base if keeps and left is not None and left.kind == "changed" else None
        reading.settled[source] = Entry(path=source, base=agreed)
        if keeps and left is not None:  # another file is there now
            reading.local[source] = left
    for move in moves:
        entry = _entry(move, entries, known[move.key], settled=move.source in reading.settled)
        if move.key not in targets and move.key not in sources:
            results.append(Result(site=reading.name, path=move.key, base=None, remote=None, record=KEEP, conflict=None))
        # Without its token, so that the site is asked again where this run decides nothing.
        unread = replace(_record(entry), revision="")
        results.append(moved(replace(entry, path=move.source, record=unread), site=reading.name, path=move.path))
        reading.settled[move.path] = entry
        reading.relocated[move.source] = move.path
        if move.oid is not None:
            reading.local[move.path] = LocalChange(
                kind="changed", path=move.path, old_path=move.source, oid=move.oid, base=entry.base
            )
        elif move.deleted:
            reading.local[move.path] = LocalChange(
                kind="deleted", path=move.path, old_path=move.path, oid=None, base=entry.base
            )
        if (record := read[move.source]) is not None:
            reading.changed[move.path] = record
        if move.source in gone:
            reading.gone.add(move.path)
    reading.crowded = crowded(reading.ledger, reading.local)
    return results


def reconsider(project: Project, reading: Reading, head: Oid) -> None:
    """Let the files whose withdrawal was reset away be new: in this history they are agreed, but no record is live.

    Call it when records have followed their files.
    """
    ledger, agreed = reading.ledger, reading.agreed
    if ledger.tip is None or agreed in (None, ledger.tip):
        return
    paths = sorted(ledger.offered_again(agreed) - reading.settled.keys())
    then, files = ledger.entries(paths, at=agreed), project.repository.lookup(head, paths)
    for path, entry in ledger.entries(paths).items():
        if entry.record is not None and not entry.record.is_let_go:
            continue
        change = reading.local.get(path)
        if change is None and path in files and files[path] == then[path].base:
            change = LocalChange(kind="new", path=path, old_path=None, oid=files[path], base=None)
        elif change is not None and change.kind == "changed" and not _was_wanted(project, reading, entry):
            change = replace(change, kind="new", base=None)
        else:
            continue
        reading.settled[path] = replace(entry, base=None)
        reading.local[path] = change


def _was_wanted(project: Project, reading: Reading, entry: Entry) -> bool:
    """Say whether the site let go of a file that was meant for it: then a person detached them."""
    if entry.base is None:
        return False
    try:
        return selected(project.read(entry.path, project.repository.blob(entry.base)), reading.name)
    except InvalidContent:
        return True


def _record(entry: Entry) -> LedgerRecord:
    if entry.record is None:
        raise AssertionError(f"{entry.path} has no record")
    return entry.record


def _entry(move: _Move, entries: Mapping[str, Entry], change: LocalChange | None, *, settled: bool) -> Entry:
    """Return the record as it is at the tip, with what this history last agreed on."""
    known = entries[move.source]
    if settled and known.base is not None:
        return replace(known, path=move.path)
    is_new = not move.deleted and (move.oid is None or (change is not None and change.kind == "new"))
    then = Entry(path=move.path) if is_new else entries[move.key]
    return replace(then, path=move.path, record=known.record)


def _moves(project: Project, reading: Reading, head: Oid) -> tuple[list[_Move], set[str]]:
    """Return the live records whose file has another path than they, or had one when it was agreed on.

    Then the paths of those that have no file any more.
    """
    ledger = reading.ledger
    paths = sorted(ledger.offered_again(reading.agreed))
    entries = ledger.entries(paths)
    live = [path for path in paths if (record := entries[path].record) is not None and record.state == "live"]
    if not live:
        return [], set()
    forgotten = {
        path: record.was for path in live if (record := _record(entries[path])).was and entries[path].base is None
    }
    since = local_changes(
        project.repository,
        f"{ledger.tip}:base",
        head,
        project.pathspecs,
        project.read,
        project.dialect.is_post,
        also=forgotten,
    )
    keys = {change.path: key for key, change in reading.local.items() if change.oid is not None}
    found: list[_Move] = []
    strays: set[str] = set()
    for source in live:
        change = since.get(source)
        if change is None and entries[source].base is not None:
            path, oid = source, entries[source].base
        elif change is not None and change.kind == "changed":
            path, oid = change.path, change.oid
        else:
            strays.add(source)
            continue
        key = keys.get(path, path)
        if oid is not None and key != source:
            found.append(_Move(source=source, key=key, path=path, oid=oid))
    if strays and reading.agreed is not None:
        found += _deleted(project, reading, strays)
    return _with_leavers(reading, found), strays


def _deleted(project: Project, reading: Reading, strays: set[str]) -> Iterator[_Move]:
    """Yield the records without a file that had another path when this history had their file, and deleted it."""
    tip, agreed = f"{reading.ledger.tip}:base", f"{reading.agreed}:base"
    since = local_changes(project.repository, agreed, tip, project.pathspecs, project.read, project.dialect.is_post)
    for key, change in since.items():
        went = reading.local.get(key)
        if change.path in strays and change.path != key and went is not None and went.kind == "deleted":
            yield _Move(source=change.path, key=key, path=change.path, oid=None, deleted=True)


def _with_leavers(reading: Reading, moves: list[_Move]) -> list[_Move]:
    """Add the records, known under one path in both histories, whose files leave the paths that others come to."""
    moves = list(moves)
    sources = {move.source for move in moves}
    for move in moves:  # grows on the way
        change = reading.local.get(move.path)
        if move.path in sources or change is None or change.oid is None or change.path == move.path:
            continue
        record = reading.ledger.entries([move.path])[move.path].record
        if record is None or record.state != "live":
            continue
        sources.add(move.path)
        moves.append(_Move(source=move.path, key=move.path, path=change.path, oid=change.oid))
    return moves


def _possible(reading: Reading, moves: list[_Move], strays: set[str]) -> list[_Move]:
    """Let records without a file (`strays`) change places with those that come; leave out moves that find no room."""
    here = {change.path for change in reading.local.values() if change.oid is not None}
    while moves:
        sources = {move.source for move in moves}
        wanted = {path for move in moves for path in (move.key, move.path)} - sources
        entries = reading.ledger.entries(wanted)
        taken = {path for path in wanted if (record := entries[path].record) is not None and record.state == "live"}
        aside = [
            _Move(source=move.path, key=move.source, path=move.source, oid=None)
            for move in moves
            if move.path in taken & strays
            and move.source not in here
            and not any(it.path == move.source for it in moves)
        ]
        taken -= {move.source for move in aside}
        left = [move for move in moves if move.key not in taken and move.path not in taken]
        if len(left) == len(moves):
            return [*moves, *aside]
        moves = left
    return moves

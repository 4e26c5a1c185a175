"""Two ledgers of one site that grew apart become one, post by post."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gitsync.repository import EMPTY_TREE, Repository
from gitsync.state.layout import entry_files, post_of, record_file
from gitsync.state.records import LedgerRecord, Oid, dump_record, load_record, parked_path

Shows = Callable[[str], str | None]
"""The revision that the site shows of an id now, None when that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A post that had two ids: one machine's create is kept, the other's record is never touched again."""

    path: str
    kept: str
    ignored: str


@dataclass(slots=True)
class Union:
    """What the merged ledger has that ours has not (removals first), and the clashes that a person must know of."""

    changes: list[tuple[str, Oid | bytes | None]] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


def reunite(
    repository: Repository, *, ours: Oid, theirs: Oid, base: Oid | None, shows: Shows, theirs_older: bool
) -> Union:
    """Merge two ledger commits whose last common one is `base`.

    What one side changed is taken. Where both did, the side wins whose revision the site shows, else the older one:
    an agreement that is too old only lets edits be seen again. Ids are never forgotten.
    """
    mine = _Side.read(repository, ours, base)
    other = _Side.read(repository, theirs, base)
    union = Union()
    files: dict[str, Oid | bytes | None] = {file: oid for file, oid in other.loose.items() if file not in mine.loose}
    placed = {
        **{
            path: (path, path)
            for path in mine.changed.keys() & other.changed.keys()
            if path not in mine.moves and path not in other.moves
        },
        # A post that one side renamed and the other one changed: the change follows it.
        **{to: (to, path) for path, to in mine.moves.items() if path in other.changed and path not in other.moves},
        **{to: (path, to) for path, to in other.moves.items() if path in mine.changed and path not in mine.moves},
    }
    for path, to in other.moves.items():
        if mine.moves.get(path, to) != to:  # renamed twice: one name is as good as the other, two are too many
            files.update(dict.fromkeys(entry_files(mine.moves[path])))
    both = {path for pair in placed.values() for path in pair}
    for path in other.changed.keys() - both:
        files.update(other.changed[path])
    mine_at, other_at = mine.entries(repository, both), other.entries(repository, both)
    for to, (from_mine, from_other) in placed.items():
        a, b = mine.records.get(from_mine), other.records.get(from_other)
        if from_mine != to:
            files.update(dict.fromkeys(entry_files(from_mine)))
        if _prefers_theirs(a, b, shows, theirs_older):
            files.update(_moved(other_at[from_other], from_other, to))
            winner, loser = b, a
        else:
            files.update(_moved(mine_at[from_mine], from_mine, to))
            winner, loser = a, b
        if winner is not None and loser is not None:
            files[record_file(to)] = dump_record(_with_claims(winner, loser))
            if loser.id not in winner.ids and winner.id not in loser.ids:
                union.clashes.append(Clash(path=to, kept=winner.id, ignored=loser.id))
                files[record_file(parked_path(to, loser.id))] = dump_record(replace(loser, state="ignored"))
    for path in mine.moves.keys() & other.moves.keys():
        names = {mine.moves[path], other.moves[path]}
        if len(names) > 1:  # one new name is as good as the other, but two are too many
            files.update(dict.fromkeys(entry_files(max(names))))
    union.changes = sorted(files.items(), key=lambda change: change[1] is not None)
    return union


def _prefers_theirs(a: LedgerRecord | None, b: LedgerRecord | None, shows: Shows, theirs_older: bool) -> bool:
    if a is None or b is None:
        return theirs_older if a is b else a is None
    if (a.id in b.former) != (b.id in a.former):
        return a.id in b.former  # the platform gave it a new id, and only that side knows
    fits_a, fits_b = (bool(it.revision) and shows(it.id) == it.revision for it in (a, b))
    if fits_a != fits_b:
        return fits_b
    if a.written is not None and b.written is not None and a.written != b.written:
        return b.written < a.written
    return theirs_older


def _with_claims(winner: LedgerRecord, loser: LedgerRecord) -> LedgerRecord:
    same = loser.id in winner.ids or winner.id in loser.ids
    claims = [id for id in (*winner.former, *(loser.ids if same else loser.former)) if id != winner.id]
    return replace(winner, former=tuple(dict.fromkeys(claims)), assets={**loser.assets, **winner.assets})


def _moved(found: Mapping[str, Oid], path: str, to: str) -> dict[str, Oid | bytes | None]:
    return {new: found.get(old) for old, new in zip(entry_files(path), entry_files(to), strict=True)}


@dataclass(slots=True)
class _Side:
    """What one ledger changed since the common one: files by post, files of no post, records, and renames."""

    tip: Oid
    changed: dict[str, dict[str, Oid | None]]
    loose: dict[str, Oid | None]
    records: dict[str, LedgerRecord]
    moves: dict[str, str]

    @classmethod
    def read(cls, repository: Repository, tip: Oid, base: Oid | None) -> _Side:
        side = cls(tip, {}, {}, {}, {})
        before: dict[str, Oid] = {}
        after: dict[str, Oid] = {}
        for change in repository.diff(base or EMPTY_TREE, tip, renames=False):
            path = post_of(change.path)
            if change.path.startswith(("intents/", "uploads/")):
                side.loose[change.path] = change.oid
                continue
            side.changed.setdefault(path, {})[change.path] = change.oid
            if change.path == record_file(path):
                before |= {path: change.old_oid} if change.old_oid else {}
                after |= {path: change.oid} if change.oid else {}
        unchanged = repository.lookup(tip, [record_file(path) for path in side.changed if path not in after])
        after |= {post_of(file): oid for file, oid in unchanged.items()}
        contents = dict(repository.blobs(dict.fromkeys((*before.values(), *after.values()))))
        side.records = {path: load_record(contents[oid], path=path) for path, oid in after.items()}
        places = {record.id: path for path, record in side.records.items()}
        for path, oid in before.items():
            was = load_record(contents[oid], path=path)
            now = side.records.get(path)
            to = places.get(was.id)
            if to is not None and to != path and (now is None or now.id != was.id):
                side.moves[path] = to
        return side

    def entries(self, repository: Repository, paths: set[str]) -> dict[str, dict[str, Oid]]:
        """Return for each path the files that this side has of it."""
        found = repository.lookup(self.tip, (file for path in paths for file in entry_files(path)))
        return {path: {file: found[file] for file in entry_files(path) if file in found} for path in paths}

"""What changed in the repository since a site last agreed: one tree diff, then renames by identity.

The cost follows the change, not the number of posts. Git pairs files by likeness; posts know better who they are, so
an equal slug, canonical URL or date and title decides before git's score does, and two posts that contradict each
other in all of them are never one post renamed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitsync.errors import InvalidContent
from gitsync.model import Post
from gitsync.repository import Change, Oid, Repository

if TYPE_CHECKING:
    from gitsync.document import Document

Kind = Literal["new", "changed", "deleted", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalChange:
    """One post that is not as it was agreed.

    `path` is where the file is now, or was when it is deleted; `old_path` is where the ledger has it, None for a new
    file. `outside` means that the file left the content paths but still exists: at `path`.
    """

    kind: Kind
    path: str
    old_path: str | None
    oid: Oid | None
    base: Oid | None


TAKEN = "//new"
"""Marks the key of a new file whose path the ledger knows as another post's."""

Reader = Callable[[str, bytes], "Document"]
"""Parses a post's bytes, given its path; raises InvalidContent."""


def local_changes(
    repository: Repository,
    base: str,
    head: str,
    pathspecs: Sequence[str],
    read: Reader,
    is_post: Callable[[str], bool] = lambda _: True,
    also: Mapping[str, Oid] | None = None,
) -> dict[str, LocalChange]:
    """Return the changes from the tree-ish `base` to `head`, by the path that the ledger knows.

    A new file is known by its own path, or by a name that no file has where the ledger knows another post there.
    `also` are versions of posts that `base` does not have: where they have another file or none, it may have been
    renamed.
    """
    changes = [change for change in repository.diff(base, head, pathspecs) if _is_file(change, is_post)]
    here = _added(repository, changes, head, also) if also else set()
    paired = _pair(repository, changes, read)
    if here:
        paired = [_unless_there(change) if change.old_path in here else change for change in paired]
        paired = [change for change in paired if change.kind != "deleted" or change.path not in here]
    if any(change.kind == "deleted" for change in paired):
        paired = _still_there(repository, base, head, paired)
    found = {change.old_path: change for change in paired if change.old_path is not None}
    news = (change for change in paired if change.old_path is None)
    return found | {change.path + TAKEN if change.path in found else change.path: change for change in news}


def _added(repository: Repository, changes: list[Change], head: str, also: Mapping[str, Oid]) -> set[str]:
    """Let the versions `also` be gone in `changes`, unless the base has their paths; return those with a file."""
    based = {
        change.old_path or change.path for change in changes if change.old_oid is not None and change.status != "C"
    }
    come = {change.path for change in changes if change.oid is not None}
    held = repository.lookup(head, also).keys()
    gone = sorted(also.keys() - based - (held - come))
    changes += [
        Change(status="D", path=path, old_path=None, mode="100644", oid=None, old_oid=also[path], score=0)
        for path in gone
    ]
    return held & set(gone)


def _unless_there(change: LocalChange) -> LocalChange:
    """Return a file that is where its post was as a new one: nobody agreed on that version."""
    if change.kind != "changed" or change.path != change.old_path:
        return change
    return LocalChange(kind="new", path=change.path, old_path=None, oid=change.oid, base=None)


def _is_file(change: Change, is_post: Callable[[str], bool]) -> bool:
    """Say whether a change is about a post: links are never followed, and generators have files of other meaning."""
    return change.mode in ("100644", "100755") and (is_post(change.path) or change.old_oid is not None)


def _pair(repository: Repository, changes: Sequence[Change], read: Reader) -> list[LocalChange]:
    """Pair files of the base with files of HEAD: by identity, equal bytes, title, then as git did, then by path."""
    gone: dict[str, Oid] = {}
    come: dict[str, Oid] = {}
    guess: dict[str, str] = {}
    for change in changes:
        if change.old_oid is not None and change.status != "C":
            gone[change.old_path or change.path] = change.old_oid
        if change.oid is not None:
            come[change.path] = change.oid
        if change.status in "RM" and change.oid is not None:
            guess[change.path] = change.old_path or change.path
    edited = {change.path for change in changes if change.status in "MT" and change.score == 0}
    if len(changes) == 1 and edited:
        return [_changed(path, path, gone, come) for path in come]
    who = _identities(repository, gone, come, read)
    pairs: dict[str, str] = {}
    free = dict.fromkeys(gone)
    for key_of in (_slug, _canonical, _dated_title, _bytes):
        _match(who, key_of, come, free, pairs)
    _match_titles(who, come, free, pairs)
    for path in come:
        old = guess.get(path)
        if (
            old != path
            and path not in pairs
            and old in free
            and not _strangers(who.get(("old", old)), who.get(("new", path)))
        ):
            pairs[path] = old
            del free[old]
    for path in come:
        if path in pairs or path not in free:
            continue
        if path in edited or not _strangers(who.get(("old", path)), who.get(("new", path))):
            pairs[path] = path
            del free[path]
    found = [_changed(pairs[path], path, gone, come) for path in come if path in pairs]
    found += [
        LocalChange(kind="new", path=path, old_path=None, oid=come[path], base=None)
        for path in come
        if path not in pairs
    ]
    found += [LocalChange(kind="deleted", path=old, old_path=old, oid=None, base=gone[old]) for old in free]
    return found


def _changed(old: str, new: str, gone: Mapping[str, Oid], come: Mapping[str, Oid]) -> LocalChange:
    return LocalChange(kind="changed", path=new, old_path=old, oid=come[new], base=gone[old])


@dataclass(frozen=True, slots=True)
class _Identity:
    slug: str | None
    canonical: str | None
    title: str | None
    date: str | None
    oid: Oid


def _slug(who: _Identity) -> object:
    return who.slug


def _canonical(who: _Identity) -> object:
    return who.canonical


def _dated_title(who: _Identity) -> object:
    return (who.title, who.date) if who.title and who.date else None


def _title(who: _Identity) -> object:
    return who.title


def _bytes(who: _Identity) -> object:
    return who.oid


_Who = dict[tuple[str, str], _Identity]


def _identities(repository: Repository, gone: Mapping[str, Oid], come: Mapping[str, Oid], read: Reader) -> _Who:
    wanted: dict[Oid, list[tuple[str, str]]] = {}
    for side, paths in (("old", gone), ("new", come)):
        for path, oid in paths.items():
            wanted.setdefault(oid, []).append((side, path))
    who: _Who = {}
    for oid, content in repository.blobs(wanted):
        for side, path in wanted[oid]:
            who[side, path] = _identity(path, oid, content, read)
    return who


def _identity(path: str, oid: Oid, content: bytes, read: Reader) -> _Identity:
    try:
        post = read(path, content).post
    except InvalidContent:  # it is told when the post is planned; here it only has no name
        return _Identity(None, None, None, None, oid)
    return _named(post, oid)


def _named(post: Post, oid: Oid) -> _Identity:
    date = post.date.isoformat() if post.date else None
    return _Identity(post.slug, post.canonical_url, post.title, date, oid)


def _match(
    who: _Who,
    key_of: Callable[[_Identity], object],
    come: Mapping[str, Oid],
    free: dict[str, None],
    pairs: dict[str, str],
) -> None:
    """Pair those whose key is theirs alone on both sides; the same path wins among equals."""
    olds: dict[object, list[str]] = {}
    for old in free:
        if (key := key_of(who["old", old])) is not None:
            olds.setdefault(key, []).append(old)
    news: dict[object, list[str]] = {}
    for path in come:
        if path not in pairs and (key := key_of(who["new", path])) is not None:
            news.setdefault(key, []).append(path)
    for key, paths in news.items():
        candidates = olds.get(key, [])
        for path in [path for path in paths if path in candidates]:
            pairs[path] = path
            candidates.remove(path)
            del free[path]
        rest = [path for path in paths if path not in pairs]
        if len(rest) == len(candidates) == 1:
            pairs[rest[0]] = candidates[0]
            del free[candidates[0]]


def _match_titles(who: _Who, come: Mapping[str, Oid], free: dict[str, None], pairs: dict[str, str]) -> None:
    """Pair a file that went with one that came, and has its title alone; other names of theirs must not differ."""
    went = {old: None for old in free if old not in come}
    came = {path: oid for path, oid in come.items() if path not in pairs and path not in free}
    found: dict[str, str] = {}
    _match(who, _title, came, went, found)
    for path, old in found.items():
        if not _differ(who["old", old], who["new", path]):
            pairs[path] = old
            del free[old]


def _differ(old: _Identity, new: _Identity) -> bool:
    """Say whether a name that both posts have is not the same."""
    names = ((old.slug, new.slug), (old.canonical, new.canonical), (old.date, new.date))
    return any(a is not None and b is not None and a != b for a, b in names)


def _strangers(old: _Identity | None, new: _Identity | None) -> bool:
    """Say whether two posts are surely not one: they have names in common, and every one of them differs."""
    if old is None or new is None:
        return False
    told = [
        (a, b)
        for a, b in ((old.slug, new.slug), (old.canonical, new.canonical), (old.title, new.title), (old.date, new.date))
        if a is not None and b is not None
    ]
    return len(told) > 1 and all(a != b for a, b in told)


def are_strangers(one: Post, other: Post) -> bool:
    """Say whether two posts that one path had are surely not one: every name differs that both have, and some do."""
    return _strangers(_named(one, ""), _named(other, ""))


def _still_there(repository: Repository, base: str, head: str, changes: Sequence[LocalChange]) -> list[LocalChange]:
    """Turn a deletion into `outside` when the file lives on where the content paths do not reach."""
    deleted = {change.path for change in changes if change.kind == "deleted"}
    taken = {change.path for change in changes}
    moved = {
        change.old_path: change
        for change in repository.diff(base, head)
        if change.status == "R" and change.old_path in deleted and change.path not in taken
    }
    return [
        change
        if (to := moved.get(change.path)) is None or change.kind != "deleted"
        else LocalChange(kind="outside", path=to.path, old_path=change.path, oid=to.oid, base=change.base)
        for change in changes
    ]

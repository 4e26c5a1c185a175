"""Reads commits, trees and blobs with few processes, whatever their number."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import IO, NamedTuple

from gitsync.errors import RepositoryError
from gitsync.git.gitprocess import Git, Oid, decode, encode

EMPTY_TREE: Oid = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The tree without entries, to be given as a tree-ish in any repository, SHA-256 included."""

_EMPTY_TREE_SHA256: Oid = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
_FEW = 500  # paths above which listing the whole tree beats finding each: that reads every folder on its way anew
_CHUNK = 20_000  # objects asked of one cat-file: bounds memory, and the start of a process is lost in it


class Change(NamedTuple):
    """One path that differs between two trees. `status` is A, M, D, R (renamed) or T (type changed).

    `mode` is the new mode ("100644"; the old one for D); `score` is git's similarity in percent for R, else 0.
    """

    status: str
    path: str
    old_path: str | None
    oid: Oid | None
    old_oid: Oid | None
    score: int
    mode: str


class TreeEntry(NamedTuple):
    """A file in a tree; mode "120000" is a symbolic link, "160000" a submodule."""

    path: str
    mode: str
    oid: Oid


class Commit(NamedTuple):
    """A commit; `when` is the author's time. A trailer given more than once has a tuple of its values."""

    oid: Oid
    parents: tuple[Oid, ...]
    tree: Oid
    author: tuple[str, str]
    when: datetime
    subject: str
    trailers: Mapping[str, str | tuple[str, ...]]


def resolve(git: Git, rev: str) -> Oid | None:
    """Return the object that `rev` names, or None."""
    if not rev or "\0" in rev:
        return None
    answer = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", rev, ok=(0, 1, 128))
    return answer.text if answer.status == 0 else None


def tree_oid(git: Git, treeish: str, *, sha256: bool) -> Oid:
    """Return the tree that `treeish` names; a folder missing in an existing commit is the empty tree.

    Raises RepositoryError when the commit is missing.
    """
    if treeish == EMPTY_TREE:
        return _EMPTY_TREE_SHA256 if sha256 else EMPTY_TREE
    commit, colon, _ = treeish.partition(":")
    oid = resolve(git, treeish if colon else f"{treeish}^{{tree}}")
    if oid is None and colon and resolve(git, f"{commit}^{{tree}}"):
        return tree_oid(git, EMPTY_TREE, sha256=sha256)
    if oid is None:
        raise RepositoryError(f"The repository has no {treeish!r}.", "In a shallow clone, run `git fetch --unshallow`.")
    return oid


def diff(git: Git, old: Oid, new: Oid, pathspecs: Sequence[str], *, renames: bool) -> list[Change]:
    """Return what differs between two trees."""
    # Without -l0 git tells of more than 1,000 inexact renames as deletes and adds, without a word.
    how = ("-B", "-M", "-l0") if renames else ("--no-renames",)
    args = ("--glob-pathspecs", "diff-tree", "-r", "-z", *how, "--end-of-options", old, new, "--", *pathspecs)
    with git.stream(*args) as output:
        return list(_changes(_fields(output)))


def _changes(fields: Iterator[str]) -> Iterator[Change]:
    for field in fields:
        old_mode, new_mode, old_oid, new_oid, status = field.lstrip(":").split(" ")
        path = next(fields)
        kind, score = status[0], int(status[1:] or 0)
        old_path, path = (path, next(fields)) if kind in "RC" else (None, path)
        yield Change(
            status="A" if kind == "C" else kind,
            path=path,
            old_path=old_path,
            oid=None if kind == "D" else new_oid,
            old_oid=None if kind == "A" else old_oid,
            score=score if kind == "R" else 0,
            mode=sys.intern(old_mode if kind == "D" else new_mode),  # few different ones, kept a hundred thousand times
        )


def tree(git: Git, treeish: Oid, pathspecs: Sequence[str], empty: Oid) -> Iterator[TreeEntry]:
    """Yield the files of a tree in git's order."""
    if treeish == empty:
        return
    if pathspecs:  # ls-tree knows no globs
        for change in diff(git, empty, treeish, pathspecs, renames=False):
            yield TreeEntry(change.path, change.mode, change.oid or "")
    else:
        yield from _listing(git, treeish)


def _listing(git: Git, treeish: Oid) -> Iterator[TreeEntry]:
    with git.stream("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", treeish) as output:
        for field in _fields(output):
            facts, _, path = field.partition("\t")
            mode, _, oid = facts.split(" ")
            yield TreeEntry(path, mode, oid)


def _fields(output: IO[bytes]) -> Iterator[str]:
    rest = b""
    while chunk := output.read(1 << 18):
        *whole, rest = (rest + chunk).split(b"\0")
        for field in whole:
            yield decode(field)


def lookup(git: Git, treeish: Oid, paths: Iterable[str]) -> dict[str, Oid]:
    """Return the blob at each path that is a file in the tree; others are absent."""
    wanted = set(paths)
    # cat-file reads lines, and takes a "\r" at their end for a part of the end.
    if len(wanted) > _FEW or any("\n" in path or path.endswith("\r") for path in wanted):
        return {path: oid for path, mode, oid in _listing(git, treeish) if path in wanted and mode != "160000"}
    found: dict[str, Oid] = {}
    asked = sorted(wanted - {""})
    if not asked:
        return found
    lines = encode("".join(f"{treeish}:{path}\n" for path in asked))
    with git.stream("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer", input=lines) as output:
        for path, line in zip(asked, output, strict=True):
            oid, _, kind = line.decode("utf-8", "replace").rstrip("\n").rpartition(" ")
            if kind == "blob":
                found[path] = oid
    return found


def blobs(git: Git, oids: Iterable[Oid]) -> Iterator[tuple[Oid, bytes]]:
    """Yield each object asked for and its bytes, in that order. Raises RepositoryError when one is missing."""
    remaining = iter(oids)
    while chunk := list(islice(remaining, _CHUNK)):
        with git.stream("cat-file", "--batch", "--buffer", input=encode("\n".join(chunk) + "\n")) as output:
            for oid in chunk:
                header = output.readline().split()
                if len(header) != 3:
                    raise RepositoryError(
                        f"The repository lacks object {oid}.", "Run `git fsck` to see what is damaged."
                    )
                yield oid, output.read(int(header[2]))
                output.read(1)


_LOG = "%x00".join(("%H", "%P", "%T", "%an", "%ae", "%at", "%aI", "%s", "%(trailers:only,unfold,separator=%x01)"))


def log(git: Git, tip: str, *, limit: int | None, paths: Sequence[str]) -> Iterator[Commit]:
    """Yield commits, newest first."""
    count = () if limit is None else (f"--max-count={limit}",)
    plain = ("--no-show-signature", "--no-notes", "--no-mailmap", "--no-color", "--no-patch", "--encoding=UTF-8")
    args = ("--glob-pathspecs", "log", "-z", f"--format={_LOG}", *plain, *count, "--end-of-options", tip, "--", *paths)
    with git.stream(*args) as output:
        fields = _fields(output)
        for oid in fields:
            parents, tree, name, email, seconds, iso, subject, trailers = islice(fields, 8)
            when = _instant(seconds, iso)
            yield Commit(oid, tuple(parents.split()), tree, (name, email), when, subject, _trailers(trailers))


def tip(git: Git, ref: str) -> tuple[Oid | None, dict[str, str | tuple[str, ...]]]:
    """Return the commit that a full ref, or its own name, names, None if there is none, and its trailers."""
    if not ref.startswith("refs/"):
        commit = next(log(git, ref, limit=1, paths=()), None)
        return (commit.oid, dict(commit.trailers)) if commit is not None else (None, {})
    fields = "%00".join(("%(refname)", "%(objectname)", "%(contents:trailers:only,unfold,separator=%x01)", ""))
    answer = git.run("for-each-ref", f"--format={fields}", "--", ref)
    said = answer.text.split("\0")
    for name, oid, trailers in zip(said[::3], said[1::3], said[2::3], strict=False):
        if name.strip() == ref:  # there may be others below it
            return oid, _trailers(trailers)
    return None, {}


def _instant(seconds: str, iso: str) -> datetime:
    # Old histories have times and zones that no calendar knows.
    with suppress(ValueError, OverflowError):
        return datetime.fromisoformat(iso)
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(seconds), UTC)
    return datetime.fromtimestamp(0, UTC)


def _trailers(text: str) -> dict[str, str | tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    for line in text.split("\x01"):
        key, colon, value = line.partition(":")
        if colon:
            values[key.strip()] = (*values.get(key.strip(), ()), value.strip())
    return {key: value[0] if len(value) == 1 else value for key, value in values.items()}


def file_history(git: Git, path: str, tip: str) -> Iterator[Oid]:
    """Yield the blobs that the file now at `path` ever had, newest first, each once; follows renames."""
    seen: set[Oid] = set()
    args = ("--literal-pathspecs", "log", "--follow", "-m", "--raw", "-z", "--no-abbrev", "--format=", "--no-color")
    with git.stream(*args, "--no-show-signature", "--end-of-options", tip, "--", path) as output:
        for field in _fields(output):
            facts = re.match(r"\n*:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [AMRTC]", field)
            if facts and facts[1] not in seen:
                seen.add(facts[1])
                yield facts[1]

"""Says which files of the work tree must be left alone, and reads what the index and the disk hold. Writes nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gitsync.git.gitprocess import Oid, decode, encode
from gitsync.repository import Repository

_FEW = 64  # above, listing the whole index is cheaper than matching each of its entries against each path


@dataclass(slots=True)
class Entry:
    """What the index has for a path: stage -> (mode, oid); stage 0 alone when it is merged."""

    stages: dict[int, tuple[str, Oid]] = field(default_factory=dict)
    skipped: bool = False  # skip-worktree: outside of a sparse checkout, not on the disk
    assumed: bool = False  # assume-unchanged: git does not look at the file

    @property
    def oid(self) -> Oid | None:
        """The blob of a merged entry."""
        return self.stages[0][1] if 0 in self.stages else None

    @property
    def mode(self) -> str | None:
        """The mode of a merged entry."""
        return self.stages[0][0] if 0 in self.stages else None


def index_entries(repository: Repository, paths: Collection[str] | None) -> dict[str, Entry]:
    """Return what the index has at these paths (None: everywhere); a path that it lacks is absent."""
    few = paths is not None and len(paths) <= _FEW
    asked = sorted(paths) if few and paths else ()
    wanted = None if paths is None else set(paths)
    entries: dict[str, Entry] = {}
    if paths is not None and not paths:
        return entries
    answer = repository.git.run("--literal-pathspecs", "ls-files", "-z", "-s", "-v", "--", *asked)
    for row in decode(answer.output).split("\0")[:-1]:
        facts, _, path = row.partition("\t")
        if wanted is None or path in wanted:
            flag, mode, oid, stage = facts.split(" ")
            entry = entries.setdefault(path, Entry())
            entry.stages[int(stage)] = (mode, oid)
            entry.skipped = flag in "Ss"
            entry.assumed = flag.islower() and flag != "s"
    return entries


def busy(repository: Repository, paths: Collection[str], *, leaving: Collection[str] = ()) -> dict[str, str]:
    """Return the paths that gitsync may not touch now, each with the reason, to be read after "it"; {} when bare.

    A path is free when nothing is there, or exactly what HEAD has, in the index and on the disk. Files that are
    `leaving` in the same move are in nobody's way.
    """
    root = repository.root
    if root is None or not paths:
        return {}
    entries = index_entries(repository, paths)
    staged = set(_names(repository, "diff-index", "--cached", repository.head() or repository.empty_tree))
    dirty = _dirty(repository, paths, entries)
    below = _Folders(root, _submodules(repository, root), frozenset(leaving))
    reasons: dict[str, str] = {}
    new = []
    for path in paths:
        entry = entries.get(path)
        if entry and 0 not in entry.stages:
            reasons[path] = "has an unresolved merge"
        elif path in staged:
            reasons[path] = "has staged changes"
        elif blocked := below.blocked(path):
            reasons[path] = blocked
        elif entry and entry.assumed:
            reasons[path] = "is marked assume-unchanged"
        elif path in dirty:
            reasons[path] = "has uncommitted changes"
        elif not entry:
            new.append(path)
    return {**reasons, **_in_the_way(repository, root, new, leaving)}


def _names(repository: Repository, *command: str) -> Iterator[str]:
    with repository.git.stream(*command, "--no-renames", "--name-only", "-z", "--") as output:
        yield from decode(output.read()).split("\0")[:-1]


def _dirty(repository: Repository, paths: Collection[str], entries: dict[str, Entry]) -> set[str]:
    """Return those whose file is not what the index has; a file that was only touched is."""
    asked = sorted(paths) if len(paths) <= _FEW else ()
    answer = repository.git.run("--literal-pathspecs", "diff-files", "--raw", "--no-renames", "-z", "--", *asked)
    fields = iter(decode(answer.output).split("\0")[:-1])
    wanted = set(paths)
    dirty: set[str] = set()
    touched: dict[str, Oid] = {}
    for facts in fields:
        path = next(fields)
        old_mode, new_mode, *_, status = facts.lstrip(":").split(" ")
        entry = entries.get(path)
        if path not in wanted:
            continue
        if status[0] == "M" and old_mode == new_mode and entry and entry.oid:
            touched[path] = entry.oid
        else:
            dirty.add(path)
    held = file_oids(repository, touched)
    return dirty | {path for path, oid in touched.items() if oid not in held.get(path, ())}


def file_oids(repository: Repository, paths: Iterable[str]) -> dict[str, set[Oid]]:
    """Return, for each path that is a file or a link, the names of the blobs it may be: as it is and as git stores it.

    Both, since git stores CRLF as LF only where it did so before.
    """
    root = repository.work_tree()
    found: dict[str, set[Oid]] = {}
    files = []
    for path in paths:
        target = root / path
        try:
            kind = target.lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISREG(kind):
            content = target.read_bytes()
            files.append(path)
        elif stat.S_ISLNK(kind):
            content = os.fsencode(target.readlink())
        else:
            continue
        found[path] = {repository.hash_blob(content)}
    # A path is quoted as in C, so that it may hold a newline.
    quoted = [encode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") for path in files]
    lines = b"".join(b'"%s"\n' % path for path in quoted)
    if files:
        answer = repository.git.run("-c", "core.safecrlf=false", "hash-object", "--stdin-paths", input=lines)
        for path, oid in zip(files, answer.text.split("\n"), strict=True):
            found[path].add(oid)
    return found


def _submodules(repository: Repository, root: Path) -> set[str]:
    if not (root / ".gitmodules").exists():
        return set()
    return {path for path, entry in index_entries(repository, None).items() if entry.mode == "160000"}


class _Folders:
    """Says of a path why no file may be written below its folders; remembers each folder."""

    def __init__(self, root: Path, submodules: set[str], leaving: Collection[str]) -> None:
        self._root = root
        self._leaving = leaving
        self._submodules = submodules
        self._seen: dict[str, str | None] = {"": None}

    def blocked(self, path: str) -> str | None:
        if path in self._submodules:
            return "is a submodule"
        return self._folder(path.rpartition("/")[0])

    def _folder(self, folder: str) -> str | None:
        if folder not in self._seen:
            self._seen[folder] = self._folder(folder.rpartition("/")[0]) or self._look(folder)
        return self._seen[folder]

    def _look(self, folder: str) -> str | None:
        if folder in self._submodules:
            return f"is inside the submodule {folder}"
        if folder in self._leaving:
            return None
        try:
            kind = (self._root / folder).lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISLNK(kind):
            return f"is behind the symbolic link {folder}"
        if not stat.S_ISDIR(kind):
            return f"needs a folder where the file {folder} is"
        return f"is inside another repository, {folder}" if (self._root / folder / ".git").exists() else None


def _in_the_way(repository: Repository, root: Path, new: Collection[str], leaving: Collection[str]) -> dict[str, str]:
    """Return what keeps paths that the index lacks from being made."""
    reasons: dict[str, str] = {}
    if new and repository.config("core.ignorecase") == "true":
        names = {path.casefold(): path for path in index_entries(repository, None)}
        for path in new:
            twin = names.setdefault(path.casefold(), path)
            if twin != path:
                reasons[path] = f"differs from {twin} only by case, which this disk does not tell apart"
    there = [path for path in new if path not in reasons and _is_there(root, path, leaving)]
    lines = "".join(f"{path}\0" for path in there)
    ignored: set[str] = set()
    if there:
        answer = repository.git.run("check-ignore", "-z", "--stdin", input=encode(lines), ok=(0, 1))
        ignored = set(decode(answer.output).split("\0"))
    for path in there:
        if (root / path).is_dir() and not (root / path).is_symlink():
            reasons[path] = "has the name of a folder that is not empty"
        else:
            reasons[path] = "is there, ignored by git" if path in ignored else "is there, not added to git"
    return reasons


def _is_there(root: Path, path: str, leaving: Collection[str]) -> bool:
    """Say whether something is there that would be lost; an empty folder would not."""
    try:
        kind = os.lstat(f"{root}/{path}").st_mode  # a string: this is asked of each of a hundred thousand new posts
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISDIR(kind):
        return True
    files = (Path(folder) / name for folder, _, names in os.walk(root / path) for name in names)
    return any(file.relative_to(root).as_posix() not in leaving for file in files)

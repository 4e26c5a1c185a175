"""Writes blobs and commits through one `git fast-import`, a hundred thousand of them as gladly as one."""

from __future__ import annotations

import hashlib
import re
import secrets
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitsync.errors import RepositoryError
from gitsync.git import big_folders
from gitsync.git.gitprocess import Git, Oid, decode, encode

_BUFFER = 1 << 20  # git's standard input is not buffered by subprocess; small writes would cost a call each
_MODES = frozenset(["100644", "100755", "120000", "160000", "040000", "keep"])
# Git checks paths when it fills an index, not when it imports; file systems fold case and cut names (git~1).
_FORBIDDEN = re.compile(r"(?:\A|/)(?:\.{0,2}|\.git|git~1)(?:/|\Z)|\0", re.IGNORECASE).search
_SPECIAL = re.compile(r'[\\"\n]').search


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob that was given to an importer."""

    oid: Oid


@dataclass(slots=True, eq=False)
class CommitHandle:
    """A commit that was given to an importer; asking for `oid` before the importer closes waits for git."""

    mark: int
    _importer: Importer

    @property
    def oid(self) -> Oid:
        """The commit's name."""
        return self._importer.oid_of(self.mark)


def blob_name(data: bytes, *, sha256: bool) -> Oid:
    """Return git's name for a blob of these bytes."""
    how = hashlib.sha256 if sha256 else hashlib.sha1
    return how(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


KEEP_MODE = "keep"
"""The mode of a change that leaves an executable file executable, and is "100644" for anything else."""

FileChange = tuple[str, Oid | Blob | bytes | None] | tuple[str, Oid | Blob | bytes | None, str]
"""A path, what it becomes (None deletes it, also a whole folder) and its mode, "100644" if not given, or KEEP_MODE.

Bytes are stored on the way. Mode "040000" with the name of a tree puts a whole folder there.
"""

Parent = Oid | CommitHandle

_Folder = bytearray
"""Rows of a blob's name in bytes, a file's name and "\\0"; the later of two counts, and zeros are no file.

As objects, a hundred thousand of them would fill the memory.
"""


class Importer:
    """Objects on their way into the repository. They are all there, on the disk, when `importing` ends; refs stay.

    Not for two threads at once.
    """

    def __init__(self, git: Git, process: Any, *, sha256: bool, committer: tuple[str, str]) -> None:
        self._git = git
        self._process = process
        self._sha256 = sha256
        self._width = 32 if sha256 else 20
        self._committer = committer
        self._buffer = bytearray()
        # A commit needs the name of a ref, which is reset before the end, so that git never makes it.
        self._ref = f"refs/gitsync-tmp/{secrets.token_hex(8)}"
        self._marks = 0
        self._oids: dict[int, Oid] = {}
        self._by_oid: dict[Oid, int] = {}
        self._open = True

    def blob(self, data: bytes) -> Blob:
        """Store bytes; equal bytes are stored once."""
        oid = blob_name(data, sha256=self._sha256)
        self._write(b"blob\ndata %d\n" % len(data))
        self._write(data)
        self._write(b"\n")
        return Blob(oid)

    def commit(
        self,
        *,
        parent: Parent | None,
        changes: Iterable[FileChange],
        message: str,
        author: tuple[str, str] | None = None,
        when: datetime | None = None,
        merges: Sequence[Parent] = (),
        base_tree: Oid | None = None,
    ) -> CommitHandle:
        """Store a commit: the tree of `parent` (or `base_tree` if given) with `changes` in their order.

        `changes` may store blobs while it is read. `author` and `when` (the author's) default to the committer, now.
        `merges` are further parents. Raises RepositoryError for a path that git must not hold (.git, .., absolute).
        """
        others, folders = self._sorted(changes)
        now = datetime.now(UTC).astimezone()
        self._marks += 1
        self._write(b"reset %s\n\n" % encode(self._ref))
        lines = [
            f"commit {self._ref}",
            f"mark :{self._marks}",
            f"author {_person(author or self._committer)} {_moment(when or now)}",
            f"committer {_person(self._committer)} {_moment(now)}",
        ]
        self._write("\n".join(lines).encode("utf-8", "replace") + b"\n")
        text = (message.replace("\0", "").rstrip("\n") + "\n").encode("utf-8", "replace")
        self._write(b"data %d\n%s\n" % (len(text), text))
        for word, commit in (("from", parent), *(("merge", merge) for merge in merges)):
            if commit is not None:
                self._write(encode(f"{word} {self._name(commit)}\n"))
        if base_tree is not None:
            self._write(encode(f'deleteall\nM 040000 {base_tree} ""\n'))
        for path, oid, mode in others:
            self._change(path, oid, mode)
        for folder in sorted(folders):
            self._fill(folder, folders.pop(folder))
        self._write(b"\n")
        return CommitHandle(self._marks, self)

    def _sorted(self, changes: Iterable[FileChange]) -> tuple[list[tuple[str, Oid | None, str]], dict[str, _Folder]]:
        """Store the bytes, and part plain files, by their folders, from all else, which has to come first."""
        others: list[tuple[str, Oid | None, str]] = []
        folders: dict[str, _Folder] = {}
        for change in changes:
            path, content, mode = change[0], change[1], change[2] if len(change) == 3 else "100644"
            _check(path, content, mode)
            if isinstance(content, bytes):
                content = self.blob(content)
            oid = content.oid if isinstance(content, Blob) else content
            folder, _, name = path.rpartition("/")
            if oid is not None and mode == "100644":
                folders.setdefault(folder, bytearray()).extend(b"%s%s\0" % (bytes.fromhex(oid), encode(name)))
                continue
            if folder in folders:
                folders[folder] += b"%s%s\0" % (bytes(self._width), encode(name))
            for inner in [it for it in folders if it == path or it.startswith(f"{path}/")]:
                del folders[inner]
            others.append((path, oid, mode))
        return others, folders

    def _fill(self, folder: str, rows: _Folder) -> None:
        """Put plain files into a folder of the commit that has just been begun."""
        files: dict[bytes, bytes] = {}
        for row in re.finditer(rb"(.{%d})([^\0]*)\0" % self._width, rows, re.DOTALL):
            files[row[2]] = row[1]
        for name in [name for name, oid in files.items() if not any(oid)]:
            del files[name]
        if folder and (tree := self._tree_of(folder, files)) is not None:
            self._change(folder, tree, "040000")
            return
        for name, oid in files.items():
            self._change(f"{folder}/{decode(name)}" if folder else decode(name), oid.hex(), "100644")

    def _tree_of(self, folder: str, files: dict[bytes, bytes]) -> Oid | None:
        """Store the whole tree of a folder where that is cheaper than change after change; None where it is not."""
        there = self._look(folder)
        if there.startswith(b"missing "):
            if len(files) < big_folders.MANY:
                return None
            return self._git.run("mktree", "-z", "--missing", input=big_folders.listing(files), write=True).text
        # A tree that only this import has cannot be read yet.
        old = self._git.run("cat-file", "tree", there.split()[2].decode("ascii"), ok=()).output
        if len(old) < big_folders.LARGE or (new := big_folders.replaced(old, files)) is None:
            return None
        return self._git.run("hash-object", "-t", "tree", "-w", "--stdin", input=new, write=True).text

    def _change(self, path: str, oid: Oid | None, mode: str) -> None:
        """Hand git one change of the commit that has just been begun."""
        if oid is None:
            self._write(b"D %s\n" % _quote(path))
            return
        if mode == KEEP_MODE:
            mode = "100755" if self._look(path).startswith(b"100755 ") else "100644"
        self._write(b"M %s %s %s\n" % (mode.encode("ascii"), oid.encode("ascii"), _quote(path)))

    def _look(self, path: str) -> bytes:
        """Ask what the commit that has just been begun has at a path: "MODE TYPE NAME\\tPATH" or "missing PATH"."""
        self._write(b"ls %s\n" % _quote(path))
        self._flush()
        answer: bytes = self._process.stdout.readline()
        if not answer:
            raise BrokenPipeError
        return answer

    def _name(self, commit: Parent) -> str:
        # Git finds a commit that it has just been given by its mark only, as its pack is not finished.
        mark = commit.mark if isinstance(commit, CommitHandle) else self._by_oid.get(commit)
        return f":{mark}" if mark else str(commit)

    def oid_of(self, mark: int) -> Oid:
        """Return the name of the commit with that mark."""
        if mark not in self._oids:
            if not self._open:
                raise RepositoryError("The import did not end well; this commit does not exist.")
            self._ask([mark])
        return self._oids[mark]

    def _ask(self, marks: Sequence[int]) -> None:
        self._write(b"".join(b"get-mark :%d\n" % mark for mark in marks))
        self._flush()
        for mark in marks:
            oid = self._process.stdout.readline().decode("ascii").strip()
            if not oid:
                raise BrokenPipeError
            self._oids[mark] = oid
            self._by_oid[oid] = mark

    def _write(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) >= _BUFFER:
            self._flush()

    def _flush(self) -> None:
        self._process.stdin.write(self._buffer)
        self._process.stdin.flush()
        self._buffer.clear()

    def finish(self) -> None:
        """Learn the commits' names and let git write everything to the disk."""
        unknown = [mark for mark in range(1, self._marks + 1) if mark not in self._oids]
        for start in range(0, len(unknown), 500):  # more answers than a pipe holds would block both sides
            self._ask(unknown[start : start + 500])
        self._write(b"reset %s\n\ndone\n" % encode(self._ref))
        self._flush()

    def close(self) -> None:
        """Take nothing more."""
        self._open = False


@contextmanager
def importing(git: Git, git_dir: Path, *, sha256: bool, committer: tuple[str, str]) -> Iterator[Importer]:
    """Yield an Importer; at the end everything given to it is in the repository. After an exception, nothing is."""
    # Deltas and strong compression cost more time than they save in posts; `git gc` does both later.
    args = ("-c", "pack.compression=1", "fast-import", "--quiet", "--done", "--depth=0", "--date-format=raw")
    importer: Importer | None = None
    report: Path | None = None
    try:
        with git.process(*args, stdin=subprocess.PIPE, write=True) as process:
            report = git_dir / f"fast_import_crash_{process.pid}"
            importer = Importer(git, process, sha256=sha256, committer=committer)
            yield importer
            importer.finish()
    finally:
        if importer:
            importer.close()
        if report:  # git's own notes on what it choked on; the error has said it
            report.unlink(missing_ok=True)


def _check(path: str, content: Oid | Blob | bytes | None, mode: str) -> None:
    if _FORBIDDEN(path):
        raise RepositoryError(f"{path!r} is no path that git may hold.")
    if mode not in _MODES or (isinstance(content, str) and not re.fullmatch("[0-9a-f]+", content)):
        raise RepositoryError(f"{mode} {content!r} is no entry of a tree.")


def _quote(path: str) -> bytes:
    if _SPECIAL(path):
        path = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return b'"%s"' % encode(path)


def _person(person: tuple[str, str]) -> str:
    name, email = (re.sub(r"[<>\x00-\x1f]+", " ", part).strip() for part in person)
    return f"{name} <{email}>"


def _moment(when: datetime) -> str:
    offset = when.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset is not None else 0
    sign = "-" if minutes < 0 else "+"
    # Git has no times before 1970.
    return f"{max(0, int(when.timestamp()))} {sign}{abs(minutes) // 60:02d}{abs(minutes) % 60:02d}"

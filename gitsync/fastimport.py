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
from gitsync.gitprocess import Git, Oid, encode

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


class Importer:
    """Objects on their way into the repository. They are all there, on the disk, when `importing` ends; refs stay.

    Not for two threads at once.
    """

    def __init__(self, process: Any, *, sha256: bool, committer: tuple[str, str]) -> None:
        self._process = process
        self._sha256 = sha256
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

        `changes` are handed to git while they are read, so they must store nothing themselves: give bytes. `author`
        and `when` (the author's) default to the committer, now. `merges` are further parents. Raises RepositoryError
        for a path that git must not hold (.git, .., absolute).
        """
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
        for change in changes:
            self._change(_quote(change[0]), change[1], change[2] if len(change) == 3 else "100644")
        self._write(b"\n")
        return CommitHandle(self._marks, self)

    def _change(self, path: bytes, content: Oid | Blob | bytes | None, mode: str) -> None:
        """Hand git one change of the commit that has just been begun."""
        oid = content.oid if isinstance(content, Blob) else content
        if mode not in _MODES or (isinstance(oid, str) and not re.fullmatch("[0-9a-f]+", oid)):
            raise RepositoryError(f"{mode} {oid!r} is no entry of a tree.")
        if oid is None:
            self._write(b"D %s\n" % path)
            return
        if mode == KEEP_MODE:
            mode = self._mode_of(path)
        if isinstance(oid, str):
            self._write(b"M %s %s %s\n" % (mode.encode("ascii"), oid.encode("ascii"), path))
        else:
            self._write(b"M %s inline %s\ndata %d\n" % (mode.encode("ascii"), path, len(oid)))
            self._write(oid)
            self._write(b"\n")

    def _mode_of(self, path: bytes) -> str:
        """Ask for the mode of a path in the commit that has just been begun."""
        self._write(b"ls %s\n" % path)
        self._flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise BrokenPipeError
        return "100755" if answer.startswith(b"100755 ") else "100644"

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
            importer = Importer(process, sha256=sha256, committer=committer)
            yield importer
            importer.finish()
    finally:
        if importer:
            importer.close()
        if report:  # git's own notes on what it choked on; the error has said it
            report.unlink(missing_ok=True)


def _quote(path: str) -> bytes:
    if _FORBIDDEN(path):
        raise RepositoryError(f"{path!r} is no path that git may hold.")
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

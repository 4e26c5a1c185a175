"""Prepares a new state of the index and of files beside the real ones, and puts it in place bit by bit.

A file gets its new content by git's own checkout (filters, line ends, modes) into a folder of ours, and is then renamed
over the old one: whenever we die, it is the old file or the new one, never half of it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from gitsync import own_files
from gitsync.bounded_json import own
from gitsync.durable import write_durably
from gitsync.errors import Locked, RepositoryError
from gitsync.git.gitprocess import Oid, encode, locked
from gitsync.repository import Repository

IndexLine = tuple[str, int, tuple[str, Oid] | None]
"""A path, a stage and its (mode, oid); None removes the path, all of its stages."""

Step = Callable[[str], None]
"""Is told the name of each step when it is done, so that a test may stop there."""

MANY = 100
"""Above so many files, one sync of all file systems is faster than one of each file."""

_LOCK_TEXT = b"gitsync is moving the work tree; if it was killed, its next run finishes that and removes this file.\n"


def go_on(_: str) -> None:
    """The step that stops nothing."""


def own_folder(repository: Repository) -> Path:
    """Return the folder for what concerns this one work tree; it exists when asked for."""
    path = folder_of(repository)
    own_files.check(path.parent)
    own_files.check(path)
    path.mkdir(parents=True, exist_ok=True)
    return path


def folder_of(repository: Repository) -> Path:
    """Return where that folder is, there or not; nothing else of gitsync's is in it."""
    return repository.git_dir / "gitsync" / "worktree"


@contextmanager
def index_lock(repository: Repository) -> Iterator[None]:
    """Keep every git from changing the index. Raises Locked naming the file when another holds it.

    A lock that a killed gitsync left is taken over; the caller holds gitsync's own lock, so none is at work.
    """
    lock = repository.git_dir / "index.lock"
    text = own_folder(repository) / "lock"
    text.unlink(missing_ok=True)  # it may still be the very file of a lock that was left
    text.write_bytes(_LOCK_TEXT)
    try:
        # A link appears with its content at once: there is never a lock of ours that we could not tell as ours.
        os.link(text, lock)
    except FileExistsError:
        if not is_ours(lock):
            raise locked(str(lock)) from None
    except OSError:  # a file system without links
        with lock.open("xb") as file:
            file.write(_LOCK_TEXT)
    finally:
        text.unlink()
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def is_ours(lock: Path) -> bool:
    """Say whether an index.lock was made by gitsync."""
    try:
        # A pipe in its place would be waited for for ever.
        with lock.open("rb") if lock.is_file() else BytesIO() as file:
            return file.read(len(_LOCK_TEXT) + 1) == _LOCK_TEXT
    except FileNotFoundError:
        return False


def write_note(repository: Repository, said: Mapping[str, Any]) -> None:
    """Put on the disk, for good, what is about to be moved. Raises Locked while an earlier note is there."""
    path = _note(repository)
    if path.exists():
        raise Locked("An earlier move of the work tree is not finished.", "Run gitsync again.")
    write_durably(path, json.dumps(said).encode("ascii"))


_TELLS = {"advance": {"branch", "old", "new"}, "conflict": {"path", "stages", "merged"}}


def read_note(repository: Repository) -> dict[str, Any] | None:
    """Return what a move that did not end wrote before it began. Raises RepositoryError: a damaged note."""
    try:
        said = own(_note(repository).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _unreadable(str(error)) from None
    known = _TELLS.get(str(said.get("kind"))) if isinstance(said, dict) else None
    if known is None or not said.keys() >= known:
        raise _unreadable("it lacks what was to be moved")
    return dict(said)


def _unreadable(reason: str) -> RepositoryError:
    return RepositoryError(
        f"The note of an unfinished move of the work tree cannot be read ({reason}).",
        "Compare your files with git status, then remove .git/gitsync/worktree.",
    )


def forget_note(repository: Repository) -> None:
    """Remove the note: what it speaks of is done, or undone."""
    _note(repository).unlink(missing_ok=True)


def _note(repository: Repository) -> Path:
    return own_folder(repository) / "move.json"


class Staging:
    """A copy of the index and a folder of files to come. Use under `index_lock`."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._root = repository.work_tree()
        self._index = own_folder(repository) / "index"
        self._files = own_folder(repository) / "checkout"
        self._environment = {"GIT_INDEX_FILE": str(self._index)}
        self._placed: dict[str, bool] = {"": False}
        self.clear()
        if (repository.git_dir / "index").exists():
            shutil.copyfile(repository.git_dir / "index", self._index)

    def clear(self) -> None:
        """Remove all that was prepared, also by a run that was killed."""
        shutil.rmtree(self._files, ignore_errors=True)
        for name in ("index", "index.lock", "lock", "move.new"):
            self._index.with_name(name).unlink(missing_ok=True)

    def update(self, lines: Iterable[IndexLine], *, skipped: Iterable[str] = ()) -> None:
        """Change entries of the copied index; `skipped` paths keep the mark of a sparse checkout."""
        zero = "0" * (64 if self._repository.sha256 else 40)
        rows = bytearray()  # not texts: there may be a hundred thousand
        for path, stage, entry in lines:
            mode, oid = entry or ("0", zero)
            rows += encode(f"{mode} {oid} {stage}\t{path}\0")
        self._git("update-index", "-z", "--index-info", input=rows)
        if marked := "".join(f"{path}\0" for path in skipped):
            self._git("update-index", "-z", "--skip-worktree", "--stdin", input=encode(marked))

    def checkout(self, paths: Iterable[str]) -> None:
        """Let git write the files of these entries into our folder. Raises RepositoryError when a filter fails."""
        names = list(paths)
        environment = self._environment
        if any(name.rpartition("/")[2] == ".gitattributes" for name in names):
            # Attributes that arrive with the files count for them; git looks for those in the work tree, then here.
            self._files.mkdir()
            work_tree = {"GIT_DIR": str(self._repository.git_dir), "GIT_WORK_TREE": str(self._files)}
            environment = {**environment, **work_tree}
        if names:
            stdin = encode("".join(f"{name}\0" for name in names))
            prefix = f"--prefix={self._files}/"
            self._repository.git.run("checkout-index", "-z", "--stdin", "-f", prefix, input=stdin, env=environment)
            self._write_out(names)

    def _write_out(self, names: Sequence[str]) -> None:
        """Return when the contents are on the disk: a file that a power cut empties would pass for its author's edit.

        Git syncs what it keeps for itself, never the files that it checks out.
        """
        if len(names) > MANY:
            os.sync()
            return
        for name in names:
            if not (path := self._files / name).is_symlink() and path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())

    def place(self, path: str, *, over: bool) -> None:
        """Put one file in place, `over` the one that is there; else only where nothing is. Raises OSError."""
        if self._place_folder(path.rpartition("/")[0]):
            return
        staged, target = self._files / path, self._root / path
        if target.is_dir() and not target.is_symlink():
            with suppress(OSError):
                target.rmdir()
        if over:
            _rename(staged, target)
            return
        try:
            os.link(staged, target, follow_symlinks=False)
            staged.unlink()  # now, since it moves the file's ctime, which the index notes
        except FileExistsError:
            return  # made just now, by someone else: not ours to replace
        except OSError:  # another file system, or one without links
            _rename(staged, target)

    def _place_folder(self, folder: str) -> bool:
        """Make sure of a folder; a new one comes with all that is staged for it, in one rename. Say whether it did."""
        if folder not in self._placed:
            above = folder.rpartition("/")[0]
            self._placed[folder] = self._place_folder(above) or self._bring(folder)
        return self._placed[folder]

    def _bring(self, folder: str) -> bool:
        if (self._root / folder).is_dir():
            return False
        try:
            (self._files / folder).rename(self._root / folder)
        except OSError:  # another file system, or someone was faster
            (self._root / folder).mkdir(exist_ok=True)
            return False
        return True

    def remove(self, path: str) -> None:
        """Remove one file and the folders that this leaves empty. Raises OSError."""
        target = self._root / path
        target.unlink(missing_ok=True)
        with suppress(OSError):
            while (target := target.parent) != self._root:
                target.rmdir()

    def publish(self) -> None:
        """Make the copied index the real one."""
        # Without the files' new times in it, the user's next `git status` would read them all again.
        self._git("update-index", "-q", "--refresh", ok=(0, 1))
        self._index.replace(self._repository.git_dir / "index")

    def _git(self, *args: str, input: bytes | bytearray | None = None, ok: tuple[int, ...] = (0,)) -> None:
        self._repository.git.run(*args, input=input, ok=ok, write=True, env=self._environment)


def _rename(staged: Path, target: Path) -> None:
    try:
        staged.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name[:200]}.gitsync~")
        beside.unlink(missing_ok=True)
        shutil.copy2(staged, beside, follow_symlinks=False)
        beside.replace(target)

"""Tells which files of a working copy change, as the operating system says it. Decides nothing, reads no file."""

from __future__ import annotations

import os
import queue
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from gitsync.config import FILE
from gitsync.errors import UsageError
from gitsync.project import Project

GIT = ".git"
"""What is put into the inbox when something of git's own moved: a branch, HEAD, a merge."""

_SEEN = frozenset({"created", "modified", "moved", "deleted", "closed"})
Inbox = queue.SimpleQueue[str]


@contextmanager
def watching(project: Project, inbox: Inbox) -> Iterator[FileWatch]:
    """Put the repository path of every file that changes into `inbox`, and GIT. Raises UsageError where nothing can be.

    Watched are the folders that [content] reaches, gitsync.toml and git's own state: the cost does not grow with files.
    """
    # A folder that is made while it is being listed is noted twice, which watchdog takes for worth a warning.
    warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
    watch = FileWatch(project, inbox)
    try:
        watch.arm(project)
        watch.observer.start()
    except OSError as error:
        raise UsageError(
            f"The folders cannot be watched: {error.strerror or error}.",
            "On Linux, raise fs.inotify.max_user_watches; or sync by a timer.",
        ) from None
    try:
        yield watch
    finally:
        watch.observer.stop()
        watch.observer.join()


class FileWatch(FileSystemEventHandler):
    """Which folders are watched; `arm` is called again when folders may have come or gone."""

    def __init__(self, project: Project, inbox: Inbox) -> None:
        root = project.repository.root
        if root is None:
            raise UsageError("A bare repository has no files to watch.", "Watch a clone of it.")
        self._root = root
        self._inbox = inbox
        self.observer: BaseObserver = Observer()
        self._armed: dict[tuple[Path, bool], tuple[int, ObservedWatch]] = {}
        self._config = root / project.root / FILE
        self._git_dir = project.repository.git_dir
        self._refs = Path(project.repository.git.text("rev-parse", "--git-common-dir"))
        if not self._refs.is_absolute():
            self._refs = root / self._refs

    def arm(self, project: Project) -> None:
        """Watch every wanted folder that is there by now, or the nearest one above it. Raises OSError."""
        asked = {(self._git_dir, False), (self._refs / "refs/heads", True), (self._config.parent, False)}
        for folder in _folders(project, self._root):
            if folder == self._root:
                asked.add((folder, False))
                asked |= {(it, True) for it in folder.iterdir() if it.is_dir() and it.name != ".git" and _real(it)}
                continue
            there = folder
            while not there.is_dir():
                there = there.parent
            asked.add((there, there == folder))
        for key in [*self._armed]:
            inode, watch = self._armed[key]
            if key not in asked or _inode(key[0]) != inode:
                with suppress(KeyError):  # its thread ended when the folder went
                    self.observer.unschedule(watch)
                del self._armed[key]
        for folder, recursive in sorted(asked - self._armed.keys()):
            watch = self.observer.schedule(self, str(folder), recursive=recursive)
            self._armed[folder, recursive] = (_inode(folder), watch)

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in _SEEN:
            return
        if event.is_directory:
            if event.event_type != "modified":
                self._inbox.put(GIT)  # a folder came or went: look again at everything
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self._tell(Path(os.fsdecode(path)))

    def _tell(self, path: Path) -> None:
        if path == self._config:
            self._inbox.put(GIT)
        elif path.is_relative_to(self._git_dir) or path.is_relative_to(self._refs):
            if not path.name.endswith(".lock") and path.name not in ("index", "gitsync"):
                self._inbox.put(GIT)
        elif path.is_relative_to(self._root):
            self._inbox.put(path.relative_to(self._root).as_posix())


def _folders(project: Project, root: Path) -> set[Path]:
    """Return the folders that content paths and assets can be in: what comes before a wildcard."""
    found = set()
    for pattern in project.config.content.paths:
        fixed = pattern
        for mark in "*?[":
            fixed = fixed.partition(mark)[0]
        found.add(root / project.root / fixed.rpartition("/")[0])
    found |= {root / project.root / folder for folder in project.config.content.assets}
    return {folder for folder in found if not any(other in folder.parents for other in found)}


def _real(folder: Path) -> bool:
    return not folder.is_symlink()


def _inode(folder: Path) -> int:
    try:
        return folder.stat().st_ino
    except OSError:
        return 0

"""Kills a process at its n-th step that the outside world can see, to learn what the next run makes of what is left.

A step is a change of a file's name, the opening of a file for writing, the start of a git process that writes, an
fsync, and whatever else a test calls `step` for. An audit hook sees them all; it cannot be removed, so `install` is
for processes that are thrown away afterwards.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from gitsync_connectors.memory import Memory, Store

from gitsync.errors import Error, RepositoryError
from tests.blog import Blog

WRITING = frozenset({"fast-import", "update-index", "checkout-index", "update-ref", "push", "fetch", "hash-object"})
NAMES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"})
KILLED = 137
RAISED = 3


class Steps:
    """Counts steps; at step number `at` (from 1) it calls `die`, which does not come back."""

    def __init__(self, at: int | None, die: Callable[[], None], log: Callable[[str], None] | None = None) -> None:
        self.done = 0
        self._at = at
        self._die = die
        self._log = log

    def step(self, what: str) -> None:
        self.done += 1
        if self._log is not None:
            self._log(f"{self.done} {what}")
        if self.done == self._at:
            self._die()

    def install(self) -> None:
        """Count what this process does from now on."""
        sys.addaudithook(self._audit)
        fsync = os.fsync

        def counted(handle: int) -> None:
            self.step("fsync")
            fsync(handle)

        os.fsync = counted

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event in NAMES:
            self.step(f"{event} {args[0]}")
        elif event == "open" and isinstance(args[0], str) and (args[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            if not _is_temporary(args[0]):
                self.step(f"open {args[0]}")
        elif event == "subprocess.Popen" and (said := WRITING & set(map(str, args[1]))):
            self.step(f"git {' '.join(said)}")


def _is_temporary(path: str) -> bool:
    return Path(path).is_dir() or path == os.devnull or "index.db" in path


def kill() -> None:
    """End this process at once, and leave everything as it is."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_sync(blog: Blog, at: int | None, stores: dict[str, Store], **options: object) -> tuple[bool, int]:
    """Sync in a process of its own that dies at step `at`; see `killed`."""
    return killed(blog, at, stores, lambda: blog.run(**options))


def killed(blog: Blog, at: int | None, stores: dict[str, Store], act: Callable[[], object]) -> tuple[bool, int]:
    """Call `act` in a process of its own that dies at step `at`. Returns whether it died, and how many steps it made.

    The sites and the clock outlive it: this process has them as it left them. Raises the process' own Error, as a
    RepositoryError.
    """
    left = Path(str(blog.root) + ".left")
    pid = os.fork()
    if not pid:  # pragma: no cover  the other process
        _die_at(blog, at, stores, left, act)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, RAISED, KILLED), left.with_suffix(".error").read_text()
    rows, steps, blog.clock.now = pickle.loads(left.read_bytes())  # noqa: S301  our own
    for name, (versions, number, log, assets) in rows.items():
        store = stores[name]
        store.rows, store.numbers, store.log, store.assets = versions, count(number), log, assets
    if code == RAISED:
        raise RepositoryError(left.with_suffix(".error").read_text())
    return code == KILLED, steps


def _die_at(blog: Blog, at: int | None, stores: dict[str, Store], left: Path, act: Callable[[], object]) -> None:
    def end(code: int) -> None:
        steps._at = None
        told = {name: (s.rows, next(s.numbers), s.log, s.assets) for name, s in stores.items()}
        left.write_bytes(pickle.dumps((told, steps.done, blog.clock.now)))
        os._exit(code)

    steps = Steps(at, lambda: end(KILLED))
    put, request = Store.put, Memory._request

    def counted_put(self: Store, *args: Any) -> str:
        steps.step("before the site stores")
        id = put(self, *args)
        steps.step("after the site stored")
        return id

    def counted_request(self: Memory, *args: Any, **more: Any) -> Any:
        steps.step("request")
        return request(self, *args, **more)

    try:
        Store.put, Memory._request = counted_put, counted_request  # type: ignore[method-assign]
        steps.install()
        act()
        end(0)
    except Error as error:
        left.with_suffix(".error").write_text(str(error))
        end(RAISED)
    except BaseException:  # noqa: BLE001  whatever it is, the other process tells of it
        left.with_suffix(".error").write_text(traceback.format_exc())
        os._exit(1)

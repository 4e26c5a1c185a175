"""Who may write to a site: one machine at a time, by a lease on a ref that all of them share."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gitsync.bounded_json import own
from gitsync.durable import write_durably
from gitsync.errors import Locked, Moved, RepositoryError
from gitsync.repository import Oid, Repository

LEASE = 600.0
"""Seconds that a lease holds without being renewed."""

SHORTEST_LOOK, LONGEST_LOOK = 0.5, 10.0
"""Seconds between two looks at a lease that another machine has: few syncs take long, and a look is a request."""

PREFIX = "refs/gitsync-lock/"
FILE = "leases.json"


class Lease:
    """The right to write to one site, held at a remote against other machines as `refs/gitsync-lock/<site>`.

    To be used under `process_lock`: a lease that this repository took and a killed run left is taken back at once.

    The ref is a commit with a random number in it, so no two machines ever push the same one. A lease that another
    machine holds is over when we ourselves saw the very same commit for LEASE seconds: nobody's clock is compared
    with another's. `clock` counts seconds and goes on while the machine sleeps; `sleep` waits between two looks.
    """

    def __init__(
        self,
        repository: Repository,
        remote: str,
        site: str,
        *,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.repository = repository
        self.remote = remote
        self.site = site
        self.ref = PREFIX + site
        self._clock = clock or _awake_or_not
        self._sleep = sleep
        self._file = repository.state_dir / FILE
        self._oid: Oid | None = None
        self._taken: set[Oid] = set()
        self._renewed = 0.0

    @property
    def held(self) -> bool:
        """Whether we took the lease and did not give it back or lose it."""
        return self._oid is not None

    def acquire(self, *, wait: float = 0.0) -> None:
        """Take the lease; look for up to `wait` seconds when another machine has it. Raises Locked.

        A run on a machine that forgets (CI) must wait LEASE seconds to take over from one that died.
        """
        until = self._clock() + wait
        pause = SHORTEST_LOOK
        while True:
            there = self._there()
            left = 0.0 if there is None else self._left(there)
            if left <= 0 and self._take(there):
                return
            now = self._clock()
            if now >= until:
                raise Locked(
                    f"Another machine is at work with {self.site} (the lock {self.ref} on {self.remote}).",
                    f"Try again in {max(1, round(left / 60))} min; a lock that nobody renews is taken over then.",
                )
            self._sleep(max(0.0, min(pause, until - now)))
            pause = min(2 * pause, LONGEST_LOOK)

    def check(self) -> None:
        """Make sure that the lease is ours for the next request; renews it in time. Raises Locked when it is lost."""
        if self._oid is None:
            raise Locked(f"The lock of {self.site} is not held.", "Run gitsync again.")
        age = self._clock() - self._renewed
        if age < LEASE / 3:
            return
        try:
            if self._take(self._oid):
                return
        except RepositoryError:
            # The network may come back before the lease is over. Until then nobody else takes it.
            if self._clock() - self._renewed < LEASE * 2 / 3:
                return
        self._oid = None
        raise Locked(f"The lock of {self.site} was lost to another machine.", "Run gitsync again.")

    def release(self) -> None:
        """Give the lease back, if it is still ours. A remote that cannot be reached leaves it to run out."""
        oid, self._oid = self._oid, None
        if oid is None:
            return
        try:
            self.repository.push(self.remote, [f":{self.ref}"], leases={self.ref: oid})
        except RepositoryError:
            return
        notes = _notes(self._file)
        _note(self._file, {**notes, "mine": [it for it in notes["mine"] if it not in self._taken]})

    def _there(self) -> Oid | None:
        return self.repository.remote_refs(self.remote, [self.ref]).get(self.ref)

    def _take(self, old: Oid | None) -> bool:
        """Replace `old` by a lease of ours, if it is still there."""
        nonce = f"{secrets.token_hex(16)} {socket.gethostname()} {os.getpid()}"
        with self.repository.importer() as importer:
            commit = importer.commit(parent=None, changes=(), message=f"gitsync lock of {self.site}\n\nNonce: {nonce}")
        notes = _notes(self._file)
        self._taken.add(commit.oid)
        _note(self._file, {**notes, "mine": [*notes["mine"][-20:], commit.oid]})
        started = self._clock()
        try:
            result = self.repository.push(self.remote, [f"{commit.oid}:{self.ref}"], leases={self.ref: old})
        except Moved:
            return False
        except RepositoryError:
            # The answer may be lost although the push arrived. The random number says whose it is.
            if self._there() != commit.oid:
                raise
            result = {self.ref: "created"}
        if result.get(self.ref) not in ("created", "updated"):
            return False
        self._oid, self._renewed = commit.oid, started
        return True

    def _left(self, oid: Oid) -> float:
        """Return for how many seconds the lease `oid` must be respected, by our own observation."""
        notes = _notes(self._file)
        if oid in notes["mine"]:
            return 0.0  # of a run that was killed: one process at a time uses this repository, and that is we
        now, boot = self._clock(), _boot()
        first = notes["seen"].get(self.ref)
        if not (isinstance(first, list) and first[::2] == [oid, boot] and first[1] <= now):
            notes["seen"][self.ref] = [oid, now, boot]
            _note(self._file, notes)
            return LEASE
        return LEASE - (now - float(first[1]))


def _notes(path: Path) -> dict[str, Any]:
    try:
        notes = own(path.read_bytes())
        return {"mine": list(notes["mine"]), "seen": dict(notes["seen"])}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return {"mine": [], "seen": {}}


def _note(path: Path, notes: dict[str, Any]) -> None:
    write_durably(path, json.dumps(notes).encode("ascii"))


def give_back(repository: Repository, remote: str) -> None:
    """Give back what killed runs of this repository left, so that nobody waits for them; under `process_lock`."""
    path = repository.state_dir / FILE
    notes = _notes(path)
    if not notes["mine"]:
        return
    ours = {ref: oid for ref, oid in repository.remote_refs(remote, [f"{PREFIX}*"]).items() if oid in notes["mine"]}
    try:
        if ours:
            repository.push(remote, [f":{ref}" for ref in ours], leases=ours)
    except RepositoryError:
        return  # it runs out, or the next run tries again
    _note(path, {**notes, "mine": []})


def _awake_or_not() -> float:
    # Seconds since the machine started, sleep included; not moved by whoever sets the clock. Elsewhere the wall clock.
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.time() if boot is None else time.clock_gettime(boot)


def _boot() -> str:
    """Name what the clock counts from: seconds noted before a restart, or on another machine, mean nothing here."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return socket.gethostname()


@contextmanager
def leases(
    repository: Repository,
    remote: str | None,
    sites: list[str],
    *,
    wait: float = 0.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Callable[[str], None]]:
    """Hold the leases of `sites` (in the order of their names, so that two runs never wait for each other).

    Yields a function that checks the lease of one site; without a remote it has nothing to check. Raises Locked.
    """
    held: dict[str, Lease] = {}
    try:
        for site in sorted(sites) if remote is not None else ():
            held[site] = Lease(repository, remote or "", site, sleep=sleep)
            held[site].acquire(wait=wait)
        yield lambda site: held[site].check() if site in held else None
    finally:
        for lease in held.values():
            lease.release()

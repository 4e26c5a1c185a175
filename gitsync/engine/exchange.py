"""The shared copy of branch and ledgers: taken in before a plan, published before it holds here, handed on later."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from gitsync.errors import ConfigError, Locked, Moved, Refused, RepositoryError
from gitsync.events import Notice
from gitsync.git import worktree
from gitsync.git.hosts import is_public
from gitsync.git.locks import left_on
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state import share
from gitsync.state.intents import Intent
from gitsync.state.lease import give_back, leases
from gitsync.state.lock import process_lock

TRIES = 3

PROCESS_WAIT = 60.0
"""Seconds that a run waits for another process in this repository."""


@dataclass(slots=True)
class Exchange:
    """One run's dealings with `[state] remote`; without one, every method has nothing to do."""

    project: Project
    sites: Sequence[str]
    reports: list[str] = field(default_factory=list)

    @property
    def remote(self) -> str | None:
        return self.project.config.state.remote

    def check(self) -> None:
        """Make sure that what is shared may be shared, and that history is whole.

        Raises ConfigError, Refused, RepositoryError.
        """
        repository, remote = self.project.repository, self.remote
        url = repository.remote_url(remote) if remote is not None else None
        if remote is not None and url is None:
            # Git would take the name for a path, and run the hooks of a repository that is committed there.
            raise ConfigError(
                f"There is no remote called {remote}, which [state] remote names.", f"Run git remote add {remote} URL."
            )
        if repository.is_shallow():
            self._deepen(remote or "origin")
        if remote is None or url is None:
            return
        if is_public(url) and not self.project.config.state.public:
            raise Refused(
                f"The ledger holds drafts and private posts too, and {remote} may be open to everybody.",
                "Set [state] public = true if that is meant, or name another remote.",
            )

    def _deepen(self, remote: str) -> None:
        repository = self.project.repository
        if repository.remote_url(remote) is None:
            raise RepositoryError(
                f"This clone is shallow, and there is no remote {remote} to have the rest of its history from.",
                f"Run git remote add {remote} URL, or git fetch --unshallow URL.",
            )
        try:
            repository.deepen(remote)
        except Locked:
            raise
        except RepositoryError as error:
            raise RepositoryError(
                f"This clone is shallow, and the rest of its history could not be fetched. {error.message}",
                f"Run git fetch --unshallow {remote}.",
            ) from error

    def look(self) -> None:
        """Fetch what others did, and take nothing of it in. Raises RepositoryError when the remote cannot be asked."""
        repository, remote = self.project.repository, self.remote
        if remote is None or repository.remote_url(remote) is None:
            return
        branch = self.project.followed(self.recorded_branch())
        try:
            share.fetch(repository, remote, branch=branch)
        except Locked:
            with process_lock(repository, wait=PROCESS_WAIT):  # frees what a fetch left that died
                pass
            share.fetch(repository, remote, branch=branch)

    def receive(self) -> bool:
        """Take in what others did: forward the branch, forward or merge the ledgers. Returns whether anything moved.

        Raises RepositoryError when the remote cannot be asked, or the branch has diverged from it.
        """
        if self.remote is None:
            return False
        repository = self.project.repository
        branch = self.project.check_writable(self.recorded_branch())
        share.fetch(repository, self.remote, branch=branch)
        self._take_back_decided(self.remote)
        moved = self._forward(branch)
        for site in self.sites:
            shared = share.take_in(Ledger(repository, site), self.remote)
            self.reports += shared.reports
            moved = moved or shared.state in ("forwarded", "merged")
        return moved

    def recorded_branch(self) -> str | None:
        """Return the branch that the ledgers say is followed."""
        branches = (Ledger(self.project.repository, site).branch for site in self.sites)
        return next((branch for branch in branches if branch), None)

    def _take_back_decided(self, remote: str) -> None:
        """Take conflicts out of the work tree that another machine has decided: their files are to be moved on."""
        repository = self.project.repository
        for site in self.project.config.sites:
            ours, theirs = Ledger(repository, site), Ledger(repository, site, ref=share.copy_of(remote, site))
            if not (asked := ours.conflicts()) or ours.tip == theirs.tip:
                continue
            if ours.tip is None or theirs.tip is None or not repository.is_ancestor(ours.tip, theirs.tip):
                continue
            now = theirs.entries(asked)
            for path, entry in ours.entries(asked).items():
                shown = entry.conflict
                if shown is not None and shown != now[path].conflict:
                    worktree.take_back(repository, path, (shown.base, shown.ours, shown.theirs))

    def _forward(self, branch: str) -> bool:
        repository, head = self.project.repository, self.project.head()
        there = repository.resolve(f"refs/remotes/{self.remote}/{branch}")
        if there is None or repository.is_ancestor(there, head):
            return False
        if not repository.is_ancestor(head, there):
            raise RepositoryError(
                f"{branch} and {self.remote}/{branch} have diverged.",
                f"Run git pull --rebase {self.remote} {branch}, then sync.",
            )
        try:
            worktree.advance(repository, branch=branch, old=head, new=there)
        except Moved as error:
            raise RepositoryError(
                f"{self.remote}/{branch} cannot be taken in. {error.message}",
                "Commit or stash your changes, then sync.",
            ) from error
        return True

    def give_back(self) -> None:
        """Give back what killed runs left on the remote, leases and locks on our refs: others may be waiting."""
        if self.remote is not None:
            for lock in left_on(self.project.repository, self.remote):
                lock.unlink(missing_ok=True)
            give_back(self.project.repository, self.remote)

    @contextmanager
    def lease(self, *, wait: float, sleep: Callable[[float], None]) -> Iterator[Callable[[str], None]]:
        """Hold the right to write to the sites, against other machines; yields the check of one site's lease."""
        with leases(self.project.repository, self.remote, list(self.sites), wait=wait, sleep=sleep) as check:
            yield check

    def taken(
        self, run: ExitStack, *, wait: float, sleep: Callable[[float], None]
    ) -> Generator[Notice, None, Callable[[str], None]]:
        """Hold the lease until `run` ends, and return its check; a machine that has to be waited for is told first."""
        try:
            return run.enter_context(self.lease(wait=0.0, sleep=sleep))
        except Locked as error:
            yield Notice(level="info", message=f"{error.message} Waiting for it, {wait / 60:.0f} min at most.")
        return run.enter_context(self.lease(wait=wait, sleep=sleep))

    def publish(self, head: Oid, tips: Mapping[str, Oid]) -> None:
        """Share a new head and new ledgers, all or nothing, before they hold here. Raises Moved."""
        if self.remote is not None:
            branch = self.project.check_writable(self.recorded_branch())
            share.push(self.project.repository, self.remote, branch=branch, head=head, tips=tips)

    def announce(self, intents: Mapping[str, Sequence[Intent]], head: Oid) -> None:
        """Tell the other machines which writes may happen from now on; none: they are over. Raises Moved."""
        if self.remote is None:
            return
        for site, planned in intents.items():
            message = f"{site}: {len(planned)} writes begin" if planned else f"{site}: writes are over"
            Ledger(self.project.repository, site).fold(
                [],
                head=head,
                message=message,
                intents=planned,
            )
        self.hand_on()

    def hand_on(self) -> None:
        """Push branch and ledgers as they are here, after taking in what others pushed meanwhile. Raises Moved."""
        if self.remote is None:
            return
        repository = self.project.repository
        for attempt in range(TRIES):
            ledgers = [Ledger(repository, site) for site in self.sites]
            tips = {
                ledger.site: ledger.tip
                for ledger in ledgers
                if ledger.tip is not None and ledger.tip != repository.resolve(share.copy_of(self.remote, ledger.site))
            }
            branch = self.project.check_writable(self.recorded_branch())
            ahead = repository.resolve(f"refs/remotes/{self.remote}/{branch}") != repository.head()
            try:
                if tips or ahead:
                    share.push(repository, self.remote, branch=branch if ahead else None, tips=tips)
                return
            except Moved:
                if attempt == TRIES - 1:
                    raise
                self.receive()

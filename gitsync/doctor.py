"""Finds what is broken in gitsync's own state, and mends what can be mended without a person's decision.

No site is asked: what a site disagrees about is for verify, and a sync to settle.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from shlex import quote

from gitsync.errors import Locked, RepositoryError
from gitsync.finding import Finding, found
from gitsync.git import worktree
from gitsync.git.locks import age, foreign_locks, left_on, own_locks
from gitsync.git.staging import is_ours, read_note
from gitsync.ledger import PREFIX as LEDGERS
from gitsync.ledger import Ledger
from gitsync.own_files import NotOurs, set_aside, strange, strange_inside
from gitsync.project import Project
from gitsync.state import together
from gitsync.state.index import Index, discard, problem
from gitsync.state.journal import Journal
from gitsync.state.lease import PREFIX as LEASES
from gitsync.state.lease import Lease
from gitsync.state.lock import process_lock
from gitsync.state.replaying import fold_journal
from gitsync.state.share import copy_of
from gitsync.unfinished import unfinished

TEMPORARY = "refs/gitsync-tmp"


def examine(project: Project, *, mend: bool) -> Iterator[Finding]:
    """Yield what is out of order, and mend it when asked to. Raises Locked while another gitsync is at work."""
    with ExitStack() as stack:
        doctor = _Doctor(project, mend=mend)
        yield from doctor.lock_file()
        left = doctor.locks()
        if mend and left.free:
            stack.enter_context(process_lock(project.repository))
        else:
            doctor.mends = False
        yield from left.findings(mended=doctor.mends)
        for check in (
            doctor.own_files,
            doctor.work_tree,
            doctor.foreign_locks,
            doctor.journal,
            doctor.intents,
            doctor.temporary_refs,
            doctor.ledgers,
            doctor.index,
            doctor.leases,
        ):
            try:
                yield from check()
            except NotOurs:
                continue  # told with our own files
            except RepositoryError as error:
                yield Finding(kind="wrong", message=str(error))
            except OSError as error:
                what = f"{error.filename or 'A file'}: {error.strerror or error}."
                yield Finding(kind="wrong", message=f"{what} Check permissions and free space.")


@dataclass(frozen=True, slots=True)
class _Locks:
    """Locks that nobody may hold any more. `free` means that we may go to work."""

    on_refs: int
    index: str | None

    @property
    def free(self) -> bool:
        return self.index is None

    def findings(self, *, mended: bool) -> Iterator[Finding]:
        if self.on_refs:
            what = f"{self.on_refs} lock{'s' * (self.on_refs != 1)} on gitsync's refs, left by a git that died"
            yield found(f"{what},", mended, "removed")
        if self.index is not None:
            yield Finding(
                kind="wrong",
                message=f"{self.index} exists: git is at work here, or died. Nothing else was mended. Wait for it to "
                f"end, or remove that file if none runs (rm {quote(str(self.index))}); then run gitsync doctor again.",
            )


_MEANS = {
    "journal": "; what a run that died had recorded there will be asked of the sites again",
    "intents": "; what was sent last will be looked for on the sites",
    "move.json": "; compare your files with git status",
}
"""What it means for the next sync that something else was in a file's place."""


def _duration(seconds: float) -> str:
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if (count := int(seconds // length)) > 0:
            return f"{count} {name}{'s' * (count != 1)}"
    return "less than a minute"


class _Doctor:
    def __init__(self, project: Project, *, mend: bool) -> None:
        self.project = project
        self.repository = project.repository
        self.mends = mend

    def lock_file(self) -> Iterator[Finding]:
        """Make room for the lock itself, without which nothing else may be touched."""
        folder = self.repository.common_dir / "gitsync"
        for path, what in strange(folder):
            if path in (folder, folder / "lock"):
                yield self._aside(path, what)

    def own_files(self) -> Iterator[Finding]:
        """Set aside whatever is in the place of a file or folder of ours; nothing of it is lost."""
        folder, tree = self.repository.common_dir / "gitsync", self.repository.git_dir / "gitsync"
        places = chain(
            strange(folder),
            strange(tree) if tree != folder else (),
            strange(tree / "worktree"),
            strange_inside(folder / "intents", ".tmp"),
        )
        told = {folder, folder / "lock"}
        for path, what in places:
            if path not in told:
                told.add(path)
                yield self._aside(path, what)

    def _aside(self, path: Path, what: str) -> Finding:
        aside = set_aside(path) if self.mends else path.with_name(f"{path.name}.aside")
        return found(f"{path}, which is {what},", self.mends, f"set aside as {aside.name}{_MEANS.get(path.name, '')}")

    def locks(self) -> _Locks:
        left = own_locks(self.repository)
        index = self.repository.git_dir / "index.lock"
        foreign = index.exists() and not is_ours(index)
        return _Locks(len(left), str(index) if foreign else None)

    def work_tree(self) -> Iterator[Finding]:
        lock = self.repository.git_dir / "index.lock"
        note = read_note(self.repository) if self.repository.root is not None else None
        if note is not None or is_ours(lock):
            yield from self._moved()
        yield from self._together()

    def _together(self) -> Iterator[Finding]:
        if together.is_damaged(self.repository):
            # A ledger that went ahead of the branch is no harm: what it agreed on is not in the branch's history.
            done = "set aside as together.json.damaged; the next sync compares what it spoke of with the site"
            if self.mends:
                together.set_aside(self.repository)
            yield found("an unreadable note of ledgers and a branch that were to move together,", self.mends, done)
        elif together.is_unfinished(self.repository):
            if self.mends:
                together.complete(self.repository)
            yield found("ledgers and a branch that a killed run moved half-way", self.mends, "moved together")

    def _moved(self) -> Iterator[Finding]:
        paths = worktree.complete(self.repository) if self.mends else []
        what = "a move of the work tree that a killed run left half done"
        yield found(what, self.mends, f"finished, {len(paths)} files" if self.mends else "finished")

    def foreign_locks(self) -> Iterator[Finding]:
        """Name every lock that is not ours to remove; those of our own half moves are gone by now."""
        for path in foreign_locks(self.repository):
            since = age(path)
            if since is None or path == self.repository.git_dir / "index.lock":  # told before anything else
                continue
            yield Finding(
                kind="wrong",
                message=f"{path} exists, since {_duration(since)}: git is at work here, or died. Wait for it to end, "
                f"or remove that file if none runs (rm {quote(str(path))}); until then git and gitsync cannot write "
                "what it locks.",
            )

    def journal(self) -> Iterator[Finding]:
        journal = Journal(self.repository.state_dir)
        damaged = journal.damaged()
        if damaged:
            if self.mends:
                journal.set_aside()
            lines = ", ".join(map(str, damaged))
            done = f"set aside in {journal.path.name}.damaged; what it said will be asked of the site again"
            yield found(f"unreadable text in the journal (line {lines}),", self.mends, done)
        count = sum(1 for _ in journal.readable())
        if count:
            folded = fold_journal(self.repository, trailers=self._trailers) if self.mends else 0
            what = f"{count} result{'s' * (count != 1)} of a run that died, in the journal only"
            yield found(what, self.mends and folded == count, "put into the ledgers")

    def _trailers(self, _site: str) -> Mapping[str, str]:
        return {"Sync": secrets.token_hex(6)}

    def intents(self) -> Iterator[Finding]:
        return unfinished(self.project, mend=self.mends)

    def temporary_refs(self) -> Iterator[Finding]:
        left = self.repository.refs(TEMPORARY)
        if left:
            if self.mends:
                updates = [(ref, None, oid) for ref, oid in left.items()]
                self.repository.update_refs(updates, message="gitsync: left by a run that died")
            yield found(f"{len(left)} temporary ref{'s' * (len(left) != 1)} of a run that died,", self.mends, "removed")

    def ledgers(self) -> Iterator[Finding]:
        refs = self.repository.refs(LEDGERS)
        known = [ref.removeprefix(LEDGERS) for ref in refs]
        for path in sorted((self.repository.common_dir / LEDGERS).glob("*")):
            if path.suffix != ".lock" and LEDGERS + path.name not in refs:
                yield self._emptied(path)
        for site in known:
            if site not in self.project.config.sites:
                yield Finding(
                    kind="waits", message=f"There is a ledger of {site}, which gitsync.toml does not name. It is kept."
                )
            try:
                ledger = Ledger(self.repository, site)
                for _ in ledger.stream():
                    pass
            except RepositoryError as error:
                yield self._broken(site, error)
                continue
            yield from self._branch(ledger)

    def _emptied(self, path: Path) -> Finding:
        """Take the remote's copy where a ref's file names nothing: a disk that lost its power leaves such files."""
        site, remote = path.name, self.project.config.state.remote
        copy = Ledger(self.repository, site, ref=copy_of(remote, site)) if remote is not None else None
        what = f"a ledger of {site} whose file {path} names no commit,"
        if copy is None or copy.tip is None:
            return Finding(
                kind="wrong",
                message=f"Found {what.rstrip(',')}. Remove that file and fetch refs/gitsync/{site} from a backup; "
                "without one, the next sync finds the posts on the site again.",
            )
        if self.mends:
            path.unlink()
            self.repository.update_refs([(LEDGERS + site, copy.tip, None)], message="gitsync: mended")
        return found(what, self.mends, f"replaced by the copy of {remote}")

    def _broken(self, site: str, error: RepositoryError) -> Finding:
        """Take the remote's copy of a ledger that cannot be read, where there is one that can."""
        remote = self.project.config.state.remote
        copy = Ledger(self.repository, site, ref=copy_of(remote, site)) if remote is not None else None
        try:
            readable = copy is not None and copy.tip is not None and any(True for _ in copy.stream())
        except RepositoryError:
            readable = False
        what = f"a ledger of {site} that cannot be read ({error.message.rstrip('.')}),"
        if not readable or copy is None:
            message = (
                f"Found {what.rstrip(',')}. Fetch refs/gitsync/{site} from a backup, or delete that ref: the next "
            )
            return Finding(kind="wrong", message=f"{message}sync finds the posts on the site again.")
        if self.mends:
            ref = LEDGERS + site
            self.repository.update_refs([(ref, copy.tip, self.repository.refs(ref)[ref])], message="gitsync: mended")
        return found(what, self.mends, f"replaced by the copy of {remote}")

    def _branch(self, ledger: Ledger) -> Iterator[Finding]:
        branch, head = ledger.branch, self.repository.head()
        followed = self.project.config.state.branch or branch
        if followed is not None and self.repository.resolve(f"refs/heads/{followed}") is None:
            yield Finding(
                kind="wrong",
                message=f"{ledger.site} follows the branch {followed}, which is gone. Make it again with git branch "
                f"{followed}, or name another with [state] branch.",
            )
        elif self.repository.branch() == followed and ledger.agreed(head) is None and ledger.tip is not None:
            yield Finding(
                kind="waits",
                message=f"Nothing that {ledger.site} agreed on is in the history of {followed}: it was rewritten. The "
                "next sync compares every post with the site.",
            )

    def index(self) -> Iterator[Finding]:
        ledgers = {}
        for ref in self.repository.refs(LEDGERS):
            site = ref.removeprefix(LEDGERS)
            try:
                ledgers[site] = Ledger(self.repository, site)
                for _ in ledgers[site].stream():
                    pass
            except RepositoryError:  # told with the ledgers
                ledgers.pop(site, None)
        wrong = problem(self.repository, list(ledgers.values()))
        if wrong is None:
            return
        if self.mends:
            discard(self.repository)
            for ledger in ledgers.values():
                with Index.at(ledger):
                    pass
        yield found(f"an index that {wrong},", self.mends, "built anew from the ledgers")

    def leases(self) -> Iterator[Finding]:
        remote = self.project.config.state.remote
        if remote is None:
            return
        if self.repository.remote_url(remote) is None:
            # Git would take the name for a path, and run the hooks of a repository that is committed there.
            message = (
                f"There is no remote called {remote}, which [state] remote names. Run git remote add {remote} URL."
            )
            yield Finding(kind="wrong", message=message)
            return
        if left := left_on(self.repository, remote):
            if self.mends:
                for lock in left:
                    lock.unlink(missing_ok=True)
            what = f"{len(left)} lock{'s' * (len(left) != 1)} on gitsync's refs on {remote}, left by a git that died,"
            yield found(what, self.mends, "removed")
        for ref in self.repository.remote_refs(remote, [f"{LEASES}*"]):
            site = ref.removeprefix(LEASES)
            try:
                if not self.mends:
                    raise Locked("")
                lease = Lease(self.repository, remote, site)
                lease.acquire()
                lease.release()
                yield Finding(
                    kind="mended",
                    message=f"Found a lock of {site} on {remote} that a killed run here held: given back.",
                )
            except Locked:
                message = f"{site} is locked on {remote} ({ref}), by a run here or elsewhere."
                yield Finding(kind="waits", message=f"{message} If it died, the lock is taken over ten minutes later.")

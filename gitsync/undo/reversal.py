"""One commit that puts files back as they were, and what the ledgers have to know of it, before a run plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitsync.engine.landing import Publish
from gitsync.engine.scope import Prepared, Scope
from gitsync.events import Action, Event, Operation
from gitsync.git.fastimport import KEEP_MODE
from gitsync.ledger import Ledger, with_trailers
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.state.records import LedgerRecord, Result
from gitsync.state.together import move_together


@dataclass(slots=True)
class Reversal:
    """What is to be put back.

    files      path -> blob or new content; None removes the file
    results    site -> what its ledger holds from now on, where the site itself is not to be touched for that
    paths      the posts that the run is about afterwards; `withdrawn` the (site, path) pairs that leave a site
    events     what will become of each post, with the exit codes that go with that; `settled` are those of them
               that the run itself has no reason to tell
    """

    files: dict[str, Oid | bytes | None] = field(default_factory=dict)
    results: dict[str, list[Result]] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    withdrawn: set[tuple[str, str]] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    settled: list[Operation] = field(default_factory=list)
    codes: set[int] = field(default_factory=set)

    def tell(
        self,
        site: str,
        path: str,
        action: Action,
        reason: str = "",
        *,
        record: LedgerRecord | None = None,
        code: int | None = None,
        settled: bool = False,
    ) -> None:
        """Tell of one post: as planned, or as failed where the `code` is 1."""
        if code is not None:
            self.codes.add(code)
        operation = Operation(
            site=site,
            path=path,
            action=action,
            result="failed" if code == 1 else "planned",
            id=record.id if record is not None else None,
            url=record.url if record is not None else None,
            reason=reason or None,
        )
        self.events.append(operation)
        if settled:
            self.settled.append(replace(operation, result="failed" if code == 1 else "done"))

    def prepared(self) -> Prepared:
        """Return what the run has to know."""
        scope = Scope(paths=frozenset(self.paths), withdrawn=frozenset(self.withdrawn))
        return Prepared(scope=scope, events=self.settled, codes=frozenset(self.codes))


def recorded_branch(project: Project, sites: Sequence[str]) -> str | None:
    """Return the branch that the ledgers of `sites` say is followed."""
    ledgers = (Ledger(project.repository, site) for site in sites)
    return next((ledger.branch for ledger in ledgers if ledger.branch), None)


def land_reversal(
    project: Project,
    reversal: Reversal,
    *,
    branch: str,
    subject: str,
    trailers: Mapping[str, str],
    run: str,
    publish: Publish | None,
) -> None:
    """Commit the files and record the results, shared first. Raises Moved, Locked, Refused; then nothing has moved.

    A run that dies in between is finished by the next one.
    """
    repository, head = project.repository, project.head()
    results = {site: found for site, found in reversal.results.items() if found}
    if not reversal.files and not results:
        return
    ledgers = {site: Ledger(repository, site) for site in results}
    with repository.importer() as importer:
        new_head = head
        if reversal.files:
            ordered = sorted(reversal.files.items(), key=lambda item: item[1] is not None)  # a folder may become a file
            changes = [
                (path, importer.blob(content) if isinstance(content, bytes) else content, KEEP_MODE)
                for path, content in ordered
            ]
            message = with_trailers(subject, {**trailers, "Gitsync-Sync": run})
            new_head = importer.commit(parent=head, changes=changes, message=message).oid
        commits = {}
        for site, ledger in ledgers.items():
            told = {"Sync": run, "Branch": branch}
            commit = ledger.write(importer, results[site], head=new_head, message=f"{site}: {subject}", trailers=told)
            if commit is not None:
                commits[site] = commit
    tips = {site: commit.oid for site, commit in commits.items()}
    if publish is not None:
        publish(new_head, tips)
    refs = {ledgers[site].ref: (tip, ledgers[site].tip) for site, tip in tips.items()}
    move_together(repository, refs, branch=branch, old=head, new=new_head, message=subject)

"""What a site was to show at some time: as its ledger has it, or the branch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

from gitsync.engine.projection import selected
from gitsync.errors import InvalidContent, UsageError
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.repository import Oid
from gitsync.undo.history import syncs


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`files` (path -> blob) are the posts of `site`, `ids` the records they were (id -> path), `label` says when."""

    site: str
    label: str
    files: Mapping[str, Oid]
    ids: Mapping[str, str] = field(default_factory=dict)


def find_target(project: Project, ledger: Ledger, name: str) -> Target:
    """Return what `name` means for the site of `ledger`: a sync, a commit of the ledger or the branch, or a date.

    A date means the last agreement not after it, a day its end. Raises UsageError when it means nothing.
    """
    repository, site = project.repository, ledger.site
    if len(name) >= 4:
        found = [sync for sync in syncs(repository, [ledger]) if sync.id.startswith(name) and sync.parts]
        if len(found) == 1:
            return _of_ledger(ledger, found[0].parts[0].commits[-1], f"after sync {found[0].id}")
    commit = repository.resolve(f"{name}^{{commit}}")
    if commit is not None and ledger.tip is not None and repository.is_ancestor(commit, ledger.tip):
        return _of_ledger(ledger, commit, f"in its ledger's commit {commit[:12]}")
    if commit is not None and repository.is_ancestor(commit, project.head()):
        return _of_branch(project, site, commit)
    if (when := _date(name)) is not None and ledger.tip is not None:
        past = next((it for it in repository.log(ledger.tip) if it.when <= when), None)
        if past is None:
            raise UsageError(f"Nothing was synced with {site} before {name}.", "Run gitsync log to see what was.")
        return _of_ledger(ledger, past.oid, f"at {past.when.astimezone():%Y-%m-%d %H:%M:%S}")
    raise UsageError(
        f"{name} is no sync, no commit of {site}'s ledger or of this branch, and no date.",
        "Run gitsync log to see the syncs; write dates like 2026-01-31 or 2026-01-31T18:00.",
    )


def _date(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) <= len("2026-01-31"):
        when = datetime.combine(when, time.max)
    return when.astimezone() if when.tzinfo is None else when


def _of_ledger(ledger: Ledger, commit: Oid, label: str) -> Target:
    files, ids, present = {}, {}, {}
    for entry in Ledger(ledger.repository, ledger.site, ref=commit).stream():
        if entry.record is not None and entry.record.state == "live" and entry.base is not None:
            files[entry.path] = entry.base
            ids.update(dict.fromkeys(entry.record.ids, entry.path))
            present[entry.record.id] = entry.path
    # A database may give the id that one post had to another.
    return Target(site=ledger.site, label=label, files=files, ids=ids | present)


def _of_branch(project: Project, site: str, commit: Oid) -> Target:
    posts = {entry.path: entry.oid for entry in project.repository.tree(commit) if project.is_post(entry.path)}
    paths: dict[Oid, list[str]] = {}
    for path, oid in posts.items():
        paths.setdefault(oid, []).append(path)
    files = {}
    for oid, content in project.repository.blobs(paths):
        for path in paths[oid]:
            try:
                wanted = selected(project.read(path, content), site)
            except InvalidContent:  # a version that no site ever had
                wanted = False
            if wanted:
                files[path] = oid
    return Target(site=site, label=f"in the branch's commit {commit[:12]}", files=files)

"""Shares ledgers through a remote: fetched beside ours, merged post by post, pushed together with the branch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitsync.errors import RepositoryError
from gitsync.ledger import PREFIX, Ledger, heads_of, with_trailers
from gitsync.repository import Oid, Repository
from gitsync.state.reunion import Clash, reunite

COPIES = "refs/gitsync-remote/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What became of a ledger: none, same, ahead (of the remote's), forwarded or merged; and what a person must know.

    `reports` tells of posts that had two ids: one sentence each.
    """

    state: str
    reports: tuple[str, ...] = ()


def copy_of(remote: str, site: str) -> str:
    """Return the ref that has the remote's ledger of `site` as it was last seen."""
    return f"{COPIES}{remote}/{site}"


def known(repository: Repository, sites: Sequence[str], remote: str | None) -> list[Ledger]:
    """Return the ledgers of `sites`; in a fresh clone, which has none of them yet, the remote's, fetched now."""
    ours = [Ledger(repository, site) for site in sites]
    if remote is None or any(ledger.tip for ledger in ours) or repository.remote_url(remote) is None:
        return ours
    fetch(repository, remote)
    return [Ledger(repository, site, ref=copy_of(remote, site)) for site in sites]


def further(repository: Repository, site: str, remote: str | None) -> Ledger:
    """Return the ledger of `site` as it was fetched, where that only goes further than ours; else ours."""
    ours = Ledger(repository, site)
    if remote is None:
        return ours
    theirs = Ledger(repository, site, ref=copy_of(remote, site))
    newer = theirs.tip is not None and (ours.tip is None or repository.is_ancestor(ours.tip, theirs.tip))
    return theirs if newer else ours


def fetch(repository: Repository, remote: str, *, branch: str | None = None) -> dict[str, Oid]:
    """Fetch the remote's ledgers, and `branch` to refs/remotes; return site -> tip there.

    A site that is absent has no ledger there; a remote that cannot be asked raises RepositoryError.
    """
    wanted = [f"{PREFIX}*", *([f"refs/heads/{branch}"] if branch else [])]
    there = repository.remote_refs(remote, wanted)
    sites = {ref.removeprefix(PREFIX): oid for ref, oid in there.items() if ref.startswith(PREFIX)}
    known = repository.refs(f"{COPIES}{remote}")
    refspecs = [
        f"+{PREFIX}{site}:{copy_of(remote, site)}"
        for site, oid in sites.items()
        if known.get(copy_of(remote, site)) != oid
    ]
    ref = f"refs/heads/{branch}"
    if branch and ref in there and repository.resolve(f"refs/remotes/{remote}/{branch}") != there[ref]:
        refspecs.append(f"+{ref}:refs/remotes/{remote}/{branch}")
    if refspecs:
        repository.fetch(remote, refspecs)
    stale = [(ref, None, oid) for ref, oid in known.items() if ref.rpartition("/")[2] not in sites]
    repository.update_refs(stale, message="gitsync: gone from the remote")
    return sites


def take_in(ledger: Ledger, remote: str, *, shows: Callable[[str], str | None] = lambda _: None) -> Shared:
    """Bring the remote's ledger, as it was fetched, into ours: by moving ours forward, or by merging both.

    `shows(id)` is the revision that the site shows now, if that is known. Raises Moved; RepositoryError when what the
    remote has there is no ledger.
    """
    repository = ledger.repository
    theirs = repository.resolve(copy_of(remote, ledger.site))
    ours = ledger.tip
    if theirs is None:
        return Shared(state="none" if ours is None else "ahead")
    if ours == theirs:
        return Shared(state="same")
    _check(ledger, theirs, remote)
    if ours is not None and repository.is_ancestor(theirs, ours):
        return Shared(state="ahead")
    if ours is None or repository.is_ancestor(ours, theirs):
        repository.update_refs([(ledger.ref, theirs, ours)], message=f"gitsync: from {remote}")
        ledger.reload()
        return Shared(state="forwarded")
    clashes = _merge(ledger, ours, theirs, shows)
    return Shared(
        state="merged",
        reports=tuple(
            f"{clash.path} had two ids on {ledger.site}: {clash.kept} is kept, {clash.ignored} is not touched any more."
            for clash in clashes
        ),
    )


def _check(ledger: Ledger, theirs: Oid, remote: str) -> None:
    try:
        entries = ledger.repository.git.text("ls-tree", f"{theirs}^{{commit}}").splitlines()
    except RepositoryError:
        entries = ["no commit"]
    if all(entry.split()[1] == "tree" for entry in entries):
        return
    ref = ledger.ref
    raise RepositoryError(
        f"{ref} on {remote} is no ledger.",
        f"Replace it by yours with git push --force {remote} {ref}:{ref}, or remove it with git push {remote} :{ref}.",
    )


def _merge(ledger: Ledger, ours: Oid, theirs: Oid, shows: Callable[[str], str | None]) -> Sequence[Clash]:
    repository = ledger.repository
    tips = {oid: next(iter(repository.log(oid, limit=1))) for oid in (ours, theirs)}
    union = reunite(
        repository,
        ours=ours,
        theirs=theirs,
        base=repository.git.run("merge-base", "--end-of-options", ours, theirs, ok=(0, 1)).text or None,
        shows=shows,
        theirs_older=(tips[theirs].when, theirs) < (tips[ours].when, ours),
    )
    heads = list(dict.fromkeys(head for oid in (ours, theirs) for head in heads_of(tips[oid].trailers)))
    # A Head that the other one contains says nothing more.
    heads = [a for a in heads if not any(a != b and repository.is_ancestor(a, b) for b in heads)]
    trailers: dict[str, str | tuple[str, ...]] = {"Head": tuple(heads)}
    told: dict[str, Mapping[str, str | tuple[str, ...]]] = {oid: tips[oid].trailers for oid in tips}
    if branch := told[ours].get("Branch") or told[theirs].get("Branch"):
        trailers["Branch"] = branch
    if told[ours].get("Settings") == told[theirs].get("Settings") and "Settings" in told[ours]:
        trailers["Settings"] = told[ours]["Settings"]
    with repository.importer() as importer:
        commit = importer.commit(
            parent=ours,
            merges=[theirs],
            changes=union.changes,
            message=with_trailers(f"{ledger.site}: both ledgers", trailers),
        )
    repository.update_refs([(ledger.ref, commit.oid, ours)], message="gitsync: both ledgers")
    ledger.reload()
    return union.clashes


def push(
    repository: Repository,
    remote: str,
    *,
    branch: str | None,
    tips: Mapping[str, Oid],
    head: Oid | None = None,
) -> None:
    """Push ledgers (site -> tip) and, with `branch`, its commit `head` (default: where it is here) in one step.

    Never forced. Nothing happened there when this raises: Moved, when either is not where we think it is.
    """
    refspecs = [f"{oid}:{PREFIX}{site}" for site, oid in sorted(tips.items())]
    if branch is not None:
        refspecs.append(f"{head or f'refs/heads/{branch}'}:refs/heads/{branch}")
    if not refspecs:
        return
    repository.push(remote, refspecs, atomic=True, hooks=branch is not None)
    copies = [(copy_of(remote, site), oid, repository.resolve(copy_of(remote, site))) for site, oid in tips.items()]
    repository.update_refs(copies, message=f"gitsync: pushed to {remote}")

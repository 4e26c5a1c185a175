"""Talks to other repositories: fetch, push, and what they are called. Never forces, except by an explicit lease."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from gitsync.errors import Moved, RepositoryError
from gitsync.git.credentials import environment
from gitsync.git.gitprocess import Answer, Git, Oid, clean, failure

Outcome = Literal["created", "updated", "up-to-date", "deleted", "rejected"]
PushResult = dict[str, Outcome]
"""Remote ref -> what the push did to it."""

_FLAGS: dict[str, Outcome] = {
    "*": "created",
    " ": "updated",
    "+": "updated",
    "=": "up-to-date",
    "-": "deleted",
    "!": "rejected",
}


# A server that says nothing for a minute will say nothing more; without this git waits for ever.
_PATIENCE = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")


def fetch(git: Git, remote: str, refspecs: Sequence[str], *, unshallow: bool = False) -> None:
    """Fetch exactly these refspecs. Raises RepositoryError, also when a refspec without `*` names no ref there."""
    quiet = ("--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
    deeper = ("--unshallow",) if unshallow else ()
    args = (*_PATIENCE, "fetch", *quiet, *deeper, "--end-of-options", remote, *refspecs)
    answer = git.run(*args, ok=(), write=True, env=environment(git, remote))
    if answer.status:
        raise _refused(args, answer, remote)


def push(
    git: Git,
    remote: str,
    refspecs: Sequence[str],
    *,
    atomic: bool,
    leases: Mapping[str, Oid | None],
    hooks: bool,
) -> PushResult:
    """Push exactly these refspecs. Raises Moved when the remote is not where we think, else RepositoryError."""
    expected = [f"--force-with-lease={ref}:{oid or ''}" for ref, oid in leases.items()]
    plain = ("--porcelain", "--no-follow-tags", "--recurse-submodules=no", *(("--atomic",) if atomic else ()))
    args = (*_PATIENCE, "push", *plain, *expected, "--end-of-options", remote, *refspecs)
    # It writes refs/remotes here: one that a power cut empties would stop every later fetch.
    answer = git.run(*args, ok=(), hooks=hooks, write=True, env=environment(git, remote, push=True))
    rows = re.findall(r"^([ +*=!-])\t([^\t\n]*)\t([^\n]*)$", answer.output.decode("utf-8", "replace"), re.MULTILINE)
    result = {names.partition(":")[2]: _FLAGS[flag] for flag, names, _ in rows}
    if answer.status == 0:
        return result
    reasons = [(names.partition(":")[2], clean(summary)) for flag, names, summary in rows if flag == "!"]
    for ref, reason in reasons:
        if re.search(_MOVED, reason):
            raise Moved(f"{ref} on {clean(remote)} has moved since it was fetched.", "Run gitsync again.")
    for ref, reason in reasons:
        if "atomic" not in reason:
            words = re.sub(r"^\[[^]]*\] *", "", reason).strip("()") or "no reason given"
            raise RepositoryError(f"{clean(remote)} refused {ref}: {words}.", "Ask who may push there, and what.")
    raise _refused(args, answer, remote)


# What git, and servers of other makes, say of a ref that another push took first.
_MOVED = (
    "fetch first|non-fast-forward|stale info|needs force|cannot lock ref|incorrect old value|reference already exists|"
    "failed to update ref"
)

_STEPS = (
    (
        r"Authentication failed|could not read (Username|Password)|Permission denied|[Rr]epository not found| 403",
        "Check that your credentials for it work: `git ls-remote` must.",
    ),
    (r"Could not resolve host|Connection (refused|timed out|reset)|unable to access|early EOF", "Try again later."),
    (
        r"does not appear to be a git repository|No such remote|No such device",
        "Check `git remote -v` and [state] remote.",
    ),
    (r"couldn't find remote ref", "Check what is there with `git ls-remote`."),
)


def _refused(args: Sequence[str], answer: Answer, remote: str) -> RepositoryError:
    error = failure(args, answer)
    step = next((step for pattern, step in _STEPS if re.search(pattern, answer.errors)), error.hint)
    return type(error)(f"With the remote {clean(remote)}: {error.message}", step)


def remote_refs(git: Git, remote: str, patterns: Sequence[str]) -> dict[str, Oid]:
    """Return the remote's refs that match (`refs/gitsync/*`), asked anew. Raises RepositoryError."""
    args = (*_PATIENCE, "ls-remote", "--quiet", "--refs", "--end-of-options", remote, *patterns)
    answer = git.run(*args, ok=(), env=environment(git, remote))
    if answer.status:
        raise _refused(args, answer, remote)
    rows = (line.split("\t") for line in answer.text.splitlines())
    return {ref: oid for oid, ref in rows}


def remote_url(git: Git, remote: str) -> str | None:
    """Return where the remote is, without credentials; None when no remote has that name."""
    answer = git.run("remote", "get-url", "--end-of-options", remote, ok=())
    return clean(answer.text) if answer.status == 0 else None


def default_branch(git: Git, remote: str) -> str | None:
    """Return the remote's default branch ("main"), as last cloned or else asked there; None if it has none."""
    prefix = f"refs/remotes/{remote}/"
    answer = git.run("symbolic-ref", "--quiet", "--end-of-options", f"{prefix}HEAD", ok=())
    if answer.status == 0 and answer.text.startswith(prefix):
        return answer.text.removeprefix(prefix)
    args = (*_PATIENCE, "ls-remote", "--symref", "--end-of-options", remote, "HEAD")
    answer = git.run(*args, ok=(), env=environment(git, remote))
    if answer.status:
        raise _refused(args, answer, remote)
    found = re.search(r"^ref: refs/heads/(.*)\tHEAD$", answer.text, re.MULTILINE)
    return found[1] if found else None

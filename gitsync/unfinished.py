"""Writes without an answer, as doctor sees them: told, and where what was noted of one cannot be read, noted anew.

Nothing may be sent twice because a note was lost: what it may have been about is looked for on the site first.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

from gitsync.errors import RepositoryError
from gitsync.finding import Finding, found
from gitsync.ledger import Ledger
from gitsync.own_files import set_aside
from gitsync.project import Project
from gitsync.state.intents import Intent, Intents
from gitsync.state.salvage import Remains, remains

TOLD: Final = 3
"""How many posts a finding names."""


def unfinished(project: Project, *, mend: bool) -> Iterator[Finding]:
    """Yield what was begun and has no outcome. Raises RepositoryError, OSError."""
    intents = Intents(project.repository.state_dir)
    for path in sorted(intents.folder.glob("*.tmp")):
        if mend:
            path.unlink()
        yield found(f"a write that was never begun ({path.name}),", mend, "forgotten")
    noted: set[str] = set()
    for path in intents.damaged():
        left = remains(path)
        anew = list(_anew(project, left))
        done = f"set aside as {path.name}.aside; {_what_next(left, anew)}"
        if mend:
            noted |= {intents.begin(intent) for intent in anew}
            set_aside(path)
        what = f"{left.op or 'a write'} of {left.path or 'a post'}"
        yield found(f"what was noted of {what}{_site(left)} in {path.name}, and cannot be read,", mend, done)
    sites = project.config.sites
    begun: dict[str, Intent] = {}
    for intent in intents.readable():
        if intent.key in noted:
            continue
        if intent.site in sites:
            begun[intent.key] = intent
            continue
        yield Finding(
            kind="waits",
            message=f"{intent.site}: {intent.op} of {intent.path} was sent, or was about to be, and nobody saw "
            f"an answer; gitsync.toml does not name {intent.site} any more, so no sync will look. Look there, "
            f"then remove {intents.file(intent.key)}.",
        )
    for site in sites:
        try:
            begun.update((intent.key, intent) for intent in Ledger(project.repository, site).intents())
        except RepositoryError:  # told with the ledgers
            continue
    for intent in begun.values():
        yield Finding(
            kind="waits",
            message=f"{intent.site}: {intent.op} of {intent.path} was sent, or was about to be, and nobody saw an "
            "answer. The next sync looks for it first.",
        )


def _anew(project: Project, left: Remains) -> Iterator[Intent]:
    """Yield what stands for a write of which only that is `left`.

    A create of nobody knows what may have been of any post that the site does not have yet. Of an update, a deletion
    or a hidden post the site itself tells.
    """
    from gitsync.status import unsent  # noqa: PLC0415  heavy, and rarely needed

    run = secrets.token_hex(6)
    names = [left.site] if left.site is not None else list(project.config.sites)
    for site in names:
        if left.path is not None:
            op, id = left.op or "create", left.id if left.op not in (None, "create") else None
            yield Intent(op=op, site=site, path=left.path, id=id, blob=left.blob, at=left.at, run=run)
        elif left.op in (None, "create") and site in project.config.sites:
            for path in unsent(project, project.config.sites[site]):
                yield Intent(op="create", site=site, path=path, at=left.at, run=run)


def _site(left: Remains) -> str:
    return f" on {left.site}" if left.site is not None else ""


def _what_next(left: Remains, anew: list[Intent]) -> str:
    if not anew:
        where = left.site or "the site"
        return f"the next sync takes what {where} shows for what it was; see what it pulls"
    paths = list(dict.fromkeys(intent.path for intent in anew))
    named = ", ".join(paths[:TOLD]) + (f" and {len(paths) - TOLD} more" if len(paths) > TOLD else "")
    return f"the next sync looks for {named} on {left.site or 'every site'} before anything is sent"

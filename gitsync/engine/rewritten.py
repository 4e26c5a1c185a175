"""A push whose commit was amended or rebased away: what the site shows then is nobody's edit but our own text."""

from __future__ import annotations

from gitsync.engine.case import Case
from gitsync.engine.reconcile import same_content
from gitsync.model import Record
from gitsync.state.records import Entry


def own_earlier_text(case: Case, record: Record) -> tuple[Entry, bool] | None:
    """Return the newest agreement, where only the author's commits lie between it and this history.

    And whether the site still shows just that.

    The ledger's base is the newest one in this history, since a pull that was reset away must come back. Where no pull
    lies in between, what was agreed on since is what the author committed, sent and took back: merging it again would
    bring words back that were taken out, and asking whether it or its replacement is meant would be asking twice. Only
    what an editor made of it since is an edit. An older checkout is no replacement.
    """
    ledger, repository = case.reading.ledger, case.round.overlay.project.repository
    if ledger.tip is None or ledger.tip == case.reading.agreed:
        return None
    newest = ledger.entries([case.source])[case.source]
    known = newest.record
    if newest.base is None or newest.remote is None or newest.conflict is not None or known is None or not known.sent:
        return None
    head = case.round.overlay.head
    for sent_with in ledger.heads:
        if repository.resolve(f"{sent_with}^{{commit}}") is None or repository.is_ancestor(head, sent_with):
            return None
        gone = repository.log(f"{head}..{sent_with}", paths=[f":(literal){case.path}"])
        if any("Gitsync-Site" in commit.trailers for commit in gone):
            return None
    fields = case.reading.capabilities.fields
    return newest, record.post is not None and same_content(newest.remote, record.post, fields)

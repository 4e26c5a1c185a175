"""The token that a write is bound to: of what the site shows just now, which must be what the plan was made from."""

from __future__ import annotations

from gitsync.engine.reconcile import same_content
from gitsync.engine.survey import Reading, clean, is_stale
from gitsync.engine.unsure import Unsure
from gitsync.errors import NotFound, Stale
from gitsync.model import Post, Record
from gitsync.state.records import LedgerRecord


def expected(
    reading: Reading,
    path: str,
    known: LedgerRecord,
    *,
    shown: Post | None,
    theirs: Record | None,
    again: Record | None,
    now: float,
) -> str:
    """Return the token of `known` that an update or a deletion goes over.

    `theirs` is the record that the plan was made from, `again` what this run wrote last. Where a write can be bound to
    no token, the site is read: raises Stale when it does not show `shown` by now, Unsure while it still shows what
    was there before our own last write.
    """
    if reading.capabilities.conditional:
        seen = theirs or again
        return seen.revision if seen is not None else reading.index.revision_of(known.id) or known.revision
    until = (known.written or 0.0) + reading.capabilities.settles_after
    message = f"{reading.name} still shows {path} as it was before it was sent last."
    try:
        there = clean(reading.online.fetch(known.id))
    except NotFound:
        if now < until:
            raise Unsure(message, until) from None
        raise
    if shown is None or there.post is None or same_content(shown, there.post, reading.capabilities.fields):
        return there.revision
    if is_stale(known, there, reading.capabilities, now):
        raise Unsure(message, until)
    raise Stale(f"{path} was changed on {reading.name} meanwhile.")

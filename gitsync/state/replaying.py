"""Puts into the ledgers what a run wrote into the journal, its own or one that died."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitsync.durable import sync_folder
from gitsync.ledger import PREFIX, Ledger, naming
from gitsync.repository import Repository
from gitsync.state.journal import Journal
from gitsync.state.records import Result


def fold_journal(repository: Repository, *, trailers: Callable[[str], Mapping[str, str]]) -> int:
    """Fold every pending result, a commit a site with the `trailers` of that site; return how many there were.

    Call it under the process lock. Raises Moved, and RepositoryError when a line cannot be read.
    """
    journal = Journal(repository.state_dir)
    results = journal.pending()
    head = journal.head()
    if not results or head is None:
        return 0
    by_site: dict[str, list[Result]] = {}
    for result in results:
        by_site.setdefault(result.site, []).append(result)
    for site, ours in by_site.items():
        count = len(ours)
        message = naming(f"{site}: {count} write{'' if count == 1 else 's'}", (it.path for it in ours))
        Ledger(repository, site).fold(ours, head=head, message=message, trailers=trailers(site))
    # Git syncs what it writes into a ref, not the folder where the ref gets its name (if its refs are files at all).
    if (refs := repository.common_dir / PREFIX).is_dir():
        sync_folder(refs)
    journal.clear()
    return len(results)

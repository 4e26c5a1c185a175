"""Puts into the ledgers what a run wrote into the journal, its own or one that died."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gitsync.durable import sync_folder
from gitsync.ledger import PREFIX, Ledger, naming
from gitsync.repository import Repository
from gitsync.state.journal import Journal
from gitsync.state.records import Result
from gitsync.state.uploads import Uploads


def fold_journal(repository: Repository, *, trailers: Callable[[str], Mapping[str, str]]) -> int:
    """Fold every pending result, a commit a site with the `trailers` of that site; return how many there were.

    Notes of uploaded files go the same way. Call it under the process lock. Raises Moved, and RepositoryError when a
    line cannot be read.
    """
    journal, noted = Journal(repository.state_dir), Uploads(repository.state_dir)
    results, head, files = journal.pending(), journal.head(), noted.all()
    if not files and (not results or head is None):
        return 0
    by_site: dict[str, list[Result]] = {}
    for result in results:
        by_site.setdefault(result.site, []).append(result)
    for site in dict.fromkeys((*by_site, *files)):
        ledger, ours, urls = Ledger(repository, site), by_site.get(site, []), files.get(site, {})
        told = f"{len(ours)} write" if ours else f"{len(urls)} file"
        message = naming(f"{site}: {told}{'' if told.startswith('1 ') else 's'}", (it.path for it in ours))
        # Files alone say nothing of the branch: what the ledger says of it stays as it is.
        about = head if ours else ledger.heads[0] if len(ledger.heads) == 1 else repository.head()
        if about is not None:
            ledger.fold(ours, head=about, message=message, trailers=trailers(site) if ours else {}, uploads=urls)
    # Git syncs what it writes into a ref, not the folder where the ref gets its name (if its refs are files at all).
    if (refs := repository.common_dir / PREFIX).is_dir():
        sync_folder(refs)
    journal.clear()
    noted.clear()
    return len(results)

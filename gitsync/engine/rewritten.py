"""A push whose commit was amended or rebased away: what the site shows then is nobody's edit but our own text."""

from __future__ import annotations

from gitsync.engine.case import Case
from gitsync.engine.incoming import Round
from gitsync.engine.reconcile import same_content
from gitsync.engine.survey import Reading
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
    return _replaced(case.round, case.reading, record, case.source, case.path)


def was_rewritten(case: Case) -> bool:
    """Say whether commits of the newest agreement are in this history in another form: amended, or rebased.

    A commit that is written anew keeps its author and its author's time. Where none is, an older version was checked
    out and went on from there, which takes nothing back that a site shows.
    """
    ledger, repository, head = case.reading.ledger, case.round.overlay.project.repository, case.round.overlay.head
    if ledger.tip is None or ledger.tip == case.reading.agreed:
        return False
    for sent_with in ledger.heads:
        if repository.resolve(f"{sent_with}^{{commit}}") is None:
            return False
        now = {(commit.author, commit.when) for commit in repository.log(f"{sent_with}..{head}")}
        if any((commit.author, commit.when) in now for commit in repository.log(f"{head}..{sent_with}")):
            return True
    return False


def deleted_since(round: Round, reading: Reading, record: Record, path: str) -> tuple[Entry, bool] | None:
    """Return the same of a post whose file is not there, if a commit that is not in that agreement's history had it.

    So one of them deleted it. Where none had it, the one that did was reset away, which is no deletion.
    """
    repository, head = round.overlay.project.repository, round.overlay.head
    since = (repository.log(f"{sent_with}..{head}", paths=[_literal(path)]) for sent_with in reading.ledger.heads)
    found = _replaced(round, reading, record, path, path)
    return found if found is not None and all(any(commits) for commits in since) else None


def _replaced(round: Round, reading: Reading, record: Record, source: str, path: str) -> tuple[Entry, bool] | None:
    """`source` is the post's path at the tip of the ledger, `path` where its file is now."""
    ledger, repository, head = reading.ledger, round.overlay.project.repository, round.overlay.head
    if ledger.tip is None or ledger.tip == reading.agreed:
        return None
    newest = ledger.entries([source])[source]
    known = newest.record
    if newest.base is None or newest.remote is None or newest.conflict is not None or known is None or not known.sent:
        return None
    # However history came to have it, the very file that was agreed on last is nothing that was reset away.
    has_it = repository.lookup(head, [path]).get(path) == newest.base
    for sent_with in () if has_it else ledger.heads:
        if repository.resolve(f"{sent_with}^{{commit}}") is None or repository.is_ancestor(head, sent_with):
            return None
        gone = repository.log(f"{head}..{sent_with}", paths=[_literal(path), _literal(source)])
        if any("Gitsync-Site" in commit.trailers for commit in gone):
            return None
    # Without a text it is what we wrote last: soon after that, the site may show an older version.
    return newest, record.post is None or same_content(newest.remote, record.post, reading.capabilities.fields)


def _literal(path: str) -> str:
    return f":(literal){path}"

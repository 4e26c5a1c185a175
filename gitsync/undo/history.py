"""What every sync did, as the ledgers and the branch tell it: nothing else is kept of a run."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from gitsync.events import Action, Operation
from gitsync.ledger import Ledger, heads_of
from gitsync.repository import EMPTY_TREE, Commit, Oid, Repository
from gitsync.state.records import Conflict, Entry, LedgerRecord, parked_path


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one sync left in one site's ledger: its commits, oldest first, and the one before them."""

    site: str
    before: Oid | None
    commits: tuple[Oid, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """One run. `commits` are the branch's, oldest first; `undoes` is the run that it rolled back, if it did."""

    id: str
    when: datetime
    parts: tuple[Part, ...] = ()
    commits: tuple[Commit, ...] = field(default=(), repr=False)
    undoes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One post of one site that a sync was about, told by the ids of its record.

    `before` is what the ledger held until then, `first` what the run put there first, and `after` what it left. A
    post that was found on the site, not made there, has no `before`, and a `first` that nobody wrote.
    """

    site: str
    before: Entry | None
    first: Entry
    after: Entry

    @property
    def record(self) -> LedgerRecord:
        return _record(self.after)

    @property
    def was_live(self) -> bool:
        return self.before is not None and _record(self.before).state == "live"

    @property
    def found(self) -> bool:
        """Whether the run met the record on the site, instead of making it there."""
        return not self.was_live and _record(self.first).state == "live" and not self._written(self.first)

    @property
    def sent(self) -> bool:
        """Whether the run wrote the post to the site."""
        return self._written(self.after)

    def _written(self, entry: Entry) -> bool:
        now = _record(entry)
        if self.before is None:
            return now.written is not None
        then = _record(self.before)
        # Each write leaves its time, and the token it replaced; a clock may stand still.
        return (now.written, now.revisions) != (then.written, then.revisions)


def syncs(repository: Repository, ledgers: Sequence[Ledger]) -> list[Sync]:
    """Return every run that `ledgers` or the branch know of, newest first."""
    history = _History()
    head = repository.head()
    for commit in repository.log(head) if head else ():
        history.places[commit.oid] = -len(history.places)
        history.add("", commit, "Gitsync-Sync")
    heads: set[Oid] = set()
    for ledger in ledgers:
        for commit in repository.log(ledger.tip) if ledger.tip else ():
            history.add(ledger.site, commit, "Sync")
            heads.update(heads_of(commit.trailers))
    history.recall(repository, head, sorted(heads - history.places.keys()))
    age = {id: history.age(commits) for id, commits in history.runs.items()}
    rows = [list(row) for row in history.rows.values()]
    return [_sync(id, age[id][0], history.runs[id]) for id in _in_order(rows, age)]


class _History:
    """Commits in runs: run -> site ("" is the branch) -> commits, newest first; `rows` are the runs by site."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, list[Commit]]] = {}
        self.rows: dict[str, dict[str, None]] = {}
        self.places: dict[Oid, int] = {}

    def add(self, site: str, commit: Commit, trailer: str) -> None:
        if isinstance(id := commit.trailers.get(trailer), str):
            self.rows.setdefault(site, {})[id] = None
            self.runs.setdefault(id, {}).setdefault(site, []).append(commit)

    def recall(self, repository: Repository, head: Oid | None, heads: Sequence[Oid]) -> None:
        """Add the commits that runs left on `heads`, which the branch has no more, as far as git still has them."""
        known = {id for id, parts in self.runs.items() if "" in parts}
        lost: dict[Oid, Commit] = {}
        for oid in heads:
            if oid not in lost and repository.resolve(f"{oid}^{{commit}}"):
                lost.update((it.oid, it) for it in repository.log(f"{head}..{oid}" if head else oid))
        for commit in lost.values():
            id = commit.trailers.get("Gitsync-Sync")
            if isinstance(id, str) and id in self.runs and id not in known:
                self.runs[id].setdefault("", []).append(commit)

    def age(self, parts: Mapping[str, Sequence[Commit]]) -> tuple[datetime, int]:
        """Return when a run was, and how far the branch was then: git counts whole seconds, which hold several runs."""
        commits = [commit for part in parts.values() for commit in part]
        heads = {head for commit in commits for head in (commit.oid, *heads_of(commit.trailers))}
        place = max((self.places[head] for head in heads & self.places.keys()), default=-len(self.places))
        return max(commit.when for commit in commits), place


def _sync(id: str, when: datetime, parts: Mapping[str, list[Commit]]) -> Sync:
    branch = tuple(reversed(parts.get("", [])))
    undone = (commit.trailers.get("Gitsync-Rollback") for commit in branch)
    return Sync(
        id=id,
        when=when,
        parts=tuple(
            Part(
                site=site,
                before=next(iter(commits[-1].parents), None),
                commits=tuple(commit.oid for commit in reversed(commits)),
            )
            for site, commits in parts.items()
            if site
        ),
        commits=branch,
        undoes=next((it for it in undone if isinstance(it, str)), None),
    )


def _in_order(rows: Sequence[Sequence[str]], age: Mapping[str, tuple[datetime, int]]) -> Iterator[str]:
    """Merge rows of runs, each newest first; their own order decides before any clock does."""
    left = [deque(row) for row in rows]
    waiting = Counter(id for row in rows for id in row)
    while any(left):
        heads = [row[0] for row in left if row]
        free = [id for id in heads if heads.count(id) == waiting[id]] or heads
        newest = max(free, key=lambda id: age[id])
        yield newest
        for row in left:
            if row and row[0] == newest:
                row.popleft()
            elif newest in row:  # rows that contradict each other: ledgers of two machines, merged
                row.remove(newest)


def touched(repository: Repository, part: Part) -> list[Touched]:
    """Return the posts of a site whose record a run made or changed, by path."""
    states = [_state(repository, part.site, oid) for oid in (part.before, *part.commits)]
    before, after = states[0], states[-1]
    paths = set(_differing(repository, part.before, part.commits[-1]))
    was, now = ({entry.path: entry for entry in _entries(it, paths)} for it in (before, after))
    # A database may give the id that one post had to another, which had one of its own: the path tells more then.
    stayed = {path for path, entry in was.items() if path in now and set(_ids(entry)) & set(_ids(now[path]))}
    old = {id: entry for entry in was.values() if entry.path not in stayed for id in _ids(entry)}
    found = []
    for path, entry in now.items():
        then = was[path] if path in stayed else next((old[id] for id in _ids(entry) if id in old), None)
        if then is not None and _record(then).state != "live" and _record(entry).state != "live":
            continue  # a tombstone that made room for another post
        if then is not None and _was_left_behind(then, entry):
            continue
        first = entry
        for state in states[1:-1] if then is None or _record(then).state != "live" else ():
            early = state.entries([entry.path])[entry.path]
            if early.record is not None and set(early.record.ids) & set(_ids(entry)) and early.record.state == "live":
                first = early
                break
        found.append(Touched(site=part.site, before=then, first=first, after=entry))
    return sorted(found, key=lambda it: it.after.path)


def _was_left_behind(then: Entry, entry: Entry) -> bool:
    """Say whether a run did nothing with a post but note that its branch does not have what was agreed on."""
    was = _record(then)
    return was.revision != "" and _record(entry) == replace(was, revision="")


def _differing(repository: Repository, before: Oid | None, after: Oid) -> Iterator[str]:
    for area in ("base", "remote", "records", "conflicts"):
        old = EMPTY_TREE if before is None else f"{before}:{area}"
        for change in repository.diff(old, f"{after}:{area}", renames=False):
            if area == "conflicts":
                yield change.path.rpartition("/")[0]
            else:
                yield change.path.removesuffix(".json") if area == "records" else change.path


def _state(repository: Repository, site: str, at: Oid | None) -> Ledger:
    # Read as if it were the newest: records too are those of that commit.
    return Ledger(repository, site, ref=at or "refs/gitsync-none")


def _entries(ledger: Ledger, paths: set[str]) -> list[Entry]:
    found = [entry for entry in ledger.entries(sorted(paths)).values() if entry.record is not None]
    return [entry for entry in found if not _is_parked(entry)]


def _is_parked(entry: Entry) -> bool:
    return any(entry.path == parked_path(entry.path.rpartition("~")[0], id) for id in _ids(entry))


def _ids(entry: Entry) -> tuple[str, ...]:
    return entry.record.ids if entry.record is not None else ()


def _record(entry: Entry) -> LedgerRecord:
    if entry.record is None:
        raise AssertionError(f"{entry.path} has no record")
    return entry.record


_REMOVED: Mapping[str, tuple[Action, str | None]] = {
    "unpublished": ("unpublish", None),
    "deleted": ("delete", None),
    "gone": ("skip", "was gone there."),
    "ignored": ("skip", "was let go of; the site keeps it."),
}


def operations(repository: Repository, sync: Sync, posts: Sequence[Touched]) -> Iterator[Operation]:
    """Yield what a run did to `posts`, as it told it itself."""
    written = {site: _commits_of(repository, sync, site) for site in {it.site for it in posts}}
    for post in posts:
        for action, reason in _actions(post, written[post.site]):
            yield Operation(
                site=post.site,
                path=post.after.path,
                action=action,
                result="done",
                id=post.record.id,
                url=post.record.url,
                reason=reason,
            )


def imported(repository: Repository, sync: Sync, post: Touched) -> bool:
    """Say whether the file of a post that was found on the site was made by this run, from what it found."""
    return post.found and _commits_of(repository, sync, post.site).get(post.after.path) == "Import"


def _commits_of(repository: Repository, sync: Sync, site: str) -> dict[str, str]:
    """Return the files that the run's commits for `site` changed, each with the first word of the commit's subject."""
    found: dict[str, str] = {}
    for commit in sync.commits:
        if commit.trailers.get("Gitsync-Site") == site:
            parent = next(iter(commit.parents), EMPTY_TREE)
            for change in repository.diff(parent, commit.oid, renames=False):
                found[change.path] = commit.subject.partition(" ")[0]
    return found


def _actions(post: Touched, written: Mapping[str, str]) -> Iterator[tuple[Action, str | None]]:
    path, state = post.after.path, post.record.state
    if post.was_live and state != "live":
        yield _REMOVED[state]
        return
    if post.was_live or post.found:
        if post.found:
            yield ("import" if written.get(path) == "Import" else "adopt"), None
        elif written.get(path) in ("Pull", "Merge"):
            yield ("pull" if written[path] == "Pull" else "merge"), None
        renamed = f"was {post.before.path} before." if post.before is not None and post.before.path != path else None
        if post.sent:
            yield "update", renamed
        elif renamed is not None and post.was_live:
            yield "skip", renamed  # the site shows no paths
    elif state == "live" and post.sent:
        yield "create", "came back." if post.before is not None else None
    if _conflict(post.after) is not None and _conflict(post.after) != _conflict(post.before):
        yield "conflict", None


def _conflict(entry: Entry | None) -> Conflict | None:
    return entry.conflict if entry is not None else None

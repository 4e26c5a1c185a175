"""Which unclaimed record is which new file: nothing is created twice, and nothing is linked on a guess.

Used for every new file of a site that lists records nobody claims: after a lost reply, a lost ledger, or when a blog
and a repository that both exist meet for the first time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from gitsync.engine.reconcile import shows, typed
from gitsync.model import Post, Record

TELLING = 12
"""Words that make a text somebody's own: fewer, and two posts may well say the same."""

RANKS = ("canonical", "text", "slug", "title")
"""What two posts can have in common, from the surest down."""

OWN = frozenset(RANKS) - {"title"}
"""What is a post's own: the next one of a series may well have the title of one that was let go of.

With half of its words too, it is that one.
"""

ALIKE = 0.5
"""The part of the longer text that two versions of one post share, at least; git asks as much of a renamed file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A new file as the site would hold it. `slugs` are all it may have been created under.

    `sent` is what requests without an answer may have made of it: it is that post, whatever the file says by now.
    """

    path: str
    projection: Post
    slugs: tuple[str, ...] = ()
    sent: tuple[Post, ...] = ()


@dataclass(slots=True)
class Matches:
    """`found` links a file to its record; `doubtful` names the records that a file could equally well be."""

    found: dict[str, Record] = field(default_factory=dict)
    doubtful: dict[str, list[str]] = field(default_factory=dict)


class Matcher:
    """Takes records one at a time; those that no file resembles come straight back, to be imported."""

    def __init__(self, candidates: Iterable[Candidate], fields: Collection[str]) -> None:
        self._fields = fields
        self._candidates = {candidate.path: candidate for candidate in candidates}
        self._keys: dict[tuple[str, str], list[str]] = {}
        self._held: dict[str, Record] = {}
        self._links: dict[tuple[str, str], int] = {}
        for candidate in self._candidates.values():
            keys = [*_keys(candidate.projection, candidate.slugs)]
            for key in dict.fromkeys((*keys, *(key for sent in candidate.sent for key in _keys(sent, ())))):
                self._keys.setdefault(key, []).append(candidate.path)

    def offer(self, record: Record, *, by: Collection[str] = RANKS) -> bool:
        """Hold `record` if a file has something in common with it that `by` names; say whether it was held."""
        if record.post is None or not self._candidates:
            return False
        slugs = (record.post.slug,) if record.post.slug else ()
        for key in _keys(record.post, slugs):
            for path in self._keys.get(key, ()):
                if key[0] not in by and not alike(self._candidates[path].projection, record.post):
                    continue
                rank = self._rank(key[0], path, record.post)
                held = self._links.get((path, record.id))
                self._links[path, record.id] = rank if held is None else min(rank, held)
                self._held[record.id] = record
        return record.id in self._held

    def _rank(self, kind: str, path: str, stored: Post) -> int:
        candidate = self._candidates[path]
        same = any(shows(post, stored, self._fields) for post in (candidate.projection, *candidate.sent))
        return 0 if same else 1 + RANKS.index(kind)

    def matches(self) -> tuple[Matches, Iterator[Record]]:
        """Return the links, and the records that were held but belong to no file."""
        matches = Matches()
        free_files, free_records = set(self._candidates), set(self._held)
        links = dict(self._links)
        for rank in sorted(set(links.values())):
            at_rank = [
                (path, id)
                for (path, id), found in links.items()
                if found == rank and path in free_files and id in free_records
            ]
            by_file: dict[str, list[str]] = {}
            by_record: dict[str, list[str]] = {}
            for path, id in at_rank:
                by_file.setdefault(path, []).append(id)
                by_record.setdefault(id, []).append(path)
            for path, ids in by_file.items():
                if len(ids) == 1 and len(by_record[ids[0]]) == 1:
                    matches.found[path] = self._held[ids[0]]
                    free_files.discard(path)
                    free_records.discard(ids[0])
                elif rank == 0 and len(ids) == len(by_record[ids[0]]):
                    # Equal files and equal records, as many of each: any pairing is the right one.
                    for one, other in zip(sorted(by_record[ids[0]]), sorted(ids), strict=True):
                        if one in free_files and other in free_records:
                            matches.found[one] = self._held[other]
                            free_files.discard(one)
                            free_records.discard(other)
            for path, ids in by_file.items():
                if path in free_files and (open_ids := [id for id in ids if id in free_records]):
                    matches.doubtful.setdefault(path, []).extend(open_ids)
        doubted = {id for ids in matches.doubtful.values() for id in ids}
        return matches, (record for id, record in self._held.items() if id in free_records and id not in doubted)


def alike(one: Post, other: Post) -> bool:
    """Say whether two posts of one title share so many words that one is a version of the other."""
    if one.date is not None and other.date is not None and one.date != other.date:
        return False
    a, b = Counter(one.body.split()), Counter(other.body.split())
    return (a & b).total() >= ALIKE * max(a.total(), b.total(), 1)


def kin(one: Post, other: Post) -> bool:
    """Say whether two posts may be versions of one: they share what is a post's own, or a name and half their words."""
    own = {key for key in _keys(one, (one.slug,) if one.slug else ()) if key[0] in OWN}
    if any(key in own for key in _keys(other, (other.slug,) if other.slug else ())):
        return True
    names = ((one.slug, other.slug), (one.title, other.title))
    same = [a == b for a, b in names if a is not None and b is not None]
    return (any(same) or not same) and (alike(one, other) or one.body == other.body)


def _keys(post: Post, slugs: Iterable[str]) -> Iterator[tuple[str, str]]:
    if post.canonical_url:
        yield "canonical", post.canonical_url.rstrip("/")
    if len(post.body.split()) >= TELLING:
        yield "text", typed(post.body)  # a site may have put its own quotes and dots into it
    for slug in slugs:
        yield "slug", slug.casefold()
    if post.title:
        yield "title", " ".join(post.title.split()).casefold()

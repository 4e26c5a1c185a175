"""Merging whole posts: three-way, carrying a site's edit over, and telling when a conflict is settled. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gitsync.merge.diff import Edit, edits
from gitsync.merge.fields import merge_lists, respell, three_way, without_added
from gitsync.merge.markers import marker_lines
from gitsync.merge.prose import Hunk, carry_text, merge_text
from gitsync.merge.words import lines, starts, tokens
from gitsync.model import FIELDS, LISTS, Post, Value

_PROSE = frozenset({"title", "description", "series"})
"""Fields that a platform may shorten or respell, so that an edit of them is carried word by word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two edits that exclude each other: of a field, or of one hunk of the body, whose words these are."""

    field: str
    base: Value
    ours: Value
    theirs: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What merges cleanly is in both posts; where edits clash, either has its own side. Clean: the two are equal."""

    ours: Post
    theirs: Post
    clashes: tuple[Clash, ...] = ()

    @property
    def clean(self) -> bool:
        """Say whether nothing clashed, so that `ours` is the merged post."""
        return not self.clashes


def merge_posts(base: Post, ours: Post, theirs: Post, *, fields: Collection[str] | None = None) -> Merged:
    """Merge two edits of `base`: these fields (None: all) and the body; every other field is as ours has it."""
    mine, other, clashes = _merge_fields(base, ours, theirs, fields)
    body = merge_text(base.body, ours.body, theirs.body)
    clashes += [Clash(field="body", base=hunk.base, ours=hunk.ours, theirs=hunk.theirs) for hunk in body.hunks]
    return Merged(
        ours=ours.with_fields({**mine, "body": body.ours}),
        theirs=ours.with_fields({**other, "body": body.theirs}),
        clashes=tuple(clashes),
    )


def _merge_fields(
    base: Post, ours: Post, theirs: Post, fields: Collection[str] | None
) -> tuple[dict[str, Value], dict[str, Value], list[Clash]]:
    mine: dict[str, Value] = {}
    other: dict[str, Value] = {}
    clashes: list[Clash] = []
    for name in FIELDS if fields is None else [name for name in FIELDS if name in fields]:
        b, o, t = base.get(name), ours.get(name), theirs.get(name)
        value, clean = three_way(b, o, t)
        if not clean and name in LISTS:
            value, clean = merge_lists(b, o, t), True
        if not clean:
            clashes.append(Clash(field=name, base=b, ours=o, theirs=t))
        mine[name], other[name] = value, value if clean else t
    return mine, other, clashes


def carry(base: Post, remote0: Post, remote1: Post, *, fields: Collection[str]) -> Post:
    """Return `base` with what changed on the site from `remote0` to `remote1`, in these fields and the body.

    What the site never held, or holds in its own spelling, stays as `base` has it; where the site's edit meets that,
    the site's words win. A field that is absent in `base` and was present in `remote0` is the platform's own and stays
    absent, except `status` (absent is a status too: taking a post offline is an edit) and what was added to a list.
    """
    changes: dict[str, Value] = {"body": carry_text(base.body, remote0.body, remote1.body)}
    for name in FIELDS:
        if name in fields:
            changes[name] = _carry_value(name, base.get(name), remote0.get(name), remote1.get(name))
    return base.with_fields({name: value for name, value in changes.items() if value != base.get(name)})


def asked_for(base: Post, ours: Post, remote0: Post, remote1: Post, *, fields: Collection[str]) -> Post:
    """Return `base` without the items of its lists that an editor put on the site, and ours took out.

    The site did not hold them before. Asking for them there says more than that they are in the base: merged with what
    this returns they are additions, and are not taken out.
    """
    changes: dict[str, Value] = {}
    for name in LISTS:
        if name in fields:
            had, kept = base.get(name), ours.get(name) or ()
            less = without_added(had, respell(had, remote0.get(name)), respell(had, remote1.get(name)))
            if isinstance(had, tuple) and isinstance(less, tuple) and isinstance(kept, tuple):
                changes[name] = tuple(item for item in had if item in less or item in kept)
    return base.with_fields({name: value for name, value in changes.items() if value != base.get(name)})


def _carry_value(name: str, base: Value, remote0: Value, remote1: Value) -> Value:
    if remote0 == remote1 or not (remote0 or remote1):
        return base
    if name in LISTS:
        # Before what the site does not hold: behind that, it would be cut off next time.
        old, new = respell(base, remote0), respell(base, remote1)
        return merge_lists(old, without_added(base, old, new), new, theirs_first=True)
    if base is None and remote0 and name != "status":
        return None
    if name in _PROSE and isinstance(base, str) and isinstance(remote0, str) and isinstance(remote1, str):
        return carry_text(base, remote0, remote1)
    return remote1


def settled(base: Post, ours: Post, theirs: Post, now: Post, *, fields: Collection[str] | None = None) -> bool:
    """Say whether `now` decides every clash of (base, ours, theirs), by differing there from ours.

    Ask only after `merge_posts(base, now, theirs)` was not clean: a clean merge settles a conflict too, but then its
    result is the post, and not `now`. White space decides nothing, nor does an edit elsewhere, however near; words put
    beside ours do if they are some of theirs. A marker line that was not there before means: still at work.
    """
    if marker_lines(now.body) - marker_lines(ours.body):
        return False
    _, _, clashes = _merge_fields(base, ours, theirs, fields)
    if any(now.get(clash.field) == clash.ours for clash in clashes):
        return False
    hunks = merge_text(base.body, ours.body, theirs.body).hunks if base.body else _differences(ours.body, theirs.body)
    return not hunks or _decided(ours.body, now.body, hunks)


def _differences(ours: str, theirs: str) -> list[Hunk]:
    """Return where two texts differ that have no base: what both say alike is nothing that they collide in."""
    old, new = ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    begins = [0]
    for line in old:
        begins.append(begins[-1] + len(line))
    return [
        Hunk(
            base="",
            ours="".join(old[it.start : it.stop]),
            theirs="".join(new[it.new_start : it.new_stop]),
            start=begins[it.start],
            stop=begins[it.stop],
        )
        for it in edits(old, new)
    ]


def _decided(ours: str, now: str, hunks: Collection[Hunk]) -> bool:
    old, new = tokens(lines(ours)), tokens(lines(now))
    found = edits([token.key for token in old], [token.key for token in new])
    begins = starts(old)
    ends = [place + len(token.key) for place, token in zip(begins, old, strict=False)]

    def decides(edit: Edit, hunk: Hunk) -> bool:
        if edit.start < edit.stop and begins[edit.start] < hunk.stop and ends[edit.stop - 1] > hunk.start:
            return not _still_there(ours, now, hunk)
        if ends[edit.start - 1] > hunk.stop or begins[edit.stop] < hunk.start:
            return False
        said = {token.key for token in new[edit.new_start : edit.new_stop]}
        return bool(said & _words(hunk.theirs) - _words(hunk.ours))

    return all(any(decides(edit, hunk) for edit in found) for hunk in hunks)


def _still_there(ours: str, now: str, hunk: Hunk) -> bool:
    """Say whether the lines around our side stand in `now` as often as before: then they have moved, not changed."""
    start = ours.rfind("\n", 0, hunk.start) + 1
    stop = ours.find("\n", hunk.stop)
    around = ours[start : stop if stop >= 0 else len(ours)]
    return bool(around.strip()) and now.count(around) >= ours.count(around)


def _words(text: str) -> set[str]:
    return {token.key for token in tokens(lines(text)) if any(map(str.isalnum, token.key))}

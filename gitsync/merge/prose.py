"""Three-way merge of a body: by lines; where lines collide, by words; inside code fences by lines only. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gitsync.merge.diff import STEPS, Edit, edits
from gitsync.merge.weave import Side, Stretch, said_once, weave
from gitsync.merge.words import Line, Token, lines, starts, tokens

_SENTENCE_END = re.compile(r"[.!?…。!?؟।]$")
_ENOUGH = 4_000
"""Steps that even the smallest stretch of a huge body gets."""


class Hunk(NamedTuple):
    """Where two edits collide: the words of each version, and where ours stand in the text they are from."""

    base: str
    ours: str
    theirs: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedText:
    """What merges cleanly is in both texts; in each hunk either has its own side. Without hunks the two are equal."""

    ours: str
    theirs: str
    hunks: tuple[Hunk, ...] = ()


def merge_text(base: str, ours: str, theirs: str) -> MergedText:
    """Merge two edits of `base`. White space alone never collides: where both changed it, ours stays."""
    return _merge(base, ours, theirs, _clash, _coarse)


def carry_text(base: str, remote0: str, remote1: str) -> str:
    """Return `base` with what changed from `remote0` to `remote1`; in a collision the site's words, and whole lines of
    `base` that `remote0` never had."""
    return _merge(remote0, base, remote1, _site_wins, _fine).theirs


def _merge(base: str, ours: str, theirs: str, collide: _Collide, grain: _Grain) -> MergedText:
    if theirs in (ours, base):
        return MergedText(ours=ours, theirs=ours)
    if ours == base:
        return MergedText(ours=theirs, theirs=theirs)
    # The end of a text is white space: every core ends with a line end, so that its last line is a line like others.
    cores = [_core(base), _core(ours), _core(theirs)]
    tail = _space(*(text[len(core.rstrip()) :] for text, core in zip((base, ours, theirs), cores, strict=True)))
    b, o, t = (lines(core) for core in cores)
    scale = STEPS / (1 + sum(map(len, cores)))
    # One side only wrapped its lines anew: lines that are equal by accident must not lead the other's edits astray.
    wrapped = cores[0] not in cores[1:] and _solid(cores[0]) in map(_solid, cores[1:])
    shared = {line.text for line in b} & {line.text for line in o} & {line.text for line in t}
    if wrapped or not any(map(str.strip, shared)):
        merged = _by_words(b, o, t, scale, collide, grain)
    else:
        merged = _by_lines(b, o, t, scale, collide, grain)
        if merged.hunks:
            # Equal lines may have been matched across a paragraph that one side moved or wrapped anew. Words know
            # better, but take longer and know less about lines: they are asked second. Where nobody will decide, as
            # in a carry, a smaller collision is no sign of a better match.
            by_words = _by_words(b, o, t, scale, collide, grain)
            size = _collided(merged), _collided(by_words)
            merged = by_words if collide is _site_wins or size[1] < size[0] else merged
    return MergedText(ours=merged.ours.rstrip() + tail, theirs=merged.theirs.rstrip() + tail, hunks=merged.hunks)


def _collided(merged: MergedText) -> int:
    return sum(len(hunk.base + hunk.ours + hunk.theirs) for hunk in merged.hunks)


def _solid(text: str) -> str:
    return "".join(text.split())


def _by_lines(
    base: list[Line], ours: list[Line], theirs: list[Line], scale: float, collide: _Collide, grain: _Grain
) -> MergedText:
    b, o, t = ([line.text for line in cut] for cut in (base, ours, theirs))
    out: list[tuple[str, str]] = []
    hunks: list[Hunk] = []
    for stretch in weave(len(b), *_laid(edits(b, o), o, edits(b, t), t, grain)):
        mine, other = "".join(o[stretch.ours]), "".join(t[stretch.theirs])
        if stretch.side is Side.BOTH and mine != other:
            part = _by_words(base[stretch.base], ours[stretch.ours], theirs[stretch.theirs], scale, collide, grain)
            out.append((part.ours, part.theirs))
            at = ours[stretch.ours.start].start if stretch.ours.start < len(ours) else sum(map(len, o))
            hunks += [hunk._replace(start=at + hunk.start, stop=at + hunk.stop) for hunk in part.hunks]
        else:
            out.append((other, other) if stretch.side is Side.THEIRS else (mine, mine))
    return MergedText(
        ours="".join(mine for mine, _ in out), theirs="".join(other for _, other in out), hunks=tuple(hunks)
    )


def _by_words(
    base: list[Line], ours: list[Line], theirs: list[Line], scale: float, collide: _Collide, grain: _Grain
) -> MergedText:
    page = _Page(base, ours, theirs, scale, grain)
    for stretch in page.stretches:
        page.add(stretch, collide)
    mine, other = page.text()
    return MergedText(ours=mine, theirs=other, hunks=tuple(page.hunks))


def _core(text: str) -> str:
    text = text.rstrip()
    return text + "\n" if text else ""


def _space(base: str, ours: str, theirs: str) -> str:
    """Merge white space by the three-way rule on its kind (none, within a paragraph, between two), then on itself."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    return theirs if _kind(ours) == _kind(base) != _kind(theirs) else ours


def _kind(space: str) -> int:
    return -1 if not space else int(space.count("\n") > 1)


class _Page:
    """Lines that both sides changed, merged word by word: what is written so far, and the space to write next."""

    def __init__(self, base: list[Line], ours: list[Line], theirs: list[Line], scale: float, grain: _Grain) -> None:
        self.base, self.ours, self.theirs = tokens(base), tokens(ours), tokens(theirs)
        b, o, t = ([token.key for token in cut] for cut in (self.base, self.ours, self.theirs))
        size = sum(len(line.text) for line in (*base, *ours, *theirs))
        # Every stretch has its share of the steps, whatever stands before it: else who comes first would matter.
        steps = max(_ENOUGH, int(size * scale))
        mine, other = (grain(edits(b, cut, steps=steps), b, side) for cut, side in ((o, Side.OURS), (t, Side.THEIRS)))
        self.our_edits, their_edits = _laid(mine, o, other, t, grain)
        self.stretches = list(weave(len(b), self.our_edits, their_edits))
        self.places = starts(self.ours)
        self.hunks: list[Hunk] = []
        self.out: tuple[list[str], list[str]] = ([], [])
        self.space = ["", ""]

    def add(self, stretch: Stretch, collide: _Collide) -> None:
        ours, theirs = self.ours[stretch.ours], self.theirs[stretch.theirs]
        if stretch.side is Side.NONE:
            if self.base[stretch.base] == ours == theirs:
                self.write(ours)
                return
            for b, o, t in zip(self.base[stretch.base], ours, theirs, strict=True):
                self.write([o])
                self.space = [_space(b.space, o.space, t.space)] * 2
            return
        spaces = self.spaces(stretch.base.stop, stretch.ours.stop, stretch.theirs.stop)
        after = _space(*spaces)
        if stretch.side is Side.BOTH and [token.key for token in ours] != [token.key for token in theirs]:
            self.hunks.append(self.hunk(stretch))
            collide(self, stretch)
            return
        chosen, own, other = (theirs, spaces[2], spaces[1]) if stretch.side is Side.THEIRS else (ours, *spaces[1:])
        if chosen:
            # One space became two: what the other side made of it is said once, before the new words.
            said = stretch.base.start == stretch.base.stop and self.space[0] == other != spaces[0]
            self.write(chosen)
            self.space = [own if said and _kind(own) == _kind(spaces[0]) else after] * 2
            return
        # Words are gone: two spaces meet. The one that the deletion itself left gives way to an edit of the other.
        self.space = [after if space == own else space for space in self.space]

    def hunk(self, stretch: Stretch) -> Hunk:
        ours, before = self.ours[stretch.ours], self.ours[stretch.ours.start - 1]
        start = self.places[stretch.ours.start] - (0 if ours else len(before.space))
        stop = self.places[stretch.ours.stop] - len(ours[-1].space) if ours else start
        return Hunk(_text(self.base[stretch.base]), _text(ours), _text(self.theirs[stretch.theirs]), start, stop)

    def spaces(self, base: int, ours: int, theirs: int) -> tuple[str, str, str]:
        """Return the white space before these places in the three versions."""
        return self.base[base - 1].space, self.ours[ours - 1].space, self.theirs[theirs - 1].space

    def write(self, cut: Sequence[Token], sides: Sequence[int] = (0, 1)) -> None:
        """Write words with the spaces between them; what comes after the last one is for the caller to say."""
        for side in sides if cut else ():
            out, space = self.out[side], self.space[side]
            before = out[-1] + space if out else ""
            if cut[0].code and before and not before.endswith("\n"):
                space = space.rstrip(" \t") + "\n"
            out.append(space + "".join(token.key + token.space for token in cut[:-1]) + cut[-1].key)
            self.space[side] = cut[-1].space

    def text(self) -> tuple[str, str]:
        """Return both sides, whole lines."""
        texts = ["".join(out) + space for out, space in zip(self.out, self.space, strict=True)]
        first, second = (text if not text or text.endswith("\n") else text + "\n" for text in texts)
        return first, second


_Collide = Callable[[_Page, Stretch], None]
_Grain = Callable[[list[Edit], list[str], Side], list[Edit]]


def _clash(page: _Page, stretch: Stretch) -> None:
    # The space around a clash is part of it: theirs must not glue our words to their neighbours.
    page.space = list(page.spaces(stretch.base.start, stretch.ours.start, stretch.theirs.start)[1:])
    page.write(page.ours[stretch.ours], [0])
    page.write(page.theirs[stretch.theirs], [1])


def _text(cut: Sequence[Token]) -> str:
    return ("".join(token.key + token.space for token in cut[:-1]) + cut[-1].key) if cut else ""


def _site_wins(page: _Page, stretch: Stretch) -> None:
    """Write the site's words, and beside them the whole lines that the site never had, so cannot have edited."""
    first: list[Edit] = []
    last: list[Edit] = []
    for edit in page.our_edits:
        inside = stretch.ours.start <= edit.new_start and edit.new_stop <= stretch.ours.stop
        if inside and edit.start == edit.stop and _whole_lines(page.ours, edit):
            nearer_the_end = edit.start - stretch.base.start > stretch.base.stop - edit.start
            (last if nearer_the_end else first).append(edit)
    for edit in first:
        _keep(page, edit)
    page.write(page.theirs[stretch.theirs])
    if page.ours[stretch.ours] and page.theirs[stretch.theirs]:
        page.space = [_space(*page.spaces(stretch.base.stop, stretch.ours.stop, stretch.theirs.stop))] * 2
    for edit in last:
        _keep(page, edit)


def _whole_lines(cut: Sequence[Token], edit: Edit) -> bool:
    return all(
        place == 0 or cut[place].code or "\n" in cut[place].space for place in (edit.new_start - 1, edit.new_stop - 1)
    )


def _keep(page: _Page, edit: Edit) -> None:
    before = page.ours[edit.new_start - 1].space
    page.space = [max(space, before, key=lambda each: each.count("\n")) for space in page.space]
    page.write(page.ours[edit.new_start : edit.new_stop])


def _laid(
    ours: list[Edit], our_tokens: list[str], theirs: list[Edit], their_tokens: list[str], grain: _Grain
) -> tuple[list[Edit], list[Edit]]:
    """Return both sets of edits as they are woven. In a carry, what base says is no answer to what a site adds."""
    return (ours, theirs) if grain is _fine else said_once(ours, our_tokens, theirs, their_tokens)


def _coarse(found: list[Edit], base: list[str], _side: Side) -> list[Edit]:
    """Join edits with a word or two between them: a rewritten clause has not kept its "the" for others to build on."""
    result: list[Edit] = []
    for edit in found:
        if result:
            last = result[-1]
            kept = base[last.stop : edit.start]
            changed = min(max(e.stop - e.start, e.new_stop - e.new_start) for e in (last, edit))
            ends = any(key.endswith("\n") or (len(kept) > 1 and _SENTENCE_END.search(key)) for key in kept)
            if len(kept) <= min(changed, 3) and not ends:
                edit = Edit(last.start, edit.stop, last.new_start, edit.new_stop)
                result.pop()
        result.append(edit)
    return result


def _fine(found: list[Edit], _base: list[str], side: Side) -> list[Edit]:
    """Divide what a platform respelled word for word: an edit of one word leaves its neighbours as base has them."""
    if side is Side.THEIRS:
        return found
    result: list[Edit] = []
    for start, stop, new_start, new_stop in found:
        if stop - start == new_stop - new_start:
            result += [Edit(start + i, start + i + 1, new_start + i, new_start + i + 1) for i in range(stop - start)]
        else:
            result.append(Edit(start, stop, new_start, new_stop))
    return result

"""Three-way merge of a body: by lines; where lines collide, by words; inside code fences by lines only. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gitsync.merge.diff import STEPS, Edit, edits
from gitsync.merge.weave import Side, Stretch, weave
from gitsync.merge.words import Line, Token, lines, tokens

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
    b_keys, o_keys, t_keys = ([line.text for line in cut] for cut in (b, o, t))
    scale = STEPS / (1 + sum(map(len, cores)))
    ours_out: list[str] = []
    theirs_out: list[str] = []
    hunks: list[Hunk] = []
    for stretch in weave(len(b), edits(b_keys, o_keys), edits(b_keys, t_keys)):
        mine, other = "".join(o_keys[stretch.ours]), "".join(t_keys[stretch.theirs])
        if stretch.side is Side.BOTH and mine != other:
            page = _Page(b[stretch.base], o[stretch.ours], t[stretch.theirs], scale, grain)
            for part in page.stretches:
                page.add(part, collide)
            mine, other = page.text()
            hunks += page.hunks
        elif stretch.side is Side.THEIRS:
            mine = other
        else:
            other = mine
        ours_out.append(mine)
        theirs_out.append(other)
    return MergedText(ours=_end(ours_out, tail), theirs=_end(theirs_out, tail), hunks=tuple(hunks))


def _core(text: str) -> str:
    text = text.rstrip()
    return text + "\n" if text else ""


def _end(parts: list[str], tail: str) -> str:
    return "".join(parts).rstrip() + tail


def _space(base: str, ours: str, theirs: str) -> str:
    """Merge white space by the three-way rule on its kind (none, within a paragraph, between two), then on itself."""
    if theirs in (ours, base):
        return ours
    if ours == base:
        return theirs
    kinds = [min(text.count("\n"), 2) if "\n" in text else -(not text) for text in (base, ours, theirs)]
    kinds = [0 if kind == 1 else kind for kind in kinds]
    return theirs if kinds[1] == kinds[0] != kinds[2] else ours


class _Page:
    """Lines that both sides changed, merged word by word: what is written so far, and the space to write next."""

    def __init__(self, base: list[Line], ours: list[Line], theirs: list[Line], scale: float, grain: _Grain) -> None:
        self.base, self.ours, self.theirs = tokens(base), tokens(ours), tokens(theirs)
        b, o, t = ([token.key for token in cut] for cut in (self.base, self.ours, self.theirs))
        size = sum(len(line.text) for line in (*base, *ours, *theirs))
        # Every stretch has its share of the steps, whatever stands before it: else who comes first would matter.
        steps = max(_ENOUGH, int(size * scale))
        self.our_edits = grain(edits(b, o, steps=steps), b, Side.OURS)
        self.stretches = list(weave(len(b), self.our_edits, grain(edits(b, t, steps=steps), b, Side.THEIRS)))
        self.hunks: list[Hunk] = []
        self.out: tuple[list[str], list[str]] = ([], [])
        self.space = ["", ""]

    def add(self, stretch: Stretch, collide: _Collide) -> None:
        ours, theirs = self.ours[stretch.ours], self.theirs[stretch.theirs]
        if stretch.side is Side.NONE:
            for b, o, t in zip(self.base[stretch.base], ours, theirs, strict=True):
                self.write([o])
                self.space = [_space(b.space, o.space, t.space)] * 2
            return
        after = _space(*self.spaces(stretch.base.stop, stretch.ours.stop, stretch.theirs.stop))
        if stretch.side is Side.BOTH and [token.key for token in ours] != [token.key for token in theirs]:
            collide(self, stretch)
            self.space = [after if side else space for side, space in zip((ours, theirs), self.space, strict=True)]
            return
        chosen = theirs if stretch.side is Side.THEIRS else ours
        if chosen:
            self.write(chosen)
            self.space = [after] * 2
            return
        # Words are gone: two spaces meet. The one that the deletion itself left gives way to an edit of the other.
        _, our_space, their_space = self.spaces(stretch.base.stop, stretch.ours.stop, stretch.theirs.stop)
        left = their_space if stretch.side is Side.THEIRS else our_space
        self.space = [after if space == left else space for space in self.space]

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
    ours, theirs = page.ours[stretch.ours], page.theirs[stretch.theirs]
    before = page.ours[stretch.ours.start - 1]
    start = ours[0].start if ours else before.start + len(before.key)
    stop = ours[-1].start + len(ours[-1].key) if ours else start
    page.hunks.append(Hunk(_text(page.base[stretch.base]), _text(ours), _text(theirs), start, stop))
    page.write(ours, [0])
    page.write(theirs, [1])


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

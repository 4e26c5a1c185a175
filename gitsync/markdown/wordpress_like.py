"""Blocks written anew, with the markup that a post has for them already wherever that says the same.

Markdown has no place for what else a block says: the id and the size of an image, the layout of a table, what a
plugin noted. Where nobody changed the words, the block stays as it stands; an image and a table keep it even then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple

from gitsync.markdown.wordpress_blocks import Block, block, parse

_IMAGE = re.compile(
    r"(?P<figure><figure class=\"wp-block-image)(?P<size> size-[\w-]+)?(?P<link>\">(?:<a [^<>]*>)?)"
    r"(?P<img><img src=\"(?P<src>[^\"]*)\"(?: alt=\"[^\"]*\")?)(?P<class> class=\"wp-image-\d+\")?"
)
_FIXED: Final = '<table class="has-fixed-layout">'


class _Stored(NamedTuple):
    """A block of the post, and how what it says is written anew: no block for an empty paragraph, several for HTML."""

    raw: str
    fresh: list[str]


def like(blocks: list[str], stored: str, again: Callable[[str], list[str]]) -> list[str]:
    """Return `blocks` with those that say what `stored` says replaced by its markup for them, as it stands there.

    `again` is how a block would be written anew.
    """
    read = [(old.name, _Stored(old.raw, again(old.raw))) for old in parse(stored)]
    # What else says nothing alone says something together with others: footnotes.
    pieces = [piece for name, piece in read if piece.fresh or name == "paragraph"]
    known: dict[str, list[int]] = {}
    for index in reversed(range(len(pieces))):
        if pieces[index].fresh:
            known.setdefault(pieces[index].fresh[0], []).append(index)
    out: list[str] = []
    written: list[str] = []  # since `last`, the piece that was kept last
    last, at = -1, 0
    while at < len(blocks):
        places = known.get(blocks[at], [])
        said = (n for n in reversed(range(len(places))) if _begins(blocks, at, pieces[places[n]].fresh))
        if (place := next(said, None)) is None:
            written.append(blocks[at])
            at += 1
            continue
        here = places.pop(place)
        out += [*_carried(written, pieces[last + 1 : here]), pieces[here].raw]
        written, last, at = [], here, at + len(pieces[here].fresh)
        while last + 1 < len(pieces) and not pieces[last + 1].fresh:
            last += 1
            out.append(pieces[last].raw)
    return [*out, *_carried(written, pieces[last + 1 :])]


def _begins(blocks: list[str], at: int, fresh: list[str]) -> bool:
    return blocks[at : at + len(fresh)] == fresh


def _carried(written: list[str], pieces: list[_Stored]) -> Iterator[str]:
    """Yield blocks that stand where `pieces` stood; images and tables, in order, keep what they had."""
    old = [it for piece in pieces for it in parse(piece.raw)] if written else []
    stood = {name: [it for it in old if it.name == name] for name in _CARRY}
    out = []
    for text in written:
        new = parse(text)
        before = stood.get(new[0].name) if len(new) == 1 else None
        out.append(_CARRY[new[0].name](new[0], before.pop(0)) if before else text)
    if len(out) != sum(len(piece.fresh) for piece in pieces):
        yield from out
        return
    edited = iter(out)
    for piece in pieces:
        yield from islice(edited, len(piece.fresh)) if piece.fresh else [piece.raw]


def _table(new: Block, old: Block) -> str:
    if _FIXED not in old.html or old.attrs or new.attrs != {"hasFixedLayout": False}:
        return new.raw
    return block("table", new.html.strip("\n").replace("<table>", _FIXED, 1))


def _image(new: Block, old: Block) -> str:
    is_now, was = _IMAGE.search(new.html), _IMAGE.search(old.html)
    if is_now is None or was is None or is_now["src"] != was["src"]:
        return new.raw
    had = old.attrs or {}
    attrs: dict[str, Any] = {name: had[name] for name in ("id", "sizeSlug", "linkDestination") if name in had}
    if is_now["link"] != was["link"]:
        attrs = {name: value for name, value in attrs.items() if name != "linkDestination"} | (new.attrs or {})
    img = f"{is_now['figure']}{was['size'] or ''}{is_now['link']}{is_now['img']}{was['class'] or ''}"
    return block("image", img.join(new.html.strip("\n").split(is_now[0], 1)), attrs)


_CARRY: Final = {"table": _table, "image": _image}

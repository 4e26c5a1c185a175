"""Marks of emphasis: which character to use, and where CommonMark would not take it for a mark."""

from __future__ import annotations

from dataclasses import dataclass

from markdown_it.common.utils import isPunctChar


@dataclass(slots=True)
class Piece:
    """A part of a line: `text` still to be escaped, or `done` Markdown; an emphasis `mark` knows its `partner`."""

    kind: str
    value: str
    partner: int = -1
    tag: str = ""


def paired(pieces: list[Piece]) -> list[Piece]:
    """Return `pieces` with neighbouring texts as one and the marks of each emphasis knowing each other."""
    out: list[Piece] = []
    stack: list[int] = []
    for piece in pieces:
        if piece.kind == "text" and out and out[-1].kind == "text":
            out[-1].value += piece.value
            continue
        if piece.kind == "open":
            stack.append(len(out))
        elif piece.kind == "close":
            start = stack.pop()
            out[start].partner, piece.partner = len(out), start
        out.append(piece)
    return out


def choose_marks(pieces: list[Piece]) -> None:
    """Use `_` for an emphasis that touches one with `*`, where a word does not go on beside it."""
    marks: list[str] = []
    for index, piece in enumerate(pieces):
        if piece.kind == "close":
            marks.pop()
        if piece.kind != "open":
            continue
        end = piece.partner
        inner_touches = marks and (pieces[index - 1].kind == "open" or pieces[end + 1].kind == "close")
        follows = pieces[index - 1].kind == "close" and pieces[index - 1].value[0] == piece.value[0] if index else False
        if piece.tag != "del" and ((inner_touches and marks[-1][0] == "*") or follows):
            natural = piece.tag == "strong" and marks and marks[-1] == "*" and not follows
            if not natural:
                piece.value = pieces[end].value = "_" * len(piece.value)
        marks.append(piece.value)


def use_tags_where_marks_fail(pieces: list[Piece]) -> None:
    """Turn marks that CommonMark would not take for such into tags. Source: CommonMark 0.31, 6.2, left-flanking."""
    for index, piece in enumerate(pieces):
        if piece.kind == "open" and not (_opens(pieces, index) and _closes(pieces, piece.partner)):
            other = pieces[piece.partner]
            piece.kind = other.kind = "done"
            piece.value, other.value = f"<{piece.tag}>", f"</{piece.tag}>"


def _around(pieces: list[Piece], index: int) -> tuple[str, str]:
    """Return the characters before and after the run of marks that piece `index` is in."""
    mark = pieces[index].value[0]
    first = last = index
    while first and pieces[first - 1].kind in ("open", "close") and pieces[first - 1].value[0] == mark:
        first -= 1
    while last + 1 < len(pieces) and pieces[last + 1].kind in ("open", "close") and pieces[last + 1].value[0] == mark:
        last += 1
    before = pieces[first - 1].value[-1:] if first else " "
    after = pieces[last + 1].value[:1] if last + 1 < len(pieces) else " "
    return before or " ", after or " "


def _kind(char: str) -> str:
    return "space" if char.isspace() else "mark" if isPunctChar(char) else "letter"


def _opens(pieces: list[Piece], index: int) -> bool:
    before, after = map(_kind, _around(pieces, index))
    left = after != "space" and (after != "mark" or before != "letter")
    right = before != "space" and (before != "mark" or after != "letter")
    return left and (pieces[index].value[0] != "_" or not right or before == "mark")


def _closes(pieces: list[Piece], index: int) -> bool:
    before, after = map(_kind, _around(pieces, index))
    left = after != "space" and (after != "mark" or before != "letter")
    right = before != "space" and (before != "mark" or after != "letter")
    return right and (pieces[index].value[0] != "_" or not left or after == "mark")

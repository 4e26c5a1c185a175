"""One line of HTML (text and what flows in it) as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable

from markdown_it.common.normalize_url import normalizeLinkText, validateLink

from gitsync.markdown.dom import (
    COMMENT,
    OPAQUE,
    RAW_TEXT,
    TEXT,
    VERBATIM,
    VOID,
    WHITE,
    Node,
    canonical_url,
    start_tag,
    to_source,
    walk,
)
from gitsync.markdown.emphasis import Piece, choose_marks, paired, use_tags_where_marks_fail
from gitsync.markdown.escapes import (
    are_plain_lines,
    escape_all,
    escape_alt,
    escape_label,
    escape_line_starts,
    escape_text,
    escape_title,
    is_plain_text,
    is_struck,
    show_edges,
)
from gitsync.markdown.footnotes import NOTE
from gitsync.markdown.formulas import SPAN, displayed, spelled, tex_of
from gitsync.markdown.links import destination

MARKS = {"em": "*", "strong": "**", "del": "~~"}
NESTING = 24
_AUTOLINK = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]{1,31}:[^<>\x00-\x20]*")
_BACKTICKS = re.compile(r"`+")
_OUTSIDE_PARAGRAPHS = re.compile(r"[\n|#]")
"""What is written otherwise in headings and cells."""

_RUNS = re.compile(r"\*+|_+|~+|`+")


def line(nodes: list[Node], *, where: str = "paragraph", careful: bool = False) -> str:
    """Return `nodes` as the content of a paragraph, a heading or a table cell (`where`), which is several lines only
    in a paragraph. `careful`: emphasis as tags and every escape, for what Markdown's rules would read otherwise.
    """
    if len(nodes) == 1 and nodes[0].tag == TEXT:
        text = nodes[0].text.strip(WHITE)
        if are_plain_lines(text) and (where == "paragraph" or not _OUTSIDE_PARAGRAPHS.search(text)):
            return text
    pieces: list[Piece] = []
    _flatten(nodes, pieces, one_line=where != "paragraph", depth=0)
    pieces = _spaced(pieces)
    _place_formulas(pieces, careful=careful)
    if careful:
        for piece in pieces:
            if piece.kind in ("open", "close"):
                piece.kind, piece.value = "done", f"<{'/' if piece.kind == 'close' else ''}{piece.tag}>"
    else:
        choose_marks(pieces)
    _escape(pieces, careful=careful)
    if not careful:
        use_tags_where_marks_fail(pieces)
    text = "".join(piece.value for piece in pieces)
    if where == "cell":
        return show_edges(text).replace("|", "\\|")
    if where == "heading":
        return re.sub(r"(^|[ \t])(#+)$", r"\1\\\2", show_edges(text))
    return show_edges(escape_line_starts(text))


def _flatten(nodes: list[Node], out: list[Piece], *, one_line: bool, depth: int) -> None:
    for node in nodes:
        if write := _WRITERS.get(node.tag):
            write(node, out, one_line, depth)
        else:
            _tags(node, out, one_line, depth)


def _text(node: Node, out: list[Piece], one_line: bool, _depth: int) -> None:
    out.append(Piece("text", node.text.replace("\n", " ") if one_line else node.text))


def _emphasis(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    if node.attrs or depth > NESTING or not _shows(node):
        _tags(node, out, one_line, depth)
        return
    out.append(Piece("open", MARKS[node.tag], tag=node.tag))
    _flatten(node.kids, out, one_line=one_line, depth=depth + 1)
    out.append(Piece("close", MARKS[node.tag], tag=node.tag))


def _shows(node: Node) -> bool:
    """Return whether there is anything but white space in an element: marks around nothing are no marks."""
    return any(kid.tag in VOID or (kid.tag != COMMENT and kid.text.strip(WHITE)) for kid, _ in walk(node.kids))


def _link(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    href = canonical_url(node.get("href"))
    if "href" not in node.attrs or node.attrs.keys() - {"href", "title"} or depth > NESTING or not validateLink(href):
        _tags(node, out, one_line, depth)
        return
    title = node.get("title")
    if len(node.kids) == 1 and node.kids[0].tag == TEXT and not title and "title" not in node.attrs:
        text = node.kids[0].text
        if _AUTOLINK.fullmatch(text) and canonical_url(text) == href and normalizeLinkText(text) == text:
            out.append(Piece("done", f"<{text}>"))
            return
        if href == f"mailto:{text}" and re.fullmatch(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*", text, re.ASCII):
            out.append(Piece("done", f"<{text}>"))
            return
    if "title" in node.attrs and not title:
        _tags(node, out, one_line, depth)
        return
    inner: list[Piece] = []
    _flatten(node.kids, inner, one_line=one_line, depth=depth + 1)
    out += [Piece("label", "["), *inner, Piece("end label", _target(href, title))]


def _target(url: str, title: str) -> str:
    return f"]({destination(readable(url))}" + (f' "{escape_title(title)}")' if title else ")")


def readable(url: str) -> str:
    """Return `url` with letters of all scripts as letters, where that is the same URL."""
    if "%" not in url and "xn--" not in url:
        return url
    text = normalizeLinkText(url)
    return text if canonical_url(text) == url and not re.search(r"[\s\x00-\x20]", text) else url


def _image(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    src, alt, title = canonical_url(node.get("src")), node.attrs.get("alt"), node.get("title")
    plain = node.attrs.keys() == ({"src", "alt", "title"} if title else {"src", "alt"})
    if not plain or alt is None or not validateLink(src):
        _tags(node, out, one_line, depth)
        return
    out.append(Piece("done", f"![{escape_alt(alt)}" + _target(src, title)))


def _code(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    if node.attrs or len(node.kids) != 1 or node.kids[0].tag != TEXT:
        _tags(node, out, one_line, depth)
        return
    text = node.kids[0].text.replace("\n", " ")
    runs = {len(run) for run in _BACKTICKS.findall(text)} if "`" in text else ()
    fence = "`" * next(n for n in range(1, len(runs) + 2) if n not in runs)
    pad = " " if text[0] == "`" or text[-1] == "`" or (text[0] == text[-1] == " " and text.strip(" ")) else ""
    out.append(Piece("done", f"{fence}{pad}{text}{pad}{fence}"))


def _span(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    if tex := tex_of(node):
        out.append(Piece("formula", tex, tag=node.get("class")))
    else:
        _tags(node, out, one_line, depth)


def _place_formulas(pieces: list[Piece], *, careful: bool) -> None:
    """Write formulas between dollars where they are read as such, else as elements."""
    for at, piece in enumerate(pieces):
        if piece.kind != "formula":
            continue
        begin, end = SPAN[piece.tag]
        before = pieces[at - 1].value[-1:] if at else ""
        after = pieces[at + 1].value[:1] if at + 1 < len(pieces) else ""
        in_line = piece.tag == "math inline"
        text = spelled(piece.value, before, after) if in_line else displayed(piece.value, alone=False)
        if careful or text is None:
            text = f'<span class="{piece.tag}">{escape_all(begin + piece.value + end)}</span>'.replace("\n", " ")
        piece.kind, piece.value = "done", text


def _note(node: Node, out: list[Piece], _one_line: bool, _depth: int) -> None:
    out.append(Piece("done", f"[^{node.get('label')}]"))


def _break(node: Node, out: list[Piece], one_line: bool, _depth: int) -> None:
    out.append(Piece("done", start_tag(node)) if one_line or node.attrs else Piece("break", "\\\n"))


def _verbatim(node: Node, out: list[Piece], one_line: bool, _depth: int) -> None:
    source = to_source([node])
    out.append(Piece("done", source.replace("\n", " ") if one_line else source))


def _tags(node: Node, out: list[Piece], one_line: bool, depth: int) -> None:
    """Keep an element's own tags, with Markdown between them."""
    if depth > NESTING:
        _verbatim(node, out, one_line, depth)
        return
    out.append(Piece("done", start_tag(node)))
    if node.tag not in VOID:
        _flatten(node.kids, out, one_line=one_line, depth=depth + 1)
        out.append(Piece("done", f"</{node.tag}>"))


_WRITERS: dict[str, Callable[[Node, list[Piece], bool, int], None]] = {
    TEXT: _text,
    COMMENT: _verbatim,
    OPAQUE: _verbatim,
    **dict.fromkeys(MARKS, _emphasis),
    **dict.fromkeys(VERBATIM | RAW_TEXT, _verbatim),
    "a": _link,
    "img": _image,
    "code": _code,
    "br": _break,
    NOTE: _note,
    "span": _span,
}


def _spaced(pieces: list[Piece]) -> list[Piece]:
    """Return `pieces` with white space out of marks and labels, none at the edges and none beside line breaks."""
    out: list[Piece] = []
    opened: list[Piece] = []
    space = ""
    at_edge = True

    def place() -> None:
        nonlocal space
        if space and not at_edge:
            out.append(Piece("text", space))
        space = ""
        out.extend(opened)
        opened.clear()

    for piece in pieces:
        if piece.kind == "text":
            core = piece.value.strip(WHITE)
            if piece.value[:1] in WHITE:
                space = space or piece.value[:1]
            if core:
                place()
                out.append(Piece("text", core))
                at_edge = False
                space = piece.value[-1] if piece.value[-1] in WHITE else ""
        elif piece.kind in ("open", "label"):
            opened.append(piece)
        elif piece.kind in ("close", "end label"):
            if opened:
                place()
            out.append(piece)
        elif piece.kind == "break":
            space = ""
            place()
            out.append(piece)
            at_edge = True
        else:
            place()
            out.append(piece)
            at_edge = False
    place()
    while out and out[-1].kind == "text" and not out[-1].value.strip(WHITE):
        out.pop()
    if out and out[-1].kind == "break":  # a line break that nothing follows needs its tag
        out[-1] = Piece("done", "<br>")
    return paired(out)


def _escape(pieces: list[Piece], *, careful: bool) -> None:
    lonely, struck = "", None
    in_label = 0
    for index, piece in enumerate(pieces):
        if piece.kind != "text":
            in_label += (piece.kind == "label") - (piece.kind == "end label")
            continue
        if careful:
            piece.value = escape_all(piece.value)
            continue
        after = pieces[index + 1].value[:1] if index + 1 < len(pieces) else ""
        if is_plain_text(piece.value) and after != "[":
            continue
        if struck is None:  # nothing is escaped yet
            lonely = _lonely(pieces)
            struck = is_struck("".join(it.value if it.kind == "text" else "*" for it in pieces))
        before = pieces[index - 1].value[-1:] if index else ""
        piece.value = escape_text(
            piece.value, before=before, after=after, lonely=lonely, links=not in_label, struck=struck
        )
        if in_label:
            piece.value = escape_label(piece.value)


def _lonely(pieces: list[Piece]) -> str:
    """Return the marks that stand once in a line, so that nothing pairs with them."""
    runs = "".join(run[0] for piece in pieces if piece.kind == "text" for run in _RUNS.findall(piece.value))
    used = "".join(piece.value for piece in pieces if piece.kind != "text")
    return "".join(mark for mark in "*_`~" if runs.count(mark) == 1 and mark not in used)

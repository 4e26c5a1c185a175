"""Blocks of HTML as Markdown: paragraphs, headings, quotes, lists, code; what has no Markdown stays HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from gitsync.markdown.alerts import KINDS, kind_of
from gitsync.markdown.definitions import definitions
from gitsync.markdown.dom import (
    BLOCKS,
    COMMENT,
    RAW_TEXT,
    TEXT,
    WHITE,
    Node,
    has_blank_line,
    must_be_text,
    start_tag,
    to_source,
)
from gitsync.markdown.footnotes import NOTES
from gitsync.markdown.formulas import displayed, tex_of
from gitsync.markdown.inline import line
from gitsync.markdown.tables import table

NESTING = 30
_LANGUAGE = re.compile(r"language-([^\s`]+)")
_FENCE = re.compile(r"^[ \t]*(`{3,})", re.MULTILINE)
_LIST = re.compile(r"([-*])(?= |$)|\d+([.)])(?= |$)")
_LINE_OF_HTML = frozenset({"pre", "script", "style", "textarea"})
"""Elements that end with their end tag when Markdown passes them on, whatever blank lines they hold."""


Piece = tuple[list[Node], str]
"""Some nodes, and their Markdown."""


class Way(NamedTuple):
    """How to write: the nodes (by `id`) to write with care, and those to keep as HTML; how deep we are."""

    careful: Collection[int] = frozenset()
    kept: Collection[int] = frozenset()
    depth: int = 0

    def deeper(self) -> Way:
        return self._replace(depth=self.depth + 1)


def blocks(nodes: list[Node], way: Way) -> str:
    """Return `nodes` as Markdown blocks, "" for nothing to say."""
    return "\n\n".join(text for _, text in pieces(nodes, way))


def pieces(nodes: list[Node], way: Way) -> list[Piece]:
    """Return each block of Markdown after the nodes that it says."""
    out: list[Piece] = []
    list_mark = ""
    for run in runs(nodes):
        text = one_block(run, way, first=not out, list_mark=list_mark)
        if out and _is_bare(run):
            # Bare text in or after HTML is no paragraph: a blank line would end the HTML and make it one.
            before, said = out[-1]
            # HTML with a blank line in it ends with its last line, so that the text must be on that.
            text = text.replace("\n", " ") if "\n\n" in said else f"\n{text}"
            out[-1] = ([*before, *run], said + text)
        elif text:
            out.append((run, text))
        list_mark = _mark_of(run[0], text)
    return out


def _mark_of(node: Node, text: str) -> str:
    """Return the mark of the list that was just written; "" for anything else."""
    mark = _LIST.match(text) if node.tag in ("ul", "ol") else None
    if node.tag == "dl" and not text.startswith("<"):
        return ":"
    return (mark[1] or mark[2]) if mark else ""


def _is_bare(run: list[Node]) -> bool:
    if not run[0].flows:
        return False
    first = next((node for node in run if node.tag != TEXT or node.text.strip(WHITE)), None)
    return first is not None and first.flows and must_be_text(first, run)


def runs(nodes: list[Node]) -> Iterator[list[Node]]:
    """Yield each block element alone and what flows between them together."""
    flowing: list[Node] = []
    for node in nodes:
        if node.flows:
            flowing.append(node)
            continue
        if any(n.tag != TEXT or n.text.strip(WHITE) for n in flowing):
            yield flowing
        flowing = []
        yield [node]
    if any(n.tag != TEXT or n.text.strip(WHITE) for n in flowing):
        yield flowing


def one_block(run: list[Node], way: Way, *, first: bool = False, list_mark: str = "") -> str:
    """Return one run as Markdown; `first` in its container, right after a list with the mark `list_mark`."""
    node = run[0]
    if node.flows:
        return _loose_line(run)
    write = _WRITERS.get(node.tag)
    if not way.depth and id(node) not in way.kept and (kind := kind_of(node)):
        return _alert(node, way, kind) or html(node, way)
    if id(node) in way.kept or node.attrs or write is None or way.depth > NESTING:
        return _numbers_or_bullets(node, way, list_mark) if _numbered(node, way) else html(node, way)
    if node.tag == "hr":
        # "---" at the start would be front matter, or make a list item a rule.
        return ("___" if way.depth else "***") if first else "---"
    if node.tag in ("ul", "ol"):
        return _numbers_or_bullets(node, way, list_mark)
    # A list right after a list of definitions would go on with it.
    text = write(node, way) if node.tag != "dl" or list_mark != ":" else None
    return html(node, way) if text is None else text


def html(node: Node, way: Way = Way()) -> str:  # noqa: B008  an immutable value
    """Return a block as HTML: with Markdown in it where it holds nothing but blocks, else to the letter."""
    if node.tag in _LINE_OF_HTML:
        plain = not any(kid.tag in _LINE_OF_HTML for kid in node.kids)
        return to_source([node], blank_lines=plain)
    if id(node) not in way.kept and way.depth <= NESTING and node.tag in _ISLANDS and _only_blocks(node):
        inner = blocks(node.kids, way.deeper())
        if inner != "".join(_kept(kid) for kid in node.kids if kid.tag != TEXT):
            gap = "\n" if inner.startswith("<summary>") else "\n\n"  # as people write it
            return f"{start_tag(node)}{gap}{inner}\n\n</{node.tag}>"
    return _kept(node)


def _kept(node: Node) -> str:
    """Return a block to the letter."""
    source = to_source([node])
    if node.tag in BLOCKS or node.tag == NOTES or source == (tag := start_tag(node)):
        return source
    # A link around a box: Markdown takes a line that begins with such a tag for text, unless the tag is alone on it.
    return f"{tag}\n{source.removeprefix(tag).lstrip(WHITE)}"


_ISLANDS = frozenset({"div", "section", "article", "aside", "main", "header", "footer", "details", "center", "figure"})


def _only_blocks(node: Node) -> bool:
    kids = [kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    return bool(kids) and not any(kid.flows for kid in kids)


def _loose_line(run: list[Node]) -> str:
    """Return what flows outside any paragraph as HTML, such that Markdown takes it for HTML."""
    shown = [i for i, node in enumerate(run) if node.tag != TEXT or node.text.strip(WHITE)]
    run = run[shown[0] : shown[-1] + 1]
    source = to_source(run).strip(WHITE)
    first = next((node for node in run if node.tag != TEXT), run[0])
    if _is_bare(run):
        return source
    if split := next((at for at, node in enumerate(run) if at and has_blank_line(node)), 0):
        return f"{_loose_line(run[:split])}\n\n{_loose_line(run[split:])}"
    if first.tag == COMMENT or first.tag in _LINE_OF_HTML:
        # These end with their own line, so what follows must be on it, up to the next of them.
        end = next((i for i, node in enumerate(run) if i and _has_lines(node)), len(run))
        own = to_source([first], blank_lines=True)
        own += to_source(run[:end]).removeprefix(to_source([first])).replace("\n", " ")
        return "\n".join([own.rstrip(WHITE), *([_loose_line(run[end:])] if end < len(run) else [])])
    if first.tag[0] != "#" and first.tag not in RAW_TEXT and source != (tag := start_tag(first)):
        return f"{tag}\n{source.removeprefix(tag).lstrip(WHITE)}"
    return source


def _has_lines(node: Node) -> bool:
    return (node.tag == COMMENT or node.tag in _LINE_OF_HTML) and "\n" in to_source([node], blank_lines=True)


def _paragraph(node: Node, way: Way) -> str | None:
    if len(node.kids) == 1 and node.kids[0].get("class") == "math display" and (tex := tex_of(node.kids[0])):
        return displayed(tex, alone=True) if id(node) not in way.careful else line(node.kids, careful=True)
    return line(node.kids, careful=id(node) in way.careful) or None


def _heading(node: Node, way: Way) -> str | None:
    text = line(node.kids, where="heading", careful=id(node) in way.careful)
    return f"{'#' * int(node.tag[1])} {text}".rstrip(" ")


def _quote(node: Node, way: Way) -> str:
    return _quoted(blocks(node.kids, way.deeper()))


def _quoted(inner: str) -> str:
    return "\n".join(f"> {text}" if text else ">" for text in inner.split("\n"))


def _alert(node: Node, way: Way, kind: str) -> str | None:
    title, *rest = [kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    words = line(title.kids, where="heading", careful=id(node) in way.careful)
    said = words if words != KINDS[kind].title else ""
    if not words or not (said or rest):
        return None
    inner = blocks(rest, way.deeper())
    gap = "\n" if rest and rest[0].tag == "p" and not rest[0].attrs else "\n\n"
    return _quoted(f"[!{kind.upper()}]{said and ' '}{said}{gap if inner else ''}{inner}")


def _code(node: Node, _: Way) -> str | None:
    if len(node.kids) != 1 or (code := node.kids[0]).tag != "code" or any(kid.tag != TEXT for kid in code.kids):
        return None
    info = ""
    if code.attrs:
        language = _LANGUAGE.fullmatch(code.get("class"))
        if language is None or len(code.attrs) > 1:
            return None
        info = re.sub(r"[\\&]", r"\\\g<0>", language[1])
    text = code.kids[0].text.removesuffix("\n") if code.kids else ""
    fence = "`" * max((len(run) + 1 for run in _FENCE.findall(text)), default=3)
    return f"{fence}{info}\n{text}\n{fence}" if code.kids else f"{fence}{info}\n{fence}"


def _numbered(node: Node, way: Way) -> bool:
    return node.tag == "ol" and [*node.attrs] == ["start"] and id(node) not in way.kept and way.depth <= NESTING


def _numbers_or_bullets(node: Node, way: Way, list_mark: str) -> str:
    """Return a list, marked otherwise than a list right before it, which it would else go on."""
    text = _list(node, way, "-*" if node.tag == "ul" else ".)", list_mark)
    return html(node, way._replace(kept={*way.kept, id(node)})) if text is None else text


def _list(node: Node, way: Way, marks: str, list_mark: str) -> str | None:
    if id(node) in way.kept:
        return None
    items = [kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    start = node.get("start") or "1"
    if not items or any(item.tag != "li" or item.attrs for item in items) or not re.fullmatch(r"\d{1,9}", start):
        return None
    loose = any(kid.tag == "p" for item in items for kid in item.kids)
    mark = marks[1] if list_mark == marks[0] else marks[0]
    out: list[str] = []
    for number, item in enumerate(items, int(start)):
        bullet = mark if node.tag == "ul" else f"{number}{mark}"
        text = _item(item, way, loose=loose)
        if text is None:
            return None
        indent = " " * (len(bullet) + 1)
        out.append(f"{bullet} " + "\n".join(indent + row if row else "" for row in text.split("\n"))[len(indent) :])
    return ("\n\n" if loose else "\n").join(text.rstrip(" ") for text in out)


def _item(item: Node, way: Way, *, loose: bool) -> str | None:
    """Return the content of a list item; None for text that Markdown cannot have there."""
    out: list[str] = []
    list_mark = ""
    for run in runs(item.kids):
        flows = run[0].flows
        if flows and (loose or out):
            return None  # text beside paragraphs, or after a block
        if flows or (run[0].tag == "p" and not run[0].attrs and id(run[0]) not in way.kept):
            node = item if flows else run[0]
            text = _first_line(run if flows else run[0].kids, careful=id(node) in way.careful, task=not out)
            text = text or html(run[0])
        else:
            text = one_block(run, way.deeper(), first=not out, list_mark=list_mark)
        out.append(text)
        list_mark = _mark_of(run[0], text)
    return ("\n\n" if loose else "\n").join(out)


def _first_line(nodes: list[Node], *, careful: bool, task: bool) -> str:
    box = next((node for node in nodes if node.tag != TEXT or node.text.strip(WHITE)), None)
    if not task or box is None or box.tag != "input" or box.get("type") != "checkbox" or "disabled" not in box.attrs:
        return line(nodes, careful=careful)
    rest = nodes[nodes.index(box) + 1 :]
    if (
        box.attrs.keys() <= {"type", "checked", "disabled"}
        and rest
        and rest[0].tag == TEXT
        and rest[0].text[0] in WHITE
    ):
        return f"[{'x' if 'checked' in box.attrs else ' '}] {line(rest, careful=careful)}"
    return line(nodes, careful=careful)


def _notes(node: Node, way: Way) -> str:
    out = []
    for note in node.kids:
        text = blocks(note.kids, way.deeper()).replace("\n", "\n    ")
        out.append(f"[^{note.get('label')}]:" + re.sub(r"\n +(?=\n)", "\n", f" {text}" if text else ""))
    return "\n\n".join(out)


def _elsewhere(_: Node, __: Way) -> None:
    """Stand for the blocks that `one_block` writes by what is around them."""


_WRITERS: dict[str, Callable[[Node, Way], str | None]] = {
    "p": _paragraph,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _heading),
    "blockquote": _quote,
    "pre": _code,
    NOTES: _notes,
    **dict.fromkeys(("hr", "ul", "ol"), _elsewhere),
    "dl": lambda node, way: definitions(node, lambda kids: blocks(kids, way.deeper()), careful=id(node) in way.careful),
    "table": lambda node, way: table(node, careful=id(node) in way.careful),
}

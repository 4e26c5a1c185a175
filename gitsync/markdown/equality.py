"""Whether two pieces of HTML show the same: the judge of every translation between HTML and Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from gitsync.markdown.dom import COMMENT, OPAQUE, TEXT, VERBATIM, VOID, WHITE, Node, canonical_url, parse, walk
from gitsync.markdown.footnotes import NOTE, NOTES, recognise
from gitsync.markdown.formulas import even_out

Event = str | tuple[str, ...]


def same_dom(a: str, b: str) -> bool:
    """Return whether `a` and `b` are the same tree, white space that nobody sees aside."""
    if a == b:
        return True
    left, right = read(a), read(b)
    return left is not None and right is not None and events(left.kids) == events(right.kids)


def read(html: str) -> Node | None:
    """Return the tree of `html` with its footnotes recognised; None for what is too deep to read."""
    root = parse(html)
    if root is not None:
        recognise(root)
        if "math " in html:
            even_out(root.kids)
    return root


def events(nodes: list[Node]) -> list[Event]:
    """Return `nodes` as a flat list that is equal for trees that are equal.

    White space at the edge of a block or a line break is dropped; where it stands between inline tags, it goes after
    those that end and before those that begin. One line break at the end of a code block is neither here nor there.
    """
    flat = _Flat()
    code_end: Node | None = None
    silent: Node | None = None  # the script or style that we are in
    for node, begins in walk(nodes):
        tag = node.tag
        if silent and node is not silent:
            continue
        silent = node if begins and tag in ("script", "style") else None
        if tag == TEXT:
            text = node.text.removesuffix("\n") if node is code_end else node.text
            if not flat.verbatim:
                flat.text(text)
            else:
                flat.atom(text if flat.exact else text.replace("\n", " "))
        elif tag == NOTE:
            flat.atom((tag, node.get("label")))
        elif tag == NOTES:
            flat.edge()
            for note in node.kids:
                flat.out += [(tag, note.get("label")), *events(note.kids)]
        elif tag in (COMMENT, OPAQUE):
            flat.unseen((tag, node.text))
        elif tag in ("script", "style"):
            if begins:
                flat.unseen((tag, *_attributes(node), *(kid.text for kid in node.kids)))
        elif begins:
            if tag == "pre" and len(node.kids) == 1 and node.kids[0].tag == "code" and node.kids[0].kids:
                code_end = node.kids[0].kids[-1]
            verbatim = tag in VERBATIM or tag == "code"
            name = (tag, *_attributes(node)) if node.attrs else (tag,)
            if tag == "br":
                flat.edge()
            if verbatim or tag in VOID:
                flat.atom(name, flows=node.flows)
            else:
                flat.begin(name, flows=node.flows)
            if tag == "br":
                flat.edge()
            flat.verbatim += verbatim
            flat.exact += tag in VERBATIM
        else:
            flat.verbatim -= tag in VERBATIM or tag == "code"
            flat.exact -= tag in VERBATIM
            if tag not in VOID:
                flat.end(("/", tag), flows=node.flows)
    return flat.out


def _attributes(node: Node) -> Iterator[str]:
    for name, value in node.attrs.items():
        yield name
        yield canonical_url(value) if value and name in ("href", "src") else value or ""


class _Flat:
    """The events so far: `space` is one seen and not yet placed, `opens` the inline tags begun since.

    `verbatim` counts the elements around in which every space counts, `exact` those in which line breaks do, too.
    """

    def __init__(self) -> None:
        self.out: list[Event] = []
        self.opens: list[Event] = []
        self.space = False
        self.at_edge = True
        self.verbatim = self.exact = 0

    def text(self, text: str) -> None:
        core = text.strip(WHITE)
        self.space = self.space or text[:1] in WHITE
        if core:
            self.atom(core.replace("\n", " "))
            self.space = text[-1] in WHITE

    def atom(self, event: Event, *, flows: bool = True) -> None:
        if not flows:
            self.edge()
        self._place()
        if isinstance(event, str):
            self._write(event)
        else:
            self.out.append(event)
        self.at_edge = not flows

    def _write(self, text: str) -> None:
        if self.out and isinstance(last := self.out[-1], str):
            self.out[-1] = last + text
        elif text:
            self.out.append(text)

    def unseen(self, event: Event) -> None:
        """Note what takes no place in the line, so that white space before and after it is one."""
        (self.opens if self.opens else self.out).append(event)

    def begin(self, event: Event, *, flows: bool) -> None:
        if flows:
            self.opens.append(event)
        else:
            self.edge()
            self.out.append(event)

    def end(self, event: Event, *, flows: bool) -> None:
        if self.opens:
            self._place()
        self.out.append(event)
        if not flows:
            self.edge()

    def edge(self) -> None:
        """Forget white space: a block or a line begins or ends here."""
        self.space = False
        self._place()
        self.at_edge = True

    def _place(self) -> None:
        if self.space and not self.at_edge:
            self._write(" ")
        self.space = False
        self.out += self.opens
        self.opens.clear()

"""A small HTML tree, as the HTML5 standard builds it, that says only what a reader of the page could tell apart.

Runs of white space are one space (or one line break, where the author broke the line) except in `pre`, and but for the
spaces in `code`, which GitHub shows; `b`, `i`, `s` and `strike` without attributes are `strong`, `em` and `del`; `xmp`,
`listing` and `plaintext` are `pre`; attributes are sorted and URLs percent-encoded.
Everything here is iterative: ten thousand nested elements are no deeper for Python than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markdown_it.common.normalize_url import normalizeLink
from selectolax.lexbor import LexborHTMLParser, LexborNode

TEXT, COMMENT, OPAQUE = "#text", "#comment", "#opaque"
"""Kinds of nodes that are no elements; an opaque one is HTML that is never looked into."""

BLOCKS = frozenset(
    """
    address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt fieldset
    figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html legend li main menu nav
    noframes ol optgroup option p pre search section summary table tbody td tfoot th thead title tr ul
    """.split()  # noqa: SIM905  read as words
)
"""Elements that stand on their own; the rest flows in a line."""

MARKDOWN = frozenset("blockquote dl h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())  # noqa: SIM905
"""The blocks that Markdown has; before and after all others, bare text is bare text in Markdown, too."""

VOID = frozenset("area base br col embed hr img input link meta source track wbr frame param".split())  # noqa: SIM905
RAW_TEXT = frozenset("script style iframe noembed noframes".split())  # noqa: SIM905
"""Elements whose text is no HTML: in it a character reference is not one."""

VERBATIM = frozenset({"pre", "textarea"}) | RAW_TEXT
_HIDDEN = frozenset({"iframe", "noembed", "noframes"})
"""Elements whose text no browser has shown for decades, so that blank lines in it are neither here nor there."""

_PREFORMATTED = {"xmp": "pre", "listing": "pre", "plaintext": "pre"}
"""Obsolete names of `pre`. Source: HTML Standard, sections 15.3.3 (same style) and 13.2.6.4.7 (where they begin)."""

ALIASES = {"b": "strong", "i": "em", "s": "del", "strike": "del"}
MAX_NESTING = 4000
WHITE = " \t\n\f\r"

_UNEVEN = re.compile(r"[\t\f\r]|[ \n][ \n]")
_SPACE = re.compile(r"[ \t\n\f\r]+")
_LINE_END = re.compile(r"[ \t]*[\n\f\r][ \t\n\f\r]*")
_BLANK_LINES = re.compile(r"\n\s*\n")
_BLANK_LINE = re.compile(r"\n([ \t]*)\n")
_SAFE_URL = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&'()*+,;=]*")
_ALIGN = re.compile(r"\s*text-align\s*:\s*(left|right|center)\s*;?\s*")
_DOCUMENT = re.compile(r"\s*(?:<!doctype[^>]*>\s*)?<(?:html|head)\b", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ENDS_ITSELF = VOID | {"p", "li", "dt", "dd", "tr", "td", "th", "option", "thead", "tbody", "tfoot"}


@dataclass(slots=True)
class Node:
    """An element (`tag`, `attrs`, `kids`) or, by its tag, a text, a comment or an opaque piece of HTML (`text`)."""

    tag: str
    attrs: dict[str, str | None] = field(default_factory=dict)
    kids: list[Node] = field(default_factory=list)
    text: str = ""
    flows: bool = True
    """Whether it is part of a line: no block element, and none in it."""

    def get(self, name: str) -> str:
        """Return an attribute; "" when it is absent or has no value."""
        return self.attrs.get(name) or ""


def parse(html: str) -> Node | None:
    """Return the body of `html`, a fragment or a document; None when no parser is quick with it (`is_hopeless`)."""
    html = html.replace("\0", "")
    if is_hopeless(html):
        return None
    whole = html if _DOCUMENT.match(html) else "<!doctype html><body>" + html
    try:
        body = LexborHTMLParser(whole).body
    except UnicodeEncodeError:  # lone surrogates, which no file can hold either
        return parse(html.encode("utf-8", "replace").decode())
    root = Node("body", flows=False)
    if body is not None:
        _grow(root, body, _instructions(html) if "<?" in html else frozenset())
    return root


def is_hopeless(html: str) -> bool:
    """Return whether a parser would need minutes for `html`: elements nested, or attributes listed, in thousands."""
    if html.count("<") > MAX_NESTING and _nesting(html) > MAX_NESTING:
        return True
    long = (part for part in html.split("<") if len(part) > MAX_NESTING * 4) if len(html) > MAX_NESTING * 4 else ()
    return any(_QUOTED.sub("", part).partition(">")[0].count("=") > MAX_NESTING for part in long)


def _nesting(html: str) -> int:
    """Return about how deep elements nest, and never much too little."""
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if name.lower() not in _ENDS_ITSELF:
            depth = max(depth - 1, 0) if closing else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _instructions(html: str) -> frozenset[str]:
    """Return the words of each processing instruction that ends with ">" alone: the parser writes "?>" for both."""
    ended = (part.partition(">") for part in html.split("<?")[1:])
    return frozenset(" ".join(words.split()) for words, end, _ in ended if end and not words.endswith("?"))


def _grow(root: Node, top: LexborNode, instructions: frozenset[str]) -> None:
    """Copy what is below `top` to `root`."""
    made: list[tuple[Node, Node]] = []
    stack: list[tuple[LexborNode | None, Node, bool, bool]] = [(top.child, root, False, False)]
    while stack:
        here, parent, verbatim, code = stack.pop()
        while here is not None:
            tag = here.tag
            if tag == "-text":
                text = here.text_content or ""
                if verbatim or code or (parent.kids and parent.kids[-1].tag == TEXT):
                    _add_text(parent, _BLANK_LINES.sub("\n", text) if parent.tag in _HIDDEN else text, verbatim, code)
                else:
                    parent.kids.append(Node(TEXT, {}, [], _SPACE.sub(_one, text) if _UNEVEN.search(text) else text))
            elif tag == "-comment":
                parent.kids.append(Node(COMMENT, text=(here.html or "")[4:-3]))
            elif tag is None or tag == "template":
                source = here.html or ""
                bare = not tag and " ".join(source[2:-2].split()) in instructions
                parent.kids.append(Node(OPAQUE, text=f"{source[:-2]}>" if bare else source))
            else:
                tag = _PREFORMATTED.get(tag, tag)
                attrs = _attributes(tag, here.attributes)
                node = Node(tag if attrs or verbatim else ALIASES.get(tag, tag), attrs, flows=tag not in BLOCKS)
                parent.kids.append(node)
                made.append((node, parent))
                if (child := here.child) is not None:
                    stack.append((here.next, parent, verbatim, code))
                    here, parent, verbatim, code = child, node, verbatim or tag in VERBATIM, code or tag == "code"
                    continue
            here = here.next
    for node, parent in reversed(made):
        parent.flows = parent.flows and node.flows
    for node, _ in made:
        if node.tag == "blockquote" and not node.attrs:
            node.kids = list(_paragraphs(node.kids, also_tags=True))
    root.kids = list(_paragraphs(root.kids, also_tags=False))


def _paragraphs(kids: list[Node], *, also_tags: bool) -> Iterator[Node]:
    """Yield `kids` with bare text in paragraphs, as Markdown must have it.

    Without `also_tags` only what cannot be HTML in Markdown is: that must begin with a tag, or follow other HTML.
    """
    run: list[Node] = []
    goes_on = False
    for kid in [*kids, None]:
        if kid is not None and kid.flows:
            run.append(kid)
            continue
        shown = [k for k in run if k.tag != TEXT or k.text.strip(WHITE)]
        text = bool(shown) and must_be_text(shown[0], run) and not goes_on
        if text or (also_tags and shown and shown[0].tag[0] != "#" and shown[0].tag not in RAW_TEXT):
            yield Node("p", kids=run, flows=False)
        else:
            yield from run
        run = []
        if kid is not None:
            yield kid
            goes_on = not also_tags and kid.tag not in MARKDOWN


def must_be_text(first: Node, run: list[Node]) -> bool:
    """Return whether a line that begins with `first` cannot be kept as HTML, a line break after its first tag."""
    if first.tag in VOID and first.tag != "br":
        after = run[next(i for i, node in enumerate(run) if node is first) + 1 :]
        return bool(after) and not (after[0].tag == TEXT and after[0].text[0] in WHITE)
    return first.tag in (TEXT, "code")


def _add_text(parent: Node, text: str, verbatim: bool, code: bool) -> None:
    if parent.kids and parent.kids[-1].tag == TEXT:
        text = parent.kids.pop().text + text
    if verbatim:
        text = text.replace("\r", "\n")
    elif code:
        text = _LINE_END.sub(" ", text)
    elif _UNEVEN.search(text):
        text = _SPACE.sub(_one, text)
    parent.kids.append(Node(TEXT, text=text))


def _one(run: re.Match[str]) -> str:
    return "\n" if "\n" in run[0] else " "


def _attributes(tag: str, source: Mapping[str, str | None]) -> dict[str, str | None]:
    if not source:
        return {}
    attrs = {name: value.replace("\r", "\n") if value else value for name, value in sorted(source.items())}
    if tag in ("td", "th") and (align := _ALIGN.fullmatch(attrs.get("style") or "")):
        attrs = {"align": align[1], **{name: value for name, value in attrs.items() if name not in ("style", "align")}}
    if tag == "ol" and attrs.get("start") == "1":
        del attrs["start"]
    return attrs


def canonical_url(url: str) -> str:
    """Return `url` as markdown-it writes it: a browser sees no difference."""
    return url if _SAFE_URL.fullmatch(url) else str(normalizeLink(url))


def walk(nodes: list[Node]) -> Iterator[tuple[Node, bool]]:
    """Yield every node in and below `nodes` as (node, True) where it begins; elements also as (node, False)."""
    stack: list[tuple[Node | None, Iterator[Node]]] = [(None, iter(nodes))]
    while stack:
        parent, rest = stack[-1]
        for node in rest:
            yield node, True
            if node.tag[0] == "#":
                continue
            if node.kids:
                stack.append((node, iter(node.kids)))
                break
            yield node, False
        else:
            stack.pop()
            if parent is not None:
                yield parent, False


def start_tag(node: Node) -> str:
    """Return the start tag of an element, on one line."""
    attrs = "".join(
        f" {name}" if value is None else f' {name}="{_quoted(value)}"' for name, value in node.attrs.items()
    )
    return f"<{node.tag}{attrs}>"


def _quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("\n", "&#10;")


def to_source(nodes: list[Node], *, blank_lines: bool = False) -> str:
    """Return `nodes` as HTML; without blank lines in text, so that Markdown does not end the HTML there."""
    parts: list[str] = []
    raw, opened, late, verbatim = "", False, False, 0
    for node, begins in walk(nodes):
        if begins and not raw and parts and (node.tag == COMMENT or node.tag in RAW_TEXT) and has_blank_line(node):
            # Such a line break cannot be written otherwise, but the element can begin a piece of HTML that may have
            # one. It ends with its last line, so that all that follows must stay on that line.
            parts[-1] = f"{parts[-1].rstrip(WHITE)}\n\n"
            late = True
        if node.tag == TEXT:
            text = (
                node.text if raw else node.text.replace("&", "&amp;").replace("<", "&lt;").replace("\u00a0", "&nbsp;")
            )
            if opened and text.startswith("\n"):  # the parser eats the first line break
                text = f"\n{text}" if raw or blank_lines else f"\n&#10;{text[1:]}"
            if not raw:
                text = (
                    text.replace("\n", "&#10;" if verbatim else " ")
                    if late
                    else text
                    if blank_lines
                    else _BLANK_LINE.sub(_filled, text)
                )
            parts.append(text)
        elif node.tag == COMMENT:
            parts.append(f"<!--{node.text}-->")
        elif node.tag[0] == "#":
            text = node.text or to_source(node.kids)
            parts.append(_BLANK_LINE.sub(_filled, text) if text.startswith("<template") else text)
        elif begins:
            parts.append(start_tag(node))
            raw = node.tag if node.tag in RAW_TEXT else raw
        elif node.tag not in VOID:
            raw = "" if node.tag == raw else raw
            parts.append(f"</{node.tag}>")
        opened = begins and node.tag in ("pre", "textarea")
        verbatim += (begins or -1) * (node.tag in VERBATIM)
    return "".join(parts)


def has_blank_line(node: Node) -> bool:
    return bool(_BLANK_LINE.search(node.text) or any(_BLANK_LINE.search(kid.text) for kid in node.kids))


def _filled(blank: re.Match[str]) -> str:
    return f"\n{blank[1]}&#10;"

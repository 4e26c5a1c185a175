"""Where a body points to: the place in the source of every link and image destination, and new ones put there.

Markdown is read by markdown-it, so that what looks like a link in code, in a comment or in an escape is none; rules
wrapped around its own note the places. Everything else in the body stays byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from html import escape, unescape
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gitsync.markdown.kept import Kept
from gitsync.markdown.rules import wrap
from gitsync.markdown.sources import Places, contents

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAY_LINK = re.compile(r"\](?:\(|:)|<[A-Za-z]|://")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20]*")
_TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|textarea)\b.*?(?:</\1\s*>|\Z)"
    r"|<[A-Za-z][^\s/>]*+(?:\s*+[^\s\"'>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+|\s*+/(?!>))*+\s*+/?>",
    re.DOTALL | re.IGNORECASE,
)
"""Possessive throughout: a name that could be cut in two would be tried in every way before a tag that never ends."""
_ATTRIBUTE = re.compile(r"([^\s\"'>/=]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?")
_POINTERS = {
    "href": "link",
    "xlink:href": "link",
    "data": "link",  # of an <object>
    **dict.fromkeys(("src", "srcset", "poster", "background", "data-src", "data-srcset", "imagesrcset"), "image"),
}
_CSS = re.compile(
    r"\burl\(\s*(?:(?P<mark>[\"']|&quot;|&#0?39;)(?P<quoted>[^\n]{1,2000}?)(?P=mark)|(?P<bare>[^\s\"'()&][^\s\"'()]*))\s*\)",
    re.IGNORECASE,
)
_CANDIDATE = re.compile(r"([^\s,]\S*?)(?:,+(?=\s|\Z)|\s+[^,]*|\Z)")
_SPACES = re.compile(r"[ \t\n]*")
_LABEL = re.compile(r"\[(?:[^\\\]]|\\.)*\]:[ \t\n]*", re.DOTALL)
_NEEDS_BRACKETS = re.compile(r"[\x00-\x20\x7f]")
_MEANS_MORE = re.compile(r"(\\(?=[!-/:-@\[-`{-~])|&(?=#?\w+;))")


# Two, each of which begins with the one character to look for: an alternative is tried at every character.
_MAY_BE_RELATIVE = (
    re.compile(r"\](?:\(|:)(?!\s*<?(?:[Hh][Tt]{2}[Pp][Ss]?://|mailto:|#))").search,
    re.compile(r"<[A-Za-z](?!ttps?://|[A-Za-z0-9.+-]*@|(?![Tt][Yy][Ll][Ee]>)[A-Za-z]*>)").search,
)


class Link(NamedTuple):
    """One destination: `body[start:end]` as written (brackets and all), `url` as meant, "link" or "image".

    `syntax` says how it is written: inline, reference, autolink, bare, attribute, srcset, css (in an attribute) or
    style (in an element).
    """

    start: int
    end: int
    url: str
    kind: str
    syntax: str = "inline"


def find_links(body: str) -> Sequence[Link]:
    """Return every destination in `body`, in order; none inside code, comments or escapes."""
    return _found(body) if _MAY_LINK.search(body) else ()


def _find(body: str) -> Sequence[Link]:
    # Places must not move: every replacement keeps the length.
    source = body.replace("\r\n", " \n").replace("\r", "\n").replace("\0", "\ufffd")
    notes: list[_Note] = []
    shown: set[str] = set()
    env: dict[str, Any] = {"notes": notes, "shown": shown}
    md = _parser()
    tokens: list[Token] = []
    md.block.parse(source, md, env, tokens)
    definitions = [Link(*note) for note in notes]
    found: list[Link] = []
    for token, places in contents(source, tokens):
        notes = _html(token.content) if token.type == "html_block" else _inline(token.content, md, env)
        found += (Link(places.at(n.start), places.at(n.end), n.url, n.kind, n.syntax) for n in notes)
    # A definition is what is made of it: an image shows what it leads to.
    found += (it._replace(kind="image") if md.normalizeLink(it.url) in shown else it for it in definitions)
    return sorted(found)


_found: Final = Kept(_find, lambda _, made: len(made), 100_000)


def may_be_relative(body: str) -> bool:
    """Say, without reading Markdown, whether a destination in `body` may lack scheme and host. False is sure."""
    return any(search(body) for search in _MAY_BE_RELATIVE)


class _Note(NamedTuple):
    """A link, its place counted in the content of one token."""

    start: int
    end: int
    url: str
    kind: str
    syntax: str


def _inline(content: str, md: MarkdownIt, env: dict[str, Any]) -> list[_Note]:
    notes: list[_Note] = []
    env["notes"], env["content"] = notes, content
    md.inline.parse(content, md, env, [])
    return notes


@cache
def _parser() -> MarkdownIt:
    """Return a parser whose rules write the links they read into `env["notes"]`."""
    from gitsync.markdown.parser import new_parser  # noqa: PLC0415  70 ms that most runs do not need

    md = new_parser()
    for name in ("link", "image", "autolink", "gfm_autolink", "html_inline"):
        wrap(md.inline.ruler, name, partial(_noting, _READERS[name]))
    wrap(md.block.ruler, "reference", _noting_definition)
    return md


def _noting(
    read: Callable[[StateInline, int], Iterator[_Note]], rule: Callable[[StateInline, bool], bool]
) -> Callable[[StateInline, bool], bool]:
    def noting(state: StateInline, silent: bool) -> bool:
        start = state.pos
        matched = rule(state, silent)
        # The text of an image is parsed as a text of its own: nothing in it is shown as a link.
        if matched and not silent and state.src is state.env["content"]:
            state.env["notes"] += read(state, start)
        return matched

    return noting


def _destination(state: StateInline, start: int) -> Iterator[_Note]:
    kind, opened = ("image", start + 1) if state.src[start] == "!" else ("link", start)
    here, state.pos = state.pos, opened
    closed = state.md.helpers.parseLinkLabel(state, opened, kind == "link")
    state.pos = here
    if state.src.startswith("(", closed + 1) and here > closed + 1:
        begin = _SPACES.match(state.src, closed + 2).end()  # type: ignore[union-attr]  # it matches nothing, too
        read = state.md.helpers.parseLinkDestination(state.src, begin, here)
        yield _Note(begin, read.pos if read.ok else begin, read.str, kind, "inline")
    elif kind == "image":
        state.env["shown"].add(state.tokens[-1].attrs["src"])


def _autolink(state: StateInline, start: int) -> Iterator[_Note]:
    yield _Note(start, state.pos, state.src[start + 1 : state.pos - 1], "link", "autolink")


def _bare(state: StateInline, start: int) -> Iterator[_Note]:
    begin = start - (len(state.tokens[-2].content) - (state.pos - start))
    yield _Note(begin, state.pos, state.src[begin : state.pos], "link", "bare")


def _tag(state: StateInline, start: int) -> Iterator[_Note]:
    for note in _html(state.src[start : state.pos]):
        yield note._replace(start=note.start + start, end=note.end + start)


_READERS = {
    "link": _destination,
    "image": _destination,
    "autolink": _autolink,
    "gfm_autolink": _bare,
    "html_inline": _tag,
}


def _noting_definition(rule: Callable[[StateBlock, int, int, bool], bool]) -> Any:
    def noting(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        matched = rule(state, start, end, silent)
        if matched and not silent:
            state.env["notes"] += _definition(state, range(start, state.line))
        return matched

    return noting


def _definition(state: StateBlock, lines: range) -> Iterator[_Note]:
    """Read the destination of the definition in `lines`; its place is one in the whole source already."""
    places = Places([], [])
    text = ""
    for line in lines:
        begin = state.bMarks[line] + state.tShift[line]
        places.inner.append(len(text))
        places.outer.append(begin)
        text += state.src[begin : state.eMarks[line] + 1]
    if label := _LABEL.match(text):
        read = state.md.helpers.parseLinkDestination(text, label.end(), len(text))
        yield _Note(places.at(label.end()), places.at(read.pos - 1) + 1, read.str, "link", "reference")


def _html(text: str) -> list[_Note]:
    """Return the destinations in raw HTML; what scripts, styles and comments hold is none."""
    notes: list[_Note] = []
    for tag in _TAG.finditer(text):
        if tag[0].startswith("<!"):
            continue
        if tag[1]:
            notes += _css(tag[0], tag.start(), "style") if tag[1].lower() == "style" else ()
            continue
        for found in _ATTRIBUTE.finditer(tag[0]):
            name, value = found[1].lower(), found.lastindex or 1
            start = tag.start() + found.start(value)
            if value == 1 or (name == "data" and tag[0][1:7].lower() != "object"):
                continue
            if name == "style":
                notes += _css(found[value], start, "css")
            elif name.endswith("srcset") and name in _POINTERS:
                notes += (
                    _Note(start + c.start(1), start + c.end(1), unescape(c[1]), _POINTERS[name], "srcset")
                    for c in _candidates(found[value])
                )
            elif name in _POINTERS:
                notes.append(
                    _Note(start, start + len(found[value]), unescape(found[value]), _POINTERS[name], "attribute")
                )
    return notes


def _css(text: str, start: int, syntax: str) -> Iterator[_Note]:
    """Yield the destinations in CSS that begins at `start`."""
    for found in _CSS.finditer(text):
        group = "bare" if found["bare"] else "quoted"
        url = found[group] if syntax == "style" else unescape(found[group])
        yield _Note(start + found.start(group), start + found.end(group), url, "image", syntax)


def _candidates(srcset: str) -> Iterator[re.Match[str]]:
    """Yield the URL of every image candidate, which white space or a comma before white space ends."""
    return _CANDIDATE.finditer(srcset)


def rewrite(body: str, new: Callable[[Link], str | None]) -> str:
    """Return `body` with each destination that `new` answers another URL for; None leaves it as it is."""
    parts: list[str] = []
    done = 0
    for link in find_links(body):
        url = new(link)
        if url is None or url == link.url or link.start < done:
            continue
        parts += [body[done : link.start], _written(link, url, quoted=body[link.start - 1 : link.start] in ('"', "'"))]
        done = link.end
    return "".join((*parts, body[done:])) if parts else body


def _written(link: Link, url: str, *, quoted: bool) -> str:
    """Return `url` as it must be spelled where `link` stands."""
    if link.syntax in ("inline", "reference"):
        return destination(url)
    if link.syntax == "attribute":
        value = escape(url).replace("|", "&#124;").replace("\n", "&#10;")
        return value if quoted else f'"{value}"'
    if link.syntax in ("css", "style"):
        plain = re.sub(r"[\s\"'()<>\\|]", lambda c: f"%{ord(c[0]):02X}", url)
        return plain if link.syntax == "style" else escape(plain)
    if link.syntax == "srcset":
        return escape(re.sub(r"[\s,|]", lambda c: f"%{ord(c[0]):02X}", url))
    if _ABSOLUTE.fullmatch(url):
        return f"<{url}>"
    # An autolink shows its own URL: what it shows stays, where it leads changes.
    return f"[{link.url}]({destination(url)})"


def destination(url: str) -> str:
    """Return `url` as the destination of an inline link or a definition."""
    url = url.replace("\n", "%0A").replace("\r", "%0D").replace("|", "%7C")
    if not url or url[0] == "<" or _NEEDS_BRACKETS.search(url) or not _balanced(url):
        return "<" + re.sub(r"([<>]|\\(?=[!-/:-@\[-`{-~]|\Z)|&(?=#?\w+;))", r"\\\1", url) + ">"
    return _MEANS_MORE.sub(r"\\\1", url)


def _balanced(url: str) -> bool:
    if "(" not in url and ")" not in url:
        return True
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if not 0 <= depth <= 30:
            return False
    return depth == 0

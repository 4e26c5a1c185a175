"""Alerts, as GitHub has them: a quote on the first level that begins with `[!NOTE]`, or with `[!NOTE] A title`.

The page is GitHub's too, but for the icon: a `div` with a class that names the kind, and a paragraph with the title.
Source: docs.github.com, "Basic writing and formatting syntax"; a title of one's own is Obsidian's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from gitsync.markdown.dom import TEXT, WHITE, Node
from gitsync.markdown.sources import bounds, line_places, line_starts
from gitsync.markdown.tokens import copied

if TYPE_CHECKING:
    from markdown_it.token import Token


class Kind(NamedTuple):
    """A kind of alert: its title where the author gives none, and what it looks like where a card shows it."""

    title: str
    emoji: str
    colour: str


KINDS: Final = {
    "note": Kind("Note", "ℹ️", "blue"),
    "tip": Kind("Tip", "💡", "green"),
    "important": Kind("Important", "❗", "purple"),
    "warning": Kind("Warning", "⚠️", "yellow"),
    "caution": Kind("Caution", "🛑", "red"),
}
MARK: Final = re.compile(
    rf"\[!(?P<kind>{'|'.join(KINDS)})\](?:[ \t]+(?P<title>[^\n]*?))?[ \t]*\\?(?=\n|\Z)", re.IGNORECASE
)
"""The first line of an alert, without what makes it a quote."""

CLASS: Final = "markdown-alert"
TITLE: Final = f"{CLASS}-title"


def classes(kind: str) -> str:
    """Return the classes of an alert."""
    return f"{CLASS} {CLASS}-{kind}"


def with_alerts(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return tokens of a body in which the quotes that are alerts are some; those of `tokens` stay as they are."""
    out: list[Token] = []
    inside = False
    skip = 0
    for at, token in enumerate(tokens):
        if skip:
            skip -= 1
        elif inside and token.type == "blockquote_close" and token.level == 0:
            inside = False
            closed = copied(token)
            closed.type, closed.tag = "alert_close", "div"
            out.append(closed)
        elif (match := _begins(tokens, at)) is None:
            out.append(token)
        else:
            kind = match["kind"].lower()
            opened = copied(token)
            opened.type, opened.tag, opened.meta = "alert_open", "div", {"kind": kind}
            opened.attrs = {"class": classes(kind)}
            out += [opened, *_title(tokens[at + 1 : at + 4], match, KINDS[kind].title)]
            inside, skip = True, 3
    return out


def _begins(tokens: Sequence[Token], at: int) -> re.Match[str] | None:
    """Return the mark of the alert that begins at a token."""
    if tokens[at].type != "blockquote_open" or tokens[at].level or tokens[at + 1].type != "paragraph_open":
        return None
    inline = tokens[at + 2]
    match = MARK.match(inline.content)
    first = inline.children[0].content if inline.children else ""
    if match is None or not first.startswith(match[0][: len(match["kind"]) + 3]):
        return None
    alone = match.end() == len(inline.content) and tokens[at + 4].type == "blockquote_close"
    return None if alone and not match["title"] else match


def _title(paragraph: Sequence[Token], match: re.Match[str], title: str) -> list[Token]:
    """Return a paragraph with the title, and the first paragraph without it and the mark, if it says anything more."""
    opened, inline, closed = copied(paragraph[0]), copied(paragraph[1]), paragraph[2]
    kids = inline.children or []
    end = next((n for n, kid in enumerate(kids) if kid.type in ("softbreak", "hardbreak")), len(kids))
    first = copied(kids[0])
    first.content = first.content[len(match["kind"]) + 3 :].lstrip(" \t") if match["title"] else title
    opened.attrs = {"class": TITLE}
    inline.children, inline.content = [first, *kids[1:end]], match["title"] or title
    rest = copied(paragraph[1])
    rest.children, rest.content = kids[end + 1 :], rest.content[match.end() :].lstrip("\n")
    named = [opened, inline, closed]
    return [*named, paragraph[0], rest, closed] if rest.content else named


class Alert(NamedTuple):
    """An alert at `body[start:end]`, its mark at `body[mark:after]`; whether its first paragraph goes on after that."""

    start: int
    end: int
    mark: int
    after: int
    kind: str
    title: str
    goes_on: bool


def find(body: str, tokens: Sequence[Token]) -> Iterator[Alert]:
    """Yield the alerts of `body`, given its tokens."""
    if "[!" not in body:
        return
    starts = line_starts(body)
    for at, token in enumerate(tokens):
        match = _begins(tokens, at) if token.type == "blockquote_open" else None
        inline = tokens[at + 2] if match else None
        if match is None or inline is None or token.map is None or inline.map is None:
            continue
        first, end = bounds(body, starts, token.map)
        places = line_places(body, inline.content, starts, inline.map[0])
        title = match["title"] or KINDS[match["kind"].lower()].title
        mark, after = places.at(0), places.at(0) + match.end()
        goes_on = match.end() < len(inline.content)
        yield Alert(first, end, mark, after, match["kind"].lower(), title, goes_on)


def kind_of(node: Node) -> str:
    """Return the kind of the alert that an element is; "" for any other."""
    kind = node.get("class").removeprefix(f"{CLASS} {CLASS}-") if node.tag == "div" else ""
    if kind not in KINDS or node.attrs != {"class": classes(kind)}:
        return ""
    first = next((kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)), None)
    return kind if first is not None and first.tag == "p" and first.attrs == {"class": TITLE} else ""

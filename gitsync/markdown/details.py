"""Details that fold away: `<details>` in Markdown and HTML, `{% details %}` on dev.to and every other Forem.

Forem has a tag of its own for them, and takes the element out. Sources: forem/forem `app/liquid_tags/details_tag.rb`
(spoiler and collapsible are the same tag), `app/services/markdown_processor/allowed_tags.rb`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from markdown_it.token import Token

from gitsync.markdown.dom import TEXT, parse
from gitsync.markdown.formats import Loss
from gitsync.markdown.inline import line
from gitsync.markdown.parser import parsed, parser
from gitsync.markdown.sources import bounds, line_starts

_TAG: Final = re.compile(r"\{%-?[ \t]*(end)?(details|spoiler|collapsible)\b([^\n{}]*?)-?%\}[ \t]*$", re.MULTILINE)
_OPEN: Final = re.compile(r"<details(?P<more>[^<>]*)>\s*(?:<summary>(?P<summary>.*?)</summary>\s*)?\Z", re.DOTALL)
_SUMMARY: Final = re.compile(r"<summary>(?P<summary>.*?)</summary>\s*\Z", re.DOTALL)
_BLANK_BEFORE: Final = re.compile(r"(?:\A|\n)[ \t]*\n\Z")
_BLANK_BEHIND: Final = re.compile(r"[ \t]*(?:\n[ \t]*(?:\n|\Z)|\Z)")
_VERBATIM: Final = ("fence", "code_block", "html_block")


class _Tag(NamedTuple):
    """A tag at `body[start:end]` that opens details, with its summary; or that closes them (None)."""

    start: int
    end: int
    summary: str | None
    more: str = ""


def from_liquid(body: str) -> str:
    """Return `body` with details that are spelled in Liquid as elements, as GitHub shows them."""
    out, done = [], 0
    for start, end, summary, _ in _in_liquid(body):
        before = "" if summary is not None or _BLANK_BEFORE.search(body[max(start - 200, 0) : start]) else "\n"
        behind = "" if _BLANK_BEHIND.match(body, end) else "\n"
        shown = "</details>" if summary is None else f"<details>\n<summary>{parser().renderInline(summary)}</summary>"
        out += [body[done:start], before, shown, behind]
        done = end
    return "".join([*out, body[done:]])


def tag_places(body: str) -> list[tuple[int, int]]:
    """Return where the tags are that `from_liquid` spells otherwise."""
    return [(tag.start, tag.end) for tag in _in_liquid(body)]


def _in_liquid(body: str) -> list[_Tag]:
    """Return the tags, each alone on its line, of details that both open and close; in order."""
    if "{%" not in body or not _TAG.search(body):
        return []
    code = {n for it in parsed(body) if it.type in _VERBATIM and it.map for n in range(*it.map)}
    starts = line_starts(body)
    opened: list[tuple[str, _Tag]] = []
    found: list[_Tag] = []
    for number, start in enumerate(starts[:-1]):
        match = _TAG.match(body, start) if number not in code else None
        if match is None:
            continue
        ends, name, summary = match[1], match[2], match[3].strip()
        if not ends:
            opened.append((name, _Tag(match.start(), match.end(), summary)))
        elif opened and opened[-1][0] == name and not summary:
            found += [opened.pop()[1], _Tag(match.start(), match.end(), None)]
    return sorted(found)


def to_liquid(body: str) -> str:
    """Return `body` with details in Liquid, wherever there is Markdown in them."""
    out, done = [], 0
    for start, end, summary, _ in _in_html(body):
        out += [body[done:start], "{% enddetails %}" if summary is None else f"{{% details {summary} %}}"]
        done = end
    return "".join([*out, body[done:]])


def plain_details(body: str) -> list[Loss]:
    """Return a loss where dev.to's details say less: no attribute, no markup in a summary, none in lists or quotes."""
    if "<details" not in body:
        return []
    tags = _in_html(body)
    found = []
    starts = line_starts(body)
    for token in parsed(body):
        if token.type == "html_block" and token.map and "<details" in token.content:
            offset = starts[token.map[0]]
            tag = next((it for it in tags if it.start == offset), None)
            if tag is None:
                found.append(_loss("dev.to takes these tags of details out, and shows what is between them", offset))
            elif tag and (tag.more or re.search(r"[*`\[<~]", re.sub(r"\\.", "", tag.summary or ""))):
                found.append(_loss("dev.to's details are closed at first, their summary is plain words", offset))
    return found


def _loss(message: str, offset: int) -> Loss:
    return Loss(code="DETAILS_PLAIN", message=message, offset=offset)


def _in_html(body: str) -> list[_Tag]:
    """Return the tags of details on the first level that hold Markdown; in pairs, and in order."""
    if "<details" not in body:
        return []
    starts = line_starts(body)
    tokens = [token for token in parsed(body) if token.level == 0 and token.nesting >= 0]
    opened: list[_Tag | None] = []
    found: list[_Tag] = []
    for at, token in enumerate(tokens):
        text = token.content.strip()
        if token.type != "html_block" or token.map is None or "details" not in text:
            continue
        if text == "</details>" and opened:
            if tag := opened.pop():
                found += [tag, _Tag(starts[token.map[0]], _end(body, starts, token), None)]
        elif opens := _OPEN.match(text):
            opened.append(_opening(body, starts, tokens[at : at + 2], opens))
        else:
            change = text.count("<details") - text.count("</details")
            opened = [*opened, *[None] * change] if change > 0 else opened[: max(len(opened) + change, 0)]
    return sorted(found)


def _opening(body: str, starts: list[int], tokens: Sequence[Token], opens: re.Match[str]) -> _Tag | None:
    """Return the tag that begins with the first of `tokens`; None for what no tag of Liquid can say."""
    summary, last = opens["summary"], tokens[0]
    if summary is None and len(tokens) > 1 and (alone := _SUMMARY.match(tokens[1].content.strip())):
        summary, last = alone["summary"], tokens[1]
    said = _as_words(summary) if summary else None
    return (
        _Tag(starts[(tokens[0].map or [0])[0]], _end(body, starts, last), said, opens["more"].strip()) if said else None
    )


def _end(body: str, starts: list[int], token: Token) -> int:
    return bounds(body, starts, token.map or (0, 0))[1]


def _as_words(summary: str) -> str | None:
    """Return a summary as Markdown on one line; None for what no tag can hold."""
    root = parse(f"<p>{summary}</p>")
    if root is None or len(root.kids) != 1 or root.kids[0].tag == TEXT:
        return None
    said = line(root.kids[0].kids, where="heading")
    return None if re.search(r"[{}\n]", said) else said

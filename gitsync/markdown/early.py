"""Markdown for parsers that are older than CommonMark, spelled so that they show the page that we do.

Forem's is Redcarpet, Hashnode's an early marked: what both read as we do has several spellings, and they know some.
Sources: vmg/redcarpet ext/redcarpet/markdown.c and html.c; Hashnode/starter-kit packages/utils/renderer/marked.js; both
were run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from gitsync.markdown.early_items import margins, tables
from gitsync.markdown.early_lists import indented_items, mixed_lists
from gitsync.markdown.edits import Edit, kept
from gitsync.markdown.embeds import find
from gitsync.markdown.equality import same_dom
from gitsync.markdown.forem_code import ticks
from gitsync.markdown.formats import Loss
from gitsync.markdown.links import find_links
from gitsync.markdown.liquid import tag_blocks
from gitsync.markdown.parser import parsed
from gitsync.markdown.render import to_html
from gitsync.markdown.sources import bounds, contents, line_starts, lines_of

_CODE: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)|<[A-Za-z/!?][^<>]*>", re.DOTALL)
_BREAK: Final = re.compile(r"(?:(?<! ) {2,}|(?<!\\)(?P<escaped>(?:\\\\)*)\\)\n")
_TAG: Final = re.compile(r"\{%(?:(?!\{%|%\})[^\n])*%\}")


def for_hashnode(body: str) -> str:
    """Return `body` as an early marked reads it: no break by a backslash, no link without signs around it."""
    return _respelled(body, _fences, _indented, _headings, _tables, _breaks, _bare)


def for_forem(body: str) -> str:
    """Return `body` as Redcarpet reads it, which breaks a line where its source does, too."""
    breaks, code = partial(_breaks, spelled="<br>"), partial(_indented, inside=True)
    return _respelled(
        body, _fences, code, margins, tables, ticks, _headings, _tables, breaks, mixed_lists, indented_items
    )


def back(body: str) -> str:
    """Return `body`, of either, with headings and breaks as one writes them."""
    return _respelled(body, partial(_headings, back=True), _on_lines)


def parted(body: str) -> list[Loss]:
    """Return a loss where Forem ends a list for one of the other kind in it, and no spelling helps."""
    edits = [*mixed_lists(body)]
    left = next(mixed_lists(_respelled(body, mixed_lists)), None) if edits else None
    if left is None:
        return []
    gone = 0
    for start, end, _ in edits:
        if start - gone == left[0]:
            break
        gone += end - start
    message = "dev.to ends a list at the blank line before a list of the other kind in it"
    return [Loss(code="LIST_PARTED", message=message, offset=left[0] + gone, hint="Take the blank line out.")]


def _respelled(body: str, *rules: Callable[[str], Iterator[Edit]]) -> str:
    """Return `body` edited by each of `rules`; a block on the first level that would be another one stays as it is."""
    for rule in rules:
        if edits := [*rule(body)]:
            starts = line_starts(body)
            blocks = [starts[token.map[0]] for token in parsed(body) if token.level == 0 and token.map]
            body = kept(body, edits, blocks, partial(_same, to_html(body, named=False)))
    return body


def _same(page: str, body: str) -> bool:
    return same_dom(to_html(body, named=False), page)


def worded(body: str, platform: str) -> list[Loss]:
    """Return a loss where `platform` is not told the words behind the language of a fence, which it cannot read."""
    if "```" not in body and "~~~" not in body:
        return []
    starts = line_starts(body)
    for token in parsed(body):
        if token.type == "fence" and token.map and len(words := token.info.split(maxsplit=1)) > 1:
            message = f"{platform} takes no more than a language for code: {words[1][:40]} is left out"
            return [Loss(code="FENCE_WORDS", message=message, offset=starts[token.map[0]])]
    return []


def _fences(body: str) -> Iterator[Edit]:
    """Yield what makes a fence one to them: one word beside it at most, and an end."""
    if "```" not in body and "~~~" not in body:
        return
    starts = line_starts(body)
    for token in parsed(body):
        if token.type != "fence" or not token.map:
            continue
        words = token.info.split()
        at = body.find(token.info.strip(), starts[token.map[0]])
        if len(words) > 1 and at >= 0:
            yield at + len(words[0]), at + len(token.info.strip()), ""
        last = body[starts[token.map[1] - 1] : starts[token.map[1]] - 1]
        ends = re.fullmatch(rf" {{0,3}}{token.markup[0]}{{{len(token.markup)},}}[ \t]*", last)
        if token.level == 0 and (ends is None or token.map[1] - token.map[0] < 2):
            yield len(body), len(body), f"{token.markup}\n" if body.endswith("\n") else f"\n{token.markup}\n"


def _indented(body: str, *, inside: bool = False) -> Iterator[Edit]:
    """Yield code that is only indented, between fences; only what is `inside` of lists and quotes, if that is said."""
    starts = line_starts(body)
    for token in parsed(body):
        if token.type != "code_block" or not token.map or token.level < inside:
            continue
        start, end = bounds(body, starts, token.map)
        line = body[start : starts[token.map[0] + 1] - 1]
        margin = line[: len(line) - len(line.lstrip(" \t>"))]
        first = token.content.partition("\n")[0]
        margin = margin[: max(len(margin) - len(first) + len(first.lstrip(" \t")) - 4, 0)]
        mark = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", token.content)), 3)
        rows = [mark, *token.content.rstrip("\n").split("\n"), mark]
        yield start, end, "\n".join(margin + row if row else margin.rstrip() for row in rows)


def _headings(body: str, *, back: bool = False) -> Iterator[Edit]:
    """Yield a sign behind each heading that ends with one, which they take for what only closes it."""
    starts = line_starts(body)
    for opened, inline in pairwise(parsed(body)):
        if opened.type == "heading_open" and opened.map and opened.markup[0] == "#" and inline.content.endswith("#"):
            first = starts[opened.map[0]]
            line = body[first : starts[opened.map[0] + 1] - 1].rstrip()
            closed = re.search(r"[ \t]+#+\Z", line)
            if back and closed:
                yield first + closed.start(), first + len(line), ""
            elif not back and not closed:
                yield first + len(line), first + len(line), " #"


def _tables(body: str) -> Iterator[Edit]:
    """Yield a blank line before each table on the first level that follows text at once."""
    starts = line_starts(body)
    for closed, opened in pairwise(parsed(body)):
        if opened.type == "table_open" and opened.level == 0 and opened.map and closed.type == "paragraph_close":
            at = starts[opened.map[0]]
            if body[:at].endswith("\n") and not re.search(r"\n[ \t]*\n\Z", body[:at]):
                yield at, at, "\n"


def _breaks(body: str, spelled: str = "") -> Iterator[Edit]:
    """Yield each line break that the author made as two spaces, or as it is `spelled`; none beside an embed."""
    if not _BREAK.search(body):
        return
    tokens = parsed(body)
    starts = line_starts(body)
    alone = _alone(body, starts)
    for token, places in contents(body, tokens):
        kids = token.children or ()
        held = _CODE.sub(lambda it: "x" * len(it[0]), token.content)
        for kid in kids:
            if kid.type == "formula":
                begin, end = kid.meta["start"], kid.meta["end"]
                held = f"{held[:begin]}{'x' * (end - begin)}{held[end:]}"
        found = [*_BREAK.finditer(held)]
        if token.type != "inline" or len(found) != sum(kid.type == "hardbreak" for kid in kids):
            continue
        for match in found:
            start, end = places.at(max(match.start(), match.end("escaped"))), places.at(match.end())
            if alone.isdisjoint(lines_of([(start, end + 1)], starts)):
                yield start, end, spelled or "  " + body[body.index("\n", start) : end]


def _alone(body: str, starts: list[int]) -> set[int]:
    """Return the lines of embeds and of tags of Liquid, to which it may matter what else is on them."""
    places = [(match.start(), match.end()) for match in _TAG.finditer(body)]
    places += [(start, end) for start, end, _, _ in tag_blocks(body, "katex")] if "endkatex" in body else []
    return lines_of([*places, *((it.start, it.end) for it in find(body, parsed(body)))], starts)


def _on_lines(body: str) -> Iterator[Edit]:
    """Yield each `<br>` in a paragraph as a backslash and a line end."""
    if "<br>" not in body:
        return
    tokens = parsed(body)
    opened = {id(inline) for before, inline in pairwise(tokens) if before.type == "paragraph_open"}
    for token, places in contents(body, tokens):
        held = _CODE.sub(lambda it: it[0] if it[0] == "<br>" else "x" * len(it[0]), token.content)
        found = [*re.finditer(r"(?<=[^\s>])<br>(?=[^\s<])", held)] if id(token) in opened else []
        for match in found:
            first = places.at(0)
            margin = re.sub(r"[^>\s]", " ", body[body.rfind("\n", 0, first) + 1 : first])
            at = places.at(match.start())
            yield at, at + len("<br>"), f"\\\n{margin}"


def _bare(body: str) -> Iterator[Edit]:
    """Yield each address that is a link without any sign, with the signs of one around it."""
    starts = line_starts(body)
    alone = _alone(body, starts)
    for link in find_links(body):
        url = body[link.start : link.end]
        is_bare = link.syntax == "bare" and url.lower().startswith(("http://", "https://"))
        if is_bare and alone.isdisjoint(lines_of([(link.start, link.end)], starts)):
            yield link.start, link.end, f"<{url}>"

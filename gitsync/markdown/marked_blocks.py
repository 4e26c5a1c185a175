"""What Hashnode's early marked makes of a text, as HTML: enough of it to know which page it shows.

Written from what it does. Source: Hashnode/starter-kit packages/utils/renderer/marked.js, which was run beside it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Final, NamedTuple

from gitsync.markdown.marked_lines import line_as_html

_INLINE: Final = (
    "a|em|strong|small|s|cite|q|dfn|abbr|data|time|code|var|samp|kbd|sub|sup|i|b|u|mark|ruby|rt|rp|bdi|bdo|span|br|wbr"
    "|ins|del|img"
)
_W: Final = "[A-Za-z0-9_]"
_NAME: Final = rf"(?!(?:{_INLINE})(?!{_W})){_W}+(?!:/|[^A-Za-z0-9_\s@]*@)(?!{_W})"
_RULE: Final = r"(?: *[-*_]){3,} *(?:\n+|\Z)"
_DEF: Final = r" *\[([^\]]+)\]: *<?([^\s>]+)>?(?: +[\"(]([^\n]+)[\")])? *(?:\n+|\Z)"
_FENCE: Final = r" *(`{3,}+|~{3,}+)[ .]*(\S+)? *\n(.*?)\s*\1 *(?:\n+|\Z)"
_UNDERLINED: Final = r"([^\n]+)\n *(=|-){2,} *(?:\n+|\Z)"
_MARK: Final = r"(?:[*+-]|[0-9]+\.)"

_BLANK: Final = re.compile(r"^ +$", re.MULTILINE)
_FENCED: Final = re.compile(_FENCE, re.DOTALL)
_HEADING: Final = re.compile(r" *(#{1,6}) +([^\n]+?) *#* *(?:\n+|\Z)")
_OPEN_TABLE: Final = re.compile(r" *(\S.*\|.*)\n *([-:]+ *\|[-| :]*)\n((?:.*\|.*(?:\n|\Z))*)\n*")
_TABLE: Final = re.compile(r" *\|(.+)\n *\|( *[-:]+[-| :]*)\n((?: *\|.*(?:\n|\Z))*)\n*")
_SETEXT: Final = re.compile(_UNDERLINED)
_BREAK: Final = re.compile(_RULE)
_EMBED: Final = re.compile(r"%\[\s*<?(.*?)>?(?:\s+['\"](.*?)['\"])?\s*\]", re.DOTALL)
_SIGN: Final = re.compile(r"<\?[^\n]*\?>[ \t]*(?:\n+|\Z)")
_SHOWN: Final = re.compile(r"\$\$+[^$]+?\$\$|\s?\\\\\[+[^$]+?\\\\\]|\\\\\\\\\[+[^$]+?\\\\\\\\\]")
_QUOTE: Final = re.compile(rf"(?: *>[^\n]+(?:\n(?!{_DEF})[^\n]+)*\n*)+")
_LIST: Final = re.compile(rf"( *)({_MARK}) .", re.DOTALL)
_ITEM: Final = re.compile(rf"^( *)({_MARK}) [^\n]*(?:\n(?!\1{_MARK} )[^\n]*)*", re.MULTILINE)
_HTML: Final = re.compile(
    rf" *(?:<!--.*?--> *(?:\n|\s*\Z)|<({_NAME}).+?</\1> *(?:\n\n+|\s*\Z)"
    rf"|<{_NAME}(?:\"[^\"]*\"|'[^']*'|[^'\">])*?> *(?:\n\n+|\s*\Z))",
    re.DOTALL,
)
_DEFINED: Final = re.compile(_DEF)
_BEGINS: Final = re.compile(
    rf"{_FENCE}| *{_MARK} .|{_RULE}| *#{{1,6}} *[^\n]+?|[^\n]+\n *[=-]{{2,}} *(?:\n+|\Z)| *>[^\n]|<{_NAME}|{_DEF}",
    re.DOTALL,
)
"""What ends a paragraph at the begin of a line."""

PATIENCE: Final = 1 << 25
"""Signs times characters, paragraph by paragraph: behind each sign, marked may look through all that is left."""

_APART: Final = re.compile(r"\n[ \t]*\n")
_SIGNS: Final = re.compile(r"[^\w\s]")
_EDGES: Final = re.compile(r"^ *| *\| *$")
_COLUMN: Final = re.compile(r" *\| *")


class Block(NamedTuple):
    """A block; of `kind` "text" and "space" are those that its neighbours may go on with."""

    kind: str
    text: str = ""
    tag: str = ""
    kids: Sequence[Block] = ()
    rows: Sequence[Sequence[str]] = ()


class _Page:
    """A text as it is read: the links that it defines are known only at its end."""

    def __init__(self) -> None:
        self.links: dict[str, str] = {}

    def blocks(self, text: str, *, top: bool, quoted: bool = False) -> list[Block]:
        """Return the blocks of `text`: on the first level (`top`), or in an item; links are not defined in quotes."""
        text = _BLANK.sub("", text)
        out: list[Block] = []
        at = 0
        while at < len(text):
            begin = at
            while text.startswith("\n", at):
                at += 1
            if at - begin > 1:
                out.append(Block("space"))
            if at == len(text):
                break
            found = self._one(text, at, top, quoted)
            if found is None:
                end = text.find("\n", at)
                end = len(text) if end < 0 else end
                found = Block("text", text[at:end]), end
            block, at = found
            if block is not None:
                out.append(block)
        return out

    def _one(self, text: str, at: int, top: bool, quoted: bool) -> tuple[Block | None, int] | None:
        if match := _FENCED.match(text, at):
            return Block("code", match[3], match[2] or ""), match.end()
        if match := _HEADING.match(text, at):
            return Block("line", match[2], f"h{len(match[1])}"), match.end()
        if top and (match := _OPEN_TABLE.match(text, at)):
            rows = match[3].removesuffix("\n").split("\n")
            return Block("table", rows=[_columns(match[1]), *(_COLUMN.split(row) for row in rows)]), match.end()
        if match := _SETEXT.match(text, at):
            return Block("line", match[1], "h1" if match[2] == "=" else "h2"), match.end()
        if match := _BREAK.match(text, at):
            return Block("html", "<hr>"), match.end()
        if match := _EMBED.match(text, at):
            return Block("embed", match[1]), match.end()
        if match := _SIGN.match(text, at):
            return Block("html", match[0]), match.end()
        if match := _SHOWN.match(text, at):
            return Block("html", f"<p>{match[0]}</p>"), match.end()
        if match := _QUOTE.match(text, at):
            inner = re.sub(r"^ *> ?", "", match[0], flags=re.MULTILINE)
            return Block("in", tag="blockquote", kids=self.blocks(inner, top=top, quoted=True)), match.end()
        if match := _LIST.match(text, at):
            end = _end_of_list(text, match)
            return self._list(text[at:end], match[2], quoted), end
        if match := _HTML.match(text, at):
            pre = match[1] in ("pre", "script", "style")
            return Block("html" if pre else "line", match[0]), match.end()
        if top and not quoted and (match := _DEFINED.match(text, at)):
            self.links[match[1].lower()] = match[2]
            return None, match.end()
        if top and (match := _TABLE.match(text, at)):
            body = re.sub(r"(?: *\| *)?\n\Z", "", match[3])
            rows = [_COLUMN.split(_EDGES.sub("", re.sub(r"^ *\| *", "", row))) for row in body.split("\n")]
            return Block("table", rows=[_columns(match[1]), *rows]), match.end()
        return self._paragraph(text, at) if top else None

    def _paragraph(self, text: str, at: int) -> tuple[Block, int]:
        end = at
        while end < len(text) and text[end] != "\n":
            end = text.find("\n", end)
            end = len(text) if end < 0 else end
            if end == len(text) or _BEGINS.match(text, end + 1):
                break
            end += 1
        said = text[at:end].removesuffix("\n")
        while text.startswith("\n", end):
            end += 1
        return Block("line", said, "p"), end

    def _list(self, text: str, mark: str, quoted: bool) -> Block:
        items = [match[0] for match in _ITEM.finditer(text)]
        goes_on = False
        out: list[Block] = []
        for number, whole in enumerate(items):
            item = re.sub(r"\A *(?:[*+-]|[0-9]+\.) +", "", whole)
            if "\n " in item:
                item = re.sub(rf"^ {{1,{len(whole) - len(item)}}}", "", item, flags=re.MULTILINE)
            loose = goes_on or re.search(r"\n\n(?!\s*\Z)", item) is not None
            if number < len(items) - 1:
                goes_on = item.endswith("\n")
                loose = loose or goes_on
            out.append(Block("in", "" if loose else "tight", "li", self.blocks(item, top=False, quoted=quoted)))
        return Block("in", tag="ol" if len(mark) > 1 else "ul", kids=out)

    def shown(self, blocks: Sequence[Block], *, tight: bool = False) -> str:
        """Return blocks as HTML; in a `tight` item, text is in no paragraph."""
        out: list[str] = []
        lines: list[str] = []
        for block in [*blocks, Block("space")]:
            if block.kind == "text":
                lines.append(block.text)
                continue
            if lines:
                said = line_as_html("\n".join(lines), self.links)
                out.append(said if tight else f"<p>{said}</p>\n")
                lines = []
            out.append(self._block(block))
        return "".join(out)

    def _block(self, block: Block) -> str:
        if block.kind == "in":
            inner = self.shown(block.kids, tight=block.tag == "li" and block.text == "tight")
            return f"<{block.tag}>{inner}</{block.tag}>\n"
        if block.kind == "line":
            said = line_as_html(block.text, self.links)
            return f"<{block.tag}>{said}</{block.tag}>\n" if block.tag else said
        if block.kind == "code":
            name = f' class="language-{escape(block.tag)}"' if block.tag else ""
            return f"<pre><code{name}>{escape(block.text)}\n</code></pre>\n"
        if block.kind == "table":
            head, *rows = block.rows
            body = "".join(self._row(row, "td") for row in rows)
            return f"<table><thead>{self._row(head, 'th')}</thead><tbody>{body}</tbody></table>\n"
        if block.kind == "embed":
            return f'<p><a href="{escape(block.text)}">{escape(block.text)}</a></p>\n'
        return block.text

    def _row(self, cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{line_as_html(cell, self.links)}</{tag}>' for cell in cells)}</tr>"


def as_html(text: str) -> str | None:
    """Return the page that marked makes of `text`, before HTML is taken out of it.

    None for what it would look through for very long, or what is nested too deep to be read.
    """
    if sum(len(part) * len(_SIGNS.findall(part)) for part in _APART.split(text)) > PATIENCE:
        return None
    text = text.replace("\t", "    ").replace("\u00a0", " ").replace("\u2424", "\n")
    page = _Page()
    try:
        return page.shown(page.blocks(text, top=True))
    except RecursionError:
        return None


def _columns(head: str) -> list[str]:
    return _COLUMN.split(_EDGES.sub("", head))


def _end_of_list(text: str, begins: re.Match[str]) -> int:
    """Return where the list ends that begins there: at a rule, a definition, or at a blank line before other text."""
    ends = _list_ends(len(begins[1]))
    last = len(text.rstrip())
    at = text.find("\n", begins.end() - 1)
    while 0 <= at < last:
        if match := ends.match(text, at):
            return match.end()
        at = text.find("\n", at + 1)
    return len(text)


@cache
def _list_ends(indent: int) -> re.Pattern[str]:
    lead = f"(?: {{{indent}}})?" if indent else ""
    return re.compile(rf"\n+(?={lead}(?:[-*_] *){{3,}}(?:\n+|\Z))|\n+(?={_DEF})|\n\n+(?! )(?! {{{indent}}}{_MARK} )\n*")

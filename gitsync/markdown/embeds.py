"""Embeds in a body, in whatever spelling: Liquid, Hashnode's `%[…]`, Hugo's shortcodes, frames, a video's bare address.

Found only where they stand alone, as a block of their own or on a line of their own in a paragraph; never in code, in
comments, in raw blocks or in running text. Each platform has its own spelling written; the author's own stays in the
file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import Final, NamedTuple

from markdown_it.token import Token

from gitsync.markdown.formats import TAG
from gitsync.markdown.liquid import EMBEDS, verbatim
from gitsync.markdown.parser import parsed
from gitsync.markdown.providers import Embed, embed_of, html_of
from gitsync.markdown.sources import line_starts


class Found(NamedTuple):
    """An embed at `body[start:end]`; `spelling` is liquid, jekyll, hashnode, hugo, frame, or bare."""

    start: int
    end: int
    embed: Embed
    spelling: str


_MAY_BE = re.compile(
    r"\{%|%\[|\{\{<|<iframe|<script|twitter-tweet|codepen|^[ \t>*+\-\d.)]*https?://\S+[ \t]*$", re.MULTILINE
)
_LIQUID = re.compile(r"\{%-?\s*(\w+)\s+(?:\"([^\"\s]*)\"|'([^'\s]*)'|([^\s%\"']+))((?:\s+[^%{}\n]*?)?)\s*-?%\}")
_HASHNODE = re.compile(r"%\[\s*([^\s\]]+)\s*\]")
_HUGO = re.compile(r"\{\{<\s*(\w+)((?:\s+(?:[\w-]+=)?(?:\"[^\"\n]*\"|[^\s\">]+))+)\s*/?>\}\}")
_HUGO_WORD = re.compile(r"(?:([\w-]+)=)?(?:\"([^\"]*)\"|(\S+))")
_A_FRAME = r"<iframe\b[^<>]*?\ssrc=(?:\"([^\"<>]+)\"|'([^'<>]+)')[^<>]*>\s*</iframe>"
_FRAME = re.compile(_A_FRAME, re.IGNORECASE)
_IFRAME = re.compile(rf"(?:<(?:p|div|figure)\b[^<>]*>\s*)?{_A_FRAME}(?:\s*</(?:p|div|figure)>)?", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\b[^<>]*?\ssrc=(?:\"([^\"<>]+)\"|'([^'<>]+)')[^<>]*>\s*</script>", re.IGNORECASE)
_TWEET = re.compile(
    r"<blockquote\b[^<>]*\btwitter-tweet\b[^<>]*>(?:(?!</?blockquote).){0,4000}?</blockquote>"
    r"(?:\s*<script\b[^<>]*platform\.(?:twitter|x)\.com/widgets\.js[^<>]*>\s*</script>)?",
    re.IGNORECASE | re.DOTALL,
)
_PEN = re.compile(
    r"<p\b(?=[^<>]*\bclass=\"codepen\")(?=[^<>]*\bdata-slug-hash=\"(\w+)\")(?=[^<>]*\bdata-user=\"([\w-]+)\")[^<>]*>"
    r"(?:(?!</?p[\s>]).){0,2000}?</p>(?:\s*<script\b[^<>]*\bsrc=\"[^\"<>]*codepen[^\"<>]*\"[^<>]*>\s*</script>)?",
    re.IGNORECASE | re.DOTALL,
)
_STATUS = re.compile(r"https?://(?:mobile\.)?(?:twitter|x)\.com/\w+/status/\d+[^\s\"'<>]*", re.IGNORECASE)

_BY_ID: Final = {
    "youtube": "https://youtu.be/{}",
    "vimeo": "https://vimeo.com/{}",
    "tweet": "https://twitter.com/i/status/{}",
    "twitter": "https://twitter.com/i/status/{}",
    "x": "https://twitter.com/i/status/{}",
    "instagram": "https://www.instagram.com/p/{}/",
    "codesandbox": "https://codesandbox.io/s/{}",
    "stackblitz": "https://stackblitz.com/edit/{}",
    "github": "https://github.com/{}",
    "loom": "https://www.loom.com/share/{}",
    "replit": "https://replit.com/{}",
}
"""Tags and shortcodes that take an id instead of an address."""

_INCLUDE = re.compile(
    r"\{%-?\s*include\s+(?:[\w-]+/)*(\w+?)(?:[-_]?(?:[Pp]layer|[Ee]mbed|[Vv]ideo))?\.(?:html|liquid)\s+"
    r"(?:\w*id|url)=(?:\"([^\"\s]+)\"|'([^'\s]+)'|([^\s%\"']+))[^%{}\n]*%\}"
)
_GIST = re.compile(r"\{%-?\s*gist\s+(?:https?://gist\.github\.com/)?((?:[\w-]+/)?[0-9a-f]+)(?:\s+([\w.-]+))?\s*-?%\}")


def may_have(body: str) -> bool:
    """Say, without reading Markdown, whether an embed may be in `body`. False is sure."""
    return _MAY_BE.search(body) is not None


def find(body: str, tokens: Sequence[Token] | None = None) -> list[Found]:
    """Return every embed of `body`, in order; `tokens` are its own where somebody has parsed it already."""
    if not may_have(body):
        return []
    starts = line_starts(body)
    tokens = parsed(body) if tokens is None else tokens
    found: list[Found] = []
    for index, token in enumerate(tokens):
        if token.map is None:
            continue
        first, last = token.map
        start, end = starts[first], min(starts[last], len(body))
        if token.type == "html_block":
            found += _in_html(body, start, end, token.content.strip())
        elif token.type == "inline" and tokens[index - 1].type == "paragraph_open":
            found += _in_paragraph(body, starts, first, last, top=token.level == 1)
    kept = verbatim(body) if found else []
    return [it for it in found if not any(start < it.end and it.start < end for start, end in kept)]


def _in_html(body: str, start: int, end: int, html: str) -> Iterator[Found]:
    """Yield the embed that `html` is, a piece in `body[start:end]`, whatever stands before its lines there."""
    for pattern in (_IFRAME, _TWEET, _PEN, _SCRIPT):
        if (match := pattern.fullmatch(html)) and (embed := _framed(pattern, match)):
            begin = body.index(html.partition("\n")[0], start)
            yield Found(begin, begin + len(body[begin:end].rstrip(" \t\n>")) + 1, embed, "frame")
            return


def in_html(html: str, spell: Callable[[Embed], str]) -> str:
    """Return `html` with what shows embeds in it, wherever it stands, as `spell` has it."""

    def spelled(match: re.Match[str]) -> str:
        embed = _framed(match.re, match)
        return spell(embed) if embed else match[0]

    for pattern in (_TWEET, _PEN, _SCRIPT, _FRAME):
        html = pattern.sub(spelled, html)
    return html


def _framed(pattern: re.Pattern[str], match: re.Match[str]) -> Embed | None:
    if pattern is _TWEET:
        status = _STATUS.findall(unescape(match[0]))
        return embed_of(status[-1].partition("?")[0], alone=True) if status else None
    if pattern is _PEN:
        return embed_of(f"https://codepen.io/{match[2]}/pen/{match[1]}", alone=True)
    embed = embed_of(unescape(match[1] or match[2]), alone=True)
    return embed if embed and (pattern is _SCRIPT) == (embed.provider == "gist") else None


def _in_paragraph(body: str, starts: list[int], first: int, last: int, *, top: bool) -> Iterator[Found]:
    for number in range(first, last):
        start, end = starts[number], min(starts[number + 1] - 1, len(body))
        line = body[start:end].rstrip()
        core = line.lstrip(" \t>")
        if number == first and not top:
            core = re.sub(r"^(?:[-*+]|\d{1,9}[.)])[ \t]+", "", core)
        begin = start + len(line) - len(core)
        for spelling, read in _SPELLINGS:
            if embed := read(core):
                yield Found(begin, begin + len(core), embed, spelling)
                break
        else:
            if top and last - first == 1 and (embed := embed_of(core, alone=True)):
                yield Found(begin, begin + len(core), embed, "bare")
            elif (match := _IFRAME.fullmatch(core)) and (embed := _framed(_IFRAME, match)):
                yield Found(begin, begin + len(core), embed, "frame")


def _liquid(text: str) -> Embed | None:
    match = _LIQUID.fullmatch(text)
    if match is None or match[1] not in EMBEDS:
        return None
    name, value = match[1], match[2] or match[3] or match[4]
    if value.startswith(("http://", "https://")):
        file = re.search(r"\bfile=(\S+)", match[5])
        return embed_of(f"{value}?file={file[1]}" if name == "gist" and file else value)
    if name == "spotify" and (uri := re.fullmatch(r"spotify:(\w+):(\w+)", value)):
        return embed_of(f"https://open.spotify.com/{uri[1]}/{uri[2]}")
    if name == "codepen" and value.startswith("//"):
        return embed_of(value)
    if name == "youtube" and (parts := re.fullmatch(r"([\w-]+)[?&](?:t|start)=(\w+)", value)):
        value = f"{parts[1]}?t={parts[2]}"
    elif not re.fullmatch(r"[\w@./-]+", value):
        return None
    return embed_of(_BY_ID[name].format(value)) if name in _BY_ID else None


def _jekyll(text: str) -> Embed | None:
    """Return the embed of a Liquid tag that Jekyll's plugins and themes have, and no Forem.

    Sources: jekyll/jekyll-gist; rob-murray/jekyll-twitter-plugin; cotes2020/jekyll-theme-chirpy `_includes/embed`.
    """
    if match := _GIST.fullmatch(text):
        return embed_of(f"https://gist.github.com/{match[1]}" + (f"?file={match[2]}" if match[2] else ""), alone=True)
    match = _INCLUDE.fullmatch(text) or _LIQUID.fullmatch(text)
    if match is None:
        return None
    name, value = match[1], match[2] or match[3] or match[4]
    if name == "spotify" and re.fullmatch(r"\w+", value):
        return embed_of(f"https://open.spotify.com/track/{value}")
    if name in _BY_ID and re.fullmatch(r"[\w-]+", value) and match.re is _INCLUDE:
        return embed_of(_BY_ID[name].format(value), alone=True)
    known = match.re is _INCLUDE or name == "x"
    return embed_of(value, alone=True) if known and value.startswith(("http://", "https://")) else None


def _hashnode(text: str) -> Embed | None:
    match = _HASHNODE.fullmatch(text)
    return embed_of(match[1]) if match else None


def _hugo(text: str) -> Embed | None:
    match = _HUGO.fullmatch(text)
    if match is None or match[1] not in ("youtube", "vimeo", "tweet", "twitter", "x", "instagram", "gist"):
        return None
    words = [(name, quoted or plain) for name, quoted, plain in _HUGO_WORD.findall(match[2])]
    named = {name: value for name, value in words if name}
    bare = [value for name, value in words if not name]
    if match[1] == "gist":
        if len(bare) < 2:
            return None
        return embed_of(f"https://gist.github.com/{bare[0]}/{bare[1]}" + (f"?file={bare[2]}" if bare[2:] else ""))
    if named.get("user") and named.get("id"):
        return embed_of(f"https://twitter.com/{named['user']}/status/{named['id']}")
    id = named.get("id") or (bare[0] if bare else "")
    if not re.fullmatch(r"[\w-]+", id):
        return None
    start = named.get("start", "")
    return embed_of(_BY_ID[match[1]].format(id) + (f"?t={start}" if start.isdigit() else ""))


_SPELLINGS: Final[tuple[tuple[str, Callable[[str], Embed | None]], ...]] = (
    ("liquid", _liquid),
    ("jekyll", _jekyll),
    ("hashnode", _hashnode),
    ("hugo", _hugo),
)

SPELLED: Final[dict[str, Callable[[Embed], str]]] = {
    "liquid": lambda embed: f"{{% embed {embed.url} %}}",
    "hashnode": lambda embed: f"%[{embed.url}]",
    "frame": html_of,
    "bare": lambda embed: embed.url if embed.provider not in ("", "github") else f"{{% embed {embed.url} %}}",
}
"""How an embed is written in each spelling; "bare" is what stands in a new file: the address, alone, where that says
enough, and Liquid for a card.
"""


def respell(body: str, spelling: str) -> str:
    """Return `body` with every embed in `spelling`; those whose own is that stay as they are."""
    return respelled(body, SPELLED[spelling], keeping=spelling)


def respelled(body: str, spell: Callable[[Embed], str], *, keeping: str) -> str:
    """Return `body` with each embed as `spell` has it, but those whose own spelling is `keeping`.

    Each is a block of its own, for Hashnode knows no other; HTML is one already, and a processing instruction ends with
    its line, so that no blank line makes paragraphs of the items around it.
    """
    if not may_have(body):
        return body
    tokens = parsed(body)
    found = find(body, tokens)
    apart, in_lists = _seams(body, tokens) if found else (set(), set())
    out: list[str] = []
    done, gap = 0, -1  # a blank line stands before this place already
    for start, end, embed, own in found:
        if own == keeping:
            continue
        line, behind = body.rfind("\n", 0, start) + 1, body.find("\n", end) + 1
        margin = re.sub(r"[^>\s]", " ", body[line:start]).rstrip()
        said = spell(embed)
        ends = said.startswith("<?")
        before = f"{margin}\n" if line in apart and line != gap and not ends else ""
        after = f"\n{margin}" if not ends and behind in (apart | in_lists if TAG.match(said) else apart) else ""
        out += [body[done:line] + before, body[max(line, done) : start], said, after]
        done, gap = end, behind if after else -1
    return "".join([*out, body[done:]])


def _seams(body: str, tokens: Sequence[Token]) -> tuple[set[int], set[int]]:
    """Return where lines begin that go on with what the line before them has, a paragraph or HTML: outside lists, and
    in them, where a blank line would make paragraphs of all items.
    """
    starts = line_starts(body)
    outside: set[int] = set()
    inside: set[int] = set()
    lists = 0
    for at, token in enumerate(tokens):
        lists += token.nesting if token.type.startswith("list_item") else 0
        if token.map is None or token.type not in ("inline", "html_block"):
            continue
        seams = inside if lists else outside
        first, end = token.map
        behind = next((it for n in range(at + 1, len(tokens)) if (it := tokens[n]).nesting >= 0), None)
        if token.type == "inline":
            seams.update(starts[first + 1 : end])
        elif tokens[at - 1].type == "paragraph_close" and (tokens[at - 2].map or token.map)[1] == first:
            seams.add(starts[first])
        if behind and behind.map and behind.map[0] == end and behind.type != "list_item_open":
            seams.add(starts[end])
    return outside, inside

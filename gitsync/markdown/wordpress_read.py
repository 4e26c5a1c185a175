"""WordPress blocks as HTML that says the same without them, and what only a block can say kept as it stands.

A block is understood when Markdown can say all of it; one with a colour, an alignment or an anchor, one with columns,
one of a plugin is not, and stays block markup in the Markdown. Source: WordPress/gutenberg packages/block-library.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any, Final

from gitsync.markdown.alerts import KINDS, TITLE, classes
from gitsync.markdown.dom import WHITE
from gitsync.markdown.formulas import html as formula
from gitsync.markdown.providers import HTML, embed_of, html_of
from gitsync.markdown.wordpress_blocks import Block

_PARAGRAPH = re.compile(r"\s*<p>(.*)</p>\s*", re.DOTALL)
_HEADING = re.compile(r"\s*<h([1-6])(?: class=\"wp-block-heading\")?>(.*)</h\1>\s*", re.DOTALL)
_CODE = re.compile(r"\s*<pre class=\"wp-block-code([^\"]*)\">\s*<code([^<>]*)>(.*)</code>\s*</pre>\s*", re.DOTALL)
_IMAGE = re.compile(
    r"\s*<figure class=\"wp-block-image((?: size-[\w-]+)?)\">\s*"
    r"(?P<image>(?P<a><a href=\"[^\"<>]*\">)?(?P<img><img\b[^<>]*>)(?(a)</a>))\s*"
    r"(?:<figcaption(?: class=\"wp-element-caption\")?>(?P<caption>.*?)</figcaption>)?\s*</figure>\s*",
    re.DOTALL,
)
_SIZED = re.compile(r"-\d{1,5}x\d{1,5}(\.\w{2,5})\Z")
"""What WordPress adds to the name of a picture that it made smaller. Source: class-wp-image-editor.php."""
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_LIST = re.compile(r"\s*<(ul|ol)((?:\s+(?:start=\"\d{1,9}\"|class=\"wp-block-list(?: is-loose)?\"))*)\s*>")
_TABLE = re.compile(
    r"\s*<figure class=\"wp-block-table\">\s*<table(?: class=\"has-fixed-layout\")?>(.*)</table>\s*</figure>\s*",
    re.DOTALL,
)
_CELL = re.compile(r"<(t[hd])((?:\s+(?:class=\"has-text-align-\w+\"|data-align=\"\w+\"))*)>")
_EMBED = re.compile(
    r"\s*<figure class=\"wp-block-embed[^\"]*\">\s*<div class=\"wp-block-embed__wrapper\">(.*?)</div>\s*</figure>\s*",
    re.DOTALL,
)
_BR = re.compile(r"<br\s*/?>")
_TITLE = re.compile(rf"\s*<p class=\"{TITLE}\"><strong>(.*)</strong></p>\s*", re.DOTALL)
_OPEN_QUOTE = re.compile(r"\s*<blockquote(?: class=\"wp-block-quote\")?>")
_CITE = re.compile(r"<cite>(?:(?!</?cite\b).)*</cite>", re.DOTALL)
_MATHML = re.compile(r"<math data-latex=\"([^\"<>]+)\">.*?</math>", re.DOTALL)
_MATH = re.compile(r"\s*<div class=\"wp-block-math\">\s*<math display=\"block\">.*</math>\s*</div>\s*", re.DOTALL)
_OPEN_DETAILS = re.compile(r"\s*<details class=\"wp-block-details\"( open)?>\s*<summary>(.*?)</summary>", re.DOTALL)

SLUGS: Final = frozenset({"youtube", "vimeo", "twitter", "spotify", "soundcloud", "tiktok", "ted"})
"""Providers that WordPress itself embeds. Source: wordpress-develop class-wp-oembed.php."""

Plain = str | None
"""HTML without block comments; None for a block that must be kept."""


def plain(block: Block) -> Plain:
    """Return what a block says as HTML, or None where that would leave something out."""
    read = _READERS.get(block.name.removeprefix("core/"))
    if read is None or block.attrs is None:
        return None
    known, write = read
    html = write(block) if block.attrs.keys() <= known else None
    return _MATHML.sub(lambda it: formula(unescape(it[1]), shown=False), html) if html and "<math" in html else html


def left_out(block: Block) -> list[str]:
    """Return what the Markdown of a block and of those in it leaves out; a post that WordPress holds keeps it there."""
    name = block.name.removeprefix("core/")
    said = block.attrs or {}
    out = [words for of, key, words in _PLAIN if of == name and said.get(key)]
    if name == "table" and said.get("hasFixedLayout", True) and 'class="has-fixed-layout"' in block.html:
        out.append("a table has no fixed layout")
    return [*out, *(words for inner in block.blocks for words in left_out(inner))]


_PLAIN: Final = (
    ("image", "sizeSlug", "an image has no size of WordPress'"),
    ("image", "id", "an image has no place in a library of media"),
    ("separator", "className", "a separator has no style"),
    ("embed", "className", "an embed has no aspect ratio"),
)
"""Blocks, the attribute that Markdown has no place for, and what that means."""


def _one(pattern: re.Pattern[str], block: Block) -> re.Match[str] | None:
    return None if block.blocks else pattern.fullmatch(block.html)


def _paragraph(block: Block) -> Plain:
    match = _one(_PARAGRAPH, block)
    return f"<p>{match[1]}</p>" if match and match[1].strip(WHITE) else "" if match else None


def _heading(block: Block) -> Plain:
    match = _one(_HEADING, block)
    level = (block.attrs or {}).get("level", 2)
    return f"<h{level}>{match[2]}</h{level}>" if match and match[1] == str(level) else None


def _code(block: Block) -> Plain:
    match = _one(_CODE, block)
    if match is None or "<" in (text := _BR.sub("\n", match[3])):
        return None
    classes = f"{match[1]} {dict(_ATTRIBUTE.findall(match[2])).get('class', '')}".split()
    languages = [name for name in classes if name.startswith("language-")]
    if len(languages) != len(classes) or len(set(languages)) > 1:
        return None
    marks = f' class="{languages[0]}"' if languages else ""
    end = "\n" if text else ""  # or an empty block would be one with an empty line
    return f"<pre><code{marks}>{text}{end}</code></pre>"


def _image(block: Block) -> Plain:
    match = _one(_IMAGE, block)
    if match is None or (block.attrs or {}).get("linkDestination", "none") not in ("none", "custom", "media"):
        return None
    said = dict(_ATTRIBUTE.findall(match["img"]))
    if any(not re.fullmatch(r"wp-image-\d+", name) for name in said.pop("class", "").split()):
        return None
    if not said.get("src") or said.keys() - {"src", "alt", "title"}:
        return None
    if (block.attrs or {}).get("sizeSlug", "full") != "full":
        said["src"] = _SIZED.sub(r"\1", said["src"])
    words = [f'{name}="{value}"' for name, value in said.items() if value or name == "alt"]
    img = f"<img {' '.join(words)}>"
    if match["caption"]:
        return None if match["a"] else f"<figure>\n{img}<figcaption>{match['caption']}</figcaption></figure>"
    return f"<p>{match['a'] or ''}{img}{'</a>' if match['a'] else ''}</p>"


def _list(block: Block) -> Plain:
    opened = _LIST.match(block.html)
    if opened is None:
        return None
    loose = "is-loose" in opened[2]
    if ((block.attrs or {}).get("className") == "is-loose") != loose:
        return None
    if not block.blocks:  # written before list items were blocks
        return None if "class=" in (rest := block.html[opened.end() :]) else f"<{opened[1]}{_start(opened)}>{rest}"
    items = []
    for item in block.blocks:
        inner = _item(item, loose)
        if inner is None:
            return None
        items.append(inner)
    outside = _LIST.sub("", block.html, count=1).replace(f"</{opened[1]}>", "")
    return None if outside.strip() else f"<{opened[1]}{_start(opened)}>{''.join(items)}</{opened[1]}>"


def _start(opened: re.Match[str]) -> str:
    start = dict(_ATTRIBUTE.findall(opened[2])).get("start")
    return f' start="{start}"' if start else ""


def _item(item: Block, loose: bool) -> Plain:
    if item.name != "list-item" or item.attrs or not item.html.strip().startswith("<li>"):
        return None
    out: list[str] = []
    for part in item.inner:
        if isinstance(part, str):
            out.append(part)
        elif part.name != "list" or (inner := plain(part)) is None:
            return None
        else:
            out.append(f"\0{inner}")
    text = "".join(out).strip(WHITE)
    if not text.endswith("</li>"):
        return None
    text, _, nested = text.removeprefix("<li>").removesuffix("</li>").partition("\0")
    nested = nested.replace("\0", "")
    return f"<li>{f'<p>{text.strip(WHITE)}</p>' if loose and text.strip(WHITE) else text}{nested}</li>"


def _table(block: Block) -> Plain:
    match = _one(_TABLE, block)
    if match is None or "<tfoot" in match[1]:
        return None
    inner = _CELL.sub(_cell, match[1])
    rest = re.sub(r"<t[hd] align=\"\w+\">", "", inner)
    return None if re.search(r"<(?:t[hdr]|thead|tbody)\s", rest) else f"<table>{inner}</table>"


def _cell(match: re.Match[str]) -> str:
    align = dict(_ATTRIBUTE.findall(match[2])).get("data-align")
    return f'<{match[1]} align="{align}">' if align else f"<{match[1]}>"


def _quote(block: Block) -> Plain:
    if block.attrs:
        return _alert(block)
    return _around(block, _OPEN_QUOTE, lambda _: "<blockquote>", "</blockquote>")


def _alert(block: Block) -> Plain:
    """Return a quote whose class names a kind of alert, and that begins with a title."""
    shown = (block.attrs or {}).get("className")
    kind = str(shown).rpartition("-")[2]
    opener = re.compile(rf'\s*<blockquote class="wp-block-quote {re.escape(str(shown))}">')
    title = block.blocks[0] if block.blocks else None
    said = _one(_TITLE, title) if title and title.attrs == {"className": TITLE} else None
    if title is None or said is None or kind not in KINDS or shown != classes(kind):
        return None
    rest = replace(block, inner=[part for part in block.inner if part is not title])
    inner = _around(rest, opener, lambda _: "", "</blockquote>")
    return None if inner is None else f'<div class="{shown}"><p class="{TITLE}">{said[1]}</p>{inner[:-13]}</div>'


def _details(block: Block) -> Plain:
    opened = _OPEN_DETAILS.match(block.html)
    if not opened or bool(opened[1]) != (block.attrs or {}).get("showContent", False):
        return None
    if not block.blocks and block.html[opened.end() :].strip(WHITE) != "</details>":
        return None
    start = f"<details{opened[1] or ''}>\n<summary>{opened[2]}</summary>\n"
    return _around(block, _OPEN_DETAILS, lambda _: start, "</details>")


def _around(block: Block, opener: re.Pattern[str], opened: Callable[[re.Match[str]], str], closed: str) -> Plain:
    """Return an element with blocks in it."""
    match = opener.match(block.html)
    if match is None or not block.html.rstrip().endswith(closed):
        return None
    if not block.blocks:
        return opened(match) + block.html[match.end() :].rstrip()
    rest = block.html[match.end() :].replace(closed, "", 1).strip(WHITE)
    if rest and not (closed == "</blockquote>" and _CITE.fullmatch(rest)):
        return None
    inner = [_inside(child) for child in block.blocks]
    return None if None in inner else opened(match) + "\n".join([*filter(None, inner), rest]) + closed


def _inside(block: Block) -> Plain:
    """Return a block within another as HTML; an embed as the frame that is written as this block again."""
    if block.name == "html":
        return None if block.attrs or block.blocks else block.html.strip("\n")
    embed = embed_of(embedded(block) or "")
    shown = embed and embed.provider in SLUGS and (embed.frame or embed.provider in HTML)
    return html_of(embed) if embed and shown else plain(block)


def _separator(block: Block) -> Plain:
    return (
        "<hr>"
        if not block.blocks and re.fullmatch(r"\s*<hr class=\"wp-block-separator[^\"]*\"\s*/?>\s*", block.html)
        else None
    )


def _more(block: Block) -> Plain:
    words = (block.attrs or {}).get("customText", "")
    return html if (html := block.html.strip()) == f"<!--more{words and ' '}{words}-->" else None


def _math(block: Block) -> Plain:
    tex = str((block.attrs or {}).get("latex") or "").strip()
    return f"<p>{formula(tex, shown=True)}</p>" if tex and _one(_MATH, block) else None


def embedded(block: Block) -> str | None:
    """Return the address that an embed block shows; None for another block, and for one with a caption."""
    if block.name.removeprefix("core/").partition("-embed/")[0] not in ("embed", "core"):
        return None
    match = _one(_EMBED, block)
    url = unescape(match[1]).strip() if match else ""
    said: Any = (block.attrs or {}).get("url")
    return url if match and url == said and embed_of(url) else None


def autop(text: str) -> str:
    """Return classic content as the HTML that WordPress shows: blank lines part paragraphs, line ends break lines.

    Source: wordpress-develop wp-includes/formatting.php, `wpautop`.
    """
    held: list[str] = []

    def hold(match: re.Match[str]) -> str:
        held.append(match[0])
        return f"\n\n\1{len(held) - 1}\1\n\n"

    text = text.replace("\1", "").replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(r"<(pre|script|style|textarea)\b.*?(?:</\1\s*>|\Z)", hold, text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(rf"(<(?:{_TALL})\b[^<>]*>)", r"\n\n\1", text, flags=re.IGNORECASE)
    text = re.sub(rf"(</(?:{_TALL})\s*>)", r"\1\n\n", text, flags=re.IGNORECASE)
    out = []
    for part in re.split(r"\n\s*\n", text):
        part = part.strip(WHITE)
        if not part:
            continue
        if part[0] == "\1" or re.match(rf"</?(?:{_TALL}|p)\b|<!--", part, re.IGNORECASE):
            out.append(part)
        else:
            out.append(f"<p>{re.sub(r'(?:<br */?>|(?<! ))[ ]*' + chr(10), '<br>' + chr(10), part)}</p>")
    return re.sub("\1(\\d+)\1", lambda it: held[int(it[1])], "\n".join(out))


_TALL: Final = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|form|map|area|blockquote|address|"
    "style|h[1-6]|hr|fieldset|legend|section|article|aside|header|footer|nav|figure|figcaption|details|menu|summary"
)

_READERS: Final[dict[str, tuple[frozenset[str], Callable[[Block], Plain]]]] = {
    "paragraph": (frozenset(), _paragraph),
    "heading": (frozenset({"level"}), _heading),
    "code": (frozenset({"className", "language"}), _code),
    "image": (frozenset({"id", "sizeSlug", "linkDestination"}), _image),
    "list": (frozenset({"ordered", "start", "className"}), _list),
    "table": (frozenset({"hasFixedLayout"}), _table),
    "quote": (frozenset({"className"}), _quote),
    "details": (frozenset({"showContent"}), _details),
    "separator": (frozenset({"opacity", "className"}), _separator),
    "math": (frozenset({"latex"}), _math),
    "more": (frozenset({"customText"}), _more),
}

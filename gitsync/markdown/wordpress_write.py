"""Markdown as WordPress blocks, each one as the block editor itself would save it, so that it opens it as its own.

What has no block of its own becomes a Custom HTML block. Block markup in the Markdown (what reading kept because
Markdown cannot say it) is passed on to the letter. Source: the `save` functions of WordPress/gutenberg
packages/block-library/src.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, Final

from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from gitsync.markdown.alerts import TITLE, classes
from gitsync.markdown.asides import Asides
from gitsync.markdown.dom import WHITE
from gitsync.markdown.embeds import find, may_have
from gitsync.markdown.github import as_github
from gitsync.markdown.parser import parsed
from gitsync.markdown.providers import HTML, Embed, html_of
from gitsync.markdown.render import render_tokens, tokens_of
from gitsync.markdown.sources import line_starts
from gitsync.markdown.stripped import WRAPPER
from gitsync.markdown.wordpress_blocks import block, inert, parse, spans
from gitsync.markdown.wordpress_inside import inside
from gitsync.markdown.wordpress_read import SLUGS

LOOSE: Final = "is-loose"
"""The class that marks a list whose items stand apart, which WordPress does not know of."""

_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_DETAILS = re.compile(r"<details(?P<open> open)?>\s*<summary>(?P<summary>.*?)</summary>\s*\Z", re.DOTALL)
_OPENER = re.compile(
    r"<(/?)(details|div|section|article|aside|main|header|footer|center|figure)\b[^<>]*>", re.IGNORECASE
)
_FIGURE = re.compile(
    r"<figure>\s*(?P<img><img\b[^<>]*>)\s*(?:<figcaption>(?P<caption>.*?)</figcaption>)\s*</figure>\s*\Z", re.DOTALL
)
_IMG = re.compile(r"(?P<link><a href=\"[^\"<>]*\">)?<img(?P<said>(?: [\w-]+=\"[^\"]*\")+)>(?(link)</a>)")
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_MORE = re.compile(r"<!--more(?: (?P<words>(?:(?!--)[^<>])*))?-->\Z")
_LONE_URL = re.compile(r"^([ \t]*https?:)//(?=[^\s<>\"]+[ \t]*$)", re.MULTILINE)
_CITE = re.compile(r"<cite>(?:(?!</?cite\b).)*</cite>", re.DOTALL)
_LANGUAGE = re.compile(r"[^\s\"'<>&]+")


def write_blocks(body: str) -> list[str]:
    """Return the markup of each block of `body`."""
    body = as_github(body)
    asides = Asides(body, "<!-- wp:{} /-->")
    return [asides.restored(text) for text in _blocks(tokens_of(_set_aside(body, asides)))]


def shown(body: str) -> list[tuple[int, int]]:
    """Return where the embeds of `body` stand that are blocks: alone in a paragraph, and in no list."""
    if not may_have(body):
        return []
    tokens = parsed(body)
    alone: set[int] = set()
    around: list[str] = []
    for token in tokens:
        if token.nesting > 0:
            around.append(token.type)
        elif token.nesting < 0:
            around.pop()
        elif token.type == "html_block" and token.map:
            alone.update(range(*token.map))
        elif token.type == "inline" and token.map and around[-1:] == ["paragraph_open"]:
            first, last = token.map
            if last - first == 1 and set(around[:-1]) <= {"blockquote_open"}:
                alone.add(first)
    starts = line_starts(body)
    return [(it.start, it.end) for it in find(body, tokens) if bisect_right(starts, it.start) - 1 in alone]


def _set_aside(body: str, asides: Asides) -> str:
    """Return `body` with stand-ins for the block markup that stands on lines of its own, outside code."""
    if "<!-- wp:" not in body:
        return body
    ends = spans(body)
    out: list[str] = []
    fence = ""
    start = position = 0
    for line in body.splitlines(keepends=True):
        here, position = position, position + len(line)
        if here < start:
            continue
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not line[match.end() :].strip():
                fence = ""
        end = ends.get(here) if not fence else None
        if end is not None and not body[end : (body.find("\n", end) + 1) or len(body)].strip():
            out += [body[start:here], f"\n\n{asides.put(body[here:end])}\n\n"]
            start = end
    return "".join([*out, body[start:]])


def _blocks(tokens: Sequence[Token]) -> list[str]:
    """Return the markup of tokens that are siblings."""
    out: list[str] = []
    for run in _grouped(list(_siblings(tokens))):
        write = _WRITERS.get(run[0].type) if run[0].type == "html_block" or len(_tops(run)) == 1 else None
        text = write(run) if write else None
        out.append(_as_html(render_tokens(list(_with_frames(run)))) if text is None else text)
    return [text for text in out if text]


def _tops(run: Sequence[Token]) -> list[Token]:
    return [token for token in run if token.level == run[0].level and token.nesting >= 0]


def _siblings(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield each block with all that is in it."""
    run: list[Token] = []
    depth = 0
    for token in tokens:
        run.append(token)
        depth += token.nesting
        if depth == 0:
            yield run
            run = []


def _grouped(runs: list[list[Token]]) -> Iterator[list[Token]]:
    """Yield the runs, HTML that opens an element with all up to the HTML that closes it as one."""
    group: list[Token] = []
    depth = 0
    for run in runs:
        if run[0].type == "html_block":
            depth += sum(-1 if closing else 1 for closing, _ in _OPENER.findall(run[0].content))
        group += run
        if depth <= 0:
            yield group
            group, depth = [], 0
    if group:
        yield group


def _html(html: str) -> str:
    return block("html", inert(html).strip(WHITE)) if html.strip(WHITE) else ""


def _as_html(html: str) -> str:
    """Return HTML as a block: a frame that WordPress has an embed for as that, unless a box says how it looks."""
    text = html.strip(WHITE)
    found = find(f"{text}\n") if text.startswith("<") and not WRAPPER.match(text) else []
    if found and found[0].embed.provider in SLUGS and found[0].end - found[0].start == len(text):
        return _embed(found[0].embed)
    return _html(html)


def _inline(run: Sequence[Token], tag: str = "") -> str | None:
    return inside(tag or run[0].tag, render_tokens(run[1:-1]))


def _paragraph(run: list[Token]) -> str | None:
    children = [token for token in run[1].children or () if token.type != "text" or token.content]
    kinds = [token.type for token in children]
    text = _inline(run)
    if text and kinds in (["image"], ["link_open", "image", "link_close"]) and (image := _image(text)):
        return image
    if embed := _embed_alone(run):
        return _embed(embed)
    return block("paragraph", f"<p>{text}</p>") if text else text


def _embed_alone(paragraph: Sequence[Token]) -> Embed | None:
    """Return the embed that a paragraph is: an address where it stands on the first level, for else it is a link."""
    text = paragraph[1].content
    found = find(f"{text}\n") if "\n" not in text else []
    shown = found and (found[0].spelling != "bare" or not paragraph[0].level)
    return found[0].embed if shown and found[0].end - found[0].start == len(text) else None


def _with_frames(run: Sequence[Token]) -> Iterator[Token]:
    """Yield tokens that become HTML, embeds in an element of HTML as what shows them: no block can be in it."""
    inside = run[0].type == "html_block" and len(run) > 1
    end = 0
    for at, token in enumerate(run):
        embed = _embed_alone(run[at : at + 2]) if inside and token.type == "paragraph_open" else None
        if embed and (embed.frame or embed.provider in HTML):
            end = at + 3
            yield Token("html_block", "", 0, content=f"{html_of(embed)}\n")
        elif at >= end:
            yield token


def _image(html: str | None, caption: str | None = "") -> str | None:
    """Return an image block; None for what it cannot hold: a title of the link, a width, a class."""
    match = _IMG.fullmatch(html or "")
    said = dict(_ATTRIBUTE.findall(match["said"])) if match else {}
    if match is None or caption is None or not said.get("src") or said.keys() - {"src", "alt", "title"}:
        return None
    img = "".join(f' {name}="{said[name]}"' for name in ("src", "alt", "title") if name in said)
    words = f'<figcaption class="wp-element-caption">{caption}</figcaption>' if caption else ""
    shown = f"{match['link'] or ''}<img{img}/>{'</a>' if match['link'] else ''}"
    attrs = {"linkDestination": "custom"} if match["link"] else None
    return block("image", f'<figure class="wp-block-image">{shown}{words}</figure>', attrs)


def _embed(embed: Embed) -> str:
    url = re.sub(r"^(https?://)(?:mobile\.)?x\.com/", r"\1twitter.com/", embed.url)
    attrs: dict[str, Any] = {"url": url}
    classes = "wp-block-embed"
    if embed.provider in SLUGS:
        kind = "video" if embed.video else "rich"
        attrs |= {"type": kind, "providerNameSlug": embed.provider}
        classes += f" is-type-{kind} is-provider-{embed.provider} wp-block-embed-{embed.provider}"
    wrapper = f'<div class="wp-block-embed__wrapper">\n{escape(url, quote=False)}\n</div>'
    return block("embed", f'<figure class="{classes}">{wrapper}</figure>', attrs)


def _heading(run: list[Token]) -> str | None:
    tag, text = run[0].tag, _inline(run)
    if text is None:
        return None
    attrs: dict[str, Any] = {} if tag == "h2" else {"level": int(tag[1])}
    name = ""
    if "id" in run[0].attrs:
        attrs["anchor"] = str(run[0].attrs["id"])
        name = f' id="{escape(attrs["anchor"])}"'
    return block("heading", f'<{tag}{name} class="wp-block-heading">{text}</{tag}>', attrs)


def _code(run: list[Token]) -> str:
    token = run[0]
    info = unescapeAll(token.info).split()
    attrs: dict[str, Any] = {}
    if info and _LANGUAGE.fullmatch(info[0]):
        attrs["className"] = f"language-{info[0]}"
    # A "[" could begin a shortcode, which WordPress runs in code, too, and an address alone on a line is embedded.
    text = escape(token.content.removesuffix("\n"), quote=False).replace("[", "&#91;").replace("\u00a0", "&nbsp;")
    text = _LONE_URL.sub(r"\1&#47;&#47;", text)
    classes = " ".join(["wp-block-code", *attrs.values()])
    return block("code", f'<pre class="{classes}"><code>{text}</code></pre>', attrs)


def _rule(_: list[Token]) -> str:
    return block("separator", '<hr class="wp-block-separator has-alpha-channel-opacity"/>')


def _quote(run: list[Token]) -> str:
    cite = ""
    if len(run) > 5 and run[-4].type == "paragraph_open" and _CITE.fullmatch(said := _inline(run[-4:-1]) or ""):
        cite, run = said, [*run[:-4], run[-1]]
    inner = "\n\n".join(_blocks(run[1:-1]))
    return block("quote", f'<blockquote class="wp-block-quote">{inner}{cite}</blockquote>')


def _alert(run: list[Token]) -> str | None:
    title, rest = run[1:4], run[4:-1]
    said = _inline(title)
    if not said or "<strong" in said:
        return None
    name = block("paragraph", f'<p class="{TITLE}"><strong>{said}</strong></p>', {"className": TITLE})
    inner = "\n\n".join([name, *_blocks(rest)])
    shown = classes(run[0].meta["kind"])
    return block("quote", f'<blockquote class="wp-block-quote {shown}">{inner}</blockquote>', {"className": shown})


def _list(run: list[Token]) -> str | None:
    items: list[str] = []
    loose = False
    for item in _siblings(run[1:-1]):
        parts = list(_siblings(item[1:-1]))
        if parts and parts[0][0].type == "paragraph_open":
            loose = loose or not parts[0][0].hidden
            text, parts = _inline(parts[0], "li"), parts[1:]
        else:
            text = ""
        nested = [_list(part) if part[0].type in ("bullet_list_open", "ordered_list_open") else None for part in parts]
        if text is None or None in nested:
            return None
        inner = "".join(part for part in nested if part)
        items.append(block("list-item", f"<li>{text}{inner}</li>"))
    attrs: dict[str, Any] = {}
    tag, start = run[0].tag, run[0].attrs.get("start", 1)
    if tag == "ol":
        attrs["ordered"] = True
        if start != 1:
            attrs["start"] = start
    if loose:
        attrs["className"] = LOOSE
    opened = f'<{tag}{f""" start="{start}" """.rstrip() if start != 1 else ""}'
    classes = f"wp-block-list{f' {LOOSE}' if loose else ''}"
    inner = "\n\n".join(items)
    return block("list", f'{opened} class="{classes}">{inner}</{tag}>', attrs)


def _table(run: list[Token]) -> str | None:
    out: list[str] = []
    for index, token in enumerate(run):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        if kind in ("th", "td") and token.nesting > 0:
            align = str(token.attrs.get("style", "")).removeprefix("text-align:")
            marks = f' class="has-text-align-{align}" data-align="{align}"' if align else ""
            if (text := inside(kind, render_tokens([run[index + 1]]))) is None:
                return None
            out.append(f"<{kind}{marks}>{text}</{kind}>")
        elif kind in ("thead", "tbody", "tr", "table"):
            out.append(f"<{'/' if token.nesting < 0 else ''}{kind}>")
    return block("table", f'<figure class="wp-block-table">{"".join(out)}</figure>', {"hasFixedLayout": False})


def _raw(run: list[Token]) -> str | None:
    text = run[0].content.strip("\n")
    if len(run) == 1:
        if [(it.name != "", it.raw) for it in parse(text)] == [(True, text)]:
            return text
        if more := _MORE.match(text):
            return block("more", text, {"customText": more["words"]} if more["words"] else None)
        if figure := _FIGURE.match(text):
            return _image(inside("figure", figure["img"]), inside("figcaption", figure["caption"]))
        empty = _DETAILS.match(text.removesuffix("</details>")) if text.endswith("</details>") else None
        return _details(empty, "") if empty and text.count("</") == 2 else _as_html(text)
    head = 2 if run[1].type == "html_block" and "<summary>" not in text else 1
    details = _DETAILS.match("".join(token.content for token in run[:head]).strip())
    if details and run[-1].content.strip() == "</details>":
        return _details(details, "\n\n".join(_blocks(run[head:-1])))
    return None


def _details(opened: re.Match[str], inner: str) -> str | None:
    if (summary := inside("summary", opened["summary"])) is None:
        return None
    shown = f'<details class="wp-block-details"{opened["open"] or ""}><summary>{summary}</summary>{inner}</details>'
    return block("details", shown, {"showContent": True} if opened["open"] else None)


_WRITERS: Final[dict[str, Callable[[list[Token]], str | None]]] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "fence": _code,
    "code_block": _code,
    "hr": _rule,
    "blockquote_open": _quote,
    "alert_open": _alert,
    "bullet_list_open": _list,
    "ordered_list_open": _list,
    "table_open": _table,
    "html_block": _raw,
}

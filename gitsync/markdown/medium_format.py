"""Medium's HTML and Markdown: its export's classes, old and new, its two headings, and what it has no place for.

Sources: real exports from 2018 to 2025; Medium's API documentation for what it takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from typing import Final

from gitsync.markdown.asides import Asides
from gitsync.markdown.callouts import as_quotes, quoted
from gitsync.markdown.dom import TEXT, WHITE, Node, parse, to_source, walk
from gitsync.markdown.embeds import SPELLED, find
from gitsync.markdown.equality import same_dom
from gitsync.markdown.extensions import extensions
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import HTML_CHANGED, HTML_UNSAID, TAG, Format, Loss, Translation
from gitsync.markdown.formula_spellings import as_tex
from gitsync.markdown.github import as_github
from gitsync.markdown.html import to_markdown
from gitsync.markdown.looks import looks
from gitsync.markdown.medium_flat import flat, flat_rendered
from gitsync.markdown.medium_page import as_story
from gitsync.markdown.medium_words import in_paragraphs, left_out
from gitsync.markdown.pages import page
from gitsync.markdown.providers import Embed, embed_of, html_of
from gitsync.markdown.render import to_html, unused_notes
from gitsync.markdown.stripped import stripped, unwrapped

_HOLDERS: Final = frozenset({"section", "div", "article", "body", "main", "header"})
_UNSEEN: Final = frozenset({"footer", "style", "title", "head", "link", "meta"})
_HEADINGS: Final = {"h1": "h2", "h2": "h2", "h3": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}
_DEEPEST: Final = 200
_INLINE: Final = {"a": ("href", "title"), "img": ("src", "alt", "title"), "ol": ("start",)}
_FRAME: Final = re.compile(r"<iframe\b[^<>]*>")
_CODE: Final = re.compile(r'<pre><code(?: class="language-([^"]*)")?>([^<]*(?:<(?!/?pre>)[^<]*)*)</code></pre>')


def read(html: str) -> str:
    """Return a story, a whole export's page or its body alone, as Markdown."""
    return read_story(html, "", "")


def read_story(html: str, title: str, subtitle: str) -> str:
    """Return a story's text without the title and the subtitle that it begins with."""
    root = parse(html)
    if root is None:
        return to_markdown(html)
    body = _story(root)
    asides = Asides(html, '<div id="{}"></div>')
    out: list[str] = []
    for text, is_embed in _blocks(body, {_words(title), _words(subtitle)} - {""}):
        out.append(asides.put(text) if is_embed else text)
    return asides.restored(to_markdown("\n".join(out)))


def _story(root: Node) -> Node:
    return next((node for node in _all(root) if node.get("data-field") == "body"), root)


def _all(node: Node) -> Iterator[Node]:
    return (it for it, begins in walk([node]) if begins)


def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", text).casefold().split()).removesuffix("…")


def _blocks(body: Node, said: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield blocks as plain HTML, embeds as Markdown (True). Quotes and old code of one piece are put together."""
    stack: list[Node] = list(reversed([*in_paragraphs(body.kids)]))
    first = True
    pending: list[str] = []
    joined = ""
    while stack:
        node = stack.pop()
        name = _names(node)
        if node.tag == TEXT:
            if node.text.strip(WHITE):
                yield from _flush(pending, joined)
                yield f"<p>{escape(node.text.strip(WHITE), quote=False)}</p>", False
            continue
        if node.tag in _UNSEEN:
            continue
        if node.tag in _HOLDERS and "graf--mixtapeEmbed" not in name and node.get("data-node-type") == "":
            stack.extend(reversed([*in_paragraphs(node.kids)]))
            continue
        if embed := _address_alone(node):
            yield from _flush(pending, joined)
            joined, first = "", False
            yield SPELLED["bare"](embed), True
            continue
        kind = node.tag if node.tag in ("blockquote", "pre") else ""
        if (kind and kind != joined) or not kind:
            yield from _flush(pending, joined)
        joined = kind
        first = first and not kind
        if kind == "blockquote":
            pending.append(f"<p>{_inner(node)}</p>" if not _has_blocks(node) else _inner(node))
        elif kind == "pre":
            if node.get("data-code-block-lang") or node.get("data-code-block-mode") or "preV2" in name:
                yield from _flush(pending, joined)
                joined = ""
                yield _code([node]), False
            else:
                pending.append(_code_text(node))
        elif node.tag in _HEADINGS:
            if first and _words(_text(node)) in said:
                continue
            first = first and ("graf--title" in name or "graf--kicker" in name)
            yield f"<{_HEADINGS[node.tag]}>{_inner(node)}</{_HEADINGS[node.tag]}>", False
        elif node.tag == "hr":
            if not first:
                yield "<hr>", False
        elif node.tag in ("figure", "img", "iframe", "script") or "graf--mixtapeEmbed" in name:
            first = False
            yield from _figure(node)
        elif node.tag == "p" or node.flows:
            if (text := _inner(node)) and text != "<br>":
                first = False
                yield f"<p>{text}</p>", False
        else:
            first = False
            yield to_source(_clean([node])), False
    yield from _flush(pending, joined)


def _address_alone(node: Node) -> Embed | None:
    """Return the embed of a tweet, or of an address alone in a paragraph, as `_shown` writes it."""
    links = [it.get("href") for it in _all(node) if it.tag == "a"]
    if node.tag == "blockquote" and "twitter-tweet" in _names(node) and links:
        return embed_of(links[-1].partition("?")[0], alone=True)
    alone = node.tag == "p" and len(links) == 1 and _text(node).strip(WHITE) == links[0]
    embed = embed_of(links[0], alone=True) if alone else None
    return embed if embed and _shown(embed).startswith("<p>") else None


def _flush(pending: list[str], kind: str) -> Iterator[tuple[str, bool]]:
    if pending and kind == "blockquote":
        yield f"<blockquote>{''.join(pending)}</blockquote>", False
    elif pending:
        yield f"<pre><code>{chr(10).join(pending)}\n</code></pre>", False
    pending.clear()


def _names(node: Node) -> str:
    return node.get("class")


def _text(node: Node) -> str:
    return "".join(it.text for it in _all(node) if it.tag == TEXT)


def _has_blocks(node: Node) -> bool:
    return any(not kid.flows for kid in node.kids)


def _clean(nodes: list[Node], depth: int = 0) -> list[Node]:
    """Return nodes without what only Medium's pages need; what is deeper than any story, as it is."""
    if depth > _DEEPEST:
        return nodes
    out: list[Node] = []
    for node in nodes:
        if node.tag == "pre":
            language = re.sub(r"[^\w#+.-]", "", node.get("data-code-block-lang"))
            marks: dict[str, str | None] = {"class": f"language-{language}"} if language else {}
            out.append(Node("pre", kids=[Node("code", marks, [Node(TEXT, text=_said(node))])], flows=False))
            continue
        kids = _clean(node.kids, depth + 1)
        attrs = {name: value for name, value in node.attrs.items() if name in _INLINE.get(node.tag, ())}
        tag = _HEADINGS.get(node.tag, node.tag)
        if tag in ("span", "mark") and not attrs:
            out += kids
        else:
            out.append(Node(tag, attrs, kids, node.text, node.flows))
    return out


def _inner(node: Node) -> str:
    return to_source(_clean(node.kids)).strip(WHITE)


def _code_text(node: Node) -> str:
    return escape(_said(node).removesuffix("\n"), quote=False)


def _said(node: Node) -> str:
    """Return the text of code; old stories end its lines with <br>."""
    text = "".join("\n" if it.tag == "br" else it.text for it in _all(node) if it.tag in (TEXT, "br"))
    return f"{text if node.get('data-code-block-mode') else text.removesuffix(chr(10))}\n"


def _code(nodes: list[Node]) -> str:
    language = re.sub(r"[^\w#+.-]", "", nodes[0].get("data-code-block-lang"))
    marks = f' class="language-{language}"' if language else ""
    return f"<pre><code{marks}>{chr(10).join(map(_code_text, nodes))}\n</code></pre>"


def _figure(node: Node) -> Iterator[tuple[str, bool]]:
    parts = list(_all(node))
    caption = next((_inner(it) for it in parts if it.tag == "figcaption"), "")
    for it in parts:
        if it.tag in ("iframe", "script"):
            embed = embed_of(it.get("src"), alone=True)
            if embed is not None:
                yield SPELLED["bare"](embed), True
            elif it.tag == "iframe":
                yield to_source([Node("iframe", {"src": it.get("src")}, [], "", False)]), False
            caption = f"<p>{caption}</p>" if caption else ""
            if caption:
                yield caption, False
            return
        if it.tag == "a" and "mixtapeEmbed-anchor" in _names(it):
            embed = embed_of(it.get("href"))
            if embed is not None:
                yield f"{{% embed {embed.url} %}}", True
            return
    around = {id(kid): it.get("href") for it in parts if it.tag == "a" for kid in _all(it)}
    for it in parts:
        if it.tag == "img" and it.get("src"):
            alt = f'<img src="{escape(it.get("src"))}" alt="{escape(it.get("alt"))}">'
            if href := around.get(id(it)):
                alt = f'<a href="{escape(href)}">{alt}</a>'
            yield (f"<figure>\n{alt}<figcaption>{caption}</figcaption></figure>" if caption else f"<p>{alt}</p>"), False
            caption = ""


def write(body: str) -> Translation:
    """Return `body` as the HTML that Medium takes: two headings, no tables, no footnotes, no boxes to tick."""
    losses: list[Loss] = []
    html = kept = flat_rendered(_html(body), losses)
    if TAG.search(body):  # other tags than Markdown's own: what Medium keeps of them
        html = _html(read(_marked(html)))
        kept = _FRAME.sub("", html)  # whose width is its own
        losses += looks(body, "Medium", kept)
    html = _marked(flat(html, losses))
    losses += [
        *stripped(body, "Medium"),
        *unwrapped(body, "Medium"),
        *as_tex(body, "Medium", "TeX, in code"),
        *quoted(body, "Medium"),
        *unused_notes(body),
        *extensions(body, "Medium"),
        *foreign(body, "Medium"),
        *_changed(body, read(html), kept),
    ]
    return Translation(html, tuple(losses))


def _changed(body: str, again: str, kept: str) -> tuple[Loss, ...]:
    """Return a loss where `again`, which is `body` as Medium has it, shows another page than all that is told."""
    if again == body:
        return ()
    expected = flat(flat_rendered(page(as_quotes(as_github(body))), []), [])
    pages = (_marked(as_story(html, kept)) for html in (expected, page(again)))
    return () if same_dom(*pages) else (_CHANGED,)


_CHANGED: Final = replace(
    HTML_CHANGED,
    message="Medium keeps the words, the pictures and the links, not all boxes and quotes around them",
    hint="",
)


def _marked(html: str) -> str:
    """Return `html` with headings and code as Medium has them."""
    html = re.sub(r"<(/?)h([1-6])\b", lambda it: f"<{it[1]}{'h3' if it[2] in '12' else 'h4'}", html)
    return _CODE.sub(_as_medium_code, html)


def _html(body: str) -> str:
    """Return `body` as HTML with its embeds in figures."""
    body = as_quotes(as_github(body))
    position, parts = 0, []
    for start, end, embed, _ in find(body):
        parts += [body[position:start], f"\n\n{_shown(embed)}\n\n"]
        position = end
    return to_html("".join([*parts, body[position:]]), named=False)


def _shown(embed: Embed) -> str:
    """Return an embed as Medium takes it: a frame or a gist in a figure, the rest as its address."""
    if embed.frame or embed.provider == "gist":
        return f"<figure>{html_of(embed)}</figure>"
    return f'<p><a href="{escape(embed.url)}">{escape(embed.url)}</a></p>'


def _as_medium_code(match: re.Match[str]) -> str:
    language = f' data-code-block-lang="{match[1]}"' if match[1] else ""
    text = re.sub(r"(?:\n|&#10;)\Z", "", match[2])
    text = f"\n{text}" if text.startswith("\n") else text  # a parser eats the first line break
    return f'<pre data-code-block-mode="2"{language}>{text}</pre>'


def reading(html: str, title: str = "", subtitle: str = "") -> Translation:
    """Return a story as Markdown, as `read_story` does, with a loss where words of it are not in that."""
    text = read_story(html, title, subtitle)
    root, shown = parse(html), parse(to_html(text, named=False))
    if root is None or shown is None:
        return Translation(text, (HTML_UNSAID,))
    missing = left_out(_story(root), shown, f"{title} {subtitle}")
    message = f"these words of the story are left out: {missing[:80]}"
    return Translation(text, (Loss(code="WORDS_LOST", message=message),) if missing else ())


FORMAT = Format(name="medium", reading=reading, write=write)

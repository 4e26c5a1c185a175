"""Nodes of Ghost's editor as HTML, Markdown, or kept: what a person wrote there, as a person would write it here.

A card that Markdown has no word for is kept whole in a comment, `<!-- ghost:product {…} -->`, and written back as that
very card. Source: TryGhost/Koenig packages/kg-default-nodes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final, NamedTuple

from gitsync.bounded_json import loads
from gitsync.markdown.alerts import CLASS, KINDS
from gitsync.markdown.callouts import as_alert
from gitsync.markdown.dom import WHITE
from gitsync.markdown.embeds import SPELLED
from gitsync.markdown.parser import parser
from gitsync.markdown.providers import HTML, Embed, embed_of

Node = Mapping[str, Any]

DEEPEST: Final = 60
"""How deep nodes are read; Ghost's editor does not nest nearly as deep."""

KEPT: Final = re.compile(r"<!-- ghost:([\w-]+) (\{.*\}) -->")
_FORMATS: Final = (
    (1, "strong"),
    (2, "em"),
    (4, "del"),
    (8, "u"),
    (32, "sub"),
    (64, "sup"),
    (128, "mark"),
    (16, "code"),
)
"""Bits of a text node's `format`, from the outermost tag to the innermost. Source: Lexical's TextFormatType."""

_TEXTS: Final = ("text", "extended-text", "tk", "code-highlight")


class Said(NamedTuple):
    """What a node says: `html` that may be put beside other HTML, or `markdown` that stands alone.

    `loss` is what that leaves out, in a few words.
    """

    html: str = ""
    markdown: str = ""
    loss: str = ""


def said(node: Any) -> Said:
    """Return a node on the first level as HTML or Markdown; nothing of it is left out."""
    if not isinstance(node, dict):
        return Said()
    kind = str(node.get("type"))
    read = _READERS.get(kind)
    try:
        part = read(node) if read else keep(node)
        plain = _PLAIN.get(kind)
        return part._replace(loss=plain(node)) if plain and not KEPT.match(part.markdown) else part
    except (KeyError, TypeError, AttributeError, RecursionError):
        return keep(node)


def keep(node: Node) -> Said:
    """Return a node as a comment that holds it."""
    return Said(markdown=comment(str(node.get("type") or "card"), node))


def comment(name: str, node: Node) -> str:
    text = json.dumps(node, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    for plain in ("-", "<", ">"):
        text = text.replace(plain, f"\\u{ord(plain):04x}")
    return f"<!-- ghost:{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'card'} {text} -->"


def kept_in(text: str) -> dict[str, Any] | None:
    """Return the node that a comment holds; None for another text."""
    match = KEPT.fullmatch(text.strip())
    if match is None:
        return None
    try:
        node = loads(match[2])
    except ValueError:
        return None
    return node if isinstance(node, dict) and isinstance(node.get("type"), str) else None


def inline(nodes: Any, depth: int = 0) -> str:
    """Return what flows in a line as HTML; what several texts share is one element around them."""
    out: list[str] = []
    _check(depth)
    flow = list(nodes or ())
    formats = _formats(flow)
    opened: list[str] = []
    for at, node in enumerate(flow):
        _turn(out, opened, formats, at)
        kind = node.get("type")
        if kind in _TEXTS:
            out.append(escape(str(node.get("text") or ""), quote=False))
        elif kind == "linebreak":
            out.append("<br>")
        elif kind == "tab":
            out.append("\t")
        elif kind in ("link", "autolink", "at-link") and (node.get("url") or node.get("href")):
            out.append(f"<a{_link(node)}>{inline(node.get('children'), depth + 1)}</a>")
        elif kind not in ("zwnj", "at-link-search"):
            out.append(inline(node.get("children"), depth + 1) or escape(str(node.get("text") or ""), quote=False))
    return "".join([*out, *(f"</{tag}>" for tag in reversed(opened))])


def _formats(flow: list[Node]) -> list[frozenset[str]]:
    """Return the tags around each node of a line; a line break is in those that go on after it."""
    out: list[frozenset[str]] = []
    for node in flow:
        bits = node.get("format") if node.get("type") in _TEXTS else 0
        out.append(frozenset(tag for bit, tag in _FORMATS if isinstance(bits, int) and bits & bit))
    before = after = frozenset[str]()
    for at in reversed(range(len(flow))):
        after = out[at] = after if flow[at].get("type") == "linebreak" else out[at]
    for at, node in enumerate(flow):
        before = out[at] = out[at] & before if node.get("type") == "linebreak" else out[at]
    return out


def _turn(out: list[str], opened: list[str], formats: list[frozenset[str]], at: int) -> None:
    """Close and open tags for the node `at`: the ones that last longest around the others, code inside all."""
    wanted = formats[at]
    kept = next((n for n, tag in enumerate(opened) if tag not in wanted), len(opened))
    if "code" in opened[:kept] and wanted.difference(opened[:kept]):
        kept = opened.index("code")
    out += (f"</{tag}>" for tag in reversed(opened[kept:]))
    del opened[kept:]

    def lasting(tag: str) -> int:
        return next((n for n in range(at, len(formats)) if tag not in formats[n]), len(formats))

    new = [tag for _, tag in _FORMATS if tag in wanted and tag not in opened]
    new.sort(key=lambda tag: (tag == "code", -lasting(tag)))
    out += (f"<{tag}>" for tag in new)
    opened += new


def _check(depth: int) -> None:
    if depth > DEEPEST:
        raise RecursionError


def _link(node: Node) -> str:
    """Return the attributes of a link; `noreferrer` is what Ghost's editor notes on its own."""
    rel = " ".join(word for word in str(node.get("rel") or "").split() if word not in ("noreferrer", "noopener"))
    said = {"href": node.get("url") or node.get("href") or "", "title": node.get("title"), "rel": rel}
    said |= {"target": node.get("target")}
    shown = (f' {name}="{escape(str(value))}"' for name, value in said.items() if value or name == "href")
    return "".join(shown)


def _paragraph(node: Node) -> Said:
    text = inline(node.get("children"))
    return Said(html=f"<p>{text}</p>" if text.strip(WHITE) else "")


def _heading(node: Node) -> Said:
    tag = node["tag"] if node.get("tag") in ("h1", "h2", "h3", "h4", "h5", "h6") else "h2"
    return Said(html=f"<{tag}>{inline(node.get('children'))}</{tag}>")


def _quote(node: Node) -> Said:
    return Said(html=f"<blockquote><p>{inline(node.get('children'))}</p></blockquote>")


def _list(node: Node) -> Said:
    return Said(html=_items(node))


def _items(node: Node, depth: int = 0) -> str:
    tag = "ol" if node.get("listType") == "number" or node.get("tag") == "ol" else "ul"
    start = node.get("start")
    begins = f' start="{start}"' if tag == "ol" and isinstance(start, int) and start != 1 else ""
    items: list[str] = []
    _check(depth)
    for item in node.get("children") or ():
        children = item.get("children") or []
        nested = "".join(_items(child, depth + 1) for child in children if child.get("type") == "list")
        text = inline([child for child in children if child.get("type") != "list"])
        if nested and not text and items:
            items[-1] += nested
        else:
            box = ""
            if node.get("listType") == "check":
                checked = ' checked=""' if item.get("checked") else ""
                box = f'<input{checked} disabled="" type="checkbox"> '
            items.append(f"{box}{text}{nested}")
    return f"<{tag}{begins}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"


def _code(node: Node) -> Said:
    if node.get("caption"):
        return keep(node)
    language = re.sub(r"[^\w#+.-]", "", str(node.get("language") or ""))
    marks = f' class="language-{language}"' if language else ""
    return Said(html=f"<pre><code{marks}>{escape(str(node['code']), quote=False)}\n</code></pre>")


def _image(node: Node) -> Said:
    src, alt = node.get("src"), node.get("alt") or ""
    if not isinstance(src, str) or not src:
        return keep(node)
    title = f' title="{escape(str(node["title"]))}"' if node.get("title") else ""
    img = f'<img src="{escape(src)}" alt="{escape(str(alt))}"{title}>'
    if node.get("href"):
        img = f'<a href="{escape(str(node["href"]))}">{img}</a>'
    if node.get("caption"):
        return Said(html=f"<figure>\n{img}<figcaption>{node['caption']}</figcaption></figure>")
    return Said(html=f"<p>{img}</p>")


def _gallery(node: Node) -> Said:
    images = [image for image in node.get("images") or () if isinstance(image, dict) and image.get("src")]
    if not images or node.get("caption"):
        return keep(node)
    shown = "\n".join(f'<img src="{escape(str(it["src"]))}" alt="{escape(str(it.get("alt") or ""))}">' for it in images)
    return Said(html=f"<p>{shown}</p>")


def _embed(node: Node) -> Said:
    embed = embed_of(str(node.get("url") or ""))
    if embed is None or node.get("caption"):
        return keep(node)
    return Said(markdown=SPELLED["bare"](embed))


def _bookmark(node: Node) -> Said:
    embed = embed_of(str(node.get("url") or ""))
    return Said(markdown=f"{{% embed {embed.url} %}}") if embed and not node.get("caption") else keep(node)


def _html(node: Node) -> Said:
    text = str(node["html"]).strip("\n")
    if node.get("visibility") not in (None, _SEEN_BY_ALL):
        return keep(node)
    tokens = parser().parse(text)
    whole = len(tokens) == 1 and tokens[0].type == "html_block"
    return Said(markdown=text) if whole and kept_in(text) is None else keep(node)


_SEEN_BY_ALL: Final = {
    "web": {"nonMember": True, "memberSegment": "status:free,status:-free"},
    "email": {"memberSegment": "status:free,status:-free"},
}


def _markdown(node: Node) -> Said:
    return Said(markdown=str(node["markdown"]))


def _callout(node: Node) -> Said:
    emoji = str(node.get("calloutEmoji") or "")
    text = str(node.get("calloutText") or "")
    if alert := as_alert(emoji, text, str(node.get("backgroundColor") or "blue")):
        return Said(html=alert)
    text = re.sub(r"^\s*<p>|</p>\s*$", "", text) if text.count("<p>") == 1 else text
    if re.search(r"<(?:p|div|ul|ol|h\d)\b", text):
        return keep(node)
    return Said(html=f"<blockquote><p>{escape(emoji)}{' ' if emoji else ''}{text}</p></blockquote>")


def _toggle(node: Node) -> Said:
    heading = re.sub(r"</?p[^<>]*>", "", str(node.get("heading") or ""))
    content = str(node.get("content") or "")
    return Said(html=f"<details>\n<summary>{heading}</summary>\n{content}</details>")


def _button(node: Node) -> Said:
    url, text = node.get("buttonUrl"), node.get("buttonText")
    if not url or not text:
        return keep(node)
    return Said(html=f'<p><a href="{escape(str(url))}">{escape(str(text), quote=False)}</a></p>')


def _file(node: Node) -> Said:
    name = node.get("fileTitle") or node.get("fileName")
    if not node.get("src") or not name or node.get("fileCaption"):
        return keep(node)
    return Said(html=f'<p><a href="{escape(str(node["src"]))}">{escape(str(name), quote=False)}</a></p>')


def _player(node: Node) -> Said:
    if not node.get("src") or node.get("caption"):
        return keep(node)
    return Said(markdown=f'<{node["type"]} src="{escape(str(node["src"]))}" controls></{node["type"]}>\n')


def _paywall(_: Node) -> Said:
    return Said(markdown="<!--members-only-->")


_READERS: Final[dict[str, Callable[[Node], Said]]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "extended-heading": _heading,
    "quote": _quote,
    "extended-quote": _quote,
    "aside": _quote,
    "list": _list,
    "codeblock": _code,
    "image": _image,
    "gallery": _gallery,
    "embed": _embed,
    "bookmark": _bookmark,
    "html": _html,
    "markdown": _markdown,
    "callout": _callout,
    "toggle": _toggle,
    "button": _button,
    "file": _file,
    "video": _player,
    "audio": _player,
    "paywall": _paywall,
    "horizontalrule": lambda _: Said(html="<hr>"),
}


_PLAIN: Final[dict[str, Callable[[Node], str]]] = {
    "aside": lambda _: "an aside is a quote",
    "callout": lambda node: "" if CLASS in _callout(node).html else "a callout is a quote without its colour",
    "gallery": lambda _: "a gallery is images side by side",
    "button": lambda _: "a button is a link",
    "file": lambda _: "a file card is a link",
    "toggle": lambda _: "a toggle is a details element",
    "video": lambda _: "a video card is a plain player",
    "audio": lambda _: "an audio card is a plain player",
    "bookmark": lambda node: (
        "a bookmark's title and picture are gone" if (node.get("metadata") or {}).get("icon") else ""
    ),
    "image": lambda node: "a wide image is as wide as the text" if node.get("cardWidth") in ("wide", "full") else "",
}
"""What the Markdown of a node leaves out. Where Ghost holds the post and nobody changed the node, it stays as it is."""


def card(markdown: str) -> dict[str, Any]:
    """Return a Markdown card; Ghost gives its text back byte for byte."""
    return {"type": "markdown", "version": 1, "markdown": markdown}


def callout_card(kind: str, text: str) -> dict[str, Any]:
    """Return the card of an alert that says `text`, HTML."""
    said = {"calloutText": text, "calloutEmoji": KINDS[kind].emoji, "backgroundColor": KINDS[kind].colour}
    return {"type": "callout", "version": 1, **said}


def embed_card(embed: Embed, html: str) -> dict[str, Any]:
    """Return the card that shows an embed; what nobody can show in place is a bookmark."""
    if not (embed.frame or embed.provider in HTML):
        metadata = {"url": embed.url, "title": embed.url}
        return {"type": "bookmark", "version": 1, "url": embed.url, "metadata": metadata, "caption": ""}
    kind = "twitter" if embed.provider == "twitter" else "video" if embed.video else "rich"
    said: dict[str, Any] = {"type": "embed", "version": 1, "url": embed.url, "embedType": kind, "html": html}
    return {**said, "metadata": {}, "caption": ""}

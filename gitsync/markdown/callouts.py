"""Alerts as platforms have them: callouts on Ghost and Hashnode, quotes with the title in bold elsewhere.

A callout holds lines of text and nothing else, on both. Sources: TryGhost/Koenig packages/kg-default-nodes,
nodes/callout; Hashnode/starter-kit tailwind.config.js and public backup repositories.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Sequence
from typing import Final

from markdown_it.token import Token

from gitsync.markdown.alerts import KINDS, TITLE, Alert, classes, find
from gitsync.markdown.embeds import find as embeds_of
from gitsync.markdown.formats import Loss
from gitsync.markdown.kept import Kept
from gitsync.markdown.parser import parsed
from gitsync.markdown.render import render_tokens, tokens_of
from gitsync.markdown.sources import bounds, line_starts

_OTHER: Final = re.compile(r"\[![a-z][\w-]{0,30}\][+-]?(?![(\[])", re.IGNORECASE)
"""How an alert begins, also one that folds or is of a kind of Obsidian's. Source: help.obsidian.md, "Callouts"."""

_IN_CALLOUTS: Final = re.compile(r"</?(?:strong|em|code|del|sub|sup|mark|u|br)>|<a href=\"[^\"<>]*\">|</a>|[^<]+")
"""What Koenig's renderer leaves in a callout."""

_SAID: Final = re.compile(
    r"\s*<strong>(?P<title>(?:(?!</?strong\b).)+)</strong>(?:<br\s*/?>\s*(?P<text>.*))?", re.DOTALL
)
_APART: Final = re.compile(r"\s*(?:\n[ \t]*\n|\Z)")
_BREAKS: Final = re.compile(r"\s*<br\s*/?>\s*<br\s*/?>\s*")
_OF_LEXICAL: Final = re.compile(
    r"<(b|i)>(?=<(?:strong|em)\b)|(?<=</strong>)</b>|(?<=</em>)</i>|</?span\b[^<>]*>|</?p\b[^<>]*>"
)
"""What Ghost's editor writes around text, and nobody sees."""

_HASHNODE: Final = re.compile(
    r"<div data-node-type=\"callout\">\s*<div data-node-type=\"callout-emoji\">(?P<emoji>[^<>]*)</div>\s*"
    r"<div data-node-type=\"callout-text\">(?P<text>(?:(?!</?div\b).)*)</div>\s*</div>\s*",
    re.DOTALL,
)


def callouts(body: str) -> Sequence[tuple[Alert, str]]:
    """Return the alerts of `body` that are callouts on Ghost and Hashnode, each with the HTML of its text."""
    return _callouts(body) if "[!" in body else ()


def _find(body: str) -> Sequence[tuple[Alert, str]]:
    alerts = list(find(body, parsed(body)))
    if not alerts:
        return ()
    embeds = [embed.start for embed in embeds_of(body, parsed(body))]
    tokens = tokens_of(body)
    opened = [at for at, token in enumerate(tokens) if token.type == "alert_open"]
    found = []
    for alert, at in zip(alerts, opened, strict=True):
        end = next(n for n in range(at, len(tokens)) if tokens[n].type == "alert_close" and tokens[n].level == 0)
        inner = tokens[at + 1 : end]
        if bisect_right(embeds, alert.start) < bisect_left(embeds, alert.end):
            continue
        if [token.type for token in inner] != ["paragraph_open", "inline", "paragraph_close"] * (len(inner) // 3):
            continue
        title, *lines = [render_tokens([token]).replace("\n", " ") for token in inner[1::3]]
        lines = [re.sub(r"<br> ", "<br>", text) for text in lines]
        text = "<br>".join([f"<strong>{title}</strong>", *(["<br><br>".join(lines)] if lines else [])])
        is_plain = "".join(_IN_CALLOUTS.findall(text)) == text and _BREAKS.split("".join(lines)) == ["".join(lines)]
        if is_plain and "<strong>" not in title:
            found.append((alert, text))
    return found


_callouts: Final = Kept(_find, lambda _, made: len(made), 50_000)


def as_alert(emoji: str, text: str, colour: str = "") -> str | None:
    """Return a callout as the HTML of an alert; None for a callout that `callouts` would not make."""
    kinds = [
        name for name, kind in KINDS.items() if _plain(kind.emoji) == _plain(emoji) and colour in ("", kind.colour)
    ]
    match = _SAID.fullmatch(_OF_LEXICAL.sub("", text).replace(' style="white-space: pre-wrap;"', ""))
    if not kinds or match is None:
        return None
    lines = _BREAKS.split(match["text"]) if match["text"] else []
    shown = "".join(f"\n<p>{line}</p>" for line in lines)
    return f'<div class="{classes(kinds[0])}">\n<p class="{TITLE}">{match["title"]}</p>{shown}\n</div>'


def _plain(emoji: str) -> str:
    return emoji.replace("\ufe0f", "").strip()


def to_hashnode(body: str) -> str:
    """Return `body` with its alerts as Hashnode's callouts, or as quotes."""
    out, done = [], 0
    for alert, text in callouts(body):
        # A line right after it would be HTML, too.
        gap = "" if _APART.match(body, alert.end) else "\n"
        out += [body[done : alert.start], _hashnode(alert, text), gap]
        done = alert.end
    return as_quotes("".join([*out, body[done:]]))


def _hashnode(alert: Alert, text: str) -> str:
    emoji = f'<div data-node-type="callout-emoji">{KINDS[alert.kind].emoji}</div>'
    return f'<div data-node-type="callout">\n{emoji}\n<div data-node-type="callout-text">{text}</div>\n</div>'


def from_hashnode(body: str, to_markdown: Callable[[str], str]) -> str:
    """Return `body` with Hashnode's callouts as alerts, those that are some."""
    if 'data-node-type="callout"' not in body:
        return body
    starts = line_starts(body)
    out, done = [], 0
    for token in parsed(body):
        match = _HASHNODE.fullmatch(token.content) if token.type == "html_block" and token.level == 0 else None
        alert = as_alert(match["emoji"], match["text"]) if match else None
        if alert and token.map:
            start, end = bounds(body, starts, token.map)
            out += [body[done:start], to_markdown(alert).rstrip("\n")]
            done = end
    return "".join([*out, body[done:]])


def as_quotes(body: str, but: Collection[int] = ()) -> str:
    """Return `body` with its alerts as quotes that begin with their title in bold; not those that begin at `but`."""
    out, done = [], 0
    for alert in find(body, parsed(body)):
        if alert.start not in but:
            out += [body[done : alert.mark], _bold(alert)]
            done = alert.after
    return "".join([*out, body[done:]])


def _bold(alert: Alert) -> str:
    mark = ("<strong>", "</strong>") if "*" in alert.title else ("**", "**")
    return f"{mark[0]}{alert.title}{mark[1]}{'  ' if alert.goes_on else ''}"


def quoted(body: str, platform: str, but: Collection[int] = ()) -> list[Loss]:
    """Return a loss for each alert of `body` that `platform` shows as a quote; not for those that begin at `but`."""
    if "[!" not in body:
        return []
    tokens = parsed(body)
    message = f"{platform} has no alert like this: it is a quote that begins with"
    found = [
        Loss(code="ALERT_WORDS", message=f"{message} {alert.title[:40]} ([!{alert.kind.upper()}])", offset=alert.start)
        for alert in find(body, tokens)
        if alert.start not in but
    ]
    return [*found, *folded(body, platform)]


def folded(body: str, platform: str) -> list[Loss]:
    """Return a loss for each alert that is none on GitHub: one that folds, one of another kind, as in Obsidian."""
    if "[!" not in body:
        return []
    starts = line_starts(body)
    tokens = parsed(body)
    alerts = {alert.start for alert in find(body, tokens)}
    return [
        Loss(code="ALERT_WORDS", message=f"{platform} shows {match[0]} as words in a quote", offset=start)
        for quote, inline in zip(tokens, tokens[2:], strict=False)
        if quote.type == "blockquote_open" and quote.map and (match := _OTHER.match(inline.content))
        if (start := starts[quote.map[0]]) not in alerts and _is_text(inline, match[0])
    ]


def _is_text(inline: Token, mark: str) -> bool:
    """Return whether a piece of the text begins with `mark`, and not with a link that is called so."""
    return bool(inline.children and inline.children[0].content.startswith(mark[:3]))

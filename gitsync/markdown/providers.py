"""Who can be embedded: what their addresses look like, and the frame that shows each.

Facts: the address patterns of WordPress' class-wp-oembed.php, Forem's app/liquid_tags, Hashnode's embeds page and the
providers' own embed pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Final, NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

LONGEST: Final = 2000
"""Characters of an address; a longer one is no address of anything to embed."""

_IS_FRAME = re.compile(r"/embed(?:ded|-podcast)?(?:[/?]|$)|//player\.|\.js(?:\?|$)|[?&]embed=").search
_URL = re.compile(r"https?://[^\s<>\"'`\\{}|^\[\]]+", re.IGNORECASE)


class Embed(NamedTuple):
    """Something shown in place: its address for people, who shows it ("" for any page, as a card), and its frame.

    `frame` is the address that an <iframe> takes; "" where there is none. `video` tells a player from the rest.
    """

    url: str
    provider: str = ""
    frame: str = ""
    video: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    """`pattern` matches host and path of an address, without "www." and in its own case; `url` and `frame` are
    templates over its groups. `keeps_url`: an address for people is kept as it was written.
    """

    name: str
    pattern: re.Pattern[str]
    url: str
    frame: str = ""
    video: bool = False
    alone: bool = True
    """An address of it that stands alone in a paragraph is meant to be shown."""


def _provider(
    name: str, pattern: str, url: str, frame: str = "", *, video: bool = False, alone: bool = True
) -> _Provider:
    return _Provider(name=name, pattern=re.compile(pattern), url=url, frame=frame, video=video, alone=alone)


_ID = r"(?P<id>[\w-]+)"
_PROVIDERS: Final = (
    _provider(
        "youtube",
        r"(?:youtu\.be/|(?:m\.|music\.)?youtube(?:-nocookie)?\.com/(?:embed|shorts|live|v)/)(?P<id>[\w-]{6,20})/?",
        "https://www.youtube.com/watch?v={id}",
        "https://www.youtube.com/embed/{id}",
        video=True,
    ),
    _provider(
        "vimeo",
        r"(?:player\.vimeo\.com/video/|vimeo\.com/(?:channels/[\w-]+/|groups/[\w-]+/videos/)?)"
        r"(?P<id>\d+)(?:/(?P<hash>[0-9a-f]+))?/?",
        "https://vimeo.com/{id}",
        "https://player.vimeo.com/video/{id}",
        video=True,
    ),
    _provider(
        "twitter",
        r"(?:mobile\.)?(?:twitter|x)\.com/(?P<user>\w{1,20})/status(?:es)?/(?P<id>\d+)(?:/(?:photo|video)/\d+)?/?",
        "https://twitter.com/{user}/status/{id}",
    ),
    _provider(
        "gist",
        r"gist\.github\.com/(?P<id>[\w-]+/[0-9a-f]+|[0-9a-f]{20,}|\d{5,})(?:\.js)?/?",
        "https://gist.github.com/{id}",
    ),
    _provider(
        "codepen",
        r"codepen\.io/(?P<user>[\w-]+|team/[\w-]+)/(?:pen|embed|details|full)/(?:preview/)?(?P<id>\w+)/?",
        "https://codepen.io/{user}/pen/{id}",
        "https://codepen.io/{user}/embed/{id}",
    ),
    _provider(
        "codesandbox",
        r"codesandbox\.io/(?:s|embed)/(?P<id>[\w-]+)/?",
        "https://codesandbox.io/s/{id}",
        "https://codesandbox.io/embed/{id}",
    ),
    _provider(
        "stackblitz",
        rf"stackblitz\.com/edit/{_ID}/?",
        "https://stackblitz.com/edit/{id}",
        "https://stackblitz.com/edit/{id}?embed=1",
    ),
    _provider(
        "spotify",
        r"open\.spotify\.com/(?:intl-\w+/)?(?:embed/|embed-podcast/)?"
        r"(?P<kind>track|album|playlist|episode|show|artist)/(?P<id>\w+)/?",
        "https://open.spotify.com/{kind}/{id}",
        "https://open.spotify.com/embed/{kind}/{id}",
    ),
    _provider(
        "soundcloud",
        r"(?:m\.)?soundcloud\.com/(?P<user>[\w-]+)/(?P<id>(?:sets/)?[\w-]+)/?",
        "https://soundcloud.com/{user}/{id}",
        "https://w.soundcloud.com/player/?url=https%3A//soundcloud.com/{user}/{id}",
    ),
    _provider(
        "loom",
        r"loom\.com/(?:share|embed)/(?P<id>[0-9a-f]+)/?",
        "https://www.loom.com/share/{id}",
        "https://www.loom.com/embed/{id}",
        video=True,
    ),
    _provider(
        "jsfiddle",
        r"jsfiddle\.net/(?P<id>[\w-]+(?:/[\w-]+)?(?:/\d+)?)(?:/embedded(?:/[\w,]+)*)?/?",
        "https://jsfiddle.net/{id}/",
        "https://jsfiddle.net/{id}/embedded/",
    ),
    _provider(
        "replit",
        r"(?:replit\.com|repl\.it)/(?P<user>@[\w-]+)/(?P<id>[\w-]+)/?",
        "https://replit.com/{user}/{id}",
        "https://replit.com/{user}/{id}?embed=true",
    ),
    _provider(
        "instagram",
        r"instagram\.com/(?:p|reel|tv)/(?P<id>[\w-]+)(?:/embed(?:/captioned)?)?/?",
        "https://www.instagram.com/p/{id}/",
        "https://www.instagram.com/p/{id}/embed/",
    ),
    _provider(
        "tiktok",
        r"tiktok\.com/(?P<user>@[\w.-]+)/video/(?P<id>\d+)/?",
        "https://www.tiktok.com/{user}/video/{id}",
        video=True,
    ),
    _provider(
        "ted",
        r"(?:embed\.)?ted\.com/talks/(?P<id>\w+)/?",
        "https://www.ted.com/talks/{id}",
        "https://embed.ted.com/talks/{id}",
        video=True,
    ),
    _provider(
        "github",
        r"github\.com/(?P<user>[\w-]+)/(?P<id>[\w.-]+)(?:/(?:issues|pull)/\d+)?/?",
        "https://github.com/{user}/{id}",
        alone=False,
    ),
)


def address(text: str) -> str | None:
    """Return `text` where it is an http or https address that may be shown to anybody; None for all else."""
    text = text.strip()
    if len(text) > LONGEST or not text.isprintable() or not _URL.fullmatch(text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return None
    return text if host and "@" not in parts.netloc else None


def embed_of(url: str, *, alone: bool = False) -> Embed | None:
    """Return what `url` shows, or None where it is no web address.

    An address of no known provider is a card of its page; with `alone`, None: a bare link is a link.
    """
    if url.startswith("//"):
        url = f"https:{url}"
    if (shown := address(url)) is None:
        return None
    parts = urlsplit(shown)
    host = (parts.hostname or "").removeprefix("www.")
    if found := _special(host, parts.path, parts.query, shown):
        return found
    for provider in _PROVIDERS:
        if match := provider.pattern.fullmatch(host + parts.path):
            if alone and not provider.alone:
                return None
            return _made(provider, match, shown, parts.query)
    return None if alone else Embed(shown)


def _made(provider: _Provider, match: re.Match[str], shown: str, query: str) -> Embed:
    groups = {name: value or "" for name, value in match.groupdict().items()}
    frame, url = provider.frame.format(**groups), provider.url.format(**groups)
    if provider.name == "youtube":
        return _youtube(groups["id"], query, shown)
    if provider.name == "gist" and (file := parse_qs(query).get("file")):
        url += f"?file={quote(file[0])}"
    if provider.name == "vimeo" and groups["hash"]:
        url, frame = f"{url}/{groups['hash']}", f"{frame}?h={groups['hash']}"
    if provider.name == "vimeo" and (key := parse_qs(query).get("h")) and key[0].isalnum():
        url, frame = f"{url}/{key[0]}", f"{frame}?h={key[0]}"
    # The fragment of a gist's address leads to a file in the page, which no script and no tag knows.
    made = _IS_FRAME(shown) or (provider.name == "gist" and "#" in shown)
    return Embed(url if made else shown, provider.name, frame, provider.video)


def _special(host: str, path: str, query: str, shown: str) -> Embed | None:
    """Return what an address says in its query."""
    asked = parse_qs(query)
    if host.endswith("youtube.com") and path == "/watch" and re.fullmatch(r"[\w-]{6,20}", (asked.get("v") or [""])[0]):
        return _youtube(asked["v"][0], query, shown)
    if host == "w.soundcloud.com" and (inner := asked.get("url")):
        return embed_of(unquote(inner[0]), alone=True)
    return None


def _youtube(id: str, query: str, shown: str) -> Embed:
    asked = parse_qs(query)
    start = _seconds((asked.get("start") or asked.get("t") or [""])[0])
    frame = f"https://www.youtube.com/embed/{id}" + (f"?start={start}" if start else "")
    url = f"https://www.youtube.com/watch?v={id}" + (f"&t={start}s" if start else "")
    kept = not re.search(r"/(?:embed|v)/|-nocookie", shown)
    return Embed(shown if kept else url, "youtube", frame, video=True)


def _seconds(text: str) -> int:
    """Return how many seconds "90", "90s" or "1h2m3s" are; 0 for what is no time."""
    match = re.fullmatch(r"(?:(\d{1,3})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?", text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return 3600 * hours + 60 * minutes + seconds


HTML: Final[dict[str, Callable[[Embed], str]]] = {
    "gist": lambda embed: f'<script src="{escape(_script(embed.url))}"></script>',
    "twitter": lambda embed: f'<blockquote class="twitter-tweet"><a href="{escape(embed.url)}"></a></blockquote>',
}


def _script(url: str) -> str:
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/').removesuffix('.js')}.js{mark}{query}"


def html_of(embed: Embed) -> str:
    """Return the HTML that shows an embed: a frame where it has one, else what its provider says, else a link."""
    if write := HTML.get(embed.provider):
        return write(embed)
    if not embed.frame:
        return f'<p><a href="{escape(embed.url)}">{escape(embed.url)}</a></p>'
    size = ' width="560" height="315"' if embed.video else ' width="100%" height="400"'
    return f'<iframe src="{escape(embed.frame)}"{size} frameborder="0" allowfullscreen=""></iframe>'

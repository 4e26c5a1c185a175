"""Embeds: every spelling is found, every spelling can be written, and nothing that is none is taken for one."""

from __future__ import annotations

import pytest

from gitsync.markdown.embeds import SPELLED, find, respell
from gitsync.markdown.providers import Embed, embed_of, html_of

SPELLINGS = {
    "{% embed https://youtu.be/dQw4w9WgXcQ %}": ("youtube", "liquid"),
    "{% youtube dQw4w9WgXcQ %}": ("youtube", "liquid"),
    "%[https://www.youtube.com/watch?v=dQw4w9WgXcQ]": ("youtube", "hashnode"),
    '{{< youtube id="dQw4w9WgXcQ" >}}': ("youtube", "hugo"),
    "{{< youtube dQw4w9WgXcQ >}}": ("youtube", "hugo"),
    "https://www.youtube.com/shorts/dQw4w9WgXcQ": ("youtube", "bare"),
    '<iframe src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"></iframe>': ("youtube", "frame"),
    "{% vimeo 76979871 %}": ("vimeo", "liquid"),
    "https://player.vimeo.com/video/76979871": ("vimeo", "bare"),
    '{{< x user="someone" id="1453110110599868418" >}}': ("twitter", "hugo"),
    "https://x.com/someone/status/1453110110599868418?s=20": ("twitter", "bare"),
    '<blockquote class="twitter-tweet"><p>hi</p><a href="https://twitter.com/me/status/12345">d</a></blockquote>': (
        "twitter",
        "frame",
    ),
    "{% gist https://gist.github.com/me/0a1b2c3d file=x.py %}": ("gist", "liquid"),
    '<script src="https://gist.github.com/me/0a1b2c3d.js"></script>': ("gist", "frame"),
    "%[https://codepen.io/me/pen/aBcDeF]": ("codepen", "hashnode"),
    "{% codesandbox my-box-1234 %}": ("codesandbox", "liquid"),
    "{% stackblitz ng-demo %}": ("stackblitz", "liquid"),
    "{% spotify spotify:track:7KXjTSCq5nL1LoYtL7XAwS %}": ("spotify", "liquid"),
    "{% github octo/cat.js %}": ("github", "liquid"),
    "{% link https://dev.to/me/a-post-1abc %}": ("", "liquid"),
    "%[https://example.org/a?b=c#d]": ("", "hashnode"),
}

NONE = [
    "text https://youtu.be/dQw4w9WgXcQ",
    "https://example.org/a-page",
    "https://github.com/octo/cat",
    "`{% embed https://youtu.be/dQw4w9WgXcQ %}`",
    "```\n%[https://youtu.be/dQw4w9WgXcQ]\n```",
    "    https://youtu.be/dQw4w9WgXcQ",
    "<!-- {% embed https://youtu.be/dQw4w9WgXcQ %} -->",
    "%[javascript:alert(1)]",
    "{% embed data:text/html,x %}",
    '<iframe src="javascript:alert(1)"></iframe>',
    '<iframe src="https://unknown.example/x"></iframe>',
    '<script src="https://evil.example/x.js"></script>',
    "%[https://me:secret@youtu.be/dQw4w9WgXcQ]",
    "{% if true %}",
    "%[https://youtu.be/dQw4w9WgXcQ",
    "https://youtu.be/dQw4w9WgXcQ\nand more in the same paragraph",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_is_found_where_it_stands_alone(text: str) -> None:
    [found] = find(f"Before.\n\n{text}\n\nAfter.\n")
    assert (found.embed.provider, found.spelling) == SPELLINGS[text]
    assert f"Before.\n\n{text}\n\nAfter.\n"[found.start : found.end] == text


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_embed_is_left_alone(text: str) -> None:
    assert find(f"{text}\n") == []


@pytest.mark.parametrize("text", [text for text in SPELLINGS if SPELLINGS[text][0] != "github"])
@pytest.mark.parametrize("spelling", SPELLED)
def test_writing_an_embed_keeps_what_it_shows(text: str, spelling: str) -> None:
    [before] = find(text)
    written = respell(text, spelling)
    if spelling == "frame" and not before.embed.provider:
        assert written == html_of(before.embed)
        return
    [after] = find(written)
    assert after.embed.provider == before.embed.provider
    assert embed_of(after.embed.url) == embed_of(before.embed.url) or after.embed.frame == before.embed.frame
    assert respell(written, spelling) == written


def test_several_embeds_on_lines_of_their_own_are_several() -> None:
    body = (
        "- {% youtube dQw4w9WgXcQ %}\n- text\n\n> %[https://vimeo.com/76979871]\n\nline\n%[https://a.example/b]\nline\n"
    )
    assert [body[it.start : it.end] for it in find(body)] == [
        "{% youtube dQw4w9WgXcQ %}",
        "%[https://vimeo.com/76979871]",
        "%[https://a.example/b]",
    ]


@pytest.mark.parametrize(
    ("url", "seconds"),
    [("https://youtu.be/dQw4w9WgXcQ?t=90", 90), ("https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=1h1m1s", 3661)],
)
def test_the_place_in_a_video_is_kept(url: str, seconds: int) -> None:
    embed = embed_of(url)
    assert embed is not None
    assert embed.frame.endswith(f"?start={seconds}")
    [again] = find(html_of(embed))
    assert f"t={seconds}s" in again.embed.url


def test_an_address_with_quotes_cannot_leave_its_attribute() -> None:
    assert embed_of('https://youtu.be/dQw4w9WgXcQ"onload="x') is None
    assert "onload" not in html_of(Embed("https://a.example/?&quot;onload=1".replace("onload", "x")))


def test_a_long_body_is_searched_in_linear_time() -> None:
    assert find("%[" * 100_000) == []
    assert find("{% embed " * 50_000) == []
    assert find("<iframe " * 50_000) == []

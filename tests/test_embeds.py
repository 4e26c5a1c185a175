"""Embeds: every spelling is found, every spelling can be written, and nothing that is none is taken for one."""

from __future__ import annotations

import json

import pytest

from gitsync.markdown.embeds import SPELLED, find, respell
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.pages import page
from gitsync.markdown.providers import Embed, embed_of, html_of

FRAME = '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'
HUGO = "{{< youtube dQw4w9WgXcQ >}}"

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
    "{% youtube dQw4w9WgXcQ?start=30 %}": ("youtube", "liquid"),
    "{% reddit https://www.reddit.com/r/aww/comments/ag3s4b/x %}": ("", "liquid"),
    "{% include embed/youtube.html id='dQw4w9WgXcQ' %}": ("youtube", "jekyll"),
    '{% include youtubePlayer.html id="dQw4w9WgXcQ" %}': ("youtube", "jekyll"),
    '{% include vimeo-player.html id="76979871" %}': ("vimeo", "jekyll"),
    "{% include embed/spotify.html id='3OuMIIFP5TxM8tLXMWYPGV' compact=1 dark=1 %}": ("spotify", "jekyll"),
    "{% gist 6cad326836d38bd3a7ae %}": ("gist", "jekyll"),
    "{% gist octocat/6cad326836d38bd3a7ae hello_world.rb %}": ("gist", "jekyll"),
    "{% x https://x.com/jack/status/20 %}": ("twitter", "jekyll"),
    '<script src="https://gist.github.com/6cad326836d38bd3a7ae.js"></script>': ("gist", "frame"),
    '<p class="codepen" data-height="300" data-slug-hash="abCd" data-user="me"><span>See <a href="x">x</a>.</span></p>'
    '<script async src="https://cpwebassets.codepen.io/assets/embed/ei.js"></script>': ("codepen", "frame"),
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
    "{% include toc.html id='x' %}",
    "{% foo https://youtu.be/dQw4w9WgXcQ %}",
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


def test_a_tag_of_jekyll_is_spelled_as_forem_knows_it() -> None:
    assert respell("{% gist octocat/6cad326836d38bd3a7ae a.rb %}\n", "liquid") == (
        "{% embed https://gist.github.com/octocat/6cad326836d38bd3a7ae?file=a.rb %}\n"
    )
    assert respell("{% x https://x.com/jack/status/20 %}\n", "liquid") == "{% embed https://x.com/jack/status/20 %}\n"


def test_the_place_in_a_video_that_is_named_by_its_id_is_kept() -> None:
    [found] = find("{% youtube dQw4w9WgXcQ?start=30 %}\n")
    assert found.embed.frame == "https://www.youtube.com/embed/dQw4w9WgXcQ?start=30"


SHOWN = [
    "https://twitter.com/jack/status/20",
    "{% github octo/cat.js %}",
    "{% embed https://example.org/a?b=c %}",
    '<blockquote class="twitter-tweet"><p>hi</p><a href="https://twitter.com/me/status/12345">d</a></blockquote> '
    '<script async src="https://platform.twitter.com/widgets.js"></script>',
]


@pytest.mark.parametrize("text", SHOWN)
def test_what_medium_cannot_show_in_place_is_its_address_and_no_loss(text: str) -> None:
    [found] = find(f"{text}\n")
    written = named("medium").write(f"Before.\n\n{text}\n\nAfter.\n")
    assert f'<p><a href="{found.embed.url}">{found.embed.url}</a></p>' in written.text
    assert written.losses == ()


def test_a_tweet_comes_back_from_medium_as_one() -> None:
    body = "https://twitter.com/jack/status/20\n"
    medium = named("medium")
    assert medium.read(medium.write(body).text) == body
    story = '<blockquote class="twitter-tweet"><p>hi</p><a href="https://twitter.com/me/status/12?ref_src=x">d</a></blockquote>'
    assert medium.read(story) == "https://twitter.com/me/status/12\n"


@pytest.mark.parametrize("tag", ["{% github octo/cat.js %}", "{% embed https://www.tiktok.com/@a/video/12 %}"])
def test_what_ghost_cannot_show_in_place_is_a_bookmark(tag: str) -> None:
    [node] = json.loads(named("ghost").write(f"{tag}\n").text)["root"]["children"]
    [found] = find(f"{tag}\n")
    assert (node["type"], node["url"]) == ("bookmark", found.embed.url)


@pytest.mark.parametrize("embed", ["{% youtube dQw4w9WgXcQ %}", "%[https://youtu.be/dQw4w9WgXcQ]", FRAME, HUGO])
@pytest.mark.parametrize(
    "block",
    [
        "{{% raw %}}\n{}\n{{% endraw %}}\n",
        "{{%- raw -%}}\n\n{}\n\n{{%- endraw -%}}\n",
        "{{% comment %}}\n{}\n{{% endcomment %}}\n",
        "{{% highlight html linenos %}}\n{}\n{{% endhighlight %}}\n",
        "{{{{< highlight html >}}}}\n{}\n{{{{< /highlight >}}}}\n",
        "{{% katex %}}\n{}\n{{% endkatex %}}\n",
    ],
)
def test_nothing_in_a_block_that_keeps_its_text_is_an_embed(block: str, embed: str) -> None:
    body = f"{HUGO}\n\n{block.format(embed)}\n{HUGO}\n"
    first, last = find(body)
    assert (first.start, last.end) == (0, len(body) - 1)
    assert block.format(embed) in respell(body, "frame")


def test_a_raw_block_that_has_no_end_or_is_code_hides_no_embed() -> None:
    assert len(find(f"Say `{{% raw %}}` first.\n\n{HUGO}\n\nAnd `{{% endraw %}}` last.\n")) == 1
    assert len(find(f"{{% raw %}}\n\n{HUGO}\n")) == 1


def test_the_script_of_a_gist_is_one_whatever_file_its_address_leads_to() -> None:
    embed = embed_of("https://gist.github.com/me/0a1b2c3d4e#file-x-py")
    assert embed is not None
    assert html_of(embed) == '<script src="https://gist.github.com/me/0a1b2c3d4e.js"></script>'
    assert SPELLED["liquid"](embed) == "{% embed https://gist.github.com/me/0a1b2c3d4e %}"


LINKED = "%[https://a.example/x]"
VIDEO = "%[https://www.youtube.com/watch?v=dQw4w9WgXcQ]"


@pytest.mark.parametrize(
    ("body", "written"),
    [
        (f"Words.\n{FRAME}\n", f"Words.\n\n{VIDEO}\n"),
        (f"Words.\n{HUGO}\nmore\n", f"Words.\n\n{VIDEO}\n\nmore\n"),
        (f"> Words.\n> {FRAME}\n>\n> x\n", f"> Words.\n>\n> {VIDEO}\n>\n> x\n"),
        (f"{HUGO}\n# Heading\n", f"{VIDEO}\n\n# Heading\n"),
        (f"a\n{HUGO}\n{HUGO}\n", f"a\n\n{VIDEO}\n\n{VIDEO}\n"),
        # Hashnode reads items line by line, and a blank line would make paragraphs of them.
        (f"- Words\n  {HUGO}\n- b\n", f"- Words\n  {VIDEO}\n- b\n"),
        (f"{LINKED}\nwords\n", f"{LINKED}\nwords\n"),
    ],
)
def test_hashnode_gets_an_embed_as_a_block_of_its_own(body: str, written: str) -> None:
    assert named("hashnode").write(body).text.replace("youtu.be/", "www.youtube.com/watch?v=") == written


def test_words_after_an_embed_are_not_in_its_html() -> None:
    html = named("html").write(f"{LINKED}\n*words*\n\n- {HUGO}\n  *more*\n").text
    assert "<em>words</em>" in html
    assert "<em>more</em>" in html


BESIDE = [
    f"Words.\n{FRAME}\n",
    f"> Words.\n> {FRAME}\n>\n> more\n",
    f"> {FRAME}\nlazy\n",
    f"> {HUGO}\n",
    f"<details>\n<summary>S</summary>\n\n{FRAME}\n\n</details>\n",
    f"<details>\n<summary>S</summary>\n\n{HUGO}\n\n</details>\n",
    f"- Words\n  {FRAME}\n- b\n",
    "> https://twitter.com/me/status/12345\n",
]


@pytest.mark.parametrize("body", BESIDE)
@pytest.mark.parametrize("name", ["html", "wordpress", "hashnode", "ghost"])
def test_an_embed_beside_words_and_in_boxes_is_the_same_and_nothing_is_told(name: str, body: str) -> None:
    form = named(name)
    written = form.write(body)
    assert [loss.code for loss in written.losses if loss.code != "TAG_WORDS"] == []
    again = form.read(written.text)
    assert same_dom(page(again), page(body)) or name == "ghost"
    assert form.read(form.write(again).text) == again


def test_wordpress_shows_embeds_in_quotes_and_details_as_blocks() -> None:
    for body in BESIDE[1:6]:
        assert named("wordpress").write(body).text.count('<!-- wp:embed {"url":"') == 1
    assert "wp:embed" not in named("wordpress").write(BESIDE[-1]).text


@pytest.mark.parametrize("url", ["https://gist.github.com/me/0a1b2c3d4e5f60718293", "https://twitter.com/me/status/12"])
def test_a_script_in_a_box_of_html_is_no_loss(url: str) -> None:
    assert named("html").write(f"<section>\n\n{url}\n\n</section>\n").losses == ()

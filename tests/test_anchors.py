"""Links to headings of the same post: they lead there on every platform, and come back as they were."""

from __future__ import annotations

import cProfile
import pstats
from time import perf_counter

import pytest

from gitsync.markdown.anchors import FOREM, GHOST, GITHUB, HASHNODE, Style, names, respelled
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.html import to_markdown, translated
from gitsync.markdown.render import to_html

BODY = """See [usage](#usage-1), [the code](#a--b-code), [there](#étage) and <a href="#usage">above</a>.

## Usage

One.

## Usage

Two.

### A & B `code`

#### Étage
"""


@pytest.mark.parametrize(
    ("text", "github", "forem", "hashnode", "ghost"),
    [
        ("Getting started", "getting-started", "getting-started", "heading-getting-started", "getting-started"),
        ("A & B", "a--b", "a-b", "heading-a-b", "a-b"),
        ("Qu'est-ce ?", "quest-ce-", "questce", "heading-questce", "quest-ce"),
        ("The rate_limit flag", "the-rate_limit-flag", "the-ratelimit-flag", "heading-the-ratelimit-flag", None),
        ("Étage 2.0", "étage-20", "étage-20", "heading-etage-20", "étage-20"),
        ("🚀 Launch", "-launch", "launch", "heading-launch", "🚀-launch"),
        ("Привет", "привет", "привет", None, "привет"),
    ],
)
def test_every_platform_names_headings_in_its_own_way(
    text: str, github: str, forem: str, hashnode: str | None, ghost: str | None
) -> None:
    assert names([text]) == [github]
    assert names([text], FOREM) == [forem]
    assert names([text], HASHNODE) == [hashnode]
    assert ghost is None or names([text], GHOST) == [ghost]


@pytest.mark.parametrize(
    ("style", "expected"),
    [(GITHUB, ["a", "a-1", "a-1-1", "a-2"]), (FOREM, ["a", "a", "a1", "a"])],
)
def test_a_second_heading_of_a_name_has_a_number_where_the_platform_counts(style: Style, expected: list[str]) -> None:
    assert names(["A", "A", "A-1", "A"], style) == expected


def test_only_headings_that_something_links_to_have_ids() -> None:
    html = to_html(BODY)
    assert '<h2 id="usage">Usage</h2>\n<p>One.</p>\n<h2 id="usage-1">Usage</h2>' in html
    assert '<h3 id="a--b-code">A &amp; B <code>code</code></h3>\n<h4 id="étage">Étage</h4>' in html
    assert "id=" not in to_html(BODY, named=False)
    assert "id=" not in to_html("[a](#b)\n\n# A\n\n`[A](#a)`\n")


def test_an_id_of_the_author_s_own_is_the_only_one_of_its_name() -> None:
    assert to_html('[a](#a)\n\n<a id="a"></a>\n\n# A\n').count('id="a"') == 1


@pytest.mark.parametrize("format", ["html", "wordpress", "ghost", "devto", "hashnode"])
def test_links_to_headings_come_back_as_they_were(format: str) -> None:
    there = named(format).write(BODY)
    assert there.losses == ()
    own_html = ("html", "wordpress")  # a link is a link there, however it was written
    expected = BODY.replace('<a href="#usage">above</a>', "[above](#usage)") if format in own_html else BODY
    assert named(format).read(there.text) == expected


def test_links_are_spelled_as_the_platform_names_its_headings() -> None:
    body = "[a](#a--b), [c](#c-d) and `[a](#a--b)`\n\n## A & B\n\n## C-D\n"
    assert "[a](#a-b), [c](#cd) and `[a](#a--b)`" in named("devto").write(body).text
    assert "[a](#heading-a-b), [c](#heading-cd) and" in named("hashnode").write(body).text
    assert "[a](#a-b), [c](#c-d) and" in named("ghost").write(body).text


def test_medium_names_no_headings_and_that_is_told() -> None:
    assert "ANCHOR_LOST" in [loss.code for loss in named("medium").write(BODY).losses]


@pytest.mark.parametrize("format", ["html", "wordpress", "ghost", "devto", "hashnode", "medium"])
def test_a_name_that_a_heading_says_itself_is_told(format: str) -> None:
    losses = named(format).write("# A {#a}\n\nIn a text {#b} is one.\n").losses
    assert [(loss.code, loss.offset) for loss in losses if loss.code == "ANCHOR_WORDS"] == [("ANCHOR_WORDS", 0)]


@pytest.mark.parametrize(
    "html",
    [
        '<p><a href="#x">x</a></p>\n<h2 id="y">X</h2>',  # another name than its own
        '<h2 id="x">X</h2>',  # linked from elsewhere only
        '<p><a href="#x-1">x</a></p><div class="a"><h2 class="b">X</h2></div><h2 id="x-1">X</h2>',  # counted otherwise
        '<p><a href="#x">x</a></p><table><tr><td><h2 id="x">X</h2></td></tr></table>',
        '<p><a href="#x">x</a></p><h2 id="x">X</h2><h2 id="x">X</h2>',
    ],
)
def test_ids_that_would_not_be_given_again_are_kept(html: str) -> None:
    text, is_so = translated(html)
    assert is_so
    assert same_dom(to_html(text), html)
    assert to_markdown(to_html(text)) == text


@pytest.mark.parametrize(
    ("said", "inside"),
    [
        ('{"level":3}', 'class="wp-block-heading" id="a--b"'),
        ('{"level":3,"anchor":"a\\u002d\\u002db"}', 'id="a--b" class="wp-block-heading"'),
        ('{"anchor":"a\\u002d\\u002db","level":3}', 'id="a--b" class="wp-block-heading"'),
    ],
)
def test_the_id_of_a_heading_that_a_post_links_to_is_taken_out_wherever_wordpress_says_it(
    said: str, inside: str
) -> None:
    link = '<!-- wp:paragraph -->\n<p><a href="#a--b">there</a></p>\n<!-- /wp:paragraph -->'
    content = f"{link}\n\n<!-- wp:heading {said} -->\n<h3 {inside}>A & B</h3>\n<!-- /wp:heading -->"
    assert named("wordpress").read(content) == "[there](#a--b)\n\n### A & B\n"


def test_a_heading_of_wordpress_keeps_an_anchor_of_its_own() -> None:
    block = '<!-- wp:heading -->\n<h2 class="wp-block-heading" id="mine">X</h2>\n<!-- /wp:heading -->'
    text = named("wordpress").read(block)
    assert block in text
    assert named("wordpress").write(text).text == block


def test_headings_that_never_end_are_read_in_linear_time() -> None:
    begun = perf_counter()
    assert named("wordpress").read('<a href="#x">x</a>' + "<h2>" * 30_000)
    assert perf_counter() - begun < 10  # half a minute, once


def test_headings_are_not_counted_once_for_each_of_them() -> None:
    with cProfile.Profile() as profile:
        assert respelled("# a\n\n" * 500 + "[x](#a)", HASHNODE).endswith("[x](#heading-a)")
    calls = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    assert not any("'count' of 'list'" in name and many[0] > 100 for (_, _, name), many in calls.items())

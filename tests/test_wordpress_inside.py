"""What WordPress' block editor calls unexpected content, as asking it has shown."""

from __future__ import annotations

import time

import pytest

from gitsync.markdown.wordpress_blocks import inert, parse
from gitsync.markdown.wordpress_format import read, write
from gitsync.markdown.wordpress_inside import inside
from gitsync.markdown.wordpress_write import write_blocks


@pytest.mark.parametrize(
    ("tag", "html", "saved"),
    [
        ("p", "&quot;q&quot; & \u00a0<br/>", '"q" &amp; &nbsp;<br>'),
        ("p", "a <Foo bar/> b", 'a <foo bar=""> b</foo>'),
        ("h2", "a <b><i>x</b></i> y", "a <b><i>x</i></b> y"),
        ("td", "<img src=a.png alt='x \"y\"'/>", '<img src="a.png" alt="x &quot;y&quot;">'),
        ("li", '<a id="here"></a>', '<a id="here"></a>'),
    ],
)
def test_what_is_in_an_element_is_written_as_the_editor_saves_it(tag: str, html: str, saved: str) -> None:
    assert inside(tag, html) == saved
    assert inside(tag, saved) == saved


@pytest.mark.parametrize(
    ("tag", "html"),
    [
        ("p", "an <a href='u'>open link"),
        ("p", "x </p> y"),
        ("p", "x <div>y</div>"),
        ("p", "x <textarea> y"),
        ("p", "x <?php y ?> z"),
        ("li", "a <li> b"),
        ("td", "<td>y</td>"),
        ("td", "x</table>y"),
        ("td", '<i class="icon"></i>'),
        ("h2", '<svg viewBox="0 0 1 1"></svg>'),
        ("li", '<input type="checkbox"> '),
        ("li", "<template>x</template>"),
        ("li", "<math></math>"),
        ("td", "x <figcaption>y</figcaption>"),
    ],
)
def test_what_reaches_beyond_an_element_or_is_empty_to_the_editor_is_no_content_of_it(tag: str, html: str) -> None:
    assert inside(tag, html) is None


@pytest.mark.parametrize(
    "body",
    [
        "An <a href='u'>open link.\n",
        "## A <b>bold heading\n",
        "- a <li> b\n- c\n",
        '| a |\n| --- |\n| <i class="icon"></i> |\n',
        "<details>\n<summary>A <i>b</summary>\n\ntext\n\n</details>\n",
        '<figure>\n<img src="a.png" alt="x" width="9"><figcaption>Cap</figcaption></figure>\n',
    ],
)
def test_html_that_no_block_can_hold_is_custom_html(body: str) -> None:
    written = write(body)
    assert [block.name for block in parse(written.text)] == ["html"]
    assert write(read(written.text)).text == written.text


def test_a_linked_image_whose_link_has_a_title_is_a_paragraph() -> None:
    body = '[![alt](a.png)](https://x.example/ "there")\n'
    assert [block.name for block in parse(write(body).text)] == ["paragraph"]
    assert (read(write(body).text), write(body).losses) == (body, ())


@pytest.mark.parametrize("around", ["<details>\n<summary>A</summary>\n\n{}\n\n</details>\n", "<div>\n{}\n</div>\n"])
def test_a_kept_block_inside_html_is_sent_as_it_is(around: str) -> None:
    kept = '<!-- wp:latest-posts {"postsToShow":3} /-->'
    assert kept in write(around.format(kept)).text


def test_a_kept_block_in_a_quote_is_a_block_of_the_quote() -> None:
    [quote] = parse(write("> x\n>\n> <!-- wp:latest-posts /-->\n").text)
    assert [block.name for block in quote.blocks] == ["paragraph", "latest-posts"]


@pytest.mark.parametrize("stray", ["<!-- wp:paragraph -->", "<!-- /wp:paragraph -->", "<!-- /wp:html -->"])
@pytest.mark.parametrize("around", ["a\n\n{}\n\nb\n", "a {} c\n\nb\n", "<div>\n{}\n</div>\n\nb\n"])
def test_a_delimiter_that_delimits_nothing_ends_no_block(stray: str, around: str) -> None:
    written = write(around.format(stray))
    assert stray.replace("<!-- ", "<!--") in written.text
    assert parse(written.text)[-1].raw == "<!-- wp:paragraph -->\n<p>b</p>\n<!-- /wp:paragraph -->"
    assert [loss.code for loss in written.losses] == ["HTML_CHANGED"]
    assert write(read(written.text)).text == written.text


def test_thousands_of_delimiters_that_delimit_nothing_are_read_through_once() -> None:
    began = time.process_time()
    assert inert("<!-- wp:a --> x " * 60_000).count("<!--wp:a -->") == 60_000
    assert time.process_time() - began < 5


def test_the_words_of_a_read_more_link_are_an_attribute() -> None:
    body = "a\n\n<!--more Read on-->\n\nb\n"
    assert '<!-- wp:more {"customText":"Read on"} -->\n<!--more Read on-->' in write(body).text
    assert (read(write(body).text), write(body).losses) == (body, ())


def test_an_address_alone_on_a_line_of_code_is_not_embedded() -> None:
    body = "```sh\nhttps://youtu.be/dQw4w9WgXcQ\ncurl https://a.example\n  https://a.example/\n```\n"
    [code] = write_blocks(body)
    assert "https:&#47;&#47;youtu.be" in code
    assert "curl https://a.example\n  https:&#47;&#47;a.example/<" in code
    assert (read(code), write(body).losses) == (body, ())


@pytest.mark.parametrize("body", ["a <span hidden>b</span>\n", '- <i data-x>c</i> ![](a.png) <b id="">d</b>\n'])
def test_an_attribute_without_a_value_comes_back_without_one(body: str) -> None:
    assert read(write(body).text) == body
    assert write(body).losses == ()

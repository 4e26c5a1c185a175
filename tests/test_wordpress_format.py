"""Markdown as WordPress blocks and back: every example keeps its DOM, and no block is damaged on the way."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings

from gitsync.markdown.equality import same_dom
from gitsync.markdown.render import to_html
from gitsync.markdown.wordpress_blocks import parse
from gitsync.markdown.wordpress_format import read, write, write_like
from gitsync.markdown.wordpress_write import write_blocks
from tests.test_html import documents

BODY = """# Title

Text with *em*, `code [x]` and
a second line.

![alt](a.png "t")

- a
- b
  1. x
  2. y

3. loose

4. loose two

- [ ] task

> quote
>
> - in quote

```python
print("[gallery]") <b>
```

| a | b |
| --- | :-: |
| 1 | 2 |

---

<details>

<summary>Sum</summary>

Inner *md*

</details>

<div class="x">raw</div>

https://youtu.be/dQw4w9WgXcQ

{% embed https://example.org/x %}

Foot[^1].

<figure>
<img alt="x" src="a.png"><figcaption>Cap <em>b</em></figcaption></figure>

[^1]: The note.
"""

KEPT = [
    '<!-- wp:paragraph {"align":"center"} -->\n<p class="has-text-align-center">x</p>\n<!-- /wp:paragraph -->',
    '<!-- wp:heading -->\n<h2 class="wp-block-heading" id="here">x</h2>\n<!-- /wp:heading -->',
    '<!-- wp:latest-posts {"postsToShow":3} /-->',
    '<!-- wp:my-plugin/thing {"a":"\\u002d\\u002d\\u003e"} -->\n<b>x</b>\n\n\ntext\n<!-- /wp:my-plugin/thing -->',
    '<!-- wp:group -->\n<div class="wp-block-group"><!-- wp:group -->\n<div><!-- wp:paragraph -->\n<p>x</p>\n'
    "<!-- /wp:paragraph --></div>\n<!-- /wp:group --></div>\n<!-- /wp:group -->",
    '<!-- wp:paragraph {"broken":} -->\n<p>x</p>\n<!-- /wp:paragraph -->',
    "<!-- wp:html -->\n<p>one</p>\n\n<p>two</p>\n<!-- /wp:html -->",
]

HOSTILE = [
    "<!-- wp:paragraph -->" * 3000,
    "<!-- wp:a -->" * 2000 + "<!-- /wp:a -->" * 2000,
    "<!-- wp:x {" * 5000,
    "<!-- /wp:paragraph -->\n<!-- wp:paragraph -->\n<p>never closed",
    "<!-- wp:list -->" + "<ul>" * 2000 + "<!-- /wp:list -->",
    "\x00\x01<p>\x0b</p>",
]


def test_what_markdown_says_comes_back_as_it_was() -> None:
    assert read(write(BODY).text) == BODY
    assert write(BODY).losses == ()


def test_every_kind_of_block_is_written_as_its_own() -> None:
    names = [block.name for block in parse(write(BODY).text)]
    assert names == [
        *("heading", "paragraph", "image", "list", "list", "list", "quote", "code", "table", "separator"),
        *("details", "html", "embed", "embed", "paragraph", "image", "html"),
    ]


@given(documents())
@settings(max_examples=60, deadline=None)
def test_any_markdown_keeps_its_dom_or_a_loss_is_told(html: str) -> None:
    body = read(html)
    once = write(body)
    again = read(once.text)
    assert once.losses or same_dom(to_html(body), to_html(again))
    assert read(write(again).text) == again


@pytest.mark.parametrize("markup", KEPT)
def test_what_markdown_cannot_say_is_kept_to_the_letter(markup: str) -> None:
    content = f"<!-- wp:paragraph -->\n<p>Before.</p>\n<!-- /wp:paragraph -->\n\n{markup}"
    body = read(content)
    assert body == f"Before.\n\n{markup}\n"
    assert write(body).text == content


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_markup_is_read_and_nothing_is_dropped(content: str) -> None:
    body = read(content)
    assert read(write(body).text) == body or len(content) > 10_000


def test_block_markup_in_code_is_text() -> None:
    body = "```html\n<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->\n```\n"
    assert [block.name for block in parse(write(body).text)] == ["code"]
    assert read(write(body).text) == body


def test_older_markup_is_read_as_what_it_is() -> None:
    content = (
        "<!-- wp:heading -->\n<h2>Old</h2>\n<!-- /wp:heading -->\n\n"
        "<!-- wp:list -->\n<ul><li>a</li><li>b</li></ul>\n<!-- /wp:list -->\n\n"
        '<!-- wp:separator -->\n<hr class="wp-block-separator"/>\n<!-- /wp:separator -->'
    )
    assert read(content) == "## Old\n\n- a\n- b\n\n---\n"


def test_who_is_quoted_is_the_last_line_of_the_quote() -> None:
    content = (
        '<!-- wp:quote -->\n<blockquote class="wp-block-quote"><!-- wp:paragraph -->\n<p>Words.</p>\n'
        "<!-- /wp:paragraph --><cite>Who, <em>Where</em></cite></blockquote>\n<!-- /wp:quote -->"
    )
    assert read(content) == "> Words.\n>\n> <cite>Who, *Where*</cite>\n"
    assert write(read(content)).text == content


def test_a_block_that_says_the_same_keeps_its_markup() -> None:
    stored = (
        "<!-- wp:heading -->\n<h2>Old</h2>\n<!-- /wp:heading -->\n\n"
        "<!-- wp:paragraph -->\n<p>x</p>\n<!-- /wp:paragraph -->"
    )
    assert write_like("## Old\n\ny\n", stored) == stored.replace("<p>x</p>", "<p>y</p>")


def test_classic_paragraphs_are_those_that_wordpress_shows() -> None:
    assert read("One\ntwo\n\n<h2>H</h2>\nthree\n<pre>a\n\nb</pre>") == (
        "One\\\ntwo\n\n## H\n\nthree\n\n<pre>a\n\nb</pre>\n"
    )


def test_thousands_of_blocks_that_nothing_closes_are_read_through_once() -> None:
    body = "<!-- wp:a -->\n\n" * 8000
    began = time.process_time()
    assert len(write_blocks(body)) == 8000
    assert time.process_time() - began < 5

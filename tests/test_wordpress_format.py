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


LOOSE = "<p>Loose <b>HTML</b>,</p>\n<p>twice.</p>\n\n"
STORED = f"""<!-- wp:paragraph -->
<p>Words.</p>
<!-- /wp:paragraph -->

<!-- wp:paragraph -->
<p></p>
<!-- /wp:paragraph -->

{LOOSE}<!-- wp:image {{"id":7,"sizeSlug":"large","linkDestination":"none"}} -->
<figure class="wp-block-image size-large"><img src="a.png" alt="An image" class="wp-image-7" title="T"/></figure>
<!-- /wp:image -->

<!-- wp:table -->
<figure class="wp-block-table"><table class="has-fixed-layout"><tbody><tr><td>cell</td></tr></tbody></table></figure>
<!-- /wp:table -->

<!-- wp:table -->
<figure class="wp-block-table"><table class="has-fixed-layout"><thead><tr><th>Head</th></tr></thead></table></figure>
<!-- /wp:table -->

<!-- wp:paragraph -->
<p>The end.</p>
<!-- /wp:paragraph -->"""


@pytest.mark.parametrize(
    "edit", [("Words", "A word"), ("The end", "An end"), ("An image", "A picture"), ("Head", "First"), ("end.", "end")]
)
def test_an_edit_changes_one_block_and_in_it_only_what_was_edited(edit: tuple[str, str]) -> None:
    assert write_like(read(STORED), STORED) == STORED
    assert write_like(read(STORED).replace(*edit), STORED) == STORED.replace(*edit)


def test_an_image_that_becomes_a_link_keeps_its_size_and_one_that_is_another_does_not() -> None:
    linked = write_like(
        read(STORED).replace("![An image](a.png", "[![An image](a.png").replace('"T")', '"T")](u)'), STORED
    )
    assert (
        '<!-- wp:image {"id":7,"sizeSlug":"large","linkDestination":"custom"} -->\n<figure class="wp-block-image'
        in linked
    )
    assert (
        ' size-large"><a href="u"><img src="a.png" alt="An image" class="wp-image-7" title="T"/></a></figure>' in linked
    )
    assert '<!-- wp:image -->\n<figure class="wp-block-image"><img src="b.png"' in write_like(
        read(STORED).replace("a.png", "b.png"), STORED
    )


def test_a_size_that_an_editor_chooses_is_no_other_picture_and_stays() -> None:
    whole = write("Words.\n\n![A](https://a.example/up/big.png)\n").text
    small = whole.replace(
        '<!-- wp:image -->\n<figure class="wp-block-image"><img src="https://a.example/up/big.png" alt="A"/>',
        '<!-- wp:image {"id":7,"sizeSlug":"medium","linkDestination":"none"} -->\n'
        '<figure class="wp-block-image size-medium">'
        '<img src="https://a.example/up/big-300x200.png" alt="A" class="wp-image-7"/>',
    )
    assert small != whole
    assert read(small) == read(whole)
    assert write_like(read(small).replace("Words", "More words"), small) == small.replace("Words", "More words")
    named = '<!-- wp:image {"id":7,"sizeSlug":"full"} -->\n<figure class="wp-block-image size-full">'
    named += '<img src="/up/wall-300x200.png" alt=""/></figure>\n<!-- /wp:image -->'
    assert read(named) == "![](/up/wall-300x200.png)\n"


def test_footnotes_are_written_once_when_another_block_is_edited() -> None:
    body = "Words[^a].\n\nMore.\n\n[^a]: A note.\n"
    edited = write_like(body.replace("More", "Less"), write(body).text)
    assert edited == write(body).text.replace("More", "Less")


def test_code_with_marks_in_it_stays_a_block() -> None:
    content = '<!-- wp:code -->\n<pre class="wp-block-code"><code>a <mark>b</mark></code></pre>\n<!-- /wp:code -->'
    assert (read(content), write(read(content)).text) == (f"{content}\n", content)


def test_a_frame_that_is_indented_is_an_embed_too():
    frame = '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'
    written = write(f"Words.\n\n  {frame}\n")
    assert "wp:embed" in written.text
    assert written.losses == ()


@pytest.mark.parametrize("body", ["```\n```\n", "```py\n```\n", "```\nx\n```\n"])
def test_a_code_block_has_as_many_lines_when_it_comes_back(body):
    assert read(write(body).text) == body


@pytest.mark.parametrize(
    "box", ['<div class="v">{}</div>', '<div class="v">\n\n{}\n\n</div>', '<p align="center">{}</p>']
)
def test_a_box_that_says_how_a_frame_looks_stays_around_it(box: str) -> None:
    body = box.format('<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>') + "\n"
    written = write(body)
    assert (written.losses, "<!-- wp:html -->" in written.text) == ((), True)
    assert same_dom(to_html(read(written.text)), to_html(body))
    bare = box.format("{}").replace(' class="v"', "").replace(' align="center"', "")
    assert write(f"{bare.format('https://youtu.be/dQw4w9WgXcQ')}\n").losses == ()


def test_a_long_run_of_spaces_is_read_in_linear_time() -> None:
    started = time.process_time()
    assert read("a" + " " * 150_000 + "b")
    assert time.process_time() - started < 4  # 8 seconds, once


@pytest.mark.parametrize("space", ["", " ", "   "])
def test_a_line_ends_once_however_it_is_spelled(space: str) -> None:
    assert same_dom(to_html(read(f"a<br>{space}\nb{space}\nc")), "<p>a<br>b<br>c</p>")

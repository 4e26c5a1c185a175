"""Definition lists: lines in files, elements where a platform's Markdown has none."""

from __future__ import annotations

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.html import to_markdown
from gitsync.markdown.render import to_html

LINES = "Term\n: What *it* is.\n\nOther\n: One.\n: Two.\n"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<dl><dt>A</dt><dd>b</dd><dt>C</dt><dd>d</dd><dd>e</dd></dl>", "A\n: b\n\nC\n: d\n: e"),
        ("<dl><dt>A</dt><dd><p>b</p><ul><li>c</li></ul></dd></dl>", "A\n\n: b\n\n  - c"),
        ("<dl><dt>- A</dt><dd># b\n2. c</dd></dl>", "\\- A\n: \\# b 2. c"),
        ("<p>x</p><dl><dt>A</dt><dd>b</dd></dl><p>: y</p>", "x\n\nA\n: b\n\n\\: y"),
    ],
)
def test_a_list_of_terms_is_read_as_lines(html: str, markdown: str) -> None:
    assert to_markdown(html) == f"{markdown}\n"
    assert same_dom(to_html(markdown), html)


@pytest.mark.parametrize(
    "html",
    [
        "<dl><dt>A</dt><dt>B</dt><dd>c</dd></dl>",
        "<dl><dt>A<br>B</dt><dd>c</dd></dl>",
        "<dl><dt>A</dt></dl>",
        "<dl><dt></dt><dd>b</dd></dl>",
        "<dl><dt>A</dt><dd>b<ul><li>c</li></ul></dd></dl>",
        "<dl><dt>A</dt><dd><p>b</p></dd><dd>c</dd></dl>",
        '<dl><dt id="a">A</dt><dd>b</dd></dl>',
        "<dl><div><dt>A</dt><dd>b</dd></div></dl>",
    ],
)
def test_what_lines_cannot_say_stays_html(html: str) -> None:
    assert to_markdown(html).startswith("<dl>")
    assert same_dom(to_html(to_markdown(html)), html)


def test_two_lists_side_by_side_stay_two() -> None:
    html = "<dl><dt>A</dt><dd>b</dd></dl><dl><dt>C</dt><dd>d</dd></dl>"
    assert to_markdown(html).startswith("A\n: b\n\n<dl>")
    assert same_dom(to_html(to_markdown(html)), html)


@pytest.mark.parametrize("name", ["html", "wordpress", "devto", "ghost", "hashnode"])
def test_a_definition_list_is_one_everywhere_but_on_medium(name: str) -> None:
    written = named(name).write(f"Before.\n\n{LINES}\nAfter.\n")
    assert "<dt>Other</dt>" in written.text
    assert written.losses == ()
    assert named(name).read(written.text) == f"Before.\n\n{LINES}\nAfter.\n"


@pytest.mark.parametrize("name", ["devto", "ghost", "hashnode"])
@pytest.mark.parametrize(
    "body",
    [
        "> Term\n> : Quoted.\n",
        "Term\n\n: ```\n  a\n\n  b\n  ```\n",
        "Term\n: Noted[^1].\n\n[^1]: A.\n",
        "Term\n: $x$\n",
    ],
)
def test_one_that_html_cannot_hold_there_is_told(name: str, body: str) -> None:
    losses = [loss for loss in named(name).write(f"Before.\n\n{body}").losses if loss.code == "DEFS_FLAT"]
    assert [loss.offset for loss in losses] == [9]


@pytest.mark.parametrize("name", ["devto", "ghost", "hashnode"])
def test_html_right_before_other_lines_ends_where_it_ended(name: str) -> None:
    body = "Term\n: a\n# Heading *b*\n"
    again = named(name).read(named(name).write(body).text)
    assert same_dom(to_html(again), to_html(body))

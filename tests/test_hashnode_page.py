"""What Hashnode's own parser makes of a text: a model of it, and bodies spelled so that it shows their page.

The pages were made by Hashnode/starter-kit packages/utils/renderer/marked.js, as its blogs run it.
"""

# ruff: noqa: E501  recorded pages are as long as they are

from __future__ import annotations

import re

import pytest

from gitsync.markdown.formats import named
from gitsync.markdown.hashnode_page import differences, seen
from gitsync.markdown.marked_blocks import as_html
from gitsync.markdown.render import to_html

PAGES = {
    "a **x ** b": "<p>a <strong>x </strong> b</p>\n",
    "a_b_ c __d__ e": "<p>a<em>b</em> c <strong>d</strong> e</p>\n",
    "a*b*c * d * e": "<p>a<em>b</em>c <em> d </em> e</p>\n",
    "*a**b* **c": "<p><em>a**b</em> **c</p>\n",
    "``F(`` `a ``b` ` c `": "<p><code>F(</code> <code>a ``b</code> <code>c</code></p>\n",
    "\\<b> \\$5 \\* \\~ a\\": "<p>\\<b> \\$5 * ~ a\\</p>\n",
    "a  \nb\\\nc": "<p>a<br>b\\\nc</p>\n",
    '[a](<b c>) [d](e(f)) [g](h "i") ![j*k*](l)': '<p>[a](<b c>) <a href="e(f)">d</a> [g](h &quot;i&quot;) <img src="l" alt="j*k*" class=""></p>\n',
    '[a] [b][] [c][A]\n\n[a]: http://x "t"': '<p>[a] [b][] <a href="http://x" title="t">c</a></p>\n',
    "~~a~~ ~b~ &amp; & &lt; <b>c*d*</b>": "<p><del>a</del> ~b~ &amp; &amp; &lt; <b>c<em>d</em></b></p>\n",
    "\\\\(x_1 * y_2\\\\) $$n$$": "<p>\\(x_1 * y_2\\) $$n$$</p>\n",
    "- a\n\n  | b | c |\n  |---|---|\n  | d | e |": "<ul>\n<li><p>a</p>\n<p>| b | c |\n|---|---|\n| d | e |</p>\n</li>\n</ul>\n",
    "- a\n```js\nb\n```": '<ul>\n<li>a<pre><code class="lang-js">b\n</code></pre>\n</li>\n</ul>\n',
    "> a\n- b\n\n> c": "<blockquote>\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n<p>c</p>\n</blockquote>\n",
    "1) a\n2) b": "<p>1) a\n2) b</p>\n",
    "title: x\nb\n---\nc": '<p>title: x</p>\n<h2 id="heading-b">b</h2>\n<p>c</p>\n',
    "1. a\n\n    ```js\n    b\n      c\n    ```": '<ol>\n<li><p>a</p>\n<pre><code class="lang-js"> b\n   c\n</code></pre>\n</li>\n</ol>\n',
    "| a | b |\n|---|---|\n| `c|d` \\| e | f |": '<div class="hn-table">\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>`c</td>\n<td>d` \\</td>\n<td>e</td>\n<td>f</td>\n</tr>\n</tbody>\n</table>\n</div>',
    "    code": "<p>    code</p>\n",
    "a\n- b\n  - c\n\n    d\n- e\n\n\n- f": "<p>a</p>\n<ul>\n<li><p>b</p>\n<ul>\n<li><p>c</p>\n<p>d</p>\n</li>\n</ul>\n</li>\n<li>e</li>\n</ul>\n<ul>\n<li>f</li>\n</ul>\n",
    "#a\n# b #\nc\n## d ##": '<p>#a</p>\n<h1 id="heading-b">b</h1>\n<p>c</p>\n<h2 id="heading-d">d</h2>\n',
    "<div>\n*a*\n\nb</div>\n\n<!-- c -->\n*d*": "<div>\n<em>a</em>\n\nb</div>\n\n<!-- c -->\n<p><em>d</em></p>\n",
    "$$\nx_1\n$$ *y*": "<p>$$\nx_1\n$$</p><p> <em>y</em></p>\n",
    "***\n- - -\na\n***": "<hr>\n<hr>\n<p>a</p>\n<hr>\n",
    '```js title="x"\na\n```\n~~~\nb': "<p><code>js title=&quot;x&quot;\na</code>\n~~~\nb</p>\n",
}
"""What marked makes of small texts."""

SENT = {
    "In **Rekognition **. You **can **.\n": (
        "In \\*\\*Rekognition \\*\\*. You \\*\\*can \\*\\*.\n",
        "<p>In **Rekognition **. You **can **.</p>\n",
    ),
    "a * b * c, snake_case_ x\n": ("a \\* b \\* c, snake\\_case\\_ x\n", "<p>a * b * c, snake_case_ x</p>\n"),
    "- a\n\n  | b | c |\n  |---|---|\n  | d | `e` |\n": (
        "- a\n\n  <table>\n  <thead>\n  <tr>\n  <th>b</th>\n  <th>c</th>\n  </tr>\n  </thead>\n  <tbody>\n  <tr>\n  <td>d</td>\n  <td><code>e</code></td>\n  </tr>\n  </tbody>\n  </table>\n",
        "<ul>\n<li><p>a</p>\n<table>\n<thead>\n<tr>\n<th>b</th>\n<th>c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>d</td>\n<td><code>e</code></td>\n</tr>\n</tbody>\n</table>\n</li>\n</ul>\n",
    ),
    "- a\n```js\nb\n\nc\n```\n": (
        "- a\n\n```js\nb\n\nc\n```\n",
        '<ul>\n<li>a</li>\n</ul>\n<pre><code class="lang-js">b\n\nc\n</code></pre>\n',
    ),
    "> a\n- b\n": ("> a\n\n- b\n", "<blockquote>\n<p>a</p>\n</blockquote>\n<ul>\n<li>b</li>\n</ul>\n"),
    "1) a\n2) b\n": ("1. a\n2. b\n", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
    "One\ntwo\n---\n": ("## One two #\n", '<h2 id="heading-One two">One two</h2>\n'),
    "1. a\n\n    ```js\n    b\n      c\n    ```\n": (
        "1. a\n\n   ```js\n   b\n     c\n   ```\n",
        '<ol>\n<li><p>a</p>\n<pre><code class="lang-js">b\n  c\n</code></pre>\n</li>\n</ol>\n',
    ),
    "| a | b |\n|---|---|\n| c \\| d | `e\\|f` |\n": (
        "| a | b |\n|---|---|\n| c &#124; d | <code>e&#124;f</code> |\n",
        '<div class="hn-table">\n<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>c &#124; d</td>\n<td><code>e&#124;f</code></td>\n</tr>\n</tbody>\n</table>\n</div>',
    ),
    "# F\\<T>\n\n3500\\$ and\n": (
        "# F&lt;T&gt;\n\n3500$ and\n",
        '<h1 id="heading-F&lt;T&gt;">F&lt;T&gt;</h1>\n<p>3500$ and</p>\n',
    ),
    '[a](<b c>), [d](e "title")\n': ("[a](b%20c), [d](e)\n", '<p><a href="b%20c">a</a>, <a href="e">d</a></p>\n'),
    "```\na\tb\n```\n": ("```\na   b\n```\n", "<pre><code>a   b\n</code></pre>"),
    "x\xa0\xa0y\n": ("<p>x&nbsp;&nbsp;y</p>\n", "<p>x&nbsp;&nbsp;y</p>\n"),
    "![a *b*](c.png)\n": ("![a b](c.png)\n", '<p><img src="c.png" alt="a b" class=""></p>\n'),
    "- a\n  - b\n\n1. c\n": (
        "- a\n  - b\n\n<!-- -->\n\n1. c\n",
        "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n<!-- -->\n<ol>\n<li>c</li>\n</ol>\n",
    ),
}
"""What is sent for a body, and what marked makes of that."""


def shown(html: str, *, there: bool = False) -> list[object] | None:
    blocks = seen(html.replace('class="lang-', 'class="language-').replace(' class=""', ""), there=there)
    return None if blocks is None else [it.seen for it in blocks]


def plain(html: str) -> str:
    return re.sub(r' id="heading-[^"]*"|<div class="hn-table">|(?<=</table>\n)</div>', "", html)


@pytest.mark.parametrize("text", PAGES)
def test_a_model_of_marked_makes_the_pages_that_marked_makes(text: str) -> None:
    assert shown(as_html(text), there=True) == shown(plain(PAGES[text]), there=True)


@pytest.mark.parametrize("body", SENT)
def test_what_marked_takes_otherwise_is_spelled_so_that_it_does_not(body: str) -> None:
    hashnode = named("hashnode")
    sent, page = SENT[body]
    written = hashnode.write(body)
    assert written.text == sent
    assert {it.code for it in written.losses} <= {"TITLE_LOST"}
    assert shown(plain(page), there=True) == shown(to_html(body))
    assert differences(body, body)
    assert hashnode.write(hashnode.read(sent)).text == sent


@pytest.mark.parametrize(
    "body",
    [
        "A *b* **c** `d` [e](f) ![g](h)\n\n- i\n  - j\n\n1. k\n\n   l\n\n> m\n\n```js\nn\n```\n",
        "***a*** and <b>c</b>, x_y_z, 2 < 3 & 4\n\n| a | b |\n|---|---|\n| c | `d` |\n\nTitle\n---\n\n---\n",
        "A formula $x_1 * y_2$, a note[^1], a [ ] box.\n\n- [ ] a\n\n[^1]: Note\n",
        "> [!NOTE]\n> Mind **this**.\n\nhttps://youtu.be/dQw4w9WgXcQ\n\n<details>\n<summary>S</summary>\n\nx\n\n</details>\n",
    ],
)
def test_what_marked_reads_as_we_do_is_sent_as_it_is_and_not_told(body: str) -> None:
    assert "SHOWN_OTHERWISE" not in {it.code for it in named("hashnode").write(body).losses}


def test_what_has_no_spelling_for_marked_is_told_with_its_place() -> None:
    body = "Words.\n\n[a](chrome://flags) and\n"
    [loss] = named("hashnode").write(body).losses
    assert (loss.code, loss.offset) == ("SHOWN_OTHERWISE", 8)


def test_one_place_that_cannot_be_mended_keeps_no_other_as_it_was() -> None:
    body = "[a](chrome://flags)\n\nIn **b **.\n\n- c\n```\nd\n```\n"
    sent = named("hashnode").write(body)
    assert sent.text == "[a](chrome://flags)\n\nIn \\*\\*b \\*\\*.\n\n- c\n\n```\nd\n```\n"
    assert [it.offset for it in sent.losses] == [0]


@pytest.mark.parametrize(
    "body", ["[foo]: <>\n", "[foo]:\n/url\n", "> " * 400 + "**a **\n", "*a _b " * 900 + "_ *" * 900, "<!-- a -->\n"]
)
def test_a_body_without_a_page_or_that_nests_without_end_is_sent(body: str) -> None:
    assert named("hashnode").write(body).text


@pytest.mark.parametrize("body", ["[a" * 9000, "[a][b" * 4000, "<a@" * 9000, "`" * 20000, "**[" * 5000, "> " * 2000])
def test_what_marked_would_look_through_for_minutes_has_no_page(body: str) -> None:
    assert as_html(body + "\n\n**x **y\n") is None
    assert differences(body, body) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("``a` b` c", "<p><code>`a</code> b` c</p>"),
        ("``` a`` b ``` c", "<p><code>a`` b</code> c</p>"),
        ("`` ` `` `` a", "<p><code>` </code> `` a</p>"),
        ("` ` ``", "<p><code> </code> ``</p>"),
        ("<a@b> <b:/c> <d>", '<p><a href="mailto:a@b">a@b</a> <a href="b:/c">b:/c</a> <d></p>'),
    ],
)
def test_code_and_addresses_are_found_at_once(text: str, shown: str) -> None:
    assert as_html(text) == shown + "\n"


def test_a_page_that_differs_all_over_is_one_difference() -> None:
    body = "".join(f"a{n} **x **\n\n" for n in range(1200))
    [found] = differences(body, body)
    assert (found.first, found.last) == (0, body.count("\n") + 1)

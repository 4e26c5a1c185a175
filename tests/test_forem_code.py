"""Code as Forem finds it, before any Markdown is read: what it would mistake is spelled so that it does not."""

# ruff: noqa: E501  recorded pages are as long as they are

from __future__ import annotations

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.render import to_html

SENT = {
    "```ts\ninterface A {\n  [index: number]: string;\n}\n\n[B]::c()\n```\n": (
        '<pre><code class="language-ts">interface A {\n  &#91;index: number]: string;\n}\n\n&#91;B]::c()\n</code></pre>\n',
        '<pre><code class="language-ts">interface A {\n  &#91;index: number]: string;\n}\n\n&#91;B]::c()\n</code></pre>\n',
    ),
    " ```js\n a\n\nb\n  c\n ```\n": (
        "```js\na\n\nb\n c\n```\n",
        '\n\n<pre><code class="language-js">a\n\nb\n c\n</code></pre>\n\n\n',
    ),
    "Call ``git` to stage `x`.\n": (
        "Call &#96;&#96;git` to stage `x&#96;.\n",
        "<p>Call &#96;&#96;git<code>to stage</code>x&#96;.</p>\n",
    ),
    "A \\` tick and `code`.\n": ("A &#96; tick and `code`.\n", "<p>A &#96; tick and <code>code</code>.</p>\n"),
    "```` ``` ````\n\nText `a`.\n": (
        "<code>&#96;&#96;&#96;</code>\n\nText `a`.\n",
        "<p><code>&#96;&#96;&#96;</code></p>\n\n<p>Text <code>a</code>.</p>\n",
    ),
    "````md\n```js\nx\n```\n````\n\nand `b`\n": (
        '<pre><code class="language-md">&#96;&#96;&#96;js\nx\n&#96;&#96;&#96;\n</code></pre>\n\nand `b`\n',
        '<pre><code class="language-md">&#96;&#96;&#96;js\nx\n&#96;&#96;&#96;\n</code></pre>\n\n<p>and <code>b</code></p>\n',
    ),
    "Inline ```a``` here `b`.\n": (
        "Inline <code>a</code> here `b`.\n",
        "<p>Inline <code>a</code> here <code>b</code>.</p>\n",
    ),
    "~~~js\na\n~~~\n\n`b`\n": (
        "```js\na\n```\n\n`b`\n",
        '\n\n<pre><code class="language-js">a\n</code></pre>\n\n\n\n<p><code>b</code></p>\n',
    ),
    "Run ` ./x` and `` ` ``\n": (
        "Run <code> ./x</code> and `` ` ``\n",
        "<p>Run <code> ./x</code> and <code>`</code></p>\n",
    ),
    "- a\n\n  | b | c |\n  |---|---|\n  | d | `e` |\n": (
        "- a\n\n    <table>\n    <thead>\n    <tr>\n    <th>b</th>\n    <th>c</th>\n    </tr>\n    </thead>\n    <tbody>\n    <tr>\n    <td>d</td>\n    <td><code>e</code></td>\n    </tr>\n    </tbody>\n    </table>\n",
        "<ul>\n<li><p>a</p>\n\n<table>\n<thead>\n<tr>\n<th>b</th>\n<th>c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>d</td>\n<td><code>e</code></td>\n</tr>\n</tbody>\n</table></li>\n</ul>\n",
    ),
}
"""What is sent for a body, and what Redcarpet with Forem's options makes of it, languages named as we name them."""


@pytest.mark.parametrize("body", SENT)
def test_code_that_forem_would_mistake_is_spelled_so_that_it_does_not(body: str) -> None:
    devto = named("devto")
    sent, page = SENT[body]
    written = devto.write(body)
    assert (written.text, written.losses) == (sent, ())
    assert same_dom(page.replace("<li><p>a</p>", "<li>a"), to_html(body).replace("<li>\n<p>a</p>", "<li>a"))
    assert devto.write(devto.read(sent)).text == sent


@pytest.mark.parametrize(
    "body",
    [
        "``a ` b`` and `c`\n",
        "```\na ` b\n```\n\n`c`\n",
        "- `a`\n  ```js\n  b\n  ```\n",
        "<a title='`'>x</a> y\n",
        "```ts\n[k: string]: a | b;\n```\n",
    ],
)
def test_code_that_forem_finds_stays(body: str) -> None:
    written = named("devto").write(body)
    assert ("CODE_MISTAKEN" in {it.code for it in written.losses}, written.text.count("&#96;")) == (False, 0)


def test_code_that_forem_mistakes_in_any_spelling_is_told() -> None:
    body = "Words.\n\n- a\n\n  ````\n  ```\n  b\n  ```\n  ````\n"
    [loss] = [it for it in named("devto").write(body).losses if it.code == "CODE_MISTAKEN"]
    assert body[loss.offset :].startswith("```")

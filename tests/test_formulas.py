"""Formulas, as GitHub has them, in the words of each platform; and dollars that are none."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.ghost_format import nodes_of
from gitsync.markdown.html import to_markdown
from gitsync.markdown.render import to_html

LINE = "So $a_1 * b_2$ it is.\n"
ALONE = "$$\na_{1} \\\\\n- \\{b\\}\n$$\n"


def codes(name: str, body: str) -> list[str]:
    return [loss.code for loss in named(name).write(body).losses]


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("$x_1 *a*$", '<p><span class="math inline">\\(x_1 *a*\\)</span></p>'),
        ("a ($x$)", '<p>a (<span class="math inline">\\(x\\)</span>)</p>'),
        ("$y$-th", '<p><span class="math inline">\\(y\\)</span>-th</p>'),
        ("the $`n`$th", '<p>the <span class="math inline">\\(n\\)</span>th</p>'),
        ("$$\na\n+ b < c\n$$", '<p><span class="math display">\\[a + b &lt; c\\]</span></p>'),
        ("a\n$$b$$\nc $$d$$", '<p>a</p><p><span class="math display">\\[b\\]</span></p>'
                              '<p>c <span class="math display">\\[d\\]</span></p>'),
        ("```math\na\n```", '<p><span class="math display">\\[a\\]</span></p>'),
        ("- $$\n  a\n  $$", '<ul><li><span class="math display">\\[a\\]</span></li></ul>'),
        ("![$x$](a.png)", '<p><img src="a.png" alt="$x$"></p>'),
        ("1. a\n$$b$$\n2. c", '<ol><li>a <span class="math display">\\[b\\]</span></li><li>c</li></ol>'),
        ("> a\n$$\nb\n$$", '<blockquote><p>a <span class="math display">\\[b\\]</span></p></blockquote>'),
        ("设$x$为", '<p>设<span class="math inline">\\(x\\)</span>为</p>'),
    ],
)  # fmt: skip
def test_a_formula_is_the_element_that_mathjax_and_katex_find(body: str, html: str) -> None:
    assert same_dom(to_html(body), html)


@pytest.mark.parametrize(
    "text",
    [
        "costs $5 and $10",
        "from $5-$10, $5/$6",
        "US$5 or A$6$",
        "5$ and 6$",
        "$HOME and $PATH:$X",
        "$(a)+$(b)",
        "${x}${y}",
        "$.each($x)",
        "$ x $",
        "a $$ b",
        "`$x$`",
        "\\$x$",
        "$a\nb$",
        "$$\n\na\n\n$$",
        "https://a.example/?q=$x$",
    ],
)
def test_prices_variables_and_code_are_no_formulas(text: str) -> None:
    html = to_html(text)
    assert "math" not in html
    assert to_markdown(html).replace("<", "").replace(">", "") == f"{text}\n"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>a $x$ and $$y$$ for $5</p>", "a \\$x$ and \\$$y$$ for $5"),
        ("<p>$a <b>x</b>$</p>", "\\$a <strong>x</strong>\\$"),
        ('<p><span class="math inline">\\(n\\)</span>th</p>', "$`n`$th"),
        ('<p>a <span class="math display">\\[ b\n c \\]</span> d</p>', "a $$b c$$ d"),
        ('<p><span class="math inline">x</span></p>', '<span class="math inline">x</span>'),
        (
            '<p>a <span class="math inline">\\(`$\\)</span></p>',
            'a <span class="math inline">\\\\\\(\\`\\$\\\\\\)</span>',
        ),
    ],
)
def test_html_says_which_dollars_are_formulas(html: str, markdown: str) -> None:
    assert to_markdown(html) == f"{markdown}\n"
    assert same_dom(to_html(markdown), html)
    assert to_markdown(to_html(markdown)) == f"{markdown}\n"


def test_dev_to_has_formulas_in_its_own_tags_and_the_tex_survives_its_markdown() -> None:
    devto = named("devto")
    assert devto.write(LINE).text == "So {% katex inline %}a\\_1 \\* b\\_2{% endkatex %} it is.\n"
    assert devto.write(ALONE).text == "{% katex %}\na\\_{1} \\\\\\\\\n\\- \\\\{b\\\\}\n{% endkatex %}\n"
    assert (devto.read(devto.write(LINE).text), devto.read(devto.write(ALONE).text)) == (LINE, ALONE)
    assert "{{" not in devto.write("$\\frac{{a}}{b}$\n").text  # a variable of Liquid
    assert devto.write("It costs \\$5 or \\$x$.\n").text == "It costs $5 or $x$.\n"
    assert devto.read("It costs $5, or $x$.\n") == "It costs \\$5, or \\$x\\$.\n"  # "$5, or \\$x$" would be one


@given(st.text(alphabet="\\{}_^*&%<>|[]()#+-=~!., ax\n", min_size=1, max_size=30))
@settings(max_examples=150, deadline=None)
def test_any_tex_comes_back_from_every_platform_that_has_markdown(tex: str) -> None:
    body = f"$$\n{tex}\n$$\n"
    if to_html(body).count("math display") != 1 or "<p><span" not in to_html(body) or "\n\n" in body:
        return
    for name in ("devto", "hashnode", "ghost"):
        again = named(name).read(named(name).write(body).text)
        assert same_dom(to_html(again), to_html(body)), name


def test_the_tags_of_dev_to_are_formulas_everywhere() -> None:
    body = "{% katex %}\nc = \\\\{a\\_1\\\\}\n{% endkatex %}\n\nAnd {% katex inline %} x {% endkatex %}.\n"
    html = named("html").write(body).text
    assert re.findall(r"\\[(\[](.*?)\\[)\]]", html) == ["c = \\{a_1\\}", "x"]
    assert codes("html", body) == []
    assert named("devto").write(body).text == body


def test_hashnode_has_formulas_as_its_pages_look_for_them() -> None:
    hashnode = named("hashnode")
    assert hashnode.write(LINE).text == "So \\\\(a_1 * b_2\\\\) it is.\n"
    assert hashnode.write(ALONE).text == "$$\na_{1} \\\\\\\\\n- \\\\{b\\\\}\n$$\n"
    assert (hashnode.read(hashnode.write(LINE).text), hashnode.read(hashnode.write(ALONE).text)) == (LINE, ALONE)
    assert (codes("hashnode", LINE), codes("hashnode", ALONE + LINE)) == (["MATH_TEX"], [])


def test_ghosts_card_has_the_elements_that_a_script_of_the_site_finds() -> None:
    [node] = nodes_of(named("ghost").write(LINE).text) or []
    assert node["markdown"] == 'So <span class="math inline">\\\\\\(a\\_1 \\* b\\_2\\\\\\)</span> it is.\n'
    assert named("ghost").read(json.dumps({"root": {"children": [node]}})) == LINE
    assert "MATH_TEX" in codes("ghost", LINE)
    card = {"type": "markdown", "markdown": "It costs $x$.\n"}
    assert named("ghost").read(json.dumps({"root": {"children": [card]}})) == "It costs \\$x$.\n"


def test_medium_shows_tex_as_code_and_that_is_told() -> None:
    assert named("medium").write(LINE).text == "<p>So <code>a_1 * b_2</code> it is.</p>\n"
    assert codes("medium", ALONE) == ["MATH_TEX"]


def test_wordpress_shows_tex_to_plugins_and_reads_what_its_editor_makes() -> None:
    wordpress = named("wordpress")
    text = wordpress.write(LINE + "\n" + ALONE).text
    assert '<span class="math inline">\\(a_1 * b_2\\)</span>' in text
    assert wordpress.read(text) == LINE + "\n" + ALONE
    assert codes("wordpress", LINE) == ["MATH_TEX"]
    block = '<!-- wp:math {"latex":"x \\u003c \\\\frac{1}{2}"} -->\n<div class="wp-block-math"><math display="block">'
    inline = '<!-- wp:paragraph -->\n<p>So <math data-latex="x_1"><semantics><mi>x</mi></semantics></math>.</p>'
    content = f"{block}</math></div>\n<!-- /wp:math -->\n\n{inline}\n<!-- /wp:paragraph -->"
    assert wordpress.read(content) == "$$\nx < \\frac{1}{2}\n$$\n\nSo $x_1$.\n"


@pytest.mark.parametrize("name", ["devto", "hashnode", "ghost"])
@pytest.mark.parametrize("unit", ["$;", "$a$ ", "$$a$$ ", "$a; "])
def test_dollars_without_end_are_read_in_time(name: str, unit: str) -> None:
    started = time.process_time()
    named(name).read(unit * (12_000 // len(unit)))
    assert time.process_time() - started < 4

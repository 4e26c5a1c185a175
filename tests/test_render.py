import time

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.render import to_html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("~~gone~~", "<p><del>gone</del></p>"),
        (
            "- [ ] do *it*\n- [x] done\n- [y] no",
            '<ul><li><input disabled="" type="checkbox"> do <em>it</em></li>'
            '<li><input checked="" disabled="" type="checkbox"> done</li><li>[y] no</li></ul>',
        ),
        (
            "| a | b |\n|:-:|---|\n| `x\\|y` | 2 |",
            '<table><thead><tr><th align="center">a</th><th>b</th></tr></thead>'
            '<tbody><tr><td align="center"><code>x|y</code></td><td>2</td></tr></tbody></table>',
        ),
        ("see https://a.b/c_d_e?x=(1)).", '<p>see <a href="https://a.b/c_d_e?x=(1)">https://a.b/c_d_e?x=(1)</a>).</p>'),
        (
            "(www.a.b) me.you@x.org",
            '<p>(<a href="http://www.a.b">www.a.b</a>) <a href="mailto:me.you@x.org">me.you@x.org</a></p>',
        ),
        (
            "http://localhost:4000/a, http://localhost. http://, and www.",
            '<p><a href="http://localhost:4000/a">http://localhost:4000/a</a>, '
            '<a href="http://localhost">http://localhost</a>. http://, and www.</p>',
        ),
        ("*x* a_b-c_d@x.org_", "<p><em>x</em> a_b-c_d@x.org_</p>"),
        ("a_b-c_d@x.org.", '<p><a href="mailto:a_b-c_d@x.org">a_b-c_d@x.org</a>.</p>'),
        ("`http://a.b` [http://a.b](c) ahttp://a.b http\\://a.b x@y", None),
        ("@a/left@1.2.3, right@0.10, a@b.c1", "<p>@a/left@1.2.3, right@0.10, a@b.c1</p>"),
        ("term\n: what it means", "<dl><dt>term</dt><dd>what it means</dd></dl>"),
        ("a\\\nb", "<p>a<br>b</p>"),
        ("[日](日.md)", '<p><a href="%E6%97%A5.md">日</a></p>'),
        ('<div class="x">\n\n*a*\n\n</div>', '<div class="x"><p><em>a</em></p></div>'),
    ],
)
def test_markdown_is_read_as_github_reads_it(body, html):
    html = html or '<p><code>http://a.b</code> <a href="c">http://a.b</a> ahttp://a.b http://a.b x@y</p>'
    assert same_dom(to_html(body), html)


def test_footnotes_say_their_labels():
    html = to_html("a[^n] b[^n]\n\n[^n]: note\n")
    assert 'href="#fn-n"' in html
    assert 'id="fnref-n:2"' in html
    assert '<li id="fn-n">' in html
    assert "fn-1" in to_html("a[^Ö x]".replace(" ", "/") + "\n\n[^Ö/x]: y")


def test_nothing_that_nests_up_to_the_limit_is_dropped():
    assert "deep" in to_html("> " * 90 + "deep")


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "![",
        "*a _b ",
        "<a ",
        "`a",
        "> ",
        "- ",
        "|a",
        "[a](",
        "[a\\](",
        "&#",
        "www.a.b ",
        "[^1]: a\n",
        "$a ",
        "$$a ",
        "$$a\n",
        "$`a ",
        "> [!NOTE]\n",
    ],
)
def test_hostile_bodies_end_in_time(unit):
    started = time.process_time()
    to_html(unit * (40_000 // len(unit)))
    assert time.process_time() - started < 8

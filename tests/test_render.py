import cProfile
import pstats
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
        (
            "https://a.b; https://a.b/c&d; https://a.b/c];",
            '<p><a href="https://a.b">https://a.b</a>; '
            '<a href="https://a.b/c">https://a.b/c</a>&amp;d; <a href="https://a.b/c%5D">https://a.b/c]</a>;</p>',
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
        (
            '"http://a.b/c" （https://d.e/f \'<b>http://g.h</b> 1http://i.j xhttp://k.l',
            '<p>"<a href="http://a.b/c">http://a.b/c</a>" （<a href="https://d.e/f">https://d.e/f</a> '
            '\'<b><a href="http://g.h">http://g.h</a></b> 1<a href="http://i.j">http://i.j</a> xhttp://k.l</p>',
        ),
        ("\u3000a\u3000\n\u3000b\u00a0", "<p>\u3000a\u3000\n\u3000b\u00a0</p>"),
        ("# \u00a0a\u3000 ##\n\n\u3000b\n---\n", "<h1>\u00a0a\u3000</h1><h2>\u3000b</h2>"),
        (
            "|\u3000a | b\u00a0|\n|---|---|\n| c\u3000|\n|\u3000d|e|f|",
            "<table><thead><tr><th>\u3000a</th><th>b\u00a0</th></tr></thead><tbody>"
            "<tr><td>c\u3000</td><td></td></tr><tr><td>\u3000d</td><td>e</td></tr></tbody></table>",
        ),
        ("\u3000\n\n> \u00a0", "<p>\u3000</p><blockquote><p>\u00a0</p></blockquote>"),
        (
            "[http://a.b and [c](d) www.e.f] http://g.h \\[http://i.j [k] www.l.m",
            '<p>[http://a.b and <a href="d">c</a> www.e.f] <a href="http://g.h">http://g.h</a> '
            '[<a href="http://i.j">http://i.j</a> [k] <a href="http://www.l.m">www.l.m</a></p>',
        ),
        (
            "mailto:a@b.cd xmpp:e@f.gh/i.j amailto:k@l.mn",
            '<p><a href="mailto:a@b.cd">mailto:a@b.cd</a> <a href="xmpp:e@f.gh/i.j">xmpp:e@f.gh/i.j</a> '
            'amailto:<a href="mailto:k@l.mn">k@l.mn</a></p>',
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


@pytest.mark.parametrize("mark", ["- ", "* "])
def test_a_line_of_list_marks_is_not_walked_for_each_list_that_it_opens(mark):
    with cProfile.Profile() as profile:
        to_html(mark * 20_000 + "a")
    assert pstats.Stats(profile).total_calls < 300_000


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("_on https://a.bc_", '<p><em>on <a href="https://a.bc">https://a.bc</a></em></p>'),
        ("_on https://a.bc_ d", "<p><em>on https://a.bc</em> d</p>"),
        ("__https://a.bc__", "<p><strong>https://a.bc</strong></p>"),
        ("_www.a.bc_", '<p><em><a href="http://www.a.bc">www.a.bc</a></em></p>'),
        ("_www.a.bc_ d", "<p><em>www.a.bc</em> d</p>"),
        ("_www.a.bc/d_ e", '<p><em><a href="http://www.a.bc/d">www.a.bc/d</a></em> e</p>'),
        ("on www.a.bc_", '<p>on <a href="http://www.a.bc">www.a.bc</a>_</p>'),
        ("_to a_b@c.de_ f", '<p><em>to <a href="mailto:a_b@c.de">a_b@c.de</a></em> f</p>'),
        ("__a@b.cd.__", '<p><strong><a href="mailto:a@b.cd">a@b.cd</a>.</strong></p>'),
        ("[_a@b.cd_](e)", '<p><a href="e"><em>a@b.cd</em></a></p>'),
        ("a@b.cd_", "<p>a@b.cd_</p>"),
    ],
)
def test_an_underscore_that_ends_emphasis_right_after_an_address_is_read_as_on_github(body, html):
    assert same_dom(to_html(body), html)

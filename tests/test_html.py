import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.markdown.blocks import Way, pieces
from gitsync.markdown.equality import events, read, same_dom
from gitsync.markdown.html import to_markdown, translated
from gitsync.markdown.proof import is_plain
from gitsync.markdown.render import to_html

WORDS = [
    "word",
    "Wort",
    "é",
    "字",
    "😀",
    " ",
    "  ",
    "\n",
    "&nbsp;",
    ".",
    "a_b_c",
    "2*3",
    "http://a.b",
    "www.a.b",
    "me@x.org",
]
MARKS = [
    "*",
    "_",
    "**",
    "`",
    "~~",
    "[x]",
    "](y)",
    "&lt;",
    "&amp;lt;",
    "&lt;b&gt;",
    "\\",
    "!",
    "[^1]",
    "{{ x }}",
    "(",
    '"',
    "|",
    "$",
    "$$",
    "$x$",
    "[!NOTE]",
]
STARTS = ["#", "1.", "-", "+ ", ">", ": ", "=", "---", "\n- ", "[ ] ", "~~~", "```", "&#13;", "\x0b", "[a]: b"]
TEXT = st.lists(st.sampled_from([*WORDS, *WORDS, *MARKS, *STARTS]), max_size=4).map("".join)
FLOWING = [
    "em",
    "strong",
    "del",
    "b",
    "code",
    "span",
    "sub",
    'a href="x.md"',
    'a href="u v" title="t &quot;"',
    'i class="y"',
    'span class="math inline"',
]
IMAGE, LINK = '<img src="i.png" alt="a [b] *c*">', '<a href="http://a.b">http://a.b</a>'
ATOMS = [IMAGE, LINK, "<br>", "<!-- c -->", '<input type="checkbox">']
TITLED = 'div class="markdown-alert markdown-alert-tip"><p class="markdown-alert-title">Tip</p'
HOLDERS = ["blockquote", TITLED, "div", 'div class="x"', "details", "section", "figure"]
LISTS = ["ul", "ol", 'ol start="7"', 'ul class="z"']
LINES = ["p", "p", "h2", 'p class="x"', "pre"]
SCRIPT, COMMENT = "<script>if (a < b) {\n\n}</script>", "<!-- c\n\nd -->"
SHOWN = '<p><span class="math display">\\[a\n- b\\]</span></p>'
TERMS = "<dl><dt>a</dt><dd>b</dd></dl>"
LEAVES = [SHOWN, TERMS, "<hr>", '<iframe src="https://v.w/x"></iframe>', SCRIPT, COMMENT, "<pre>\n\n*</pre>"]


@st.composite
def lines(draw, depth=0):
    parts = draw(
        st.lists(TEXT if depth > 2 else st.one_of(TEXT, TEXT, lines(depth + 1), st.sampled_from(ATOMS)), max_size=3)
    )
    inner = "".join(parts)
    tag = draw(st.sampled_from(FLOWING)) if depth else ""
    return f"<{tag}>{inner}</{tag.split()[0]}>" if tag else inner


@st.composite
def documents(draw, depth=0):
    out = []
    for kind in draw(st.lists(st.integers(0, 9), max_size=3)):
        if kind < 4 or depth > 3:
            tag = draw(st.sampled_from(LINES))
            out.append(f"<{tag}>{draw(lines())}</{tag.split()[0]}>")
        elif kind == 4:
            out.append(draw(lines()))
        elif kind == 5:
            code = draw(TEXT)
            fenced = f'<pre><code class="language-c">{code}\n\n{code}</code></pre>'
            out.append(draw(st.sampled_from([*LEAVES, fenced])))
        elif kind == 6:
            head = f"<tr><th>{draw(lines())}</th><th align=right>b</th></tr>"
            row = f"<tr><td>{draw(lines())}</td><td align=right></td></tr>"
            out.append(f"<table><thead>{head}</thead><tbody>{row}</tbody></table>")
        elif kind == 7:
            tag = draw(st.sampled_from(LISTS))
            items = draw(st.lists(st.one_of(lines(), documents(depth + 1)), min_size=1, max_size=3))
            out.append(f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag.split()[0]}>")
        else:
            tag = draw(st.sampled_from(HOLDERS))
            out.append(f"<{tag}>{draw(documents(depth + 1))}</{tag.split()[0]}>")
    return draw(st.sampled_from(["", "\n"])).join(out)


HTML = documents()


@settings(deadline=None, max_examples=120)
@given(HTML)
def test_what_html_says_its_markdown_says(html):
    assert same_dom(to_html(to_markdown(html)), html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>=\n- </p>",
        "<p>word&nbsp;\n- </p>",
        f"<br>{SCRIPT}",
        f"<br>{COMMENT}word",
        f"<div>{SCRIPT}<p></p></div>word\nmore <b>x</b>",
        '<b style="font-weight: normal"><p dir="ltr">a</p></b>',
        "<span><!-- x --><p>a</p><div>b</div></span>",
        '<div><a href="x" download><div>b</div><p>c</p></a></div>',
    ],
)
def test_markdown_says_what_was_hard_to_say(html):
    markdown = to_markdown(html)
    assert same_dom(to_html(markdown), html)
    assert to_markdown(to_html(markdown)) == markdown


@settings(deadline=None, max_examples=80)
@given(HTML)
def test_markdown_of_its_own_html_is_itself(html):
    markdown = to_markdown(html)
    assert to_markdown(to_html(markdown)) == markdown


@settings(deadline=None, max_examples=60)
@given(documents())
def test_what_needs_no_proof_has_one(html):
    for run, text in pieces(read(html).kids, Way()):
        if is_plain(run, text):
            assert events(read(to_html(text)).kids) == events(run)


PLAIN_PARTS = [
    "word",
    "字。",
    "नि",
    "😀",
    "*a*",
    "**b c**",
    "**“d”**",
    "*`e`*",
    "`f g`",
    "`\\`",
    "[h](i.md)",
    "[`j` k](https://l.m/n_o?p=q&r=s*t)",
    '[**u** v](../w#x "y z")',
    "**[a](/)**",
    "![b_c](d.png)",
    "<https://e.f>",
    "**e（f）**",
    "snake_case",
    "[",
    "]",
    " [ ] ",
    " ",
    "\n",
    "\\\n",
    ". ",
    "(",
    ")",
    ":",
    "!",
    "www.",
    "-",
    "/",
    "3.",
    "\\*",
    "\\[",
    "\\1",
    "$5",
    "~",
    "@",
    "&",
    "< ",
    "#",
    "|",
    "=",
    "{x}",
    "\u3000",
]
PLAIN_LINE = st.lists(st.sampled_from(PLAIN_PARTS), max_size=8).map("".join)


@settings(deadline=None, max_examples=250)
@given(
    PLAIN_LINE,
    st.sampled_from(
        ["", "", "# ", "- ", "3. ", "- x\n  - ", "1. a\n\n2. ", "> x\n>\n> ", "- x\n\n  - y\n- ", "a | b\n-|-\n"]
    ),
)
def test_plain_markdown_means_what_it_looks_like(text, prefix):
    html = to_html(prefix + text)
    for run, written in pieces(read(html).kids, Way()):
        if is_plain(run, written):
            assert events(read(to_html(written)).kids) == events(run)


BLOCKS = [
    "word",
    "# A",
    "\\* b",
    "a\\\nb",
    "`c`",
    "---",
    "```\n- d\n```",
    "- e",
    "* f\n* g",
    "1. h\n   - i",
    "1) j\n\n2) k",
    "- j\n\n  1. k\n\n- l",
    "> l",
    "> - m",
    "| n | o |\n|---|---|\n| p | q |",
    "r\n: s",
    ": t",
    "~ u",
    "<div>",
    "<pre>",
    "</pre>",
    "<!-- v",
    "w -->",
    "x <b> y",
    "<b>z",
    "[^1] a",
    "[^1]\\: b",
    "[^1]: note",
    "$$\na\n$$",
]


@settings(deadline=None, max_examples=150)
@given(st.lists(st.sampled_from(BLOCKS), max_size=7).map("\n\n".join))
def test_what_needs_no_proof_needs_none_beside_anything(markdown):
    html = to_html(markdown)
    text, is_so = translated(html)
    assert is_so == same_dom(to_html(text), html)
    for run, written in pieces(read(html).kids, Way()):
        if is_plain(run, written):
            assert events(read(to_html(written)).kids) == events(run)


def test_a_table_that_has_no_rows_or_rows_of_its_own_kind_stays_html():
    row = "<tr><th>a</th></tr>"
    for table in (
        "<table><thead></thead></table>",
        f"<table><thead>{row}</thead><tbody></tbody></table>",
        f'<table><thead>{row}</thead><tbody><tr style="color: red"><td>b</td></tr></tbody></table>',
    ):
        assert to_markdown(table) == table + "\n"


def test_lists_far_apart_do_not_go_on_with_each_other_while_they_are_proved():
    markdown = "a\n: b\n\n- c\n\nd\n\n- e\n\nf\n: g\n"
    assert to_markdown(to_html(markdown)) == markdown


@pytest.mark.parametrize("line", ["[^1] says so", "Who\n[^1] says so", "# [^1]", "[^1]"])
def test_a_line_may_begin_with_the_mark_of_a_footnote(line):
    markdown = f"{line}\n\n[^1]: note\n"
    assert to_markdown(to_html(markdown)) == markdown


def test_the_mark_of_a_footnote_before_a_colon_is_no_footnote():
    html = to_html("[^1]\\: b\n\n[^1]: note\n")
    text, is_so = translated(html)
    assert is_so == same_dom(to_html(text), html)


def test_code_in_a_language_called_math_is_no_formula():
    html = '<p>a</p><pre><code class="language-math">x\n</code></pre><p>b</p>'
    assert same_dom(to_html(to_markdown(html)), html)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Hello <b>world</b> and <i>all</i> of <s>you</s></p>", "Hello **world** and *all* of ~~you~~"),
        ("Hello <b>world</b>", "Hello **world**"),
        ("<h2>Title #</h2><hr><p>x</p><hr>", "## Title \\#\n\n---\n\nx\n\n---"),
        ("<hr><p>not front matter</p>", "***\n\nnot front matter"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<p>one\ntwo\n- three</p>", "one\ntwo - three"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b"),
        ('<ul><li><input type="checkbox" disabled checked> done</li></ul>', "- [x] done"),
        ("<blockquote><p>q</p><blockquote>r</blockquote></blockquote>", "> q\n>\n> > r"),
        ('<pre><code class="language-py">x = 1\n\n```\n</code></pre>', "````py\nx = 1\n\n```\n````"),
        ("<p><code>a`b</code> <code> </code> <code>`</code></p>", "``a`b`` ` ` `` ` ``"),
        (
            '<p><a href="a b.md" title="t">x</a> <a href="https://a.b">https://a.b</a></p>',
            '[x](a%20b.md "t") <https://a.b>',
        ),
        ('<p><a href="https://ja.x/%E6%97%A5">日</a></p>', "[日](https://ja.x/日)"),
        ('<p><img src="i.png" alt="an [odd] name"></p>', "![an [odd] name](i.png)"),
        (
            '<table><thead><tr><th>a</th><th style="text-align: right">b</th></tr></thead>'
            "<tbody><tr><td>x|y</td><td align=right>1<br>2</td></tr></tbody></table>",
            "| a | b |\n| --- | --: |\n| x\\|y | 1<br>2 |",
        ),
        ("<p><strong>bold </strong>text<em> it</em></p>", "**bold** text *it*"),
        ("<p>un<em>believ</em>able <strong>“x”</strong>y</p>", "un*believ*able <strong>“x”</strong>y"),
        ("<p><strong><em>x</em></strong> <em><strong>y</strong></em></p>", "**_x_** ***y***"),
        ("<p>1. no list, # no heading</p><p>1. a\n</p><p>+ b</p>", "1\\. no list, # no heading\n\n1\\. a\n\n\\+ b"),
    ],
)
def test_markdown_is_what_a_person_would_write(html, markdown):
    assert to_markdown(html) == markdown + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "snake_case and 2 * 3 * 4",
        "50% off! (really) [sic]",
        "a < b > c & d",
        "C# is #1 - or not",
        "3.14 ~ pi",
        "f(x) = y|z",
        "user@host",
        "@a/b@1.2.3 and left@0.10.0, right@1",
        'it\'s "quoted"',
        "back\\slash",
        "[link] (no)",
        '[link](no target) and [liquid]({{ "/docs/" | relative_url }})',
        "[link]({{ '/docs/' | relative_url }})",
        "$a_1 + b_2$",
        "AT&T; R&D",
        "!important",
        "~5 to ~6, ~/x and ~/y",
        "a `tick",
    ],
)
def test_ordinary_text_gets_no_escapes(text):
    html = to_html(text)
    assert to_markdown(html) == text + "\n"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>~x~, 1~5 and 2~6</p>", "\\~x\\~, 1\\~5 and 2\\~6"),
        ("<p><b>~ me</b></p>", "**\\~ me**"),
        ('<p><img src="i" alt="~x~"></p>', "![\\~x\\~](i)"),
    ],
)
def test_a_tilde_that_means_something_to_github_alone_is_escaped(html, markdown):
    assert to_markdown(html) == markdown + "\n"
    assert same_dom(to_html(markdown), html)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p><code>a  b\t c</code></p>", "`a  b\t c`"),
        ("<p><code>  </code>  <code>  x</code></p>", "`  ` `  x`"),
        ("<p><code>a\n    b</code></p>", "`a b`"),
    ],
)
def test_spaces_in_code_stay(html, markdown):
    assert to_markdown(html) == markdown + "\n"
    assert same_dom(to_html(markdown), html)
    assert not same_dom("<code>a  b</code>", "<code>a b</code>")


@pytest.mark.parametrize("html", ["<p>a <?php echo $x; ?> b</p>", "<?php\necho 1; ?>", "<?php\n'>'; ?>\n<p>a</p>"])
def test_a_processing_instruction_ends_as_it_did(html):
    assert "; ?>" in to_markdown(html)
    assert same_dom(to_html(to_markdown(html)), html)


@pytest.mark.parametrize(
    "html",
    [
        '<p class="lead">x</p>',
        '<div class="note">\n<p>x</p>\n</div>',
        '<iframe src="https://www.youtube.com/embed/x" allowfullscreen></iframe>',
        '<figure><img src="a.png" alt=""><figcaption>c</figcaption></figure>',
        "<pre>\n\nno code\n\n  here</pre>",
        "<table><tbody><tr><td>no head</td></tr></tbody></table>",
        "<ul><li><p>one loose item</p></li></ul>",
        "<p></p><p>x</p>",
        "<!-- a\n\ncomment --><p>x</p>",
        "<style>\n\np > a {}\n</style>",
        '<video controls><source src="v.mp4"></video>',
        '<p><a href="javascript:x()">x</a></p>',
        "<details><summary>s</summary><p>a</p><pre><code>\n\nx</code></pre></details>",
        "<div><script>a\n\nb</script></div>",
        "<pre><code>a <b>bold</b>\n\nx</code></pre>",
    ],
)
def test_what_markdown_cannot_say_stays_html(html):
    markdown = to_markdown(html)
    assert "<" in markdown
    assert same_dom(to_html(markdown), html)
    assert to_markdown(to_html(markdown)) == markdown


def test_one_odd_paragraph_does_not_make_html_of_its_neighbours():
    html = '<blockquote><p>a <em>b</em></p><p class="x">c</p></blockquote><p>d</p>'
    assert to_markdown(html) == '> a *b*\n>\n> <p class="x">c</p>\n\nd\n'


def test_html_that_holds_blocks_holds_markdown():
    html = '<div class="tip"><p>See <a href="x.md">this</a>.</p><ul><li>a</li></ul></div>'
    assert to_markdown(html) == '<div class="tip">\n\nSee [this](x.md).\n\n- a\n\n</div>\n'


def test_a_whole_document_is_its_body():
    assert to_markdown("<!doctype html><html><head><title>T</title></head><body><p>x</p></body></html>") == "x\n"
    assert to_markdown("") == ""


HUGO = (
    '<p>x<sup id="fnref:1"><a href="#fn:1" class="footnote-ref" role="doc-noteref">1</a></sup></p>'
    '<div class="footnotes" role="doc-endnotes"><hr><ol><li id="fn:1"><p>note&#160;<a href="#fnref:1" '
    'class="footnote-backref" role="doc-backlink">&#x21a9;&#xfe0e;</a></p></li></ol></div>'
)
GITHUB = (
    '<p>x<sup><a href="#user-content-fn-a-b" id="user-content-fnref-a-b" data-footnote-ref>1</a></sup></p>'
    '<section data-footnotes class="footnotes"><h2 class="sr-only">Footnotes</h2><ol><li id="user-content-fn-a-b">'
    '<p>note <a href="#user-content-fnref-a-b" data-footnote-backref class="data-footnote-backref">↩</a></p></li></ol>'
    "</section>"
)


MARKDOWN_IT = (
    '<p>x<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup></p>\n<hr class="footnotes-sep">\n'
    '<section class="footnotes">\n<ol class="footnotes-list">\n<li id="fn1" class="footnote-item"><p>note '
    '<a href="#fnref1" class="footnote-backref">↩︎</a></p>\n</li>\n</ol>\n</section>\n'
)


@pytest.mark.parametrize(("html", "label"), [(HUGO, "1"), (GITHUB, "a-b"), (MARKDOWN_IT, "1")])
def test_footnotes_of_other_programs_are_footnotes(html, label):
    assert to_markdown(html) == f"x[^{label}]\n\n[^{label}]: note\n"


def test_footnotes_keep_their_labels_and_blocks():
    body = "a[^n] b[^long] c[^n]\n\n[^n]: one\n\n[^long]: two\n\n    ```\n    x\n\n    y\n    ```\n"
    assert to_markdown(to_html(body)) == body


def test_footnotes_that_are_not_all_there_stay_html():
    html = HUGO.replace("#fn:1", "#elsewhere")
    assert "[^" not in to_markdown(html)
    assert same_dom(to_html(to_markdown(html)), html)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("<p>a  b\n</p>", "<p>a b</p>", True),
        ("<p>a<b> b</b></p>", "<p>a <strong>b</strong></p>", True),
        ("<ul>\n<li>a</li>\n</ul>", "<ul><li>a</li></ul>", True),
        ('<a href="/é">x</a>', '<a href="/%C3%A9">x</a>', True),
        ('<p id="a" class="b">x</p>', '<p class="b" id="a">x</p>', True),
        ("<pre>a  b</pre>", "<pre>a b</pre>", False),
        ("<p>ab</p>", "<p>a b</p>", False),
        ("<p>a</p><p>b</p>", "<p>a b</p>", False),
        ("<em>a</em>", "<strong>a</strong>", False),
        ('<img src="a" alt="">', '<img src="a">', False),
        ("<p>a&nbsp;b</p>", "<p>a b</p>", False),
        ("<p>a</p><!-- x -->", "<p>a</p>", False),
    ],
)
def test_same_dom_sees_what_a_reader_sees(a, b, same):
    assert same_dom(a, b) is same


@pytest.mark.parametrize("count", [1_000, 30_000])
@pytest.mark.parametrize("tag", ["div", "blockquote", "ul><li", "em", "span", "table><tr><td", "b><p"])
def test_elements_nested_without_end_are_bounded(tag, count):
    started = time.process_time()
    assert "x" in to_markdown(f"<{tag}>" * count + "x")
    assert time.process_time() - started < 8


HOSTILE = [
    "[",
    "*a ",
    "_a",
    "`a``",
    "&lt;a ",
    "http://a.b ",
    "<em>a</em>",
    "<br>",
    "\x01\x0b",
    " \n\t",
    "a@",
    "<!-- -->",
    "&#13;",
    "![",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_long_lines_are_bounded(unit):
    started = time.process_time()
    to_markdown("<p>" + unit * (60_000 // len(unit)) + "</p>")
    assert time.process_time() - started < 8


@pytest.mark.parametrize(
    "html",
    [
        "<p " + "a=1 b=2 " * 50_000 + ">x",
        "\ud800<p>x\udfff",
        "\0<p>a\0b",
        "<p",
        "</",
        "<!--",
        "<plaintext>*a*",
        "<frameset><frame>",
    ],
)
def test_broken_html_is_read_as_browsers_do(html):
    to_markdown(html)


def test_a_tag_alone_on_the_first_line_begins_no_block():
    html = '<p><i class="y">\n- </i><em>\n</em></p>'
    assert to_markdown(to_html(to_markdown(html))) == to_markdown(html)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<xmp>*a* &amp; <b>\n\nc</xmp>", "<pre>*a* &amp;amp; &lt;b>\n\nc</pre>\n"),
        ("<p>a<xmp>\nb", "a\n\n<pre>\n\nb</pre>\n"),
        ("<plaintext>a\n\n<i>b", "<pre>a\n\n&lt;i>b</pre>\n"),
        ("<listing>\n a\n\n b</listing>", "<pre> a\n\n b</pre>\n"),
        ("<ul><li><xmp>a\n\nb</ul>", "- <pre>a\n\n  b&lt;/ul></pre>\n"),
    ],
)
def test_obsolete_names_of_preformatted_text_are_pre(html, markdown):
    assert to_markdown(html) == markdown
    assert same_dom(to_html(markdown), html)
    assert to_markdown(to_html(markdown)) == markdown


@pytest.mark.parametrize("html", ["<iframe>a\n\nb", "<noframes>a\n \n\nb</noframes>c", "<template>a\n\nb</template>"])
def test_a_blank_line_that_nobody_sees_does_not_end_html(html):
    markdown = to_markdown(html)
    assert to_markdown(to_html(markdown)) == markdown

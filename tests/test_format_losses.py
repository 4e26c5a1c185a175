"""Losses of translation: told when there are any, and only then. Shapes that real posts have."""

from __future__ import annotations

import time

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.foreign import foreign
from gitsync.markdown.formats import named
from gitsync.markdown.render import to_html

FRAME = '<iframe src="https://www.youtube.com/embed/PsXWbI2Mqu0"></iframe>'


def codes(name: str, body: str) -> list[str]:
    return [loss.code for loss in named(name).write(body).losses]


@pytest.mark.parametrize("name", ["html", "wordpress", "medium"])
def test_a_footnote_that_nothing_refers_to_is_told(name: str) -> None:
    body = "Words[^used].\n\n[^used]: Shown.\n\n[^alone]: Not shown.\n"
    [loss] = [it for it in named(name).write(body).losses if it.code == "NOTE_UNUSED"]
    assert "[^alone]" in loss.message
    assert body[loss.offset :].startswith("[^alone]")
    assert "NOTE_UNUSED" not in codes(name, "`[^x]: code`\n")


@pytest.mark.parametrize("name", ["wordpress", "medium"])
@pytest.mark.parametrize(
    "embed",
    [
        "{% youtube PsXWbI2Mqu0 %}",
        "https://www.youtube.com/watch?v=PsXWbI2Mqu0",
        "{{< youtube PsXWbI2Mqu0 >}}",
        '<iframe width="560" height="315" src="https://www.youtube.com/embed/PsXWbI2Mqu0" frameborder="0"></iframe>',
        "https://x.com/someone/status/20",
        "<https://x.com/someone/status/20>",
        "%[https://mobile.twitter.com/someone/status/20]",
        "https://codepen.io/someone/pen/gfdDu",
    ],
)
def test_an_embed_that_is_spelled_otherwise_there_is_no_loss(name: str, embed: str) -> None:
    assert codes(name, f"Before.\n\n{embed}\n\nAfter.\n") == []


@pytest.mark.parametrize(
    "body",
    [
        "- item\n\n  ```sh\n  a <b> & c\n\n  d\n  ```\n",
        "> ```js\n> let a = 1 < 2\n> ```\n",
        "1. one\n\n   ```\n   no language\n   ```\n\n2. two\n",
    ],
)
def test_code_in_lists_and_quotes_keeps_its_language_on_medium(body: str) -> None:
    medium = named("medium")
    assert same_dom(to_html(medium.read(medium.write(body).text)), to_html(body))
    assert codes("medium", body) == []


def test_a_picture_in_a_box_is_read_from_medium() -> None:
    story = '<div class="figure"><img src="https://x.example/a.png" alt="A"></div>'
    assert named("medium").read(story).strip() == "![A](https://x.example/a.png)"


def test_one_loss_is_told_once_and_by_its_own_name() -> None:
    assert codes("medium", "# One\n\n##### Five\n") == ["HEADING_FLAT"]
    assert codes("medium", "| a |\n|---|\n| b |\n") == ["TABLE_FLAT"]


@pytest.mark.parametrize("name", ["html", "wordpress", "medium", "ghost", "devto"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("$$\na_{1} \\\\ b\n$$\n", False),
        ("So $x *y* \\alpha$th it is.\n", True),
        ("So $a^2 + b^2 = c^2$ it is.\n", False),
        ("From $5 to $10, and 3$ for x_1.\n", False),
        ("`$a \\\\ b$`\n", False),
    ],
)
def test_a_formula_is_told_where_markdown_changes_it(name: str, body: str, told: bool) -> None:
    assert ("MATH_CHANGED" in codes(name, body)) == told


@pytest.mark.parametrize("name", ["html", "wordpress", "medium"])
def test_an_embed_that_is_escaped_stays_words(name: str) -> None:
    body = "Translation so:\n\n%\\[<https://codepen.io/ada/pen/abcdef>]\n"
    again = named(name).read(named(name).write(body).text)
    assert again == body
    assert named(name).read(named(name).write(again).text) == body


def test_words_that_hashnode_takes_for_a_picture_are_told() -> None:
    words = '![A dog](https://x.example/dog.png align="left")'
    assert codes("hashnode", f"See:\n\n{words}\n") == ["IMAGE_ALIGNED"]
    assert named("hashnode").write(f"See:\n\n{words}\n").losses[0].offset == 6
    assert codes("hashnode", f"See `{words}`, or\n\n```\n{words}\n```\n") == []


def test_tags_whose_attributes_no_markdown_can_say_are_told() -> None:
    broken = "<hr style={{clear: 'both', width: 80}} />\n<img src=\"a.png\" style={{float: 'left', padding: 20}} />\n"
    assert codes("html", f"Words.\n\n{broken}") == ["HTML_CHANGED"]
    assert codes("html", 'Words.\n\n<img src="a.png" style="float: left">\n') == []


PLATFORMS = {"html": (), "wordpress": ("wordpress",), "ghost": (), "medium": (), "hashnode": (), "devto": ("liquid",)}


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("liquid", "{% runkit %}\nx\n{% endrunkit %}"),
        ("liquid", "Text {% include note.html %} goes on."),
        ("hugo", '{{< figure src="a.png" >}}'),
        ("hugo", "A {{% notice tip %}} b."),
        ("wordpress", '[gallery ids="1,2"]'),
        ("wordpress", "[caption width=3]Words[/caption]"),
    ],
)
def test_a_tag_that_only_another_platform_runs_is_told(name: str, language: str, tag: str) -> None:
    body = f"Before.\n\n{tag}\n"
    losses = [it for it in named(name).write(body).losses if it.code == "TAG_WORDS"]
    assert [body[it.offset :].startswith(tag[:1]) or "A " in tag or "Text" in tag for it in losses] == (
        [] if language in PLATFORMS[name] else [True]
    )


@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize(
    "body",
    [
        "`{{< figure >}}` and `[gallery]`\n",
        "```\n{{< figure >}}\n[audio]\n```\n",
        "<!-- {{< figure >}} -->\n",
        "[gallery](https://a.example) and [video][1]\n\n[1]: https://a.example\n",
        "{% youtube PsXWbI2Mqu0 %}\n",
        "A \\[gallery] of words, arrays[audio], and {{ a variable }}\n",
    ],
)
def test_what_is_no_tag_is_not_told(name: str, body: str) -> None:
    assert "TAG_WORDS" not in codes(name, body)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_card_that_was_kept_for_one_platform_is_told_for_the_others(name: str) -> None:
    card = "CARD_UNSEEN" in codes(name, 'a\n\n<!-- ghost:product {"type":"product"} -->\n')
    block = "CARD_UNSEEN" in codes(name, 'a\n\n<!-- wp:latest-posts {"n":1} /-->\n')
    assert (card, block) == (name != "ghost", name != "wordpress")


@pytest.mark.parametrize("name", ["html", "wordpress", "medium", "ghost"])
def test_spaces_that_do_not_break_stay_at_edges(name: str) -> None:
    body = "&nbsp;\n\nA.&nbsp;\n\n- &nbsp;b&nbsp;\n"
    written = named(name).write(body)
    assert written.losses == ()
    assert named(name).read(written.text) == body


@pytest.mark.parametrize("html", ['<b style="x: y"><p>a</p></b>', '<div><a href="x"><div>b</div></a></div>'])
@pytest.mark.parametrize("name", ["html", "wordpress", "ghost"])
def test_a_line_element_around_boxes_stays_html(name: str, html: str) -> None:
    body = named("html").read(html)
    assert same_dom(to_html(body), html)
    assert named(name).read(named(name).write(body).text) == body


@pytest.mark.slow
@pytest.mark.parametrize("name", PLATFORMS)
@pytest.mark.parametrize("hostile", ["<table><tr><td>" * 1000, "<div>" * 3000 + "x" + "</div>" * 3000, "> " * 3000])
def test_nesting_without_end_is_read_and_written(name: str, hostile: str) -> None:
    assert named(name).read(hostile) is not None
    assert named(name).write(hostile).text


@pytest.mark.parametrize("body", ["# A <b class=x>b</b>\n\n#### C\n", "<table><tr><td>a</td></tr></table>\n"])
def test_html_that_medium_makes_its_own_stays_so_from_the_first_time_on(body: str) -> None:
    medium = named("medium")
    once = medium.read(medium.write(body).text)
    assert medium.read(medium.write(once).text) == once


@pytest.mark.parametrize("name", ["html", "wordpress", "medium", "ghost", "hashnode"])
@pytest.mark.parametrize(
    "tag",
    [
        "{% foo https://a.example/x %}",
        "{% foo *a* b_c_ %}",
        '{{< figure src="x.png" caption="some **bold** text" >}}',
        '{{< figure src="x.png" link="https://a.example/" >}}',
        "> Words\n> {: .prompt-info }",
        '![a](b.png){: width="300" .left}',
        "Words {% foo a %} after `code` and ``{% b ` c %}``",
        "%[https://youtu.be/dQw4w9WgXcQ] and words",
    ],
)
def test_a_tag_is_told_whatever_is_in_it(name: str, tag: str) -> None:
    expected = 0 if name == "hashnode" and tag.startswith("%") else 1
    assert codes(name, f"Before.\n\n{tag}\n").count("TAG_WORDS") == expected


@pytest.mark.parametrize(
    "body",
    [
        "`{% foo %}` and ``{{< a ` b >}}`` and `{: .x}`\n",
        "```\n{% foo %}\n{: .x }\n```\n",
        "<!-- {% foo %} {: .x } -->\n",
        "A map in Clojure: {:a 1}, `x`.\n",
        "100%[1] and %[x]\n",
    ],
)
def test_what_only_looks_like_a_tag_is_not_told(body: str) -> None:
    assert "TAG_WORDS" not in codes("html", body)


def test_a_tag_on_a_line_beside_an_embed_is_told() -> None:
    body = "{% embed https://youtu.be/dQw4w9WgXcQ %}\n{% foo %}\n"
    [loss] = [it for it in named("html").write(body).losses if it.code == "TAG_WORDS"]
    assert body[loss.offset :] == "{% foo %}\n"
    assert "TAG_WORDS" not in codes("html", "Words\n{% youtube dQw4w9WgXcQ %}\n")
    assert "TAG_WORDS" in codes("ghost", "Words\n{% youtube dQw4w9WgXcQ %}\n")  # no card inside a paragraph


def test_a_word_between_tildes_is_told_once_for_ghost() -> None:
    assert codes("ghost", "now ~old~\n") == ["SIGNS_MARKED"]
    assert codes("ghost", "now ~old words~\n") == ["TILDE_WORDS"]


@pytest.mark.parametrize("name", PLATFORMS)
def test_one_tilde_strikes_nothing_out_but_on_github_and_that_is_told(name: str) -> None:
    assert "TILDE_WORDS" in codes(name, "now ~old *text*~, and **~that~**\n")
    assert "<del>" not in to_html("now ~old~, 1~5 and 6~10\n")


@pytest.mark.parametrize(
    "body",
    [
        "1~5 and 6~10",
        "H~2~O",
        "5~10%, or ~20%~ish",
        "cp ~/a ~/b",
        "`~x~`",
        "~~x~~",
        "\\~x\\~",
        "~a ~~b~~",
        "약 5~10MB, 1~2GB",
    ],
)
def test_a_tilde_that_nobody_means_to_strike_out_is_not_told(body: str) -> None:
    assert "TILDE_WORDS" not in codes("html", body)


@pytest.mark.parametrize(
    "body", ["- {}\n", "1. One\n\n   {}\n", "Words.\n{}\n", "{}\nWords.\n", "> - {}\n", "[^1]\n\n[^1]: {}\n"]
)
@pytest.mark.parametrize("tag", ["{% youtube PsXWbI2Mqu0 %}", "%[https://youtu.be/PsXWbI2Mqu0]"])
def test_an_embed_that_wordpress_shows_as_words_is_told(body: str, tag: str) -> None:
    [loss] = [it for it in named("wordpress").write(body.format(tag)).losses if it.code == "TAG_WORDS"]
    assert body.format(tag).count("\n", 0, loss.offset) == body.partition("{}")[0].count("\n")
    assert "TAG_WORDS" not in codes("wordpress", f"> {tag}\n\n<details>\n<summary>S</summary>\n\n{tag}\n\n</details>\n")


@pytest.mark.parametrize("name", ["html", "wordpress", "ghost", "medium", "hashnode"])
def test_a_raw_block_is_told_where_it_is_words(name: str) -> None:
    assert codes(name, "Use {% raw %}{{ x }}{% endraw %} so.\n") == ["TAG_WORDS"]


@pytest.mark.parametrize("name", ["html", "wordpress", "ghost", "medium", "hashnode", "devto"])
@pytest.mark.parametrize(
    "body",
    [
        "![a]({{ site.baseurl }}/images/x.png)\n",
        '[a]({{ "/about/" | relative_url }})\n',
        "![a]({{ '/x.png' | absolute_url }})\n",
        "{{ page.title }}\n",
    ],
)
def test_what_jekyll_alone_fills_in_is_told(name: str, body: str) -> None:
    assert codes(name, body) == ["TAG_WORDS"]
    assert codes(name, "Vue has `{{ page.title }}` and {{ message }}.\n") == []


@pytest.mark.parametrize(
    "embed",
    [
        "https://gist.github.com/someone/6cad326836d38bd3a7ae#file-a-txt",
        "{% github octo/cat %}",
        "{% stackblitz ng-demo %}",
    ],
)
def test_what_wordpress_shows_as_a_link_is_told(embed: str) -> None:
    [loss] = named("wordpress").write(f"Before.\n\n{embed}\n\n{embed}\n").losses
    assert (loss.code, loss.offset) == ("EMBED_LINK", len("Before.\n\n"))
    assert codes("wordpress", '<script src="https://gist.github.com/a/6cad326836d38bd3a7ae.js"></script>\n') == []
    assert "EMBED_LINK" not in codes("medium", embed)


@pytest.mark.parametrize("name", ["html", "wordpress", "ghost", "medium", "hashnode", "devto"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("![[a b.png]] and `[[x]]`\n", "![[a b.png]]"),
        ("See [[Note|that]].\n", "[[Note|that]]"),
        ('{{< figure src="a.png" >}}\n', '{{< figure src="a.png" >}}'),
        ("> [!info] T\n", "[!info]"),
        ("> [!question]- T\n>\n> x\n", "[!question]-"),
        ("- > [!NOTE]\n  >\n  > x\n", "[!NOTE]"),
    ],
)
def test_what_only_obsidian_and_hugo_show_is_told(name: str, body: str, said: str) -> None:
    assert [said in loss.message for loss in named(name).write(body).losses] == [True]


@pytest.mark.parametrize(
    "body",
    [
        "[[1]](https://a.example) [[x]] \\[[y]] a[[0]] [[1,2],[3]] [[ -f x ]] `[[z]]`\n\n[x]: https://a.example\n",
        "> [!a](https://a.example)\n\n> [!b]\n\n> \\[!info]\n\n[!b]: https://a.example\n",
    ],
)
def test_brackets_that_are_links_or_words_are_not_told(body: str) -> None:
    assert named("wordpress").write(body).losses == ()


def test_boxes_are_signs_on_medium_beside_html_too() -> None:
    written = named("medium").write("- [x] done\n- [ ] not\n\n<!-- more -->\n")
    assert [loss.code for loss in written.losses] == ["TASKS_FLAT"]
    assert "☑ done" in written.text
    assert "<input" not in written.text


@pytest.mark.parametrize("told", ["[^x]: nobody asks\n\n", "{% if a %}\n\n", "a ~b~ c\n\n"])
@pytest.mark.parametrize(
    ("platform", "broken"),
    [
        ("html", "Words.\n\n<hr style={{width: 80}} />\n<img src=\"a.png\" style={{float: 'left', padding: 20}} />\n"),
        ("medium", "<div><b>x</div>y\n"),
    ],
)
def test_a_told_loss_that_changes_no_page_hides_no_other_one(platform: str, broken: str, told: str) -> None:
    assert codes(platform, broken) == ["HTML_CHANGED"]
    assert len(codes(platform, told)) == 1
    assert codes(platform, told + broken) == [*codes(platform, told), "HTML_CHANGED"]


def test_headings_and_strokes_on_medium_hide_no_other_loss() -> None:
    broken = "<div><b>x</div>y\n"
    told = "# One\n\n#### Four ~~gone~~ [there](#four)\n\n"
    losses = ["HEADING_FLAT", "ANCHOR_LOST", "STRIKE_LOST"]
    assert codes("medium", told) == losses
    assert codes("medium", told + broken) == [*losses, "HTML_CHANGED"]


FLATTENED = {
    "| a | b |\n|---|---|\n| *c* | d |\n": "TABLE_FLAT",
    '<table class="x"><tr><td>a</td></tr></table>\n': "TABLE_FLAT",
    "Term\n: What it *means*\n\n  - more\n": "DEFS_FLAT",
    "A note[^1], [^b] and again[^1].\n\n[^1]: The *note*.\n\n[^b]: One\n\n    two\n": "NOTES_LISTED",
    "1. [x] *done*\n2. [ ] not\n": "TASKS_FLAT",
    "<details open>\n<summary>S <b>b</b></summary>\n\n- a\n\n</details>\n": "DETAILS_FLAT",
    "{% details S %}\n\nInner\n\n{% enddetails %}\n": "DETAILS_FLAT",
    "So $x_1$ is.\n\n> $$\n> y\n> $$\n": "MATH_TEX",
    "{% katex %}\nx_1\n{% endkatex %}\n": "MATH_TEX",
    "> [!TIP] Own *title*\n> - a\n>\n> Words.\n\nAfter.\n": "ALERT_WORDS",
    '<p style="color: red">a <mark>b</mark></p>\n': "HTML_STRIPPED",
    "Click <button>me</button> and <svg><text>no</text></svg>\n": "HTML_STRIPPED",
    "<style>\np { color: red }\n</style>\n": "HTML_STRIPPED",
    f'<div class="video">\n{FRAME}\n</div>\n': "HTML_STRIPPED",
    "~~a~~ <s>b</s> <del class=x>c</del>\n": "STRIKE_LOST",
}


@pytest.mark.parametrize("told", FLATTENED)
@pytest.mark.parametrize(
    "second",
    [
        "<div><p>boxed</p></div>\n",
        '<p class="lead">Words</p>\n',
        '<img src="a.png" alt="A" srcset="b.png 2x">\n',
        "> one\n\n<!-- -->\n\n> two\n",
    ],
)
def test_a_loss_told_for_medium_hides_no_second_one(told: str, second: str) -> None:
    assert {*codes("medium", told)} == {FLATTENED[told]}
    assert codes("medium", second) == ["HTML_CHANGED"]
    for body in (f"{told}\n{second}", f"{second}\n{told}"):
        assert {*codes("medium", body)} == {FLATTENED[told], "HTML_CHANGED"}


@pytest.mark.parametrize(
    "body",
    [
        '<a href="b">\na\n</a>\n',
        "<strong>\na\n</strong>\n",
        '<a href="b">\n<img src="c.png" alt="">\n</a>\n',
        '<img src="c.png" alt="">\n',
        "a <![CDATA[ b ]]> c <!-- d -->\n",
    ],
)
def test_what_medium_only_puts_in_a_paragraph_is_no_loss(body: str) -> None:
    assert codes("medium", body) == []


def test_no_word_of_a_table_is_lost_on_medium_whatever_its_rows() -> None:
    table = "<table><caption>All <b>of</b> it</caption><tr><th colspan=2>a</th></tr><tr><td>b<br>c</td><td>d</td></tr>"
    written = named("medium").write(f"{table}</table>\n")
    assert written.text == '<p>All <strong>of</strong> it</p>\n<pre data-code-block-mode="2">a\nb c | d</pre>\n'
    assert [loss.code for loss in written.losses] == ["TABLE_FLAT"]


def test_footnotes_are_listed_on_medium_beside_html_too() -> None:
    written = named("medium").write("A note[^1] <u>here</u>.\n\n[^1]: The *note*.\n")
    assert [loss.code for loss in written.losses] == ["NOTES_LISTED"]
    assert "<p>A note[1] <u>here</u>.</p>\n<hr>\n<ol>\n<li><p>The <em>note</em>.</p>" in written.text


def test_rules_of_looks_are_no_words_on_medium() -> None:
    assert named("medium").write("<style>p { color: red }</style>\n\nWords.\n").text == "<p>Words.</p>\n"


@pytest.mark.parametrize("name", ["wordpress", "ghost", "medium"])
def test_formulas_that_are_tags_are_told_as_formulas(name: str) -> None:
    [loss] = named(name).write("Words.\n\n{% katex %}\nx_1\n{% endkatex %}\n").losses
    assert (loss.code, loss.offset) == ("MATH_TEX", 8)


def test_thousands_of_tags_of_one_paragraph_are_told_in_linear_time() -> None:
    body = ("{% a %}" + "x" * 700 + "\n") * 8_000 + "{% b %}\n"
    started = time.process_time()
    assert [loss.offset for loss in foreign(body, "Ghost")] == [0, body.index("{% b")]
    assert time.process_time() - started < 4  # 7 seconds, once


def test_words_outside_of_any_block_keep_their_link_and_marks_on_medium() -> None:
    medium = named("medium")
    assert medium.read('<a href="https://x.example">a</a> b <em>c</em>').strip() == "[a](https://x.example) b *c*"
    assert medium.read('<section><strong>a</strong></section><a href="b">c</a>').strip() == "**a**\n\n[c](b)"
    for body in ('<a href="b">\n<img src="c.png">\n</a>\n', "<strong>\na\n</strong>\n"):
        assert same_dom(medium.write(body).text, f"<p>{body}</p>")
    assert codes("medium", "<del>\na\n</del>\n") == ["STRIKE_LOST"]

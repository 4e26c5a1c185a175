"""Ghost's documents and Markdown: a body comes back byte for byte, a person's nodes as a person would write them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitsync.markdown.edges import WIDE
from gitsync.markdown.equality import same_dom
from gitsync.markdown.ghost_format import chunks, nodes_of, read, write, write_like
from gitsync.markdown.ghost_nodes import kept_in, said
from gitsync.markdown.pages import page
from gitsync.markdown.render import to_html


def document(*nodes: Any) -> str:
    return json.dumps({"root": {"children": list(nodes), "type": "root", "version": 1}})


def text(value: str, format: int = 0) -> dict[str, Any]:
    return {"type": "extended-text", "text": value, "format": format, "version": 1}


def line(*children: Any, type: str = "paragraph", **more: Any) -> dict[str, Any]:
    return {"type": type, "children": list(children), "version": 1, **more}


NODES = {
    "paragraph": (line(text("Hello "), text("bold ", 1), text("both", 3)), "Hello **bold _both_**"),
    "overlapping": (
        line(text("("), text("both", 3), text(" italic "), text("alone", 2), text(")")),
        "(**_both_** italic *alone*)",
    ),
    "one bold run": (
        line(text("One ", 1), {"type": "linebreak"}, {"type": "linebreak"}, text("Two", 3), text(" `x`", 1)),
        "**One\\\n\\\n*Two* \\`x\\`**",
    ),
    "code in bold": (line(text("a ", 1), text("code", 17), text(" b", 1), text("c", 16)), "**a `code` b**`c`"),
    "rel": (
        line(line(text("x"), type="link", url="https://a.example/", rel="noreferrer sponsored", target="_blank")),
        '<a href="https://a.example/" rel="sponsored" target="_blank">x</a>',
    ),
    "break": (line(text("a"), {"type": "linebreak"}, text("b")), "a\\\nb"),
    "link": (line(line(text("x"), type="link", url="https://a.example/?b=1&c")), "[x](https://a.example/?b=1&c)"),
    "heading": (line(text("H"), type="extended-heading", tag="h3"), "### H"),
    "quote": (line(text("q"), type="extended-quote"), "> q"),
    "aside": (line(text("q"), type="aside"), "> q"),
    "list": (
        line(
            line(text("a"), type="listitem"),
            line(line(line(text("n"), type="listitem"), type="list", listType="bullet"), type="listitem"),
            type="list",
            listType="number",
        ),
        "1. a\n   - n",
    ),
    "check": (
        line(line(text("a"), type="listitem", checked=True), type="list", listType="check"),
        "- [x] a",
    ),
    "code": ({"type": "codeblock", "code": "x\n\n  y", "language": "c++"}, "```c++\nx\n\n  y\n```"),
    "image": ({"type": "image", "src": "https://a.example/i.png", "alt": "A", "cardWidth": "wide"}, "![A](https://a.example/i.png)"),
    "caption": (
        {"type": "image", "src": "i.png", "caption": "C <b>c</b>"},
        '<figure>\n<img alt="" src="i.png"><figcaption>C <strong>c</strong></figcaption></figure>',
    ),
    "gallery": ({"type": "gallery", "images": [{"src": "a.png"}, {"src": "b.png"}]}, "![](a.png)\n![](b.png)"),
    "embed": ({"type": "embed", "url": "https://youtu.be/dQw4w9WgXcQ", "html": "<i>"}, "https://youtu.be/dQw4w9WgXcQ"),
    "bookmark": ({"type": "bookmark", "url": "https://a.example/"}, "{% embed https://a.example/ %}"),
    "callout": ({"type": "callout", "calloutEmoji": "💡", "calloutText": "<p>Hi <b>x</b></p>"}, "> 💡 Hi **x**"),
    "toggle": (
        {"type": "toggle", "heading": "H", "content": "<p>c</p>"},
        "<details>\n<summary>H</summary>\n\nc\n\n</details>",
    ),
    "button": ({"type": "button", "buttonUrl": "https://a.example", "buttonText": "Go"}, "[Go](https://a.example)"),
    "file": ({"type": "file", "src": "https://a.example/f.pdf", "fileName": "f.pdf"}, "[f.pdf](https://a.example/f.pdf)"),
    "video": ({"type": "video", "src": "https://a.example/v"}, '<video src="https://a.example/v" controls></video>'),
    "paywall": ({"type": "paywall"}, "<!--members-only-->"),
    "html": ({"type": "html", "html": "<div>x</div>"}, "<div>x</div>"),
    "rule": ({"type": "horizontalrule"}, "***"),
    "markdown": ({"type": "markdown", "markdown": "# *x*"}, "# *x*"),
}  # fmt: skip

CARDS = [
    {"type": "product", "version": 1, "productTitle": "--> <b>", "productRating": 5},
    {"type": "signup", "header": "Join", "labels": []},
    {"type": "email-cta", "html": "<p>x</p>"},
    {"type": "transistor", "transistorUrl": "https://a.example"},
    {"type": "from-the-future", "x": {"y": [1, None, "é"]}},
    {"type": "html", "html": "<p>a</p>\n\n<p>b</p>"},
    {"type": "html", "html": "<p>a</p>", "visibility": {"web": {"nonMember": False}}},
    {"type": "image"},
    {"type": "codeblock", "code": "x", "caption": "C"},
    {"type": "embed", "url": "javascript:alert(1)", "html": "<script>"},
    {"type": "callout", "calloutText": "<ul><li>a</li></ul>"},
]


@pytest.mark.parametrize("name", NODES)
def test_a_node_of_the_editor_is_good_markdown(name: str) -> None:
    node, markdown = NODES[name]
    assert read(document(node)).rstrip("\n") == markdown


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card["type"])
def test_a_card_without_a_word_in_markdown_is_kept_and_written_back(card: dict[str, Any]) -> None:
    body = read(document(line(text("Before.")), card, line(text("After."))))
    assert "\n" not in body.split("\n\n")[1]
    assert kept_in(body.split("\n\n")[1]) == card
    nodes = nodes_of(write(body).text)
    assert nodes is not None
    assert nodes[1] == card


@given(st.text(alphabet=st.characters(exclude_characters="\r\0", exclude_categories=["Cs"]), max_size=200))
@settings(max_examples=100)
def test_any_body_of_words_is_one_card_byte_for_byte(body: str) -> None:
    nodes = nodes_of(write(body).text)
    assert nodes is not None
    has_more = any(
        sign in body for sign in "$:~{" + WIDE
    )  # formulas, definitions, tags and edges are spelled otherwise
    if len(nodes) == 1 and nodes[0]["type"] == "markdown" and not has_more:
        assert nodes[0]["markdown"] == body
    once = read(write(body).text)
    assert read(write(once).text) == once


def test_white_space_that_markdown_it_strips_is_sent_as_entities_and_reads_as_the_same_page() -> None:
    body = "\u3000One\n\u3000two\u00a0\n\n# \u00a0Three\n\n| \u3000a | b |\n| --- | --- |\n\n\u3000\n"
    (node,) = nodes_of(write(body).text) or []
    said = "&#12288;One\n\u3000two&#160;\n\n# &#160;Three\n\n| &#12288;a | b |\n| --- | --- |\n\n&#12288;\n"
    assert node["markdown"] == said
    assert MarkdownIt().enable("table").render(said) == to_html(body)
    assert same_dom(to_html(read(write(body).text)), to_html(body))


def test_embeds_and_kept_cards_part_the_text_and_join_it_again() -> None:
    body = (
        "Text.\n\nhttps://youtu.be/dQw4w9WgXcQ\n\nMore\nlines.\n\n{% embed https://a.example/ %}\n\n"
        f"{said(CARDS[0]).markdown}\n\n- end\n"
    )
    nodes = nodes_of(write(body).text)
    assert nodes is not None
    assert [node["type"] for node in nodes] == ["markdown", "embed", "markdown", "bookmark", "product", "markdown"]
    assert read(write(body).text) == body


def test_embeds_inside_lists_code_and_sentences_stay_text() -> None:
    body = "- https://youtu.be/dQw4w9WgXcQ\n\n```\n%[https://youtu.be/dQw4w9WgXcQ]\n```\n\nSee https://youtu.be/x1234567.\n"
    assert read(write(body).text) == body
    nodes = nodes_of(write(body).text)
    assert nodes is not None
    assert len(nodes) == 1


def test_nodes_that_nobody_changed_stay_when_others_are_sent() -> None:
    natives = [NODES[name][0] for name in ("paragraph", "heading", "toggle", "image", "callout", "list", "code")]
    stored = document(*natives, CARDS[0])
    nodes = nodes_of(write_like(read(stored).replace("Hello", "Bye"), stored))
    assert nodes is not None
    assert nodes[1:] == [*natives[1:], CARDS[0]]
    assert nodes[0]["type"] == "markdown"
    assert nodes_of(write_like(read(stored), stored)) == [*natives, CARDS[0]]


def test_two_lists_side_by_side_stay_two() -> None:
    one = line(line(text("a"), type="listitem"), type="list", listType="bullet")
    two = line(line(text("b"), type="listitem"), type="list", listType="bullet")
    assert read(document(one, two)) == "- a\n\n* b\n"


@pytest.mark.parametrize(
    "broken",
    ["", "plain *text*", "{}", '{"root": 7}', '{"root": {"children": 7}}', "[1]", "[" * 5000, '{"sections": []}'],
)
def test_what_is_no_document_is_text_or_empty(broken: str) -> None:
    assert read(broken) in (broken, "")


def test_hostile_documents_are_read_in_bounded_time() -> None:
    deep: Any = text("x")
    for _ in range(400):
        deep = line(deep)
    assert isinstance(read(document(deep)), str)
    odd = [7, None, "x", {"type": None}, {"type": "list", "children": "x"}, {"type": "paragraph", "children": [1]}]
    assert isinstance(read(document(*odd)), str)
    assert len(chunks([line(text("word " * 2000)) for _ in range(200)])) == 200


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("if a==b and c==d\n", ["marked text"]),
        ("H~2~O is 2^10^\n", ["a superscript", "a subscript"]),
        ("2^10 and 3^5, ~/a and ~b, a == b == c, ~~gone~~, `x==y==z`, a note[^1] and [^1]\n\n[^1]: Note.\n", []),
        (r"\==a\== and \^b\^, [l](/a~b~c) <a href='x^y^z'>z</a>" + "\n", []),
    ],
)
def test_signs_that_ghost_takes_for_markup_are_told(body: str, told: list[str]) -> None:
    losses = [loss for loss in write(body).losses if loss.code == "SIGNS_MARKED"]
    assert [loss.message.partition(" for ")[2] for loss in losses] == told


VIDEO = "https://youtu.be/dQw4w9WgXcQ"
PARTED = {
    "links": f"See [x][1], [Y].\n\n{VIDEO}\n\nMore [z][1], ![i][p].\n\n{{% embed https://a.example/x %}}\n\nLast.\n\n"
    '[1]: https://a.example/1 "A *t*"\n[y]: <https://a.example/y z>\n[p]: p.png\n',
    "links defined before": f"[1]: https://a.example/1\n\n[x][1]\n\n{VIDEO}\n\n[z][1]\n\n[1]: https://a.example/2\n",
    "a label in code": f"`[x]` and\n\n```\n[x]\n```\n\n{VIDEO}\n\n[x]: https://a.example\n",
    "a definition in a quote": f"> [x]\n>\n> [x]: https://a.example/(q)\n\n{VIDEO}\n\n- [x]\n",
    "a kept card": 'See [x].\n\n<!-- ghost:product {"type":"product","version":1} -->\n\n[x]: https://a.example\n',
    "footnotes after embeds": f"{VIDEO}\n\nA note[^1].\n\n[^1]: One, with a [link].\n\n[link]: https://a.example\n",
    "a frame": 'A[^1].\n\n<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>\n\nB\n\n[^1]: One.\n',
}


@pytest.mark.parametrize("name", PARTED)
def test_links_and_footnotes_reach_over_cards(name: str) -> None:
    body = PARTED[name]
    written = write(body)
    assert (written.losses, read(written.text)) == ((), body)
    page = to_html(re.sub(rf"^(?:{VIDEO}|{{% embed.*)$", "", body, flags=re.MULTILINE), named=False)
    texts = [node["markdown"] for node in nodes_of(written.text) or () if node["type"] == "markdown"]
    shown = "".join(to_html(text, named=False) for text in texts)
    for mark in ("<a href=", "<img", 'class="footnote-ref"', "<li id="):
        assert shown.count(mark) == page.count(mark)


def test_an_embed_among_footnotes_is_html_in_their_card() -> None:
    body = f"One[^1].\n\n{VIDEO}\n# Two[^2]\n\n[^1]: A\n[^2]: B\n"
    [node] = nodes_of(write(body).text) or []
    assert '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"' in node["markdown"]
    again = read(write(body).text)
    assert (write(body).losses, same_dom(page(again), page(body))) == ((), True)


def test_a_card_among_footnotes_is_told() -> None:
    kept = '<!-- ghost:product {"type":"product","version":1} -->'
    body = f"One[^1].\n\n{kept}\n\n{{% embed https://a.example/x %}}\n\n[^1]: A\n"
    assert [(it.code, it.offset) for it in write(body).losses] == [("NOTES_WORDS", 10), ("EMBED_LINK", 65)]
    body = f"{kept}\n\nOne[^1].\n\n[^1]: A\n\n{kept}\n"
    assert [(it.code, it.offset) for it in write(body).losses] == [("NOTES_BEFORE", body.rindex(kept))]


def test_a_definition_that_was_edited_in_one_card_is_not_dropped() -> None:
    stored = write(PARTED["links"]).text
    edited = read(stored.replace("   [1]: https://a.example/1", "   [1]: https://a.example/new"))
    assert "[1]: https://a.example/new" in edited
    assert "[1]: https://a.example/1" in edited


def test_an_edit_keeps_the_nodes_of_the_editor_and_the_links_of_the_rest() -> None:
    stored = document(line(text("Bold", 1)), {"type": "markdown", "markdown": "See [x].\n\n[x]: https://a.example"})
    body = read(stored).replace("**Bold**", "[x] and\n\n**Bold**\n\n[x]")
    nodes = nodes_of(write_like(body, stored)) or []
    assert [node["type"] for node in nodes] == ["markdown", "paragraph", "markdown"]
    assert nodes[0]["markdown"] == "   [x]: https://a.example\n\n[x] and"
    assert read(document(*nodes)) == body
    noted = body.replace("[x] and", "[x] and[^1]") + "\n[^1]: Noted.\n"
    assert [node["type"] for node in nodes_of(write_like(noted, stored)) or ()] == ["markdown"]

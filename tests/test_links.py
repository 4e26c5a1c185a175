import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.markdown.links import find_links, rewrite


def urls(body):
    return [link.url for link in find_links(body)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[a](b.md)", ["b.md"]),
        ("# Über [a](b.md) [a](b.md) ##", ["b.md", "b.md"]),
        ("![i](img/ü(1).png 'title') [![in](in.png)](out.md)", ["img/ü(1).png", "in.png", "out.md"]),
        ("[a\nb](\n  <x y.md>\n  'title')", ["x y.md"]),
        ("> [q](q.md)\nlazy [l](l.md)\n> - [m](m.md)", ["q.md", "l.md", "m.md"]),
        ("[r][x] [x]\n\n[x]:\n   <../ref.md>\n  'title'\n> [y]: q.md", ["../ref.md", "q.md"]),
        ("| a | b |\n|---|--|\n| [x](t\\|u.md) | `\\|` [x](v.md) |", ["t|u.md", "v.md"]),
        ("note[^1]\n\n[^1]: see [f](f.md)\n\n    and [g](g.md)", ["f.md", "g.md"]),
        ("term\n: [d](d.md)", ["d.md"]),
        ("<https://a.b/c> and https://d.e/f_g_h.", ["https://a.b/c", "https://d.e/f_g_h"]),
        ("[amp](a?b&amp;c=\\*) [e]()", ["a?b&c=*", ""]),
        ("text <a\n href=h.html>x</a> <img src='i.png' alt=\"href=no\">", ["h.html", "i.png"]),
        ("<p>\n<img srcset='a.png 1x,b.png 2x, c.png' src=d.png>\n</p>", ["a.png", "b.png", "c.png", "d.png"]),
        ("<video poster='p.jpg'><source src='v.mp4'></video>", ["p.jpg", "v.mp4"]),
        ("<p style=\"color: red; background: url('a b.png') url(b.png)\">x</p>", ["a b.png", "b.png"]),
        ("<i style='background:URL(&quot;a.png&quot;)'>x</i>", ["a.png"]),
        ('<style>\n.a { background: url( "a.png" ) }\n.b { mask: url(#m) }\n</style>', ["a.png", "#m"]),
        ("<object data='a.pdf'></object> <i data='b'>x</i>", ["a.pdf"]),
        ("<img data-src='a.png' data-srcset='b.png 1x, c.png 2x'>", ["a.png", "b.png", "c.png"]),
        ("<table background=t.png>\n<tr><td>x\n</table>", ["t.png"]),
        ("<svg><image xlink:href='a.png'/></svg>", ["a.png"]),
        ("\ttab\n\n-\t[t](t.md)\n\n\t[u](u.md)", ["t.md", "u.md"]),
        ("one [a](b.md)\r\ntwo [c](d.md)\r\n", ["b.md", "d.md"]),
    ],
)
def test_every_way_to_point_somewhere_is_found(body, expected):
    assert urls(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "```\n[a](b.md)\n```",
        "~~~md\n![a](b.png)\n~~~",
        "    [a](b.md)",
        "`[a](b.md)` ``![a](`b.png)``",
        "<!-- [a](b.md) <a href='x'> -->",
        "text <!-- <a href='x'> --> text",
        "\\[a](b.md) !\\[a](b.png)",
        "[a] (b.md) [not defined][x]",
        "<script>\nlet a = \"<a href='no'>\"\n</script>",
        "- item\n\n      [code](no.md)",
        "[a](<b\n.md>) [a](b c.md)",
        "$[a]$ <b title='href=\"no\"'>",
    ],
)
def test_code_comments_and_escapes_hold_no_links(body):
    assert urls(body) == []


def test_a_place_is_the_destination_as_written():
    body = "é [a](<x y.md> 'q')\n\n> ![b](c\\_d.png)\n"
    assert [(body[link.start : link.end], link.url, link.kind) for link in find_links(body)] == [
        ("<x y.md>", "x y.md", "link"),
        ("c\\_d.png", "c_d.png", "image"),
    ]


def test_a_definition_is_what_is_made_of_it():
    body = "![a][x] ![Ü y] [b][z] [x]\n\n[x]: ü.png\n[ü  Y]: <y z.png>\n[z]: z.md\n[unused]: u.md\n"
    assert [(link.url, link.kind) for link in find_links(body)] == [
        ("ü.png", "image"),
        ("y z.png", "image"),
        ("z.md", "link"),
        ("u.md", "link"),
    ]


def test_an_address_in_css_is_written_so_that_it_cannot_end_there():
    evil = "https://a.b/x'y) \\ \"z<&.png"
    for body in (
        "<p style=\"background: url('a.png')\">x</p>",
        "<p style='background: url(a.png)'>x</p>",
        "<style>\np { background: url(a.png) }\n</style>",
    ):
        written = rewrite(body, lambda _: evil)
        [link] = find_links(written)
        assert link.url == "https://a.b/x%27y%29%20%5C%20%22z%3C&.png"
        assert len(written) - len(body) == link.end - link.start - len("a.png")


INLINE = [
    "[a](b.md)",
    "![i](<c d.png> 'q')",
    "[r]",
    "`",
    "\\|",
    "\\",
    "<a href='f.md'>",
    "<https://g.h/i>",
    "*",
    "_",
    "[",
]
MORE = [
    " https://j.k/l ",
    "<!-- ",
    " -->",
    "[^1]",
    "ü",
    "\t",
    "(",
    ")",
    "](m.md)",
    "<img src=n.png>",
    "<b title='<a href=x>'>",
]
BLOCKS = ["[r]: e.md\n", "```\n", "\n", "\n\n", "> ", "- ", "1. ", "  ", "    ", "# ", "| a | b |\n|--|--|\n| ", " | "]
AND_MORE = ["<div>\n", "[^1]: ", "term\n: ", "\r\n"]
BODIES = st.lists(st.sampled_from(INLINE + MORE + BLOCKS + AND_MORE), max_size=14).map("".join)


@settings(deadline=None, max_examples=300)
@given(BODIES)
def test_rewriting_to_the_same_changes_nothing(body):
    assert rewrite(body, lambda link: link.url) == body
    assert rewrite(body, lambda link: None) == body


@settings(deadline=None, max_examples=300)
@given(BODIES)
def test_places_are_in_order_and_do_not_overlap(body):
    links = find_links(body)
    assert all(a.end <= b.start for a, b in pairwise(links))
    assert all(0 <= link.start <= link.end <= len(body) for link in links)


@settings(deadline=None, max_examples=300)
@given(
    BODIES, st.sampled_from(["n.md", "../a b/ü (1).md", "https://x.y/z?a=1&amp;b=<2>", "a(b", "", "q\"'|\\*", "#top"])
)
def test_what_is_rewritten_is_found_again(body, url):
    links = [link for link in find_links(body) if link.syntax in ("inline", "attribute")]
    places = {link.start for link in links}
    changed = find_links(rewrite(body, lambda link: url if link.start in places else None))
    same = url.replace("|", "%7C")
    assert sum(link.url in (url, same) for link in changed) >= len(links)


def test_rewriting_touches_the_destinations_alone():
    body = "# A [b](c.md 't')  \n\n* x ![d]( e.png )\n\n[f]: c.md  'u'\n<img src=e.png>\n"
    new = {"c.md": "https://s.t/c", "e.png": "https://s.t/e f.png"}
    assert rewrite(body, lambda link: new.get(link.url)) == (
        "# A [b](https://s.t/c 't')  \n\n* x ![d]( <https://s.t/e f.png> )\n\n[f]: https://s.t/c  'u'\n"
        '<img src="https://s.t/e f.png">\n'
    )


def test_an_autolink_that_leads_to_a_file_keeps_what_it_shows():
    assert rewrite("<https://a.b/c>", lambda link: "d.md") == "[https://a.b/c](d.md)"
    assert rewrite("https://a.b/c.", lambda link: "https://e.f/") == "<https://e.f/>."


@pytest.mark.parametrize(
    "unit", ["[", "](", "<a ", "![", "[a](", "<!--", "[a](b) ", "> ", "https://a.b ", "| ", "[x]: y\n"]
)
def test_hostile_bodies_end_in_time(unit):
    started = time.process_time()
    find_links(unit * (30_000 // len(unit)))
    assert time.process_time() - started < 10

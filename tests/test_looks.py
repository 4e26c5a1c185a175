"""How text looks in an author's own HTML: told where a platform keeps its words alone."""

from __future__ import annotations

import time

import pytest

from gitsync.markdown.formats import named

FRAME = '<iframe width="9" src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'


def told(name: str, body: str) -> list[tuple[str, str, int]]:
    return [(loss.code, loss.message, loss.offset) for loss in named(name).write(body).losses]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ('Words.\n\n<p style="text-align: center">x</p>\n', "style=…"),
        ('Words.\n\n<img src="a.png" alt="" WIDTH=30>\n', "width=…"),
        ("Words.\n\na <mark>b</mark>\n", "<mark>"),
    ],
)
def test_how_html_looks_is_told_for_medium_at_its_place(body: str, what: str) -> None:
    assert told("medium", body) == [("HTML_STRIPPED", f"Medium takes {what} out of posts", 8)]
    assert told("medium", f"```\n{body}```\n") == []


@pytest.mark.parametrize("body", ["<!-- more -->\n\nx\n", "a<!-- b -->c\n", "a <b>b</b> <sub>c</sub>\n", f"{FRAME}\n"])
def test_html_that_medium_shows_as_it_is_and_comments_are_no_loss(body: str) -> None:
    assert told("medium", body) == []


def test_a_box_that_medium_has_not_is_told_as_what_it_is() -> None:
    assert [code for code, *_ in told("medium", '<div style="color: red">x</div>\n')] == [
        "HTML_STRIPPED",
        "HTML_CHANGED",
    ]
    [(code, message, _)] = told("medium", "<div><p>x</p></div>\n")
    assert code == "HTML_CHANGED"
    assert "boxes" in message


def test_an_indented_embed_is_not_taken_out() -> None:
    assert told("devto", f"  {FRAME}\n") == []


def test_many_embeds_are_looked_at_once() -> None:
    began = time.process_time()
    assert told("ghost", "%[https://youtu.be/dQw4w9WgXcQ]\n\n" * 3000) == []
    assert time.process_time() - began < 6

"""Alerts: GitHub's five kinds, as a page, as blocks and as cards, and back to the same lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.ghost_format import nodes_of, write_like
from gitsync.markdown.html import to_markdown
from gitsync.markdown.lines import joined
from gitsync.markdown.render import to_html

NOTE = "> [!NOTE]\n> Mind *this*.\n"
HTML = (
    '<div class="markdown-alert markdown-alert-note"><p class="markdown-alert-title">Note</p><p>Mind <em>this</em>.</p>'
    "</div>"
)


def ghost(node: dict[str, Any]) -> str:
    return named("ghost").read(json.dumps({"root": {"children": [node]}}))


def test_an_alert_is_the_page_that_github_makes_of_it() -> None:
    assert same_dom(to_html(NOTE), HTML)
    assert to_markdown(HTML) == NOTE
    assert "An <em>own</em> title</p>" in to_html("> [!tip] An *own* title\n> Text\n")


@pytest.mark.parametrize(
    "body",
    [
        "> [!NOTE]\n",
        "> [!OTHER]\n> a\n",
        "> Text\n> [!NOTE]\n",
        "> \\[!NOTE]\n> a\n",
        "> [!NOTE](a.md)\n> a\n",
        "> > [!NOTE]\n> > a\n",
        "- > [!NOTE]\n  > a\n",
        "> [!NOTE]x\n> a\n",
        "> `[!NOTE]`\n> a\n",
    ],
)
def test_what_github_shows_as_a_quote_is_a_quote(body: str) -> None:
    html = to_html(body)
    assert "markdown-alert" not in html
    assert same_dom(to_html(to_markdown(html)), html)


def test_one_odd_paragraph_makes_no_html_of_an_alert() -> None:
    html = HTML.replace("</div>", '<p class="x">b</p><ul><li>c</li></ul></div>')
    assert to_markdown(html) == '> [!NOTE]\n> Mind *this*.\n>\n> <p class="x">b</p>\n>\n> - c\n'


@pytest.mark.parametrize("name", ["html", "wordpress", "ghost", "hashnode"])
def test_an_alert_of_words_comes_back_from_where_it_can_be_shown(name: str) -> None:
    body = f"Before.\n\n{NOTE}\n> [!CAUTION] With a `title`\n> One.\n>\n> Two.\n\nAfter.\n"
    written = named(name).write(body)
    assert written.losses == ()
    assert named(name).reading(written.text) == (body, ())


def test_wordpress_has_an_alert_as_a_quote_with_a_class() -> None:
    text = named("wordpress").write(NOTE).text
    assert text.startswith('<!-- wp:quote {"className":"markdown-alert markdown-alert-note"} -->')
    assert '<p class="markdown-alert-title"><strong>Note</strong></p>' in text
    other = text.replace("markdown-alert-note", "mine")
    assert named("wordpress").read(other).strip() == other


def test_ghost_and_hashnode_have_an_alert_as_a_callout() -> None:
    [node] = nodes_of(named("ghost").write(NOTE).text) or []
    said = (node["type"], node["calloutText"], node["calloutEmoji"], node["backgroundColor"])
    assert said == ("callout", "<strong>Note</strong><br>Mind <em>this</em>.", "ℹ️", "blue")
    assert '<div data-node-type="callout-emoji">ℹ️</div>' in named("hashnode").write(NOTE).text


def test_a_callout_that_ghosts_editor_saved_again_is_still_the_alert() -> None:
    style = 'style="white-space: pre-wrap;"'
    text = f"<b><strong {style}>Note</strong></b><br><span {style}>Mind</span>"
    node = {"type": "callout", "calloutText": text, "calloutEmoji": "ℹ", "backgroundColor": "blue"}
    assert ghost(node) == "> [!NOTE]\n> Mind\n"
    stored = json.dumps({"root": {"children": [node, {"type": "markdown", "markdown": "Old"}]}})
    assert nodes_of(write_like("> [!NOTE]\n> Mind\n\nNew\n", stored)) == [
        node,
        {"type": "markdown", "version": 1, "markdown": "New\n"},
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"calloutEmoji": "💡"},
        {"backgroundColor": "grey"},
        {"calloutText": "Mind"},
        {"calloutText": "<strong>A</strong> b"},
    ],
)
def test_a_callout_that_is_no_alert_is_read_as_before(change: dict[str, str]) -> None:
    node = {
        "type": "callout",
        "calloutText": "<strong>Note</strong><br>a",
        "calloutEmoji": "ℹ️",
        "backgroundColor": "blue",
    }
    assert "[!" not in ghost({**node, **change})
    [loss] = named("ghost").reading(json.dumps({"root": {"children": [{**node, **change}]}})).losses
    assert loss.code == "CARD_PLAIN"


def test_a_callout_of_somebody_on_hashnode_stays_what_it_is() -> None:
    ours = named("hashnode").write(NOTE).text
    theirs = ours.replace("<strong>Note</strong><br>", "")
    assert named("hashnode").read(theirs) == theirs
    assert named("hashnode").read(ours) == NOTE


@pytest.mark.parametrize(
    ("name", "body"),
    [
        *((name, NOTE) for name in ("devto", "medium")),
        *((name, "> [!NOTE]\n> - a\n") for name in ("ghost", "hashnode", "devto", "medium")),
        ("ghost", f"{NOTE}\n[a]\n\n[a]: https://a.example\n"),
    ],
)
def test_where_it_is_a_quote_its_title_is_bold_and_that_is_told(name: str, body: str) -> None:
    written = named(name).write(f"Before.\n\n{body}")
    [loss] = written.losses
    assert (loss.code, loss.offset) == ("ALERT_WORDS", 9)
    assert "[!NOTE]" in loss.message
    assert "**Note**" in written.text or "<strong>Note</strong>" in written.text
    assert "[!" not in written.text


@pytest.mark.parametrize("name", ["html", "wordpress", "medium", "ghost", "devto", "hashnode"])
def test_an_alert_that_folds_is_told_everywhere(name: str) -> None:
    assert [loss.code for loss in named(name).write("> [!NOTE]- A\n>\n> b\n").losses] == ["ALERT_WORDS"]


def test_joined_lines_leave_the_mark_of_an_alert_on_its_line() -> None:
    assert joined("> [!NOTE]\n> a\n> b\n") == "> [!NOTE]\n> a b\n"
    assert [loss.code for loss in named("devto").write("> [!NOTE]\n> a\n").losses] == ["ALERT_WORDS"]


@pytest.mark.parametrize("name", ["hashnode", "ghost"])
def test_an_alert_that_shows_something_is_a_quote_with_an_embed(name: str) -> None:
    written = named(name).write("> [!NOTE]\n> {{< youtube dQw4w9WgXcQ >}}\n> words\n")
    assert "ALERT_WORDS" in [loss.code for loss in written.losses]
    assert "callout" not in written.text

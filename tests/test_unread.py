"""What GitHub's Markdown says and a platform's own does not: told before sending, each kind once and at its place."""

from __future__ import annotations

import pytest

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named


def codes(name: str, body: str) -> list[str]:
    return [loss.code for loss in named(name).write(body).losses]


def test_a_definition_list_is_paragraphs_on_medium() -> None:
    written = named("medium").write("*Term*\n\n: What it is.\n\n  - one\n\n: Or *this*.\n").text
    expected = "<p><strong><em>Term</em></strong></p><p>What it is.</p><ul><li>one</li></ul><p>Or <em>this</em>.</p>"
    assert same_dom(written, expected)
    assert codes("medium", "Before.\n\nTerm\n: What it is.\n") == ["DEFS_FLAT"]
    assert codes("medium", "Before.\n\n`Term`: What it is : not.\n") == []


@pytest.mark.parametrize("name", ["devto", "ghost", "hashnode"])
@pytest.mark.parametrize("body", ["- [ ] one\n- [x] two\n", "1. [X] one\n\n   more\n"])
def test_boxes_to_tick_are_told_where_they_are_words(name: str, body: str) -> None:
    assert codes(name, body) == ["TASKS_FLAT"]


@pytest.mark.parametrize("body", ["One[^1] two[^b].\n\n[^1]: A.\n\n[^b]: B.\n", "# One[^1]\n\n[^1]: A.\n"])
def test_footnotes_are_told_where_they_are_words(body: str) -> None:
    [loss] = named("hashnode").write(body).losses
    assert (loss.code, loss.offset) == ("NOTES_WORDS", 0)
    assert codes("devto", body) == codes("ghost", body) == []


@pytest.mark.parametrize(
    ("body", "at"),
    [("#tag\n", 0), ("Words.\n\n- #1 in a list\n", 8), ("`a`\\\n#two `b`\n", 5), ("> a  \n> #*b*\n", 6)],
)
def test_a_word_with_a_hash_that_becomes_a_heading_is_told(body: str, at: int) -> None:
    for name in ("devto", "ghost"):
        [loss] = [it for it in named(name).write(body).losses if it.code == "HASH_HEADING"]
        assert loss.offset == at


@pytest.mark.parametrize("body", ["# A\n", "\\#a\n", "`#a`\n", "a #b\n", "```\n#a\n```\n", "####### a\n", "C#\n"])
def test_what_is_no_heading_there_either_is_not_told(body: str) -> None:
    assert "HASH_HEADING" not in codes("ghost", body)


def test_a_host_without_a_scheme_is_told_where_it_is_no_link() -> None:
    assert codes("ghost", "See www.a.example now.\n") == ["LINK_WORDS"]
    assert codes("ghost", "See https://www.a.example now, `www.a.example`.\n") == []
    assert codes("devto", "See www.a.example now.\n") == []

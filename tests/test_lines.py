"""Wrapped paragraphs on platforms that break the line wherever the source does: told, or joined, and never unwrapped
in the file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.lines import broken, joined
from gitsync.markdown.render import to_html

LEFT = """{% youtube dQw4w9WgXcQ %}
words

    code
    code

| a | b |
|---|---|
| 1 | 2 |

A
heading
===
"""

WRAPPED = (
    """One two
three. See [a
link](#x), `co
de` and **four
five**. \x20
Six\\
seven.

> A quote
> goes on
lazily.

- An item
  goes on.

1. One
   more.

"""
    + LEFT
)

JOINED = (
    """One two three. See [a link](#x), `co
de` and **four five**. \x20
Six\\
seven.

> A quote goes on lazily.

- An item goes on.

1. One more.

"""
    + LEFT
)


def test_only_what_a_paragraph_wraps_is_joined() -> None:
    assert joined(WRAPPED) == JOINED
    assert joined(JOINED) == JOINED


LINES = st.lists(
    st.sampled_from(
        ["one", "*two*", "> q", "- i", "  more", "", "`c", "c`", "a  ", "b\\", "# h", "===", "    x", "|a|"]
    )
)


@settings(deadline=None)
@given(LINES)
def test_joining_changes_no_page_and_leaves_nothing_to_join(lines: list[str]) -> None:
    body = "\n".join(lines) + "\n"
    once = joined(body)
    assert same_dom(to_html(once), to_html(body))
    assert not broken(once, "here") or joined(once) == once


@pytest.mark.parametrize("platform", ["devto", "ghost"])
def test_a_wrapped_paragraph_is_told_where_its_lines_would_be_broken(platform: str) -> None:
    losses = named(platform).write("# One\n\nTwo\nthree.\n\nFour\nfive.\n").losses
    assert [(loss.code, loss.offset) for loss in losses] == [("LINES_BROKEN", 10)]
    assert named(platform).write("# One\n\nTwo three.  \nFour.\n\n- a\n- b\n").losses == ()


@pytest.mark.parametrize("platform", ["html", "wordpress", "hashnode", "medium"])
def test_no_other_platform_breaks_lines(platform: str) -> None:
    assert "LINES_BROKEN" not in [loss.code for loss in named(platform).write("Two\nthree.\n").losses]


def test_lines_of_a_callout_are_not_broken_on_ghost() -> None:
    assert broken_on("ghost", "> [!NOTE]\n> one\n> two\n") == []
    assert broken_on("ghost", "> [!NOTE]\n> one\n> two\n\nthree\nfour\n") == [28]
    assert broken_on("devto", "> [!NOTE]\n> one\n> two\n") == [15]


def broken_on(name: str, body: str) -> list[int]:
    return [loss.offset for loss in named(name).write(body).losses if loss.code == "LINES_BROKEN"]

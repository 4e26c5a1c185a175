"""Markdown for the parsers of dev.to and Hashnode: a spelling that they show as we do, where there is one."""

from __future__ import annotations

import pytest

from gitsync.markdown.early import back, for_forem, for_hashnode
from gitsync.markdown.equality import same_dom
from gitsync.markdown.formats import named
from gitsync.markdown.render import to_html

BODIES = {
    "# In C#\n": ("# In C# #\n", "# In C# #\n"),
    "> ## F\\#\n": ("> ## F\\# #\n", "> ## F\\# #\n"),
    '- a\n\n  ```js title="x.js" {1,2}\n  b\n  ```\n': (
        "- a\n\n    ```js\n    b\n    ```\n",
        "- a\n\n  ```js\n  b\n  ```\n",
    ),
    "```yaml\na: 1\n": ("```yaml\na: 1\n```\n", "```yaml\na: 1\n```\n"),
    "Text\n| a |\n|---|\n| b |\n": ("Text\n\n| a |\n|---|\n| b |\n", "Text\n\n| a |\n|---|\n| b |\n"),
    "a\\\nb  \nc\n": ("a<br>b<br>c\n", "a  \nb  \nc\n"),
    "> - a `\\\n>   `\\\n>   b\n": ("> - a `\\\n>   `<br>b\n", "> - a `\\\n>   `  \n>   b\n"),
    "a\n\n    b  \n      c\n\n    d\n": (None, "a\n\n```\nb  \n  c\n\nd\n```\n"),
    "> a\n>\n>     ``` b\n": ("> a\n>\n> ````\n> ``` b\n> ````\n", "> a\n>\n> ````\n> ``` b\n> ````\n"),
    "- a\n\n  b\n\n  ```c\n  d\n\n  e\n  ```\n- f\n": (
        "- a\n\n    b\n\n    ```c\n    d\n\n    e\n    ```\n- f\n",
        None,
    ),
    "1. a\n\n   - b\n   - c\n2. d\n\n   > e\n": ("1. a\n    - b\n    - c\n2. d\n\n    > e\n", None),
    "- a\n\n  1. b\n\n     c\n\n- d\n": ("- a\n    1. b\n\n        c\n\n- d\n", None),
    "See https://a.example/b_c, or (http://d.example).\n": (
        None,
        "See <https://a.example/b_c>, or (<http://d.example>).\n",
    ),
}


@pytest.mark.parametrize("body", BODIES)
def test_what_early_parsers_read_otherwise_is_spelled_so_that_they_do_not(body: str) -> None:
    forem, hashnode = BODIES[body]
    assert (for_forem(body), for_hashnode(body)) == (forem or body, hashnode or body)
    assert same_dom(to_html(for_forem(body)), to_html(body))
    assert same_dom(to_html(for_hashnode(body)), to_html(body))


@pytest.mark.parametrize(
    "body",
    [
        "# C# #\n\n## #\n\nSetext#\n===\n",
        "Watch  \n%[https://youtu.be/dQw4w9WgXcQ]\n",
        "a  \n{% embed https://x.example %}  \nb\n",
        "%[https://youtu.be/dQw4w9WgXcQ]\n",
        "$$\na \\\\\nb\n$$\n",
        "`https://a.example`, [https://b.example](c) and <https://d.example>\n\n```\nhttps://e.example\n```\n",
        "```\na\n~~~\n````\n",
        "- a\n  - b\n    1. c\n- d\n",
        "-   a\n\n    b\n\n10. c\n\n    d\n",
        "> - a\n>\n>   b\n\n- - c\n\n    d\n",
        "1. a\n\n    b\n\n2. c\n",
        "a\n\n1. - b\n\n2. - c\n",
    ],
)
def test_what_they_read_as_we_do_stays(body: str) -> None:
    assert for_forem(body) == for_hashnode(body) == body


@pytest.mark.parametrize("name", ["devto", "hashnode"])
@pytest.mark.parametrize("body", ["# C#\n\n> ## F#\n", "- a\\\n  b\\\n  c\n\n> d\\\n> e\n"])
def test_headings_and_breaks_come_back_as_one_writes_them(name: str, body: str) -> None:
    form = named(name)
    again = form.read(form.write(body).text)
    assert again == (body if name == "devto" or "#" in body else body.replace("\\\n", "  \n"))
    assert form.read(form.write(again).text) == again


def test_a_break_in_a_cell_or_at_an_edge_stays_one() -> None:
    body = "| a<br>b |\n|---|\n\n<br>c\n\nd<br>\n\n`<br>`\n"
    assert back(body) == body


@pytest.mark.parametrize(("name", "code"), [("devto", "LIST_RENUMBERED"), ("hashnode", "LIST_RENUMBERED")])
def test_a_list_that_begins_with_another_number_is_told(name: str, code: str) -> None:
    assert [it.code for it in named(name).write("Words.\n\n3. a\n4. b\n").losses] == [code]


def test_a_list_that_forem_ends_before_one_of_the_other_kind_is_told() -> None:
    [loss] = named("devto").write("Words.\n\n1. a\n\n   - b\n").losses
    assert (loss.code, loss.offset) == ("LIST_PARTED", 13)
    assert [it.code for it in named("devto").write("1. a\n   - b\n\n   - c\n").losses] == ["LIST_PARTED"]
    assert named("devto").write("1. a\n\n   - b\n\n2. c\n\n- d\n\n  - e\n\n  - f\n").losses == ()
    assert named("hashnode").write("1. a\n\n   - b\n").losses == ()


def test_one_list_that_no_spelling_helps_keeps_no_other_as_it_was() -> None:
    other = "1. a\n   - b\n\n   - c\n"
    body = f"1. d\n\n   - e\n   - f\n2. g\n\n   > h\n\nText\n\n{other}"
    written = named("devto").write(body)
    assert written.text.startswith("1. d\n    - e\n    - f\n2. g\n\n    > h\n")
    assert [(it.code, it.offset) for it in written.losses] == [("LIST_PARTED", body.index(other) + 12)]


@pytest.mark.parametrize("name", ["devto", "hashnode"])
def test_words_behind_the_language_of_code_are_told_once(name: str) -> None:
    body = 'Words.\n\n- a\n\n  ```js title="x.js" {1,2}\n  b\n  ```\n\n```py c\nd\n```\n'
    [loss] = named(name).write(body).losses
    assert (loss.code, body[loss.offset :].lstrip()[:5]) == ("FENCE_WORDS", "```js")
    assert named(name).write("```js\na\n```\n\n    b c\n").losses == ()


@pytest.mark.parametrize("name", ["devto", "hashnode", "ghost"])
def test_quotes_in_a_row_are_told_where_they_are_one(name: str) -> None:
    losses = named(name).write("> a\n\n> b\n\n- > c\n\n  > d\n").losses
    assert [(it.code, it.offset) for it in losses] == ([] if name == "ghost" else [("QUOTES_JOINED", 5)])


@pytest.mark.parametrize("name", ["ghost", "hashnode"])
def test_a_host_in_a_heading_or_a_cell_is_told_as_in_a_paragraph(name: str) -> None:
    for body in ("# See www.a.example\n", "| www.a.example |\n|---|\n", "See www.a.example\n"):
        assert [it.code for it in named(name).write(body).losses] == ["LINK_WORDS"]

"""HTML that platforms take out of posts is told before sending, and what they show is not."""

from __future__ import annotations

import pytest

from gitsync.markdown.formats import named
from gitsync.markdown.sanitizers import LETS


def told(name: str, body: str) -> list[str]:
    return [loss.message.partition("<")[2] for loss in named(name).write(body).losses if loss.code == "HTML_STRIPPED"]


@pytest.mark.parametrize("name", ["devto", "hashnode", "medium"])
def test_html_that_is_taken_out_is_told_once_for_each_kind(name: str) -> None:
    body = "Words <script>x()</script>.\n\n<STYLE>p{}</STYLE>\n\n<script src='a.js'></script>\n\n- <svg><path/></svg>\n"
    assert told(name, body) == ["script> out of posts", "style> out of posts", "svg> out of posts"]
    [first, *_] = [it for it in named(name).write(f"Before.\n\n{body}").losses if it.code == "HTML_STRIPPED"]
    assert first.offset == len("Before.\n\n")


def test_a_frame_is_told_on_forem_and_a_video_elsewhere() -> None:
    frame, video = '<iframe src="https://maps.example/x"></iframe>\n', '<video src="a.mp4" controls></video>\n'
    assert (told("devto", frame), told("hashnode", frame)) == (["iframe> out of posts"], [])
    assert (told("devto", video), told("hashnode", video)) == ([], ["video> out of posts"])


@pytest.mark.parametrize("name", ["devto", "hashnode", "medium"])
@pytest.mark.parametrize(
    "body",
    [
        '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>\n',
        '<script src="https://gist.github.com/me/0a1b2c3d.js"></script>\n',
        "`<script>` and\n\n```\n<style>\n```\n",
        "<!-- <script> -->\n",
        "H<sub>2</sub>O, a < b, <kbd>Ctrl</kbd>\n",
    ],
)
def test_embeds_code_and_comments_are_not_told(name: str, body: str) -> None:
    assert told(name, body) == []


ATTRIBUTES = (
    '<div class="a" data-x="class=b" style=\'x\' id="c">\n\nText\n\n</div>\n\na <span class="q">b</span> <i>c</i>\n'
)


def test_boxes_and_attributes_are_told_where_they_are_taken_out() -> None:
    assert told("devto", ATTRIBUTES) == ["div> out of posts", "i> out of posts", "span> out of posts"]
    assert told("hashnode", ATTRIBUTES) == ["div> out of posts"]
    messages = [loss.message for name in ("devto", "hashnode") for loss in named(name).write(ATTRIBUTES).losses]
    assert messages == [
        "dev.to takes <div> out of posts",
        "dev.to takes <i> out of posts",
        "dev.to takes class=… of <span> out of posts",
        "Hashnode takes style=… of <div> out of posts",
    ]


@pytest.mark.parametrize("name", ["devto", "hashnode", "ghost", "medium", "wordpress", "html"])
def test_what_is_around_a_frame_alone_is_told_where_the_platform_has_an_embed_of_its_own(name: str) -> None:
    frame = '<iframe src="https://www.youtube.com/embed/dQw4w9WgXcQ"></iframe>'
    wrapped = f'Words.\n\n<div class="video">\n{frame}\n</div>\n'
    losses = [(it.code, it.offset) for it in named(name).write(wrapped).losses]
    assert losses == ([("HTML_STRIPPED", 8)] if name not in ("html", "wordpress") else [])
    assert named(name).write(f"<div>{frame}</div>\n").losses == ()


def test_what_hashnode_has_no_element_for_is_told() -> None:
    body = '3. ~~three~~\n\n| a |\n| :-: |\n| [b](c "t") |\n\n1. one\n'
    codes = [loss.code for loss in named("hashnode").write(body).losses]
    assert codes == ["LIST_RENUMBERED", "STRIKE_LOST", "CELLS_UNALIGNED", "TITLE_LOST"]
    assert [loss.code for loss in named("devto").write(body).losses] == ["LIST_RENUMBERED", "CELLS_UNALIGNED"]
    assert named("hashnode").write("1. ~one~\n\n| a |\n| - |\n| [b](c) |\n").losses[1:] == ()


def test_what_the_translation_itself_writes_as_html_is_let_through() -> None:
    assert all(LETS[name].has(element) for name in ("dev.to", "Hashnode") for element in ("dl", "dt", "dd"))
    assert LETS["Hashnode"].has("div", "data-node-type")

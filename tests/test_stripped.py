"""HTML that platforms take out of posts is told before sending, and what they show is not."""

from __future__ import annotations

import pytest

from gitsync.markdown.formats import named


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

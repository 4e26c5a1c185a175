"""`gitsync convert`: a filter between formats that says what it loses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gitsync.convert import convert, convert_lines
from gitsync.errors import InvalidContent
from gitsync.markdown.formats import named


def run(*arguments: str, text: str, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "gitsync", "convert", *arguments]
    return subprocess.run(command, input=text.encode(), capture_output=True, check=False, cwd=cwd)


def test_a_body_goes_through_unchanged_where_nothing_is_to_be_done() -> None:
    body = "# Ünï\r\n\r\ntext  \nno end".replace("\r\n", "\n")
    assert run("--from", "markdown", "--to", "markdown", text=body).stdout.decode() == body


def test_html_becomes_markdown_and_back() -> None:
    done = run("--from", "html", "--to", "markdown", text="<h2>A</h2><p>b <b>c</b></p>")
    assert (done.returncode, done.stdout.decode()) == (0, "## A\n\nb **c**\n")
    assert run("--from", "markdown", "--to", "html", text=done.stdout.decode()).stdout == (
        b"<h2>A</h2>\n<p>b <strong>c</strong></p>\n"
    )


def test_losses_are_told_with_their_place_on_standard_error() -> None:
    done = run("--from", "markdown", "--to", "devto", text="One.\n\nThis {% unless %} is unknown.\n")
    assert done.stdout.decode() == "One.\n\nThis {% raw %}{% unless %}{% endraw %} is unknown.\n"
    assert done.stderr.decode().startswith("<stdin>:3:6: TAG_UNKNOWN dev.to has no tag 'unless'")


@pytest.mark.parametrize(
    ("source", "text", "told"),
    [
        ("ghost", {"type": "callout", "calloutEmoji": "!", "calloutText": "Hi"}, ["CARD_PLAIN"]),
        ("ghost", {"type": "image", "src": "a.png", "cardWidth": "full"}, ["CARD_PLAIN"]),
        ("ghost", {"type": "image", "src": "a.png", "cardWidth": "regular"}, []),
        ("ghost", {"type": "product", "productTitle": "x"}, ["CARD_UNSEEN"]),
        ("wordpress", '<!-- wp:image {"id":7,"sizeSlug":"large"} -->\n<figure class="wp-block-image size-large">'
                      '<img src="a.png" alt="" class="wp-image-7"/></figure>\n<!-- /wp:image -->',
         ["BLOCK_PLAIN", "BLOCK_PLAIN"]),
        ("wordpress", "<!-- wp:paragraph -->\n<p>a</p>\n<!-- /wp:paragraph -->", []),
        ("wordpress", "<!-- wp:latest-posts /-->", ["CARD_UNSEEN"]),
        ("hashnode", '![a](https://x.example/a.png align="center")', ["IMAGE_PLAIN"]),
        ("html", "<a ');>words</a>", ["HTML_CHANGED"]),
        ("html", "<p>words</p>", []),
        ("medium", '<p class="graf">a</p><figure><button>Share</button></figure>', ["WORDS_LOST"]),
        ("medium", '<p class="graf">a <mark class="x">b</mark></p>', []),
    ],
)  # fmt: skip
def test_what_reading_leaves_out_is_told(source: str, text: str | dict[str, str], told: list[str]) -> None:
    body = text if isinstance(text, str) else json.dumps({"root": {"children": [text]}})
    assert [loss.code for loss in convert(body, named(source), named("html")).losses] == told


def test_jsonl_is_a_line_for_a_line_with_losses_and_other_keys() -> None:
    lines = [json.dumps({"id": 7, "text": "<p>é</p>"}), "", json.dumps({"text": "<p>{% unless %}</p>"})]
    out = list(convert_lines(lines, named("html"), named("devto")))
    assert json.loads(out[0]) == {"id": 7, "text": "é\n", "losses": []}
    assert [loss["code"] for loss in json.loads(out[1])["losses"]] == ["TAG_UNKNOWN"]
    done = run("--from", "html", "--to", "devto", "--jsonl", text="\n".join(lines))
    assert done.stdout.decode().splitlines() == out


@pytest.mark.parametrize("line", ["{", "[]", '{"text": 1}', "7", "null", "[" * 100_000])
def test_a_line_that_is_no_text_is_named(line: str) -> None:
    with pytest.raises(InvalidContent, match=r"<stdin>:2:1: JSONL"):
        list(convert_lines(['{"text": ""}', line], named("html"), named("markdown")))


def test_half_a_character_is_named_in_a_text_and_passed_on_elsewhere() -> None:
    with pytest.raises(InvalidContent, match=r"<stdin>:1:1: not-utf-8 .*half a character at offset 2"):
        list(convert_lines(['{"text": "a \\ud800 b"}'], named("markdown"), named("html")))
    done = run("--from", "markdown", "--to", "markdown", "--jsonl", text='{"id": "\\ud800", "text": "é"}')
    assert json.loads(done.stdout) == {"id": "\ud800", "text": "é", "losses": []}


def test_files_are_read_and_missing_ones_named(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>a</p>", encoding="utf-8")
    (tmp_path / "b.html").write_text("<p>b</p>", encoding="utf-8")
    assert run("--from", "html", "--to", "markdown", "a.html", "b.html", text="", cwd=tmp_path).stdout == b"a\nb\n"
    missing = run("--from", "html", "--to", "markdown", "c.html", text="", cwd=tmp_path)
    assert missing.returncode == 2
    assert b"c.html cannot be read" in missing.stderr


def test_embeds_go_from_spelling_to_spelling() -> None:
    body = "A film:\n\n%[https://youtu.be/dQw4w9WgXcQ]\n"
    assert "{% embed https://youtu.be/dQw4w9WgXcQ %}" in convert(body, named("markdown"), named("devto")).text
    frame = convert(body, named("markdown"), named("html")).text
    assert 'src="https://www.youtube.com/embed/dQw4w9WgXcQ"' in frame


def test_bytes_that_are_no_utf8_are_named_and_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"a\nb \xff\xfe c\n")
    whole = run("--from", "markdown", "--to", "html", "a.md", text="", cwd=tmp_path)
    assert (whole.returncode, whole.stdout) == (6, b"")
    assert b"a.md:2:3: not-utf-8" in whole.stderr
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}\n{"text": "\xff"}\n')
    lines = run("--from", "markdown", "--to", "html", "--jsonl", "a.jsonl", text="", cwd=tmp_path)
    assert lines.returncode == 6
    assert lines.stdout.count(b"\n") == 1
    assert b"a.jsonl:2:11: not-utf-8" in lines.stderr

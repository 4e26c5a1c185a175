"""What Markdown does not say of a post that a site brings is told with it: once, by its code, and unless allowed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitsync.model import Post, Record
from tests.cms import CMS, Answer, Desk
from tests.fakes.ghost import GhostSite
from tests.fakes.server import Stage
from tests.fakes.wordpress import WordPressSite

IMAGE = (
    '<!-- wp:image {"id":9,"sizeSlug":"large"} -->\n<figure class="wp-block-image size-large">'
    '<img src="https://x.example/a.png" alt="A" class="wp-image-9"/></figure>\n<!-- /wp:image -->'
)


def document(words: str) -> str:
    callout = {"type": "callout", "version": 1, "calloutEmoji": "", "calloutText": "<p>Careful</p>"}
    text = {"type": "markdown", "version": 1, "markdown": words}
    return json.dumps({"root": {"children": [text, callout], "type": "root", "version": 1}})


class Blog:
    """A desk with one site, and how a post is written and edited there."""

    def __init__(self, desk: Desk, add: Callable[[str], Any], edit: Callable[[str], Any]) -> None:
        self.desk, self.add, self.edit = desk, add, edit


@pytest.fixture(params=["ghost", "wordpress", "sql"])
def blog(
    request: pytest.FixtureRequest,
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Blog:
    site: dict[str, Any] = {}
    if request.param == "ghost":
        stage.app = ghost = GhostSite()
        ghost.host = stage.host
        monkeypatch.setenv("KEY", ghost.key)
        config = f'\n[sites.blog]\nplatform = "ghost"\nurl = "{ghost.host}"\ntoken = "env:KEY"\npace = "off"\n'
        desk = Desk(tmp_path / "blog", capsys, config=config, policy="#POLICY\n")

        def add(words: str) -> None:
            site["id"] = ghost.add(title="One", lexical=document(words), status="published")

        return Blog(desk, add, lambda words: ghost.edit(site["id"], lexical=document(words)))
    if request.param == "wordpress":
        stage.app = wp = WordPressSite()
        wp.host = stage.host
        monkeypatch.setenv("KEY", wp.password)
        config = f'\n[sites.blog]\nplatform = "wordpress"\nurl = "{wp.host}"\nuser = "{wp.user}"\ntoken = "env:KEY"\n'
        desk = Desk(tmp_path / "blog", capsys, config=f'{config}pace = "off"\n', policy="#POLICY\n")

        def add_post(words: str) -> None:
            site["id"] = wp.add(title="One", content=_blocks(words), status="publish")

        return Blog(desk, add_post, lambda words: wp.edit(site["id"], content=_blocks(words)))
    config = CMS.replace("[sites.cms]", "[sites.blog]").replace("[sites.cms.", "[sites.blog.")
    config = config.replace('table = "posts"', 'table = "posts"\nformat = "html"')
    desk = Desk(tmp_path / "blog", capsys, config=config, policy="#POLICY\n")
    broken = "<p>{}</p><a<b>x</a<b>"
    return Blog(
        desk,
        lambda words: desk.insert(id="1", title="One", body=broken.format(words), status="published", updated_at="1"),
        lambda words: desk.edit("One", body=broken.format(words)),
    )


def _blocks(words: str) -> str:
    return f"<!-- wp:paragraph -->\n<p>{words}</p>\n<!-- /wp:paragraph -->\n\n{IMAGE}"


CODES = ("CARD_PLAIN", "BLOCK_PLAIN", "HTML_CHANGED")


def codes(answer: Answer) -> list[str]:
    return [code for line in answer.out.splitlines() for code in CODES if code in line]


def test_what_a_post_leaves_out_is_told_when_it_comes_and_never_again(blog: Blog) -> None:
    blog.add("First words.")
    planned = codes(blog.desk.run("plan", "--json"))
    assert len(set(planned)) == 1
    assert codes(blog.desk.run("sync", "--json")) == planned
    assert codes(blog.desk.run("sync", "--json")) == []
    blog.edit("Other words.")
    assert codes(blog.desk.run("pull", "--json")) == planned
    assert blog.desk.run("sync").out.startswith("Nothing to do")


def test_what_is_allowed_is_not_told(blog: Blog) -> None:
    allowed = ", ".join(f'"blog:{code}"' for code in CODES)
    text = blog.desk.read("gitsync.toml").replace("#POLICY", f"[policy]\nallow_losses = [{allowed}]")
    blog.desk.put("gitsync.toml", text)
    blog.add("First words.")
    assert codes(blog.desk.run("sync", "--json")) == []


def test_a_record_of_a_connector_that_tells_nothing_loses_nothing() -> None:
    assert Record("1", "a", post=Post()).losses == ()

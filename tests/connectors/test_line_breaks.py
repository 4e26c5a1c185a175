"""`join_lines`: dev.to and Ghost are sent paragraphs on one line each, and the file stays as its author wrapped it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cms import Desk
from tests.fakes.forem import Forem
from tests.fakes.ghost import GhostSite
from tests.fakes.server import Stage

POST = "---\ntitle: One\n---\n\nA first line\nthat goes on here\nand ends.\n\nSee [below](#a--b).\n\n## A & B\n"


def test_joined_lines_on_devto_and_an_edit_there_leave_the_file_wrapped(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEVTO_API_KEY", "right-key")
    stage.app = forem = Forem()
    forem.host = stage.host
    site = f'\n[sites.devto]\nplatform = "devto"\nurl = "{stage.host}/api"\ntoken = "env:DEVTO_API_KEY"\npace = "off"\n'
    desk = Desk(tmp_path / "blog", capsys, config=site)
    desk.put("posts/one.md", POST)
    assert "LINES_BROKEN" in desk.run("plan").out
    desk.put("gitsync.toml", desk.read("gitsync.toml") + "join_lines = true\n")
    assert "LINES_BROKEN" not in desk.run("plan").out
    assert desk.run("sync").code == 0
    [article] = forem.articles.values()
    sent = "A first line that goes on here and ends.\n\nSee [below](#a-b).\n\n## A & B\n"
    assert article.body_markdown == sent
    assert desk.run("sync").out.startswith("Nothing to do")
    forem.edit(article.id, body_markdown=sent.replace("goes on", "went on"))
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == POST.replace("goes on", "went on")
    assert desk.run("sync").out.startswith("Nothing to do")
    desk.put("posts/one.md", POST.replace("ends", "stops"))
    assert desk.run("sync").code == 0
    assert article.id in forem.articles
    assert forem.articles[article.id].body_markdown == sent.replace("ends", "stops")
    assert forem.violations == []


def test_joined_lines_on_ghost(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.app = ghost = GhostSite()
    ghost.host = stage.host
    monkeypatch.setenv("GHOST_KEY", ghost.key)
    site = f'platform = "ghost"\nurl = "{ghost.host}"\ntoken = "env:GHOST_KEY"\npace = "off"\njoin_lines = true\n'
    desk = Desk(tmp_path / "blog", capsys, config=f"\n[sites.blog]\n{site}")
    desk.put("posts/one.md", POST)
    assert desk.run("sync").code == 0
    [post] = ghost.posts.values()
    assert "A first line that goes on here and ends." in post["lexical"]
    assert desk.run("sync").out.startswith("Nothing to do")
    assert desk.read("posts/one.md") == POST

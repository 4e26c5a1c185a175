"""A repository and a custom CMS kept in step through the command line: nothing is copied twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from tests.cms import Desk
from tests.connectors.test_rest import DECLARED
from tests.fakes.customcms import MANNERS, TOKEN, CustomCms
from tests.fakes.server import Stage, serving
from tests.fakes.shapes import Shaped


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


class Pair:
    """A desk with one custom CMS."""

    def __init__(self, desk: Desk, cms: CustomCms | Shaped) -> None:
        self.desk, self.cms = desk, cms

    def row(self, title: str) -> tuple[str, dict[str, Any]]:
        [found] = [(id, row) for id, row in self.cms.rows.items() if row["title"] == title]
        return found

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.cms.log if call[0] != "GET" and not call[1].endswith("/login")]

    def quiet(self) -> None:
        before = self.desk.git("rev-parse", "HEAD"), self.desk.git("for-each-ref", "refs/gitsync"), len(self.writes())
        answer = self.desk.run("sync")
        assert (answer.code, answer.out[:13]) == (0, "Nothing to do"), answer.told
        after = self.desk.git("rev-parse", "HEAD"), self.desk.git("for-each-ref", "refs/gitsync"), len(self.writes())
        assert after == before


@pytest.fixture(params=[pytest.param(it, marks=[] if it == "strapi" else [pytest.mark.slow], id=it) for it in MANNERS])
def pair(
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Pair:
    monkeypatch.setenv("CMS_TOKEN", TOKEN)
    cms = stage.app = CustomCms(MANNERS[request.param]())
    site = {"platform": "rest", "url": f"{stage.host}/api", "token": "env:CMS_TOKEN", "pace": "off"}
    config = tomlkit.dumps({"sites": {"cms": {**site, **DECLARED[request.param]}}})
    return Pair(Desk(tmp_path / "blog", capsys, config=f"\n{config}"), cms)


POST = (
    "---\ntitle: Two people\nslug: two-people\ntags: [git, prose]\n---\n\nOne sentence.\n\nAnother one.\n\nA third.\n"
)


def test_both_directions_and_back_again(pair: Pair) -> None:
    desk, cms = pair.desk, pair.cms
    desk.put("posts/two.md", POST)
    desk.put("posts/draft.md", "---\ntitle: Not yet\nslug: not-yet\nstatus: draft\n---\n\nSoon.\n")
    assert desk.run("sync").code == 0
    assert sorted(row["title"] for row in cms.rows.values()) == ["Not yet", "Two people"]
    pair.quiet()

    id, row = pair.row("Two people")
    cms.edit(id, {"body": row["body"].replace("Another one.", "Another one, edited there.")})
    desk.put("posts/two.md", POST.replace("A third.", "A third, edited here."))
    assert desk.run("sync").code == 0
    merged = "One sentence.\n\nAnother one, edited there.\n\nA third, edited here.\n"
    assert desk.read("posts/two.md").endswith(merged)
    assert pair.row("Two people")[1]["body"] == merged
    assert desk.read("posts/two.md").startswith("---\ntitle: Two people\nslug: two-people\ntags: [git, prose]\n---\n")
    pair.quiet()

    desk.git("mv", "posts/two.md", "posts/renamed.md")
    desk.commit("rename")
    assert desk.run("sync").code == 0
    assert pair.row("Two people")[0] == id
    pair.quiet()

    desk.git("rm", "-q", "posts/draft.md")
    desk.commit("delete")
    desk.put("gitsync.toml", '[policy]\ndelete = "delete"\n\n' + desk.read("gitsync.toml"))
    assert desk.run("sync").code == 0
    assert [row["title"] for row in cms.rows.values()] == ["Two people"]
    pair.quiet()


def test_a_lost_reply_makes_no_second_copy(pair: Pair) -> None:
    pair.desk.put("posts/two.md", POST)
    pair.cms.lose = True
    pair.desk.run("sync")
    assert pair.desk.run("sync").code == 0
    assert [row["title"] for row in pair.cms.rows.values()] == ["Two people"]
    pair.quiet()


def test_posts_made_there_become_files(pair: Pair) -> None:
    pair.desk.put("posts/two.md", POST)
    assert pair.desk.run("sync").code == 0
    id, row = pair.row("Two people")
    new = {**row, "title": "Made there", "slug": "made-there", "body": "Text\r\nwritten there.\r\n"}
    new.pop("public", None)
    pair.cms.rows["99" if id.isdecimal() else id[:-1] + ("0" if id[-1] != "0" else "1")] = new
    assert pair.desk.run("sync").code == 0
    assert pair.desk.read("posts/made-there.md").endswith("\nText\nwritten there.\n")
    pair.quiet()


def test_an_embed_is_a_frame_in_a_cms_that_holds_html_and_stays_as_the_author_spells_it(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMS_TOKEN", TOKEN)
    cms = stage.app = CustomCms(MANNERS["bare"]())
    site = {"platform": "rest", "url": f"{stage.host}/api", "token": "env:CMS_TOKEN", "pace": "off"}
    config = tomlkit.dumps({"sites": {"cms": {**site, **DECLARED["bare"], "format": "html"}}})
    desk = Desk(tmp_path / "blog", capsys, config=f"\n{config}")
    text = "---\ntitle: One\n---\n\nA film:\n\n%[https://youtu.be/dQw4w9WgXcQ]\n\nThe end.\n"
    desk.put("posts/one.md", text)
    pair = Pair(desk, cms)
    assert desk.run("sync").code == 0
    id, row = pair.row("One")
    [name] = [name for name, value in row.items() if "A film" in str(value)]
    assert 'src="https://www.youtube.com/embed/dQw4w9WgXcQ"' in row[name]
    pair.quiet()
    cms.rows[id] = {**row, name: row[name].replace("The end", "The very end")}
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == text.replace("The end", "The very end")

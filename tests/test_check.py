"""check: what is wrong is told with its place, and nothing else is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.blog import post
from tests.cms import CMS, FOLDER, Desk

NARROW = CMS.replace('tags = "tags"\n', "").replace('tags = "json"\n', "")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys, config=NARROW)


def test_good_posts_are_counted(desk: Desk) -> None:
    desk.write("posts/a.md", post("A"))
    answer = desk.run("check")
    assert (answer.code, answer.out) == (0, "1 post: 0 errors, 0 warnings.\n"), answer.told


def test_no_posts_are_no_error_but_said(desk: Desk) -> None:
    answer = desk.run("check")
    assert (answer.code, answer.err) == (0, "There are no posts in posts/**/*.md.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("---\ntitle: [a\n---\nx\n", "posts/a.md:3:1: yaml-syntax "),
        ("---\ntitle: A\ntags: {a: b}\n---\nx\n", "posts/a.md:3:7: "),
        ("---\ntitle: A\ntitle: B\n---\nx\n", "posts/a.md:3:1: "),
        ("---\ntitle: A\nsites: [cmss]\n---\nx\n", "posts/a.md:3:1: unknown-site gitsync.toml has no site 'cmss'. Did"),
        ("---\ntitle: A\n---\nx ![i](no.png)\n", "posts/a.md:4:8: LINK003 cms: points to no.png"),
        ("a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> cms@1\n", "posts/a.md:2:1: conflict-markers conflict markers are"),
        ("\x00", "posts/a.md:1:1: nul "),
    ],
)
def test_an_error_is_told_with_its_place_and_ends_with_6(desk: Desk, text: str, said: str) -> None:
    desk.write("posts/a.md", text)
    desk.write("posts/good.md", post("Good"))
    answer = desk.run("check")
    assert answer.code == 6, answer.told
    assert answer.out.startswith(said), answer.told
    assert answer.out.endswith("2 posts: 1 error, 0 warnings.\n")


def test_a_loss_is_a_warning(desk: Desk) -> None:
    desk.write("posts/a.md", post("A", tags="[x]"))
    answer = desk.run("check")
    assert answer.code == 0
    assert answer.out.startswith("posts/a.md:3:1: SQL001 warning: cms: the table 'posts' has no column for tags."), (
        answer.told
    )


def test_a_cover_that_is_not_there_is_told_at_its_line_where_covers_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, config=NARROW + FOLDER)
    (tmp_path / "docs").mkdir()
    desk.write("posts/a.md", post("A", cover="no.png"))
    answer = desk.run("check", "--site", "docs")
    assert answer.code == 6, answer.told
    assert answer.out.startswith("posts/a.md:3:8: LINK003 docs: points to no.png"), answer.told
    assert desk.run("check", "--site", "cms").code == 0


def test_sites_that_mind_the_same_are_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = NARROW + NARROW.replace("sites.cms", "sites.other")
    desk = Desk(tmp_path / "blog", capsys, config=two)
    desk.write("posts/a.md", post("A", "[gone](gone.md)\n"))
    answer = desk.run("check", "--json")
    [problem, summary] = answer.events
    assert (problem["sites"], problem["code"], problem["severity"]) == (["cms", "other"], "LINK003", "warning")
    assert summary == {**summary, "event": "summary", "failed": 0, "requests": 0}


def test_paths_choose_posts_and_folders_from_where_one_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("posts/a.md", "posts/deep/b.md", "posts/deep/c.md"):
        desk.write(path, "---\ntitle: [\n---\n")
    desk.write("README.md", "# Hello\n")
    for arguments, count in (
        (["posts/deep"], 2),
        (["posts/a.md"], 1),
        (["."], 3),
        (["posts/a.md", "posts/deep/b.md", "posts/a.md"], 2),
    ):
        assert desk.run("check", *arguments).out.endswith(
            f"{count} post{'s' * (count > 1)}: {count} error{'s' * (count > 1)}, 0 warnings.\n"
        )
    assert desk.run("-C", "posts/deep", "check", "b.md").out.startswith("posts/deep/b.md:3:1: ")
    assert desk.run("-C", "posts/deep", "check", "posts/a.md").out.startswith("posts/a.md:3:1: ")
    answer = desk.run("check", "posts/aa.md")
    assert (answer.code, answer.err) == (2, "There is no post posts/aa.md here. Did you mean posts/a.md?\n")
    answer = desk.run("check", "README.md")
    assert answer.code == 2
    assert answer.err.startswith("README.md is no post: [content] paths (posts/**/*.md) do not reach it.")
    assert desk.run("check", "../elsewhere.md").code == 2


def test_ignored_files_are_no_posts_and_untracked_ones_are(desk: Desk) -> None:
    desk.write(".gitignore", "*.db*\nposts/secret.md\n")
    desk.write("posts/secret.md", "---\ntitle: [\n---\n")
    desk.write("posts/new.md", post("New"))
    assert desk.run("check").out == "1 post: 0 errors, 0 warnings.\n"


def test_without_its_secret_a_site_is_left_out_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    desk = Desk(tmp_path / "blog", capsys, config='[sites.dev]\nplatform = "devto"\ntoken = "env:NO_SUCH_KEY"\n')
    desk.write("posts/a.md", post("A"))
    answer = desk.run("check")
    assert answer.code == 0, answer.told
    assert answer.err.startswith("Not checked for dev: "), answer.told
    assert "NO_SUCH_KEY" in answer.err


def test_check_writes_nothing(desk: Desk) -> None:
    desk.put("posts/a.md", post("A"))
    desk.run("check")
    assert desk.git("status", "--porcelain") == ""
    assert desk.git("for-each-ref", "refs/gitsync") == ""
    assert desk.rows() == {}


def test_a_loss_is_told_at_its_place_in_the_file_whatever_links_become_before_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, config=NARROW.replace('table = "posts"', 'table = "posts"\nformat = "html"'))
    desk.write("posts/b.md", post("B"))
    body = "Words [b](b.md).\n\n[b](b.md) and [b](b.md)\n\n{% foo %}\n\n[b](b.md) {% bar %}\n"
    desk.write("posts/a.md", post("A", body))
    lines = desk.root.joinpath("posts/a.md").read_text().split("\n")
    said = desk.run("check", "posts/a.md").out
    assert f"posts/a.md:{lines.index('{% foo %}') + 1}:1: TAG_WORDS" in said
    assert f"posts/a.md:{lines.index('[b](b.md) {% bar %}') + 1}:1: TAG_WORDS" in said

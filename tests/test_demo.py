"""The demo: its claims hold, and where one would not, it says so and fails."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from html import unescape
from pathlib import Path

import pytest

from gitsync.cli.failure import run
from gitsync.demo import SCENES
from gitsync.document import edit, parse
from gitsync.stage import DemoFailed, Stage, told
from tests.recording import scenes

EXAMPLE = Path(__file__).parent.parent / "content-example"
POSTS = sorted(path.relative_to(EXAMPLE).as_posix() for path in (EXAMPLE / "posts").rglob("*.md"))


@pytest.mark.slow
def test_the_demo_plays_every_scene_and_leaves_its_sites_to_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["demo", str(tmp_path / "new" / "blog")]) == 0
    said = capsys.readouterr().out
    for number, scene in enumerate(SCENES, 1):
        assert f"\n{number}. {scene.__doc__}\n" in said
    assert "\nAll of it held, in " in said
    assert "\x1b" not in said
    drawn = unescape((EXAMPLE.parent / ".github/demo.svg").read_text(encoding="utf-8")).replace("\u00a0", " ")
    assert not re.search(r"url\(\"?http|<(image|use|script)", drawn), "a picture asks no other host for anything"
    for line in scenes(said, "2. ", "4. ").splitlines():
        if not line.strip().startswith(("index ", "commit ")):
            assert line.strip()[:60].strip() in drawn, "draw it again: python -m tests.recording"
    with closing(sqlite3.connect(tmp_path / "new" / "blog" / "cms.db")) as database:
        assert database.execute("SELECT count(*) FROM article").fetchone() == (9,)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("precious")
    assert run(["-C", str(tmp_path.parent), "demo", tmp_path.name]) == 2
    assert "is not an empty folder. Name a new one" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_claim_that_does_not_hold_ends_the_demo_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitsync.demo.SCENES", (lambda stage: iter([stage.check(False, "pigs fly")]),))
    assert run(["--json", "demo", str(tmp_path / "blog")]) == 1
    out, err = capsys.readouterr()
    assert [json.loads(line)["event"] for line in out.splitlines()] == ["demo", "demo", "demo", "summary"]
    assert "This should be so, and is not: pigs fly" in err


def test_a_command_that_ends_otherwise_than_told_is_a_failure(tmp_path: Path) -> None:
    stage = Stage.build(tmp_path / "blog")
    with pytest.raises(DemoFailed, match="ended with 2 instead of 0"):
        list(stage.run("gitsync sync nowhere"))
    with pytest.raises(DemoFailed, match="no surely-no-such-program on this machine"):
        list(stage.run("surely-no-such-program"))
    with pytest.raises(DemoFailed, match="does not say 'pigs fly'"):
        list(stage.edit("gitsync.toml", "pigs fly", ""))


def test_the_machines_own_git_has_no_part_in_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    configuration = tmp_path / "configuration"
    configuration.write_text(
        f"[core]\nhooksPath = {hooks}\nautocrlf = true\n[commit]\ngpgSign = true\n[gpg]\nprogram = false\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    stage = Stage.build(tmp_path / "blog")
    assert list(stage.run("git log --format=%an:%s"))[-1].text == "Wanda Writer:The blog so far"


def test_long_output_loses_its_middle_only() -> None:
    shown = [line.text for line in told("\n".join(map(str, range(20))), 5)]
    assert shown == ["0", "1", "2", "… 16 more lines", "19"]
    assert [line.text for line in told("1\n2\n", 2)] == ["1", "2"]


@pytest.mark.parametrize("path", POSTS)
def test_an_example_post_is_edited_without_touching_its_other_lines(path: str) -> None:
    data = (EXAMPLE / path).read_bytes()
    before = parse(data, path=path)
    after = edit(before, {"title": "Another title: yes"})
    assert parse(after, path=path).post == before.post.with_fields({"title": "Another title: yes"})
    changed = set(data.splitlines(keepends=True)) ^ set(after.splitlines(keepends=True))
    assert len(changed) == 2
    assert all(b"title" in line for line in changed)


def test_the_example_is_awkward_on_purpose() -> None:
    said = {path: (EXAMPLE / path).read_bytes() for path in POSTS}
    posts = {path: parse(data, path=path).post for path, data in said.items()}
    assert any(data.startswith(b"+++") for data in said.values())
    assert any(b"\r\n" in data for data in said.values())
    assert any(not data.endswith(b"\n") for data in said.values())
    assert any(b"{{" in data and b"```" in data for data in said.values())
    assert any(post.status == "draft" for post in posts.values())
    assert any({"no", "1.10", "007"} <= set(post.tags or ()) for post in posts.values())


def test_python_runs_the_package_as_a_program() -> None:
    import subprocess

    done = subprocess.run([sys.executable, "-m", "gitsync", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("gitsync ")

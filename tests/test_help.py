"""Topics and manual pages: all there, and true to the commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

from gitsync.cli.failure import run
from gitsync.cli.group import COMMANDS
from gitsync.cli.help import topics

ROOT = Path(__file__).parent.parent


def test_topics_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help"]) == 0
    listed = capsys.readouterr().out
    for name, text in topics().items():
        assert re.search(rf"^  {name} +{re.escape(text.partition(chr(10))[0].lstrip('# '))}$", listed, re.MULTILINE)
        assert run(["help", name]) == 0
        assert capsys.readouterr().out.rstrip("\n") == text.rstrip("\n")


def test_a_command_is_explained_too_and_a_mistake_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["help", "sync"]) == 0
    assert "Keep repository and sites in step" in capsys.readouterr().out
    assert run(["help", "gost"]) == 2
    assert "'ghost'" in capsys.readouterr().err


@pytest.mark.parametrize("name", topics())
def test_every_command_that_a_topic_shows_exists(name: str) -> None:
    for command in re.findall(r"^gitsync (?:-C \S+ )?([a-z]+)", topics()[name], re.MULTILINE):
        assert command in COMMANDS
    for command in re.findall(r"`gitsync ([a-z-]+)", topics()[name]):
        assert command in COMMANDS


@pytest.mark.parametrize("name", topics())
def test_every_option_that_a_topic_shows_exists(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = re.findall(r"^gitsync ([a-z]+)((?: [^#\n|>&]+)?)", topics()[name], re.MULTILINE)
    for command, rest in shown:
        words = [command, *(word for word in rest.split()[:1] if command == "site")]
        assert run([*words, "--help"]) == 0
        told = capsys.readouterr().out
        assert not [flag for flag in re.findall(r"--[a-z-]+", rest) if flag not in told]


def test_manual_pages_are_written_for_every_command_and_topic(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["-C", str(tmp_path), "help", "--man", "man"]) == 0
    names = {path.name for path in (tmp_path / "man").iterdir()}
    assert names == {
        "gitsync.1",
        *(f"gitsync-{name}.1" for name in COMMANDS),
        *(f"gitsync-{name}.7" for name in topics()),
    }
    page = (tmp_path / "man/gitsync-sync.1").read_text(encoding="utf-8")
    assert ".SH NAME\ngitsync\\-sync \\- Keep repository and sites in step, in both directions\n" in page
    assert ".B \\-\\-dry\\-run\n" in page
    assert capsys.readouterr().out.startswith("Wrote ")
    if which("groff"):
        for path in (tmp_path / "man").iterdir():
            done = subprocess.run(
                ["groff", "-k", "-man", "-Tutf8", "-ww", "-z", str(path)],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            assert (path.name, done.stderr) == (path.name, "")

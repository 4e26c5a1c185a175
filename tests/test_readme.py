"""The README is true: its commands are run, in order, against a database, a folder and a fake dev.to."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitsync.cli.group import COMMANDS
from gitsync.events import ORDER
from tests.conftest import run_git
from tests.fakes.customcms import MANNERS, TOKEN, CustomCms
from tests.fakes.forem import Forem
from tests.fakes.ghost import GhostSite
from tests.fakes.hashnode import HashnodeSite
from tests.fakes.medium import MediumSite
from tests.fakes.server import serving
from tests.fakes.wordpress import WordPressSite
from tests.test_import_source import EXPORT

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = {text.partition("\n")[0]: text for text in README.split("\n## ")}
POST = "posts/two-people-one-paragraph.md"


@dataclass
class Reader:
    """Somebody who does what the README says, in `blog`. `said` is what the last block of commands printed."""

    blog: Path
    forem: Forem
    api: str
    said: str = ""
    workflow: dict[str, Any] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def follow(self, heading: str) -> None:
        for language, block in FENCE.findall(SECTIONS[heading]):
            {"sh": self.run, "toml": self.configure, "sql": self.execute, "yaml": self.note}[language](block)

    def run(self, block: str, *, code: int = 0, cwd: Path | None = None) -> None:
        # Only where dev.to is, and that it need not be spared, differs from what is written.
        block = block.replace("site add devto", f"site add devto --url {self.api} pace=off")
        for written, served in self.elsewhere.items():
            block = block.replace(written, served)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=cwd or self.blog,
            env={
                **{name: value for name, value in os.environ.items() if name != "CI"},
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "DEVTO_API_KEY": self.forem.key,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.said = done.stdout
        assert done.returncode == code, f"{block}\n{self.said}"

    def configure(self, block: str) -> None:
        path = self.blog / "gitsync.toml"
        for written, served in self.elsewhere.items():
            block = block.replace(written, served)
        text = path.read_text(encoding="utf-8")
        table = block.partition("\n")[0]
        # A table that is there already gets the new keys.
        text = text.replace(f"{table}\n", block, 1) if f"{table}\n" in text else f"{text}\n{block}"
        path.write_text(text, encoding="utf-8")

    def execute(self, block: str) -> None:
        with closing(sqlite3.connect(self.blog / "cms.db")) as database:
            database.executescript(block)

    def note(self, block: str) -> None:
        found = next(yaml.safe_load_all(block))
        if "jobs" in found:
            self.workflow = found

    def edit(self, old: str, new: str) -> None:
        path = self.blog / POST
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        run_git(self.blog, "commit", "--quiet", "-am", new)

    def bodies(self) -> str:
        return "\n".join(article.body_markdown for article in self.forem.articles.values())


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    blog = tmp_path / "my-blog"
    for folder in ("posts", "images"):
        shutil.copytree(ROOT / "content-example" / folder, blog / folder)
    shutil.copy(ROOT / "content-example" / ".gitattributes", blog)
    (blog / "posts/comments-one-day.md").unlink()  # it names a site that is not there yet
    run_git(blog, "init", "--quiet", "--initial-branch=main")
    run_git(blog, "add", "-A")
    run_git(blog, "commit", "--quiet", "-m", "My blog")
    with serving(forem := Forem()) as host:
        forem.host = host
        yield Reader(blog=blog, forem=forem, api=f"{host}/api")


def test_the_first_two_commands_set_up_and_run_the_demo_and_the_tests() -> None:
    commands = [block.strip() for language, block in FENCE.findall(README) if language == "sh"][:2]
    assert [len(command.splitlines()) for command in commands] == [1, 1]
    setups = [command.split(" && ") for command in commands]
    assert {setup[0] for setup in setups} == {"python3 -m venv .venv"}
    assert setups[0][1:] == [".venv/bin/pip install -q -e .", ".venv/bin/gitsync demo"]
    assert setups[1][1] == ".venv/bin/pip install -q -e '.[test]'"
    assert setups[1][2].startswith(".venv/bin/python -m pytest -q ")


@pytest.mark.slow
def test_a_cms_of_ones_own_is_declared_as_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGAZINE_KEY", TOKEN)
    reader.run("gitsync init --url https://me.example")
    cms = CustomCms(MANNERS["bare"]())
    with serving(cms) as host:
        reader.elsewhere = {"https://magazine.example/api": f"{host}/api"}
        reader.follow("Any CMS with a REST API")
        assert "7 created" in reader.said
        assert len(cms.rows) == 7
        reader.run("gitsync sync magazine")
        assert "Nothing to do" in reader.said


def test_everything_the_readme_shows_works_in_its_order(reader: Reader, tmp_path: Path) -> None:
    reader.follow("Your posts on dev.to")
    assert "7 created" in reader.said
    assert len(reader.forem.articles) == 7
    assert not reader.forem.violations

    reader.follow("A database of your own")
    assert "7 created" in reader.said

    (tmp_path / "site/_posts").mkdir(parents=True)
    reader.follow("A folder of a static site")
    assert (tmp_path / "site/_posts/2026-02-01-why-a-blog-in-git.md").is_file()

    reader.edit("Prose has few lines", "Prose has very few lines")
    reader.follow("Every day")
    assert "3 updated" in reader.said
    assert "very few lines" in reader.bodies()

    with closing(sqlite3.connect(reader.blog / "cms.db")) as database:
        database.execute(
            "UPDATE article SET text_md = replace(text_md, 'very few lines', 'hardly any'), changed_at = 1"
        )
        database.commit()
    reader.edit("very few lines", "few lines, really")
    reader.run("gitsync sync", code=3)
    reader.follow("Conflicts")
    assert "hardly any" in (reader.blog / POST).read_text(encoding="utf-8")
    assert "hardly any" in reader.bodies()

    reader.follow("Going back")
    assert "hardly any" not in reader.bodies()

    shutil.rmtree(tmp_path / "site/_posts")
    (tmp_path / "site/_posts").mkdir()
    reader.run("gitsync sync", code=5)
    reader.follow("A site that was lost")
    assert len(list((tmp_path / "site/_posts").iterdir())) == 7


@pytest.mark.slow
def test_wordpress_is_connected_as_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    wp = WordPressSite()
    monkeypatch.setenv("WP_APP_PASSWORD", wp.password)
    reader.run("gitsync init --url https://me.example")
    with serving(wp) as wp.host:
        reader.elsewhere = {"https://blog.example": wp.host}
        reader.follow("WordPress")
        assert "7 created" in reader.said
        assert len(wp.posts) == 7
        reader.run("gitsync sync blog")
        assert "Nothing to do" in reader.said


@pytest.mark.slow
def test_ghost_is_connected_as_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    ghost = GhostSite()
    monkeypatch.setenv("GHOST_ADMIN_KEY", ghost.key)
    reader.run("gitsync init --url https://me.example")
    with serving(ghost) as ghost.host:
        reader.elsewhere = {"https://ghost.example": ghost.host}
        reader.follow("Ghost")
        assert "7 created" in reader.said
        assert len(ghost.posts) == 7
        reader.run("gitsync sync ghost")
        assert "Nothing to do" in reader.said


@pytest.mark.slow
def test_hashnode_is_connected_as_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    hashnode = HashnodeSite()
    hashnode.series["things-that-break"] = f"{7:024x}"  # made in the dashboard, as the topic says
    monkeypatch.setenv("HASHNODE_TOKEN", hashnode.token)
    reader.run("gitsync init --url https://me.example")
    with serving(hashnode) as hashnode.host:
        # Only where Hashnode is differs from what is written.
        reader.elsewhere = {"site add hashnode": f"site add hashnode --url {hashnode.host}"}
        reader.follow("Hashnode")
        assert "7 created" in reader.said
        assert len(hashnode.posts) + len(hashnode.drafts) == 7
        reader.run("gitsync sync hashnode")
        assert "Nothing to do" in reader.said


@pytest.mark.slow
def test_medium_is_connected_as_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    medium = MediumSite()
    monkeypatch.setenv("MEDIUM_TOKEN", medium.token)
    reader.run("gitsync init --url https://me.example")
    with serving(medium) as medium.host:
        reader.elsewhere = {"site add medium": f"site add medium --url {medium.host}/v1"}
        reader.follow("Medium")
        assert "7 created" in reader.said
        assert len(medium.posts) == 7
        assert not medium.violations
        reader.run("gitsync sync medium")
        assert "Nothing to do" in reader.said


@pytest.mark.slow
def test_a_watch_is_begun_and_ended_as_shown(reader: Reader) -> None:
    reader.follow("Your posts on dev.to")
    reader.follow("While you write")
    assert "Watching posts/**/*.md for devto." in reader.said
    assert "Interrupted" in reader.said


@pytest.mark.slow
def test_an_export_becomes_files_as_shown(reader: Reader) -> None:
    reader.run("gitsync init --url https://me.example; git add gitsync.toml; git commit -qm Configure")
    (reader.blog / "export.xml").write_text(EXPORT, encoding="utf-8")
    reader.follow("Moving in")
    assert "6 pulled" in reader.said
    assert "[two](two.md)" in (reader.blog / "posts/one.md").read_text(encoding="utf-8")


def test_a_body_is_translated_without_a_site(reader: Reader) -> None:
    reader.follow("Translation alone")
    assert "youtube.com/embed/dQw4w9WgXcQ" in reader.said


def test_the_workflow_shares_the_ledger_and_pushes_what_it_found_on_dev_to(reader: Reader, tmp_path: Path) -> None:
    reader.follow("Your posts on dev.to")
    run_git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin")
    reader.follow("On GitHub, on every push and on a schedule")
    reader.run("git remote add origin ../origin; git commit -qam Share; git push -q -u origin main; gitsync sync")

    workflow = reader.workflow
    assert workflow["permissions"] == {"contents": "write"}
    assert workflow["concurrency"]["cancel-in-progress"] is False
    [job] = workflow["jobs"].values()
    [command] = [step["run"] for step in job["steps"] if step.get("run", "").startswith("gitsync")]
    assert job["steps"][0]["with"]["fetch-depth"] == 0

    [id] = [id for id, article in reader.forem.articles.items() if article.title == "TOML for a change"]
    reader.forem.edit(id, body_markdown=f"{reader.forem.articles[id].body_markdown}\nMore.\n")
    run_git(tmp_path, "clone", "--quiet", "origin", "runner")
    reader.run(command, cwd=tmp_path / "runner")
    assert "1 pulled" in reader.said
    assert "More." in run_git(tmp_path / "origin", "show", "main:posts/toml-for-a-change.md")
    reader.run("git pull -q; gitsync sync")
    assert "Nothing to do" in reader.said


def test_every_command_is_in_the_readme() -> None:
    assert not [name for name in COMMANDS if not re.search(rf"(gitsync |`){name}\b", README)]


def test_the_table_of_capabilities_is_what_the_command_prints() -> None:
    command = [sys.executable, "-m", "gitsync", "site", "capabilities", "--format", "markdown"]
    printed = subprocess.run(command, capture_output=True, check=True, encoding="utf-8").stdout
    assert printed in SECTIONS["What each platform can do"], "paste the output of the command into README.md"


def test_the_table_of_exit_codes_is_whole() -> None:
    codes = re.findall(r"^\| (\d+) \|", SECTIONS["Exit codes"], re.MULTILINE)
    assert sorted(map(int, codes)) == sorted(ORDER)


@pytest.mark.parametrize("target", sorted({*re.findall(r"\]\(([^)#]+)\)", README)}))
def test_a_link_of_the_readme_leads_to_a_file(target: str) -> None:
    assert (ROOT / target).exists()

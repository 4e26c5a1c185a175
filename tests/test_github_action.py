"""The GitHub Action, as a runner runs it: its own step, a shallow checkout, files for the summary and the outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from gitsync.cli.github_action import summary, workflow_commands
from tests.conftest import run_git
from tests.fakes.github import GitHub
from tests.fakes.server import serving

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
CONFIG = '[content]\npaths = ["posts/**/*.md"]\n\n{state}[sites.docs]\nplatform = "folder"\npath = "{site}"\n'
POST = "---\ntitle: One\n---\n\nText of one, which is long enough to be known again.\n"


@dataclass
class Runner:
    """A machine that checks the repository out with a depth of one, for every run anew."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    runs: int = 0
    said: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def site(self) -> Path:
        return self.root / "site"

    def start(self, *, state: str = '[state]\nremote = "origin"\n\n') -> None:
        """Push a blog with one post to a bare repository."""
        self.site.mkdir()
        run_git(self.root, "init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
        run_git(self.root, "clone", "--quiet", "origin.git", "desk")
        desk = self.root / "desk"
        (desk / "posts").mkdir()
        (desk / "posts/one.md").write_text(POST, encoding="utf-8")
        (desk / "gitsync.toml").write_text(CONFIG.format(state=state, site=self.site), encoding="utf-8")
        for message in ("first", "second"):
            (desk / "note.txt").write_text(message, encoding="utf-8")
            run_git(desk, "add", "-A")
            run_git(desk, "commit", "--quiet", "-m", message)
        run_git(desk, "push", "--quiet", "origin", "HEAD:main")

    def run(self, *, event: str = "push", **inputs: str) -> int:
        self.runs += 1
        work = self.root / f"runner{self.runs}"
        url = f"file://{self.root}/origin.git"
        run_git(self.root, "clone", "--quiet", "--depth=1", "--branch=main", url, str(work))
        given = {f"GITSYNC_{name.upper()}": value for name, value in inputs.items()}
        files = {name: str(self.root / f"{name}{self.runs}") for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
        environment = {
            **os.environ,
            **self.environment,
            **given,
            **files,
            "GITHUB_EVENT_NAME": event,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
        }
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", STEPS[-1]["run"]],
            cwd=work,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        self.said = done.stdout
        told = {
            name: Path(path).read_text(encoding="utf-8") if Path(path).exists() else "" for name, path in files.items()
        }
        self.summary = told["GITHUB_STEP_SUMMARY"]
        self.outputs = dict(line.split("=", 1) for line in told["GITHUB_OUTPUT"].splitlines())
        return done.returncode


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def test_a_push_reaches_the_site_and_the_next_machine_knows_of_it(runner: Runner) -> None:
    runner.start()
    assert runner.run() == 0, runner.said
    [stored] = runner.site.glob("**/*.md")
    assert (runner.outputs["created"], runner.outputs["failed"]) == ("1", "0")
    assert "### gitsync: 1 created" in runner.summary
    assert "| docs | posts/one.md | create: done |" in runner.summary

    stored.write_text(stored.read_text(encoding="utf-8").replace("Text of one", "Text of number one"), encoding="utf-8")
    assert runner.run() == 0, runner.said
    assert runner.outputs["pulled"] == "1"
    assert "Text of number one" in run_git(runner.root / "origin.git", "show", "main:posts/one.md")
    assert runner.run() == 0
    assert "### gitsync: nothing to do" in runner.summary


@pytest.mark.parametrize("event", ["pull_request", pytest.param("pull_request_target", marks=pytest.mark.slow)])
def test_nothing_is_written_for_a_pull_request(runner: Runner, event: str) -> None:
    runner.start()
    assert runner.run(event=event) == 5
    assert runner.said.startswith("::error::Nothing is written to sites for a pull request")
    assert not list(runner.site.iterdir())
    assert runner.run(event=event, command="plan") == 0, runner.said
    assert "create: planned" in runner.summary
    assert runner.run(event=event, command="sync", dry_run="true") == 0
    assert not list(runner.site.iterdir())


def test_without_a_shared_ledger_nothing_is_written(runner: Runner) -> None:
    runner.start(state="")
    assert runner.run() == 5
    assert 'Add remote = "origin" under [state]' in runner.said


def test_a_command_that_is_none_and_a_folder_without_configuration_are_errors(runner: Runner) -> None:
    runner.start()
    assert runner.run(command="rm") == 2
    assert "The action has no command 'rm'" in runner.said
    assert runner.run(directory="posts/nowhere") == 2
    assert runner.said.startswith("::error::")


def test_what_sites_would_lose_is_noted_beside_the_lines(runner: Runner) -> None:
    runner.start()
    desk = runner.root / "desk"
    (desk / "posts/two.md").write_text("---\ntitle: Two\n---\n\n![x](missing.png)\n", encoding="utf-8")
    run_git(desk, "add", "-A")
    run_git(desk, "commit", "--quiet", "-m", "two")
    run_git(desk, "push", "--quiet", "origin", "HEAD:main")
    assert runner.run(command="check") == 6
    assert "::error file=posts/two.md,line=5,col=" in runner.said
    assert "| posts/two.md:5 |" in runner.summary


def change(runner: Runner, path: str, text: str) -> None:
    """Commit a file at the desk, and push it."""
    desk = runner.root / "desk"
    run_git(desk, "pull", "--quiet", "--rebase", "origin", "main")
    (desk / path).write_text(text, encoding="utf-8")
    run_git(desk, "add", "-A")
    run_git(desk, "commit", "--quiet", "-m", path)
    run_git(desk, "push", "--quiet", "origin", "HEAD:main")


@pytest.fixture
def github(runner: Runner) -> Iterator[GitHub]:
    with serving(github := GitHub()) as host:
        event = runner.root / "event.json"
        event.write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
        runner.environment = {
            "GITHUB_API_URL": host,
            "GITHUB_REPOSITORY": "me/blog",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF_NAME": "main",
            "GITSYNC_TOKEN": github.token,
            "RUNNER_TEMP": str(runner.root),
        }
        yield github


@pytest.mark.slow
def test_a_plan_is_a_comment_that_is_kept_up_to_date(runner: Runner, github: GitHub) -> None:
    runner.start()
    github.comments = {number: f"somebody's {number}" for number in range(1, 131)}
    for _ in range(2):
        assert runner.run(event="pull_request", command="plan", comment="true") == 0, runner.said
    [body] = [text for text in github.comments.values() if "somebody" not in text]
    assert "| posts/one.md | would be created there |" in body
    assert "Text of one" in body
    assert github.writes == ["POST /repos/me/blog/issues/7/comments"]
    change(runner, "posts/one.md", POST.replace("Text of one", "Other text"))
    runner.run(event="pull_request", command="plan", comment="true")
    assert github.writes[1:] == ["PATCH /repos/me/blog/issues/comments/131"]
    assert runner.run() == 0
    runner.run(event="pull_request", command="plan", comment="true")
    assert "Nothing to do" in github.comments[131]


@pytest.mark.slow
def test_where_nothing_is_to_do_nobody_is_written_to(runner: Runner, github: GitHub) -> None:
    runner.start()
    runner.run()
    runner.run(event="pull_request", command="plan", comment="true")
    assert github.writes == []


@pytest.mark.slow
def test_a_token_that_may_only_read_is_told_and_ends_nothing(runner: Runner, github: GitHub) -> None:
    runner.start()
    github.readonly = True
    assert runner.run(event="pull_request", command="plan", comment="true") == 0
    assert "::warning::GitHub answered 403" in runner.said
    assert github.token not in runner.said


@pytest.mark.slow
def test_edits_of_a_site_and_what_collides_become_pull_requests(runner: Runner, github: GitHub) -> None:
    runner.start(state='[state]\nremote = "origin"\n\n[policy]\npull = "pull-request"\n\n')
    change(runner, "posts/two.md", POST.replace("one", "two").replace("One", "Two"))
    assert runner.run(pull_requests="true") == 0, runner.said
    for stored in runner.site.glob("**/*.md"):
        stored.write_text(stored.read_text(encoding="utf-8").replace("long enough", "quite long"), encoding="utf-8")
    change(runner, "posts/two.md", POST.replace("one", "two").replace("One", "Two").replace("long enough", "too short"))
    for _ in range(2):
        assert runner.run(event="schedule", pull_requests="true") == 3, runner.said
    assert {pull["head"]: (pull["base"], pull["title"]) for pull in github.pulls} == {
        "gitsync/pull-docs": ("main", "docs: edits made there"),
        "gitsync/conflict-docs": ("main", "docs: its words where they collide with ours"),
    }
    origin = runner.root / "origin.git"
    assert "quite long" in run_git(origin, "show", "gitsync/pull-docs:posts/one.md")
    assert "quite long" in run_git(origin, "show", "gitsync/conflict-docs:posts/two.md")
    assert "long enough" in run_git(origin, "show", "main:posts/one.md")

    desk = runner.root / "desk"
    run_git(desk, "pull", "--quiet", "--rebase", "origin", "main")
    for branch in ("pull", "conflict"):
        run_git(desk, "fetch", "--quiet", "origin", f"gitsync/{branch}-docs")
        run_git(desk, "merge", "--quiet", "--squash", "FETCH_HEAD")
        run_git(desk, "commit", "--quiet", "-m", branch)
    run_git(desk, "push", "--quiet", "origin", "HEAD:main")
    assert runner.run(event="schedule", pull_requests="true") == 0, runner.said
    assert runner.outputs["conflicts"] == "0"
    assert len(github.pulls) == 2
    assert all("quite long" in path.read_text(encoding="utf-8") for path in runner.site.glob("**/*.md"))


def test_no_text_leaves_its_place_in_a_command_or_a_table() -> None:
    evil = "a\n::error::b | <img> @all `x` 100%"
    operation = {
        "event": "operation",
        "site": "s",
        "path": "p,q:r",
        "action": "create",
        "result": "failed",
        "reason": evil,
    }
    [line] = workflow_commands([operation])
    assert "\n" not in line
    assert "file=p%2Cq%3Ar::" in line
    assert line.endswith("100%25")
    row = summary([operation], 1)[-1]
    assert row.count(" | ") == 3
    assert "<img>" not in row
    assert "@all" not in row


def test_every_input_reaches_the_step_and_every_output_is_told() -> None:
    step = STEPS[-1]
    used = {value.removeprefix("${{ inputs.").removesuffix(" }}") for value in step["env"].values()}
    assert used | {"python-version"} == set(ACTION["inputs"])
    assert all(it["value"] == f"${{{{ steps.run.outputs.{name} }}}}" for name, it in ACTION["outputs"].items())
    assert all(step.get("shell") == "bash" for step in STEPS if "run" in step)

"""Several real processes at once, in one clone and in many: the same as one after the other (law 6)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.blog import post
from tests.conftest import run_git
from tests.fakes.forem import Forem
from tests.fakes.server import Stage, serving

RUNNER = """
import subprocess, sys
from gitsync.cli.failure import run
git = ["git", "-C", {root!r}]
for number in range(30):
    subprocess.run([*git, "pull", "--quiet", "--rebase"], check=False, capture_output=True)
    subprocess.run([*git, "push", "--quiet"], check=False, capture_output=True)
    code = run(["-C", {root!r}, "sync", "--json"])
    if code != 1:
        break
sys.exit(code)
"""
"""What a runner of CI does: takes what is there, hands on its commit and syncs; again where others were faster."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


@pytest.fixture
def forem(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Forem:
    stage.app = forem = Forem()
    forem.host = stage.host
    monkeypatch.setenv("FOREM_KEY", forem.key)
    return forem


def project(root: Path, host: str, *, shared: bool) -> None:
    (root / "posts").mkdir(parents=True)
    state = '[state]\nremote = "origin"\nbranch = "main"\n' if shared else ""
    site = f'[sites.forem]\nplatform = "devto"\nurl = "{host}/api"\ntoken = "env:FOREM_KEY"\npace = "off"\n'
    (root / "gitsync.toml").write_text(f'[content]\npaths = ["posts/**/*.md"]\n{state}{site}')
    run_git(root, "init", "--quiet", "--initial-branch=main")
    (root / "posts/common.md").write_text(post("Common"))
    commit(root)


def commit(root: Path) -> None:
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", "edit")


def all_at_once(scripts: list[str]) -> list[tuple[int, str, str]]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
            env={**os.environ},
            text=True,
        )
        for script in scripts
    ]
    return [(process.wait(), out, err) for process in started for out, err in [process.communicate(timeout=240)]]


@pytest.mark.parametrize("number", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_runners_of_many_clones_are_as_if_in_sequence(tmp_path: Path, stage: Stage, forem: Forem, number: int) -> None:
    project(tmp_path / "first", stage.host, shared=True)
    run_git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "first"), str(tmp_path / "bare.git"))
    clones = [tmp_path / f"clone{number}" for number in range(number)]
    for at, clone in enumerate(clones):
        run_git(tmp_path, "clone", "--quiet", str(tmp_path / "bare.git"), str(clone))
        (clone / f"posts/own{at}.md").write_text(post(f"Own {at}", slug=f"own-{at}"))
        commit(clone)
    outcomes = all_at_once([RUNNER.format(root=str(clone)) for clone in clones])
    assert [code for code, _, _ in outcomes] == [0] * number, outcomes
    wanted = sorted(["Common", *(f"Own {at}" for at in range(number))])
    assert sorted(article.title for article in forem.articles.values()) == wanted
    # An edit on the site, seen by all of them at once, is one commit.
    [id] = [id for id, article in forem.articles.items() if article.title == "Common"]
    forem.edit(id, body_markdown="One, there.\n\nTwo.\n\nThree.\n")
    outcomes = all_at_once([RUNNER.format(root=str(clone)) for clone in clones])
    assert [code for code, _, _ in outcomes] == [0] * number, outcomes
    log = run_git(tmp_path / "bare.git", "log", "--format=%s", "main")
    assert log.count("Pull posts/common.md from forem") == 1, log
    before = forem.writes()
    for code, out, err in all_at_once([RUNNER.format(root=str(clone)) for clone in clones]):
        assert code == 0, (out, err)
        events = [json.loads(line) for line in out.splitlines()]
        assert [event["event"] for event in events] == ["summary"], out
    assert forem.writes() == before
    tips = {run_git(clone, "rev-parse", "HEAD", "refs/gitsync/forem") for clone in clones}
    assert len(tips) == 1
    assert all(run_git(clone, "status", "--porcelain") == "" for clone in clones)
    assert run_git(tmp_path / "bare.git", "for-each-ref", "refs/gitsync-lock") == ""


def test_processes_in_one_clone_wait_for_each_other(tmp_path: Path, stage: Stage, forem: Forem) -> None:
    root = tmp_path / "clone"
    project(root, stage.host, shared=False)
    for number in range(5):
        (root / f"posts/own{number}.md").write_text(post(f"Own {number}", slug=f"own-{number}"))
    commit(root)
    one = f"import sys; from gitsync.cli.failure import run; sys.exit(run(['-C', {str(root)!r}, 'sync', '--json']))"
    outcomes = all_at_once([one] * 4)
    assert [code for code, _, _ in outcomes] == [0] * 4, outcomes
    assert sorted(article.title for article in forem.articles.values()) == ["Common", *(f"Own {n}" for n in range(5))]
    created = [json.loads(out.splitlines()[-1])["created"] for _, out, _ in outcomes]
    assert sorted(created) == [0, 0, 0, 6]
    assert run_git(root, "status", "--porcelain") == ""


@pytest.mark.slow
def test_a_machine_whose_clock_is_an_hour_off_does_no_harm(tmp_path: Path, stage: Stage, forem: Forem) -> None:
    project(tmp_path / "first", stage.host, shared=True)
    run_git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "first"), str(tmp_path / "bare.git"))
    clones = [tmp_path / name for name in ("late", "right", "early")]
    scripts = []
    for at, clone in enumerate(clones):
        run_git(tmp_path, "clone", "--quiet", str(tmp_path / "bare.git"), str(clone))
        (clone / f"posts/own{at}.md").write_text(post(f"Own {at}", slug=f"own-{at}"))
        commit(clone)
        skewed = f"import time\nreal = time.time\ntime.time = lambda: real() + {(at - 1) * 3600}\n"
        scripts.append(skewed + RUNNER.format(root=str(clone)))
    for _ in range(2):
        outcomes = all_at_once(scripts)
        assert [code for code, _, _ in outcomes] == [0] * 3, outcomes
    assert sorted(article.title for article in forem.articles.values()) == ["Common", "Own 0", "Own 1", "Own 2"]
    assert len([method for method, _ in forem.writes() if method == "POST"]) == 4


KILLED = """
import gitsync.state.lease
gitsync.state.lease.LEASE = 10.0
"""
"""A lease that is soon over: the runners below must take it over from dead ones, and cannot wait for ten minutes."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_runners_that_are_killed_while_others_wait_lose_nothing(
    tmp_path: Path, stage: Stage, forem: Forem, seed: int
) -> None:
    """Eight clones edit paragraphs of one post and add their own, three are killed with all their children."""
    random = Random(seed)
    project(tmp_path / "first", stage.host, shared=True)
    common = post("Common", "".join(f"Paragraph {at}.\n\n" for at in range(9)))
    (tmp_path / "first/posts/common.md").write_text(common)
    commit(tmp_path / "first")
    run_git(tmp_path, "clone", "--quiet", "--bare", str(tmp_path / "first"), str(tmp_path / "bare.git"))
    clones = [tmp_path / f"clone{number}" for number in range(8)]
    for at, clone in enumerate(clones):
        run_git(tmp_path, "clone", "--quiet", str(tmp_path / "bare.git"), str(clone))
        (clone / "posts/common.md").write_text(common.replace(f"Paragraph {at}.", f"Paragraph {at}, here."))
        (clone / f"posts/own{at}.md").write_text(post(f"Own {at}", slug=f"own-{at}"))
        commit(clone)
    scripts = [KILLED + RUNNER.format(root=str(clone)) for clone in clones]
    started = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL, start_new_session=True)
        for script in scripts
    ]
    for victim in random.sample(started, 3):
        with suppress(subprocess.TimeoutExpired):
            victim.wait(random.uniform(0.5, 3.0))
        with suppress(ProcessLookupError):
            os.killpg(victim.pid, signal.SIGKILL)
    for process in started:
        process.wait(240)
    for root in clones:  # a git that was killed with its runner is not ours to tidy up after
        for lock in (root / ".git").rglob("*.lock"):
            lock.unlink()
        rebase = root / ".git/rebase-merge"
        if (rebase / "onto").exists() and (rebase / "onto").read_text().strip():
            run_git(root, "rebase", "--abort")
        elif rebase.exists():  # it was killed before it had noted where to, so nothing has moved
            shutil.rmtree(rebase)
    for _ in range(2):
        outcomes = all_at_once(scripts)
        assert [code for code, _, _ in outcomes] == [0] * 8, outcomes
    titles = sorted(article.title for article in forem.articles.values())
    assert titles == sorted(["Common", *(f"Own {at}" for at in range(8))])
    [shown] = [article.body_markdown for article in forem.articles.values() if article.title == "Common"]
    for text in (shown, run_git(tmp_path / "bare.git", "show", "main:posts/common.md")):
        assert [f"Paragraph {at}, here." for at in range(8) if f"Paragraph {at}, here." not in text] == []
    assert run_git(tmp_path / "bare.git", "for-each-ref", "refs/gitsync-lock") == ""

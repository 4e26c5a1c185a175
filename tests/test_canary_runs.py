"""Whole lives of a repository with a canary for a token: plans, lost replies, a kill, titles of processes (law 10)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from tests.blog import post
from tests.canary import Canary, title, titles
from tests.conftest import run_git
from tests.fakes.forem import Fault, Forem
from tests.fakes.server import Stage, serving

PLATFORMS = {
    "devto": {},
    "wordpress": {"user": "me"},
    "ghost": {},
    "hashnode": {"publication": "blog.example"},
    "rest": {"path": "/posts", "auth": "?key={token}"},
}


class Parrot:
    """A server that repeats whatever it is sent, in every way in which a server can answer."""

    def __init__(self) -> None:
        self.status = 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        said = {"url": str(request.url), "headers": dict(request.headers), "body": (await request.body()).decode()}
        response: Response = JSONResponse(
            {"error": json.dumps(said), "message": said, "detail": str(said)}, self.status
        )
        if self.status == 301:
            response = RedirectResponse(f"http://elsewhere.example/?{request.url.query}#{said['headers']}", 301)
        if self.status == 418:
            response = PlainTextResponse(str(said), 400)
        await response(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    stage.app = Parrot()
    with serving(stage) as stage.host:
        yield stage


@pytest.fixture
def canary(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Canary:
    git = shutil.which("git")
    assert git is not None
    monkeypatch.setenv("PATH", f"{titles(tmp_path, git)}:{os.environ['PATH']}")
    bird = Canary(tmp_path, capfd)
    monkeypatch.setenv("SECRET", bird.secret)
    return bird


def project(root: Path, *sites: str) -> Path:
    root.mkdir()
    run_git(root, "init", "--quiet", "--initial-branch=main")
    (root / "gitsync.toml").write_text('[content]\npaths = ["posts/**/*.md"]\n' + "".join(sites))
    (root / "posts").mkdir()
    (root / "posts/a.md").write_text(post("A"))
    (root / "posts/b.md").write_text(post("B"))
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", "first")
    return root


def site(platform: str, url: str, **options: str) -> str:
    rows = {"platform": platform, "url": url, "token": "env:SECRET", **options}
    return f"[sites.{platform}]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in rows.items())


def test_a_canary_sings_where_it_is_not_hidden(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What the other tests search with finds what there is to find."""
    bird = Canary(tmp_path, capfd)
    run_git(tmp_path, "init", "--quiet", "work")
    (tmp_path / "work/a").write_text("-" * 999 + bird.secret)
    run_git(tmp_path / "work", "add", "a")
    (tmp_path / "work/a").unlink()
    with pytest.raises(AssertionError, match="objects of"):
        bird.silent()


def test_a_whole_life_on_devto_shows_no_secret(tmp_path: Path, stage: Stage, canary: Canary) -> None:
    stage.app = forem = Forem(key=canary.secret)
    forem.host = stage.host
    url = f"{stage.host}/api"
    root = project(tmp_path / "clone", site("devto", url, pace="off"))
    assert canary.run(root, "-vv", "site", "test") == 0
    assert canary.run(root, "-vv", "plan", "--out", "plan.json") == 0
    assert canary.run(root, "-vv", "apply", "plan.json") == 0
    (root / "plan.json").rename(tmp_path / "plan.json")
    forem.edit(1001, body_markdown="Theirs.\n")
    assert canary.run(root, "-vv", "--json", "sync") == 0
    (root / "posts/c.md").write_text(post("C"))
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", "third")
    forem.faults += [Fault("store-then-504", method="POST"), Fault("html", method="GET", times=9)]
    assert canary.run(root, "-vv", "sync", "--no-wait") == 1
    forem.faults.clear()
    assert canary.run(root, "-vv", "sync") == 0
    for command in (["status"], ["diff"], ["log"], ["verify", "--deep"], ["doctor"], ["check"], ["--json", "status"]):
        canary.run(root, "-vv", *command)
    assert canary.run(root, "rollback", "--yes") in (0, 1, 2, 3, 5)
    assert len([told for _, told in canary.said if "HTTP" in told]) > 3, "the log was not shown"
    assert canary.secret.encode() not in title()
    canary.silent()


@pytest.mark.slow
@pytest.mark.parametrize("status", [301, 400, 403, 404, 418, 422, 500])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_a_server_repeats_of_a_secret_is_not_shown(
    tmp_path: Path, stage: Stage, canary: Canary, platform: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if platform == "ghost":  # its keys are an id and 32 bytes in hexadecimal
        canary.secret = "6489aabbccddeeff00112233:" + os.urandom(32).hex()
        monkeypatch.setenv("SECRET", canary.secret)
    monkeypatch.setattr("gitsync.http.BACKOFF", ())
    stage.app = parrot = Parrot()
    parrot.status = status
    root = project(tmp_path / "clone", site(platform, stage.host, pace="off", **PLATFORMS[platform]))
    for command in (["site", "test"], ["sync", "--no-wait"], ["--json", "verify"]):
        assert canary.run(root, "-vv", *command) in (0, 1, 2, 5), canary.said
    canary.silent()


@pytest.mark.parametrize("address", ["//me:{}@{}/x.git", "//{1}/x.git?token={0}"], ids=["password", "query"])
def test_a_state_remote_with_a_secret_in_its_address_shows_none(
    tmp_path: Path, stage: Stage, canary: Canary, address: str
) -> None:
    stage.app = Parrot()
    root = project(tmp_path / "clone", '[state]\nremote = "origin"\n', site("devto", stage.host))
    # Git itself keeps the address where its user put it: that file alone may have it.
    run_git(
        root, "remote", "add", "origin", "http:" + address.format(canary.secret, stage.host.removeprefix("http://"))
    )
    for command in (["sync"], ["status"], ["doctor"], ["restore", "HEAD", "devto"]):
        assert canary.run(root, "-vv", *command) in (0, 1, 2), canary.said
    (root / ".git/config").unlink()
    (root / ".git/config").write_text("[core]\n\trepositoryformatversion = 0\n")
    (tmp_path / "titles").unlink()
    canary.silent()


def test_a_run_that_is_killed_leaves_no_secret(tmp_path: Path, stage: Stage, canary: Canary) -> None:
    stage.app = forem = Forem(key=canary.secret)
    root = project(tmp_path / "clone", site("devto", f"{stage.host}/api", pace="off"))
    with (tmp_path / "out").open("wb") as out:
        command = [sys.executable, "-m", "gitsync", "-vv", "-C", str(root), "sync"]
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 20
    while not forem.writes() and time.monotonic() < deadline:
        time.sleep(0.005)
    told = Path(f"/proc/{process.pid}/cmdline").read_bytes()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert forem.writes(), (tmp_path / "out").read_text()
    assert canary.secret.encode() not in told
    canary.silent()
    assert canary.run(root, "sync") == 0
    assert len(forem.articles) == 2
    canary.silent()

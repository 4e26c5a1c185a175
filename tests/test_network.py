"""Whatever the network does to a request or its answer: no second copy, no lost edit, and the next run goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cms import Desk
from tests.fakes.forem import Forem
from tests.fakes.ghost import GhostSite
from tests.fakes.hashnode import HashnodeSite
from tests.fakes.network import AFTER, BEFORE, Network, broken
from tests.fakes.server import Stage, serving
from tests.fakes.wordpress import WordPressSite

TEXT = "---\ntitle: One\n---\n\nThe first words of a post that is long enough to be known again.\n"
OFTEN = ("reset-after", "cut", "html", "502-after", "429-date", "unchanged")
"""What is tried on every change; the rest with -m slow."""

ALL = [
    pytest.param(kind, marks=[] if kind in OFTEN else [pytest.mark.slow], id=kind) for kind in sorted({*BEFORE, *AFTER})
]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


@pytest.fixture
def forem(stage: Stage) -> Forem:
    forem = Forem()
    stage.app = forem
    forem.host = stage.host
    return forem


@pytest.fixture
def network(stage: Stage) -> Iterator[Network]:
    with broken(stage.host) as network:
        yield network


@pytest.fixture
def desk(
    forem: Forem, network: Network, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("KEY", forem.key)
    monkeypatch.setattr("gitsync.http.BACKOFF", (0.0, 0.0, 0.0))
    site = f'platform = "devto"\nurl = "{network.host}/api"\ntoken = "env:KEY"\npace = "off"\ntimeout = 1\n'
    desk = Desk(tmp_path / "blog", capsys, config=f"\n[sites.devto]\n{site}")
    desk.put("posts/one.md", TEXT)
    return desk


def settle(desk: Desk, network: Network) -> None:
    """Sync until there is nothing to do, on a network that works again."""
    network.faults.clear()
    for _ in range(3):
        answer = desk.run("sync")
        if answer.code == 0 and "Nothing to do" in answer.out:
            return
    raise AssertionError(answer.told)


@pytest.mark.parametrize("kind", ALL)
def test_a_create_is_there_once_whatever_happens_to_it(desk: Desk, network: Network, forem: Forem, kind: str) -> None:
    network.faults.append((kind, "POST"))
    answer = desk.run("sync", "--no-wait")
    assert "Traceback" not in answer.told
    assert answer.code in (0, 1), answer.told
    settle(desk, network)
    assert [article.title for article in forem.articles.values()] == ["One"]
    assert not forem.violations


@pytest.mark.parametrize("kind", ALL)
def test_an_update_loses_nobodys_edit_whatever_happens_to_it(
    desk: Desk, network: Network, forem: Forem, kind: str
) -> None:
    assert desk.run("sync").code == 0
    desk.put("posts/one.md", TEXT.replace("first words", "second words"))
    network.faults.append((kind, "PUT"))
    assert desk.run("sync", "--no-wait").code in (0, 1)
    [id] = forem.articles
    forem.edit(id, body_markdown=forem.articles[id].body_markdown.replace("known again", "known anew"))
    settle(desk, network)
    assert forem.articles[id].body_markdown.split() == (
        ["The", "second", "words", "of", "a", "post", "that", "is", "long", "enough", "to", "be", "known", "anew."]
    )
    assert "second words" in desk.read("posts/one.md")
    assert "known anew" in desk.read("posts/one.md")


@pytest.mark.parametrize("platform", ["ghost", "wordpress", "hashnode"])
def test_an_update_that_is_answered_with_the_record_as_it_was_is_sent_again(
    stage: Stage,
    network: Network,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
) -> None:
    ghost, wordpress, hashnode = GhostSite(), WordPressSite(), HashnodeSite()
    stage.app, key, more, method = {
        "ghost": (ghost, ghost.key, "", "PUT"),
        "wordpress": (wordpress, wordpress.password, f'user = "{wordpress.user}"', "POST"),
        "hashnode": (hashnode, hashnode.token, f'publication = "{hashnode.address}"', ""),
    }[platform]
    stage.app.host = stage.host
    monkeypatch.setenv("KEY", key)
    site = f'platform = "{platform}"\nurl = "{network.host}"\ntoken = "env:KEY"\npace = "off"\n{more}\n'
    desk = Desk(tmp_path / "blog", capsys, config=f"\n[sites.site]\n{site}")
    desk.put("posts/one.md", TEXT)
    assert desk.run("sync").code == 0
    desk.put("posts/one.md", TEXT.replace("first words", "second words"))
    network.faults += [("unchanged", method)] if method else []
    hashnode.deaf = True
    answer = desk.run("sync", "--no-wait")
    assert answer.code == 1
    assert "site keeps its own body" in answer.told
    hashnode.deaf = False
    settle(desk, network)
    [post] = stage.app.posts.values()
    assert "second words" in str(post)


@pytest.mark.parametrize("kind", ALL)
def test_a_listing_that_breaks_is_no_empty_site(desk: Desk, network: Network, forem: Forem, kind: str) -> None:
    assert desk.run("sync").code == 0
    desk.put("posts/two.md", TEXT.replace("One", "Two").replace("first", "other"))
    network.faults += [(kind, "GET")] * 5
    answer = desk.run("sync", "--no-wait")
    assert answer.code in (0, 1), answer.told
    settle(desk, network)
    assert sorted(article.title for article in forem.articles.values()) == ["One", "Two"]
    assert (desk.root / "posts/one.md").is_file()


def test_a_host_without_a_name_and_one_without_a_certificate_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, stage: Stage
) -> None:
    monkeypatch.setenv("KEY", "k" * 24)
    monkeypatch.setattr("gitsync.http.BACKOFF", (0.0,))
    port = stage.host.rpartition(":")[2]
    for number, url in enumerate(("http://no-such-host.invalid/api", f"https://127.0.0.1:{port}/api")):
        site = f'platform = "devto"\nurl = "{url}"\ntoken = "env:KEY"\ntimeout = 5\n'
        desk = Desk(tmp_path / f"blog{number}", capsys, config=f"\n[sites.devto]\n{site}")
        answer = desk.run("site", "test")
        assert answer.code == 1
        assert "cannot be reached" in answer.told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_sync_stops_at_once_and_the_next_goes_on(
    desk: Desk, network: Network, forem: Forem, number: signal.Signals
) -> None:
    for name in ("two", "three"):
        desk.put(f"posts/{name}.md", TEXT.replace("One", name).replace("first", name))
    config = desk.read("gitsync.toml").replace("timeout = 1", "timeout = 60")
    desk.write("gitsync.toml", config)
    network.faults.append(("hang-after", "POST"))
    process = subprocess.Popen(
        [sys.executable, "-m", "gitsync", "-C", str(desk.root), "sync"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "KEY": forem.key},
        encoding="utf-8",
    )
    assert network.hanging.wait(60), "the first post was stored, and its answer does not come"
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)  # the answer would hang for 20 seconds
    assert process.returncode == 130
    assert "devto: 0 of 3 posts were sent." in errors
    assert "was being sent; whether it arrived, the next run finds out." in errors
    assert "Interrupted" in errors
    assert "Traceback" not in errors
    settle(desk, network)
    assert sorted(article.title for article in forem.articles.values()) == ["One", "three", "two"]
    assert desk.git("status", "--porcelain").strip() in ("", "M gitsync.toml")

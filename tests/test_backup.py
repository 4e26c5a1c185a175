"""A backup alone, by the command line: new sites get the posts, their fields and their pictures, whatever is killed."""

from __future__ import annotations

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

from tests.conftest import run_git
from tests.fakes.ghost import GhostSite
from tests.fakes.server import serving

pytestmark = pytest.mark.slow

NAMES = "abcdef"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f6"
    "45400000000049454e44ae426082"
)


@pytest.fixture
def lost() -> Iterator[GhostSite]:
    site = GhostSite()
    with serving(site) as site.host:
        yield site


@pytest.fixture
def new() -> Iterator[GhostSite]:
    site = GhostSite()
    with serving(site) as site.host:
        yield site


def configure(root: Path, name: str, site: GhostSite) -> None:
    table = f'[sites.{name}]\nplatform = "ghost"\nurl = "{site.host}"\ntoken = "env:{name.upper()}_KEY"\npace = "off"\n'
    (root / "gitsync.toml").write_text(f'[content]\npaths = ["posts/**/*.md"]\nassets = ["images/"]\n{table}')
    run_git(root, "add", "-A")
    run_git(root, "commit", "--quiet", "-m", f"configure {name}")


def write(root: Path) -> None:
    (root / "posts").mkdir(parents=True)
    (root / "images").mkdir()
    run_git(root, "init", "--quiet", "--initial-branch=main")
    for at, name in enumerate(NAMES):
        (root / f"images/{name}.png").write_bytes(PIXEL + bytes([at]))
        after = NAMES[(at + 1) % len(NAMES)]
        (root / f"posts/{name}.md").write_text(
            f"---\ntitle: {name.upper()}\nslug: {name}\ntags: [all, only-{name}]\ndescription: Of {name}.\n"
            f"date: 2024-0{at + 1}-02T03:04:05Z\ncover: ../images/{name}.png\n---\n\nWhat {name} says of its own.\n\n"
            f"![a picture](../images/{name}.png)\n\nThen read [the next]({after}.md).\n"
        )


def gitsync(root: Path, *words: str) -> subprocess.Popen[str]:
    script = "import sys; from gitsync.cli.failure import run; sys.exit(run(sys.argv[1:]))"
    return subprocess.Popen(
        [sys.executable, "-c", script, "-C", str(root), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(__file__).parent.parent,
        start_new_session=True,
        text=True,
    )


def done(root: Path, *words: str) -> str:
    process = gitsync(root, *words)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    return said


def shown(site: GhostSite) -> list[tuple[object, ...]]:
    names = ("title", "slug", "status", "custom_excerpt", "published_at", "feature_image", "lexical")
    return sorted(
        (*(str(post.get(name)).replace(site.host, "") for name in names), *sorted(tag["name"] for tag in post["tags"]))
        for post in site.posts.values()
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_mirror_is_enough_for_a_new_site_however_often_it_is_killed(
    tmp_path: Path, lost: GhostSite, new: GhostSite, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setenv("LOST_KEY", lost.key)
    monkeypatch.setenv("NEW_KEY", new.key)
    work = tmp_path / "work"
    write(work)
    configure(work, "lost", lost)
    done(work, "sync")
    run_git(tmp_path, "clone", "--quiet", "--mirror", str(work), "backup.git")
    shutil.rmtree(work)
    before, pictures = shown(lost), sorted(lost.images.values())
    lost.posts.clear()

    again = tmp_path / "again"
    run_git(tmp_path, "clone", "--quiet", str(tmp_path / "backup.git"), str(again))
    configure(again, "new", new)
    random = Random(seed)
    for _ in range(4 if seed else 0):
        process = gitsync(again, "restore", "HEAD", "lost", "--to", "new", "--no-wait")
        with suppress(subprocess.TimeoutExpired):
            process.wait(random.uniform(0.4, 3.0))
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    for lock in (again / ".git").glob("*.lock"):  # of a git that was killed too
        lock.unlink()
    done(again, "restore", "HEAD", "lost", "--to", "new")
    done(again, "sync")
    assert shown(new) == before
    assert sorted(set(new.images.values())) == pictures
    assert new.violations == []
    assert "All is well." in done(again, "doctor")
    assert "new: as agreed." in done(again, "verify", "--deep")
    assert run_git(again, "status", "--porcelain") == ""
    writes = len(new.writes())
    done(again, "restore", "HEAD", "lost", "--to", "new")
    done(again, "sync")
    assert len(new.writes()) == writes

"""What a site says is hostile until it was checked: its names, titles, sizes, and what a repository holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitsync.model import clean_address
from tests.cms import CMS, Desk
from tests.conftest import run_git

SLUGS = (
    "../../.git/hooks/post-checkout",
    "..%2f..%2fescaped",
    "/etc/passwd",
    "C:\\windows\\system32",
    "\\\\server\\share",
    "~/home",
    ".git",
    ".gitattributes",
    ".gitmodules",
    ".gitsync",
    ".",
    "..",
    "CON",
    "aux.md",
    "nul.tar",
    "COM1",
    "a" * 300,
    "ß" * 200,
    "Same",
    "same",
    "SAME",
    "caf\u00e9",
    "cafe\u0301",
    "-rf",
    "--upload-pack=touch x",
    "a\x1b[2Jb",
    "a\nb",
    "a\0b"[:1] + "b",
    "tab\tin",
    "trailing.",
    "trailing ",
    " leading",
    'a:b*c?d"e<f>g|h',
    "\u202eevil",
    "\ud7ffx",
    "posts/../../../x",
    "conf.d/../../gitsync.toml",
    "GIT~1",
    ".GIT",
    ".g\u200cit",
    "git\u2024config",
)

TITLES = (
    "\x1b]0;owned\x07\x1b[31mred",
    "a\r\nb",
    "{{ config }} {% include x %}",
    "<script>alert(1)</script>",
    "---\nstatus: draft",
    "'; DROP TABLE posts; --",
    "\u202e right to left",
    "x" * 5000,
    "",
    "!!python/object/apply:os.system ['touch x']",
    "${jndi:ldap://x}",
    "%s%s%n",
)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    desk = Desk(tmp_path / "blog", capsys)
    desk.put("posts/mine.md", "---\ntitle: Mine\n---\n\nMy own words.\n")
    assert desk.run("sync").code == 0
    return desk


def outside(desk: Desk) -> dict[str, bytes]:
    """Every file that is no post, with what it says; the database and what git and gitsync keep apart."""
    found = {}
    for folder, names, files in os.walk(desk.root.parent):
        names[:] = [name for name in names if name not in ("objects", "gitsync", "logs", "refs")]
        for name in files:
            path = Path(folder) / name
            if not path.is_relative_to(desk.root / "posts") and not name.startswith("cms.db") and name not in (
                "index", "COMMIT_EDITMSG", "FETCH_HEAD", "ORIG_HEAD",
            ):  # fmt: skip
                found[str(path)] = path.read_bytes()
    return found


def test_no_name_that_a_site_gives_leaves_the_folder_of_posts(desk: Desk) -> None:
    before = outside(desk)
    for number, slug in enumerate(SLUGS):
        desk.insert(title=f"Post {number}", slug=slug, body=f"Words of {number}.\n", status="published")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert outside(desk) == before
    paths = run_git(desk.root, "-c", "core.quotepath=false", "ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    posts = [path for path in paths if path.startswith("posts/")]
    assert len(posts) == len(SLUGS) + 1
    for path in posts:
        name = path.removeprefix("posts/")
        assert "/" not in name, path
        assert name.isprintable(), repr(path)
        assert len(os.fsencode(name)) <= 255
        assert not name.startswith((".", "-", "~", " ")), path
        assert not set(name) & set('\\:*?"<>|'), path
        stem = name.split(".")[0].upper()
        assert stem not in {
            "CON",
            "PRN",
            "AUX",
            "NUL",
            *(f"COM{n}" for n in range(10)),
            *(f"LPT{n}" for n in range(10)),
        }
    from unicodedata import normalize

    assert len({normalize("NFC", path).casefold() for path in posts}) == len(posts), "two names are one on some disks"
    assert desk.git("status", "--porcelain") == ""
    assert "\x1b" not in answer.told
    assert desk.run("sync").idle
    assert len(desk.rows()) == len(SLUGS) + 1


def test_no_title_reaches_the_terminal_or_breaks_a_file(desk: Desk) -> None:
    for number, title in enumerate(TITLES):
        desk.insert(title=title, slug=f"post-{number}", body=f"Words of {number}.\n", status="published")
    answer = desk.run("sync", "-v")
    assert not [char for char in answer.told if ord(char) < 32 and char not in "\n\t"], answer.told
    for command in ("status", "diff", "plan", "log", "verify", "check"):
        told = desk.run(command, "-v").told
        assert not [char for char in told if ord(char) < 32 and char not in "\n\t"], told
    assert desk.git("status", "--porcelain") == ""
    assert desk.run("sync").idle


@pytest.mark.parametrize("name", [".gitattributes", ".gitmodules", "gitsync.toml"])
def test_a_post_is_never_a_file_that_git_or_gitsync_obeys(desk: Desk, name: str) -> None:
    text = desk.read("gitsync.toml")
    desk.insert(title=name, slug=name, body="* filter=evil\n", status="published")
    desk.run("sync")
    assert not (desk.root / ".gitattributes").exists()
    assert not (desk.root / ".gitmodules").exists()
    assert not (desk.root / "posts" / name).exists()
    assert desk.read("gitsync.toml") == text


def test_a_link_in_the_place_of_a_post_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    victim = tmp_path / "victim.md"
    victim.write_text("not yours\n")
    (desk.root / "posts/mine.md").unlink()
    (desk.root / "posts/mine.md").symlink_to(victim)
    desk.commit("a link")
    desk.edit("Mine", body="Edited there.\n")
    desk.run("sync")
    assert victim.read_text() == "not yours\n"


def test_a_folder_of_posts_that_is_a_link_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    desk.git("mv", "posts/mine.md", "mine.md")
    desk.commit("move")
    (desk.root / "posts").rmdir() if (desk.root / "posts").is_dir() else None
    (desk.root / "posts").symlink_to(tmp_path / "victim")
    desk.commit("a link")
    desk.insert(title="New", slug="new", body="Words.\n", status="published")
    desk.run("sync")
    assert list((tmp_path / "victim").iterdir()) == []


@pytest.mark.slow
def test_a_body_of_a_hundred_megabytes_blocks_nothing_but_itself(desk: Desk) -> None:
    desk.insert(title="Big", slug="big", body="word \n" * (100 << 20 >> 3), status="published")
    desk.insert(title="Small", slug="small", body="Words.\n", status="published")
    answer = desk.run("sync")
    assert (desk.root / "posts/small.md").is_file(), answer.told
    assert desk.git("status", "--porcelain") == ""


def test_what_is_committed_is_never_executed(desk: Desk) -> None:
    """A repository may be anybody's: its files are data, whatever git would do with them elsewhere."""
    marker = desk.root.parent / "executed"
    script = f"#!/bin/sh\ntouch {marker}\n"
    desk.write(".gitattributes", "*.md filter=evil diff=evil merge=evil textconv=evil\n")
    desk.write(".gitmodules", f'[submodule "x"]\npath = posts\nurl = "!touch {marker}"\nupdate = "!touch {marker}"\n')
    desk.write(".gitconfig", f'[core]\nfsmonitor = "touch {marker}"\n[filter "evil"]\nclean = touch {marker}\n')
    for name in ("hooks/post-commit", ".githooks/pre-commit", ".husky/pre-push", "sitecustomize.py", "click.py"):
        desk.write(name, script)
        (desk.root / name).chmod(0o755)
    desk.commit("hostile")
    desk.edit("Mine", body="Edited there.\n")
    for command in ("check", "status", "diff", "sync", "log", "verify", "doctor"):
        desk.run(command)
    assert "Edited there." in desk.read("posts/mine.md")
    assert not marker.exists()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("https://a.example/b?c=d#e", True),
        ("HTTP://a.example", True),
        ("https://ä.example/ü", True),
        ("/posts/a", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("//evil.example/", False),
        ("/\\evil.example/", False),
        ("https:///a", False),
        ("https://a.example/\x1b[2J", False),
        ("https://a.example/\n", False),
        ("https://a.example/\u202etxt", False),
        ("https://a.example/\x9b", False),
        ("", False),
    ],
)
def test_only_what_leads_to_a_page_is_an_address(said: str, kept: bool) -> None:
    assert clean_address(said) == (said if kept else None)


def test_an_address_that_is_a_program_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    permalink = 'tags = "json"\npermalink = "javascript:alert({id})"'
    desk = Desk(tmp_path / "blog", capsys, config=CMS.replace('tags = "json"', permalink))
    desk.put("posts/mine.md", "---\ntitle: Mine\n---\n\nMy own words.\n")
    desk.insert(title="Theirs", slug="theirs", body="Other words.\n", status="published")
    assert "javascript" not in desk.run("sync", "--json").told
    assert len(desk.rows()) == 2
    assert "javascript" not in desk.git("grep", "", "refs/gitsync/cms", "--", "records/")
    assert desk.run("sync").idle

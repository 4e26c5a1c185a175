"""Whatever is in the place of gitsync's own files: one sentence, never a wait, set aside by doctor, and all goes on."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from gitsync.cli.failure import run
from gitsync.doctor import examine
from gitsync.errors import RepositoryError
from gitsync.project import Project
from gitsync.state.intents import Intent, Intents
from tests.blog import Blog, examined, post, synced_pair
from tests.conftest import run_git


def folder(path: Path) -> None:
    path.mkdir()
    (path / "kept").write_text("words")


def link(path: Path) -> None:
    target = path.parent / "somebody's file"
    target.write_text("words")
    path.symlink_to(target)


def listening(path: Path) -> None:
    # A path of a socket is short; the folder of a test is not.
    here = Path.cwd()
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(here)


MAKERS: dict[str, Callable[[Path], None]] = {
    "folder": folder,
    "link": link,
    "dangling": lambda path: path.symlink_to("nowhere"),
    "pipe": os.mkfifo,
    "socket": listening,
    "file": lambda path: [path.write_text("words"), None][1],
}
OFTEN = (("journal", "pipe"), ("lock", "folder"), ("intents", "file"), ("together.json", "pipe"))
"""What is tried on every change; the rest with -m slow."""

CASES = [
    *(("journal", kind) for kind in ("folder", "link", "dangling", "pipe", "socket")),
    *(("lock", kind) for kind in ("folder", "link", "pipe")),
    *(("intents", kind) for kind in ("file", "link", "pipe")),
    ("intents/begun.tmp", "pipe"),
    ("intents/site-create-0123456789abcdef0123.json", "pipe"),
    ("intents/site-create-0123456789abcdef0123.json", "folder"),
    ("together.json", "pipe"),
    ("together.new", "folder"),
    ("leases.json", "folder"),
    ("uploads", "pipe"),
    ("journal.damaged", "folder"),
    ("pages", "file"),
    ("worktree", "file"),
    ("worktree/move.json", "pipe"),
    ("worktree/checkout", "file"),
    ("", "file"),
    ("", "dangling"),
]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return synced_pair(tmp_path / "blog")


@pytest.mark.parametrize(
    ("name", "kind"), [pytest.param(*case, marks=[] if case in OFTEN else [pytest.mark.slow]) for case in CASES]
)
def test_what_is_in_the_place_of_an_own_file_is_told_and_set_aside(blog: Blog, name: str, kind: str) -> None:
    own = blog.root / ".git" / "gitsync"
    place = own / name if name else own
    place.parent.mkdir(exist_ok=True)
    if place.is_dir():
        place.rename(place.with_name("before"))
    place.unlink(missing_ok=True)
    MAKERS[kind](place)
    blog.put("posts/a.md", post("A", "Other words.\n"))
    told = r"where gitsync keeps a (file|folder)\. Run gitsync doctor"
    if name.startswith("intents/site-"):  # only new posts may be what it was about: they wait
        blog.put("posts/n.md", post("N"))
        outcome = blog.run(wait=False)
        assert outcome.summary.exit_code == 1
        assert re.search(told, outcome.told), outcome.told
        assert sorted((it.title, it.body) for it in blog.site().posts().values())[0] == ("A", "Other words.\n")
        assert len(blog.site().posts()) == 2
    else:
        with pytest.raises(RepositoryError, match=told):
            blog.run()

    [waits] = [it for it in examined(blog, mend=False) if it.kind == "waits" and "aside" in it.message]
    assert os.path.lexists(place)
    findings = examined(blog)
    [mended] = [it for it in findings if "set aside" in it.message]
    assert not [it for it in findings if it.kind == "wrong"]
    assert (waits.kind, mended.kind) == ("waits", "mended")
    assert place.name in mended.message
    aside = place.with_name(f"{place.name}.aside")
    assert os.path.lexists(aside)
    if kind == "folder":
        assert (aside / "kept").read_text() == "words"
    if kind in ("file", "link"):
        assert aside.read_text() == "words"

    assert blog.run().summary.exit_code == 0
    assert blog.shown("A").body == "Other words.\n"
    blog.quiet()
    assert examined(blog) == []


def test_a_pipe_in_the_place_of_gits_index_lock_is_named_and_not_waited_for(blog: Blog) -> None:
    os.mkfifo(blog.root / ".git" / "index.lock")
    with pytest.raises(RepositoryError, match=r"index\.lock"):
        blog.run()
    assert [it.kind for it in examined(blog)] == ["wrong"]


@pytest.mark.parametrize(
    "command", ["sync", *(pytest.param(name, marks=pytest.mark.slow) for name in ("status", "verify", "log"))]
)
def test_no_command_waits_for_a_pipe(blog: Blog, capsys: pytest.CaptureFixture[str], command: str) -> None:
    journal = blog.root / ".git" / "gitsync" / "journal"
    journal.unlink()
    os.mkfifo(journal)
    code = run(["-C", str(blog.root), command])
    told = capsys.readouterr()
    assert code == (0 if command == "log" else 1), told
    if code:
        assert "journal is a pipe, where gitsync keeps a file. Run gitsync doctor, which sets it aside." in told.err


def test_writes_that_were_begun_are_kept_where_a_file_is_in_the_place_of_their_folder(blog: Blog) -> None:
    own = blog.root / ".git" / "gitsync"
    intents = Intents(own)
    intents.begin(Intent(op="update", site="site", path="posts/a.md", at=1.0))
    intents.folder.rename(own / "elsewhere")
    (own / "intents").write_text("no folder")
    [mended] = examined(blog)
    assert mended.message.endswith("what was sent last will be looked for on the sites.")
    assert len(list((own / "elsewhere").glob("*.json"))) == 1
    assert (own / "intents.aside").read_text() == "no folder"


def test_a_second_thing_set_aside_does_not_replace_the_first(blog: Blog) -> None:
    own = blog.root / ".git" / "gitsync"
    for _ in range(2):
        (own / "journal").unlink(missing_ok=True)
        folder(own / "journal")
        assert [it.kind for it in examined(blog)] == ["mended"]
    assert sorted(path.name for path in own.glob("journal.aside*")) == ["journal.aside", "journal.aside-2"]


def test_a_linked_work_tree_has_own_files_too(blog: Blog, tmp_path: Path) -> None:
    run_git(blog.root, "worktree", "add", "--quiet", "--detach", str(tmp_path / "second"))
    place = blog.root / ".git" / "worktrees" / "second" / "gitsync"
    place.write_text("words")
    findings = list(examine(Project.open(tmp_path / "second"), mend=True))
    assert [it.kind for it in findings] == ["mended"]
    assert place.with_name("gitsync.aside").read_text() == "words"

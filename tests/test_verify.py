"""Verify: every difference is told, and nothing is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import Unreachable
from gitsync.model import Post
from gitsync.project import Project
from gitsync.verify import verify
from tests.blog import Blog, post
from tests.cms import FOLDER, Desk
from tests.conftest import run_git


@pytest.fixture(params=[Behaviour(), Behaviour(ids_only=True, hashes=True)], ids=["complete", "ids"])
def blog(tmp_path: Path, request: pytest.FixtureRequest) -> Blog:
    blog = Blog(tmp_path / "blog", behaviour=request.param)
    for name in "abc":
        blog.write(f"posts/{name}.md", post(name.upper(), tags="[x]"))
    blog.commit()
    blog.run()
    return blog


def found(blog: Blog, *, deep: bool = False) -> list[tuple[str | None, str]]:
    project = Project.open(blog.root)
    state = _state(blog)
    differences = [(it.path, it.message) for it in verify(project, project.config.choose([]), deep=deep)]
    assert _state(blog) == state
    return differences


def _state(blog: Blog) -> tuple[object, ...]:
    files = {path: path.read_bytes() for path in blog.root.rglob("*") if path.is_file()}
    return files, blog.writes(), blog.git("for-each-ref")


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_as_agreed_has_no_difference(blog: Blog, deep: bool) -> None:
    assert found(blog, deep=deep) == []


@pytest.mark.parametrize(
    ("old", "new"), [(b"\n", b"\r\n"), (b"---\n", b"---\nlayout: wide\n"), (b"---\n", b"\xef\xbb\xbf---\n")]
)
def test_what_changed_in_a_file_without_a_change_of_the_post_is_told_by_a_deep_look_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: bytes, new: bytes
) -> None:
    (tmp_path / "docs").mkdir()
    desk = Desk(tmp_path / "blog", capsys, config=FOLDER)
    desk.put("posts/a.md", post("A", date="2026-01-02"))
    assert desk.run("sync").code == 0
    assert desk.run("verify", "--deep").code == 0
    [file] = (tmp_path / "docs").rglob("*.md")
    before = file.read_bytes()
    changed = before.replace(old, new, 1) if old != b"\n" else before.replace(old, new)
    file.write_bytes(changed)
    assert desk.run("verify").code == 0
    answer = desk.run("verify", "--deep")
    assert answer.code == 1
    assert "posts/a.md shows what was agreed on; line ends, comments or keys of its own are other ones" in answer.told
    assert desk.run("sync").idle, "this is no edit of the post"
    assert file.read_bytes() == changed
    assert desk.run("verify", "--deep").code == 1
    file.write_bytes(before)
    assert desk.run("verify", "--deep").code == 0


@pytest.mark.parametrize("deep", [False, True])
def test_every_difference_on_the_site_is_told(blog: Blog, deep: bool) -> None:
    blog.site().edit(blog.id_of("A"), body="Other.\n", tags=("y",))
    blog.site().remove(blog.id_of("B"))
    blog.site().put("", Post(title="There", body="x\n", status="published"))
    differences = dict(found(blog, deep=deep))
    assert "tags, body" in differences["posts/a.md"]
    assert "missing" in differences["posts/b.md"]
    assert "no file" in differences[None]
    assert len(differences) == 3


def test_every_difference_in_the_repository_is_told(blog: Blog) -> None:
    blog.write(
        "posts/new.md", post("New", "It says something else, at some length, so that nobody takes it for another.\n")
    )
    blog.write(
        "posts/not-meant.md",
        post("None", "Meant for nobody, in other words again, and not for a short time either.\n", sites="[]"),
    )
    blog.git("rm", "-q", "posts/b.md")
    blog.git("mv", "posts/c.md", "posts/z.md")
    blog.put("posts/a.md", post("A", "Changed.\n"))
    differences = dict(found(blog))
    assert {path: message.split(" ")[1] for path, message in differences.items() if path} == {
        "posts/a.md": "changed",
        "posts/b.md": "deleted",
        "posts/new.md": "new",
        "posts/z.md": "posts/c.md",
    }


def test_a_site_that_cannot_be_asked_is_a_difference(blog: Blog) -> None:
    blog.site().faults.append(Fault(on="scan", error=Unreachable("down")))
    [(_, message)] = found(blog)
    assert "down" in message


def test_a_lost_object_is_a_difference(blog: Blog) -> None:
    blog.git("rm", "-q", "posts/a.md")
    blog.git("commit", "-q", "-m", "gone")
    blog.run()
    oid = blog.git("rev-parse", "refs/gitsync/site:records/posts/b.md.json")
    for pack in (blog.root / ".git/objects/pack").glob("*.pack"):
        data = pack.read_bytes()
        for sibling in pack.parent.glob(f"{pack.stem}.*"):
            sibling.chmod(0o644)
            sibling.unlink()
        run_git(blog.root, "unpack-objects", "-q", input=data)
    (blog.root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    [(_, message)] = [it for it in found(blog) if "cannot be read" in it[1]]
    assert oid in message

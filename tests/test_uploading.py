"""Files that posts show are stored on a site once each, whatever becomes of their posts."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown, Rejected
from gitsync.state.intents import Intents
from gitsync.state.uploads import Uploads
from tests.blog import SHARED, Blog, clone, post, shared
from tests.conftest import run_git
from tests.killing import killed_sync

LOST = OutcomeUnknown("no answer came.")


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return pictured(tmp_path, Behaviour(uploads=True))


def pictured(folder: Path, behaviour: Behaviour) -> Blog:
    """Return a blog with a post that shows a picture."""
    blog = Blog(folder / "blog", behaviour=behaviour, config='assets = ["images/"]\n')
    picture(blog)
    return blog


def picture(blog: Blog) -> None:
    blog.write("images/a.png", "a picture")
    blog.write("posts/a.md", post("A", "See ![it](../images/a.png).\n"))
    blog.commit()


def uploads(blog: Blog) -> list[str]:
    return [path for call, path in blog.site().log if call == "upload"]


def test_a_file_is_stored_once_though_its_post_is_refused(blog: Blog) -> None:
    blog.site().faults += [Fault(on="create", error=Rejected("not today.")) for _ in range(3)]
    for _ in range(3):
        assert blog.run().summary.exit_code == 1
    assert blog.run().summary.created == 1
    assert uploads(blog) == ["images/a.png"]
    assert "https://memory.example/assets/" in blog.shown("A").body
    blog.quiet()


@pytest.mark.parametrize("stored", [False, True])
def test_a_file_is_stored_once_though_the_run_dies_before_its_post_is_recorded(blog: Blog, stored: bool) -> None:
    blog.site().faults.append(Fault(on="create", error=KeyboardInterrupt(), stored=stored))
    with pytest.raises(KeyboardInterrupt):
        blog.run()
    blog.run()
    assert uploads(blog) == ["images/a.png"]
    assert len(blog.site().posts()) == 1
    assert "https://memory.example/assets/" in blog.shown("A").body
    blog.quiet()


def test_a_post_whose_reply_was_lost_is_known_by_its_files(blog: Blog) -> None:
    blog.site().faults.append(Fault(on="create", error=LOST, stored=True))
    assert blog.run(wait=False).summary.exit_code == 1
    assert blog.run().operations == [("create", "posts/a.md", "done")]
    blog.site().edit("1", body=blog.shown("A").body.replace("See", "Look at"))
    blog.run()
    assert uploads(blog) == ["images/a.png"]
    assert blog.read("posts/a.md") == post("A", "Look at ![it](../images/a.png).\n")
    blog.quiet()


def test_a_file_that_the_site_refuses_keeps_back_its_posts_alone_and_is_sent_once_in_a_run(blog: Blog) -> None:
    blog.write("posts/b.md", post("B", "Also ![it](../images/a.png).\n"))
    blog.put("posts/c.md", post("C"))
    blog.site().faults.append(Fault(on="upload", error=Rejected("no room for that.")))
    outcome = blog.run()
    assert [post.title for post in blog.site().posts().values()] == ["C"]
    assert outcome.summary.failed == 2
    assert "images/a.png could not be uploaded. no room for that." in outcome.told
    assert uploads(blog) == ["images/a.png"]
    assert blog.run().summary.created == 2


@pytest.mark.parametrize("stored", [True, False])
def test_an_upload_whose_reply_is_lost_is_looked_for_before_it_is_sent_again(blog: Blog, stored: bool) -> None:
    blog.site().faults.append(Fault(on="upload", error=LOST, stored=stored))
    outcome = blog.run()
    assert outcome.operations == [("create", "posts/a.md", "planned")] * (2 - stored) + [
        ("create", "posts/a.md", "done")
    ]
    assert blog.clock.slept == ([] if stored else [30.0])  # not found counts only when it cannot come any more
    assert outcome.summary.exit_code == 0
    assert len(blog.site().assets) == 1
    assert Intents(blog.root / ".git/gitsync").outstanding() == []
    blog.quiet()


def test_a_run_that_does_not_wait_leaves_the_look_to_the_next_one(blog: Blog) -> None:
    blog.site().faults.append(Fault(on="upload", error=LOST, stored=True))
    outcome = blog.run(wait=False)
    assert outcome.operations == [("create", "posts/a.md", "planned")]
    assert "images/a.png was sent, and no answer came" in outcome.told
    assert outcome.summary.exit_code == 1
    assert blog.run(wait=False).operations == [("create", "posts/a.md", "done")]
    assert len(blog.site().assets) == 1


def test_a_file_that_is_lost_twice_in_a_run_is_left_alone(blog: Blog) -> None:
    blog.site().faults += [Fault(on="upload", error=LOST), Fault(on="upload", error=LOST)]
    outcome = blog.run()
    assert outcome.operations[-1] == ("create", "posts/a.md", "failed")
    assert uploads(blog) == ["images/a.png"] * 2
    blog.clock.now += 31
    assert blog.run().operations == [("create", "posts/a.md", "done")]
    assert len(blog.site().assets) == 1


def test_a_site_that_cannot_be_asked_for_its_files_is_sent_one_again_and_that_is_told(tmp_path: Path) -> None:
    blog = pictured(tmp_path, Behaviour(uploads=True, finds_files=False))
    blog.site().faults.append(Fault(on="upload", error=LOST, stored=True))
    assert blog.run().operations == [("create", "posts/a.md", "failed")]
    assert blog.clock.slept == []
    outcome = blog.run()
    assert outcome.operations == [("create", "posts/a.md", "done")]
    assert "images/a.png may be in the library of site twice" in outcome.told
    assert len(blog.site().assets) == 2
    blog.quiet()


def share(blog: Blog) -> None:
    """Let the state of `blog` be shared from now on."""
    config = blog.root / "gitsync.toml"
    config.write_text(config.read_text() + SHARED)
    blog.commit("share")
    shared(blog)


@pytest.mark.parametrize("finds", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_fresh_machine_knows_which_files_a_site_has(tmp_path: Path, finds: bool) -> None:
    blog = pictured(tmp_path, Behaviour(uploads=True, finds_files=finds))
    share(blog)
    blog.site().faults.append(Fault(on="create", error=Rejected("not today.")))
    assert blog.run().summary.exit_code == 1
    assert clone(blog, "two").run().summary.created == 1
    blog.run()
    blog.put("posts/a.md", post("A", "No picture any more.\n"))
    blog.git("push", "--quiet", "origin", "main")
    clone(blog, "three").run()
    blog.git("pull", "--quiet", "origin", "main")
    blog.put("posts/b.md", post("B", "The same ![it](../images/a.png) again.\n"))
    blog.git("push", "--quiet", "origin", "main")
    four = clone(blog, "four")
    assert four.run().summary.created == 1
    assert uploads(blog) == ["images/a.png"]
    four.quiet()


@pytest.mark.parametrize("stored", [True, False])
def test_a_fresh_machine_looks_for_what_one_that_died_may_have_sent(tmp_path: Path, stored: bool) -> None:
    blog = pictured(tmp_path, Behaviour(uploads=True))
    share(blog)
    blog.site().faults.append(Fault(on="upload", error=KeyboardInterrupt(), stored=stored))
    with pytest.raises(KeyboardInterrupt):
        blog.run()
    assert "intents/site-upload-" in run_git(tmp_path / "origin.git", "ls-tree", "-r", "refs/gitsync/site")
    two = clone(blog, "two")
    outcome = two.run()
    assert outcome.operations[-1] == ("create", "posts/a.md", "done")
    assert len(blog.site().assets) == 1
    assert "intents/" not in run_git(tmp_path / "origin.git", "ls-tree", "-r", "refs/gitsync/site")
    two.quiet()
    blog.run()
    assert len(blog.site().assets) == 1


def test_doubts_of_another_machine_outlive_a_run_that_is_about_something_else(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(uploads=True, lag=600), config='assets = ["images/"]\n')
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.put("posts/c.md", post("C"))
    share(blog)
    blog.run()
    blog.clock.sleep(1000)
    picture(blog)
    blog.site().faults.append(Fault(on="upload", error=KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        blog.run()
    two = clone(blog, "two")
    (two.root / "posts/a.md").unlink()
    two.put("posts/c.md", post("C", "Something else.\n"))
    two.git("push", "--quiet", "origin", "main")
    assert two.run(wait=False).summary.updated == 1
    assert "site-upload-" in run_git(tmp_path / "origin.git", "ls-tree", "-r", "refs/gitsync/site")


@pytest.mark.slow
def test_a_sync_with_pictures_that_is_killed_at_any_step_leaves_one_copy_of_each(tmp_path: Path) -> None:
    blog = pictured(tmp_path, Behaviour(uploads=True))
    blog.write("images/b.png", "another picture")
    blog.put("posts/b.md", post("B", "![a](../images/a.png)\n\n![b](../images/b.png)\n"))
    kept = tmp_path / "kept"
    shutil.copytree(blog.root, kept, symlinks=True)
    stores = {"site": blog.site()}
    _, steps = killed_sync(blog, None, stores)
    every = int(os.environ.get("GITSYNC_CRASH_STEPS", "").replace("all", "1") or steps // 6)
    for at in range(1, steps + 1, every):
        shutil.rmtree(blog.root)
        shutil.copytree(kept, blog.root, symlinks=True)
        store = blog.site()
        store.rows, store.assets, store.numbers = {}, {}, count(1)
        died, _ = killed_sync(blog, at, stores)
        assert died
        blog.run()
        assert sorted(it.path for it in store.assets.values()) == ["images/a.png", "images/b.png"], at
        assert sorted(str(it.title) for it in store.posts().values()) == ["A", "B"], at
        blog.quiet()


def test_a_site_that_answers_no_upload_is_left_alone(blog: Blog) -> None:
    for number in range(5):
        blog.write(f"images/{number}.png", str(number))
        blog.write(f"posts/{number}.md", post(f"P{number}", f"![]({'../images/'}{number}.png)\n"))
    blog.commit()
    blog.site().faults += [Fault(on="upload", error=LOST) for _ in range(6)]
    assert "3 more posts wait for the next run" in blog.run().told
    assert len(uploads(blog)) == 3


def test_a_file_too_large_to_send_is_told_by_its_pointer(blog: Blog) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize {300 << 20}\n"
    blog.put("images/a.png", pointer)
    outcome = blog.run()
    assert outcome.summary.exit_code == 6
    assert "images/a.png:1:1: FILE_LARGE images/a.png has more than 256 MiB." in outcome.told


def test_what_was_noted_is_read_until_it_is_in_the_ledger(tmp_path: Path) -> None:
    noted = Uploads(tmp_path)
    assert noted.of("site") == {}
    noted.note("site", "a" * 40, "https://x.example/a.png")
    with noted.path.open("ab") as file:
        file.write(b'{"site": "site", "oid": "c')
    noted.note("site", "b" * 40, "https://x.example/b.png")
    noted.note("other", "a" * 40, "https://y.example/a.png")
    assert noted.of("site") == {"a" * 40: "https://x.example/a.png", "b" * 40: "https://x.example/b.png"}
    assert noted.of("other") == {"a" * 40: "https://y.example/a.png"}
    noted.clear()
    assert noted.all() == {}


def test_notes_of_an_older_gitsync_go_into_the_ledger(blog: Blog) -> None:
    blog.run()
    blog.write("images/b.png", "another picture")
    blog.put("posts/b.md", post("B", "![](../images/b.png)\n"))
    oid = blog.git("rev-parse", "HEAD:images/b.png").strip()
    noted = Uploads(blog.root / ".git/gitsync")
    noted.note("site", oid, "https://memory.example/assets/noted")
    assert blog.run().summary.created == 1
    assert "assets/noted)" in blog.shown("B").body
    assert noted.all() == {}
    assert blog.git("show", f"refs/gitsync/site:uploads/{oid[:2]}/{oid[2:]}").strip() == (
        '{"url": "https://memory.example/assets/noted"}'
    )
    blog.quiet()


def test_a_picture_that_changes_while_its_post_is_edited_there_is_sent(blog: Blog) -> None:
    blog.run()
    blog.site().edit("1", body=blog.shown("A").body.replace("See", "Look at"))
    blog.put("images/a.png", "another picture")
    blog.run()
    assert blog.read("posts/a.md").endswith("Look at ![it](../images/a.png).\n")
    [url] = list(map(str.strip, blog.shown("A").body.split("(")[1:]))
    assert sha256(b"another picture").hexdigest() in url
    blog.quiet()
    blog.site().edit("1", body=blog.shown("A").body.replace("Look at", "Behold"))
    blog.put("images/a.png", "a picture")  # which the site has already
    blog.run()
    assert sha256(b"a picture").hexdigest() in blog.shown("A").body
    blog.quiet()


@pytest.mark.parametrize("call", ["create", "update"])
def test_a_file_is_watched_though_the_reply_about_its_post_was_lost(blog: Blog, call: str) -> None:
    if call == "update":
        blog.run()
        blog.put("images/a.png", "another picture")
    blog.site().faults.append(Fault(on=call, error=LOST, stored=True))
    blog.run()
    blog.run()
    Uploads(blog.root / ".git/gitsync").path.unlink(missing_ok=True)  # as on another machine
    blog.put("images/a.png", "a third picture")
    assert blog.run().operations == [("update", "posts/a.md", "done")]
    blog.quiet()
    blog.site().edit("1", body=blog.shown("A").body.replace("it]", "that]"))
    blog.run()
    assert blog.read("posts/a.md").endswith("See ![that](../images/a.png).\n")


def test_a_symbolic_link_is_no_picture(blog: Blog) -> None:
    (blog.root / "images/link.png").symlink_to("/etc/passwd")
    blog.put("posts/a.md", post("A", "See ![it](../images/link.png).\n"))
    outcome = blog.run()
    assert outcome.summary.exit_code == 6
    assert "LINK003 points to ../images/link.png, which is not in the repository." in outcome.told
    assert uploads(blog) == []

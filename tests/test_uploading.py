"""Files that posts show are stored on a site once each, whatever becomes of their posts."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import OutcomeUnknown, Rejected, SiteError
from gitsync.state.uploads import Uploads
from tests.blog import Blog, post

LOST = OutcomeUnknown("no answer came.")


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(uploads=True), config='assets = ["images/"]\n')
    blog.write("images/a.png", "a picture")
    blog.write("posts/a.md", post("A", "See ![it](../images/a.png).\n"))
    blog.commit()
    return blog


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


def test_a_lost_reply_to_an_upload_leaves_nobody_in_doubt_about_the_post(blog: Blog) -> None:
    blog.site().faults.append(Fault(on="upload", error=LOST, stored=True))
    outcome = blog.run()
    assert outcome.operations == [("create", "posts/a.md", "failed")]
    assert blog.clock.slept == []
    assert blog.run().operations == [("create", "posts/a.md", "done")]


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


def test_what_was_noted_is_read_until_a_post_shows_it(tmp_path: Path) -> None:
    noted = Uploads(tmp_path)
    assert noted.of("site") == {}
    noted.note("site", "a" * 40, "https://x.example/a.png")
    with noted.path.open("ab") as file:
        file.write(b'{"site": "site", "oid": "c')
    noted.note("site", "b" * 40, "https://x.example/b.png")
    noted.note("other", "a" * 40, "https://y.example/a.png")
    assert noted.of("site") == {"a" * 40: "https://x.example/a.png", "b" * 40: "https://x.example/b.png"}
    noted.placed("site", {"a" * 40})
    assert noted.of("site") == {"b" * 40: "https://x.example/b.png"}
    assert noted.of("other") == {"a" * 40: "https://y.example/a.png"}


def test_what_a_post_shows_is_noted_no_longer(blog: Blog) -> None:
    blog.site().faults.append(Fault(on="create", error=SiteError("closed for today.")))
    blog.run()
    noted = Uploads(blog.root / ".git/gitsync")
    assert len(noted.of("site")) == 1
    blog.run()
    assert noted.of("site") == {}


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

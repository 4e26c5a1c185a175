"""Pictures of imported posts become files: fetched once, kept apart, sent back as the addresses that they had."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gitsync.engine.bringing import picture_type
from gitsync.testing import PNG
from tests.cms import Desk
from tests.fakes.forem import Forem
from tests.fakes.server import serving


class Host:
    """A Forem that serves pictures too; `asked` are the paths of those that were fetched."""

    def __init__(self) -> None:
        self.forem = Forem()
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(("/img/", "/content/")):
            await self.forem(scope, receive, send)
            return
        path = scope["raw_path"].decode()
        self.asked.append(path)
        answers = {
            "/img/a/pic.png": Response(PNG, media_type="image/png"),
            "/img/b/pic.png": Response(PNG + b"other", media_type="image/png"),
            "/img/copy/Gr%C3%B6%C3%9Fe%20X!.JPEG": Response(PNG, media_type="image/png"),
            "/content/images/2024/05/whole.png": Response(PNG + b"whole", media_type="image/png"),
            "/img/page.png": Response("<html>", media_type="text/html"),
            "/img/posing.png": Response("<html><svg></svg></html>", media_type="image/png"),
            "/img/CON.jpg": Response(PNG + b"con", media_type="application/octet-stream"),
            "/img/big.png": Response(b"\0" * (21 << 20), media_type="image/png"),
            "/img/moved.png": RedirectResponse("/img/a/pic.png", 302),
            "/img/inner.png": RedirectResponse("http://127.0.0.1:9/x.png", 302),
            "/img/..%2f..%2f.git%2fhooks.png": Response(PNG + b"evil", media_type="image/png"),
        }
        await answers.get(path, Response("gone", 404))(scope, receive, send)


@pytest.fixture
def host() -> Iterator[tuple[Host, str]]:
    with serving(host := Host()) as url:
        host.forem.host = url
        yield host, url


@pytest.fixture
def desk(
    host: tuple[Host, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Desk:
    monkeypatch.setenv("KEY", host[0].forem.key)
    site = f'\n[sites.devto]\nplatform = "devto"\nurl = "{host[1]}/api"\ntoken = "env:KEY"\npace = "off"\n'
    return Desk(tmp_path / "blog", capsys, config=site, policy='assets = ["images/"]\nfetch_assets = true\n')


def test_pictures_come_with_their_posts_and_go_back_as_they_were(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    first = f"Look ![a]({url}/img/a/pic.png 'T') and ![b]({url}/img/b/pic.png).\n\n[a link]({url}/img/a/pic.png)\n"
    id = served.forem.add(title="One", body_markdown=first, published=True)
    served.forem.add(title="Two", body_markdown=f"Again ![a]({url}/img/a/pic.png)\n", published=True)
    assert desk.run("import", "devto").code == 0
    assert sorted(path.name for path in (desk.root / "images").iterdir()) == ["pic-2.png", "pic.png"]
    text = desk.read("posts/one.md")
    assert "![a](../images/pic.png 'T') and ![b](../images/pic-2.png)" in text
    assert f"[a link]({url}/img/a/pic.png)" in text
    assert "![a](../images/pic.png)" in desk.read("posts/two.md")
    assert served.asked == ["/img/a/pic.png", "/img/b/pic.png"]
    assert desk.git("status", "--porcelain") == ""
    assert desk.git("rev-list", "--count", "HEAD").strip() == "2"

    writes = len(served.forem.writes())
    assert desk.run("sync").out.startswith("Nothing to do")
    assert len(served.forem.writes()) == writes
    desk.put("posts/one.md", text.replace("Look", "Look here"))
    assert desk.run("sync").code == 0
    assert served.forem.articles[id].body_markdown == first.replace("Look", "Look here")
    served.forem.edit(id, body_markdown=first.replace("Look", "Look there"))
    assert desk.run("sync").code == 0
    assert desk.read("posts/one.md") == text.replace("Look", "Look there")
    assert desk.run("sync").out.startswith("Nothing to do")


def test_what_cannot_be_had_or_is_no_picture_stays_an_address(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    names = ("page.png", "posing.png", "big.png", "none.png", "inner.png")
    lines = [f"![x]({url}/img/{name})" for name in names] + [
        "![x](http://127.0.0.1:9/a.png)",
        "![x](ftp://a.example/b.png)",
    ]
    served.forem.add(title="One", body_markdown="\n\n".join(lines) + "\n", published=True)
    assert desk.run("import", "devto").code == 0
    assert not (desk.root / "images").exists()
    assert all(line in desk.read("posts/one.md") for line in lines)


def test_names_are_plain_and_equal_pictures_are_one_file(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    names = ("a/pic.png", "copy/Gr%C3%B6%C3%9Fe%20X!.JPEG", "moved.png", "..%2f..%2f.git%2fhooks.png", "CON.jpg")
    body = "\n\n".join(f"![x]({url}/img/{name})" for name in names)
    served.forem.add(title="One", body_markdown=f"{body}\n", published=True)
    assert desk.run("import", "devto").code == 0
    assert sorted(path.name for path in (desk.root / "images").iterdir()) == [
        "con-picture.png",
        "hooks.png",
        "pic.png",
    ]
    assert desk.read("posts/one.md").count("../images/pic.png") == 3


def test_a_picture_that_is_here_already_is_not_brought_again(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    (desk.root / "images").mkdir()
    (desk.root / "images/own.png").write_bytes(PNG)
    desk.git("add", "images")
    desk.git("commit", "-qm", "a picture")
    served.forem.add(title="One", body_markdown=f"![x]({url}/img/a/pic.png)\n", published=True)
    assert desk.run("import", "devto").code == 0
    assert [path.name for path in (desk.root / "images").iterdir()] == ["own.png"]
    assert "![x](../images/own.png)" in desk.read("posts/one.md")
    assert desk.run("sync").out.startswith("Nothing to do")


def test_a_plan_fetches_nothing(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    served.forem.add(title="One", body_markdown=f"![a]({url}/img/a/pic.png)\n", published=True)
    assert desk.run("import", "devto", "--dry-run").code == 0
    assert served.asked == []


def test_pictures_that_an_edit_adds_come_with_it(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    first = f"One ![a]({url}/img/none.png).\n\nTwo.\n\nThree.\n"
    id = served.forem.add(title="One", body_markdown=first, published=True)
    assert desk.run("import", "devto").code == 0
    served.forem.edit(id, body_markdown=first.replace("Two.", f"Two ![b]({url}/img/b/pic.png)."))
    desk.put("posts/one.md", desk.read("posts/one.md").replace("Three.", "Three here."))
    writes, asked = len(served.forem.writes()), len(served.asked)
    assert desk.run("sync", "--dry-run").code == 0
    assert served.asked[asked:] == []
    assert desk.run("sync").code == 0
    body = first.replace("Three.", "Three here.")
    assert body.replace("Two.", "Two ![b](../images/pic.png).") in desk.read("posts/one.md")
    assert (desk.root / "images" / "pic.png").read_bytes() == PNG + b"other"
    assert desk.git("show", "--name-only", "--format=", "HEAD").split() == ["images/pic.png", "posts/one.md"]
    assert desk.git("status", "--porcelain") == ""
    assert served.asked[asked:] == ["/img/b/pic.png"]  # and not what could not be had when the post came
    assert len(served.forem.writes()) == writes + 1
    assert served.forem.articles[id].body_markdown == body.replace("Two.", f"Two ![b]({url}/img/b/pic.png).")
    assert desk.run("sync").out.startswith("Nothing to do")


def test_pictures_of_an_edit_that_waits_or_collides_are_not_left_lying(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    id = served.forem.add(title="One", body_markdown="One.\n", published=True)
    assert desk.run("import", "devto").code == 0
    desk.put("posts/one.md", desk.read("posts/one.md").replace("One.", "One here."))
    served.forem.edit(id, body_markdown=f"One ![b]({url}/img/b/pic.png).\n")
    assert desk.run("sync").code == 3
    assert served.asked == []
    assert not (desk.root / "images").exists()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\1\0", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"<svg xmlns='x'/>", "image/svg+xml"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a > b -->\n<!DOCTYPE svg PUBLIC "x">\n<svg>', "image/svg+xml"),
        (b"<!DOCTYPE html><svg>", None),
        (b"<html><svg></svg>", None),
        (b"<!--" + b"<" * 100_000, None),
        (b"<?x>" * 100_000, None),
        (b"\0\0\0\x1cftypmp42", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_content(content: bytes, media_type: str | None) -> None:
    assert picture_type(content) == media_type


def test_a_picture_that_is_shown_smaller_is_brought_whole(desk: Desk, host: tuple[Host, str]) -> None:
    served, url = host
    small, gone = f"{url}/content/images/size/w600/2024/05/whole.png", f"{url}/content/images/size/w600/2024/05/no.png"
    served.forem.add(title="Post", body_markdown=f"![a]({small})\n\n![b]({gone})\n", published=True)
    assert desk.run("sync").code == 0
    assert (desk.root / "images/whole.png").read_bytes() == PNG + b"whole"
    assert f"![b]({gone})" in desk.read("posts/post.md")
    assert served.asked == [
        "/content/images/2024/05/whole.png",
        "/content/images/2024/05/no.png",
        "/content/images/size/w600/2024/05/no.png",
    ]
    assert "Nothing to do" in desk.run("sync").out


CLEAN = """#!/bin/sh
# Does what git-lfs does with a file that is added.
cat > "$1/kept"
oid=$(sha256sum < "$1/kept" | cut -d' ' -f1)
mkdir -p "$1/.git/lfs/objects/$(echo $oid | cut -c1-2)/$(echo $oid | cut -c3-4)"
cp "$1/kept" "$1/.git/lfs/objects/$(echo $oid | cut -c1-2)/$(echo $oid | cut -c3-4)/$oid"
size=$(wc -c < "$1/kept" | tr -d ' ')
printf 'version https://git-lfs.github.com/spec/v1\\noid sha256:%s\\nsize %s\\n' "$oid" "$size"
rm "$1/kept"
"""


def test_a_picture_in_a_folder_of_git_lfs_becomes_a_pointer(desk: Desk, host: tuple[Host, str], tmp_path: Path) -> None:
    served, url = host
    served.forem.add(title="Post", body_markdown=f"![a]({url}/img/a/pic.png)\n", published=True)
    desk.put(".gitattributes", "images/** filter=lfs -text\n")
    answer = desk.run("sync")
    assert answer.code == 5
    assert "git-lfs is not set up here" in answer.told
    assert not (desk.root / "posts/post.md").exists()
    clean = tmp_path / "clean.sh"
    clean.write_text(CLEAN)
    clean.chmod(0o755)
    desk.git("config", "filter.lfs.clean", f"{clean} {desk.root}")
    desk.git("config", "filter.lfs.smudge", f"cat > /dev/null; cat {desk.root}/.git/lfs/objects/*/*/*")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert desk.git("show", "HEAD:images/pic.png").startswith("version https://git-lfs")
    assert (desk.root / "images/pic.png").read_bytes() == PNG
    assert "(../images/pic.png)" in desk.read("posts/post.md")
    assert desk.git("status", "--porcelain").strip() == ""
    assert "Nothing to do" in desk.run("sync").out

"""Pictures on a WordPress behind a bad network: one copy in the library, whatever happens to a request or a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from gitsync.samples import PNG
from tests.cms import Desk
from tests.fakes.network import AFTER, BEFORE, Network, broken
from tests.fakes.server import Stage, serving
from tests.fakes.wordpress import WordPressSite
from tests.test_network import settle

OFTEN = ("reset", "reset-after", "cut", "html", "502-after")
"""What is tried on every change; the rest with -m slow."""

ALL = [
    pytest.param(kind, marks=[] if kind in OFTEN else [pytest.mark.slow], id=kind)
    for kind in sorted({*BEFORE, *AFTER} - {"unchanged"})
]


class Library:
    """A WordPress to sync with, through `network`: `files` and `posts` are what it has of one test, named `mark`."""

    def __init__(self, host: str, user: str, key: str, mark: str) -> None:
        self.mark, self.user, self.key = mark, user, key
        self._editor = httpx.Client(base_url=f"{host}/wp-json/wp/v2", auth=(user, key), timeout=60, trust_env=False)

    def files(self) -> list[str]:
        return sorted(it["source_url"].rpartition("/")[2] for it in self._rows("media"))

    def posts(self) -> list[str]:
        return sorted(it["slug"] for it in self._rows("posts"))

    def _rows(self, kind: str) -> list[dict[str, str]]:
        rows = self._editor.get(f"/{kind}", params={"search": self.mark, "per_page": 100, "orderby": "id"})
        return rows.raise_for_status().json()  # type: ignore[no-any-return]

    def clear(self) -> None:
        for kind in ("posts", "media"):
            for row in self._rows(kind):
                self._editor.delete(f"/{kind}/{row['id']}?force=true").raise_for_status()

    def close(self) -> None:
        self._editor.close()


@pytest.fixture(params=["fake", pytest.param("real", marks=[pytest.mark.server, pytest.mark.slow])])
def host(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """An address, a user and its password."""
    if request.param == "real":
        yield tuple(os.environ[f"WORDPRESS_{name}"] for name in ("URL", "USER", "TOKEN"))  # type: ignore[misc]
        return
    stage = Stage()
    stage.app = site = WordPressSite()
    with serving(stage) as site.host:
        yield site.host, site.user, site.password


@pytest.fixture
def library(host: tuple[str, str, str]) -> Iterator[Library]:
    library = Library(*host, f"m{uuid4().hex[:10]}")
    yield library
    if host[0] == os.environ.get("WORDPRESS_URL"):
        library.clear()
    library.close()


@pytest.fixture
def network(host: tuple[str, str, str]) -> Iterator[Network]:
    with broken(host[0]) as network:
        yield network


MakeDesk = Callable[[str], Desk]


@pytest.fixture
def desk_at(
    library: Library,
    network: Network,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> MakeDesk:
    monkeypatch.setenv("KEY", library.key)
    monkeypatch.setattr("gitsync.http.BACKOFF", (0.0, 0.0, 0.0))

    def make(name: str) -> Desk:
        mark = f"{library.mark}{name}"
        site = f'platform = "wordpress"\nurl = "{network.host}"\nuser = "{library.user}"\ntoken = "env:KEY"\n'
        config = f'[policy]\nimport = false\n[sites.wp]\n{site}pace = "off"\ntimeout = 1\n'
        desk = Desk(tmp_path / name, capsys, config=config)
        (desk.root / "images").mkdir()
        for number, text in enumerate(("first", "last")):
            (desk.root / f"images/{text}-{mark}.png").write_bytes(PNG + bytes([number]) + mark.encode())
        body = f"![](../images/first-{mark}.png)\n\n![](../images/last-{mark}.png)\n"
        desk.put(f"posts/{mark}.md", f"---\ntitle: {mark}\n---\n\n{body}")
        return desk

    return make


def once(library: Library, name: str) -> None:
    """Assert that there is one post, with one copy of each picture."""
    mark = f"{library.mark}{name}"
    assert [it for it in library.posts() if name in it] == [mark]
    assert [it for it in library.files() if name in it] == [f"first-{mark}.png", f"last-{mark}.png"]


@pytest.mark.parametrize("kind", ALL)
def test_a_picture_is_there_once_whatever_happens_to_its_upload(
    desk_at: MakeDesk, network: Network, library: Library, kind: str
) -> None:
    desk = desk_at("a")
    network.faults.append((kind, "POST"))
    answer = desk.run("sync", "--no-wait")
    assert "Traceback" not in answer.told
    assert answer.code in (0, 1), answer.told
    settle(desk, network)
    once(library, "a")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["hang", "hang-after"])
def test_a_process_that_is_killed_at_any_request_leaves_one_copy(
    desk_at: MakeDesk, network: Network, library: Library, kind: str
) -> None:
    for number in range(40):
        desk = desk_at(f"x{number}x")
        network.faults[:] = [("through", "")] * number + [(kind, "")]
        network.hanging.clear()
        process = subprocess.Popen(
            [sys.executable, "-m", "gitsync", "-C", str(desk.root), "sync"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "KEY": library.key},
            encoding="utf-8",
        )
        while process.poll() is None and not network.hanging.wait(0.05):
            pass
        process.kill()
        process.communicate()
        settle(desk, network)
        once(library, f"x{number}x")
        if process.returncode == 0:
            break
    assert number > 6, "there were that many requests to be killed at"

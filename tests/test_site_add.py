"""Adding a site in the first five minutes: where its secret is made, where it is kept, and that it works."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from gitsync.cli.failure import run
from tests.cms import Desk
from tests.fakes.forem import Forem
from tests.fakes.server import serving


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    drawer = Drawer()
    keyring.set_keyring(drawer)
    yield drawer
    keyring.set_keyring(before)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path / "blog", capsys, config="")


@pytest.mark.parametrize(
    ("arguments", "page"),
    [
        (["devto"], "https://dev.to/settings/extensions"),
        (["hashnode"], "https://hashnode.com/settings/developer"),
        (["blog", "--platform", "ghost", "--url", "https://g.example/"], "https://g.example/ghost/#/settings/"),
        (["blog", "--platform", "wordpress", "--url", "https://w.example", "user=me"], "https://w.example/wp-admin/"),
    ],
)
def test_it_is_said_where_the_secret_is_made(desk: Desk, arguments: list[str], page: str) -> None:
    answer = desk.run("site", "add", *arguments)
    assert answer.code == 0, answer.told
    assert f"it is made at {page}" in answer.out


def test_a_secret_is_asked_for_kept_and_tried(desk: Desk, drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(forem := Forem()) as host:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{forem.key}\n"))
        answer = desk.run("site", "add", "devto", "--url", f"{host}/api", "--store", "--json")
        assert answer.code == 0, answer.told
        assert [it["ok"] for it in answer.events if "ok" in it] == [True]
        assert list(drawer.kept.values()) == [forem.key]
        config = desk.read("gitsync.toml")
        assert 'token = "keyring:gitsync/blog-devto-token"' in config
        assert forem.key not in config + answer.told
        desk.commit()
        assert desk.run("site", "test").code == 0


def test_a_wrong_secret_is_told_at_once(desk: Desk, drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Forem()) as host:
        monkeypatch.setattr("sys.stdin", io.StringIO("wrong-key\n"))
        answer = desk.run("site", "add", "devto", "--url", f"{host}/api", "--store")
        assert answer.code == 1
        assert "wrong-key" not in answer.told


def test_no_secret_is_no_site(desk: Desk, drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert desk.run("site", "add", "devto", "--store").code == 2
    assert "devto" not in desk.read("gitsync.toml")


def test_a_first_import_shows_how_far_it_is_and_a_plan_what_would_be_linked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(forem := Forem()) as host:
        monkeypatch.setenv("DEVTO_API_KEY", forem.key)
        assert desk.run("site", "add", "devto", "--url", f"{host}/api", "pace=off").code == 0
        for number in range(45):
            forem.add(title=f"Post {number}", body_markdown=f"Words of the post number {number}.\n", published=True)
        desk.put("posts/mine.md", "---\ntitle: Post 7\n---\n\nWords of the post number 7.\n")
        capsys.readouterr()
        assert run(["-C", str(desk.root), "plan"]) == 0
        assert "devto: would adopt posts/mine.md as " in capsys.readouterr().out
        assert run(["-C", str(desk.root), "import", "devto", "--json"]) == 0
        events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [(it["done"], it["total"]) for it in events if it["event"] == "progress"]
    assert told == [(20, 45), (40, 45)]
    assert [it["action"] for it in events if it["event"] == "operation"].count("import") == 44

"""Watch mode with real files, real git and real sites: a save is committed and sent, and nothing else happens."""

from __future__ import annotations

import plistlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gitsync.cli.failure import run
from gitsync.events import Notice, Operation
from gitsync.filewatch import Inbox, watching
from gitsync.project import Project
from gitsync.service_unit import unit_for
from gitsync.watch import STOP, Watch, Watched
from tests.cms import Desk
from tests.fakes.forem import Fault, Forem
from tests.fakes.server import Stage, serving

DOCS = '\n[sites.docs]\nplatform = "folder"\npath = "../docs"\n'
ONE = "---\ntitle: One\n---\n\nHello.\n"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage


class Watcher:
    """A watch that runs in a thread. `until` waits for an event; `now` is its clock."""

    def __init__(self, inbox: Inbox, watch: Callable[[], float]) -> None:
        self.inbox = inbox
        self.now = 1_000_000.0
        self.seen: list[Any] = []
        self._events: queue.Queue[Any] = queue.Queue()
        self._due = watch

    def follow(self, events: Iterator[Any]) -> None:
        try:
            for event in events:
                self._events.put(event)
        except BaseException as error:
            self._events.put(error)
            raise

    def until(self, wanted: Callable[[Any], bool]) -> Any:
        """Return the next event that is `wanted`; those before it are in `seen`."""
        while True:
            event = self._events.get(timeout=120)
            self.seen.append(event)
            if isinstance(event, BaseException):
                raise AssertionError("the watch ended") from event
            if wanted(event):
                return event

    def state(self, state: str) -> Watched:
        found: Watched = self.until(lambda it: isinstance(it, Watched) and it.state == state)
        return found

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.inbox.put("posts")

    def rest(self) -> list[Any]:
        """Return what is told until a change that means nothing was looked at."""
        self.inbox.put("gitsync-watch-rest.md")
        left: list[Any] = []
        while True:
            try:
                left.append(self._events.get(timeout=1))
            except queue.Empty:
                return left


@contextmanager
def watched(desk: Desk, *, on_save: str | None = None) -> Iterator[Watcher]:
    project = Project.open(desk.root)
    inbox: Inbox = queue.SimpleQueue()
    with watching(project, inbox) as files:
        watcher = Watcher(inbox, lambda: 0.0)
        watch = Watch(desk.root, (), inbox, files=files, on_save=on_save, clock=lambda: watcher.now)
        thread = threading.Thread(target=watcher.follow, args=(watch.events(),), daemon=True)
        thread.start()
        try:
            watcher.state("ready")
            yield watcher
        finally:
            inbox.put(STOP)
            thread.join(timeout=30)


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    (tmp_path / "docs").mkdir()
    desk = Desk(tmp_path / "blog", capsys, config=DOCS, policy='url = "https://me.example"\n')
    desk.put("posts/one.md", ONE)
    return desk


def shown(desk: Desk) -> dict[str, str]:
    """What the site has, by the first heading of its files."""
    return {path.name: path.read_text() for path in sorted((desk.root / "../docs").glob("*.md"))}


def test_a_save_is_committed_and_sent_whatever_way_an_editor_saves(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.write("posts/one.md", ONE.replace("Hello", "In place"))
        assert watcher.state("committed").path == "posts/one.md"
        watcher.state("synced")
        assert "In place" in next(iter(shown(desk).values()))

        desk.write("posts/.one.md.swp", "rubbish")
        desk.write("posts/.one.md.new", ONE.replace("Hello", "By a rename"))
        (desk.root / "posts/one.md").rename(desk.root / "posts/one.md~")
        (desk.root / "posts/.one.md.new").rename(desk.root / "posts/one.md")
        (desk.root / "posts/one.md~").unlink()
        (desk.root / "posts/.#one.md").symlink_to("me@host.1:2")
        watcher.state("synced")
        assert "By a rename" in next(iter(shown(desk).values()))
        (desk.root / "posts/.one.md.swp").unlink()
        (desk.root / "posts/.#one.md").unlink()
    assert desk.git("log", "--format=%s", "-2").split("\n")[:2] == ["Edit posts/one.md"] * 2
    assert desk.git("status", "--porcelain").split() == []


def test_touching_a_file_or_changing_its_mode_and_back_does_nothing(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / "posts/one.md").touch()
        assert not [it for it in watcher.rest() if not isinstance(it, Watched) or it.state != "synced"]
    assert desk.git("rev-list", "--count", "HEAD").strip() == "2"


def test_what_the_watch_writes_itself_starts_nothing(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        name = next(iter(shown(desk)))
        (desk.root / "../docs" / name).write_text(shown(desk)[name].replace("Hello", "From the site"))
        watcher.later(301)
        watcher.state("synced")
        assert "From the site" in desk.read("posts/one.md")
        assert not [it for it in watcher.rest() if isinstance(it, Operation)]
    assert desk.git("status", "--porcelain").strip() == ""


def test_a_new_post_in_a_new_folder_is_seen(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.write("posts/2026/deep/two.md", ONE.replace("One", "Two"))
        assert watcher.state("committed").path == "posts/2026/deep/two.md"
        watcher.state("synced")
    assert len(shown(desk)) == 2


def test_a_picture_goes_with_its_post(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / "posts/a.png").write_bytes(b"\x89PNG")
        desk.write("posts/one.md", ONE + "\n![a](a.png)\n")
        watcher.state("committed")
        watcher.state("synced")
    assert "posts/a.png" in desk.git("ls-files")


def test_a_post_that_cannot_be_read_waits_and_its_neighbours_do_not(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.write("posts/one.md", "---\ntitle: [\n---\n\nHello.\n")
        waits = watcher.state("waiting")
        assert waits.path == "posts/one.md"
        assert [it for it in watcher.seen if isinstance(it, Notice) and "posts/one.md:" in it.message]
        desk.write("posts/two.md", ONE.replace("One", "Two"))
        assert watcher.state("committed").path == "posts/two.md"
        watcher.state("synced")
        desk.write("posts/one.md", ONE.replace("Hello", "Mended"))
        watcher.state("committed")
        watcher.state("synced")
    assert sorted("Mended" in text for text in shown(desk).values()) == [False, True]


def test_a_deleted_file_is_asked_for_and_leaves_the_site_when_that_is_committed(desk: Desk) -> None:
    desk.put("posts/two.md", ONE.replace("One", "Two"))
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / "posts/one.md").unlink()
        assert "was deleted" in watcher.state("waiting").message
        assert len(shown(desk)) == 2
        desk.commit("Remove one")
        operation = watcher.until(lambda it: isinstance(it, Operation))
        assert (operation.action, operation.path) == ("unpublish", "posts/one.md")


def test_a_renamed_file_stays_the_same_post(desk: Desk) -> None:
    desk.put("posts/one.md", ONE + "\nMany words that make this text somebody's own.\n" * 5)
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / "posts/one.md").rename(desk.root / "posts/uno.md")
        assert watcher.state("committed").path == "posts/uno.md"
        watcher.state("synced")
        assert not [it for it in watcher.seen if isinstance(it, Operation) and it.action == "create"][1:]
    assert desk.git("log", "-1", "--format=%s").strip() == "Rename posts/one.md to posts/uno.md"
    assert len(shown(desk)) == 1


def test_a_save_during_another_git_command_is_committed_when_that_is_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitsync.watch.RETRY", (0.2, 0.2))
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / ".git/index.lock").touch()
        desk.write("posts/one.md", ONE.replace("Hello", "Later"))
        watcher.until(lambda it: isinstance(it, Notice) and "index.lock" in it.message)
        (desk.root / ".git/index.lock").unlink()
        watcher.state("committed")
        watcher.state("synced")


def test_a_folder_in_the_place_of_a_post_is_left_to_its_author(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        (desk.root / "posts/one.md").unlink()
        desk.write("posts/one.md/two.md", ONE.replace("One", "Two"))
        watcher.until(lambda it: isinstance(it, Watched) and it.path == "posts/one.md/two.md" and it.state == "waiting")
        watcher.rest()
    assert len(shown(desk)) == 1
    assert int(desk.git("rev-list", "--count", "HEAD")) == 2


def test_what_its_author_stages_is_left_to_its_author(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.write("posts/one.md", ONE.replace("Hello", "Staged"))
        desk.git("add", "posts/one.md")
        desk.write("posts/two.md", ONE.replace("One", "Two"))
        watcher.state("committed")
        watcher.state("synced")
        assert desk.git("diff", "--cached", "--name-only").strip() == "posts/one.md"


def test_another_branch_and_a_merge_are_waited_for(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.git("switch", "-q", "-c", "draft")
        desk.put("posts/one.md", ONE.replace("Hello", "On a branch"))
        assert "main" in watcher.state("waiting").message
        assert "Hello" in next(iter(shown(desk).values()))
        desk.git("switch", "-q", "main")
        watcher.state("synced")
        assert "Hello" in next(iter(shown(desk).values()))
        desk.git("merge", "-q", "--no-commit", "--no-ff", "draft")
        assert "merge is in progress" in watcher.state("waiting").message
        desk.git("commit", "-q", "-m", "Merge")
        watcher.state("synced")
        assert "On a branch" in next(iter(shown(desk).values()))


@pytest.mark.parametrize(("on_save", "commits"), [("check", 2), ("commit", 3)])
def test_a_save_goes_as_far_as_it_is_told(desk: Desk, on_save: str, commits: int) -> None:
    with watched(desk, on_save=on_save) as watcher:
        desk.write("posts/one.md", ONE.replace("Hello", "Saved"))
        watcher.state("checked" if on_save == "check" else "committed")
        watcher.rest()
    assert int(desk.git("rev-list", "--count", "HEAD")) == commits
    assert shown(desk) == {}


@pytest.mark.slow
def test_a_configuration_that_changes_holds_at_once_and_a_broken_one_does_not_end_the_watch(desk: Desk) -> None:
    config = desk.read("gitsync.toml")
    with watched(desk) as watcher:
        watcher.state("synced")
        desk.write("gitsync.toml", config + "[oops")
        watcher.until(lambda it: isinstance(it, Notice) and "gitsync.toml" in it.message)
        desk.write("gitsync.toml", config + '[watch]\non_save = "check"\n')
        watcher.rest()
        desk.write("posts/one.md", ONE.replace("Hello", "Saved"))
        watcher.state("checked")
        watcher.rest()
    assert int(desk.git("rev-list", "--count", "HEAD")) == 2


def test_a_conflict_is_reported_and_no_file_gets_markers(desk: Desk) -> None:
    with watched(desk) as watcher:
        watcher.state("synced")
        name = next(iter(shown(desk)))
        (desk.root / "../docs" / name).write_text(shown(desk)[name].replace("Hello", "Theirs"))
        desk.write("posts/one.md", ONE.replace("Hello", "Ours"))
        conflict = watcher.until(lambda it: isinstance(it, Operation) and it.action == "conflict")
        assert conflict.path == "posts/one.md"
        watcher.rest()
    assert desk.read("posts/one.md") == ONE.replace("Hello", "Ours")


def test_an_outage_is_told_once_and_survived(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forem = stage.app = Forem(key="k" * 24)
    monkeypatch.setenv("DEVTO", forem.key)
    config = f'\n[sites.devto]\nplatform = "devto"\nurl = "{stage.host}/api"\ntoken = "env:DEVTO"\npace = "off"\n'
    desk = Desk(tmp_path / "blog", capsys, config=config)
    desk.put("posts/one.md", ONE)
    with watched(desk) as watcher:
        watcher.state("synced")
        forem.faults.append(Fault("301", times=99))
        desk.write("posts/one.md", ONE.replace("Hello", "During an outage"))
        watcher.state("retrying")
        for _ in range(3):
            watcher.later(400)
            watcher.state("retrying")
        assert len([it for it in watcher.seen if isinstance(it, Notice)]) == 1
        forem.faults.clear()
        watcher.later(400)
        watcher.state("synced")
    [article] = forem.articles.values()
    assert "During an outage" in article.body_markdown


def test_a_service_watches_the_folder_and_holds_no_secret(desk: Desk, tmp_path: Path) -> None:
    unit = unit_for(Path("/home/me/my blog 100%"), home=tmp_path, platform="linux", python="/usr/bin/python3")
    assert unit.path == tmp_path / ".config/systemd/user/gitsync-my-blog-100.service"
    assert 'ExecStart=/usr/bin/python3 -m gitsync -C "/home/me/my blog 100%%" watch --json\n' in unit.text
    assert f"EnvironmentFile=-{tmp_path}/.config/gitsync/my-blog-100.env" in unit.text
    mac = unit_for(Path("/Users/me/blog"), home=tmp_path, platform="darwin", python="/usr/bin/python3")
    assert plistlib.loads(mac.text.encode())["ProgramArguments"][-4:] == ["-C", "/Users/me/blog", "watch", "--json"]


def test_a_service_is_shown_or_written(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run(["-C", str(desk.root), "watch", "--install", "--print"]) == 0
    assert capsys.readouterr().out.startswith(("[Unit]\nDescription=", "<?xml"))
    assert not (tmp_path / ".config").exists()
    assert run(["-C", str(desk.root), "watch", "--install"]) == 0
    assert "systemctl --user" in capsys.readouterr().out or (tmp_path / "Library").exists()

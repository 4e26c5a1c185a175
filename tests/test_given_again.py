"""A database that gives the id of what was deleted to the next row: nothing is there twice, or with another's text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gitsync_connectors.sql import Sql

from gitsync.engine.matching import kin
from gitsync.model import Post
from tests.blog import post
from tests.cms import Desk

WORDS = {
    "a": "Herons stand in the shallows all morning.\n",
    "b": "Bread wants time, water and a hot stone.\n",
    "c": "A ledger is a book that nobody may rub out.\n",
    "d": "The last tram goes at ten past midnight.\n",
    "e": "Snow on the pass keeps the road shut until May.\n",
}


def desk_with(folder: Path, capsys: pytest.CaptureFixture[str], names: str, policy: str = "") -> Desk:
    """Return a desk whose posts have the ids 1, 2, 3... in the order of `names`."""
    desk = Desk(folder / "blog", capsys, policy=policy)
    for number, name in enumerate(names, 1):
        desk.write(f"posts/{name}.md", post(name, WORDS[name], slug=name))
        front = {"id": str(number), "title": name, "slug": name, "body": WORDS[name]}
        desk.insert(**front, status="published", updated_at="1")
    desk.commit()
    assert desk.run("sync").code == 0
    return desk


def shown(desk: Desk) -> list[tuple[str, str]]:
    return sorted((row["title"], row["body"]) for row in desk.all_rows())


def cut_off(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], object]) -> None:
    """Let `act` end right after the site stored its new post `number`, before anybody heard of it."""
    create, made = Sql.create, []

    def stored(self: Sql, post: Post) -> object:
        made.append(create(self, post))
        if len(made) == number:
            raise KeyboardInterrupt
        return made[-1]

    with monkeypatch.context() as patched:
        patched.setattr(Sql, "create", stored)
        act()
    assert len(made) == number


def gone(desk: Desk) -> None:
    desk.remove("c")


def gone_and_seen(desk: Desk) -> None:
    desk.remove("c")
    assert desk.run("sync").code == 0


def hidden(desk: Desk) -> None:
    (desk.root / "posts/c.md").unlink()
    desk.commit()
    assert desk.run("sync").code == 0
    desk.remove("c")


def detached(desk: Desk) -> None:
    assert desk.run("detach", "posts/c.md", "cms").code == 0
    desk.remove("c")


RECREATE = '[policy]\ngone = "recreate"\n'


@pytest.mark.parametrize("lost", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["answer lost", "answered"])
@pytest.mark.parametrize(
    ("leaves", "policy"),
    [(gone, ""), (gone_and_seen, ""), (hidden, ""), (detached, ""), (gone, RECREATE)],
    ids=["gone", "gone and seen", "hidden", "detached", "recreated"],
)
def test_a_new_post_may_get_the_id_of_one_that_was_deleted_there(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    leaves: Callable[[Desk], None],
    lost: bool,
    policy: str,
) -> None:
    desk = desk_with(tmp_path, capsys, "abc", policy)
    leaves(desk)
    desk.put("posts/d.md", post("d", WORDS["d"], slug="d"))
    if lost:
        cut_off(monkeypatch, 1, lambda: desk.run("sync", "--no-wait"))
    answer = desk.run("sync", "--no-wait")
    assert answer.code == 0, answer.told
    back = "c" if policy else ""
    assert shown(desk) == [(name, WORDS[name]) for name in f"ab{back}d"], answer.told
    files = sorted(path.name for path in (desk.root / "posts").iterdir())
    assert files == [f"{name}.md" for name in ("abd" if leaves is hidden else "abcd")]
    desk.edit("d", body=f"{WORDS['d']}\nAn edit there.\n")
    assert desk.run("sync").code == 0
    assert "An edit there." in desk.read("posts/d.md")
    assert desk.run("sync").idle


def test_an_edit_of_a_new_post_whose_answer_was_lost_is_merged_though_its_id_was_anothers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_with(tmp_path, capsys, "abc")
    gone_and_seen(desk)
    desk.put("posts/d.md", post("d", WORDS["d"], slug="d"))
    cut_off(monkeypatch, 1, lambda: desk.run("sync", "--no-wait"))
    desk.edit("d", body=f"{WORDS['d']}\nAn edit there.\n")
    answer = desk.run("sync", "--no-wait")
    assert answer.code == 0, answer.told
    assert "An edit there." in desk.read("posts/d.md")
    assert len(desk.all_rows()) == 3
    assert desk.run("sync").idle


def test_what_somebody_writes_there_under_an_id_that_was_anothers_becomes_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_with(tmp_path, capsys, "abc")
    gone_and_seen(desk)
    desk.insert(id="3", title="Theirs", slug="theirs", body=WORDS["e"], status="published", updated_at="1")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert WORDS["e"] in desk.read("posts/theirs.md")
    assert WORDS["c"] in desk.read("posts/c.md")
    assert desk.run("sync").idle


def test_what_comes_back_under_its_own_id_is_still_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = desk_with(tmp_path, capsys, "abc")
    gone_and_seen(desk)
    desk.insert(id="3", title="c", slug="c", body=f"{WORDS['c']}\nAnd more.\n", status="published", updated_at="1")
    answer = desk.run("sync")
    assert "cms has it again" in answer.told
    assert [path.name for path in sorted((desk.root / "posts").iterdir())] == ["a.md", "b.md", "c.md"]


@pytest.mark.parametrize(
    "again", [("sync",), pytest.param(("restore", "HEAD", "cms"), marks=pytest.mark.slow)], ids=["sync", "restore"]
)
@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_restore_that_ends_between_storing_and_hearing_of_it_makes_no_post_twice(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    again: tuple[str, ...],
) -> None:
    desk = desk_with(tmp_path, capsys, "cba")
    before, files = shown(desk), desk.git("rev-parse", "HEAD:posts")
    desk.execute("delete from posts")
    cut_off(monkeypatch, number, lambda: desk.run("restore", "HEAD", "cms"))
    answer = desk.run(*again, "--no-wait") if again == ("sync",) else desk.run(*again)
    assert answer.code == 0, answer.told
    assert shown(desk) == before, answer.told
    assert desk.git("rev-parse", "HEAD:posts") == files
    assert desk.run("sync").idle
    assert desk.run("verify", "--deep").code == 0


def test_a_restore_into_a_database_that_gave_the_ids_again_can_be_rolled_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_with(tmp_path, capsys, "cba")
    before, files = shown(desk), desk.git("rev-parse", "HEAD:posts")
    desk.execute("delete from posts")
    assert desk.run("restore", "HEAD", "cms").code == 0
    answer = desk.run("rollback")
    assert answer.code == 0, answer.told
    assert (shown(desk), desk.git("rev-parse", "HEAD:posts")) == (before, files), answer.told
    assert desk.run("sync").idle


def test_a_rollback_takes_off_what_got_the_id_of_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = desk_with(tmp_path, capsys, "abc", '[policy]\ndelete = "delete"\n')
    gone(desk)
    desk.put("posts/d.md", post("d", WORDS["d"], slug="d"))
    assert desk.run("sync").code == 0
    answer = desk.run("rollback")
    assert answer.code == 0, answer.told
    assert {title for title, _ in shown(desk)} <= {"a", "b", "c"}
    assert WORDS["c"] in desk.read("posts/c.md")
    assert not (desk.root / "posts/d.md").exists()
    assert desk.run("sync").code == 0
    assert desk.run("sync").idle


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Post(title="A", slug="a", body="x y z"), Post(title="B", slug="a", body="1 2 3"), True),
        (Post(title="A", canonical_url="https://a/b"), Post(title="B", canonical_url="https://a/b/"), True),
        (Post(title="A", slug="a", body="x y z"), Post(title="A", slug="b", body="x y 3"), True),
        (Post(title="A", slug="a", body="x y z"), Post(title="A", slug="b", body="1 2 3"), False),
        (Post(title="A", slug="a", body="x y z"), Post(title="B", slug="b", body="x y 3"), False),
        (Post(body="x y z"), Post(body="x y 3"), True),
        (Post(body="x y z"), Post(body="1 2 3"), False),
        (Post(title="A"), Post(title="A"), True),
        (Post(title="A"), Post(title="B"), False),
    ],
)
def test_two_posts_may_be_one_if_they_share_what_is_their_own(one: Post, other: Post, same: bool) -> None:
    assert kin(one, other) is same
    assert kin(other, one) is same

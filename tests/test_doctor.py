"""Doctor: what is broken is found, told, mended; and afterwards a sync has nothing to do."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from gitsync.errors import RepositoryError
from gitsync.git.worktree import advance
from gitsync.ledger import Ledger
from gitsync.repository import Repository
from gitsync.state.index import Index
from gitsync.state.intents import Intent, Intents
from gitsync.state.journal import Journal
from gitsync.state.records import Result
from tests.blog import Blog, examined, post, synced_pair
from tests.conftest import run_git


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return synced_pair(tmp_path / "blog")


def told_and_mended(blog: Blog, *words: str) -> None:
    """Assert that one thing is found, first only told, then mended, then gone."""
    before = state(blog)
    [waiting] = examined(blog, mend=False)
    assert state(blog) == before
    assert waiting.kind == "waits"
    [mended] = examined(blog)
    assert mended.kind == "mended"
    for finding in (waiting, mended):
        assert all(word in finding.message for word in words), finding
    assert examined(blog) == []


def state(blog: Blog) -> dict[Path, bytes]:
    volatile = {"index.db-wal", "index.db-shm"}
    return {path: path.read_bytes() for path in blog.root.rglob("*") if path.is_file() and path.name not in volatile}


def own(blog: Blog) -> Path:
    return blog.root / ".git" / "gitsync"


def test_what_is_well_is_left_alone(blog: Blog) -> None:
    assert examined(blog, mend=False) == examined(blog) == []


def test_a_missing_index_is_built(blog: Blog) -> None:
    for path in own(blog).glob("index.db*"):
        path.unlink()
    told_and_mended(blog, "index", "missing")
    blog.quiet()


def test_a_corrupt_index_is_built_anew(blog: Blog) -> None:
    for path in own(blog).glob("index.db-*"):
        path.unlink()
    (own(blog) / "index.db").write_bytes(b"This is no database." * 300)
    told_and_mended(blog, "index", "damaged")
    blog.quiet()


@pytest.mark.parametrize("mended", [False, True])
@pytest.mark.parametrize("name", ["index.db", "index.db-wal"])
@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
def test_what_is_no_file_in_the_place_of_the_index_is_replaced(
    blog: Blog, tmp_path: Path, kind: str, name: str, mended: bool
) -> None:
    # A folder there was told as a bug by every command, and by doctor as missing permissions.
    for path in own(blog).glob("index.db*"):
        if name == "index.db" or path.name == name:
            path.unlink()
    place, precious = own(blog) / name, tmp_path / "precious"
    precious.write_bytes(b"")
    if kind == "folder":
        (place / "deeper").mkdir(parents=True)
    elif kind == "link":
        place.symlink_to(precious)
    else:
        os.mkfifo(place)
    if mended:
        told_and_mended(blog, "index", "no file")
    blog.quiet()
    assert examined(blog) == []
    assert precious.read_bytes() == b""


def test_an_index_that_nobody_can_make_is_told_as_what_it_is(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    message = r"index.db: database or disk is full. Check permissions and free space"
    ledger = Ledger(Repository.open(blog.root), "site")
    with pytest.raises(RepositoryError, match=message), Index.at(ledger):
        pass


def test_an_index_that_lies_is_built_anew(blog: Blog) -> None:
    repository = Repository.open(blog.root)
    with Index.at(Ledger(repository, "site")) as index:
        index._db.execute("update record set id = 'no' where path = 'posts/a.md'")
        index._db.commit()
    told_and_mended(blog, "index", "ledger of site")
    blog.quiet()


@pytest.mark.parametrize(
    "lie",
    [
        "drop table claim",
        pytest.param("update claim set revision = 'x'", marks=pytest.mark.slow),
        pytest.param("update record set owed = 1", marks=pytest.mark.slow),
        pytest.param("delete from claim", marks=pytest.mark.slow),
        pytest.param(
            "insert into uses values ('site', 'posts/a.md', 'posts/z.md', null, 1, 0)", marks=pytest.mark.slow
        ),
    ],
)
def test_no_row_of_an_index_may_lie(blog: Blog, lie: str) -> None:
    repository = Repository.open(blog.root)
    with Index.at(Ledger(repository, "site")) as index:
        index._db.execute(lie)
        index._db.commit()
    told_and_mended(blog, "index")
    blog.quiet()


def test_leftovers_of_a_dead_git_are_removed(blog: Blog) -> None:
    blog.git("update-ref", "refs/gitsync-tmp/dead", "HEAD")
    told_and_mended(blog, "1 temporary ref")
    (blog.root / ".git/refs/gitsync/site.lock").touch()
    told_and_mended(blog, "1 lock")
    blog.quiet()


def test_the_lock_of_somebody_elses_git_is_named_and_stays(blog: Blog) -> None:
    lock = blog.root / ".git/index.lock"
    lock.touch()
    [finding] = examined(blog)
    assert finding.kind == "wrong"
    assert str(lock) in finding.message
    assert lock.exists()


@pytest.mark.parametrize(
    "name", ["HEAD.lock", "refs/heads/main.lock", "packed-refs.lock", "shallow.lock", "refs/remotes/origin/main.lock"]
)
def test_every_lock_of_git_that_is_in_the_way_is_named_and_stays(blog: Blog, name: str) -> None:
    lock = blog.root / ".git" / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    (own(blog) / "index.db").unlink()
    wrong, mended = sorted(examined(blog), key=lambda finding: finding.kind, reverse=True)
    assert (wrong.kind, mended.kind) == ("wrong", "mended"), "what it does not lock is mended all the same"
    assert str(lock) in wrong.message
    assert " days: git is at work here, or died." in wrong.message
    assert f"(rm {lock})" in wrong.message
    assert lock.exists()
    lock.unlink()
    assert examined(blog) == []


def test_a_lock_on_a_branch_of_ours_is_removed_when_nobody_can_hold_it_any_more(blog: Blog) -> None:
    lock = blog.root / ".git/refs/heads/gitsync/pull-site.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    [fresh] = examined(blog)
    assert (fresh.kind, lock.exists()) == ("wrong", True), "a person may be committing there just now"
    os.utime(lock, (1_700_000_000, 1_700_000_000))
    told_and_mended(blog, "1 lock")
    assert not lock.exists()


@pytest.mark.parametrize("form", ["{}", "file://{}", "../origin.git"])
def test_a_lock_on_our_refs_that_a_dead_git_left_on_a_remote_of_this_disk_is_removed(tmp_path: Path, form: str) -> None:
    origin = tmp_path / "origin.git"
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", str(origin))
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n')
    blog.git("remote", "add", "origin", form.format(origin))
    blog.put("posts/a.md", post("A"))
    blog.git("push", "-q", "origin", "main")
    blog.run()
    locks = [origin / "refs" / name for name in ("gitsync/site.lock", "gitsync-lock/site.lock", "heads/main.lock")]
    for lock in locks:
        lock.parent.mkdir(exist_ok=True)
        lock.touch()
    assert examined(blog) == [], "another machine may be pushing just now"
    for lock in locks:
        os.utime(lock, (1_700_000_000, 1_700_000_000))
    told_and_mended(blog, "2 locks on gitsync's refs on origin")
    assert [lock.exists() for lock in locks] == [False, False, True]

    locks[2].unlink()
    locks[0].touch()
    os.utime(locks[0], (1_700_000_000, 1_700_000_000))
    blog.put("posts/a.md", post("A", "Other words.\n"))
    assert blog.run().summary.exit_code == 0
    assert blog.shown("A").body == "Other words.\n"
    blog.quiet()


def result(blog: Blog, revision: str) -> Result:
    entry = Ledger(Repository.open(blog.root), "site").entries(["posts/a.md"])["posts/a.md"]
    assert entry.record is not None
    known = replace(entry.record, revision=revision)
    return Result(site="site", path="posts/a.md", base=entry.base, remote=entry.remote, record=known, conflict=None)


def test_the_journal_of_a_dead_run_is_folded(blog: Blog) -> None:
    journal = Journal(own(blog))
    journal.append(result(blog, "x"), head=blog.git("rev-parse", "HEAD"))
    told_and_mended(blog, "1 result", "ledger")
    entry = Ledger(Repository.open(blog.root), "site").entries(["posts/a.md"])["posts/a.md"]
    assert entry.record is not None
    assert entry.record.revision == "x"


@pytest.mark.parametrize("torn", [b'{"head": "12', b"\xff\x00 garbage\n", b"{}\n"])
def test_unreadable_text_in_the_journal_is_set_aside(blog: Blog, torn: bytes) -> None:
    journal = Journal(own(blog))
    whole = result(blog, "x")
    journal.append(whole, head=blog.git("rev-parse", "HEAD"))
    good = journal.path.read_bytes()
    journal.path.write_bytes(good + torn if not torn.endswith(b"\n") else torn + good)
    kinds = {finding.kind for finding in examined(blog)}
    assert kinds == {"mended"}
    assert torn.rstrip(b"\n") in (own(blog) / "journal.damaged").read_bytes()
    assert examined(blog) == []
    blog.run()
    blog.quiet()


def test_a_half_moved_work_tree_is_finished(blog: Blog) -> None:
    class Killed(BaseException):
        pass

    def die(step: str) -> None:
        if step == "ref":
            raise Killed

    repository = Repository.open(blog.root)
    old = blog.git("rev-parse", "HEAD")
    blog.put("posts/a.md", post("A", "New.\n"))
    new = blog.git("rev-parse", "HEAD")
    blog.git("reset", "-q", "--hard", old)
    with pytest.raises(Killed):
        advance(repository, branch="main", old=old, new=new, step=die)
    told_and_mended(blog, "work tree", "finished")
    assert "New." in blog.read("posts/a.md")
    assert blog.git("status", "--porcelain") == ""


DAMAGED = [
    b'{"kind": "adv',
    *(pytest.param(it, marks=pytest.mark.slow) for it in (b"", b"[]", b"\xff\xfe", b'{"kind": "of a later version"}')),
]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_note_of_half_moved_files_is_a_persons_decision(blog: Blog, text: bytes) -> None:
    note = own(blog) / "worktree/move.json"
    note.parent.mkdir()
    note.write_bytes(text)
    [finding] = examined(blog)
    assert finding.kind == "wrong"
    assert "git status, then remove .git/gitsync/worktree" in finding.message
    with pytest.raises(RepositoryError, match="cannot be read"):
        blog.run()


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_note_of_ledgers_and_a_branch_is_set_aside_and_nothing_is_lost(blog: Blog, text: bytes) -> None:
    blog.site().edit(blog.id_of("A"), body="Written there.\n")
    old = blog.git("rev-parse", "HEAD")
    blog.run()
    # As if the run had died when the ledger had moved and the branch had not, and the disk had lost its note.
    blog.git("reset", "-q", "--hard", old)
    note = own(blog) / "together.json"
    note.write_bytes(text)
    with pytest.raises(RepositoryError, match=r"together\.json cannot be read"):
        blog.run()
    assert [it.kind for it in examined(blog, mend=False)] == ["waits"]
    [finding] = examined(blog)
    assert finding.kind == "mended"
    assert (own(blog) / "together.json.damaged").read_bytes() == text
    assert examined(blog) == []
    blog.run()
    assert "Written there." in blog.read("posts/a.md")
    assert blog.shown("A").body == "Written there.\n"
    blog.quiet()


def test_writes_without_an_answer_are_told(blog: Blog) -> None:
    intents = Intents(own(blog))
    intents.begin(Intent(op="update", site="site", path="posts/a.md", at=1.0))
    (intents.folder / "torn.tmp").write_bytes(b"{")
    (intents.folder / "bad.json").write_bytes(b"{")
    kinds = sorted(finding.kind for finding in examined(blog))
    assert kinds == ["mended", "mended", "waits"]
    assert any("update of posts/a.md" in finding.message for finding in examined(blog))


def test_a_write_to_a_site_that_is_not_named_any_more_is_told_with_what_to_do(blog: Blog) -> None:
    # It said that the next sync looks for it, which none does.
    intents = Intents(own(blog))
    intents.begin(Intent(op="create", site="old", path="posts/a.md", at=1.0))
    [file] = intents.folder.glob("*.json")
    [told] = examined(blog)
    assert told.kind == "waits"
    assert "old" in told.message
    assert f"remove {file}" in told.message
    file.unlink()
    assert examined(blog) == []


def test_a_branch_that_is_gone_is_told(blog: Blog) -> None:
    blog.git("branch", "-m", "trunk")
    [finding] = examined(blog)
    assert finding.kind == "wrong"
    assert "main, which is gone" in finding.message


def test_a_rewritten_history_is_told(blog: Blog) -> None:
    tree = blog.git("rev-parse", "HEAD^{tree}")
    blog.git("reset", "-q", "--soft", blog.git("commit-tree", tree, "-m", "squashed"))
    [finding] = examined(blog)
    assert "rewritten" in finding.message


def test_a_ledger_that_cannot_be_read_is_replaced_by_the_remotes(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n')
    blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    blog.put("posts/a.md", post("A"))
    blog.git("push", "-q", "origin", "main")
    blog.run()
    good = blog.git("rev-parse", "refs/gitsync/site")
    (blog.root / ".git/refs/gitsync/site").write_text("1234567890123456789012345678901234567890\n")
    findings = examined(blog)
    assert [finding.kind for finding in findings] == ["mended"], findings
    assert "copy of origin" in findings[0].message
    assert blog.git("rev-parse", "refs/gitsync/site") == good
    blog.quiet()


def test_a_ledger_that_is_lost_is_a_persons_decision(blog: Blog) -> None:
    (blog.root / ".git/refs/gitsync/site").write_text("1234567890123456789012345678901234567890\n")
    [finding] = examined(blog)
    assert finding.kind == "wrong"
    assert "refs/gitsync/site" in finding.message


@pytest.mark.parametrize("text", ["", pytest.param("\0" * 41, marks=pytest.mark.slow)])
def test_a_ref_that_a_power_cut_emptied_is_the_remotes_copy_again(tmp_path: Path, text: str) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n')
    blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    blog.put("posts/a.md", post("A"))
    blog.git("push", "-q", "origin", "main")
    blog.run()
    good = blog.git("rev-parse", "refs/gitsync/site")
    (blog.root / ".git/refs/gitsync/site").write_text(text)
    told_and_mended(blog, "names no commit", "copy of origin")
    assert blog.git("rev-parse", "refs/gitsync/site") == good
    blog.quiet()


def test_a_ref_that_a_power_cut_emptied_is_named_where_there_is_no_copy(blog: Blog) -> None:
    ref = blog.root / ".git/refs/gitsync/site"
    ref.write_text("")
    blog.put("posts/a.md", post("A", "Edited.\n"))
    assert "run gitsync doctor" in blog.run().told
    [finding] = examined(blog)
    assert finding.kind == "wrong"
    assert str(ref) in finding.message
    ref.unlink()
    blog.run()
    assert len(blog.site().posts()) == 2
    blog.quiet()

"""Bringing a whole site back: in place, from a backup alone, and to a new site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from time import time

import pytest
from gitsync_connectors.memory import STORES, Behaviour, Fault

from gitsync import rollback
from gitsync.cli.failure import run
from gitsync.errors import OutcomeUnknown, Refused, UsageError
from gitsync.events import Operation
from gitsync.model import Post
from gitsync.project import Project
from gitsync.restore import choose, foretell, restore
from gitsync.sync import Options
from tests.blog import SHARED, Blog, Outcome, clone, post, shared
from tests.cms import Desk
from tests.conftest import run_git


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog")


def restored(
    blog: Blog, commit: str, *sources: str, to: str | None = None, root: Path | None = None, **options: object
) -> Outcome:
    project = Project.open(root or blog.root)
    given = Options(**options)  # type: ignore[arg-type]
    plans = choose(project, commit, sources, to)
    if given.dry_run:
        return Outcome(list(foretell(project, plans, given)))
    return Outcome(list(restore(project, plans, given, sleep=blog.clock.sleep, clock=blog.clock).events()))


def three(blog: Blog) -> None:
    for name in "abc":
        blog.write(f"posts/{name}.md", post(name.upper(), tags="[x]"))
    blog.commit("three posts")
    blog.run()


def seen(blog: Blog, name: str | None = None) -> dict[str, tuple[str | None, str]]:
    return {p.title or "": (p.status, p.body) for p in blog.site(name).posts().values()}


def test_a_vandalised_site_is_as_it_was_and_nothing_of_it_is_lost(blog: Blog) -> None:
    three(blog)
    before, tree, ids = seen(blog), blog.git("rev-parse", "HEAD"), set(blog.site().posts())
    blog.site().edit(blog.id_of("A"), body="Vandalised.\n")
    blog.site().remove(blog.id_of("B"))
    outcome = restored(blog, "HEAD")
    assert outcome.summary.exit_code == 0, outcome.told
    assert seen(blog) == before
    assert blog.git("rev-parse", "HEAD") == tree, "the files were right"
    assert blog.id_of("A") in ids
    assert "Vandalised." in blog.git("log", "-p", "refs/gitsync/site", "--", "remote/posts/a.md")
    blog.quiet()


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    "names", [("one", "two"), *(pytest.param(it, marks=pytest.mark.slow) for it in (("one",), ("two", "one")))]
)
def test_what_came_later_leaves_every_site_that_is_restored(tmp_path: Path, names: tuple[str, ...], lost: bool) -> None:
    blog = Blog(tmp_path / "blog", names)
    three(blog)
    first, before, tree = blog.syncs()[0].id, seen(blog), blog.git("ls-tree", "-r", "HEAD", "posts")
    blog.put("posts/later.md", post("Later"))
    blog.run()
    if lost:
        blog.site("one").rows.clear()
    outcome = restored(blog, first)
    assert outcome.summary.exit_code == 0, outcome.told
    for name in names:
        shown = seen(blog, name)
        assert shown.pop("Later", ("draft", ""))[0] == "draft"
        assert shown == before
    assert blog.git("ls-tree", "-r", "HEAD", "posts") == tree
    blog.quiet()


def test_what_came_later_stays_on_a_site_that_is_not_restored(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", ("one", "two"))
    three(blog)
    first = blog.syncs()[0].id
    blog.put("posts/later.md", post("Later"))
    blog.run()
    assert restored(blog, first, "one").summary.exit_code == 0
    assert seen(blog, "one").get("Later", ("draft", ""))[0] == "draft"
    assert seen(blog, "two")["Later"][0] == "published"
    assert "sites: [two]" in blog.read("posts/later.md")
    assert blog.run().operations == []
    blog.quiet()


def test_an_emptied_site_is_filled_again(blog: Blog) -> None:
    three(blog)
    before = seen(blog)
    blog.site().rows.clear()
    outcome = restored(blog, "HEAD")
    assert outcome.summary.created == 3, outcome.told
    assert seen(blog) == before
    blog.quiet()


def test_an_earlier_state_comes_back_here_and_there(blog: Blog) -> None:
    three(blog)
    before, tree = seen(blog), blog.git("ls-tree", "-r", "HEAD", "posts")
    first = blog.syncs()[0].id
    ids = {title: blog.id_of(title) for title in "AC"}
    blog.git("mv", "posts/a.md", "posts/z.md")
    blog.write("posts/z.md", post("Z, once A", "Nothing is as it was.\n"))
    blog.git("rm", "-q", "posts/c.md")
    blog.put("posts/b.md", post("B", "Worse.\n"))
    blog.run()
    blog.put("posts/new.md", post("New"))
    blog.run()
    shown = len(blog.site().posts())
    outcome = restored(blog, first, dry_run=True)
    assert outcome.summary.deleted >= 1, outcome.told
    assert len(blog.site().posts()) == shown
    outcome = restored(blog, first)
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.git("ls-tree", "-r", "HEAD", "posts") == tree
    public = {title: it for title, it in seen(blog).items() if it[0] == "published"}
    assert public == before
    assert blog.id_of("C") == ids["C"]
    blog.quiet()


def test_an_earlier_commit_of_the_branch_is_meant_too(blog: Blog) -> None:
    three(blog)
    before, commit = seen(blog), blog.git("rev-parse", "HEAD")
    blog.put("posts/a.md", post("A", "Worse.\n"))
    blog.run()
    outcome = restored(blog, commit[:10])
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    assert seen(blog) == before
    blog.quiet()


def test_posts_that_came_later_go_behind_the_guard(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    first = blog.syncs()[0].id
    for name in "bcdefg":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    state = blog.git("for-each-ref"), seen(blog)
    with pytest.raises(Refused, match="6 of 7"):
        restored(blog, first)
    assert (blog.git("for-each-ref"), seen(blog)) == state
    outcome = restored(blog, first, allow=frozenset({"deletes"}))
    assert outcome.summary.deleted == 6, outcome.told
    assert blog.git("ls-files", "posts") == "posts/a.md"
    blog.quiet()


def test_what_nobody_knows_of_is_left_alone(blog: Blog) -> None:
    three(blog)
    blog.site().put("", Post(title="There", slug="there", body="x\n", status="published"))
    blog.site().edit(blog.id_of("A"), body="Vandalised.\n")
    outcome = restored(blog, "HEAD")
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    assert "There" in seen(blog)


def test_uncommitted_work_is_never_touched(blog: Blog) -> None:
    three(blog)
    commit = blog.git("rev-parse", "HEAD")
    blog.put("posts/a.md", post("A", "Worse.\n"))
    blog.put("posts/b.md", post("B", "Worse.\n"))
    blog.run()
    blog.write("posts/a.md", post("A", "At work.\n"))
    outcome = restored(blog, commit)
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.read("posts/a.md") == post("A", "At work.\n")
    assert seen(blog)["A"][1] == "Worse.\n"
    assert seen(blog)["B"][1] != "Worse.\n"


@pytest.mark.parametrize("shared", [True, False])
def test_a_backup_is_enough(tmp_path: Path, shared: bool) -> None:
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n' if shared else "")
    if shared:
        run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
        blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
        blog.git("push", "-q", "origin", "main")
    three(blog)
    blog.site().edit(blog.id_of("A"), body="From the web.\n")
    blog.run()
    before, ids = seen(blog), set(blog.site().posts())
    run_git(tmp_path, "clone", "-q", "--mirror", str(tmp_path / ("origin.git" if shared else "blog")), "backup.git")
    blog.root.rename(tmp_path / "burnt")
    if shared:
        (tmp_path / "origin.git").rename(tmp_path / "burnt.git")
    blog.site().rows.clear()
    run_git(tmp_path, "clone", "-q", str(tmp_path / "backup.git"), "again")
    outcome = restored(blog, "HEAD", root=tmp_path / "again")
    assert outcome.summary.exit_code == 0, outcome.told
    assert seen(blog) == before
    blog.root = tmp_path / "again"
    STORES[f"memory:{blog.root}/site"] = STORES[f"memory:{tmp_path / 'blog'}/site"]
    blog.quiet()
    assert not ids & set(blog.site().posts()) or len(blog.site().posts()) == 3


@pytest.mark.parametrize("how", ["restore", "rollback"])
def test_a_fresh_clone_of_a_backup_knows_every_sync(
    tmp_path: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    blog = Blog(tmp_path / "blog", config='[state]\nremote = "origin"\n')
    run_git(tmp_path, "init", "-q", "--bare", "--initial-branch=main", "origin.git")
    blog.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    blog.git("push", "-q", "origin", "main")
    three(blog)
    blog.run()
    before = seen(blog)
    blog.put("posts/a.md", post("A", "Worse.\n"))
    blog.git("push", "-q", "origin", "main")
    blog.run()
    newest, first = (sync.id for sync in blog.syncs())
    run_git(tmp_path, "clone", "-q", str(tmp_path / "origin.git"), "again")
    blog.root = again = tmp_path / "again"
    STORES[f"memory:{again}/site"] = STORES[f"memory:{tmp_path / 'blog'}/site"]
    assert run(["-C", str(again), "log"]) == 0
    told = capsys.readouterr().out
    assert newest in told
    assert first in told
    if how == "restore":
        assert restored(blog, first).summary.exit_code == 0
    else:
        project = Project.open(again)
        found = rollback.find_sync(project, None)
        assert found is not None
        assert found.id == newest
        foretold = list(rollback.foretell(project, found))
        assert any(isinstance(event, Operation) and event.path == "posts/a.md" for event in foretold)
        list(rollback.roll_back(project, found, Options()).events())
    assert seen(blog) == before
    blog.quiet()


def test_what_another_clone_synced_meanwhile_can_be_restored(tmp_path: Path) -> None:
    one = Blog(tmp_path / "one", config=SHARED)
    one.put("posts/a.md", post("A", "First words.\n"))
    shared(one)
    one.run()
    two = clone(one, "two")
    two.run()  # it has a ledger from now on, which says nothing of what comes
    for words in ("Good words.\n", "Bad words.\n"):
        one.put("posts/a.md", post("A", words))
        one.run()
    outcome = restored(two, one.syncs()[1].id)
    assert outcome.summary.exit_code == 0, outcome.told
    assert two.read("posts/a.md") == post("A", "Good words.\n")
    assert one.shown("A").body == "Good words.\n"
    two.quiet()


def test_a_new_site_takes_the_place_of_one_that_is_gone(blog: Blog, tmp_path: Path) -> None:
    blog.write("posts/a.md", post("A", sites="[site]"))
    blog.put("posts/b.md", post("B", "See [a](a.md).\n"))
    blog.run()
    before = seen(blog)
    url = f"memory:{tmp_path}/new"
    STORES.pop(url, None)
    config = (blog.root / "gitsync.toml").read_text().partition("[sites.site]")[0]
    blog.put("gitsync.toml", f'{config}[sites.new]\nplatform = "memory"\nurl = "{url}"\n')
    with pytest.raises(UsageError, match="Name the one"):
        restored(blog, "HEAD", to="new")
    outcome = restored(blog, "refs/gitsync/site", "site", to="new", dry_run=True)
    assert outcome.summary.created == 2, outcome.told
    outcome = restored(blog, "refs/gitsync/site", "site", to="new")
    assert outcome.summary.exit_code == 0, outcome.told
    posts = {p.title: p.status for p in STORES[url].posts().values()}
    assert posts == {title: status for title, (status, _) in before.items()}
    assert "sites: [site, new]" in blog.read("posts/a.md")
    again = restored(blog, "refs/gitsync/site", "site", to="new")
    assert again.operations == [], again.told
    assert len(STORES[url].posts()) == 2


def test_a_time_without_a_state_is_a_usage_error(blog: Blog) -> None:
    three(blog)
    for name in ("1999-01-01", "nothing", "deadbeef"):
        with pytest.raises(UsageError):
            restored(blog, name)
    assert restored(blog, "2999-01-01").operations == []
    with pytest.raises(UsageError):
        restored(blog, "HEAD", "elsewhere")


def test_a_lost_reply_while_a_site_is_filled_again_makes_no_second_copy(blog: Blog) -> None:
    three(blog)
    before = seen(blog)
    blog.site().rows.clear()
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("504"), stored=True, skip=1))
    outcome = restored(blog, "HEAD")
    assert seen(blog) == before
    assert len(blog.site().posts()) == 3, outcome.told
    blog.quiet()


def test_a_restore_goes_by_the_clock_of_its_run_when_it_tells_an_old_read_from_an_edit(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(hashes=True, lag=25))
    blog.site().now = lambda: datetime.fromtimestamp(blog.clock.now, UTC)
    blog.clock.now = time() + 3600
    blog.put("posts/a.md", post("A", "Old words.\n", slug="a"))
    blog.run()
    before = blog.git("rev-parse", "HEAD")
    blog.clock.now += 100
    blog.put("posts/a.md", post("A", "New words.\n", slug="a"))
    blog.run()
    blog.clock.now += 100
    blog.site().edit("1", body="Old words.\n")  # of a restore that died before it knew
    blog.clock.now += 100
    outcome = restored(blog, before)
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/a.md") == post("A", "Old words.\n", slug="a")
    blog.clock.now += 100
    blog.quiet()


def test_a_restore_that_was_cut_off_is_finished_by_a_sync(blog: Blog) -> None:
    three(blog)
    before = seen(blog)
    blog.site().rows.clear()
    blog.site().faults.append(Fault(on="create", error=OutcomeUnknown("504"), stored=True, skip=1))
    assert restored(blog, "HEAD", wait=False).summary.exit_code == 1
    outcome = blog.run()
    assert seen(blog) == before, outcome.told
    assert len(blog.site().posts()) == 3, outcome.told
    blog.quiet()


def test_a_database_that_was_made_anew_gives_ids_again_and_no_post_takes_anothers_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(tmp_path / "blog", capsys, policy='[policy]\ndelete = "delete"\n')
    for name in "edcba":  # so that later ones have lower ids
        desk.put(f"posts/{name}.md", post(name, f"The words of {name}, and enough of them to know it by.\n", slug=name))
        assert desk.run("sync").code == 0
    (desk.root / "posts/c.md").unlink()
    desk.commit()
    assert desk.run("sync").code == 0
    before = {title: row["body"] for title, row in desk.rows().items()}
    assert sorted(before) == ["a", "b", "d", "e"]
    desk.execute("delete from posts")
    answer = desk.run("restore", "HEAD", "cms")
    assert answer.code == 0, answer.told
    assert {title: row["body"] for title, row in desk.rows().items()} == before
    for _ in range(2):
        assert desk.run("sync").idle
    assert desk.run("verify", "--deep").code == 0
    assert "Nothing to do" in desk.run("restore", "HEAD", "cms").out
    agreed, ids = run_git(desk.root, "rev-parse", "refs/gitsync/cms").strip(), desk.ids()
    for name in "abde":
        desk.write(f"posts/{name}.md", post(name, f"Other words of {name}.\n", slug=name))
    desk.commit()
    assert desk.run("sync").code == 0
    answer = desk.run("restore", agreed, "cms")
    assert answer.code == 0, answer.told
    assert {title: row["body"] for title, row in desk.rows().items()} == before
    assert desk.run("sync").idle
    assert desk.ids() == ids


@pytest.mark.parametrize("full", [2, 3])
def test_a_restore_that_ends_early_takes_no_post_for_one_that_got_its_old_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], full: int
) -> None:
    desk = Desk(tmp_path / "blog", capsys)
    for name in "edba":
        desk.put(f"posts/{name}.md", post(name, f"The words of {name}, and enough of them to know it by.\n", slug=name))
        assert desk.run("sync").code == 0
    before, files = {title: row["body"] for title, row in desk.rows().items()}, desk.git("rev-parse", "HEAD:posts")
    desk.execute("delete from posts")
    is_full = f"(select count(*) from posts) >= {full}"
    desk.execute(f"create trigger full before insert on posts when {is_full} begin select raise(abort, 'full'); end")
    assert desk.run("restore", "HEAD", "cms").code == 1
    assert sorted(desk.rows()) == ["a", "b", "d"][:full]
    desk.execute("drop trigger full")
    answer = desk.run("sync")
    assert answer.code == 0, answer.told
    assert sorted((row["title"], row["body"]) for row in desk.all_rows()) == sorted(before.items())
    assert desk.git("rev-parse", "HEAD:posts") == files
    assert desk.run("sync").idle

"""Rolling back: law 11 on one site and on two, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from gitsync_connectors.memory import Behaviour, Fault

from gitsync.errors import Refused, Unreachable, UsageError
from gitsync.events import Operation
from gitsync.model import Post
from gitsync.project import Project
from gitsync.rollback import find_sync, foretell, roll_back
from gitsync.sync import Options
from gitsync.undo.history import operations, touched
from tests.blog import SHARED, Blog, Outcome, clone, post, shared

SITES = [("one", "two"), pytest.param(("one",), marks=pytest.mark.slow)]


@pytest.fixture
def blog(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "blog")


@pytest.fixture
def two(tmp_path: Path) -> Blog:
    return Blog(tmp_path / "two", sites=("one", "two"))


def rolled_back(blog: Blog, name: str | None = None, **options: object) -> Outcome:
    project = Project.open(blog.root)
    sync = find_sync(project, name)
    assert sync is not None
    given = Options(**options)  # type: ignore[arg-type]
    return Outcome(list(roll_back(project, sync, given, sleep=blog.clock.sleep, clock=blog.clock).events()))


def foretold(blog: Blog, name: str | None = None) -> Outcome:
    project = Project.open(blog.root)
    sync = find_sync(project, name)
    assert sync is not None
    return Outcome(list(foretell(project, sync)))


def last(blog: Blog) -> str:
    return blog.syncs()[0].id


def shown(blog: Blog) -> dict[str, dict[str, tuple[str | None, str | None, str, tuple[str, ...]]]]:
    """What readers see: site -> id -> title, status, body, tags."""
    return {
        name: {id: (p.title, p.status, p.body, p.tags or ()) for id, p in blog.site(name).posts().items()}
        for name in blog.names
    }


def files(blog: Blog) -> str:
    return blog.git("ls-tree", "-r", "HEAD", "posts/")


def deeds(blog: Blog) -> list[list[tuple[str, str, str | None]]]:
    """(action, site, path) of each sync, newest first."""
    repository = Project.open(blog.root).repository
    return [
        [
            (it.action, it.site, it.path)
            for part in sync.parts
            for it in operations(repository, sync, touched(repository, part))
        ]
        for sync in blog.syncs()
    ]


@pytest.mark.slow
def test_the_log_tells_what_each_sync_did(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.put("posts/b.md", post("B"))
    two.run()
    two.site("one").edit(two.id_of("A", "one"), body="There.\n")
    two.run()
    two.site("two").put("", Post(title="New", slug="new", body="New.\n", status="published"))
    two.git("rm", "-q", "posts/b.md")
    two.commit()
    two.run()
    two.quiet()
    assert deeds(two) == [
        [
            ("unpublish", "one", "posts/b.md"),
            ("create", "one", "posts/new.md"),
            ("unpublish", "two", "posts/b.md"),
            ("import", "two", "posts/new.md"),
        ],
        [("pull", "one", "posts/a.md"), ("update", "two", "posts/a.md")],
        [("create", site, path) for site in ("one", "two") for path in ("posts/a.md", "posts/b.md")],
    ]


@pytest.mark.parametrize("names", SITES)
def test_an_update_is_taken_back_everywhere(tmp_path: Path, names: tuple[str, ...]) -> None:
    blog = Blog(tmp_path / "blog", sites=names)
    for name in "abc":
        blog.put(f"posts/{name}.md", post(name.upper(), tags="[x]"))
    blog.run()
    before, tree = shown(blog), files(blog)
    blog.write("posts/a.md", post("A", "Worse.\n", tags="[x, y]"))
    blog.put("posts/b.md", post("B changed"))
    blog.run()
    middle = shown(blog)
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert (shown(blog), files(blog)) == (before, tree), outcome.told
    assert blog.git("status", "--porcelain") == ""
    blog.quiet()
    outcome = rolled_back(blog)
    assert shown(blog) == middle, outcome.told
    blog.quiet()


@pytest.mark.parametrize("names", SITES)
def test_an_edit_of_a_site_is_taken_back(tmp_path: Path, names: tuple[str, ...]) -> None:
    blog = Blog(tmp_path / "blog", sites=names)
    blog.put("posts/a.md", post("A", keep="me  # a comment"))
    blog.run()
    before, tree = shown(blog), files(blog)
    blog.site("one").edit(blog.id_of("A", "one"), body="Vandalised.\n")
    blog.run()
    rolled_back(blog)
    assert (shown(blog), files(blog)) == (before, tree)
    blog.quiet()


def test_a_merge_is_taken_back(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    before, tree = shown(blog), files(blog)
    blog.site().edit(blog.id_of("A"), body="One.\n\nTwo.\n\nThree, there.\n")
    blog.put("posts/a.md", post("A", "One, here.\n\nTwo.\n\nThree.\n"))
    assert blog.run().summary.merged == 1
    rolled_back(blog)
    assert (shown(blog), files(blog)) == (before, tree)
    blog.quiet()


@pytest.mark.parametrize("policy", ["unpublish", "delete"])
@pytest.mark.parametrize("names", SITES)
def test_new_posts_leave_the_sites_again(tmp_path: Path, names: tuple[str, ...], policy: str) -> None:
    blog = Blog(tmp_path / "blog", sites=names, config=f'[policy]\ndelete = "{policy}"\n')
    blog.put("posts/old.md", post("Old"))
    blog.run()
    for name in "abcdef":  # more than any guard would let go
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.git("ls-files", "posts") == "posts/old.md"
    for name in names:
        left = [p.status for p in blog.site(name).posts().values() if p.title != "Old"]
        assert left == (["draft"] * 6 if policy == "unpublish" else [])
        assert blog.shown("Old", name).status == "published"
    blog.quiet()
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    for name in names:
        assert sorted(p.title or "" for p in blog.site(name).posts().values()) == ["A", "B", "C", "D", "E", "F", "Old"]
        assert {p.status for p in blog.site(name).posts().values()} == {"published"}
    blog.quiet()


def test_only_what_the_sync_made_may_go(blog: Blog) -> None:
    for name in "abcdefgh":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    blog.put("posts/new.md", post("New"))
    blog.run()
    for name in "abcdefg":
        blog.git("rm", "-q", f"posts/{name}.md")
    blog.commit()
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert outcome.operations == [("unpublish", "posts/new.md", "done")]
    with pytest.raises(Refused):
        blog.run()


def test_an_imported_post_is_forgotten_here_and_untouched_there(two: Blog) -> None:
    two.put("posts/a.md", post("A"))
    two.run()
    id = two.site("one").put("", Post(title="Made there", slug="made-there", body="Hello.\n", status="published"))
    two.run()
    assert two.shown("Made there", "two").status == "published"
    rows = list(two.site("one").rows[id])
    outcome = rolled_back(two)
    assert outcome.summary.exit_code == 0, outcome.told
    assert not (two.root / "posts/made-there.md").exists()
    assert two.site("one").rows[id] == rows
    assert two.shown("Made there", "two").status == "draft"
    two.quiet()
    two.site("one").edit(id, body="Hello again.\n")
    outcome = rolled_back(two)
    assert outcome.summary.exit_code == 0, outcome.told
    assert "Hello again." in two.read("posts/made-there.md"), "an edit made meanwhile is an edit"
    assert two.shown("Made there", "two").body == "Hello again.\n"
    two.quiet()


@pytest.mark.parametrize("policy", ["unpublish", "delete", "ignore"])
def test_a_removed_post_comes_back(tmp_path: Path, policy: str) -> None:
    blog = Blog(tmp_path / "blog", config=f'[policy]\ndelete = "{policy}"\n')
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    before, tree, id = shown(blog), files(blog), blog.id_of("A")
    blog.git("rm", "-q", "posts/a.md")
    blog.commit()
    blog.run()
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 0, outcome.told
    assert files(blog) == tree
    assert blog.shown("A").status == "published"
    if policy != "delete":
        assert blog.id_of("A") == id
        assert shown(blog) == before
    blog.quiet()
    outcome = rolled_back(blog)
    assert not (blog.root / "posts/a.md").exists(), outcome.told
    blog.quiet()


def test_a_rename_of_which_the_site_shows_nothing_is_what_the_newest_sync_did(two: Blog) -> None:
    for body in ("One.\n", "Two.\n"):
        two.put("posts/a.md", post("A", body, slug="a"))
        two.run()
    two.git("mv", "posts/a.md", "posts/b.md")
    two.commit()
    two.run()
    two.run()
    assert deeds(two)[0] == [("skip", "one", "posts/b.md"), ("skip", "two", "posts/b.md")]
    outcome = rolled_back(two)
    assert two.read("posts/a.md") == post("A", "Two.\n", slug="a"), outcome.told
    assert [two.shown("A", name).body for name in two.names] == ["Two.\n"] * 2
    two.quiet()
    rolled_back(two)
    assert two.read("posts/b.md") == post("A", "Two.\n", slug="a"), "which is taken back like any other"
    two.quiet()


def test_a_rename_is_taken_back(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    before, tree = shown(blog), files(blog)
    blog.git("mv", "posts/a.md", "posts/z.md")
    blog.put("posts/z.md", post("A", "Edited as well.\n", slug="a"))
    blog.run()
    outcome = rolled_back(blog)
    assert (shown(blog), files(blog)) == (before, tree), outcome.told
    blog.quiet()


def test_a_site_that_joined_is_left_by_the_posts_that_others_keep(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", sites=("one", "two"))
    blog.put("posts/a.md", post("A", sites="[one]"))
    blog.run()
    blog.put("posts/a.md", post("A", sites="[one, two]"))
    blog.run()
    assert blog.shown("A", "two").status == "published"
    outcome = rolled_back(blog)
    assert blog.read("posts/a.md") == post("A", sites="[one]"), outcome.told
    assert blog.shown("A", "one").status == "published"
    assert blog.shown("A", "two").status == "draft"
    blog.quiet()


def test_a_whole_new_site_is_left_by_the_posts_that_others_keep(two: Blog) -> None:
    config = (two.root / "gitsync.toml").read_text()
    (two.root / "gitsync.toml").write_text(config.partition("[sites.two]")[0])
    two.put("posts/a.md", post("A", keep="me  # a comment"))
    names, two.names = two.names, ["one"]
    two.run()
    (two.root / "gitsync.toml").write_text(config)
    two.commit("a second site")
    two.names = names
    two.run()
    outcome = rolled_back(two)
    assert outcome.summary.exit_code == 0, outcome.told
    assert two.shown("A", "one").status == "published"
    assert two.shown("A", "two").status == "draft"
    assert "sites:" in two.read("posts/a.md")
    assert "keep: me  # a comment" in two.read("posts/a.md")
    two.quiet()


def test_later_edits_elsewhere_in_the_file_stay(blog: Blog) -> None:
    blog.put("posts/a.md", post("A", keep="me  # a comment"))
    blog.run()
    blog.put("posts/a.md", post("A", "One.\n\nTwo, worse.\n\nThree.\n", keep="me  # a comment"))
    blog.run()
    bad = last(blog)
    blog.put("posts/a.md", post("A", "One.\n\nTwo, worse.\n\nThree, better.\n", keep="me  # a comment"))
    blog.run()
    outcome = rolled_back(blog, bad)
    assert outcome.summary.exit_code == 0, outcome.told
    assert blog.read("posts/a.md") == post("A", "One.\n\nTwo.\n\nThree, better.\n", keep="me  # a comment")
    assert blog.shown("A").body == "One.\n\nTwo.\n\nThree, better.\n"
    blog.quiet()


def test_later_edits_of_the_same_words_leave_that_post_alone(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.write("posts/a.md", post("A", "One.\n\nTwo, worse.\n\nThree.\n"))
    blog.put("posts/b.md", post("B", "Worse.\n"))
    blog.run()
    bad = last(blog)
    blog.put("posts/a.md", post("A", "One.\n\nTwo, mended.\n\nThree.\n"))
    outcome = rolled_back(blog, bad)
    assert outcome.summary.exit_code == 3, outcome.told
    assert ("conflict", "posts/a.md", "done") in outcome.operations
    assert blog.read("posts/a.md") == post("A", "One.\n\nTwo, mended.\n\nThree.\n")
    assert blog.shown("A").body == "One.\n\nTwo, worse.\n\nThree.\n"
    assert blog.shown("B").body == post("B").partition("---\n\n")[2]


def test_uncommitted_work_is_never_touched(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.put("posts/b.md", post("B"))
    blog.run()
    blog.write("posts/a.md", post("A", "Worse.\n"))
    blog.put("posts/b.md", post("B", "Worse.\n"))
    blog.run()
    blog.write("posts/a.md", post("A", "At work.\n"))
    outcome = rolled_back(blog)
    assert outcome.summary.exit_code == 3, outcome.told
    assert blog.read("posts/a.md") == post("A", "At work.\n")
    assert blog.shown("A").body == "Worse.\n"
    assert "Worse" not in blog.shown("B").body


def test_other_commits_wait_for_their_own_sync(blog: Blog) -> None:
    blog.put("posts/a.md", post("A"))
    blog.run()
    blog.put("posts/a.md", post("A", "Worse.\n"))
    blog.run()
    blog.put("posts/unfinished.md", post("Unfinished"))
    blog.site().put("", Post(title="There", slug="there", body="x\n", status="published"))
    outcome = rolled_back(blog)
    assert outcome.operations == [("update", "posts/a.md", "done")], outcome.told
    outcome = blog.run()
    assert {op[:2] for op in outcome.operations} == {("create", "posts/unfinished.md"), ("import", "posts/there.md")}
    blog.quiet()


def test_a_dry_run_tells_what_cannot_be_had_and_changes_nothing(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "blog", behaviour=Behaviour(can_delete=False), config='[policy]\ndelete = "delete"\n')
    blog.put("posts/a.md", post("A", slug="a"))
    blog.run()
    blog.write("posts/b.md", post("B"))
    blog.put("posts/a.md", post("A", slug="better"))
    blog.run()
    state = shown(blog), files(blog), blog.git("for-each-ref")
    outcome = foretold(blog)
    assert (shown(blog), files(blog), blog.git("for-each-ref")) == state
    assert outcome.operations == [("update", "posts/a.md", "planned"), ("unpublish", "posts/b.md", "planned")]
    assert "site cannot delete posts" in outcome.told
    assert "its slug may stay" in outcome.told
    assert outcome.summary.exit_code == 0


def test_what_no_request_can_take_back_is_a_failure(tmp_path: Path) -> None:
    behaviour = Behaviour(can_delete=False, can_unpublish=False)
    blog = Blog(tmp_path / "blog", behaviour=behaviour)
    blog.put("posts/a.md", post("A"))
    blog.run()
    outcome = foretold(blog)
    assert outcome.summary.exit_code == 1, outcome.told
    assert any(isinstance(e, Operation) and e.result == "failed" for e in outcome.events)


def test_a_rollback_that_was_cut_off_is_finished_by_the_next(blog: Blog) -> None:
    for name in "abcdef":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    blog.site().faults.append(Fault(on="update", error=Unreachable("down"), skip=2))
    assert rolled_back(blog).summary.exit_code == 1
    first = blog.syncs()[-1].id
    outcome = rolled_back(blog, first)
    assert outcome.summary.exit_code == 0, outcome.told
    assert {p.status for p in blog.site().posts().values()} == {"draft"}
    blog.quiet()


def test_a_sync_that_nobody_knows_is_a_usage_error(blog: Blog) -> None:
    project = Project.open(blog.root)
    assert find_sync(project, None) is None
    with pytest.raises(UsageError, match="gitsync log"):
        find_sync(project, "0123")


@pytest.mark.parametrize("named", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_newest_sync_is_rolled_back_though_another_clone_made_it(tmp_path: Path, named: bool) -> None:
    one = Blog(tmp_path / "one", config=SHARED)
    one.put("posts/a.md", post("A"))
    shared(one)
    one.run()
    two = clone(one, "two")
    two.run()  # it has a ledger from now on, which says nothing of what comes
    one.put("posts/b.md", post("B"))
    one.site().edit("1", body="One.\n\nTwo.\n\nTheir three.\n")
    one.site().put("", Post(title="C", body="Made there.\n", status="published"))
    one.run()
    newest = one.syncs()[0].id
    # A fetch that was killed leaves this, and only gitsync writes there.
    (two.root / ".git/refs/gitsync-remote/origin/site.lock").touch()
    outcome = rolled_back(two, newest if named else None)
    assert outcome.summary.exit_code == 0, outcome.told
    assert two.git("ls-tree", "--name-only", "HEAD", "posts/").split() == ["posts/a.md"]
    assert two.read("posts/a.md") == post("A")
    assert {p.title: p.status for p in one.site().posts().values()} == {
        "A": "published",
        "B": "draft",
        "C": "published",
    }
    two.quiet()
    assert one.run().summary.exit_code == 0
    assert one.git("ls-tree", "HEAD") == two.git("ls-tree", "HEAD")

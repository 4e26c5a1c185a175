"""The repository against real git."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitsync.errors import Locked, Moved, Refused, RepositoryError, UsageError
from gitsync.git.gitprocess import Answer, failure
from gitsync.repository import EMPTY_TREE, KEEP_MODE, Change, FileChange, Repository, TreeEntry
from tests.conftest import GitRunner, run_git

AWKWARD = 'posts/zwölf "q" b\\s.md'


# open


def test_a_folder_in_no_repository_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="git init"):
        Repository.open(tmp_path)
    with pytest.raises(UsageError, match="There is no folder"):
        Repository.open(tmp_path / "nowhere")


def test_found_from_a_folder_below(repository: Repository) -> None:
    again = Repository.open(repository.work_tree() / "posts")
    assert again.root == repository.root
    assert again.state_dir == repository.git_dir / "gitsync"
    assert again.state_dir.is_dir()


def test_inside_of_gits_own_folder_is_no_place_to_work(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="where your files are"):
        Repository.open(repository.git_dir)


def test_a_repository_of_another_user_tells_how_to_trust_it(repository: Repository, tmp_path: Path) -> None:
    # Only root can make a file that is not its own.
    if os.getuid() != 0:
        pytest.skip("needs root")
    os.chown(repository.git_dir, 4242, 4242)
    os.chown(repository.work_tree(), 4242, 4242)
    with pytest.raises(RepositoryError, match=r"safe\.directory"):
        Repository.open(repository.work_tree())


def test_without_git_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import pathlib, gitsync.repository as r\n"
        "try: r.Repository.open(pathlib.Path('.'))\n"
        "except Exception as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PATH": "/nowhere", "PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert done.stdout == "There is no git here. Install git 2.36 or newer.\n", done.stderr


def test_bare_work_tree_is_refused(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--bare", "b.git")
    with pytest.raises(Refused, match="bare"):
        Repository.open(tmp_path / "b.git").work_tree()


# where we are


def test_branch_is_known_before_the_first_commit(empty_repository: Repository) -> None:
    assert empty_repository.branch() == "main"
    assert empty_repository.head() is None
    assert empty_repository.refs("refs") == {}


def test_detached_head_has_no_branch(repository: Repository, git: GitRunner) -> None:
    git("checkout", "-q", "--detach")
    assert repository.branch() is None
    assert repository.head() == git("rev-parse", "HEAD")


def test_what_is_half_done_is_named(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    assert repository.operation() is None
    git("checkout", "-q", "-b", "side")
    (root / "posts/erste.md").write_text("side")
    git("commit", "-q", "-a", "-m", "side")
    git("checkout", "-q", "main")
    (root / "posts/erste.md").write_text("main")
    git("commit", "-q", "-a", "-m", "main")
    for operation in ("merge", "cherry-pick", "rebase"):
        with pytest.raises(AssertionError):
            git(operation, "side")
        assert repository.operation() == operation
        git(operation, "--abort")
    with pytest.raises(AssertionError):
        git("revert", "--no-edit", "side")
    assert repository.operation() == "revert"
    git("revert", "--abort")
    git("bisect", "start")
    assert repository.operation() == "bisect"


def test_identity_is_what_the_user_said_or_gitsyncs_own(
    repository: Repository, git: GitRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repository.identity() == ("Cy Committer", "cy@example.org")
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    again = Repository.open(repository.work_tree())
    assert again.identity() == ("gitsync", "gitsync@localhost")
    head = again.head()
    git("config", "user.useConfigOnly", "true")
    again.update_refs([("refs/heads/main", head, head), ("refs/heads/new", head, None)], message="works anyway")
    git("config", "user.name", "Ünal")
    git("config", "user.email", "u@example.org")
    assert Repository.open(repository.work_tree()).identity() == ("Ünal", "u@example.org")


def test_config_is_read_and_names_are_no_options(repository: Repository, git: GitRunner) -> None:
    git("config", "gitsync.x", "1")
    assert repository.config("gitsync.x") == "1"
    assert repository.config("gitsync.y") is None
    assert repository.resolve("--all") is None
    assert repository.resolve("") is None
    assert repository.resolve("HEAD\n--all") is None


# reading


def test_tree_lists_files_with_awkward_names(repository: Repository) -> None:
    entries = list(repository.tree("HEAD"))
    assert [entry.path for entry in entries] == ["posts/empty.md", "posts/erste.md", AWKWARD]
    assert list(repository.tree("HEAD", ["posts/*.md"])) == entries
    assert list(repository.tree("HEAD", [f":(literal){AWKWARD}"])) == entries[2:]
    assert next(repository.tree("HEAD:posts")) == TreeEntry("empty.md", "100644", entries[0].oid)
    assert list(repository.tree("HEAD:nowhere")) == []
    with pytest.raises(RepositoryError):
        list(repository.tree("nowhere"))


def test_globs_mean_what_they_mean_in_gitignore(repository: Repository) -> None:
    with repository.importer() as importer:
        blob = importer.blob(b"x")
        paths = ["posts/a.md", "posts/x/b.md", "posts/x/y/c.md", "posts/d.txt", "other/posts/e.md"]
        commit = importer.commit(parent=None, changes=[(path, blob) for path in paths], message="m")
    listed = [entry.path for entry in repository.tree(commit.oid, ["posts/**/*.md", ":(exclude)posts/x/y/**"])]
    assert listed == ["posts/a.md", "posts/x/b.md"]


def test_lookup_finds_files_only(repository: Repository) -> None:
    paths = ["posts/erste.md", AWKWARD, "posts", "none.md", "posts/erste.md/x", "", "a\nb"]
    found = repository.lookup("HEAD", paths)
    assert set(found) == {"posts/erste.md", AWKWARD}
    many = [f"none/{number}" for number in range(600)]
    assert repository.lookup("HEAD", [*paths, *many]) == found
    assert repository.lookup("HEAD:posts", ["erste.md"]) == {"erste.md": found["posts/erste.md"]}
    assert repository.lookup("HEAD:nowhere", ["erste.md"]) == {}
    assert repository.lookup(EMPTY_TREE, ["erste.md"]) == {}


def test_blobs_come_in_the_order_asked_for(repository: Repository) -> None:
    found = repository.lookup("HEAD", ["posts/erste.md", AWKWARD, "posts/empty.md"])
    asked = [found[AWKWARD], found["posts/empty.md"], found["posts/erste.md"], found[AWKWARD]]
    read = list(repository.blobs(iter(asked)))
    assert [oid for oid, _ in read] == asked
    assert read[0][1] == b"---\r\ntitle: 12\r\n---\r\nx"
    assert read[1][1] == b""
    assert list(repository.blobs([])) == []
    with pytest.raises(RepositoryError, match="lacks object"):
        repository.blob("1" * 40)


def test_a_reader_that_stops_early_leaves_no_process(repository: Repository) -> None:
    oid = repository.lookup("HEAD", ["posts/erste.md"])["posts/erste.md"]
    blobs = repository.blobs([oid] * 19_000)
    next(blobs)
    blobs.close()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if children.exists():
        assert children.read_text() == ""


def test_diff_tells_what_happened_to_each_path(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    old = repository.head()
    assert old
    long = "".join(f"line {number}\n" for number in range(40))
    (root / "long.md").write_text(long)
    git("add", "-A")
    git("commit", "-q", "-m", "long")
    middle = repository.head()
    git("mv", "long.md", "posts/länger.md")
    (root / "posts/länger.md").write_text(long + "and more\n")
    git("rm", "-q", "posts/empty.md")
    (root / "posts/erste.md").unlink()
    (root / "posts/erste.md").symlink_to("x")
    git("add", "-A")
    git("commit", "-q", "-m", "much")
    changes = {change.path: change for change in repository.diff(str(middle), "HEAD")}
    assert changes["posts/länger.md"].status == "R"
    assert changes["posts/länger.md"].old_path == "long.md"
    assert 90 < changes["posts/länger.md"].score < 100
    assert changes["posts/empty.md"][:3] == ("D", "posts/empty.md", None)
    assert changes["posts/empty.md"].oid is None
    assert changes["posts/erste.md"].status == "T"
    assert changes["posts/erste.md"].mode == "120000"
    plain = repository.diff(str(middle), "HEAD", renames=False)
    assert [change.status for change in plain] == ["D", "D", "T", "A"]
    assert repository.diff("HEAD", "HEAD") == []
    assert {change.status for change in repository.diff(EMPTY_TREE, old)} == {"A"}
    assert repository.diff(f"{old}:nowhere", EMPTY_TREE) == []
    assert repository.diff("HEAD", "HEAD~1", ["posts/em*.md"])[0].status == "A"
    with pytest.raises(RepositoryError):
        repository.diff("1" * 40, "HEAD")


def test_more_renames_than_gits_default_limit(empty_repository: Repository) -> None:
    with empty_repository.importer() as importer:

        def texts(folder: str, end: str) -> list[tuple[str, object]]:
            return [
                (f"{folder}/{n}.md", importer.blob((f"{n} is the number\n" * 9 + end).encode())) for n in range(1100)
            ]

        old = importer.commit(parent=None, changes=texts("a", ""), message="old")  # type: ignore[arg-type]
        new = importer.commit(parent=None, changes=texts("b", "x\n"), message="new")  # type: ignore[arg-type]
    changes = empty_repository.diff(old.oid, new.oid)
    assert {change.status for change in changes} == {"R"}
    assert all(change.old_path == change.path.replace("b/", "a/") for change in changes)


def test_log_has_authors_times_and_trailers(repository: Repository, git: GitRunner) -> None:
    when = datetime(2001, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))
    with repository.importer() as importer:
        message = "Sujet ∆\n\nbody\n\nHead: abc\nSite: a\nSite: b"
        commit = importer.commit(
            parent=repository.head(), changes=[], message=message, author=("Zoë", "z@e"), when=when
        )
    newest, first = repository.log(commit.oid)
    assert newest.author == ("Zoë", "z@e")
    assert newest.when == when
    assert newest.when.utcoffset() == timedelta(hours=-3, minutes=-30)
    assert newest.subject == "Sujet ∆"
    assert newest.trailers == {"Head": "abc", "Site": ("a", "b")}
    assert newest.parents == (first.oid,)
    assert newest.tree == first.tree
    assert first.parents == ()
    assert first.trailers == {}
    assert [commit.oid for commit in repository.log(commit.oid, paths=["posts/**"])] == [first.oid]
    assert len(list(repository.log(commit.oid, limit=1))) == 1


def test_history_of_a_file_goes_through_renames_and_merges(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    versions = []
    text = "".join(f"line {number}\n" for number in range(30))
    for step, name in enumerate(["a [1]*.md", "a [1]*.md", "b.md", "b.md"]):
        if name == "b.md" and not (root / name).exists():
            git("mv", "a [1]*.md", name)
        else:
            text += f"step {step}\n"
            (root / name).write_text(text)
        git("add", "-A")
        git("commit", "-q", "-m", str(step))
        versions.append(git("rev-parse", f"HEAD:{name}"))
    assert list(repository.file_history("b.md", "HEAD")) == list(dict.fromkeys(reversed(versions)))
    assert list(repository.file_history("none.md", "HEAD")) == []


def test_ancestry_of_a_commit_that_is_not_here_is_no(repository: Repository, git: GitRunner) -> None:
    first = str(repository.head())
    git("commit", "-q", "--allow-empty", "-m", "second")
    second = str(repository.head())
    assert repository.is_ancestor(first, second)
    assert repository.is_ancestor(first, first)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor("1" * 40, second)


def test_sha256_repositories_work(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "--object-format=sha256", "-b", "main", "work")
    repository = Repository.open(tmp_path / "work")
    with repository.importer() as importer:
        blob = importer.blob(b"x\n")
        commit = importer.commit(parent=None, changes=[("a.md", blob)], message="m")
    assert len(commit.oid) == len(blob.oid) == 64
    assert repository.blob(blob.oid) == b"x\n"
    repository.update_refs([("refs/heads/main", commit.oid, None)], message="m")
    assert repository.diff(EMPTY_TREE, "HEAD") == [Change("A", "a.md", None, blob.oid, None, 0, "100644")]


# refs


def test_refs_move_together_or_not_at_all(repository: Repository, git: GitRunner) -> None:
    head = repository.head()
    with repository.importer() as importer:
        new = importer.commit(parent=head, changes=[], message="new").oid
    repository.update_refs([("refs/gitsync/a", head, None), ("refs/gitsync/b", head, None)], message="two\nlines")
    assert repository.refs("refs/gitsync/") == {"refs/gitsync/a": head, "refs/gitsync/b": head}
    wrong = [
        ("refs/gitsync/b", new, None),  # exists
        ("refs/gitsync/b", new, new),  # is elsewhere
        ("refs/gitsync/c", new, head),  # does not exist
        ("refs/gitsync/c", None, head),
        ("refs/gitsync/b", None, new),
    ]
    for update in wrong:
        with pytest.raises(Moved):
            repository.update_refs([("refs/gitsync/a", new, head), update], message="m")
    assert repository.refs("refs/gitsync") == {"refs/gitsync/a": head, "refs/gitsync/b": head}
    repository.update_refs([("refs/gitsync/a", new, head), ("refs/gitsync/b", None, head)], message="m")
    assert repository.refs("refs/gitsync") == {"refs/gitsync/a": new}
    repository.update_refs([], message="m")


def test_a_held_ref_names_its_lock(repository: Repository) -> None:
    lock = repository.git_dir / "refs/gitsync/a.lock"
    lock.parent.mkdir()
    lock.touch()
    with pytest.raises(Locked, match=r"refs/gitsync/a\.lock"):
        repository.update_refs([("refs/gitsync/a", repository.head(), None)], message="m")


# writing


def test_import_leaves_no_ref_and_no_file(repository: Repository) -> None:
    before = repository.refs("refs")
    with repository.importer() as importer:
        importer.commit(parent=None, changes=[("a", importer.blob(b"a"))], message="m")
    assert repository.refs("refs") == before
    assert not list(repository.git_dir.glob("fast_import_crash*"))
    assert not list((repository.git_dir / "objects" / "pack").glob("tmp_*"))


def test_a_commit_knows_its_name_before_the_import_ends(repository: Repository) -> None:
    with repository.importer() as importer:
        first = importer.commit(parent=repository.head(), changes=[("a", importer.blob(b"a"))], message="1")
        name = first.oid
        second = importer.commit(parent=first, changes=[("b", importer.blob(name.encode()))], message="2")
        third = importer.commit(parent=name, changes=[("posts", None)], merges=[second], message="3")
    assert repository.resolve(f"{second.oid}^") == name
    assert [commit.parents for commit in repository.log(third.oid, limit=1)] == [(name, second.oid)]
    assert [entry.path for entry in repository.tree(third.oid)] == ["a"]
    assert repository.blob(repository.lookup(second.oid, ["b"])["b"]) == name.encode()


def test_a_tree_can_be_taken_over(repository: Repository) -> None:
    tree = repository.resolve("HEAD:posts")
    assert tree
    with repository.importer() as importer:
        commit = importer.commit(
            parent=repository.head(), base_tree=tree, changes=[("base", tree, "040000")], message="m"
        )
        empty = importer.commit(parent=commit, base_tree=repository.empty_tree, changes=[], message="m")
    paths = [entry.path for entry in repository.tree(commit.oid)]
    assert paths[:3] == ["base/empty.md", "base/erste.md", AWKWARD.replace("posts", "base")]
    assert len(paths) == 6
    assert list(repository.tree(empty.oid)) == []


def test_a_big_new_folder_is_what_its_changes_say_in_their_order(empty_repository: Repository) -> None:
    names = [f"{number} ü.md" for number in range(1500)]
    with empty_repository.importer() as importer:
        changes: list[FileChange] = [
            ("many/inner/deep.md", b"deep"),
            *((f"many/{name}", b"first") for name in names),
            (f"many/{names[0]}", None),
            (f"many/{names[1]}", b"second"),
            (f"many/{names[2]}", b"third", "100755"),
            ("gone/a.md", b"gone"),
            ("gone", None),
            ('\\ "quoted".md', b"root"),
        ]
        first = importer.commit(parent=None, changes=changes, message="1")
        again = importer.commit(parent=first, changes=[(f"many/{name}", b"again") for name in names], message="2")
        hashes = {text: importer.blob(text).oid for text in (b"first", b"second", b"third", b"deep", b"root", b"again")}
    found = {entry.path: entry.oid for entry in empty_repository.tree(first.oid)}
    assert found == {
        '\\ "quoted".md': hashes[b"root"],
        "many/inner/deep.md": hashes[b"deep"],
        f"many/{names[1]}": hashes[b"second"],
        f"many/{names[2]}": hashes[b"third"],
        **{f"many/{name}": hashes[b"first"] for name in names[3:]},
    }
    later = {entry.path: entry.oid for entry in empty_repository.tree(again.oid)}
    assert later == found | {f"many/{name}": hashes[b"again"] for name in names}
    empty_repository.git.run("fsck", "--strict")


def test_an_edit_in_a_big_folder_changes_that_file_alone(empty_repository: Repository) -> None:
    names = ["a", "100644 a", "x 100644 b", "b", *(f"{number} ü.md" for number in range(8000))]
    with empty_repository.importer() as importer:
        first = importer.commit(parent=None, changes=[(f"big/{name}", b"first") for name in names], message="1").oid
    with empty_repository.importer() as importer:
        edits: list[FileChange] = [("big/a", b"second"), ("big/b", b"second"), ("big/7 ü.md", b"second")]
        second = importer.commit(parent=first, changes=edits, message="2").oid
    with empty_repository.importer() as importer:
        third = importer.commit(parent=second, changes=[("big/8 ü.md", b"third")], message="3").oid
    changed = empty_repository.diff(first, second, renames=False)
    assert sorted(change.path for change in changed) == ["big/7 ü.md", "big/a", "big/b"]
    assert [change.path for change in empty_repository.diff(second, third, renames=False)] == ["big/8 ü.md"]
    empty_repository.git.run("fsck", "--strict")


def test_a_file_can_keep_its_mode(repository: Repository) -> None:
    with repository.importer() as importer:
        blob, target = importer.blob(b"x"), importer.blob(b"a")
        names = [f"{'long' * 30}/{number} ü.sh" for number in range(30)]
        first = importer.commit(
            parent=None,
            changes=[*((name, blob, "100755") for name in names), ("a", blob), ("link", target, "120000")],
            message="1",
        )
        kept = [(name, target, KEEP_MODE) for name in [*names, "a", "link", "new"]]
        second = importer.commit(parent=first, changes=kept, message="2")
    modes = {entry.path: entry.mode for entry in repository.tree(second.oid)}
    assert modes == {**dict.fromkeys(names, "100755"), "a": "100644", "link": "100644", "new": "100644"}


@pytest.mark.parametrize("path", ["", "/a", "a//b", "../a", "a/..", "a/.git/config", ".GIT/x", "GIT~1/x", "a\0b", "a/"])
def test_paths_that_git_must_not_hold_are_refused(repository: Repository, path: str) -> None:
    with pytest.raises(RepositoryError, match="no path"), repository.importer() as importer:
        importer.commit(parent=None, changes=[(path, importer.blob(b"x"))], message="m")


def test_text_from_a_site_cannot_add_commands_or_people(repository: Repository) -> None:
    evil = "x> 0 +0000\ncommitter y"
    with repository.importer() as importer:
        blob = importer.blob(b"x\n\nreset refs/heads/main\n")
        commit = importer.commit(
            parent=repository.head(),
            changes=[('a"\nD posts\n.md', blob)],
            message="m\0\n\nreset refs/heads/main\n\n",
            author=(evil, evil),
            when=datetime(1900, 1, 1, tzinfo=UTC),
        )
    (found,) = repository.log(commit.oid, limit=1)
    assert found.author == ("x  0 +0000 committer y", "x  0 +0000 committer y")
    assert found.when.timestamp() == 0
    assert len(list(repository.tree(commit.oid))) == 4
    with pytest.raises(RepositoryError, match="no entry"), repository.importer() as importer:
        importer.commit(parent=None, changes=[("a", "1\nreset refs/heads/main")], message="m")


def test_an_import_that_fails_says_why_and_gives_no_names(repository: Repository) -> None:
    with pytest.raises(RepositoryError, match="fast-import"), repository.importer() as importer:
        importer.commit(parent="1" * 40, changes=[], message="m")
    assert not list(repository.git_dir.glob("fast_import_crash*"))
    handles = []

    def break_off() -> None:
        with repository.importer() as importer:
            handles.append(importer.commit(parent=None, changes=[], message="m"))
            importer.commit(parent=None, changes=[("..", None)], message="m")

    with pytest.raises(RepositoryError, match="no path"):
        break_off()
    with pytest.raises(RepositoryError, match="did not end well"):
        _ = handles[0].oid


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.dictionaries(
        st.text(st.characters(blacklist_characters="/\0", blacklist_categories=["Cs"]), min_size=1, max_size=20).filter(
            lambda name: name.strip(".") and name.lower() not in (".git", "git~1")
        ),
        st.binary(max_size=200),
        max_size=6,
    )
)
def test_what_is_imported_is_read_back(repository: Repository, files: dict[str, bytes]) -> None:
    with repository.importer() as importer:
        blobs = {name: importer.blob(data) for name, data in files.items()}
        commit = importer.commit(parent=None, changes=[(f"d/{name}", blob) for name, blob in blobs.items()], message="")
    listed = {entry.path: entry.oid for entry in repository.tree(commit.oid)}
    assert listed == {f"d/{name}": blob.oid for name, blob in blobs.items()}
    assert repository.lookup(commit.oid, listed) == listed
    assert [data for _, data in repository.blobs(listed.values())] == [files[path[2:]] for path in listed]


@pytest.mark.parametrize(
    ("said", "step"),
    [
        ("fatal: sha1 file 'objects/pack/tmp_pack_X' write error. Out of diskspace", "Free some disk space"),
        ("error: unable to write file posts/a.md", "Check free space"),
        ("fatal: cannot update ref 'refs/heads/main': couldn't write 'main.lock'", "Check free space"),
    ],
)
def test_a_full_disk_has_a_next_step_however_git_says_it(said: str, step: str) -> None:
    assert step in failure(("fast-import",), Answer(128, b"", said)).hint


def test_another_git_in_the_environment_of_gitpython_is_none_of_ours(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet")
    script = (
        "from pathlib import Path; from gitsync.repository import Repository; "
        "print(Repository.open(Path()).git.run('hash-object', '-w', '--stdin', input=b'x', write=True).text)"
    )
    environment = {**os.environ, "GIT_PYTHON_GIT_EXECUTABLE": "/bin/false", "GIT_PYTHON_REFRESH": "raise"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == "c1b0730e0133447badcfd47fd144e254807b06e1", done.stderr

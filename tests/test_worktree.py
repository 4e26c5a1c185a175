"""Moving branch, index and files: what the user has not committed stays, and a kill anywhere is repaired."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gitsync.errors import Locked, Moved, Refused, RepositoryError
from gitsync.git import worktree
from gitsync.git.fastimport import FileChange
from gitsync.repository import Oid, Repository
from tests.conftest import GitRunner, run_git

AWKWARD = 'posts/zwölf "q" b\\s.md'
Changes = Mapping[str, bytes | None]


def build(repository: Repository, changes: Changes, *, mode: str = "100644") -> Oid:
    """Return a commit upon HEAD, without moving anything."""
    with repository.importer() as importer:
        made: list[FileChange] = [
            (path, None if text is None else importer.blob(text), mode) for path, text in changes.items()
        ]
        commit = importer.commit(parent=repository.head(), changes=made, message="site: edits")
    return commit.oid


def move(repository: Repository, changes: Changes) -> Oid:
    new = build(repository, changes)
    worktree.advance(repository, branch="main", old=repository.head(), new=new)
    return new


def killed(action: Callable[[Callable[[str], None]], object], at: int) -> bool:
    """Run `action` in a process that dies by SIGKILL at its step number `at`; False when it has fewer steps."""
    child = os.fork()
    if child == 0:
        steps = iter(range(10_000))

        def step(_: str) -> None:
            if next(steps) == at:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            action(step)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def leftovers(repository: Repository) -> list[str]:
    """What of gitsync's is in git's folder that an undisturbed run does not leave."""
    own = repository.git_dir / "gitsync" / "worktree"
    mine = [path.name for path in own.iterdir()] if own.exists() else []
    return mine + [path.name for path in repository.git_dir.glob("*.lock")]


# advance


def test_branch_index_and_files_move_together(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    new = move(repository, {"posts/erste.md": b"new\n", "a/b/c.md": b"c", "posts/empty.md": None, AWKWARD: b"\r\n"})
    assert repository.head() == new
    assert git("status", "--porcelain") == ""
    assert (root / "posts/erste.md").read_bytes() == b"new\n"
    assert (root / "a/b/c.md").read_bytes() == b"c"
    assert (root / AWKWARD).read_bytes() == b"\r\n"
    assert not (root / "posts/empty.md").exists()
    assert "gitsync: site: edits" in git("reflog", "-1")
    assert leftovers(repository) == []


def test_index_has_the_new_files_times_so_that_status_reads_none(repository: Repository, git: GitRunner) -> None:
    move(repository, {"posts/erste.md": b"new\n", "a.md": b"c"})
    assert git("diff-files", "--name-only") == ""


def test_folders_left_empty_are_removed_but_not_those_with_other_files(repository: Repository) -> None:
    root = repository.work_tree()
    move(repository, {"a/b/c.md": b"c", "d/e.md": b"e"})
    (root / "d/mine.txt").write_text("untracked")
    move(repository, {"a/b/c.md": None, "d/e.md": None})
    assert not (root / "a").exists()
    assert (root / "d/mine.txt").exists()


def test_a_file_becomes_a_folder_and_back(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    move(repository, {"x": b"file"})
    move(repository, {"x": None, "x/index.md": b"in a folder"})
    assert (root / "x/index.md").read_bytes() == b"in a folder"
    move(repository, {"x/index.md": None, "x": b"file again"})
    assert (root / "x").read_bytes() == b"file again"
    assert git("status", "--porcelain") == ""


def test_first_commit_of_an_unborn_branch(empty_repository: Repository, git: GitRunner) -> None:
    root = empty_repository.work_tree()
    new = build(empty_repository, {"posts/a.md": b"a"})
    worktree.advance(empty_repository, branch="main", old=None, new=new)
    assert empty_repository.head() == new
    assert (root / "posts/a.md").read_bytes() == b"a"
    assert git("status", "--porcelain") == ""


def test_other_work_of_the_user_stays_as_it_is(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    (root / "staged.txt").write_text("staged")
    (root / "posts/empty.md").write_text("dirty")
    (root / "untracked.txt").write_text("untracked")
    git("add", "staged.txt")
    (root / "staged.txt").write_text("staged, then edited")
    before = git("status", "--porcelain")
    move(repository, {"posts/erste.md": b"new\n"})
    assert git("status", "--porcelain") == before
    assert (root / "staged.txt").read_text() == "staged, then edited"
    assert git("show", ":staged.txt") == "staged"


def test_a_file_that_became_busy_stops_the_move_before_it_begins(repository: Repository, git: GitRunner) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n", "a.md": b"a"})
    (repository.work_tree() / "posts/erste.md").write_text("mine")
    with pytest.raises(Moved, match="uncommitted"):
        worktree.advance(repository, branch="main", old=old, new=new)
    assert repository.head() == old
    assert git("status", "--porcelain") == " M posts/erste.md"
    assert leftovers(repository) == []


def test_a_file_edited_while_the_move_goes_on_stays(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    new = build(repository, {"posts/erste.md": b"new\n", "a.md": b"theirs"})

    def edit(step: str) -> None:
        if step == "ref":
            (root / "posts/erste.md").write_text("mine")
            (root / "a.md").write_text("mine")

    worktree.advance(repository, branch="main", old=repository.head(), new=new, step=edit)
    assert (root / "posts/erste.md").read_text() == "mine"
    assert (root / "a.md").read_text() == "mine"
    assert git("status", "--porcelain") == " M a.md\n M posts/erste.md"


def test_a_branch_that_moved_is_not_moved_back(repository: Repository, git: GitRunner) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    git("commit", "-q", "--allow-empty", "-m", "mine")
    with pytest.raises(Moved):
        worktree.advance(repository, branch="main", old=old, new=new)
    assert git("status", "--porcelain") == ""
    assert leftovers(repository) == []


def test_lock_of_another_git_is_named_and_kept(repository: Repository) -> None:
    lock = repository.git_dir / "index.lock"
    lock.touch()
    new = build(repository, {"posts/erste.md": b"new\n"})
    with pytest.raises(Locked, match=r"index\.lock"):
        worktree.advance(repository, branch="main", old=repository.head(), new=new)
    assert lock.exists()
    assert repository.head() != new


def test_no_git_of_the_user_gets_in_between(repository: Repository) -> None:
    root = repository.work_tree()
    refused = []

    def intrude(step: str) -> None:
        if step in ("locked", "staged", "noted", "ref") or step.startswith("file"):
            with pytest.raises(AssertionError, match=r"index\.lock"):
                run_git(root, "add", "-A")
            refused.append(step)

    new = build(repository, {"posts/erste.md": b"new\n"})
    worktree.advance(repository, branch="main", old=repository.head(), new=new, step=intrude)
    assert refused == ["locked", "staged", "noted", "ref", "file posts/erste.md"]


def test_a_branch_that_is_not_checked_out_moves_alone(repository: Repository, git: GitRunner) -> None:
    git("branch", "other")
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    worktree.advance(repository, branch="other", old=old, new=new)
    worktree.advance(repository, branch="born", old=None, new=new)
    assert repository.refs("refs/heads") == {
        "refs/heads/main": old,
        "refs/heads/other": new,
        "refs/heads/born": new,
    }
    assert git("status", "--porcelain") == ""


def test_bare_repository_has_only_the_ref_to_move(repository: Repository, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--bare", "work", "bare.git")
    bare = Repository.open(tmp_path / "bare.git")
    assert bare.root is None
    new = move(bare, {"posts/erste.md": b"new\n"})
    assert bare.head() == new
    assert worktree.busy(bare, ["posts/erste.md"]) == {}
    assert worktree.complete(bare) == []
    with pytest.raises(Refused, match="bare"):
        worktree.materialise(bare, "x.md", base=None, ours=None, theirs=None, merged=b"")


def test_branch_of_another_work_tree_is_refused(repository: Repository, git: GitRunner, tmp_path: Path) -> None:
    git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Repository.open(tmp_path / "side")
    assert side.common_dir == repository.git_dir
    new = build(repository, {"posts/erste.md": b"new\n"})
    with pytest.raises(Refused, match="side"):
        worktree.advance(repository, branch="side", old=repository.head(), new=new)
    worktree.advance(side, branch="side", old=side.head(), new=new)
    assert (side.work_tree() / "posts/erste.md").read_bytes() == b"new\n"
    assert run_git(side.work_tree(), "status", "--porcelain") == ""
    assert git("status", "--porcelain") == ""


def test_submodule_is_a_repository_of_its_own(repository: Repository, git: GitRunner, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "work", "library")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "library"), "lib")
    git("commit", "-q", "-m", "submodule")
    assert worktree.busy(repository, ["lib/posts/erste.md", "lib", "posts/erste.md"]) == {
        "lib/posts/erste.md": "is inside the submodule lib",
        "lib": "is a submodule",
    }
    library = Repository.open(repository.work_tree() / "lib" / "posts")
    assert library.root == repository.work_tree() / "lib"
    new = build(library, {"posts/erste.md": b"new\n"})
    worktree.advance(library, branch="main", old=library.head(), new=new)
    assert run_git(library.work_tree(), "status", "--porcelain") == ""


def test_a_fast_forward_over_a_submodule_moves_its_entry(
    repository: Repository, git: GitRunner, tmp_path: Path
) -> None:
    old = str(repository.head())
    run_git(tmp_path, "clone", "-q", "work", "library")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "library"), "lib")
    git("commit", "-q", "-m", "submodule")
    new = str(repository.head())
    git("-c", "protocol.file.allow=always", "clone", "-q", ".", str(tmp_path / "clone"))
    clone = Repository.open(tmp_path / "clone")
    run_git(clone.work_tree(), "reset", "-q", "--hard", old)
    worktree.advance(clone, branch="main", old=old, new=new)
    assert run_git(clone.work_tree(), "status", "--porcelain") == ""
    worktree.advance(clone, branch="main", old=new, new=old)
    assert run_git(clone.work_tree(), "status", "--porcelain") == ""


def test_what_cannot_be_written_is_told_and_tried_again(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    new = build(repository, {"posts/erste.md": b"new\n", "a/b.md": b"b", "z.md": b"z"})

    def block(step: str) -> None:
        if step == "ref":
            (root / "a").write_text("mine, where a folder must be")

    with pytest.raises(RepositoryError, match=r"a/b\.md .*writable"):
        worktree.advance(repository, branch="main", old=repository.head(), new=new, step=block)
    assert repository.head() == new
    assert (root / "z.md").read_bytes() == b"z"
    assert (root / "posts/erste.md").read_bytes() == b"new\n"
    with pytest.raises(RepositoryError, match=r"a/b\.md"):
        worktree.complete(repository)
    (root / "a").unlink()
    assert worktree.complete(repository) == ["a/b.md"]
    assert git("status", "--porcelain") == ""
    assert leftovers(repository) == []


def test_filters_and_line_ends_are_gits(repository: Repository, git: GitRunner) -> None:
    """As with Git LFS: the repository holds something else than the file does."""
    root = repository.work_tree()
    git("config", "filter.rot.clean", "tr a-z n-za-m")
    git("config", "filter.rot.smudge", "tr a-z n-za-m")
    (root / ".gitattributes").write_text("*.rot filter=rot\n*.dos text eol=crlf\n")
    git("add", "-A")
    git("commit", "-q", "-m", "attributes")
    move(repository, {"a.rot": b"uryyb\n", "b.dos": b"one\ntwo\n"})
    assert (root / "a.rot").read_bytes() == b"hello\n"
    assert (root / "b.dos").read_bytes() == b"one\r\ntwo\r\n"
    assert git("status", "--porcelain") == ""
    assert worktree.busy(repository, ["a.rot", "b.dos"]) == {}
    os.utime(root / "a.rot", (1, 1))
    os.utime(root / "b.dos", (1, 1))
    assert worktree.busy(repository, ["a.rot", "b.dos"]) == {}


def test_attributes_that_arrive_with_the_files_count(repository: Repository, git: GitRunner) -> None:
    move(repository, {".gitattributes": b"*.dos text eol=crlf\n", "b.dos": b"one\n"})
    assert (repository.work_tree() / "b.dos").read_bytes() == b"one\r\n"
    assert git("status", "--porcelain") == ""


def test_autocrlf_is_obeyed_and_a_file_with_crlf_stays(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    git("config", "core.autocrlf", "true")
    move(repository, {"lf.md": b"one\ntwo\n", "crlf.md": b"one\r\ntwo\r\n"})
    assert (root / "lf.md").read_bytes() == b"one\r\ntwo\r\n"
    assert (root / "crlf.md").read_bytes() == b"one\r\ntwo\r\n"
    assert worktree.busy(repository, ["lf.md", "crlf.md"]) == {}
    os.utime(root / "lf.md", (1, 1))
    os.utime(root / "crlf.md", (1, 1))
    assert worktree.busy(repository, ["lf.md", "crlf.md"]) == {}
    assert git("status", "--porcelain") == ""


def test_failing_filter_moves_nothing(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    git("config", "filter.lfs.smudge", "false")
    git("config", "filter.lfs.required", "true")
    (root / ".gitattributes").write_text("*.bin filter=lfs\n")
    git("add", ".gitattributes")
    git("commit", "-q", "-m", "attributes")
    old = repository.head()
    with pytest.raises(RepositoryError, match="filter"):
        move(repository, {"a.bin": b"x", "posts/erste.md": b"new\n"})
    assert repository.head() == old
    assert git("status", "--porcelain") == ""
    worktree.complete(repository)
    assert leftovers(repository) == []


def test_modes_and_links_are_kept(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    new = build(repository, {"run.sh": b"#!/bin/sh\n"}, mode="100755")
    worktree.advance(repository, branch="main", old=repository.head(), new=new)
    new = build(repository, {"link.md": b"posts/erste.md"}, mode="120000")
    worktree.advance(repository, branch="main", old=repository.head(), new=new)
    assert os.access(root / "run.sh", os.X_OK)
    assert (root / "link.md").readlink() == Path("posts/erste.md")
    assert git("status", "--porcelain") == ""
    new = build(repository, {"run.sh": b"#!/bin/sh\n"}, mode="100644")
    worktree.advance(repository, branch="main", old=repository.head(), new=new)
    assert not os.access(root / "run.sh", os.X_OK)
    assert git("status", "--porcelain") == ""


def test_sparse_checkout_stays_sparse(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    move(repository, {"other/a.md": b"a", "other/b.md": b"b"})
    git("sparse-checkout", "set", "posts")
    assert not (root / "other").exists()
    move(repository, {"other/a.md": b"new", "posts/erste.md": b"new\n"})
    assert not (root / "other/a.md").exists()
    assert git("status", "--porcelain") == ""
    assert git("show", ":other/a.md") == "new"


def test_git_folder_on_another_disk(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs two file systems")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        run_git(tmp_path, "init", "-q", "-b", "main", f"--separate-git-dir={folder}/git", "work")
        repository = Repository.open(tmp_path / "work")
        root = repository.work_tree()
        for text in (b"one", b"two"):
            move(repository, {"posts/a.md": text, "run.sh": text})
            assert (root / "posts/a.md").read_bytes() == text
            assert run_git(root, "status", "--porcelain") == ""
        assert sorted(path.name for path in root.iterdir()) == [".git", "posts", "run.sh"]


def test_split_index_and_index_version_4(repository: Repository, git: GitRunner) -> None:
    git("update-index", "--split-index", "--index-version", "4")
    move(repository, {"posts/erste.md": b"new\n", "a.md": b"a"})
    assert git("status", "--porcelain") == ""


def test_hooks_and_monitors_of_the_repository_never_run(repository: Repository, git: GitRunner, tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    hooks = repository.git_dir / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-index-change", "reference-transaction", "pre-commit", "pre-push", "monitor"):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> {trace}\n")
        (hooks / name).chmod(0o755)
    git("config", "core.fsmonitor", str(hooks / "monitor"))
    trace.unlink(missing_ok=True)
    move(repository, {"posts/erste.md": b"new\n"})
    worktree.busy(repository, ["posts/erste.md"])
    run_git(tmp_path, "init", "-q", "--bare", "server.git")
    repository.push(str(tmp_path / "server.git"), ["refs/heads/main:refs/heads/main"])
    assert not trace.exists()
    repository.push(str(tmp_path / "server.git"), ["refs/heads/main:refs/heads/other"], hooks=True)
    assert "pre-push" in trace.read_text()


def test_variables_of_a_hook_that_starts_us_do_not_mislead(
    repository: Repository, git: GitRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_git(tmp_path, "init", "-q", "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere/.git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "elsewhere/.git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    again = Repository.open(tmp_path / "work" / "posts")
    assert again.git_dir == repository.git_dir
    new = move(again, {"posts/erste.md": b"new\n"})
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_LITERAL_PATHSPECS"):
        monkeypatch.delenv(name)
    assert git("rev-parse", "HEAD") == new
    assert git("status", "--porcelain") == ""


# kill -9


def test_kill_anywhere_is_finished_by_the_next_run(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n", "a/b.md": b"c", "posts/empty.md": None, "z.md": b"z"})
    (root / "mine.txt").write_text("not yours")
    git("add", "mine.txt")
    at = 0
    while killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), at):
        worktree.complete(repository)
        assert worktree.complete(repository) == []
        assert leftovers(repository) == [], at
        if repository.head() == old:
            assert git("status", "--porcelain") == "A  mine.txt"
            worktree.advance(repository, branch="main", old=old, new=new)
        assert git("status", "--porcelain") == "A  mine.txt", at
        assert repository.head() == new
        git("reset", "-q", "--hard", str(old))
        (root / "mine.txt").write_text("not yours")
        git("add", "mine.txt")
        at += 1
    assert at == 10


def test_kill_in_the_repair_is_repaired_too(repository: Repository, git: GitRunner) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n", "posts/empty.md": None, "z.md": b"z"})
    at = 0
    more = True
    while more:
        assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 4)
        more = killed(lambda step: worktree.complete(repository, step=step), at)
        worktree.complete(repository)
        assert git("status", "--porcelain") == "", at
        assert repository.head() == new
        assert leftovers(repository) == []
        git("reset", "-q", "--hard", str(old))
        at += 1
    assert at > 3


def test_first_import_that_was_killed_is_finished(empty_repository: Repository, git: GitRunner) -> None:
    new = build(empty_repository, {"posts/a.md": b"a", "posts/b.md": b"b"})
    assert killed(lambda step: worktree.advance(empty_repository, branch="main", old=None, new=new, step=step), 4)
    assert worktree.complete(empty_repository) == ["posts/a.md", "posts/b.md"]
    assert git("status", "--porcelain") == ""


def test_repair_leaves_what_the_user_did_since(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n", "posts/empty.md": b"filled", "z.md": b"z", AWKWARD: b"y"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 3)
    (root / "posts/erste.md").write_text("edited since")
    (root / "z.md").write_text("made since")
    (repository.git_dir / "index.lock").unlink()
    (root / AWKWARD).write_text("staged since")
    git("add", AWKWARD)
    worktree.complete(repository)
    assert (root / "posts/erste.md").read_text() == "edited since"
    assert (root / "z.md").read_text() == "made since"
    assert (root / AWKWARD).read_text() == "staged since"
    assert (root / "posts/empty.md").read_text() == "filled"
    assert git("-c", "core.quotePath=false", "show", f":{AWKWARD}") == "staged since"
    assert leftovers(repository) == []


def test_repair_after_the_user_reset_the_branch_changes_nothing(repository: Repository, git: GitRunner) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n", "z.md": b"z"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 4)
    (repository.git_dir / "index.lock").unlink()
    git("reset", "-q", "--hard", str(old))
    assert worktree.complete(repository) == []
    assert repository.head() == old
    assert git("status", "--porcelain").replace("?? z.md", "") == ""


@pytest.mark.parametrize("written", [0, 20, 40, 41])
def test_locks_of_a_git_that_was_killed_with_us_are_removed(
    repository: Repository, git: GitRunner, written: int
) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 2)
    (repository.git_dir / "HEAD.lock").touch()
    (repository.git_dir / "refs/heads/main.lock").write_text(f"{new}\n"[:written])
    assert worktree.complete(repository) == []
    assert leftovers(repository) == []
    worktree.advance(repository, branch="main", old=old, new=new)
    assert git("status", "--porcelain") == ""


def test_locks_of_another_git_stay(repository: Repository) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 2)
    lock = repository.git_dir / "refs/heads/main.lock"
    lock.write_text(f"{'1' * 40}\n")
    assert worktree.complete(repository) == []
    assert lock.exists()
    with pytest.raises(Locked, match=r"main\.lock"):
        worktree.advance(repository, branch="main", old=old, new=new)
    assert leftovers(repository) == []


def test_files_of_other_parts_of_gitsync_are_not_touched(repository: Repository) -> None:
    names = ["lock", "index", "index.lock", "journal", "move.json", "checkout"]
    for name in names:
        (repository.state_dir / name).write_text("another's")
    move(repository, {"posts/erste.md": b"new\n"})
    worktree.complete(repository)
    assert [(repository.state_dir / name).read_text() for name in names] == ["another's"] * len(names)


def test_a_note_of_what_git_has_forgotten_is_dropped(repository: Repository, git: GitRunner) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 2)
    git("gc", "-q", "--prune=now")
    assert repository.resolve(f"{new}^{{commit}}") is None
    assert worktree.complete(repository) == []
    assert git("status", "--porcelain") == ""
    assert leftovers(repository) == []


def test_repair_waits_for_another_git(repository: Repository) -> None:
    old = repository.head()
    new = build(repository, {"posts/erste.md": b"new\n"})
    assert killed(lambda step: worktree.advance(repository, branch="main", old=old, new=new, step=step), 3)
    (repository.git_dir / "index.lock").unlink()
    (repository.git_dir / "index.lock").write_bytes(b"someone's")
    with pytest.raises(Locked):
        worktree.complete(repository)
    (repository.git_dir / "index.lock").unlink()
    assert worktree.complete(repository) == ["posts/erste.md"]


# busy


def test_what_is_busy_and_why(repository: Repository, git: GitRunner, tmp_path: Path) -> None:
    root = repository.work_tree()
    names = ["clean", "touched", "dirty", "staged", "gone", "unstaged", "mode", "assumed", "kind"]
    move(repository, {f"{name}.md": name.encode() for name in names})
    os.utime(root / "touched.md", (1, 1))
    (root / "dirty.md").write_text("x")
    (root / "staged.md").write_text("x")
    git("add", "staged.md")
    (root / "gone.md").unlink()
    git("rm", "-q", "--cached", "unstaged.md")
    (root / "mode.md").chmod(0o755)
    git("update-index", "--assume-unchanged", "assumed.md")
    (root / "kind.md").unlink()
    (root / "kind.md").mkdir()
    (root / ".gitignore").write_text("*.tmp\nbuild/\n")
    (root / "a.tmp").write_text("ignored")
    (root / "build").mkdir()
    (root / "build/a.md").write_text("ignored")
    (root / "untracked.md").write_text("untracked")
    (root / "link").symlink_to(tmp_path)
    (root / "broken.md").symlink_to("nowhere")
    (root / "full.md").mkdir()
    (root / "full.md/x").write_text("x")
    (root / "hollow.md").mkdir()
    run_git(root, "init", "-q", "nested")
    reasons = {
        "dirty.md": "has uncommitted changes",
        "staged.md": "has staged changes",
        "gone.md": "has uncommitted changes",
        "unstaged.md": "has staged changes",
        "mode.md": "has uncommitted changes",
        "assumed.md": "is marked assume-unchanged",
        "kind.md": "has uncommitted changes",
        "a.tmp": "is there, ignored by git",
        "build/a.md": "is there, ignored by git",
        "untracked.md": "is there, not added to git",
        "broken.md": "is there, not added to git",
        "link/a.md": "is behind the symbolic link link",
        "link/deep/a.md": "is behind the symbolic link link",
        "dirty.md/a.md": "needs a folder where the file dirty.md is",
        "full.md": "has the name of a folder that is not empty",
        "nested/a.md": "is inside another repository, nested",
    }
    free = ["clean.md", "touched.md", "new.md", "new/new.md", "build/b.md", "hollow.md", "posts/empty.md"]
    assert worktree.busy(repository, [*reasons, *free]) == reasons
    many = [f"many/{number}.md" for number in range(100)]
    assert worktree.busy(repository, [*reasons, *free, *many]) == reasons
    assert (root / "touched.md").stat().st_mtime == 1


def test_unmerged_is_busy(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    git("checkout", "-q", "-b", "other")
    move_on = build(repository, {"posts/erste.md": b"theirs"})
    git("reset", "-q", "--hard", move_on)
    git("checkout", "-q", "main")
    (root / "posts/erste.md").write_text("ours")
    git("commit", "-q", "-a", "-m", "ours")
    with pytest.raises(AssertionError):
        git("merge", "other")
    assert repository.operation() == "merge"
    assert worktree.busy(repository, ["posts/erste.md"]) == {"posts/erste.md": "has an unresolved merge"}


def test_a_twin_by_case_is_busy_where_the_disk_folds_case(repository: Repository, git: GitRunner) -> None:
    assert worktree.busy(repository, ["posts/Erste.md"]) == {}
    git("config", "core.ignorecase", "true")
    reasons = worktree.busy(repository, ["posts/Erste.md", "new.md", "New.md"])
    assert "differs from posts/erste.md only by case" in reasons["posts/Erste.md"]
    assert "differs from new.md only by case" in reasons["New.md"]
    assert "new.md" not in reasons


def test_asking_changes_nothing(repository: Repository) -> None:
    os.utime(repository.work_tree() / "posts/erste.md", (1, 1))
    before = (repository.git_dir / "index").read_bytes()
    worktree.busy(repository, ["posts/erste.md", "a.md"])
    assert (repository.git_dir / "index").read_bytes() == before


# conflicts shown


MARKED = b"<<<<<<< ours\na\n=======\nb\n>>>>>>> dev@7\n"


def shown(repository: Repository) -> dict[str, Oid | None]:
    ours = repository.lookup("HEAD", ["posts/erste.md"])["posts/erste.md"]
    with repository.importer() as importer:
        return {"base": importer.blob(b"base\n").oid, "ours": ours, "theirs": importer.blob(b"theirs\n").oid}


def test_a_conflict_is_shown_as_git_does_and_git_can_resolve_it(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    worktree.materialise(repository, "posts/erste.md", **shown(repository), merged=MARKED)
    assert git("status", "--porcelain") == "UU posts/erste.md"
    assert git("show", ":1:posts/erste.md") == "base"
    assert git("show", ":3:posts/erste.md") == "theirs"
    assert (root / "posts/erste.md").read_bytes() == MARKED
    (root / "posts/erste.md").write_text("decided")
    git("add", "posts/erste.md")
    git("commit", "-q", "-m", "decided")
    assert git("status", "--porcelain") == ""


def test_a_conflict_where_we_deleted_the_post(repository: Repository, git: GitRunner) -> None:
    sides = shown(repository)
    move(repository, {"posts/erste.md": None})
    worktree.materialise(repository, "posts/erste.md", **{**sides, "ours": None}, merged=b"theirs\n")
    assert git("status", "--porcelain") == "DU posts/erste.md"
    worktree.unmaterialise(repository, "posts/erste.md", merged=b"theirs\n")
    assert git("status", "--porcelain") == ""
    assert not (repository.work_tree() / "posts/erste.md").exists()


def test_a_busy_file_gets_no_markers(repository: Repository, git: GitRunner) -> None:
    (repository.work_tree() / "posts/erste.md").write_text("mine")
    with pytest.raises(Refused, match="uncommitted"):
        worktree.materialise(repository, "posts/erste.md", **shown(repository), merged=MARKED)
    assert git("status", "--porcelain") == " M posts/erste.md"
    assert leftovers(repository) == []


def test_a_shown_conflict_can_be_taken_back(repository: Repository, git: GitRunner) -> None:
    worktree.materialise(repository, "posts/erste.md", **shown(repository), merged=MARKED)
    worktree.unmaterialise(repository, "posts/erste.md", merged=MARKED)
    assert git("status", "--porcelain") == ""
    worktree.unmaterialise(repository, "posts/erste.md", merged=MARKED)


def test_an_edited_conflict_is_taken_back_only_when_told_so(repository: Repository, git: GitRunner) -> None:
    root = repository.work_tree()
    worktree.materialise(repository, "posts/erste.md", **shown(repository), merged=MARKED)
    (root / "posts/erste.md").write_text("half decided")
    with pytest.raises(Refused, match="edited"):
        worktree.unmaterialise(repository, "posts/erste.md", merged=MARKED)
    assert (root / "posts/erste.md").read_text() == "half decided"
    worktree.unmaterialise(repository, "posts/erste.md", merged=None)
    assert git("status", "--porcelain") == ""


def test_kill_while_a_conflict_is_shown(repository: Repository, git: GitRunner) -> None:
    sides = shown(repository)

    def show(step: Callable[[str], None]) -> None:
        worktree.materialise(repository, "posts/erste.md", **sides, merged=MARKED, step=step)

    at = 0
    while killed(show, at):
        worktree.complete(repository)
        assert git("status", "--porcelain") == "UU posts/erste.md", at
        assert (repository.work_tree() / "posts/erste.md").read_bytes() == MARKED
        assert leftovers(repository) == []
        worktree.unmaterialise(repository, "posts/erste.md", merged=MARKED)
        at += 1
    assert at == 4

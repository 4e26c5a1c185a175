"""What is committed is data: no file of a repository is ever executed, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gitsync.cli.group import gitsync
from gitsync.cli.invocation import Invocation
from gitsync.errors import ConfigError, Error, Refused
from gitsync.repository import Repository
from tests.blog import Blog, post
from tests.conftest import run_git

COMMANDS = [
    ["status"],
    ["plan"],
    ["diff"],
    ["check"],
    ["sync"],
    ["log"],
    ["verify", "--deep"],
    ["doctor"],
    ["rollback", "--dry-run"],
    ["restore", "HEAD", "site"],
]


def gitsync_in(root: Path, *command: str) -> Result:
    return CliRunner().invoke(gitsync, ["-C", str(root), *command], obj=Invocation())


class Trap:
    """A program that leaves a mark when it runs."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "pwned"
        self.program = folder / "trap.sh"
        self.program.write_text(f"#!/bin/sh\ntouch {self.mark}\ncat\n")
        self.program.chmod(0o755)

    def untouched(self) -> bool:
        return not self.mark.exists()


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


def everything_runs(blog: Blog) -> None:
    for command in COMMANDS:
        done = gitsync_in(blog.root, *command)
        assert not isinstance(done.exception, Exception) or isinstance(done.exception, Error), done.exception


@pytest.mark.slow
def test_no_committed_file_is_executed(tmp_path: Path, trap: Trap) -> None:
    blog = Blog(tmp_path / "clone")
    run = trap.program.read_text()
    for name in ("hooks/post-checkout", ".githooks/pre-push", "posts/hooks/update", ".git-hooks/post-commit"):
        blog.write(name, run)
        (blog.root / name).chmod(0o755)
    names = "filter=evil diff=evil merge=evil text eol=crlf ident"
    blog.write(".gitattributes", f"* {names}\n")
    blog.write("posts/.gitattributes", f"*.md {names}\n")
    blog.write(".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = {tmp_path}\n\tupdate = !{trap.program}\n')
    evil = f'[core]\n\tfsmonitor = {trap.program}\n\thooksPath = hooks\n[filter "evil"]\n\tclean = {trap.program}\n'
    for name in (".gitconfig", "config", ".lfsconfig", "posts/.config"):
        blog.write(name, evil)
    for name in ("sitecustomize.py", "usercustomize.py", "click.py", "gitsync/__init__.py", "yaml.py"):
        blog.write(name, f"open({str(trap.mark)!r}, 'w')\n")
    blog.write("posts/a.md", post("A"))
    blog.commit()
    everything_runs(blog)
    blog.site().edit(blog.id_of("A"), body="Theirs.\n")
    everything_runs(blog)
    assert trap.untouched()


def test_nothing_that_git_was_told_to_run_of_its_own_accord_runs_for_gitsync(tmp_path: Path, trap: Trap) -> None:
    """A .git/config is its user's own, but gitsync needs no hook, monitor, pager, alias or diff program of it."""
    blog = Blog(tmp_path / "clone")
    blog.put("posts/a.md", post("A"))
    for name in ("post-checkout", "post-commit", "reference-transaction", "post-index-change", "pre-auto-gc"):
        hook = blog.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(trap.program.read_text())
        hook.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "sequence.editor", "gpg.program"):
        run_git(blog.root, "config", key, str(trap.program))
    for name in ("status", "diff-tree", "ls-files", "cat-file", "rev-parse", "update-ref"):
        run_git(blog.root, "config", f"alias.{name}", f"!{trap.program}")
    included = tmp_path / "included"
    included.write_text(f'[diff "x"]\n\ttextconv = {trap.program}\n[alias]\n\tls-tree = !{trap.program}\n')
    run_git(blog.root, "config", "include.path", str(included))
    (blog.root / ".git/info/attributes").write_text("* diff=x\n")
    everything_runs(blog)
    blog.site().edit(blog.id_of("A"), body="Theirs.\n")
    everything_runs(blog)
    assert "Theirs" in blog.read("posts/a.md")
    assert trap.untouched()


def embedded(blog: Blog, trap: Trap, name: str) -> Path:
    """A bare repository whose own files are committed as content: its configuration and hooks are a stranger's."""
    inner = blog.root / name
    run_git(blog.root, "init", "--quiet", "--bare", "--initial-branch=main", str(inner))
    run_git(blog.root, "push", "--quiet", str(inner), "HEAD:refs/heads/main", "HEAD:refs/gitsync-lock/site")
    for hook in ("pre-receive", "update", "post-receive", "reference-transaction"):
        (inner / "hooks").mkdir(exist_ok=True)
        (inner / "hooks" / hook).write_text(trap.program.read_text())
        (inner / "hooks" / hook).chmod(0o755)
    with (inner / "config").open("a") as file:
        file.write(f'[core]\n\tsshCommand = {trap.program}\n\tfsmonitor = {trap.program}\n[remote "origin"]\n')
        file.write(f'\turl = ext::{trap.program}\n[protocol "ext"]\n\tallow = always\n')
    (inner / "refs/heads/.keep").touch()
    return inner


@pytest.mark.parametrize("remote", ["evil.git", "ext::sh -c {} x", "--upload-pack={}", "-x"])
def test_a_committed_file_cannot_name_a_remote_that_the_user_did_not_add(
    tmp_path: Path, trap: Trap, remote: str
) -> None:
    blog = Blog(tmp_path / "clone")
    blog.put("posts/a.md", post("A"))
    blog.run()
    embedded(blog, trap, "evil.git")
    toml = blog.read("gitsync.toml") + f'[state]\nremote = "{remote.format(trap.program)}"\npublic = true\n'
    blog.put("gitsync.toml", toml)
    everything_runs(blog)
    said = gitsync_in(blog.root, "sync")
    assert isinstance(said.exception, ConfigError)
    assert trap.untouched()


def test_a_repository_that_is_content_of_another_is_not_worked_in(tmp_path: Path, trap: Trap) -> None:
    blog = Blog(tmp_path / "clone")
    inner = embedded(blog, trap, "posts/evil.git")
    blog.commit()
    (inner / "gitsync.toml").write_text('[state]\nremote = "origin"\n')
    for folder in (inner, inner / "refs"):
        with pytest.raises(Refused, match="is itself content of"):
            Repository.open(folder)
    assert trap.untouched()


def test_a_bare_repository_of_ones_own_is_worked_in_wherever_it_is(tmp_path: Path) -> None:
    blog = Blog(tmp_path / "clone")
    run_git(blog.root, "init", "--quiet", "--bare", "backup.git")
    assert Repository.open(blog.root / "backup.git").root is None


def test_a_post_that_is_a_link_or_no_file_is_no_post(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text(post("Secret"))
    blog = Blog(tmp_path / "clone")
    (blog.root / "posts").mkdir()
    (blog.root / "posts/link.md").symlink_to(tmp_path / "secret.md")
    (blog.root / "posts/folder").symlink_to(tmp_path)
    blog.write("posts/a.md", post("A"))
    blog.commit()
    outcome = blog.run()
    assert [it.title for it in blog.site().posts().values()] == ["A"], outcome.told

"""The git repository, as the rest of gitsync sees it; the only module that imports GitPython.

GitPython drives git for everything that writes. Its own reading and writing of objects starts a process for each (4 ms,
so seven minutes for a hundred thousand files); ours is in `objects` and `fastimport`, in bulk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gitsync import own_files
from gitsync.errors import Error, Locked, Moved, Refused, RepositoryError, UsageError
from gitsync.git import fastimport, objects, remotes
from gitsync.git.fastimport import KEEP_MODE, Blob, CommitHandle, FileChange, Importer
from gitsync.git.gitprocess import Answer, Driver, Git, Oid, encode, failure
from gitsync.git.objects import EMPTY_TREE, Change, Commit, TreeEntry
from gitsync.git.remotes import PushResult

__all__ = [
    "EMPTY_TREE",
    "KEEP_MODE",
    "Blob",
    "Change",
    "Commit",
    "CommitHandle",
    "FileChange",
    "Importer",
    "Oid",
    "PushResult",
    "Repository",
    "TreeEntry",
]


@dataclass(eq=False)
class Repository:
    """A repository, bare or with a work tree (a linked one or a submodule too).

    `git_dir` is this work tree's own folder of git, `common_dir` the one that all work trees share; `root` is the top
    of the work tree, None in a bare repository. All are absolute. Paths of files are relative to `root`, with "/".
    """

    git: Git
    git_dir: Path
    common_dir: Path
    root: Path | None
    sha256: bool

    @classmethod
    def open(cls, path: Path) -> Repository:
        """Return the repository that `path` is in. Raises UsageError when there is none."""
        if not path.is_dir():
            raise UsageError(f"There is no folder {path}.", "Name one with -C.")
        git = Git(str(path), _driver)
        asked = ("--git-dir", "--git-common-dir", "--is-bare-repository", "--show-object-format", "--show-toplevel")
        try:
            answer = git.run("rev-parse", "--path-format=absolute", *asked, ok=())
        except FileNotFoundError:
            raise RepositoryError("There is no git here.", "Install git 2.36 or newer.") from None
        facts = answer.text.split("\n")
        if answer.status and len(facts) < 4:
            raise _not_open(path, answer)
        git_dir, common_dir, bare, form = facts[:4]
        if bare != "true" and answer.status:
            raise RepositoryError(f"{path} is inside a folder of git's own.", "Run gitsync where your files are.")
        root = Path(facts[4]) if bare != "true" else None
        if root is None:
            _refuse_content(Path(git_dir))
        # Git runs at the top, so that a folder that a checkout removes is nobody's current one.
        return cls(Git(str(root or git_dir), _driver), Path(git_dir), Path(common_dir), root, form == "sha256")

    @property
    def state_dir(self) -> Path:
        """The folder for gitsync's own files, shared by all work trees; it exists when asked for.

        Raises RepositoryError where something else is in the place of one of them.
        """
        path = self.common_dir / "gitsync"
        own_files.check(path)
        path.mkdir(exist_ok=True)
        return path

    def work_tree(self) -> Path:
        """Return the top of the work tree. Raises Refused in a bare repository."""
        if self.root is None:
            raise Refused(f"{self.git_dir} is a bare repository: it has no files.", "Run gitsync in a clone of it.")
        return self.root

    @property
    def empty_tree(self) -> Oid:
        """The tree without entries, as this repository names it."""
        return self._tree(EMPTY_TREE)

    # Where we are

    def head(self) -> Oid | None:
        """Return the commit that is checked out; None before the first one."""
        return self.resolve("HEAD^{commit}")

    def branch(self) -> str | None:
        """Return the branch that is checked out ("main"), with or without commits; None when HEAD is detached."""
        answer = self.git.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
        return answer.text.removeprefix("refs/heads/") if answer.text.startswith("refs/heads/") else None

    def operation(self) -> str | None:
        """Return what is half done here: merge, rebase, am, cherry-pick, revert or bisect; None when nothing is."""
        for name, operation in _OPERATIONS.items():
            if (self.git_dir / name).exists():
                return operation
        return None

    def is_shallow(self) -> bool:
        """Say whether history was cut off when it was fetched."""
        return self.git.text("rev-parse", "--is-shallow-repository") == "true"

    def identity(self) -> tuple[str, str]:
        """Return the committer's name and e-mail address, gitsync's own where git was told none."""
        return self._identity

    @cached_property
    def _identity(self) -> tuple[str, str]:
        # Git would make one up from the host's name; only what the user said counts.
        answer = self.git.run("-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT", ok=())
        found = re.match(r"(.+) <(.+)> ", answer.text) if answer.status == 0 else None
        return (found[1], found[2]) if found else ("gitsync", "gitsync@localhost")

    def config(self, key: str) -> str | None:
        """Return the last value of a git setting, or None."""
        answer = self.git.run("config", "--get", "--end-of-options", key, ok=(0, 1))
        return answer.text if answer.status == 0 else None

    # History and objects

    def resolve(self, rev: str) -> Oid | None:
        """Return the object that `rev` names, or None."""
        return objects.resolve(self.git, rev)

    def is_ancestor(self, a: Oid, b: Oid) -> bool:
        """Say whether `a` is `b` or one of its ancestors; a commit that is not here is nobody's ancestor."""
        answer = self.git.run("merge-base", "--is-ancestor", "--end-of-options", a, b, ok=())
        if answer.status > 1 and self.resolve(f"{a}^{{commit}}") and self.resolve(f"{b}^{{commit}}"):
            raise failure(("merge-base",), answer)
        return answer.status == 0

    def log(self, tip: str, *, limit: int | None = None, paths: Sequence[str] = ()) -> Iterator[Commit]:
        """Yield `tip` and its ancestors, newest first; with `paths` (globs) those that change them."""
        return objects.log(self.git, tip, limit=limit, paths=paths)

    def file_history(self, path: str, tip: str) -> Iterator[Oid]:
        """Yield the blobs that the file now at `path` ever had, newest first, each once; follows renames."""
        return objects.file_history(self.git, path, tip)

    def diff(self, old: str, new: str, pathspecs: Sequence[str] = (), *, renames: bool = True) -> list[Change]:
        """Return what differs between two tree-ish (a commit, "<oid>:base", EMPTY_TREE), in git's order of paths.

        `pathspecs` are git's, with `**` as in .gitignore; ":(literal)" and ":(exclude)" work. A folder missing in an
        existing commit is empty. Cost follows the change. Raises RepositoryError when an object is missing.
        """
        try:
            return objects.diff(self.git, self._known(old), self._known(new), pathspecs, renames=renames)
        except RepositoryError:
            # Asked only now: it costs as much as the diff.
            trees = self._tree(old), self._tree(new)
            return objects.diff(self.git, *trees, pathspecs, renames=renames)

    def tree(self, treeish: str, pathspecs: Sequence[str] = ()) -> Iterator[TreeEntry]:
        """Yield the files of a tree-ish while git reads it; `pathspecs` as in `diff`."""
        return objects.tree(self.git, self._tree(treeish), pathspecs, self.empty_tree)

    def lookup(self, treeish: str, paths: Iterable[str]) -> dict[str, Oid]:
        """Return the blob at each path; a path that is no file there is absent. One process."""
        return objects.lookup(self.git, self._tree(treeish), paths)

    def blobs(self, oids: Iterable[Oid]) -> Iterator[tuple[Oid, bytes]]:
        """Yield each object asked for and its bytes, in that order. Raises RepositoryError when one is missing."""
        return objects.blobs(self.git, oids)

    def blob(self, oid: Oid) -> bytes:
        """Return one object's bytes. Raises RepositoryError when it is missing."""
        return next(self.blobs([oid]))[1]

    def hash_blob(self, data: bytes) -> Oid:
        """Return the name that a blob of these bytes has here; nothing is stored."""
        return fastimport.blob_name(data, sha256=self.sha256)

    def importer(self) -> AbstractContextManager[Importer]:
        """Write blobs and commits in bulk; all are on the disk when it ends. No ref moves."""
        return fastimport.importing(self.git, self.git_dir, sha256=self.sha256, committer=self.identity())

    def _tree(self, treeish: str) -> Oid:
        if (known := self._trees.get(treeish)) is not None:
            return known
        oid = objects.tree_oid(self.git, treeish, sha256=self.sha256)
        if _IMMUTABLE.match(treeish):
            if len(self._trees) >= _REMEMBERED:
                self._trees.clear()
            self._trees[treeish] = oid
        return oid

    @cached_property
    def _trees(self) -> dict[str, Oid]:
        return {}

    def _known(self, treeish: str) -> str:
        return self.empty_tree if treeish == EMPTY_TREE else treeish

    # Refs

    def refs(self, prefix: str) -> dict[str, Oid]:
        """Return the refs at or under `prefix` ("refs/gitsync")."""
        answer = self.git.run("for-each-ref", "--format=%(objectname) %(refname)", "--", prefix.rstrip("/"))
        rows = (line.split(" ", 1) for line in answer.text.splitlines())
        return {ref: oid for oid, ref in rows}

    def tip(self, ref: str) -> tuple[Oid | None, Mapping[str, str | tuple[str, ...]]]:
        """Return the commit that a full ref, or its own name, names, None if there is none, and its trailers."""
        return objects.tip(self.git, ref)

    def update_refs(self, updates: Sequence[tuple[str, Oid | None, Oid | None]], *, message: str) -> None:
        """Move refs, all or none: each is (ref, new or None to delete, old or None when it must not exist).

        Raises Moved when an old value differs. A crash can leave some moved (git renames one file after another).
        """
        if not updates:
            return
        zero = "0" * (64 if self.sha256 else 40)
        lines = [f"update {ref}\0{new or zero}\0{old or zero}\0" for ref, new, old in updates]
        name, email = self.identity()
        args = ("update-ref", "--no-deref", "--stdin", "-z", "-m", " ".join(message.split()) or "gitsync")
        answer = self.git.run(
            *args,
            input=encode("".join(lines)),
            ok=(),
            write=True,
            env={"GIT_COMMITTER_NAME": name, "GIT_COMMITTER_EMAIL": email},
        )
        if answer.status == 0:
            return
        error = failure(args, answer)
        if not isinstance(error, Locked) and re.search(_REF_MOVED, answer.errors):
            raise Moved(f"A ref moved while gitsync was at work: {error.message}", "Run gitsync again.")
        raise error

    # Other repositories

    def fetch(self, remote: str, refspecs: Sequence[str]) -> None:
        """Fetch exactly these refspecs. Raises RepositoryError, also when one without `*` names no ref there."""
        remotes.fetch(self.git, remote, refspecs)

    def deepen(self, remote: str) -> None:
        """Fetch the history that a shallow clone lacks."""
        remotes.fetch(self.git, remote, (), unshallow=True)

    def push(
        self,
        remote: str,
        refspecs: Sequence[str],
        *,
        atomic: bool = True,
        leases: Mapping[str, Oid | None] | None = None,
        hooks: bool = False,
    ) -> PushResult:
        """Push exactly these refspecs and return what became of each remote ref.

        `leases` (remote ref -> the value it must have, None for no such ref) allow what is no fast-forward. `hooks`
        runs the user's pre-push hook, which Git LFS needs when a branch is pushed. Raises Moved when the remote is
        not where we think, else RepositoryError.
        """
        return remotes.push(self.git, remote, refspecs, atomic=atomic, leases=leases or {}, hooks=hooks)

    def remote_refs(self, remote: str, patterns: Sequence[str]) -> dict[str, Oid]:
        """Return the remote's refs that match ("refs/gitsync/*"), asked anew. Raises RepositoryError."""
        return remotes.remote_refs(self.git, remote, patterns)

    def remote_url(self, remote: str) -> str | None:
        """Return where the remote is, without credentials; None when no remote has that name."""
        return remotes.remote_url(self.git, remote)

    def default_branch(self, remote: str) -> str | None:
        """Return the remote's default branch ("main"), as last cloned or else asked there; None if it has none."""
        return remotes.default_branch(self.git, remote)


def _refuse_content(git_dir: Path) -> None:
    """Raise Refused for a bare repository that is committed in another: its configuration is whoever committed it's."""
    above = Git(str(git_dir.parent), _driver)
    inside = above.run("rev-parse", "--show-toplevel", ok=())
    if inside.status == 0 and above.run("ls-files", "-z", "--", git_dir.name, ok=()).output:
        raise Refused(
            f"{git_dir} is itself content of {inside.text}: nobody knows whose commands are in it.", "Work in a clone."
        )


def _driver(folder: str) -> Driver:
    # Without this the import itself fails where git is missing, or is not where the environment says that it is;
    # `open` has said the one in a sentence, and the other is none of ours: we name git ourselves.
    os.environ |= {"GIT_PYTHON_REFRESH": "quiet", "GIT_PYTHON_GIT_EXECUTABLE": "git"}
    from git.cmd import Git as GitPython  # noqa: PLC0415  0.1 s, so only when something is written

    return GitPython(folder)


def _not_open(path: Path, answer: Answer) -> Error:
    if "not a git repository" in answer.errors:
        return UsageError(
            f"{path.absolute()} is in no git repository.", "Run `git init` there, or name another with -C."
        )
    return failure(("rev-parse",), answer)


_OPERATIONS = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "sequencer": "cherry-pick",
    "BISECT_LOG": "bisect",
}

_REF_MOVED = r"is at [0-9a-f]+ but expected|reference already exists|unable to resolve reference|reference is missing"

_IMMUTABLE = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})(?::|$)")
"""Begins a tree-ish that names the same tree for ever."""

_REMEMBERED = 1000

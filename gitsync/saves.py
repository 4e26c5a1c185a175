"""What is saved and not committed yet: found, checked, and committed as its author would, by git's own commit."""

from __future__ import annotations

import mimetypes
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from gitsync.check import Check
from gitsync.git.gitprocess import decode, encode
from gitsync.lint.finding import Finding
from gitsync.project import Project
from gitsync.site import Site


@dataclass(slots=True)
class Saves:
    """Files as they were saved: `changed`, `new` and `renamed` (old, new) posts and pictures; posts that are `gone`.

    `waiting` are those that their author is committing by hand: path -> why, to be read after it.
    """

    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> list[str]:
        """The paths to look at, that have a file."""
        return [*self.changed, *self.new, *(new for _, new in self.renamed)]


def saved(project: Project, paths: Collection[str] | None = None) -> Saves:
    """Return what is not committed of `paths`, or of everything that [content] reaches. Raises RepositoryError."""
    found = Saves()
    asked = (
        [*project.pathspecs, *(f":(glob){project.root}{folder.rstrip('/')}/**" for folder in _pictures_in(project))]
        if paths is None
        else [f":(literal){path}" for path in sorted(paths)]
    )
    if not asked:
        return found
    git = project.repository.git
    status = git.run("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--", *asked)
    for row in decode(status.output).split("\0")[:-1]:
        _sort(project, row, found)
    for path in [path for path in found.new if any(path.startswith(f"{gone}/") for gone in found.gone)]:
        found.new.remove(path)  # committing it would remove the post whose name the folder has
        found.waiting[path] = "is in a folder that has the name of a post; commit that yourself, if it is meant"
    if found.gone and found.new:
        _pair(project, found)
    return found


def _sort(project: Project, row: str, found: Saves) -> None:
    kind, _, rest = row.partition(" ")
    path = rest if kind == "?" else rest.split(" ", 7 if kind == "1" else 9)[-1]
    if not _is_ours(project, path):
        return
    if kind == "?":
        root = project.repository.root
        if root is not None and (root / path).is_file() and not (root / path).is_symlink():
            found.new.append(path)
    elif kind == "u":
        found.waiting[path] = "has an unresolved merge"
    elif kind == "1":
        index, disk = rest[0], rest[1]
        if index != ".":
            found.waiting[path] = "has staged changes; commit them yourself"
        elif disk == "D":
            found.gone.append(path)
        elif disk == "M":
            found.changed.append(path)
        elif disk == "A":  # noted by `git add -N`, ours or the author's
            found.new.append(path)


def _is_ours(project: Project, path: str) -> bool:
    name = PurePosixPath(path).name
    if name.startswith((".", "#")) or name.endswith("~"):  # what editors leave for a moment
        return False
    if project.is_post(path):
        return True
    return any(path.startswith(f"{project.root}{folder.rstrip('/')}/") for folder in _pictures_in(project)) and (
        mimetypes.guess_type(path)[0] or ""
    ).startswith(("image/", "video/", "audio/"))


def _pictures_in(project: Project) -> list[str]:
    folder = project.folder.removeprefix(project.root).rstrip("/")
    return [*project.config.content.assets, *([folder] if folder else [])]


def _pair(project: Project, found: Saves) -> None:
    """Find the new files that are gone ones under another name: as a post that is created, one would be there twice."""
    git = project.repository.git
    git.run("--literal-pathspecs", "add", "--intent-to-add", "--", *found.new, write=True)
    answer = git.run(
        "--literal-pathspecs", "diff", "--name-status", "-z", "-M", "--diff-filter=R", "--", *found.gone, *found.new
    )
    rows = decode(answer.output).split("\0")[:-1]
    for old, new in zip(rows[1::3], rows[2::3], strict=True):
        found.gone.remove(old)
        found.new.remove(new)
        found.renamed.append((old, new))


def check_saved(project: Project, sites: Sequence[Site], paths: Sequence[str]) -> dict[str, list[Finding]]:
    """Return what is wrong with the saved posts among `paths`."""
    with ExitStack() as stack:
        checking = Check(project, sites, stack)
        return {path: checking.post(path) for path in paths if project.is_post(path)}


def is_fit(findings: Sequence[Finding]) -> bool:
    """Say whether a post can be committed: what one site alone would refuse is no reason against it."""
    return not any(finding.severity == "error" and not finding.sites for finding in findings)


def commit(project: Project, saves: Saves, message: str) -> str | None:
    """Commit what was saved, and nothing else that may be staged; returns the commit, None when there is nothing.

    The author's hooks and signature are used. Raises RepositoryError.
    """
    paths = [*saves.files, *(old for old, _ in saves.renamed)]
    if not paths:
        return None
    git = project.repository.git
    names = encode("\0".join(paths))
    from_input = ("--pathspec-from-file=-", "--pathspec-file-nul")
    if saves.new or saves.renamed:
        added = encode("\0".join([*saves.new, *(new for _, new in saves.renamed)]))
        git.run("--literal-pathspecs", "add", "--intent-to-add", *from_input, input=added, write=True)
    git.run(
        "--literal-pathspecs",
        "commit",
        "--quiet",
        "--only",
        "-m",
        message,
        *from_input,
        input=names,
        write=True,
        hooks=True,
    )
    return project.repository.head()

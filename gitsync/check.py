"""Finds what would stop or spoil a push, in the files as they are on the disk, without asking any site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gitsync import merge
from gitsync.connector import Connector, Problem
from gitsync.document import Document, place
from gitsync.engine.projection import Place, project, selected, view
from gitsync.errors import ConfigError, InvalidContent, UsageError
from gitsync.ledger import Ledger
from gitsync.naming import named_post, spellings
from gitsync.project import Project
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.tomlfile import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong at `path:line:column` (from 1); `sites` are those that mind, () for all.

    An "error" keeps the post from being sent, a "warning" is something that a site would drop or change.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    hint: str
    severity: Literal["error", "warning"]
    sites: tuple[str, ...] = ()

    def __str__(self) -> str:
        who = f"{', '.join(self.sites)}: " if self.sites else ""
        what = f"{who}{self.message.rstrip('.')}. {self.hint}".rstrip()
        kind = "warning: " if self.severity == "warning" else ""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {kind}{what}"


def posts_to_check(project: Project, typed: Sequence[str], start: Path) -> list[str]:
    """Return the posts that `typed` files and folders name, or all. Raises UsageError for what is no post."""
    posts = [path for path in _files(project) if project.is_post(path)]
    if not typed:
        return posts
    chosen: dict[str, None] = {}
    for name in typed:
        folders = [f"{path}/" if path != "." else "" for path in spellings(project, name, start)]
        within = [path for path in posts if any(path.startswith(folder) for folder in folders)]
        chosen |= dict.fromkeys(within or [_one(project, name, start, posts)])
    return list(chosen)


def _one(project: Project, name: str, start: Path, posts: Sequence[str]) -> str:
    try:
        return named_post(project, name, start, posts)
    except UsageError:
        if (start / name).exists():
            paths = ", ".join(project.config.content.paths)
            raise UsageError(
                f"{name} is no post: [content] paths ({paths}) do not reach it.", "Widen them, or name a post."
            ) from None
        raise


def _files(project: Project) -> Iterator[str]:
    """Yield the files that are or could be committed: not ignored; those of HEAD in a bare repository."""
    repository = project.repository
    if repository.root is None:
        yield from (entry.path for entry in repository.tree(project.head(), project.pathspecs))
        return
    listing = repository.git.run(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *project.pathspecs
    )
    for name in listing.output.split(b"\0")[:-1]:
        path = name.decode("utf-8", "surrogateescape")
        if (repository.root / path).is_file():
            yield path


@dataclass(slots=True)
class _Checked:
    """A site whose connector could be made."""

    site: Site
    connector: Connector
    place: Place


class Check:
    """Checks posts against some sites. `skipped` maps a site that could not be set up to the reason."""

    def __init__(self, project: Project, sites: Sequence[Site], stack: ExitStack) -> None:
        self._project = project
        self.skipped: dict[str, str] = {}
        self._sites: list[_Checked] = []
        for site in sites:
            site.check()
            try:
                connector = site.connect()
            except ConfigError as error:  # a secret that is not at hand, as in the CI of a fork
                self.skipped[site.name] = str(error)
                continue
            stack.callback(connector.close)
            index = stack.enter_context(Index.at(Ledger(project.repository, site.name)))
            self._sites.append(_Checked(site, connector, self._place(site, connector, index.url_of)))

    def _place(self, site: Site, connector: Connector, url_of: Callable[[str], str | None]) -> Place:
        project = self._project
        return Place(
            site=site.name,
            default_status=site.status,
            exists=self._kind,
            url_of=lambda path: url_of(path) or self._coming(path),
            path_of=lambda _: None,
            asset_url=lambda _: None,
            blob=lambda _: None,
            uploads=connector.capabilities.uploads,
            home=project.config.content.url,
            raw=project.raw_base,
            root=project.root,
        )

    def _kind(self, path: str) -> Literal["post", "file"] | None:
        root = self._project.repository.root
        there = (root / path).is_file() if root else bool(self._project.repository.lookup("HEAD", [path]))
        if not there:
            return None
        return "post" if self._project.is_post(path) else "file"

    def _coming(self, path: str) -> str | None:
        """A post that is here gets its address when it is sent: a link to it is no problem."""
        return f"https://gitsync.invalid/{path}" if self._kind(path) == "post" else None

    def post(self, path: str) -> list[Finding]:
        """Return what is wrong with one post, by place."""
        root = self._project.repository.root
        repository = self._project.repository
        data = (root / path).read_bytes() if root else repository.blob(repository.lookup("HEAD", [path])[path])
        try:
            file = self._project.read(path, data)
        except InvalidContent as error:
            return [
                Finding(
                    path=path,
                    line=error.line,
                    column=error.column,
                    code=error.code,
                    message=error.message,
                    hint=error.hint,
                    severity="error",
                )
            ]
        found = [*self._names(file), *_markers(file)]
        merged: dict[Finding, list[str]] = {}
        for checked in self._sites:
            if selected(file, checked.site.name):
                for problem in self._problems(file, checked):
                    merged.setdefault(_finding(file, problem), []).append(checked.site.name)
        found += [replace(finding, sites=tuple(dict.fromkeys(sites))) for finding, sites in merged.items()]
        return sorted(found, key=lambda it: (it.line, it.column, it.severity, it.code))

    def _problems(self, file: Document, checked: _Checked) -> Sequence[Problem]:
        post = view(file, checked.site.name, checked.site.status)
        return project(post, file.path, checked.place, checked.connector).problems

    def _names(self, file: Document) -> Iterator[Finding]:
        """Yield the sites that the front matter names and gitsync.toml does not have."""
        known: Mapping[str, Site] = self._project.config.sites
        named = [(name, "sites") for name in file.sites or ()] + [
            (name, f"overrides.{name}") for name in file.overrides
        ]
        for name, field in named:
            if name not in known:
                line, column = place(file, field)
                yield Finding(
                    path=file.path,
                    line=line,
                    column=column,
                    code="unknown-site",
                    message=f"gitsync.toml has no site {name!r}",
                    hint=did_you_mean(name, list(known)),
                    severity="error" if field == "sites" else "warning",
                )


def _markers(file: Document) -> Iterator[Finding]:
    line = merge.marked_line(file.layout.text)
    if line is not None:
        yield Finding(
            path=file.path,
            line=line,
            column=1,
            code="conflict-markers",
            message="conflict markers are left",
            hint="Decide what stays, and delete the marker lines.",
            severity="error",
        )


def _finding(file: Document, problem: Problem) -> Finding:
    line, column = place(file, problem.field or "body", problem.offset)
    return Finding(
        path=file.path,
        line=line,
        column=column,
        code=problem.code,
        message=problem.message,
        hint=problem.hint,
        severity="error" if problem.severity == "error" else "warning",
    )

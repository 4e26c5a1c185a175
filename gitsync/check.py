"""Finds what would stop or spoil a push, in the files as they are on the disk, without asking any site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from gitsync import merge
from gitsync.config import Config, content_glob
from gitsync.connector import Connector, Problem
from gitsync.document import Document, edit, place
from gitsync.engine.projection import Place, gets_address, project, selected, view
from gitsync.errors import ConfigError, InvalidContent, UsageError
from gitsync.git import lfs
from gitsync.git.gitprocess import decode
from gitsync.ledger import Ledger
from gitsync.lint.finding import Finding, finding_of
from gitsync.lint.links import Links
from gitsync.lint.schema import Schema
from gitsync.lint.twins import Twins
from gitsync.naming import named_post, spellings
from gitsync.project import Project
from gitsync.site import Site
from gitsync.state.index import Index
from gitsync.tomlfile import did_you_mean


def posts_to_check(project: Project, typed: Sequence[str], start: Path, *, others: bool = False) -> list[str]:
    """Return the posts that `typed` files and folders name, or all.

    Raises UsageError for what is no post; with `others` that is left out.
    """
    posts = [path for path in _files(project) if project.is_post(path)]
    if not typed:
        return posts
    chosen: dict[str, None] = {}
    for name in typed:
        folders = [f"{path}/" if path != "." else "" for path in spellings(project, name, start)]
        within = [path for path in posts if any(path.startswith(folder) for folder in folders)]
        if not within and others and not set(spellings(project, name, start)) & set(posts):
            continue
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
    for path in _names(project, project.pathspecs):
        if (repository.root / path).is_file():
            yield path


def _names(project: Project, pathspecs: Sequence[str] = ()) -> list[str]:
    """Return the files that are in the index, or not ignored."""
    listing = project.repository.git.run(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate", "--", *pathspecs
    )
    return decode(listing.output).split("\0")[:-1]


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
        self._twins = Twins()
        self._public: dict[tuple[str, str], bool] = {}
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
            url_of=lambda path: (coming := self._coming(path, site)) and (url_of(path) or coming),
            path_of=lambda _: None,
            asset_url=lambda _: None,
            blob=lambda _: None,
            uploads=connector.capabilities.uploads,
            upload_types=connector.capabilities.upload_types,
            home=project.config.content.url,
            raw=project.raw_base,
            root=project.root,
        )

    def _kind(self, path: str) -> Literal["post", "file"] | None:
        root = self._project.repository.root
        there = (root / path).is_file() if root else bool(self._project.repository.lookup("HEAD", [path]))
        if not there:
            return None
        if self._project.is_post(path):
            return "post"
        return None if root and (root / path).is_symlink() else "file"

    def _coming(self, path: str, site: Site) -> str | None:
        """A post that comes out on a site gets its address when it is sent: a link to it is no problem."""
        if (site.name, path) not in self._public:
            try:
                file = self.read(path) if self._kind(path) == "post" else None
            except InvalidContent:  # told where it is checked itself
                file = None
            self._public[site.name, path] = file is not None and gets_address(file, site.name, site.status)
        return f"https://gitsync.invalid/{path}" if self._public[site.name, path] else None

    def _data(self, path: str) -> bytes:
        repository = self._project.repository
        if repository.root is not None:
            return (repository.root / path).read_bytes()
        return repository.blob(repository.lookup("HEAD", [path])[path])

    def read(self, path: str) -> Document:
        """Return one post as it is on the disk. Raises InvalidContent."""
        return self._project.read(path, self._data(path))

    def post(self, path: str) -> list[Finding]:
        """Return what is wrong with one post, by place."""
        try:
            file = self.read(path)
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
        found = [*self._names(file), *_markers(file), *_tags(file), *self._twins.findings(file)]
        found += [finding for schema in self._schemas(path) for finding in schema.findings(file)]
        merged: dict[Finding, list[str]] = {}
        for checked in self._sites:
            if selected(file, checked.site.name):
                for problem in self._problems(file, checked):
                    merged.setdefault(finding_of(file, problem), []).append(checked.site.name)
        found += [replace(finding, sites=tuple(dict.fromkeys(sites))) for finding, sites in merged.items()]
        found = [*self._linked(file, found)]
        return sorted(found, key=lambda it: (it.line, it.column, it.severity, it.code))

    def allows(self, finding: Finding) -> bool:
        """Say whether the configuration accepts what was found, whatever site would say so."""
        return finding.severity != "error" and self._project.config.policy.allows("", finding.code)

    def _problems(self, file: Document, checked: _Checked) -> Iterator[Problem]:
        post = view(file, checked.site.name, checked.site.status)
        allowed = self._project.config.policy.allows
        for problem in project(post, file.path, checked.place, checked.connector).problems:
            if problem.severity == "error" or not allowed(checked.site.name, problem.code):
                yield problem

    def _linked(self, file: Document, found: Sequence[Finding]) -> Iterator[Finding]:
        """Yield `found` and what is wrong with links; where a site minds a link too, once."""
        links = {(it.line, it.column, it.code): it for it in self._link_findings(file)}
        for finding in found:
            own = links.pop((finding.line, finding.column, finding.code), None)
            yield replace(finding, fixable=True, hint=own.hint) if own is not None and own.fixable else finding
        for finding in links.values():  # what no site minds keeps nothing from being sent
            yield replace(finding, severity="warning") if self._sites else finding

    def _link_findings(self, file: Document) -> Iterator[Finding]:
        allowed = self._project.config.policy.allows
        for problem, fixable in self._links.problems(file):
            if problem.severity == "error" or not allowed("", problem.code):
                yield finding_of(file, problem, fixable=fixable)

    @cached_property
    def _links(self) -> Links:
        return Links(
            self._project.root,
            kind=self._kind,
            body=self._body,
            fetched=self._is_fetched,
            names=self._names_of_files,
            home=self._project.config.content.url,
        )

    def _body(self, path: str) -> str:
        try:
            return self.read(path).post.body
        except InvalidContent:  # told where it is checked itself
            return ""

    def _is_fetched(self, path: str) -> bool:
        root = self._project.repository.root
        if root is not None and (root / path).stat().st_size > lfs.LARGEST_POINTER:
            return True
        return lfs.content(self._project.repository, self._data(path)) is not None

    def _names_of_files(self) -> list[str]:
        repository = self._project.repository
        if repository.root is None:
            return [entry.path for entry in repository.tree(self._project.head())]
        return _names(self._project)

    @cached_property
    def _all_schemas(self) -> list[tuple[str, Schema]]:
        config: Config = self._project.config
        return [(glob, Schema(config.root / path, path)) for glob, path in config.content.schemas.items()]

    def _schemas(self, path: str) -> list[Schema]:
        root = self._project.root
        return [schema for glob, schema in self._all_schemas if content_glob(root, glob).fullmatch(path)]

    def fix(self, path: str) -> bool:
        """Mend in the file what is safe to mend; returns whether anything was. Raises InvalidContent, OSError."""
        root = self._project.repository.root
        if root is None or (root / path).is_symlink():
            return False
        file = self.read(path)
        changes = {"tags": tuple(dict.fromkeys(file.post.tags))} if _tags(file) and file.post.tags else {}
        data = edit(file, changes, body=self._links.mended(file))
        if data == file.data:
            return False
        (root / path).write_bytes(data)
        return True

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


def _tags(file: Document) -> list[Finding]:
    tags = file.post.tags or ()
    if len(set(tags)) == len(tags):
        return []
    twice = next(tag for tag in tags if tags.count(tag) > 1)
    problem = Problem(
        code="TAGS_TWICE", message=f"the tag {twice} is said twice", hint="Say it once.", field="tags", severity="loss"
    )
    return [finding_of(file, problem, fixable=True)]


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

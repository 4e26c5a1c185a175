"""A repository and its gitsync.toml, opened together: where posts are, how they are read, which branch is followed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from gitsync import config as configuration
from gitsync.config import Config
from gitsync.dialects import DIALECTS, Dialect
from gitsync.errors import ConfigError, Refused, UsageError
from gitsync.git.hosts import raw_base
from gitsync.post.paths import slugify
from gitsync.repository import Oid, Repository
from gitsync.tomlfile import Source

if TYPE_CHECKING:
    from gitsync.document import Document


@dataclass(frozen=True)
class Project:
    """One working copy. `root` is the folder of gitsync.toml in the repository: "" or "x/"."""

    repository: Repository
    config: Config
    root: str

    @classmethod
    def open(cls, start: Path) -> Project:
        """Open the project that `start` is in. Raises RepositoryError, ConfigError."""
        repository = Repository.open(start)
        config = _committed(repository) if repository.root is None else configuration.load(None, start)
        inside = None if repository.root is None else configuration.inside(config.root, repository.root)
        root = "" if inside in (None, ".") else f"{inside}/"
        return cls(repository=repository, config=config, root=root)

    @cached_property
    def dialect(self) -> Dialect:
        dialect = DIALECTS[self.config.content.dialect]
        zone = self.config.content.timezone
        return replace(dialect, timezone=ZoneInfo(zone)) if zone else dialect

    @cached_property
    def pathspecs(self) -> Sequence[str]:
        """The content paths as git wants them, from the repository's root."""
        return [f":(glob){self.root}{path}" for path in self.config.content.paths]

    @cached_property
    def _globs(self) -> Sequence[re.Pattern[str]]:
        return [configuration.content_glob(self.root, path) for path in self.config.content.paths]

    def is_post(self, path: str) -> bool:
        """Say whether the content paths reach `path` and its dialect takes such a file for a post."""
        return self.dialect.is_post(path) and any(glob.fullmatch(path) for glob in self._globs)

    @cached_property
    def folder(self) -> str:
        """Where new posts go: the part of the first content path before any wildcard, "" or "x/"."""
        fixed = re.split(r"[*?\[]", self.config.content.paths[0])[0]
        return self.root + fixed[: fixed.rfind("/") + 1]

    def read(self, path: str, data: bytes) -> Document:
        """Parse the post at `path`. Raises InvalidContent."""
        from gitsync.document import parse  # noqa: PLC0415  30 ms, and where nothing changed no post is read

        return parse(data, path=path, dialect=self.dialect)

    def slug_of(self, path: str) -> str:
        """Return the slug that the name of a file says, for a post that says none."""
        said = self.dialect.from_path(path).get("slug")
        pure = PurePosixPath(path)
        name = pure.parent.name if pure.stem == "index" and pure.parent.name else pure.stem
        return said if isinstance(said, str) else slugify(name)

    def head(self) -> Oid:
        """Return the commit of HEAD. Raises UsageError when there is none."""
        head = self.repository.head()
        if head is None:
            raise UsageError(
                "The repository has no commits yet.",
                "Commit gitsync.toml and your posts first: git add -A && git commit.",
            )
        return head

    def followed(self, recorded: str | None) -> str | None:
        """Return the branch the sites follow: as configured, else as recorded, else the remote's default.

        None when nothing says so yet: then the branch of the first sync is it.
        """
        state = self.config.state
        if state.branch or recorded:
            return state.branch or recorded
        if state.remote is None or self.repository.remote_url(state.remote) is None:
            return None
        return self.repository.default_branch(state.remote)

    def check_writable(self, recorded: str | None) -> str:
        """Return the branch that a sync may commit to. Raises Refused where only reading is allowed."""
        operation = self.repository.operation()
        if operation is not None:
            raise Refused(f"A {operation} is in progress here.", f"Finish or abort the {operation}, then sync.")
        branch = self.repository.branch()
        followed = self.followed(recorded)
        if branch is None:
            raise Refused(
                "HEAD is detached.", f"Check out {followed or 'the branch that the sites follow'}, then sync."
            )
        if followed is not None and branch != followed:
            raise Refused(
                f"The sites follow the branch {followed}, and this is {branch}.",
                f"Check out {followed}, or set [state] branch.",
            )
        return branch

    @cached_property
    def raw_base(self) -> str | None:
        """The address under which a public host serves the repository's files, or None."""
        url = self.repository.remote_url(self.config.state.remote or "origin")
        branch = self.config.state.branch or self.repository.branch() or "HEAD"
        return raw_base(url, branch) if url else None


def _committed(repository: Repository) -> Config:
    """Return what the gitsync.toml of HEAD says: a bare repository has no other. Raises ConfigError."""
    oid = repository.lookup("HEAD", [configuration.FILE]).get(configuration.FILE) if repository.head() else None
    if oid is None:
        raise ConfigError(f"There is no {configuration.FILE} in HEAD of {repository.git_dir}.", "Commit and push one.")
    text = repository.blob(oid).decode("utf-8-sig", "replace")
    return configuration.parse(Source(path=repository.git_dir / configuration.FILE, text=text))

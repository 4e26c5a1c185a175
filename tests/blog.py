"""A blog in a temporary repository with sites in this process: what the engine's tests are written with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from gitsync_connectors.memory import STORES, Behaviour, Store, store

from gitsync.doctor import examine
from gitsync.events import Event, Operation, Summary
from gitsync.finding import Finding
from gitsync.model import Post
from gitsync.project import Project
from gitsync.state import share
from gitsync.sync import Options, Run
from gitsync.undo.history import Sync, syncs
from tests.checkout import Checkout
from tests.conftest import run_git


@dataclass
class Clock:
    """A Unix clock that moves only when somebody sleeps."""

    now: float = 1_790_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Outcome:
    """The events of one run."""

    events: list[Event]

    @property
    def summary(self) -> Summary:
        last = self.events[-1]
        assert isinstance(last, Summary)
        return last

    @property
    def operations(self) -> list[tuple[str, str | None, str]]:
        """(action, path, result) of each operation, in order."""
        return [(e.action, e.path, e.result) for e in self.events if isinstance(e, Operation)]

    @property
    def told(self) -> str:
        return "\n".join(map(str, self.events))


class Blog(Checkout):
    """A repository at `root` whose sites are `memory` sites; `sites` are their names."""

    def __init__(
        self, root: Path, sites: Iterable[str] = ("site",), *, config: str = "", behaviour: Behaviour | None = None
    ) -> None:
        super().__init__(root)
        self.clock = Clock()
        self.names = list(sites)
        lines = ['[content]\npaths = ["posts/**/*.md"]\n', config]
        for name in self.names:
            url = f"memory:{root}/{name}"
            STORES.pop(url, None)
            made = store(url)
            made.behaviour = behaviour or Behaviour()
            lines.append(f'[sites.{name}]\nplatform = "memory"\nurl = "{url}"\n')
        (root / "gitsync.toml").write_text("\n".join(lines))
        self.commit("configure")

    def site(self, name: str | None = None) -> Store:
        return store(f"memory:{self.root}/{name or self.names[0]}")

    def run(self, **options: object) -> Outcome:
        project = Project.open(self.root)
        return Outcome(list(self.start(project, Options(**options)).events()))  # type: ignore[arg-type]

    def start(self, project: Project, options: Options) -> Run:
        sites = project.config.choose([])
        return Run(project, sites, options, sleep=self.clock.sleep, clock=self.clock)

    def id_of(self, title: str, name: str | None = None) -> str:
        [found] = [id for id, post in self.site(name).posts().items() if post.title == title]
        return found

    def shown(self, title: str, name: str | None = None) -> Post:
        return self.site(name).posts()[self.id_of(title, name)]

    def writes(self, name: str | None = None) -> list[tuple[str, str]]:
        return [call for call in self.site(name).log if call[0] in ("create", "update", "delete", "upload")]

    def syncs(self) -> list[Sync]:
        """Return what `gitsync log` tells of, newest first."""
        repository = Project.open(self.root).repository
        return syncs(repository, share.known(repository, self.names, None))

    def quiet(self) -> None:
        """Assert that a further sync does nothing at all."""
        before = (
            self.git("rev-parse", "HEAD"),
            self.git("for-each-ref", "refs/gitsync"),
            self.git("status", "--porcelain"),
        )
        counts = [len(self.writes(name)) for name in self.names]
        outcome = self.run()
        after = (
            self.git("rev-parse", "HEAD"),
            self.git("for-each-ref", "refs/gitsync"),
            self.git("status", "--porcelain"),
        )
        assert after == before, outcome.told
        assert [len(self.writes(name)) for name in self.names] == counts, outcome.told
        assert outcome.summary.exit_code == 0, outcome.told


def post(title: str, body: str = "One.\n\nTwo.\n\nThree.\n", **fields: str) -> str:
    """A file with that front matter."""
    front = "".join(f"{name}: {value}\n" for name, value in {"title": title, **fields}.items())
    return f"---\n{front}---\n\n{body}"


SHARED = '[state]\nremote = "origin"\nbranch = "main"\n'
"""The configuration of a blog whose state is `shared`."""


def shared(blog: Blog) -> None:
    """Let `blog` have a bare remote beside it, origin.git, with its branch."""
    run_git(blog.root.parent, "clone", "--quiet", "--bare", str(blog.root), "origin.git")
    blog.git("remote", "add", "origin", str(blog.root.parent / "origin.git"))


def clone(blog: Blog, name: str) -> Blog:
    """Return a fresh machine at the same remote and the same sites."""
    other = copy(blog)
    other.root = blog.root.parent / name
    run_git(blog.root.parent, "clone", "--quiet", "origin.git", name)
    return other


def synced_pair(root: Path) -> Blog:
    """A blog whose posts A and B are on its site."""
    blog = Blog(root)
    for name in "ab":
        blog.write(f"posts/{name}.md", post(name.upper()))
    blog.commit()
    blog.run()
    return blog


def examined(blog: Blog, *, mend: bool = True) -> list[Finding]:
    """What `gitsync doctor` finds."""
    return list(examine(Project.open(blog.root), mend=mend))


MakeBlog = Callable[..., Blog]

"""Somebody else's connector: a distribution of its own, installed beside gitsync, found and proved as ours are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CONNECTOR = '''
"""A notebook: posts in a dictionary of this process."""

from dataclasses import dataclass, field, replace
from itertools import count

from gitsync.connector import Capabilities, Setting
from gitsync.errors import Forged, NotFound, Rejected, Stale
from gitsync.model import Account, Record, digest


@dataclass
class Pages:
    posts: dict = field(default_factory=dict)
    ids: object = field(default_factory=lambda: count(1))


SHELF = {}


class Notebook:
    settings = {"owner": Setting(type=str, help="whose notebook it is", required=True)}
    capabilities = Capabilities(
        fields=frozenset({"title", "tags", "status"}), conditional=True, revision_hash=True, max_tags=3
    )

    def __init__(self, settings):
        self._owner = settings.options["owner"]
        self._pages = SHELF.setdefault(settings.url, Pages())

    def whoami(self):
        return Account(name=self._owner)

    def project(self, post):
        held = {name: None for name in ("slug", "description", "series", "cover", "canonical_url", "date", "updated")}
        status = "published" if post.status in (None, "published") else "draft"
        tags = tuple(post.tags or ())[:3] or None
        return post.with_fields({**held, "authors": None, "lang": None, "tags": tags, "status": status})

    def problems(self, post):
        return []

    def scan(self, since=None):
        yield from map(self._record, list(self._pages.posts))

    def fetch(self, id):
        if id not in self._pages.posts:
            raise NotFound(f"There is no page {id}.")
        return self._record(id)

    def fetch_many(self, ids):
        yield from (self._record(id) for id in ids if id in self._pages.posts)

    def find(self, post):
        yield from (record for record in self.scan() if record.post.title == post.title)

    def create(self, post):
        id = str(next(self._pages.ids))
        self._pages.posts[id] = post
        return self._record(id)

    def update(self, id, post, *, expect):
        if self.fetch(id).revision != expect:
            raise Stale(f"Page {id} has moved.")
        self._pages.posts[id] = post
        return self._record(id)

    def delete(self, id, *, expect):
        if self.fetch(id).revision != expect:
            raise Stale(f"Page {id} has moved.")
        del self._pages.posts[id]

    def upload(self, asset):
        raise Rejected("A notebook takes no files.")

    def events(self, headers, body):
        raise Forged("A notebook does not call.")

    def close(self):
        pass

    def _record(self, id):
        post = self._pages.posts[id]
        return Record(id=id, revision=digest(post), post=replace(post))
'''

TESTS = """
from pathlib import Path
from uuid import uuid4

import pytest
from notebook_cms import SHELF, Notebook

from gitsync.connector import SiteSettings
from gitsync.testing import Bench, Conformance


class TestNotebook(Conformance):
    @pytest.fixture
    def bench(self):
        url = str(uuid4())

        def connect():
            return Notebook(
                SiteSettings(
                    name="n", platform="notebook", url=url, root=Path(), options={"owner": "me"}, secret=lambda _: ""
                )
            )

        def edit(id, changes):
            SHELF[url].posts[id] = SHELF[url].posts[id].with_fields(changes)

        return Bench(connect=connect, edit=edit)
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """Return the environment in which the distribution is installed: its module and what it says of itself."""
    folder = tmp_path / "installed"
    said = folder / "notebook_cms-1.0.dist-info"
    said.mkdir(parents=True)
    (folder / "notebook_cms.py").write_text(CONNECTOR, encoding="utf-8")
    (said / "METADATA").write_text("Metadata-Version: 2.1\nName: notebook-cms\nVersion: 1.0\n", encoding="utf-8")
    (said / "entry_points.txt").write_text("[gitsync.connectors]\nnotebook = notebook_cms:Notebook\n", encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "80"}


def run(command: list[str], cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, encoding="utf-8", check=False)


def test_a_connector_of_another_distribution_is_found_and_keeps_every_law(
    tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    (tmp_path / "test_notebook.py").write_text(TESTS, encoding="utf-8")
    told = run([sys.executable, "-m", "gitsync", "site", "capabilities"], tmp_path, elsewhere)
    assert "notebook" in told.stdout.splitlines()[0].split(), told.stderr
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "test_notebook.py"]
    proved = run(command, tmp_path, elsewhere)
    assert proved.returncode == 0, proved.stdout[-3000:]
    assert "passed" in proved.stdout


def test_a_setting_that_it_needs_is_asked_for(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    (tmp_path / "gitsync.toml").write_text('[sites.n]\nplatform = "notebook"\n', encoding="utf-8")
    told = run([sys.executable, "-m", "gitsync", "site", "test"], tmp_path, elsewhere)
    assert told.returncode == 2
    assert "lacks owner. Add owner: whose notebook it is" in told.stdout

"""Tags and categories: WordPress speaks of them by number, people by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gitsync.errors import Malformed
from gitsync_connectors.wordpress_api import PAGE, Api, TermExists
from gitsync_connectors.wordpress_posts import term_name


class Terms:
    """The terms of one taxonomy, asked for when they are needed and remembered. Names differ not by case."""

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = path
        self._names: dict[int, str] = {}
        self._ids: dict[tuple[str, int], int] = {}

    def load(self, ids: Collection[int]) -> None:
        """Ask for the names of those `ids` that are not known yet, a hundred at a time."""
        wanted = sorted({id for id in ids if isinstance(id, int)} - self._names.keys())
        for start in range(0, len(wanted), PAGE):
            some = ",".join(map(str, wanted[start : start + PAGE]))
            for term in self._api.get(self._path, include=some, per_page=PAGE, _fields="id,name,parent"):
                self._remember(term)

    def name(self, id: int) -> str:
        """Return the name of the term `id`; "" for one that is gone."""
        if id not in self._names:
            self.load([id])
        return self._names.setdefault(id, "")

    def id(self, path: str) -> int:
        """Return the id of the term called `path`, "Parent/Child" where terms nest, which is created when missing."""
        nests = self._path == "/categories"
        parent = 0
        for name in path.split("/") if nests else [path]:
            parent = self._one(name.strip(), parent)
        return parent

    def _one(self, name: str, parent: int) -> int:
        key = (name.casefold(), parent)
        if key not in self._ids:
            for term in self._api.get(self._path, search=name, per_page=PAGE, _fields="id,name,parent"):
                self._remember(term)
        if key not in self._ids:
            said: dict[str, Any] = {"name": name, **({"parent": parent} if parent else {})}
            try:
                self._remember(self._api.send("POST", self._path, said))
            except TermExists as there:
                if not isinstance(there.id, int):
                    raise
                # Another run made it just now, or its name differs by what the search does not find.
                self._ids[key] = there.id
        return self._ids[key]

    def _remember(self, term: Any) -> None:
        if not isinstance(term, dict) or not isinstance(term.get("id"), int):
            raise Malformed("WordPress listed something that is not a term.", "Check `url` in gitsync.toml.")
        name = term_name(term.get("name"))
        self._names[term["id"]] = name
        self._ids.setdefault((name.casefold(), int(term.get("parent") or 0)), term["id"])

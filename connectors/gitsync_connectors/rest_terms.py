"""Tags and authors that are records of their own: a post holds their ids, and people know their names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from gitsync.errors import ConfigError, Malformed, OutcomeUnknown, Unreachable
from gitsync_connectors.rest_options import Options
from gitsync_connectors.rest_paths import Reader, item, reader
from gitsync_connectors.rest_requests import Endpoint, endpoint_of

NAME: Final = "name || title || label || slug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Where the terms are listed and made: `[fields.tags.lookup]` has list, create, id, name, and key for a new one."""

    list: Endpoint
    create: Endpoint | None
    id: Reader
    name: Reader
    key: str


def lookup(table: Options) -> Lookup | None:
    """Return what a field's `lookup` says, None where there is none. Raises ConfigError."""
    if not table:
        return None
    place = f"[{table.place}]"
    listing, create = table.take("list"), table.take("create")
    if listing is None:
        raise table.wrong("lacks list.", 'Say where all of them are listed, like list = "GET /tags".')
    found = Lookup(
        list=endpoint_of(table, "list", listing),
        create=endpoint_of(table, "create", create) if create is not None else None,
        id=reader(table.text("id", "id"), f"{place} id"),
        name=reader(table.text("name", NAME), f"{place} name"),
        key=table.text("key", "name"),
    )
    table.end()
    return found


class Terms:
    """The terms of one field, read once, when the first is asked for. `pages` yields the records of a listing.

    `send` makes a request of its endpoint, the new record, and its name for the slot of that name.
    """

    def __init__(self, how: Lookup, site: str, pages: Callable[[Endpoint], Any], send: Callable[..., Any]):
        self._how, self._site, self._pages, self._send = how, site, pages, send
        self._names: dict[str, str] = {}
        self._ids: dict[str, Any] = {}

    def name(self, id: Any) -> str | None:
        """Return the name of a term; a term that is shown whole names itself."""
        if isinstance(id, dict):
            return _text(self._how.name(id))
        if id is None:
            return None
        if str(id) not in self._names:
            self._read()
        return self._names.get(str(id))

    def id(self, name: str) -> Any:
        """Return the id of a term, which is made where there is none of this name. Raises ConfigError, SiteError."""
        if name.casefold() not in self._ids:
            self._read()
        if name.casefold() not in self._ids:
            self._make(name)
        return self._ids[name.casefold()]

    def _read(self) -> None:
        for found in self._pages(self._how.list):
            self._keep(found)

    def _keep(self, found: Any) -> bool:
        id, name = self._how.id(found), _text(self._how.name(found))
        if id is None or name is None:
            return False
        self._names[str(id)] = name
        self._ids.setdefault(name.casefold(), id)
        return True

    def _make(self, name: str) -> None:
        if self._how.create is None:
            hint = 'Make it there, or declare create in its lookup, like create = "POST /tags".'
            raise ConfigError(f"{self._site} has no {name!r} among its terms.", hint)
        try:
            value = self._send(self._how.create, {self._how.key: name}, name)
        except (OutcomeUnknown, Unreachable) as error:
            # No post has been sent yet, so nothing has to be looked for: the next run finds the term, or makes it.
            raise Unreachable(error.message, "Sync again.") from None
        found = item(value, None, lambda one: _text(self._how.id(one)))
        if not (found and self._keep({**found})) or name.casefold() not in self._ids:
            self._read()
        if name.casefold() not in self._ids:
            raise Malformed(f"{self._site} made {name!r} and does not list it.", "Correct the lookup's id and name.")


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None

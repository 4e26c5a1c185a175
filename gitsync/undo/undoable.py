"""What a site can take back, and what it cannot: told before anything is tried."""

from __future__ import annotations

from dataclasses import dataclass

from gitsync.config import Policy
from gitsync.connector import Capabilities
from gitsync.events import Action
from gitsync.undo.wishes import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What will be done on the site, and in one sentence what of it cannot be as it was; `code` 1 where nothing can."""

    action: Action
    reason: str = ""
    code: int | None = None


def foretold(wish: Wish, capabilities: Capabilities, policy: Policy) -> Foretold:
    """Return what becomes of the site's copy."""
    match wish.kind:
        case "forget":
            return Foretold(action="skip", reason=f"was imported: the file goes, {wish.site} keeps its post.")
        case "withdraw":
            return _withdrawn(wish.site, capabilities, policy)
        case "return":
            return _returned(wish, capabilities)
        case "restore":
            return _restored(wish, capabilities)


def _withdrawn(site: str, has: Capabilities, policy: Policy) -> Foretold:
    if policy.delete == "ignore":
        return Foretold(action="skip", reason=f"stays on {site}, by policy.")
    if policy.delete == "delete" and has.delete:
        return Foretold(action="delete")
    if has.unpublish:
        why = "" if has.delete else f": {site} cannot delete posts"
        return Foretold(action="unpublish", reason=f"stays there as a draft{why}.")
    hint = 'set [policy] delete = "delete"' if has.delete else "remove it there by hand"
    return Foretold(action="skip", reason=f"stays: {site} cannot hide a post; {hint}.", code=1)


def _returned(wish: Wish, has: Capabilities) -> Foretold:
    match wish.post.record.state:
        case "ignored":
            return Foretold(action="skip", reason=f"the file comes back; {wish.site} has its post still.")
        case "unpublished" if has.update:
            return Foretold(action="update", reason="is published again under its id.")
        case "unpublished":
            return Foretold(action="skip", reason=f"stays as it is: {wish.site} cannot change a post.", code=1)
        case _:
            return Foretold(
                action="create", reason=f"{wish.site} has it no more: it gets a new id and perhaps address."
            )


def _restored(wish: Wish, has: Capabilities) -> Foretold:
    if not has.update:
        return Foretold(action="skip", reason=f"stays as it is: {wish.site} cannot change a post.", code=1)
    before = wish.post.before if wish.post.before is not None else wish.post.first
    sticking = [
        name
        for name in ("slug", "date")
        if before.remote is not None
        and wish.post.after.remote is not None
        and name in has.fields
        and before.remote.get(name) != wish.post.after.remote.get(name)
    ]
    reason = f"its {' and '.join(sticking)} may stay, where {wish.site} keeps the first." if sticking else ""
    return Foretold(action="update", reason=reason)

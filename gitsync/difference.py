"""What a plan would change, in words: there by a push, here by a pull."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gitsync.engine.incoming import Edit, Incoming
from gitsync.engine.planning import Plan
from gitsync.engine.projection import Projection, project, view
from gitsync.engine.pushing import Outgoing, Write
from gitsync.engine.reconcile import moved_fields
from gitsync.errors import InvalidContent
from gitsync.model import FIELDS, Post, Value
from gitsync.repository import Oid
from gitsync.state.intents import Operation as Op


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One post as it is and as it would be. `fields` and body of `before` and `after` are what differs; None: no post.

    direction  "push" changes the site, "pull" the file
    action     what is done there, or "pull"
    fields     names of the fields that differ, with the value before and after
    """

    site: str
    path: str
    direction: Literal["push", "pull"]
    action: Op | Literal["pull"]
    fields: Mapping[str, tuple[Value, Value]]
    before: Post | None
    after: Post | None


def differences(plan: Plan) -> Iterator[Difference]:
    """Yield what each site would bring in, then what each would be sent, in the order in which it would happen."""
    held: dict[str, Oid | None] = {}
    for incoming in plan.incomings:
        for edit in (*incoming.edits, *incoming.proposed):
            yield from _pulled(incoming, edit, held)
    for outgoing in plan.outgoings:
        for write, projection in projections(plan, outgoing):
            yield _pushed(outgoing.incoming, write, projection)


def projections(plan: Plan, outgoing: Outgoing) -> Iterator[tuple[Write, Projection | None]]:
    """Yield each write with what would be sent; None for a post that is taken off the site."""
    incoming = outgoing.incoming
    overlay, site = plan.overlay, incoming.reading.site
    sends = {w.subject.path: w.subject.oid for w in outgoing.writes if w.op in ("create", "update")}
    writes = {write.subject.path: write for write in outgoing.writes}
    for path, content in overlay.read_all((path, oid) for path, oid in sends.items() if oid is not None):
        file = overlay.project.read(path, content)
        post = view(file, site.name, site.status)
        yield writes[path], project(post, path, incoming.addresses.place, incoming.reading.online)
    for write in outgoing.writes:
        if write.op not in ("create", "update"):
            yield write, None


def _pushed(incoming: Incoming, write: Write, projection: Projection | None) -> Difference:
    subject = write.subject
    shown = subject.theirs.post if subject.theirs is not None else subject.entry.remote
    before = None if write.op == "create" else shown or Post()
    after = projection.post if projection is not None else None
    if write.op == "unpublish" and before is not None:
        after = before.with_fields({"status": "draft"})
    fields = _fields(before, after, incoming.reading.capabilities.fields)
    if write.op == "update":
        # What the file leaves open is the platform's own affair, unless the file said it before.
        said = _base(incoming, write)
        fields = {name: pair for name, pair in fields.items() if pair[1] is not None or said.get(name) is not None}
    return Difference(
        site=subject.site,
        path=subject.path,
        direction="push",
        action=write.op,
        fields=fields,
        before=before,
        after=after,
    )


def _base(incoming: Incoming, write: Write) -> Post:
    overlay, entry = incoming.addresses.overlay, write.subject.entry
    if entry.base is None:
        return Post()
    return view(overlay.project.read(entry.path, overlay.read(entry.base)), incoming.reading.name)


def _pulled(incoming: Incoming, edit: Edit, held: dict[str, Oid | None]) -> Iterator[Difference]:
    overlay = incoming.addresses.overlay
    missing = [path for path in edit.files if path not in held]
    at_head = overlay.project.repository.lookup(overlay.head, missing) if missing else {}
    for path, oid in edit.files.items():
        old = held[path] if path in held else at_head.get(path)
        held[path] = oid
        before, after = _post(incoming, path, old), _post(incoming, path, oid)
        yield Difference(
            site=edit.site,
            path=path,
            direction="pull",
            action="pull",
            fields=_fields(before, after, frozenset(FIELDS)),
            before=before,
            after=after,
        )


def _post(incoming: Incoming, path: str, oid: Oid | None) -> Post | None:
    if oid is None:
        return None
    overlay = incoming.addresses.overlay
    try:
        return overlay.project.read(path, overlay.read(oid)).post
    except InvalidContent:  # a file that was broken before; that it is mended shows in what it is now
        return None


def _fields(before: Post | None, after: Post | None, held: frozenset[str]) -> dict[str, tuple[Value, Value]]:
    one, other = before or Post(), after or Post()
    if after is None:
        return {}
    return {name: (one.get(name), value) for name, value in moved_fields(one, other, held).items() if name != "body"}

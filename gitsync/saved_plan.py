"""A plan on disk: what was to be done, bound to what the repository and the sites were when it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from gitsync.bounded_json import loads
from gitsync.difference import projections
from gitsync.engine.incoming import Incoming
from gitsync.engine.planning import Plan
from gitsync.engine.pushing import Outgoing, Write
from gitsync.errors import Moved, Refused, RepositoryError, UsageError
from gitsync.ledger import Ledger
from gitsync.project import Project
from gitsync.state.records import result_to_json

FORMAT = 1
AGAIN = "Look at it again: gitsync plan."


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One thing that a plan does. `digest` is a hash of all there is to know of it; no content is kept.

    action    create, update, delete or unpublish on the site; commit in the branch; record in the ledger
    revision  the revision that the site showed of the post, "" where none was needed
    """

    site: str
    action: str
    path: str
    id: str | None
    revision: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """`head` is the commit that was planned from, `ledgers` maps each site, in order, to the tip of its ledger."""

    head: str
    ledgers: Mapping[str, str | None]
    allow: frozenset[str] = frozenset()
    operations: tuple[Planned, ...] = field(default=())


def describe(plan: Plan, *, allow: frozenset[str] = frozenset()) -> SavedPlan:
    """Return what a plan that can still be read would do."""
    operations: list[Planned] = []
    for incoming, outgoing in zip(plan.incomings, plan.outgoings, strict=True):
        operations += [*_incoming(incoming), *_outgoing(plan, outgoing)]
    ledgers = {incoming.reading.name: incoming.reading.ledger.tip for incoming in plan.incomings}
    return SavedPlan(head=plan.overlay.head, ledgers=ledgers, allow=allow, operations=tuple(operations))


def _incoming(incoming: Incoming) -> Iterator[Planned]:
    site = incoming.reading.name
    for edit in (*incoming.edits, *incoming.proposed):
        for path, oid in edit.files.items():
            yield Planned(site=site, action="commit", path=path, id=None, revision="", digest=_hash(edit.subject, oid))
    for result in incoming.results:
        yield Planned(
            site=site, action="record", path=result.path, id=None, revision="", digest=_hash(result_to_json(result))
        )


def _outgoing(plan: Plan, outgoing: Outgoing) -> Iterator[Planned]:
    for write, projection in projections(plan, outgoing):
        subject, known = write.subject, write.subject.entry.record
        sent = projection.digest if projection is not None else ""
        yield Planned(
            site=subject.site,
            action=write.op,
            path=subject.path,
            id=known.id if known is not None else None,
            revision=_revision(outgoing.incoming, write),
            digest=_hash(subject.oid, subject.step.value, sent),
        )


def _revision(incoming: Incoming, write: Write) -> str:
    subject, known = write.subject, write.subject.entry.record
    if subject.theirs is not None:
        return subject.theirs.revision
    if known is None:
        return ""
    reading = incoming.reading
    return dict(reading.moved).get(known.id) or reading.index.revision_of(known.id) or known.revision


def _hash(*values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def dump(plan: SavedPlan) -> str:
    """Return the file for `plan`."""
    said = {
        "gitsync-plan": FORMAT,
        "head": plan.head,
        "ledgers": dict(plan.ledgers),
        "allow": sorted(plan.allow),
        "operations": [asdict(operation) for operation in plan.operations],
    }
    return json.dumps(said, indent=1) + "\n"


def load(text: str, *, name: str) -> SavedPlan:
    """Return the plan that `dump` wrote. Raises UsageError."""
    try:
        said: Mapping[str, Any] = loads(text)
        if said["gitsync-plan"] != FORMAT:
            raise UsageError(f"{name} was written by another version of gitsync.", "Make it again: gitsync plan --out.")
        return SavedPlan(
            head=str(said["head"]),
            ledgers=dict(said["ledgers"]),
            allow=frozenset(said["allow"]),
            operations=tuple(Planned(**operation) for operation in said["operations"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{name} is no plan of gitsync.", "Make one: gitsync plan --out FILE.") from None


def check_repository(project: Project, saved: SavedPlan) -> None:
    """Refuse the plan when the repository is not where it was; no site is asked. Raises Refused, ConfigError."""
    if project.head() != saved.head:
        raise Refused("The branch has moved since the plan was made; nothing was done.", AGAIN)
    for site, tip in saved.ledgers.items():
        project.config.choose([site])
        # A shared ledger may have been planned from further on than the copy that is here: the run takes it in.
        if project.config.state.remote is None and Ledger(project.repository, site).tip != tip:
            raise Refused(f"{site} was synced since the plan was made; nothing was done.", AGAIN)


class Approval:
    """Lets a run go on only as `saved` says: give it to Run as `agree`.

    Raises Refused when the first plan is another one, and nothing was done yet. Should a site move while the plan is
    carried out, what is left is not planned anew: Moved.
    """

    def __init__(self, saved: SavedPlan) -> None:
        self._saved = saved
        self._begun = False

    def __call__(self, plan: Plan) -> None:
        if plan.failures:
            said = getattr(plan.failures[0], "message", "A site could not be read.")
            if not self._begun:
                raise RepositoryError(f"{said} Nothing was done.", "Try again when the site answers.")
        now = describe(plan, allow=self._saved.allow)
        if self._begun:
            self._check_rest(now)
            return
        self._begun = True
        if now.operations == self._saved.operations and dict(now.ledgers) == dict(self._saved.ledgers):
            return
        raise Refused(f"{_what_differs(self._saved, now)}; nothing was done.", AGAIN)

    def _check_rest(self, now: SavedPlan) -> None:
        approved = {replace(it, revision="") for it in self._saved.operations}
        for it in now.operations:
            if it.action != "record" and replace(it, revision="") not in approved:
                raise Moved(
                    f"{it.path} changed on {it.site} while the plan was carried out; it was left as it is.",
                    "Make another plan for what is left: gitsync plan.",
                )


def _what_differs(saved: SavedPlan, now: SavedPlan) -> str:
    for before, after in ((saved, now), (now, saved)):
        rest = set(after.operations)
        for it in before.operations:
            if it not in rest:
                return f"{it.path} on {it.site} is not as it was when the plan was made"
    return "The plan would be carried out in another order"

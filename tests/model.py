"""The algorithm without git, files or HTTP: one post on several sites, its life cycle and its decision table.

It is documentation that runs. A text is a row of places, each with a word or none; a site holds only the first few of
them. A sync is a generator that yields after every step that outlives the process: to kill it is to stop asking it.

    python -m tests.long_run --machine model --seconds 60
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

Text = tuple[str, ...]
Conflict = tuple[Text | None, Text | None, Text | None, Text | None]
"""Base, our side, the base with the site's edit in it, and what the site showed."""

PLACES = 4
LAG = 3
"""How many ticks a site may show an old version after a write of ours."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a decision is made from. None: no such version; `record` is "live", "let go" or None."""

    base: Text | None
    ours: Text | None
    remote: Text | None
    theirs: Text | None
    record: str | None


def decide(facts: Facts) -> str:
    """Return the name of the step: the whole table, in words."""
    base, ours, remote, theirs = facts.base, facts.ours, facts.remote, facts.theirs
    if facts.record is None:  # nobody linked anything yet
        if ours is None:
            return "nothing" if theirs is None else "import"
        return "create" if theirs is None else "match"
    back = theirs is not None and theirs != remote
    if facts.record == "let go":
        if ours is None:
            return "report" if back else "nothing"
        return "match" if back else "revive"
    if theirs is None:  # the site has it no longer
        if ours is None:
            return "entomb"
        if base is None:
            return "create"
        return "lost" if ours == base else "conflict"
    if base is None:  # agreed on in another history than this one: offered again, never pushed over
        return "import" if ours is None else "match"
    if ours is None:
        return "conflict" if theirs != remote else "remove"
    if ours == base:
        return "nothing" if theirs == remote else "pull"
    return "push" if theirs == remote else "merge"


def merge(base: Text, ours: Text, theirs: Text) -> Text | None:
    """Merge place by place; None: both sides changed one place differently."""
    merged = []
    for b, o, t in zip(base, ours, theirs, strict=True):
        if o != t and b not in (o, t):
            return None
        merged.append(t if o == b else o)
    return tuple(merged)


def carry(base: Text, remote: Text, shown: Text) -> Text:
    """Return `base` with what changed on the site; what the site cannot hold stays as it is."""
    changed = tuple(b if r == s else s for b, r, s in zip(base, remote, shown, strict=False))
    return changed + base[len(changed) :]


@dataclass(slots=True)
class Site:
    """`versions` are (tick, text) of each post by id, the newest last; None: it was taken off."""

    holds: int
    versions: dict[int, list[tuple[int, Text | None]]] = field(default_factory=dict)

    def now(self) -> dict[int, Text]:
        return {id: rows[-1][1] for id, rows in self.versions.items() if rows[-1][1] is not None}

    def listed(self, tick: int) -> dict[int, Text]:
        """Return what a reader sees: writes of the last ticks are not there yet."""
        seen = {id: [text for at, text in rows if at <= tick] for id, rows in self.versions.items()}
        return {id: texts[-1] for id, texts in seen.items() if texts and texts[-1] is not None}


@dataclass(slots=True)
class Ledger:
    """What one site and the repository last agreed on; `intent` is (kind, blob, sent, tick) of an unfinished write."""

    id: int | None = None
    state: str | None = None
    base: Text | None = None
    remote: Text | None = None
    written: int = -LAG
    old: tuple[Text | None, ...] = ()  # what our own writes replaced: soon after one, that is no edit
    conflict: Conflict | None = None
    intent: tuple[str, Text | None, Text | None, int] | None = None


class World:
    """One file (None: there is none), some sites, and a memory of every word that nobody took out."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.tick = 0
        self.alive: set[str] = set()
        self.decided: set[str] = set()  # words that a decision may have brought back
        self.sites = [Site(holds=chance.choice([2, 3, PLACES])) for _ in range(chance.choice([1, 2, 3]))]
        self.ledgers = [Ledger() for _ in self.sites]
        self.head: Text | None = None

    def sync(self, *, lose: float = 0.0) -> Iterator[str]:
        """Read everything, commit what the sites brought, record it, and only then write; yields after each step.

        `lose` is how likely the answer to a write is lost, and then whether it was stored.
        """
        head, agreed, owed = self.head, {}, []
        for number, (site, ledger) in enumerate(zip(self.sites, self.ledgers, strict=True)):
            if not self._recovered(site, ledger):
                yield "recovered" if ledger.intent is None else ""
            if ledger.intent is not None:
                continue  # it may still arrive: nothing is sent again until that is sure
            theirs, base, remote = self._read(site, ledger), ledger.base, ledger.remote
            if ledger.conflict is not None:
                head, over = self._decided(ledger.conflict, head)
                if not over:
                    continue
                _, _, base, remote = ledger.conflict
                agreed[number] = (base, remote, None)
            step = decide(Facts(base, head, remote, theirs, ledger.state))
            if step in ("pull", "merge") and head and theirs and base and remote:
                brought = carry(base, remote, theirs)
                merged = merge(base, head, brought)
                if merged is None:
                    agreed[number] = (base, remote, (base, head, brought, theirs))
                    continue
                # What else the file says is an edit of ours until it is sent: the site's next one may collide with it.
                head = merged
                agreed[number] = (brought, theirs, None)
            elif step == "conflict":
                brought = None if theirs is None else carry(base or (), remote or (), theirs)
                agreed[number] = (base, remote, (base, head, brought, theirs))
                continue
            elif step in ("match", "import", "lost", "entomb", "report"):
                raise AssertionError(f"{step}: nobody does that to these sites")
            owed.append(number)
        if head != self.head:
            # Until it is recorded, it looks like an edit of ours: what the site takes back meanwhile is sent again.
            self.decided |= set(head or ()) - set(self.head or ())
            self.head = head
            yield "committed"
        for number, (base, remote, conflict) in agreed.items():
            ledger = self.ledgers[number]
            if (ledger.base, ledger.remote, ledger.conflict) != (base, remote, conflict):
                ledger.base, ledger.remote, ledger.conflict = base, remote, conflict
                yield "agreed"
        for number in owed:
            yield from self._write(self.sites[number], self.ledgers[number], lose)

    def _read(self, site: Site, ledger: Ledger) -> Text | None:
        """Return what the site shows, unless it is only an old copy of what we replaced lately."""
        shown = None if ledger.id is None else site.listed(self.tick - LAG).get(ledger.id)
        lately = self.tick - ledger.written < LAG
        return ledger.remote if lately and shown in ledger.old else shown

    def _recovered(self, site: Site, ledger: Ledger) -> bool:
        """Find out what became of a write that nobody answered; say whether there was none."""
        if ledger.intent is None:
            return True
        kind, blob, sent, at = ledger.intent
        listed = site.listed(self.tick - LAG)
        id = next(iter(listed), None) if kind == "create" else ledger.id
        shown = None if id is None else listed.get(id) if kind == "create" else self._read(site, ledger)
        # It shows what was sent: it arrived. Where there was nothing before, whatever is there is it, edited or not.
        if shown is not None if kind in ("create", "revive") else shown == sent:
            ledger.id = id
            self._recorded(ledger, kind, blob, sent, at)
        elif self.tick - at >= LAG:
            # Surely not: it is as before; or somebody edited it, which is merged, and a word that only the lost request
            # had brought is taken for one that nobody sent.
            self.decided |= set(sent or ())
            ledger.intent = None
        return False

    def _decided(self, conflict: Conflict, head: Text | None) -> tuple[Text | None, bool]:
        """Say whether a conflict is over: both merge after all, or each place they collided in is another now.

        What the site changed in other places is nothing that anybody decided on: it is merged.
        """
        base, ours, theirs, _ = conflict
        if head is None or theirs is None or base is None:
            over = head != ours
        else:
            rows = list(zip(base, ours or head, theirs, head, strict=True))
            collide = [o != t and b not in (o, t) for b, o, t, _ in rows]
            over = merge(base, head, theirs) is not None or ours is None
            over = over or all(h != o for (_, o, _, h), it in zip(rows, collide, strict=True) if it)
            if over:
                self.alive -= {t for (b, _, t, h) in rows if h != t and b not in (h, t)}  # written over, as it was seen
                head = tuple(t if h == b else h for b, _, t, h in rows)
        if over:
            self.decided |= set(theirs or ())
            self.alive -= set(theirs or ()) if head is None else set()
        return head, over

    def _write(self, site: Site, ledger: Ledger, lose: float) -> Iterator[str]:
        wanted = None if self.head is None else self.head[: site.holds]
        if ledger.state != "live":
            if wanted is None:
                return
            kind = "create" if ledger.id is None else "revive"
        else:
            kind = "remove" if wanted is None else "update"
        if ledger.state == "live" and wanted == ledger.remote:
            ledger.base = self.head  # the site cannot hold what changed
            return
        blob, sent = self.head, wanted
        ledger.intent = (kind, blob, sent, self.tick)
        yield f"intent to {kind}"
        lost = self.chance.random() < lose
        if not lost or self.chance.random() < 0.5:
            id = len(site.versions) + 1 if ledger.id is None else ledger.id
            site.versions.setdefault(id, []).append((self.tick, sent))
            yield f"{kind} arrived"
        if lost:
            return
        ledger.id = id
        self._recorded(ledger, kind, blob, sent, self.tick)
        yield f"{kind} recorded"

    def _recorded(self, ledger: Ledger, kind: str, blob: Text | None, sent: Text | None, at: int) -> None:
        ledger.written, ledger.old = at, (ledger.remote, *ledger.old)
        ledger.base, ledger.remote, ledger.intent = blob, sent, None
        ledger.state = "let go" if kind == "remove" else "live"

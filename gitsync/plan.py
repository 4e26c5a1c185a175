"""The decision table: what happens to one post on one site. Pure, and the whole of it in one place.

`Ours` is the repository against the base; `Theirs` is the site against what it stored at the last agreement. Every
pair that can occur has a row; `decide` of any other pair is a programming error and says so.
"""

from __future__ import annotations

from enum import Enum


class Ours(Enum):
    """The file in HEAD against the base of the last agreement."""

    SAME = "same"
    CHANGED = "changed"
    """The file differs, or what the site was sent is owed or outdated."""
    NEW = "new"
    """A file without a base, selected for this site."""
    DELETED = "deleted"
    DESELECTED = "deselected"
    """The file is there but names other sites."""
    ABSENT = "absent"
    """No file, and none was ever agreed on."""
    TOMBSTONE = "tombstone"
    """No file; the record was deleted, unpublished, gone or ignored before."""


class Theirs(Enum):
    """The record on the site against the one in the ledger."""

    SAME = "same"
    CHANGED = "changed"
    NEW = "new"
    """A record that nobody claims; with a file, one that matches it."""
    GONE = "gone"
    """Not in a complete scan, and a fetch says it does not exist."""
    ABSENT = "absent"
    """The site never had it."""
    TOMBSTONE = "tombstone"


class Step(Enum):
    """What to do with one post on one site."""

    NOTHING = "nothing"
    PUSH = "push"
    """Send the projection, if the site does not show it already."""
    PULL = "pull"
    """Carry the site's edit into the file; merging is the same work with an edit of ours in it."""
    MERGE = "merge"
    CREATE = "create"
    IMPORT = "import"
    MATCH = "match"
    """A file and a record that nobody linked: agree if equal, else find a base, else a conflict."""
    REVIVE = "revive"
    """Publish the same id again."""
    REMOVE = "remove"
    """Delete or unpublish by policy, behind the guard."""
    ENTOMB = "entomb"
    """Both sides let go of it: remember the id."""
    LOST = "lost"
    """The site lost a post that nobody deleted here."""
    CONFLICT = "conflict"
    """One side deleted what the other edited."""
    REPORT = "report"


TABLE: dict[tuple[Ours, Theirs], Step] = {
    (Ours.SAME, Theirs.SAME): Step.NOTHING,
    (Ours.SAME, Theirs.CHANGED): Step.PULL,
    (Ours.SAME, Theirs.GONE): Step.LOST,
    (Ours.CHANGED, Theirs.SAME): Step.PUSH,
    (Ours.CHANGED, Theirs.CHANGED): Step.MERGE,
    (Ours.CHANGED, Theirs.GONE): Step.CONFLICT,
    (Ours.NEW, Theirs.ABSENT): Step.CREATE,
    (Ours.NEW, Theirs.NEW): Step.MATCH,
    (Ours.NEW, Theirs.SAME): Step.MATCH,  # a claimed record whose base is not in this history: a reset, a rebase
    (Ours.NEW, Theirs.CHANGED): Step.MATCH,
    (Ours.NEW, Theirs.GONE): Step.CREATE,
    (Ours.NEW, Theirs.TOMBSTONE): Step.REVIVE,
    (Ours.ABSENT, Theirs.NEW): Step.IMPORT,
    (Ours.ABSENT, Theirs.SAME): Step.IMPORT,  # its file was reset away: offered again, never pushed over
    (Ours.ABSENT, Theirs.CHANGED): Step.IMPORT,
    (Ours.ABSENT, Theirs.GONE): Step.ENTOMB,
    (Ours.DELETED, Theirs.SAME): Step.REMOVE,
    (Ours.DELETED, Theirs.CHANGED): Step.CONFLICT,
    (Ours.DELETED, Theirs.GONE): Step.ENTOMB,
    (Ours.DESELECTED, Theirs.SAME): Step.REMOVE,
    (Ours.DESELECTED, Theirs.CHANGED): Step.CONFLICT,
    (Ours.DESELECTED, Theirs.GONE): Step.ENTOMB,
    (Ours.TOMBSTONE, Theirs.SAME): Step.NOTHING,
    (Ours.TOMBSTONE, Theirs.GONE): Step.NOTHING,
    (Ours.TOMBSTONE, Theirs.CHANGED): Step.REPORT,
    (Ours.TOMBSTONE, Theirs.NEW): Step.REPORT,
}


def decide(ours: Ours, theirs: Theirs) -> Step:
    """Return the row of the table for this pair."""
    return TABLE[ours, theirs]

"""Answers to a write that speak against what was sent: the record as it was before, or another post's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gitsync.engine.incoming import Incoming
from gitsync.engine.overlay import Overlay
from gitsync.engine.projection import Projection, project, view
from gitsync.engine.reconcile import moved_fields, same_content, typed_alike
from gitsync.engine.subject import Subject
from gitsync.errors import InvalidContent, NotFound, OutcomeUnknown, Rejected, SiteError
from gitsync.model import Post, Record
from gitsync.state.intents import Intent
from gitsync.state.records import Entry, State

GONE: Final = ("deleted", "gone")
GIVEN: Final = frozenset({"slug", "date", "status", "authors", "lang"})
"""What a platform gives every post by itself: taken out of a file, it stays there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """Judges the answers that one site gives in one `run`.

    `missed` are updates that were sent before, and of which the site shows nothing: those that it answered count.
    `listed` are the ids of records that were there before, and that nobody claimed; `made` are those of new posts.
    """

    incoming: Incoming
    overlay: Overlay
    run: str
    missed: Sequence[Intent]
    listed: frozenset[str]
    made: set[str] = field(default_factory=set)

    def is_given_again(self, entry: Entry) -> bool:
        """Say whether the id of a post that is gone is another post's now, or of one that was made just now."""
        return self.incoming.reading.is_given_again(entry) or (
            entry.record is not None and entry.record.id in self.made
        )

    def insist_on_ours(self, subject: Subject, answer: Record, *, new: bool = False) -> None:
        """Raise OutcomeUnknown where an answer shows the record of another post.

        One that was listed before and is not ours is somebody else's. A platform may give a known post a new id, but
        then nothing has the old one any more; where reads are old for a while, that cannot be asked.
        """
        reading, known = self.incoming.reading, subject.entry.record
        if known is not None and answer.id in known.ids:
            return
        claim, other = reading.index.path_of_id(answer.id, now=new), None
        if claim is not None and claim[0] not in (subject.path, subject.entry.path) and self._has(claim, answer, new):
            other = claim[0]
        elif answer.id in self.made:
            other = "the id of another new post"
        elif answer.id in self.listed or (new and reading.capabilities.listed and reading.index.was_listed(answer.id)):
            other = "there already"
        elif not new and known is not None and not reading.capabilities.settles_after and self._is_there(known.id):
            other = f"nobody's, while {known.id} is still there"
        if other is not None:
            message = f"{reading.name} answered for {subject.path} with {answer.id}, which is {other}."
            raise OutcomeUnknown(message, "The next sync looks whether it arrived.")

    def _has(self, claim: tuple[str, State], answer: Record, new: bool) -> bool:
        """Say whether the post of a claim still has its id, which `answer` shows.

        A database may give the id of what was deleted to the next row, and what was brought back has another one.
        """
        path, state = claim
        if state in GONE:
            return False
        reading = self.incoming.reading
        if not new or not reading.capabilities.listed or reading.capabilities.settles_after:
            return True
        # What is hidden or let go of is not missed when it is deleted there.
        return path not in reading.gone if state == "live" else reading.index.was_listed(answer.id)

    def _is_there(self, id: str) -> bool:
        try:
            self.incoming.reading.online.fetch(id)
        except NotFound:
            return False
        except SiteError as error:
            raise OutcomeUnknown(error.message, "The next sync looks whether it arrived.") from None
        return True

    def insist_on_hidden(self, subject: Subject, before: Post, answer: Record, hidden: Post) -> None:
        """Raise OutcomeUnknown where a post that was to be hidden is still shown."""
        if answer.post is not None and answer.post.status == before.status != hidden.status:
            message = f"{self.incoming.reading.name} answered that {subject.path} is hidden, and shows it as before."
            raise OutcomeUnknown(message, "The next sync looks, and asks again.")

    def of_update(self, subject: Subject, before: Post, answer: Record, *, expect: str, sent: Projection) -> str:
        """Return what is to be told of an answer, in a sentence, or nothing.

        That all is well though nothing of an update is there is believed only when it is said in another run too: then
        this is what the site makes of such a text. It is not where the answer said that it is there, and it was not.
        Raises OutcomeUnknown, and Rejected the next time in this run.
        """
        fields = self._unheard(subject, before, answer, expect, sent.post)
        if not fields:
            return ""
        what = f"{self.incoming.reading.name} keeps its own {' and '.join(fields)}"
        answers = [it for it in self.missed if it.heard and it.path == subject.path and it.sent == sent.digest]
        runs = {it.run for it in answers}
        known = subject.entry.record
        if runs - {self.run} and (known is None or known.doubted != sent.digest):
            return f"{what}, whatever it is sent."
        raise (Rejected if runs else OutcomeUnknown)(
            f"{what}, though it answered that {subject.path} was stored.", "The next sync looks, and sends it again."
        )

    def _unheard(self, subject: Subject, before: Post, answer: Record, expect: str, sent: Post) -> Sequence[str]:
        """Return the fields that an update asked for where its answer is the record as it was `before`; else nothing.

        What the site showed already, and what only it decides about, was not asked for.
        """
        capabilities = self.incoming.reading.capabilities
        moved = answer.revision != expect and not capabilities.revision_hash
        if answer.post is None or moved or not same_content(before, answer.post, capabilities.fields):
            return ()
        moved_by = moved_fields(before, sent, capabilities.telling)
        # A site that puts its own quotes and dots into a text shows those, whatever is sent.
        missing = {name: value for name, value in moved_by.items() if not typed_alike(before.get(name), value)}
        agreed = self._agreed(subject) if missing else None
        edited = moved_fields(agreed, sent, capabilities.telling) if agreed is not None else {}
        return [
            name
            for name, value in missing.items()
            if (name in edited if edited else value) and (value or name not in GIVEN)
        ]

    def _agreed(self, subject: Subject) -> Post | None:
        """Return what the site would be sent for the version that was agreed on; None where there is none."""
        entry, reading = subject.entry, self.incoming.reading
        if entry.base is None:
            return None
        try:
            file = self.overlay.project.read(entry.path, self.overlay.read(entry.base))
        except InvalidContent:
            return None
        post = view(file, reading.name, reading.site.status)
        return project(post, entry.path, self.incoming.addresses.place, reading.online, checked=False).post

"""The site changed a post: its edit is carried into the file and merged with ours, or it is a conflict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from gitsync.document import Document
from gitsync.engine.bringing import pictures
from gitsync.engine.case import Case
from gitsync.engine.conflicts import keep, record_conflict
from gitsync.engine.projection import is_outdated, lift, project, view
from gitsync.engine.reconcile import Reconciled, came_due, owed, reconcile, rewrite, shows
from gitsync.engine.rewritten import own_earlier_text, was_rewritten
from gitsync.engine.subject import Subject, seen
from gitsync.engine.telling import in_words
from gitsync.events import Action
from gitsync.model import Post, Record
from gitsync.plan import Step


def merge(case: Case, step: Step, record: Record | None) -> Subject | None:
    """Carry the site's edit into the file, merged with ours; return what the site is owed of the outcome."""
    # A file that is as it was agreed on before may be so by an amend; a version that was only reset is no wish.
    replaced = record is not None and (step is Step.MERGE or was_rewritten(case))
    if record is not None and replaced and (earlier := own_earlier_text(case, record)) is not None:
        case.entry, untouched = earlier
        if untouched:
            return case.agree_on(case.entry, record)
    agreed = case.entry.base
    if record is None or record.post is None or case.oid is None or agreed is None:
        raise AssertionError(f"{case.path}: a merge needs three versions")
    if not case.round.pulls:
        if step is Step.MERGE:
            reason = f"changed here and on {case.site}. Run gitsync sync to merge."
            case.incoming.tell("skip", case.path, "planned", record=record, reason=reason)
            case.incoming.hold(case.path, 3)
        return None
    base, ours = case.read(agreed), case.file_or_fail()
    place = case.incoming.addresses.place
    remote0 = case.entry.remote if case.entry.remote is not None else record.post
    stored = record.post
    remote0 = came_due(remote0, stored, datetime.now(UTC))

    def outcome_with(lifted: Callable[[Post], Post]) -> Reconciled:
        return reconcile(
            base,
            ours,
            remote0,
            stored,
            site=case.site,
            default_status=case.default_status,
            fields=case.reading.capabilities.fields,
            lift=lifted,
            conflict=case.round.policy.conflict,
        )

    outcome = outcome_with(lambda post: lift(post, case.path, place))
    if step is Step.MERGE and _is_there(case, ours, remote0, stored):
        # The site has what the file says already: history was rewritten around the agreement, and a merge from an older
        # one would take for an edit what the platform left out.
        return _agree(case, step, record, base, remote0, outcome.theirs, ours.data)
    if outcome.text is None:
        subject = case.subject(step, record)
        return record_conflict(
            case.incoming,
            subject,
            ours,
            base=base,
            theirs=outcome.theirs,
            record=record,
            lift=lambda post: lift(post, case.path, place),
        )
    if outcome.text != ours.data and case.waits(record):
        return None
    text, bring = outcome.text, case.incoming.pictures
    if bring is not None and (new := pictures(stored) - pictures(remote0)):
        shown = outcome_with(lambda post: bring.localised(lift(post, case.path, place), case.path, new))
        text = text if shown.text is None else shown.text
    return _agree(case, step, record, base, remote0, outcome.theirs, text)


def _is_there(case: Case, ours: Document, remote0: Post, stored: Post) -> bool:
    """Say whether a site has what we would send, paragraph by paragraph, and nothing else that is new."""
    fields = case.reading.capabilities.telling
    post = view(ours, case.site, case.default_status)
    sent = project(post, case.path, case.incoming.addresses.place, case.reading.online).post
    open_ = (name for name in fields if sent.get(name) is None)
    return (
        shows(sent, stored, fields)
        and sent.body.strip().count("\n\n") == stored.body.strip().count("\n\n")
        and all(stored.get(name) in (None, remote0.get(name)) for name in open_)
    )


def _agree(
    case: Case, step: Step, record: Record, base: Document, remote0: Post, theirs: Post, text: bytes
) -> Subject | None:
    """Take the merged text, and find out whether the site has to be sent what became of it.

    Until it was sent, both agree on the site's edit alone (`theirs`): what else the file says is an edit of ours, with
    which the site's next one may collide.
    """
    connector = case.reading.online
    place = case.incoming.addresses.place
    changed = case.oid is None or text != case.data(case.oid)
    if changed:
        verb = "Merge" if step is Step.MERGE else "Pull"
        case.commit(text, record, f"{verb} {case.path} from {case.site}")
    sent0, sent1 = (
        project(view(file, case.site, case.default_status), case.path, place, connector)
        for file in (base, case.round.overlay.project.read(case.path, text))
    )
    stored = record.post or Post()
    has = connector.capabilities
    known = seen(case.entry.record, record)
    # Where a push is owed already, what the site showed is no answer to the base.
    push = (
        known.sent is None
        or is_outdated(known.uses, sent1.uses)
        or owed(sent0.post, remote0, sent1.post, stored, fields=has.fields, telling=has.telling)
    )
    assets = {**known.assets, **case.incoming.addresses.asset_urls(sent1.uses.assets)}
    known = replace(known, sent=None if push else sent1.digest, uses=sent1.uses, assets=assets)
    if case.entry.record is not None and case.entry.record.url != record.url and stored.status != "draft":
        case.incoming.addresses.created[case.path] = record.url
    if sent1.uses.posts:
        case.incoming.linking.add(case.path)
    subject = case.subject(step, record)
    agreed = case.oid
    if push:
        before = view(base, case.site, case.default_status)
        shown = rewrite(base, before, theirs, site=case.site, default_status=case.default_status)
        agreed = keep(case.incoming, shown)
    result = subject.result(base=agreed, remote=stored, record=known)
    case.incoming.results.append(result)
    if changed or step is Step.MERGE:
        reason = in_words(record.losses, case.round.policy, case.site)
        action: Action = "merge" if step is Step.MERGE else "pull"
        case.incoming.tell(action, case.path, "planned", record=record, reason=reason)
    return replace(subject.after(result, step=Step.PUSH, oid=case.oid), theirs=record) if push else None

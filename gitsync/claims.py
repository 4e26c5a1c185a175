"""Which record of a site is which post, where a person knows better: adopt links the two, detach lets them go."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gitsync.by_hand import Bench, Post, bench
from gitsync.connector import Connector, Meter
from gitsync.engine.incoming import Round
from gitsync.engine.meeting import meet
from gitsync.engine.projection import project as project_post
from gitsync.engine.projection import selected, view
from gitsync.engine.recovery import Recovery
from gitsync.engine.subject import seen
from gitsync.engine.survey import clean
from gitsync.errors import NotFound, Refused, UsageError
from gitsync.git import worktree
from gitsync.model import Record
from gitsync.pages import drop_page
from gitsync.plan import Step
from gitsync.project import Project
from gitsync.site import Site
from gitsync.state.records import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What became of a claim: one sentence. `agreed` is False when the two differ and somebody has to decide."""

    site: str
    path: str
    id: str
    url: str | None
    sentence: str
    agreed: bool = True
    requests: int = 0


def adopt(project: Project, site: Site, path: str, id: str, *, materialise: bool) -> Claimed:
    """Let the record `id` of `site` be the post at `path`: equal texts agree, else the base is looked for in history.

    Where none is found they are in conflict. Raises NotFound, SiteError, Refused when either belongs to another.
    """
    meter = Meter()
    connector = site.connect(meter=meter)
    try:
        with bench(project, site, connector=connector) as at:
            post = at.post(path)
            listed = connector.capabilities.listed
            _check_claim(at, post, id, again=not listed)
            try:
                record = clean(connector.fetch(id))
            except NotFound:
                raise NotFound(
                    f"{site.name} has no post {id}.", "Look its id up there, or in gitsync import --dry-run."
                ) from None
            if record.id != id:
                _check_claim(at, post, record.id, again=not listed)
            post = _release(at, post, record.id)
            if record.complete:
                _meet(at, post, record)
            else:
                _take_word(at, post, record, connector)
            conflict = next(iter(at.incoming.markers), None)
            edited = bool(at.incoming.edits)
            if edited:
                at.check_free(post.path)
            agreed = at.incoming.results[post.path].base == post.oid
    finally:
        connector.close()
    if conflict is None:
        sentence = f"{post.path} is {record.id} on {site.name} now"
        sentence += "." if agreed and not edited else "; the next sync sends what differs."
        return _claimed(site, post, record, sentence, meter)
    sentence = f"{post.path} is {record.id} on {site.name} now, and the two differ"
    if conflict.marked is not None and conflict.conflict.ours is not None and materialise:
        shown = conflict.conflict
        worktree.materialise(
            project.repository,
            post.path,
            base=shown.base,
            ours=shown.ours,
            theirs=shown.theirs,
            merged=conflict.marked,
        )
        sentence += ": edit the file and commit it"
    sentence += f", or run gitsync resolve {post.path} --ours or --theirs."
    return replace(_claimed(site, post, record, sentence, meter), agreed=False)


def _meet(at: Bench, post: Post, record: Record) -> None:
    """Compare the two: what they agree on is the base, or they are in conflict."""
    round = Round(
        overlay=at.overlay,
        policy=at.project.config.policy,
        busy={},
        pulls=True,
        recoveries={at.site.name: Recovery()},
    )
    base_less = replace(post, entry=replace(post.entry, base=None, conflict=None))
    meet(round, at.incoming, at.subject(base_less, Step.MATCH), record)


def _take_word(at: Bench, post: Post, record: Record, connector: Connector) -> None:
    """Where a site shows nothing, the person's word is that it has what the file says now."""
    file = at.file(post.path, post.oid)
    if file is None:
        raise AssertionError(f"{post.path} has no file")
    place = at.incoming.addresses.place
    sent = project_post(view(file, at.site.name, place.default_status), post.path, place, connector)
    known = replace(seen(post.entry.record, record), sent=sent.digest, uses=sent.uses)
    entry = replace(post.entry, conflict=None)
    result = at.subject(replace(post, entry=entry)).result(base=post.oid, remote=sent.post, record=known)
    at.incoming.results.append(result)
    drop_page(at.project, at.site.name, post.path)


def _claimed(site: Site, post: Post, record: Record, sentence: str, meter: Meter) -> Claimed:
    return Claimed(
        site=site.name, path=post.path, id=record.id, url=record.url, sentence=sentence, requests=meter.requests
    )


def _check_claim(at: Bench, post: Post, id: str, *, again: bool) -> None:
    """Raise Refused when the file or the record is taken; `again`: what it was is said anew."""
    site = at.site.name
    if post.oid is None:
        raise UsageError(f"{post.path} is not committed.", "Commit the file first.")
    file = at.file(post.path, post.oid)
    if file is not None and not selected(file, site):
        raise Refused(f"{post.path} does not name {site} in its sites.", "Add it there, commit, then adopt.")
    known = post.entry.record
    if known is not None and known.state == "live":
        if known.id == id and again:
            return
        if known.id == id:
            raise Refused(f"{post.path} is {id} on {site} already.", "There is nothing to adopt.")
        raise Refused(f"{post.path} is {known.id} on {site} already.", f"First gitsync detach {post.path} {site}.")
    claimed = at.incoming.reading.index.path_of_id(id)
    if claimed is not None and claimed[0] != post.key and claimed[1] == "live":
        raise Refused(f"{id} on {site} is {claimed[0]}.", f"First gitsync detach {claimed[0]} {site}.")


def _release(at: Bench, post: Post, id: str) -> Post:
    """Take the id from the tombstone that still claims it: its claim, and what it was, go over to this post."""
    claimed = at.incoming.reading.index.path_of_id(id)
    if claimed is None or claimed[0] == post.key:
        return post
    other = at.incoming.reading.entries([claimed[0]])[claimed[0]]
    at.incoming.results.append(
        Result(site=at.site.name, path=other.path, base=other.base, remote=None, record=None, conflict=None)
    )
    if post.entry.record is not None:
        return post
    return replace(post, entry=replace(post.entry, record=other.record, remote=other.remote))


def detach(project: Project, site: Site, path: str) -> Claimed:
    """Let go of the record of the post at `path`: file and record both stay, and no sync connects them again."""
    with bench(project, site) as at:
        post = at.post(path)
        record = post.entry.record
        if record is None or record.state == "ignored":
            raise UsageError(f"{post.path} has no post on {site.name}.", "gitsync log tells what was sent where.")
        known = replace(record, state="ignored", sent=None)
        # With the file as its base the record stays let go of, whatever is written into the file later.
        kept = at.subject(replace(post, path=post.key) if post.oid is None else post)
        at.incoming.results.append(kept.result(base=post.oid, remote=post.entry.remote, record=known))
    sentence = f"{post.path} and {record.id} on {site.name} go separate ways now; both stay as they are."
    return Claimed(site=site.name, path=post.path, id=record.id, url=record.url, sentence=sentence)

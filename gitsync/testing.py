"""The laws that every connector keeps, as a suite to run against yours (install gitsync-content[test]).

    class TestMine(Conformance):
        @pytest.fixture
        def bench(self) -> Iterator[Bench]:
            with a_server_of_mine() as server:
                yield Bench(connect=lambda: Mine(settings_for(server)), edit=server.edit)

A law that hangs on a capability is tested both ways: what a platform cannot do, its connector refuses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gitsync.bench import Bench as Bench
from gitsync.bench import alike, changed, connected, content, plain, reads, seen, write
from gitsync.connector import Connector, Library, Problem, Setting
from gitsync.engine.reconcile import same_content, shows
from gitsync.errors import Error, Forged, NotFound, OutcomeUnknown, Rejected, SiteError, Stale, Unauthorized
from gitsync.model import FIELDS, Asset, Post
from gitsync.samples import BODIES as BODIES
from gitsync.samples import PNG as PNG
from gitsync.samples import SAMPLE as SAMPLE


class Conformance:
    """Every law as a test. A subclass, named Test…, gives the fixture `bench`."""

    @pytest.fixture
    def bench(self) -> Bench:
        raise RuntimeError("a subclass of Conformance provides the fixture `bench`")

    @pytest.fixture
    def site(self, bench: Bench, request: pytest.FixtureRequest) -> Iterator[Connector]:
        with connected(bench.connect) as site:
            if getattr(request.function, "reads", False) and not site.capabilities.listed:
                pytest.skip("nothing that this site has can be read")
            yield site

    # What it says of itself

    def test_settings_have_help(self, site: Connector) -> None:
        assert all(isinstance(setting, Setting) and setting.help for setting in type(site).settings.values())

    def test_whoami_has_a_name_to_show(self, site: Connector) -> None:
        assert site.whoami().name

    def test_capabilities_speak_of_post_fields(self, site: Connector) -> None:
        assert site.capabilities.fields <= frozenset(FIELDS)
        assert site.capabilities.unseen <= site.capabilities.fields
        assert site.capabilities.bulk_fetch >= 1
        assert site.capabilities.settles_after >= 0

    @reads
    def test_wrong_credentials_are_unauthorized_and_change_nothing(self, bench: Bench, site: Connector) -> None:
        if bench.intruder is None:
            return
        with connected(bench.intruder) as intruder:
            for call in (intruder.whoami, lambda: list(intruder.scan()), lambda: write(intruder, SAMPLE)):
                with pytest.raises(Unauthorized) as caught:
                    call()
                assert not bench.secret or bench.secret not in str(caught.value)
        assert list(site.scan()) == []

    # Projections

    def test_a_projection_is_pure_and_idempotent(self, site: Connector) -> None:
        for status in (None, "draft", "published", "private", "scheduled"):
            for body in BODIES.values():
                post = SAMPLE.with_fields({"status": status, "body": body})
                once = site.project(post)
                assert site.project(post) == once
                assert site.project(once) == once

    def test_a_projection_has_only_fields_that_the_platform_holds(self, site: Connector) -> None:
        held = site.project(SAMPLE)
        assert {name for name in FIELDS if held.get(name) is not None} <= site.capabilities.fields

    def test_an_empty_post_can_be_projected_and_judged(self, site: Connector) -> None:
        assert site.project(site.project(Post())) == site.project(Post())
        assert all(isinstance(problem, Problem) and problem.code for problem in site.problems(Post()))

    def test_a_private_post_never_becomes_public(self, site: Connector) -> None:
        if "status" in site.capabilities.fields:
            assert site.project(SAMPLE.with_fields({"status": "private"})).status in ("private", "draft")

    # Writing and reading back

    @pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
    def test_what_is_written_is_shown(self, bench: Bench, site: Connector, body: str) -> None:
        post = site.project(SAMPLE.with_fields({"body": body}))
        if any(problem.severity == "error" for problem in site.problems(post)):
            with pytest.raises(Rejected):  # longer than the platform takes, and it was told before
                site.create(post)
            return
        stored = content(site.create(post))
        assert shows(post, stored, seen(site))
        if bench.exact:
            assert stored.body == post.body

    @reads
    def test_a_write_answers_what_a_fetch_shows(self, site: Connector) -> None:
        record = write(site, SAMPLE)
        assert record.complete
        assert record.id
        assert isinstance(record.id, str)
        assert alike(site, site.fetch(record.id), record)
        updated = site.update(record.id, changed(site, record, body="Other text.\n"), expect=record.revision)
        assert alike(site, site.fetch(updated.id), updated)

    @reads
    def test_push_then_pull_without_an_edit_changes_nothing(self, site: Connector) -> None:
        record = write(site, SAMPLE)
        again = site.update(record.id, site.project(SAMPLE), expect=site.fetch(record.id).revision)
        assert same_content(content(again), content(record), site.capabilities.fields)

    def test_what_a_site_shows_can_be_sent_back(self, site: Connector) -> None:
        shown = content(write(site, SAMPLE))
        assert shows(site.project(shown), shown, seen(site))

    @reads
    def test_an_update_changes_what_it_says_and_nothing_else(self, site: Connector) -> None:
        before = write(site, SAMPLE)
        post = changed(site, before, body="Quite another text.\n")
        after = content(site.update(before.id, post, expect=before.revision))
        assert after.body.split() == ["Quite", "another", "text."]
        others = site.capabilities.fields - {"updated"}
        assert same_content(replace(after, body=""), replace(content(before), body=""), others)

    @reads
    def test_removed_tags_are_gone(self, site: Connector) -> None:
        if "tags" in site.capabilities.fields:
            record = write(site, SAMPLE)
            post = site.project(SAMPLE.with_fields({"tags": None}))
            assert not content(site.update(record.id, post, expect=record.revision)).tags

    def test_a_post_has_as_many_tags_as_it_is_said(self, site: Connector) -> None:
        most = site.capabilities.max_tags
        if "tags" in site.capabilities.fields:
            tags = tuple(f"tag{number}" for number in range((most or 20) + 1))
            projected = site.project(SAMPLE.with_fields({"tags": tags}))
            assert len(projected.tags or ()) == (most or 21)
            assert len(content(write(site, SAMPLE.with_fields({"tags": tags}))).tags or ()) == (most or 21)

    def test_a_date_to_come_is_scheduled_where_it_says_so(self, site: Connector) -> None:
        if site.capabilities.drafts and "date" in site.capabilities.fields and "status" in site.capabilities.fields:
            coming = SAMPLE.with_fields({"status": "scheduled", "date": datetime(2029, 1, 2, 3, 4, 5, tzinfo=UTC)})
            stored = content(write(site, coming))
            assert (stored.status == "scheduled") == site.capabilities.scheduled
            # Where nobody else holds it back until then, it is not public.
            assert stored.date == coming.date or stored.status in ("draft", "private")

    def test_a_date_in_the_past_is_kept_where_it_says_so(self, site: Connector) -> None:
        if site.capabilities.backdates and "date" in site.capabilities.fields:
            assert content(write(site, SAMPLE)).date == SAMPLE.date

    @reads
    def test_two_posts_with_one_slug_are_two_posts(self, site: Connector) -> None:
        other = SAMPLE.with_fields({"title": "Other", "canonical_url": None, "body": "Other.\n"})
        one, two = write(site, SAMPLE), write(site, other)
        assert one.id != two.id
        assert content(site.fetch(one.id)).body != content(site.fetch(two.id)).body

    @reads
    def test_what_the_platform_refuses_leaves_nothing_behind(self, bench: Bench, site: Connector) -> None:
        if bench.refused is None:
            return
        assert any(problem.severity == "error" for problem in site.problems(bench.refused))
        with pytest.raises(Rejected):
            write(site, bench.refused)
        assert list(site.scan()) == []
        record = write(site, SAMPLE)
        with pytest.raises(Rejected):
            site.update(record.id, site.project(bench.refused), expect=record.revision)
        assert alike(site, site.fetch(record.id), record)

    # Drafts, unpublishing, deleting

    @reads
    def test_drafts_are_held_or_refused(self, site: Connector) -> None:
        draft = SAMPLE.with_fields({"status": "draft"})
        if not site.capabilities.drafts:
            if "status" in site.capabilities.fields:
                with pytest.raises(SiteError):
                    write(site, draft)
            return
        record = write(site, draft)
        assert content(site.fetch(record.id)).status == "draft"
        assert [found.id for found in site.scan()] == [record.id]

    @reads
    def test_unpublishing_is_an_update_to_draft(self, site: Connector) -> None:
        if site.capabilities.unpublish and site.capabilities.drafts:
            record = write(site, SAMPLE)
            hidden = site.project(SAMPLE.with_fields({"status": "draft"}))
            after = site.update(record.id, hidden, expect=record.revision)
            assert content(site.fetch(after.id)).status == "draft"
            again = site.update(after.id, site.project(SAMPLE), expect=after.revision)
            assert content(site.fetch(again.id)).status == "published"

    @reads
    def test_a_delete_is_final_or_refused(self, site: Connector) -> None:
        record, other = write(site, SAMPLE), write(site, plain(2))
        if not site.capabilities.delete:
            with pytest.raises(SiteError):
                site.delete(record.id, expect=record.revision)
            assert alike(site, site.fetch(record.id), record)
            return
        site.delete(record.id, expect=record.revision)
        with pytest.raises(NotFound):
            site.fetch(record.id)
        assert [found.id for found in site.scan()] == [other.id]

    @reads
    def test_what_does_not_exist_is_not_found(self, site: Connector) -> None:
        record = write(site, SAMPLE)
        unknown = record.id[:-1] + ("1" if record.id[-1] != "1" else "2")
        for id in (unknown, record.id + "0"):
            with pytest.raises(NotFound):
                site.fetch(id)
            if site.capabilities.update:
                with pytest.raises(NotFound):
                    site.update(id, site.project(SAMPLE), expect=record.revision)
            if site.capabilities.delete:
                with pytest.raises(NotFound):
                    site.delete(id, expect=record.revision)

    # Listings

    @reads
    def test_a_scan_lists_every_record_once(self, site: Connector) -> None:
        statuses = ("published", "draft") if site.capabilities.drafts else ("published",)
        written = {}
        for number in range(7):
            record = write(site, plain(number, status=statuses[number % len(statuses)]))
            written[record.id] = record
        listed = list(site.scan())
        assert sorted(record.id for record in listed) == sorted(written)
        for record in listed:
            assert record.revision == written[record.id].revision
            assert record.complete == (record.post is not None)
            if record.complete:
                assert alike(site, record, written[record.id])

    @reads
    def test_an_empty_site_lists_nothing(self, site: Connector) -> None:
        assert list(site.scan()) == []

    @reads
    def test_a_scan_since_lists_what_was_modified_since(self, bench: Bench, site: Connector) -> None:
        ids = [write(site, plain(number)).id for number in range(3)]
        times = [record.modified for record in site.scan() if record.modified is not None]
        if times:
            bench.edit(ids[1], {"body": "Edited.\n"})
            assert ids[1] in {record.id for record in site.scan(max(times))}

    @reads
    def test_two_scans_of_an_untouched_site_are_equal(self, site: Connector) -> None:
        write(site, SAMPLE)
        assert list(site.scan()) == list(site.scan())

    @reads
    def test_many_records_are_fetched_as_one_by_one(self, site: Connector) -> None:
        ids = [write(site, plain(number)).id for number in range(4)]
        found = {record.id: record for record in site.fetch_many([ids[2], ids[0], ids[0] + "9"])}
        assert set(found) == {ids[0], ids[2]}
        assert all(alike(site, record, site.fetch(id)) for id, record in found.items())
        assert list(site.fetch_many([])) == []

    def test_a_site_that_shows_nothing_says_so(self, bench: Bench, site: Connector) -> None:
        if site.capabilities.listed:
            return
        assert not site.capabilities.searchable
        record = write(site, SAMPLE)
        assert list(site.scan()) == list(site.find(content(record))) == list(site.fetch_many([record.id])) == []
        for name in (record.id, record.url or record.id):
            told = site.fetch(name)
            assert (told.id, told.complete, told.post) == (record.id, False, None)
        assert not bench.secret or bench.secret not in json.dumps(record.raw)
        with pytest.raises(NotFound):
            site.fetch("no id at all")
        if not site.capabilities.update:
            with pytest.raises(SiteError):
                site.update(record.id, content(record), expect=record.revision)
        if not site.capabilities.delete:
            with pytest.raises(SiteError):
                site.delete(record.id, expect=record.revision)

    # Changes from outside

    @reads
    def test_an_outside_edit_moves_the_revision_and_is_read(self, bench: Bench, site: Connector) -> None:
        record = write(site, SAMPLE)
        bench.edit(record.id, {"body": "Edited outside.\n"})
        edited = site.fetch(record.id)
        assert edited.revision != record.revision
        assert content(edited).body.split() == ["Edited", "outside."]
        assert {found.id: found.revision for found in site.scan()} == {record.id: edited.revision}

    @reads
    def test_a_revision_is_a_hash_of_the_content_only_where_it_says_so(self, bench: Bench, site: Connector) -> None:
        record = write(site, plain(1))
        bench.edit(record.id, {"title": "Edited"})
        bench.edit(record.id, {"title": content(record).title or ""})
        if site.capabilities.revision_hash:
            assert site.fetch(record.id).revision == record.revision

    @reads
    def test_a_write_over_an_outside_edit_is_stale_where_conditional(self, bench: Bench, site: Connector) -> None:
        record = write(site, SAMPLE)
        bench.edit(record.id, {"body": "Edited outside.\n"})
        edited = site.fetch(record.id)
        if not site.capabilities.conditional:
            site.update(record.id, changed(site, edited, body="Mine.\n"), expect=edited.revision)
            return
        with pytest.raises(Stale):
            site.update(record.id, changed(site, record, body="Mine.\n"), expect=record.revision)
        if site.capabilities.delete:
            with pytest.raises(Stale):
                site.delete(record.id, expect=record.revision)
        assert alike(site, site.fetch(record.id), edited)

    # Accidents

    @reads
    def test_a_create_is_found_after_its_reply_was_lost(self, bench: Bench, site: Connector) -> None:
        write(site, plain(1))
        post = site.project(SAMPLE)
        if bench.lose is None:
            site.create(post)
        else:
            bench.lose()
            with pytest.raises(OutcomeUnknown):
                site.create(post)
        if site.capabilities.searchable:
            found = [record for record in site.find(post) if shows(post, content(record), seen(site))]
            listed = [record.id for record in site.scan()]
            assert len(found) == 1
            assert len(listed) == 2
            assert found[0].id in listed

    @reads
    def test_raw_fields_are_json_without_secrets(self, bench: Bench, site: Connector) -> None:
        record = site.fetch(write(site, SAMPLE).id)
        text = json.dumps(record.raw)
        assert json.loads(text) == dict(record.raw)
        assert not bench.secret or bench.secret not in text
        assert not site.capabilities.private_fields & set(record.raw)

    def test_files_are_stored_at_an_address_or_refused(self, site: Connector) -> None:
        asset = Asset(path="images/ü x.png", content=PNG, media_type="image/png", sha256="0" * 64)
        if site.capabilities.uploads:
            url = site.upload(asset)
            assert url.startswith(("http://", "https://"))
            if site.capabilities.finds_files:
                assert isinstance(site, Library)
                assert site.stored(asset) is not None
                assert site.stored(replace(asset, content=PNG + b"\0", sha256="1" * 64)) is None
        else:
            with pytest.raises(Error):
                site.upload(asset)

    def test_a_forged_webhook_is_refused(self, site: Connector) -> None:
        with pytest.raises(Forged):
            site.events({"X-Signature": "sha256=0"}, b'{"id": 1}')

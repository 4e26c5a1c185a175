"""The machine that sets a World (tests/world.py) on fire: authors, editors, accidents and kills in any order.

A longer run, with what reproduces a failure:  python -m tests.long_run --seconds 600
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from gitsync_connectors.memory import Behaviour, Fault
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gitsync.errors import Malformed, OutcomeUnknown, Stale, Throttled, Unreachable
from tests import clones, proposals, rewriting
from tests.clones import Clones
from tests.laws import settled, synced
from tests.proposals import Proposals
from tests.world import World

number = st.integers(0, 20)
how = st.sampled_from(["replace", "append", "insert", "remove"])
holds = st.sampled_from(
    [Behaviour().holds, ("title", "tags", "status"), ("title", "tags", "slug", "status", "canonical_url")]
)
behaviours = st.builds(
    Behaviour,
    holds=holds,
    max_tags=st.sampled_from([0, 2]),
    normalise=st.booleans(),
    surprise=st.booleans(),
    ids_only=st.booleans(),
    conditional=st.booleans(),
    hashes=st.booleans(),
    bulk=st.sampled_from([1, 100]),
    lag=st.sampled_from([0, 25]),
)
reading = st.builds(
    Fault,
    on=st.sampled_from(["scan", "fetch", "fetch_many", "find"]),
    error=st.sampled_from([Throttled("slow down"), Unreachable("away"), Malformed("cut")]),
    records=st.integers(0, 2),
    skip=st.integers(0, 2),
)
writing = st.builds(
    Fault,
    on=st.sampled_from(["create", "update", "delete"]),
    error=st.sampled_from([Throttled("slow down"), Unreachable("away"), Malformed("html"), Stale("moved")]),
    skip=st.integers(0, 2),
)
unknown = st.builds(
    Fault,
    on=st.sampled_from(["create", "update", "delete"]),
    error=st.just(OutcomeUnknown("no answer")),
    stored=st.booleans(),
    skip=st.integers(0, 2),
)
options = st.fixed_dictionaries(
    {},
    optional={
        "wait": st.just(False),
        "materialise": st.just(False),
        "pull": st.sampled_from([True, True, False]),
        "push": st.sampled_from([True, True, False]),
    },
)


class Editors:
    """What all machines have: a World, whose sites people write on while time passes."""

    world: Any = None

    def site(self, number: int) -> str:
        return self.world.blog.names[number % len(self.world.blog.names)]

    def start(self, world: World, told: object) -> None:
        """Begin the story of `world` with one post."""
        self.world = world
        world.tell(f"{told}")
        world.create(crlf=False, bom=False, end=True, tags=3, sentences=2)

    def fail_at(self, faults: list[tuple[int, Fault]]) -> None:
        """Let what is asked of sites next go wrong."""
        for site, fault in faults:
            self.world.sites[self.site(site)].faults.append(fault)
            self.world.tell(f"{self.site(site)}: {fault}")

    def teardown(self) -> None:
        if self.world is not None:
            self.world.close()

    @rule(site=number, slug=st.booleans(), tags=st.integers(0, 2))
    def write_there(self, site: int, slug: bool, tags: int) -> None:
        self.world.write_there(self.site(site), slug=slug, tags=tags)

    @rule(site=number, post=number, place=number, how=how)
    def edit_there(self, site: int, post: int, place: int, how: str) -> None:
        self.world.edit_there(self.site(site), post, place, how)

    @rule(seconds=st.sampled_from([1, 10, 40, 1000]))
    def pass_time(self, seconds: int) -> None:
        self.world.blog.clock.now += seconds


class Torture(Editors, RuleBasedStateMachine):
    """Random edits, accidents and kills; the laws are asserted by what syncs."""

    @initialize(
        sites=st.lists(behaviours, min_size=1, max_size=2), delete=st.sampled_from(["unpublish", "delete", "ignore"])
    )
    def begin(self, sites: list[Behaviour], delete: str) -> None:
        self.start(World(Path(tempfile.mkdtemp()), sites, delete=delete), f"{delete} {sites}")

    @precondition(lambda self: self.world.unmerged())
    @rule(both=st.booleans())
    def resolve(self, both: bool) -> None:
        self.world.resolve(both=both)

    @precondition(lambda self: not self.world.unmerged())
    @rule(crlf=st.booleans(), bom=st.booleans(), end=st.booleans(), tags=st.integers(0, 3), sentences=st.integers(1, 3))
    def create(self, **more: bool | int) -> None:
        self.world.create(**more)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number, place=number, how=how)
    def edit(self, post: int, place: int, how: str) -> None:
        self.world.edit(post, place, how)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number, place=number, edit=st.booleans())
    def rename(self, post: int, place: int, edit: bool) -> None:
        self.world.rename(post, place, edit=edit)

    @precondition(lambda self: not self.world.unmerged())
    @rule(one=number, other=number)
    def swap(self, one: int, other: int) -> None:
        self.world.swap(one, other)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number)
    def remove(self, post: int) -> None:
        self.world.remove(post)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number, place=number, edit=st.booleans())
    def bring_back(self, post: int, place: int, edit: bool) -> None:
        self.world.bring_back(post, place, edit=edit)

    @precondition(lambda self: not self.world.unmerged() and not self.world.died)
    @rule(sync=number, kill=st.none() | st.integers(1, 120))
    def roll_back(self, sync: int, kill: int | None = None) -> None:
        rewriting.roll_back(self.world, sync, kill=kill)

    @precondition(lambda self: not self.world.unmerged())
    @rule()
    def revert(self) -> None:
        rewriting.revert(self.world)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number, place=number, how=how)
    def amend(self, post: int, place: int, how: str) -> None:
        rewriting.amend(self.world, post, place, how)

    @precondition(lambda self: not self.world.unmerged())
    @rule(count=st.integers(1, 2))
    def reset(self, count: int) -> None:
        rewriting.reset(self.world, count)

    @precondition(lambda self: not self.world.unmerged())
    @rule(count=st.integers(2, 4))
    def squash(self, count: int) -> None:
        rewriting.squash(self.world, count)

    @precondition(lambda self: not self.world.unmerged())
    @rule(count=st.integers(1, 4), post=number, place=number, how=how)
    def rebase(self, count: int, post: int, place: int, how: str) -> None:
        rewriting.rebase(self.world, count, post, place, how)

    @precondition(lambda self: not self.world.unmerged())
    @rule(post=number, place=number, how=how, squashed=st.booleans())
    def branch(self, post: int, place: int, how: str, squashed: bool) -> None:
        rewriting.branch(self.world, post, place, how, squashed=squashed)

    @rule(site=number, post=number)
    def go_back_there(self, site: int, post: int) -> None:
        self.world.go_back_there(self.site(site), post)

    @rule(site=number, post=number)
    def remove_there(self, site: int, post: int) -> None:
        self.world.remove_there(self.site(site), post)

    @rule(options=options, faults=st.lists(st.tuples(number, reading | writing | unknown), max_size=2))
    def sync(self, options: dict[str, bool], faults: list[tuple[int, Fault]]) -> None:
        self.fail_at(faults)
        synced(self.world, **options)

    @rule(options=options, steps=st.lists(st.integers(1, 120), min_size=1, max_size=2))
    def die(self, options: dict[str, bool], steps: list[int]) -> None:
        for step in steps:
            synced(self.world, kill=step, **options)
        synced(self.world, **options)

    @rule()
    def settle(self) -> None:
        settled(self.world)


class Sharing(Editors, RuleBasedStateMachine):
    """Two clones of one remote: edits, pushes, rejected pushes, syncs and kills in any order."""

    @initialize(
        sites=st.lists(behaviours, min_size=1, max_size=2), delete=st.sampled_from(["unpublish", "delete", "ignore"])
    )
    def begin(self, sites: list[Behaviour], delete: str) -> None:
        self.start(Clones(Path(tempfile.mkdtemp()), sites, delete=delete), f"{delete} {sites}")
        self.world.push()

    @rule(clone=number, tags=st.integers(0, 3), sentences=st.integers(1, 3))
    def create(self, clone: int, tags: int, sentences: int) -> None:
        if self.world.turn(clone):
            self.world.create(crlf=False, bom=False, end=True, tags=tags, sentences=sentences)

    @rule(clone=number, post=number, place=number, how=how)
    def edit(self, clone: int, post: int, place: int, how: str) -> None:
        if self.world.turn(clone):
            self.world.edit(post, place, how)

    @rule(clone=number, post=number, place=number, edit=st.booleans())
    def rename(self, clone: int, post: int, place: int, edit: bool) -> None:
        if self.world.turn(clone):
            self.world.rename(post, place, edit=edit)

    @rule(clone=number, post=number)
    def remove(self, clone: int, post: int) -> None:
        if self.world.turn(clone):
            self.world.remove(post)

    @rule(clone=number)
    def push(self, clone: int) -> None:
        if self.world.turn(clone):
            self.world.push()

    @rule(clone=number)
    def catch_up(self, clone: int) -> None:
        if self.world.turn(clone):
            self.world.catch_up()

    @rule(clone=number)
    def resolve(self, clone: int) -> None:
        if self.world.turn(clone):
            self.world.resolve()

    @rule(clone=number, sync=number)
    def roll_back(self, clone: int, sync: int) -> None:
        if self.world.turn(clone):
            rewriting.roll_back(self.world, sync)

    @rule(skip=st.integers(0, 5))
    def reject(self, skip: int) -> None:
        self.world.reject(skip)

    @rule(clone=number, wait=st.booleans(), faults=st.lists(st.tuples(number, reading | writing | unknown), max_size=2))
    def sync(self, clone: int, wait: bool, faults: list[tuple[int, Fault]]) -> None:
        self.world.turn(clone)
        self.fail_at(faults)
        clones.synced(self.world, wait=wait)

    @rule(clone=number, step=st.integers(1, 300))
    def die(self, clone: int, step: int) -> None:
        self.world.turn(clone)
        clones.synced(self.world, kill=step)

    @rule()
    def settle(self) -> None:
        clones.settled(self.world)


class Proposing(Editors, RuleBasedStateMachine):
    """Edits of sites wait for a person, who merges them some time or other: edits, merges, syncs and kills."""

    @initialize(sites=st.lists(behaviours, min_size=1, max_size=2))
    def begin(self, sites: list[Behaviour]) -> None:
        self.start(Proposals(Path(tempfile.mkdtemp()), sites), sites)

    @rule(crlf=st.booleans(), tags=st.integers(0, 3), sentences=st.integers(1, 3))
    def create(self, crlf: bool, tags: int, sentences: int) -> None:
        self.world.create(crlf=crlf, bom=False, end=True, tags=tags, sentences=sentences)

    @rule(post=number, place=number, how=how)
    def edit(self, post: int, place: int, how: str) -> None:
        self.world.edit(post, place, how)

    @rule(site=number)
    def merge(self, site: int) -> None:
        self.world.merge(self.site(site))

    @rule(wait=st.booleans(), faults=st.lists(st.tuples(number, reading | writing | unknown), max_size=2))
    def sync(self, wait: bool, faults: list[tuple[int, Fault]]) -> None:
        self.fail_at(faults)
        proposals.synced(self.world, wait=wait, materialise=False)

    @rule(step=st.integers(1, 200))
    def die(self, step: int) -> None:
        proposals.synced(self.world, kill=step, materialise=False)

    @rule()
    def settle(self) -> None:
        proposals.settled(self.world)

"""The model of the algorithm keeps every law, whatever happens; and the engine decides as the model does."""

from __future__ import annotations

import random
from itertools import count, product
from pathlib import Path

from gitsync.plan import TABLE, Ours, Theirs
from tests.blog import Blog, post
from tests.model import LAG, PLACES, Facts, Text, World, decide

STORIES = 600
NUMBERS = count(1)
SAID = "One.\n\nTwo.\n\nThree.\n"
HERE = SAID.replace("One", "One, here")
THERE = SAID.replace("Three", "Three, there")


def edit(world: World, before: Text | None, places: int) -> Text:
    """Somebody writes a word that nobody wrote before, or takes one out."""
    word = "" if before and world.chance.random() < 0.2 else f"w{next(NUMBERS)}"
    place = world.chance.randrange(places)
    after = list(before or ("",) * PLACES)
    world.alive -= {after[place]}
    world.alive |= {word} - {""}
    after[place] = word
    return tuple(after)


def edit_here(world: World) -> None:
    if world.head is not None and world.chance.random() < 0.1:
        world.alive -= set(world.head)
        world.head = None
    else:
        world.head = edit(world, world.head, PLACES)


def edit_there(world: World) -> None:
    site = world.chance.choice(world.sites)
    for id, text in site.now().items():
        site.versions[id].append((world.tick, edit(world, text, site.holds)[: site.holds]))
        world.tick += LAG  # without conditional updates, an edit that no read shows yet is seen by nobody


def resolve(world: World) -> None:
    """Somebody decides every conflict for the site's words."""
    for ledger in world.ledgers:
        if ledger.conflict is not None and (theirs := ledger.conflict[2]) is not None:
            world.alive -= set(world.head or ()) - set(theirs)
            world.decided |= set(theirs) - world.alive
            world.head = theirs
            return


def shown(world: World) -> set[str]:
    return {word for site in world.sites for text in site.now().values() for word in text}


def holds(world: World) -> None:
    """What holds after every step: no word is nowhere, and no site has two copies."""
    offered = {word for ledger in world.ledgers for text in (ledger.conflict or ())[:3] for word in text or ()}
    lost = world.alive - set(world.head or ()) - shown(world) - offered
    assert not lost, f"lost: {lost}"
    assert all(len(site.now()) <= 1 for site in world.sites), "two copies"


def settle(world: World) -> None:
    """Sync and decide until nothing is left to do: every site shows what it can hold of HEAD."""
    for _ in range(3 * LAG + 3 * len(world.sites)):
        world.tick += LAG
        steps = []
        for step in world.sync():
            steps.append(step)
            holds(world)
        if any(ledger.conflict for ledger in world.ledgers):
            resolve(world)
        elif not steps:
            break
    else:
        raise AssertionError("it never settles")
    for site in world.sites:
        wanted = [] if world.head is None else [world.head[: site.holds]]
        assert list(site.now().values()) == wanted
    assert not world.alive - set(world.head or ())
    assert not set(world.head or ()) - world.alive - world.decided - {""}, "a word that was taken out came back"


def story(seed: int) -> None:
    """Edits here and there, kills at any step, answers that are lost, reads that lag; then all settles."""
    chance = random.Random(seed)
    world = World(chance)
    for _ in range(chance.randrange(5, 40)):
        match chance.randrange(5):
            case 0:
                edit_here(world)
            case 1:
                edit_there(world)
            case 2:
                resolve(world)
            case _:
                world.tick += chance.randrange(LAG + 2)
                die_at = chance.choice([None, None, *range(8)])
                for number, _ in enumerate(world.sync(lose=chance.choice([0, 0.5]))):
                    holds(world)
                    if number == die_at:
                        break
        holds(world)
    settle(world)


def test_the_model_keeps_the_laws() -> None:
    for seed in range(STORIES):
        try:
            story(seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def rows_of(facts: Facts) -> tuple[Ours, Theirs]:
    """Name the row and column of the engine's table that these facts are in."""
    base, ours, remote, theirs = facts.base, facts.ours, facts.remote, facts.theirs
    if facts.record is None:
        absent = Theirs.ABSENT if theirs is None else Theirs.NEW
        return (Ours.ABSENT if ours is None else Ours.NEW), absent
    if facts.record == "let go":
        back = theirs is not None and theirs != remote
        if ours is None:
            return Ours.TOMBSTONE, (Theirs.CHANGED if back else Theirs.SAME)
        return Ours.NEW, (Theirs.CHANGED if back else Theirs.TOMBSTONE)
    there = Theirs.GONE if theirs is None else Theirs.SAME if theirs == remote else Theirs.CHANGED
    if ours is None:
        return (Ours.ABSENT if base is None else Ours.DELETED), there
    return (Ours.NEW if base is None else Ours.SAME if ours == base else Ours.CHANGED), there


def test_the_engines_table_says_what_the_model_says_of_every_combination() -> None:
    a, b = ("a",), ("b",)
    versions: list[Text | None] = [None, a, b]
    seen = set()
    for base, ours, remote, theirs, record in product(versions, versions, versions, versions, [None, "live", "let go"]):
        facts = Facts(base, ours, remote, theirs, record)
        pair = rows_of(facts)
        if pair == (Ours.ABSENT, Theirs.ABSENT):
            assert decide(facts) == "nothing"  # nobody ever heard of it: the engine has no case to decide
            continue
        assert TABLE[pair].value == decide(facts), facts
        seen.add(pair)
    like_deleted = {pair for pair in TABLE if pair[0] is Ours.DESELECTED}
    never = {(Ours.TOMBSTONE, Theirs.GONE), (Ours.TOMBSTONE, Theirs.NEW)}  # other names of the same facts
    assert set(TABLE) - seen == like_deleted | never
    assert all(TABLE[pair] is TABLE[Ours.DELETED, pair[1]] for pair in like_deleted)


ACTIONS = {
    "nothing": None,
    "push": "update",
    "pull": "pull",
    "merge": "merge",
    "create": "create",
    "import": "import",
    "revive": "update",
    "remove": "unpublish",
    "entomb": "skip",
    "lost": "skip",
    "conflict": "conflict",
    "report": "skip",
}
"""What a plan calls what the model decides."""


def test_a_plan_does_what_the_model_decides_of_every_combination(tmp_path: Path) -> None:
    """One post for each: what its file says in HEAD, what the site shows, and whether both had agreed on it before."""
    blog = Blog(tmp_path / "blog")
    cases = {
        f"{record or 'unknown'}-{here}-{there}": (record, here, there)
        for record, here, there in product([None, "live", "let go"], ["said", "here", "no"], ["said", "there", "no"])
        if (record, here, there) != (None, "no", "no") and not (record is None and "here" in here and there != "no")
    }
    texts = {"said": SAID, "here": HERE, "there": THERE, "no": None}

    def write(name: str, body: str | None) -> None:
        if body is not None:
            blog.write(f"posts/{name}.md", post(name, body, slug=name))
        else:
            (blog.root / f"posts/{name}.md").unlink(missing_ok=True)

    for name, (record, _, _) in cases.items():
        write(name, SAID if record else None)
    blog.commit()
    blog.run()
    ids = {post.slug: id for id, post in blog.site().posts().items()}
    for name, (record, _, _) in cases.items():
        write(name, None if record == "let go" else SAID if record else None)
    blog.commit()
    blog.run(allow={"deletes"})
    facts = {}
    for name, (record, here, there) in cases.items():
        write(name, texts[here])
        kept = there == "no" and record == "let go"  # let go of means: it is a draft there
        if record is not None and not kept:
            shown = blog.site().posts()[ids[name]]
            blog.site().put(
                ids[name], texts[there] and shown.with_fields({"body": texts[there], "status": "published"})
            )
        elif record is None and texts[there] is not None:
            template = blog.site().posts()[next(iter(blog.site().posts()))]
            blog.site().put(
                "", template.with_fields({"title": name, "slug": name, "body": texts[there], "status": "published"})
            )
        base = SAID if record == "live" else None
        versions = (base, texts[here], base, None if kept else texts[there])
        facts[name] = Facts(*((None if text is None else (text,)) for text in versions), record)
    blog.commit()
    planned: dict[str, str] = {}
    for action, path, _ in blog.run(dry_run=True, allow={"deletes", "missing", "creates"}).operations:
        planned.setdefault(Path(path or "").stem, action)  # what is merged is sent then
    for name, known in facts.items():
        step = decide(known)
        wanted = ("adopt", "conflict") if step == "match" else (ACTIONS[step],)
        assert planned.get(name) in wanted, (name, step)

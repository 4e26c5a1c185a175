"""What authors do to history that a World (tests/world.py) has already synced: amend, reset, squash, rebase, roll back.

A commit that leaves the history takes its words along, but a site may still show them: such words may come back, and
the edits of a site's editors must.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from gitsync.errors import Refused
from gitsync.project import Project
from gitsync.undo.history import touched
from tests.killing import killed
from tests.laws import kept, single
from tests.world import KEY, World, said, words

PULLED = "Gitsync-Site:"
"""The trailer of a commit that gitsync made of an edit on a site."""


def amend(world: World, number: int, place: int, how: str) -> None:
    """Change the newest commit of an author, who may have synced it already."""
    path = world.pick(number)
    if path is None or PULLED in _message(world) or world.commits() < 2:
        return
    before = world.files()
    after = world.change(before[path], place, how, eol="\r\n" if "\r\n" in before[path] else "\n")
    if after == before[path]:
        return
    unsure, first = set(world.unsure), not world.rewritten
    with _rewriting(world, 1):
        world.blog.write(path, after)
        world.blog.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    if first and how == "replace":  # by a word of its own, so that it is no going back
        world.amended |= words(before[path]) - words(after) - world.by_editors - unsure
        world.unsure -= world.amended
    world.alive -= words(before[path]) - words(after)  # an edit like any other, also of what editors wrote
    world.tell(f"here: git commit --amend with {how} {place} in {path}")


def reset(world: World, count: int) -> None:
    """Drop the newest commits, whoever made them."""
    count = min(count, world.commits() - 1)
    if count < 1:
        return
    with _rewriting(world, count):
        world.blog.git("reset", "--quiet", "--hard", f"HEAD~{count}")
    world.tell(f"here: git reset --hard HEAD~{count}")


def squash(world: World, count: int) -> None:
    """Make one commit of the newest ones."""
    count = min(count, world.commits() - 1)
    if count < 2:
        return
    with _rewriting(world, count):
        world.blog.git("reset", "--quiet", "--soft", f"HEAD~{count}")
        world.blog.git("commit", "--quiet", "--allow-empty", "-m", "squashed")
    world.tell(f"here: squash {count} commits")


def rebase(world: World, count: int, number: int, place: int, how: str) -> None:
    """Put the newest commits after an edit that somebody else made before them; not where they collide."""
    count = min(count, world.commits() - 1)
    if count < 1:
        return
    with _rewriting(world, count):
        world.blog.git("switch", "--quiet", "--create", "elsewhere", f"HEAD~{count}")
        path, removed = world.pick(number), set()
        if path is not None:
            text = world.files()[path]
            after = world.change(text, place, how, eol="\r\n" if "\r\n" in text else "\n")
            removed = words(text) - words(after)
            world.blog.write(path, after)
            world.blog.git("commit", "--quiet", "--all", "--allow-empty", "-m", "elsewhere")
        world.blog.git("switch", "--quiet", "main")
        if not _goes_well(world, "rebase", "--quiet", "elsewhere"):
            world.blog.git("rebase", "--abort")
        world.blog.git("branch", "--quiet", "-D", "elsewhere")
    world.alive -= removed - words("\n".join(world.files().values()))  # an edit like any other
    world.tell(f"here: rebase {count} commits onto {how} {place} in {path}")


def branch(world: World, number: int, place: int, how: str, *, squashed: bool) -> None:
    """Write on another branch, where a sync is refused and touches nothing, and merge it."""
    path = world.pick(number)
    if path is None or not world.blog.git("for-each-ref", "refs/gitsync"):
        return
    before = world.files()
    after = world.change(before[path], place, how, eol="\r\n" if "\r\n" in before[path] else "\n")
    if after == before[path]:
        return
    world.blog.git("switch", "--quiet", "--create", "topic")
    world.put(path, after, f"topic: {how} {place} in {path}", before[path])
    refs, writes = world.blog.git("for-each-ref"), [len(store.log) for store in world.sites.values()]
    try:
        world.blog.run()
    except Refused:
        pass
    else:
        raise AssertionError(world.fail("a sync on another branch was not refused"))
    assert world.blog.git("for-each-ref") == refs, world.fail("a refused sync moved a ref")
    assert [len(store.log) for store in world.sites.values()] == writes, world.fail("a refused sync asked a site")
    world.blog.git("switch", "--quiet", "main")
    world.blog.git("merge", "--quiet", *(["--squash"] if squashed else ["--no-ff", "--no-edit"]), "topic")
    if squashed:
        world.blog.git("commit", "--quiet", "--allow-empty", "-m", "squashed topic")
    world.blog.git("branch", "--quiet", "-D", "topic")
    world.tell(f"here: {'squash and ' if squashed else ''}merge topic")


def revert(world: World) -> None:
    """Take back the newest commit, whoever made it."""
    before = world.files()
    if len(world.blog.git("rev-list", "HEAD", "--", "posts/").split()) < 3 or world.blog.git(
        "rev-parse", "HEAD^@"
    ).count("\n"):
        return
    if world.files("HEAD~1") == before:  # an empty one, which git does not revert
        return
    world.blog.git("revert", "--no-edit", "HEAD")
    after = world.files()
    for path in before.keys() | after.keys():
        if before.get(path) != after.get(path):
            world.here |= set(KEY.findall(before.get(path, "") + after.get(path, "")))
    world.edited("\n".join(before.values()), "\n".join(after.values()), decided=True)
    if world.rewritten:  # as with a deletion: what no agreement in this history knows comes back
        world.there |= {KEY.findall(text)[0] for text in before.values() if text not in after.values()}
        world.unsure |= words("\n".join(before.values()))
    keys = {KEY.findall(text)[0] for text in after.values()}
    world.withdrawn = (world.withdrawn | {KEY.findall(text)[0] for text in before.values()}) - keys
    world.tell("here: git revert HEAD")


def roll_back(world: World, number: int, *, kill: int | None = None) -> None:
    """Take back one of the newest syncs, whoever has edited what since; what is in the way is told.

    Where a first try is killed at its step `kill`, it is asked for again.
    """
    blog, project = world.blog, Project.open(world.blog.root)
    if not (known := blog.syncs()[:4]):
        return
    sync = known[number % len(known)]
    parts = [it for part in sync.parts for it in touched(project.repository, part)]
    before, shown = world.files(), _shown(world)

    world.tell(f"roll back {number}, sync {sync.id}{f', killed at {kill}' if kill else ''}")
    if kill is not None:
        died, steps = killed(blog, kill, world.sites, lambda: world.undo(sync))
        world.tell(f"  {'died' if died else 'ended'} after {steps} steps")
        kept(world)
        blog.clock.now += 100
    for event in world.undo(sync):
        world.tell(f"  {event}")
    kept(world)
    after = world.files()
    keys = {KEY.findall(text)[0] for text in after.values()}
    old, new = ("\n".join(version.values()) for version in (before, after))
    lost = (words(old) - words(new)) | (world.alive & (words(old) | words(shown)) - words(new) - words(_shown(world)))
    world.known |= words(new)
    world.unsure |= world.amended
    world.unsure |= lost | (words(new) - world.alive)
    world.alive -= lost
    about = {key for it in parts if it.after.remote for key in KEY.findall(it.after.remote.title or "")[:1]}
    about |= {KEY.findall(text)[0] for text in {*before.values()} ^ {*after.values()}}
    world.here |= about
    world.there |= about
    world.ever_withdrawn |= about
    # A file that was reset away before is let go of with the rest.
    world.withdrawn = (world.withdrawn | {KEY.findall(text)[0] for text in before.values()} | about) - keys
    world.forgotten |= {(it.site, key) for it in parts for key in about if it.found}
    single(world)


def _shown(world: World) -> str:
    return "\n".join(said(post) for store in world.sites.values() for post in store.posts().values())


def _message(world: World) -> str:
    return world.blog.git("log", "-1", "--format=%B")


def _goes_well(world: World, *args: str) -> bool:
    return not subprocess.run(["git", "-C", str(world.blog.root), *args], capture_output=True, check=False).returncode


@contextmanager
def _rewriting(world: World, count: int) -> Iterator[None]:
    """Other commits are the history afterwards than the newest `count`; the World learns what that means for words."""
    before = world.files()
    versions = [world.files(f"HEAD~{number}") for number in range(count + 1)]
    yield
    _rewritten(world, before, versions)


def _rewritten(world: World, before: dict[str, str], versions: list[dict[str, str]]) -> None:
    """`versions` are the posts of the commits that left the history, and of the one they were on."""
    after = world.files()
    world.unsure |= world.amended
    texts = {text for version in (*versions, after) for text in version.values()}
    same = set.intersection(*(set(version.values()) for version in (*versions, after)))
    touched = {key for text in texts - same for key in KEY.findall(text)[:1]}
    world.here |= touched
    world.there |= touched
    old, new = ("\n".join(version.values()) for version in (before, after))
    left = {word for text in texts for word in words(text)} - words(new)
    shown = {word for store in world.sites.values() for post in store.posts().values() for word in words(said(post))}
    pulled = world.by_editors & world.alive & left & shown
    coined = words(new) - world.known
    world.known |= coined
    world.unsure |= left | (words(new) - words(old) - coined)
    # What one site took out that another one still shows is, to an older agreement, an edit of the other.
    world.unsure |= world.by_editors & shown - world.alive
    world.alive = (world.alive - (left - pulled)) | coined
    # An older history may have had the words that an editor brought back: then that is no edit any more.
    world.alive -= world.restored - words(new)
    world.unsure |= world.restored
    keys = {KEY.findall(text)[0] for text in after.values()}
    world.withdrawn -= keys
    # What was deleted and had come back is gone again.
    world.withdrawn |= ({key for text in texts for key in KEY.findall(text)[:1]} - keys) & world.ever_withdrawn
    world.rewritten = True

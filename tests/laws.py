"""The laws of section 5 of the design, asked of a World (tests/world.py) after every sync."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gitsync_connectors.memory import surprised

from gitsync import document
from gitsync.engine.planning import ALLOWANCES
from gitsync.engine.projection import selected, view
from gitsync.model import Post
from tests.world import KEY, World, said, words

UNMERGED = ("UU", "AA", "UD", "DU")


def synced(world: World, **options: Any) -> bool:
    """Sync, and hold the laws that always hold. Returns whether it was not killed."""
    world.sync(**options)
    kept(world)
    if not world.died:
        single(world)
        tidy(world)
    return not world.died


def kept(world: World) -> None:
    """Law 3: nothing that anybody wrote is nowhere."""
    shown = "\n".join(said(post) for store in world.sites.values() for post in store.posts().values())
    lost = world.alive - words(world.committed()) - words(shown)
    assert not lost, world.fail(f"lost: {lost}")


def single(world: World) -> None:
    """Laws 4, 5, 9: one copy of each post everywhere, under the same id as ever."""
    for name, store in world.sites.items():
        by_key: dict[str, list[str]] = {}
        for id, post in store.posts().items():
            by_key.setdefault(KEY.findall(post.title or "k?")[0], []).append(id)
        for key, ids in by_key.items():
            if key in world.strangers:
                continue
            assert len(ids) == 1, world.fail(f"{name} has {len(ids)} copies of {key}")
            old = world.ids.setdefault((name, key), ids[0])
            if (name, key) not in world.removed and not (world.delete == "delete" and key in world.ever_withdrawn):
                assert ids[0] == old, world.fail(f"{name}: {key} was {old} and is {ids[0]}")
    files: dict[str, list[str]] = {}
    for path, text in world.files().items():
        files.setdefault(KEY.findall(text)[0], []).append(path)
    twice = {key: paths for key, paths in files.items() if len(paths) > 1 and key not in world.strangers}
    assert not twice, world.fail(f"two files for one post: {twice}")


def tidy(world: World) -> None:
    """Law 7: the work tree is HEAD's, and only files whose posts were edited on a site were touched."""
    status = world.blog.git("status", "--porcelain").splitlines()
    status = [line for line in status if not line.startswith(UNMERGED)]
    assert not status, world.fail(f"work tree: {status}")
    changed = world.blog.git("diff", "--name-only", "--no-renames", "-z", world.before, "HEAD").split("\0")
    texts = world.files()
    for path in filter(None, changed):
        text = texts.get(path, "")
        key = KEY.findall(text)[0] if text else ""
        own_text = world.rewritten and key in world.here  # which the site may show as an edit of what is agreed now
        assert own_text or key in world.there, world.fail(f"{path} changed, but nobody edited {key} on a site")
    for path, text in texts.items():
        if "# a comment about" in text:
            assert 'mood:   "as  it was"  # not ours' in text, world.fail(path)
            assert ("\r\n" in text) == ("\n" not in text.replace("\r\n", "")), world.fail(f"{path}: line ends")


def settled(world: World) -> None:
    """Sync without accidents until nothing is left to do; then every law holds to the letter."""
    for _ in range(8):
        world.blog.clock.now += 100
        synced(world)
        if world.code == 5:
            synced(world, allow=ALLOWANCES)
        code = world.code
        if code == 0 and not world.conflicts():
            if world.rewritten and world.removed and _planned(world):
                continue  # what one site removed and another one brings back after a reset, that site gets next time
            break
        assert code == 3, world.fail(f"exit code {code} without an accident")
        world.resolve()
    else:
        raise AssertionError(world.fail("it never settles"))
    at_rest(world)
    world.rewritten = False


def at_rest(world: World) -> None:
    """Laws 1, 2: the sites show HEAD, and nothing is left to do. What comes next is told apart from what was."""
    world.blog.clock.now += 100
    same(world)
    try:
        assert not (planned := _planned(world)), planned
        world.blog.quiet()
    except AssertionError as error:
        raise AssertionError(world.fail(str(error))) from error
    world.amended.clear()
    world.restored.clear()
    world.here.clear()
    world.there.clear()


def _planned(world: World) -> list[tuple[str, str | None, str]]:
    return [operation for operation in world.blog.run(dry_run=True).operations if operation[0] != "skip"]


def same(world: World) -> None:
    """Law 2: the sites show HEAD."""
    texts = world.files()
    alive = words("\n".join(texts.values()))
    lost = world.alive - alive - _only_there(world)
    assert not lost, world.fail(f"edits not in HEAD: {lost}")
    risen = {word for word in alive - world.alive - world.unsure if word in world.known}
    assert not risen, world.fail(f"removed words came back: {risen}")
    for name, store in world.sites.items():
        shown = {KEY.findall(p.title or "k?")[0]: p for p in store.posts().values() if p.status != "draft"}
        keys = set()
        for path, text in texts.items():
            key = KEY.findall(text)[0]
            if not selected(document.parse(text.encode(), path=path), name):
                continue
            keys.add(key)
            if (name, key) in world.removed:
                continue
            wanted = _wanted(world, name, path, text)
            assert key in shown, world.fail(f"{name} does not have {path}")
            post = shown[key]
            for field in ("title", "tags", "body"):
                one, other = (_plain(it, field) for it in (wanted, post))
                assert one == other, world.fail(f"{name} shows another {field} of {path}: {other}, not {one}")
        if world.delete != "ignore":
            left = shown.keys() - keys - {key for site, key in world.removed | world.forgotten if site == name}
            assert not left, world.fail(f"{name} still shows {left}")


def _only_there(world: World) -> set[str]:
    """Words of posts whose files are gone, or that were let go of: what sites still have of them is nobody's edit."""
    return {
        word
        for name, store in world.sites.items()
        for post in store.posts().values()
        if (key := KEY.findall(post.title or "k?")[0]) in world.withdrawn or (name, key) in world.forgotten
        for word in words(said(post))
    }


def _wanted(world: World, name: str, path: str, text: str) -> Post:
    has = world.sites[name].behaviour
    post = view(document.parse(text.encode(), path=path), name)
    post = post.with_fields({field: None for field in ("tags", "slug") if field not in has.holds})
    post = replace(post, tags=(post.tags or ())[: has.max_tags or None] or None)
    return surprised(post) if has.surprise else post


def _plain(post: Post, field: str) -> object:
    value = getattr(post, field) or None
    return value.split() if isinstance(value, str) else value

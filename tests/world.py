"""A blog under fire: what authors, editors on the sites and accidents do to it, and the laws that hold all the same.

Every edit writes a word that nobody wrote before, so that a lost edit is a lost word: `tok12z`. A word is *alive* until
somebody takes it out, on whichever side; what gitsync does never makes one or takes one out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gitsync_connectors.memory import STORES, Behaviour, Store

from gitsync.events import Event, Operation, Summary
from gitsync.model import Post
from gitsync.project import Project
from gitsync.rollback import roll_back
from gitsync.sync import Options
from gitsync.undo.history import Sync
from tests.blog import Blog
from tests.conftest import run_git
from tests.killing import killed_sync

WORD = re.compile(r"tok\d+z")
KEY = re.compile(r"\bk\d+\b")
MARKED = re.compile(r"^<<<<<<< ours\r?\n(.*?)^=======\r?\n(.*?)^>>>>>>> [^\n]*\n", re.M | re.S)


def words(text: str) -> set[str]:
    return set(WORD.findall(text))


def said(post: Post) -> str:
    """Everything that a stored post says, as text."""
    return "\n".join([post.title or "", *(post.tags or ()), post.body])


class World:
    """One repository, some sites, and a memory of every word."""

    def __init__(self, root: Path, behaviours: Sequence[Behaviour], *, delete: str = "unpublish") -> None:
        self.root = root
        names = [f"s{number}" for number in range(len(behaviours))]
        self.blog = Blog(root / "one", names, config=f'[policy]\ndelete = "{delete}"\n')
        for name, behaviour in zip(names, behaviours, strict=True):
            self.sites[name].behaviour = behaviour
            self.sites[name].now = lambda: datetime.fromtimestamp(self.blog.clock.now, UTC)
        self.delete = delete
        self.number = 0
        self.alive: set[str] = set()
        self.known: set[str] = set()
        self.unsure: set[str] = set()
        self.amended: set[str] = set()  # words that an amended commit had: only going back brings them back
        self.rewritten = False  # whether history was, since all was settled: going back may be no edit any more
        self.by_editors: set[str] = set()  # words that were written on a site
        self.restored: set[str] = set()  # words that editors brought back since all was settled
        self.ids: dict[tuple[str, str], str] = {}
        self.here: set[str] = set()  # keys edited here since all was settled
        self.there: set[str] = set()  # keys edited on some site since then
        self.removed: set[tuple[str, str]] = set()  # (site, key) that an editor removed there
        self.ever_withdrawn: set[str] = set()
        self.withdrawn: set[str] = set()  # keys whose files were deleted
        self.forgotten: set[tuple[str, str]] = set()  # (site, key) whose import was rolled back: the site keeps it
        self.strangers: set[str] = set()  # keys that may come back without what they were known by
        self.deleted: dict[str, str] = {}  # key -> text of files that authors deleted
        self.story: list[str] = []
        self.died = False
        self.code = 0
        self.before = ""  # HEAD before the newest sync

    @property
    def sites(self) -> dict[str, Store]:
        return {name: self.blog.site(name) for name in self.blog.names}

    def close(self) -> None:
        for name in self.blog.names:
            STORES.pop(f"memory:{self.blog.root}/{name}", None)
        shutil.rmtree(self.root, ignore_errors=True)

    def tell(self, what: str) -> None:
        self.story.append(what)

    def word(self) -> str:
        self.number += 1
        return f"tok{self.number}z"

    def key(self) -> str:
        self.number += 1
        return f"k{self.number}"

    def edited(self, before: str, after: str, *, decided: bool = False) -> None:
        """Somebody turned one text into another; what they `decided` on may bring words back."""
        self.known |= words(after)
        if decided:
            self.unsure |= self.amended
            self.unsure |= words(after) - self.alive
            self.alive -= words(before) - words(after)
            return
        self.alive -= words(before) - words(after)
        self.alive |= words(after) - words(before)

    # What authors do here

    def files(self, rev: str = "HEAD") -> dict[str, str]:
        """The posts of a commit, by path, with their line ends as they are."""
        out = self.blog.git("ls-tree", "-r", "--name-only", rev, "posts/")
        return {path: self._show(rev, path) for path in out.splitlines()}

    def commits(self) -> int:
        """How many commits have changed posts, or might have: all but the first, which has the configuration."""
        return int(self.blog.git("rev-list", "--count", "--first-parent", "HEAD")) - 1

    def _show(self, rev: str, path: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.blog.root), "cat-file", "blob", f"{rev}:{path}"], capture_output=True, check=True
        )
        return done.stdout.decode()

    def committed(self) -> str:
        """Everything that some commit of the branch or of a ledger has, as text."""
        return self._texts(self.blog.root, "HEAD", "--glob=refs/gitsync/*")

    def _texts(self, repository: Path, *revs: str) -> str:
        out = run_git(repository, "rev-list", "--objects", *revs)
        oids = "\n".join(line.split()[0] for line in out.splitlines()) + "\n"
        return run_git(repository, "cat-file", "--batch", "--buffer", input=oids.encode())

    def pick(self, number: int, *, slugged: bool = False) -> str | None:
        paths = [path for path, text in self.files().items() if not slugged or "\nslug: " in text.replace("\r", "")]
        return sorted(paths)[number % len(paths)] if paths else None

    def commit(self, message: str) -> None:
        self.blog.commit(message)
        self.tell(message)

    def put(self, path: str, text: str, message: str, before: str = "") -> None:
        self.blog.write(path, text)
        self.here |= set(KEY.findall(text)[:1])
        self.edited(before, text)
        self.commit(message)

    def create(self, *, crlf: bool, bom: bool, end: bool, tags: int, sentences: int) -> None:
        key = self.key()
        lines = [
            "---",
            f"# a comment about {key}",
            f"title: Post {key} {self.word()}",
            f"slug: {key}",
            'mood:   "as  it was"  # not ours',
            *([f"tags: [{', '.join(self.word() for _ in range(tags))}]"] if tags else []),
            "---",
            "",
        ]
        for number in range(sentences):
            lines += [f"First {self.word()} of {number}. Then {self.word()} follows... And {self.word()} ends it.", ""]
        text = "\n".join(lines[:-1]) + ("\n" if end else "")
        text = ("\ufeff" if bom else "") + (text.replace("\n", "\r\n") if crlf else text)
        self.put(f"posts/{key}.md", text, f"create {key}")

    def edit(self, number: int, place: int, how: str) -> None:
        path = self.pick(number)
        if path is None:
            return
        before = self.files()[path]
        after = self.change(before, place, how, eol="\r\n" if "\r\n" in before else "\n")
        if after != before:
            self.put(path, after, f"here: {how} {place} in {path}", before)

    def change(self, text: str, place: int, how: str, *, eol: str = "\n") -> str:
        found = list(WORD.finditer(text))
        if how == "append" or not found:
            return text.rstrip("\r\n") + f"{eol}{eol}More {self.word()} here.{eol}"
        match = found[place % len(found)]
        if how == "replace":
            return text[: match.start()] + self.word() + text[match.end() :]
        in_list = text[: match.start()].rfind("tags:") > text[: match.start()].rfind("\n")
        if how == "insert":
            between = ", " if in_list else " and "
            return text[: match.start()] + match[0] + between + self.word() + text[match.end() :]
        if in_list:
            return text.replace(match[0] + ", ", "", 1)
        return text[: match.start()] + "it" + text[match.end() :]

    def rename(self, number: int, place: int, *, edit: bool) -> None:
        path = self.pick(number, slugged=True)
        if path is None:
            return
        before = self.files()[path]
        new = f"posts/{'deep/' if place % 2 else ''}r{self.number}-{place}.md"
        if (self.blog.root / new).exists():
            return
        (self.blog.root / new).parent.mkdir(parents=True, exist_ok=True)
        self.blog.git("mv", path, new)
        after = self.change(before, place, "replace", eol="\r\n" if "\r\n" in before else "\n") if edit else before
        self.put(new, after, f"here: rename {path} to {new}{' and edit' if edit else ''}", before)

    def swap(self, one: int, other: int) -> None:
        a, b = self.pick(one, slugged=True), self.pick(other, slugged=True)
        if a is None or b is None or a == b:
            return
        texts = self.files()
        self.blog.write(a, texts[b])
        self.blog.write(b, texts[a])
        self.here |= {KEY.findall(texts[path])[0] for path in (a, b)}
        self.commit(f"here: swap {a} and {b}")

    def remove(self, number: int) -> None:
        path = self.pick(number, slugged=True)
        if path is not None:
            self.delete_file(path)

    def delete_file(self, path: str) -> None:
        text = self.files()[path]
        key = KEY.findall(text)[0]
        self.withdrawn.add(key)
        if self.rewritten:  # the history that has the deletion may know of no agreement: the site's copy comes back
            self.there.add(key)
            self.unsure |= words("\n".join([text, *self.shown(key)])) | self.amended
        for site, conflicted, there in self.conflicts():
            if conflicted == path and there:  # deleting is a decision, also about what the site was shown to say
                self.edited(self._show(f"refs/gitsync/{site}", f"conflicts/{path}/remote"), "")
        self.edited(text, "")
        self.deleted[key] = text
        self.blog.git("rm", "--quiet", path)
        self.commit(f"here: delete {path}")

    def bring_back(self, number: int, place: int, *, edit: bool) -> None:
        """Write what was deleted again, at another path."""
        here = {KEY.findall(text)[0] for text in self.files().values()}
        gone = sorted(self.deleted.keys() - here)
        if not gone:
            return
        key = gone[number % len(gone)]
        text = self.deleted.pop(key)
        after = self.change(text, place, "replace", eol="\r\n" if "\r\n" in text else "\n") if edit else text
        self.withdrawn.discard(key)
        if edit and "\nslug: " not in text.replace("\r", ""):
            self.lose_sight(key)
        self.put(f"posts/back{self.number}-{key}.md", after, f"here: {key} is back{', edited' if edit else ''}")
        if key in self.there:  # what an editor replaced meanwhile nobody has written anew
            for shown in self.shown(key):
                self.alive -= words(text) - words(shown)
                self.unsure |= words(text) - words(shown)

    def lose_sight(self, key: str) -> None:
        """Nobody can tell that a post of another text was there before, where sites know no slugs."""
        if any("slug" not in store.behaviour.holds for store in self.sites.values()):
            self.strangers.add(key)

    # What editors do there

    def seen(self, site: str) -> dict[str, Post]:
        return {
            id: post
            for id, post in self.sites[site].posts().items()
            if post.status != "draft" and KEY.search(post.title or "")
        }

    def write_there(self, site: str, *, slug: bool, tags: int) -> None:
        key = self.key()
        cut = self.sites[site].behaviour.max_tags or 9
        post = Post(
            title=f"Post {key} {self.word()}",
            slug=key if slug else None,
            tags=tuple(self.word() for _ in range(min(tags, cut))) or None,
            status="published",
            body=f"Made {self.word()} there. With {self.word()} in it.\n\nAnd {self.word()} too.\n",
        )
        holds = self.sites[site].behaviour.holds
        post = post.with_fields({name: None for name in ("slug", "tags") if name not in holds})
        self.sites[site].put("", post)
        self.edited("", said(post))
        self.by_editors |= words(said(post))
        self.there.add(key)
        self.settle_lag(site)
        self.tell(f"{site}: new post {key}")

    def edit_there(self, site: str, number: int, place: int, how: str) -> None:
        store = self.sites[site]
        posts = self.seen(site)
        if not posts:
            return
        id = sorted(posts)[number % len(posts)]
        post = posts[id]
        texts = [("title", post.title or ""), ("body", post.body)] + [("tags", tag) for tag in post.tags or ()]
        spots = [(name, match) for name, text in texts for match in WORD.finditer(text)]
        name, match = spots[place % len(spots)]
        if how == "append":
            after = replace(post, body=post.body.rstrip("\n") + f"\n\nMore {self.word()} there.\n")
        elif name == "tags":
            tags = list(post.tags or ())
            spot = next(number for number, tag in enumerate(tags) if match[0] in tag)
            if how == "remove":
                del tags[spot]
            elif how == "replace":
                tags[spot] = self.word()
            elif not store.behaviour.max_tags or len(tags) < store.behaviour.max_tags:
                tags.insert(spot + 1, self.word())
            after = replace(post, tags=tuple(tags) or None)
        else:
            text = post.title or "" if name == "title" else post.body
            new = {"replace": self.word(), "insert": f"{match[0]} and {self.word()}", "remove": "it"}[how]
            after = post.with_fields({name: text[: match.start()] + new + text[match.end() :]})
        if after == post:
            return
        store.put(id, after)
        self.touched(site, post, after)
        self.tell(f"{site}: {how} {name} {match[0]} in {KEY.findall(post.title or '')[0]}")

    def go_back_there(self, site: str, number: int) -> None:
        """An editor restores the version before this one."""
        store, posts = self.sites[site], self.seen(site)
        ids = [
            id for id in sorted(posts) if len(store.rows[id]) > 1 and store.rows[id][-2].post not in (None, posts[id])
        ]
        if not ids:
            return
        id = ids[number % len(ids)]
        old = store.rows[id][-2].post
        if old is None or old.status == "draft" or KEY.findall(old.title or "") != KEY.findall(posts[id].title or ""):
            return
        store.put(id, old)
        self.touched(site, posts[id], old, decided=self.rewritten)
        back = words(said(old)) - words(said(posts[id]))
        self.restored |= back
        # What was agreed is no edit there: what others take out, here or on another site, stays out.
        agreed = self.agreed(site)
        if back <= agreed:  # an edit taken back, before anybody saw it
            self.unsure |= words(said(posts[id])) - words(said(old))
        back &= agreed
        key = KEY.findall(said(old))[0]
        here = [text for text in self.files().values() if KEY.findall(text)[0] == key]
        kept = set.intersection(*map(words, [*here, *self.shown(key)]))
        self.alive -= back - kept
        self.unsure |= back - kept
        if self.rewritten:
            self.unsure |= words(said(posts[id]))
        self.tell(f"{site}: restore the version before of {KEY.findall(old.title or '')[0]}")

    def shown(self, key: str) -> list[str]:
        """What the sites say of one post."""
        texts = [said(post) for name in self.sites for post in self.seen(name).values()]
        return [text for text in texts if KEY.findall(text)[0] == key]

    def agreed(self, site: str) -> set[str]:
        """The words of all posts as the site showed them when both were last the same."""
        ref = f"refs/gitsync/{site}"
        if not self.blog.git("for-each-ref", ref):
            return set()
        paths = self.blog.git("ls-tree", "-r", "--name-only", ref, "remote/").splitlines()
        return words("\n".join(self._show(ref, path) for path in paths))

    def touched(self, site: str, before: Post, after: Post, *, decided: bool = False) -> None:
        self.edited(said(before), said(after), decided=decided)
        self.by_editors |= words(said(after)) - words(said(before))
        self.there.add(KEY.findall(before.title or "")[0])
        self.settle_lag(site)

    def remove_there(self, site: str, number: int) -> None:
        posts = self.seen(site)
        untouched = {
            id: key
            for id, post in posts.items()
            if (key := KEY.findall(post.title or "")[0]) not in self.here | self.there
        }
        if len(posts) < 3 or not untouched:
            return
        id = sorted(untouched)[number % len(untouched)]
        self.sites[site].remove(id)
        if untouched[id] not in {KEY.findall(text)[0] for text in self.files().values()}:  # it was nowhere else
            self.alive -= words(said(posts[id])) - words("\n".join(self.files().values()))
        self.removed.add((site, untouched[id]))
        self.settle_lag(site)
        self.tell(f"{site}: remove {untouched[id]}")

    def settle_lag(self, site: str) -> None:
        """Without conditional updates an edit that no read shows yet cannot be seen by anybody (law 3 says so)."""
        if not self.sites[site].behaviour.conditional:
            self.blog.clock.now += self.sites[site].behaviour.lag + 1

    # gitsync

    def sync(self, *, kill: int | None = None, **options: Any) -> None:
        """Run gitsync, up to step `kill`; `died` and `code` say how it ended."""
        if not self.died and self.unmerged():
            self.resolve()
        self.before = self.blog.git("rev-parse", "HEAD")
        self.tell(f"sync {options or ''}{f' killed at {kill}' if kill else ''}")
        if kill is not None:
            self.died, steps = killed_sync(self.blog, kill, self.sites, **options)
            self.tell(f"  {'died' if self.died else 'ended'} after {steps} steps")
        else:
            self.died = False
            outcome = self.blog.run(**options)
            self.code = outcome.summary.exit_code
            for event in outcome.events:
                if isinstance(event, Operation):
                    self.tell(f"  {event.site} {event.action} {event.path} {event.result} {event.reason or ''}")
                else:
                    self.tell(f"  {event}")
        if not self.died:
            for store in self.sites.values():
                store.faults.clear()
        self.ever_withdrawn |= self.withdrawn

    def undo(self, sync: Sync) -> list[Event]:
        """Roll `sync` back; return what was told."""
        project, clock = Project.open(self.blog.root), self.blog.clock
        run = roll_back(project, sync, Options(materialise=False), sleep=clock.sleep, clock=clock)
        told = list(run.events())
        self.code = told[-1].exit_code if isinstance(told[-1], Summary) else 1
        return told

    def unmerged(self) -> list[str]:
        return sorted({line.split("\t")[1] for line in self.blog.git("ls-files", "-u").splitlines()})

    def conflicts(self) -> list[tuple[str, str, bool]]:
        """(site, path, whether the site still has the post) of everything that awaits a decision."""
        found = {}
        for name in self.blog.names:
            ref = f"refs/gitsync/{name}"
            if not self.blog.git("for-each-ref", ref):
                continue
            for line in self.blog.git("ls-tree", "-r", "--name-only", ref).splitlines():
                area, _, file = line.partition("/")
                path, _, part = file.rpartition("/")
                if area == "conflicts":
                    found[name, path] = found.get((name, path), False) or part == "theirs"
        return [(name, path, there) for (name, path), there in found.items()]

    def resolve(self, *, both: bool = False) -> None:
        """An author decides every conflict: for the site's words, or for those of both."""
        head = self.files()
        for path in self.unmerged():
            before = self.blog.read(path)

            def choose(match: re.Match[str]) -> str:
                ours, theirs = match[1], match[2]
                if both and "title:" not in ours and "tags:" not in ours and "---" not in ours:
                    return ours + theirs
                return theirs

            text = MARKED.sub(choose, before)
            self.blog.write(path, text)
            self.edited(before, text, decided=True)
            self.here |= set(KEY.findall(text)[:1])
            self.blog.git("add", path)
        if self.unmerged() or self.blog.git("status", "--porcelain"):
            self.blog.git("commit", "--quiet", "-m", "resolve")
            self.tell("here: resolve what was unmerged")
            return
        for name, path, there in self.conflicts():
            if not there and path in head:
                self.delete_file(path)
                break
            if not there:
                continue
            text = self._show(f"refs/gitsync/{name}", f"conflicts/{path}/theirs")
            before = head.get(path, "") + text
            if head.get(path) == text:
                continue
            self.blog.write(path, text)
            key = KEY.findall(text)[0]
            self.here.add(key)
            self.withdrawn.discard(key)
            self.edited(before, text, decided=True)
            self.commit(f"here: take the version of {name} for {path}")
            break

    def fail(self, what: str) -> str:
        """Return `what` went wrong, with the whole story and how all is now."""
        shown = [f"--- {path}\n{text}" for path, text in self.files().items()]
        shown += [
            f"--- {name} {id}: {post}" for name, store in self.sites.items() for id, post in store.posts().items()
        ]
        return "\n".join([what, *self.story, *shown])

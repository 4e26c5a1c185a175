"""What one site and the repository last agreed on, in the commits of `refs/gitsync/<site>`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice

from gitsync.repository import EMPTY_TREE, CommitHandle, Importer, Repository
from gitsync.state.folding import Content, Folding
from gitsync.state.intents import Intent, dump_intent, load_intent
from gitsync.state.layout import base_file, contents_matter, entry_files, post_of, read_entry, record_file
from gitsync.state.records import Entry, Oid, Result

PREFIX = "refs/gitsync/"
CHUNK = 2000
FEW = 20
CARRIED = ("Branch", "Settings")
"""Trailers that every commit repeats, so that the tip tells them."""


class Ledger:
    """One site's ledger. `tip` is its newest commit as it was read, None when there is none yet."""

    def __init__(self, repository: Repository, site: str, *, ref: str | None = None) -> None:
        self.repository = repository
        self.site = site
        self.ref = ref or PREFIX + site
        self.tip: Oid | None = None
        self.reload()

    def reload(self) -> None:
        """Read the ref again."""
        self.tip, self._trailers = self.repository.tip(self.ref)
        self._areas: frozenset[str] | None = None

    @property
    def branch(self) -> str | None:
        """The branch that the site follows."""
        return self._trailer("Branch")

    @property
    def settings(self) -> str | None:
        """The hash of the configuration and translator that the bases were considered with."""
        return self._trailer("Settings")

    @property
    def heads(self) -> tuple[Oid, ...]:
        """The commits of the followed branch that the tip is about; two or more after a merge of ledgers."""
        return heads_of(self._trailers)

    def _trailer(self, name: str) -> str | None:
        value = self._trailers.get(name)
        return value[-1] if isinstance(value, tuple) else value

    def agreed(self, head: Oid | None) -> Oid | None:
        """Return the newest ledger commit all of whose Heads are in the history of `head`; None: no base at all."""
        if head is None or self.tip is None:
            return None
        if self.heads == (head,):
            return self.tip
        known = {head: True}
        history: set[Oid] | None = None
        for commit in self.repository.log(self.tip):
            heads = heads_of(commit.trailers)
            for it in heads:
                if history is None and len(known) > FEW:
                    # A far older checkout: from here on, one long list is cheaper than many short questions.
                    history = set(self.repository.git.text("rev-list", "--end-of-options", head).split())
                if it not in known:
                    known[it] = self.repository.is_ancestor(it, head) if history is None else it in history
            if heads and all(known[it] for it in heads):
                return commit.oid
        return None

    def offered_again(self, at: Oid | None) -> set[str]:
        """Return the posts whose base or remote at the tip are not those of `at`.

        What their records say of the site was told of versions that the branch does not have: ask the site.
        """
        return {post_of(file) for file in self._left_behind(at) if not file.startswith("conflicts/")}

    def entries(self, paths: Iterable[str], *, at: Oid | None = None) -> dict[str, Entry]:
        """Return an entry for every path asked for; one with nothing in it is not in the ledger.

        Records are the tip's; base, remote and conflict are those of the ledger commit `at` (default: the tip).
        """
        found: dict[str, Entry] = {}
        remaining = iter(dict.fromkeys(paths))
        while chunk := list(islice(remaining, CHUNK)):
            files = self._files(chunk, at or self.tip)
            oids = {oid for file, oid in files.items() if contents_matter(file)}
            contents = dict(self.repository.blobs(oids)) if oids else {}
            for path in chunk:
                found[path] = read_entry(path, files, contents)
        return found

    def bases(self, paths: Iterable[str], *, at: Oid) -> dict[str, Oid]:
        """Return the blobs that were agreed on at a ledger commit, of those of `paths` that have one."""
        files = {base_file(path): path for path in paths}
        return {files[file]: oid for file, oid in self.repository.lookup(at, files).items()}

    def _files(self, paths: list[str], at: Oid | None) -> dict[str, Oid]:
        if self.tip is None or at is None:
            return {}
        conflicts = set(self.conflicts(at=at))
        wanted = [file for path in paths for file in entry_files(path, conflict=path in conflicts)]
        if at == self.tip:
            return self.repository.lookup(at, wanted)
        files = self.repository.lookup(at, (file for file in wanted if not file.startswith("records/")))
        return files | self.repository.lookup(self.tip, map(record_file, paths))

    def stream(self) -> Iterator[Entry]:
        """Yield every entry of the tip, tombstones too, in memory for names only."""
        if self.tip is None:
            return
        held: dict[str, bytes] = {}
        areas = ("base", "remote", "records")
        width = 32 if self.repository.sha256 else 20
        for place, area in enumerate(areas):
            for item in self.repository.tree(f"{self.tip}:{area}"):
                path = post_of(f"{area}/{item.path}")
                held[path] = held.get(path, b"").ljust(place * width, b"\0") + bytes.fromhex(item.oid)
        conflicts = self.entries(self.conflicts())
        yield from (entry for path, entry in conflicts.items() if path not in held)
        paths = iter(held)
        while chunk := list(islice(paths, CHUNK)):
            files = {
                (record_file(path) if area == "records" else f"{area}/{path}"): oid.hex()
                for path in chunk
                for place, area in enumerate(areas)
                if any(oid := held[path][place * width : (place + 1) * width])
            }
            contents = dict(self.repository.blobs({oid for file, oid in files.items() if contents_matter(file)}))
            for path in chunk:
                yield conflicts[path] if path in conflicts else read_entry(path, files, contents)

    def conflicts(self, *, at: Oid | None = None) -> list[str]:
        """Return the posts that have a pending conflict."""
        if self.tip is None or (at in (None, self.tip) and self._is_empty("conflicts")):
            return []
        tree = self.repository.tree(f"{at or self.tip}:conflicts")
        return list(dict.fromkeys(post_of(f"conflicts/{entry.path}") for entry in tree))

    def intents(self) -> list[Intent]:
        """Return the writes that a run, here or on another machine, announced and did not finish."""
        if self.tip is None or self._is_empty("intents"):
            return []
        files = {entry.path: entry.oid for entry in self.repository.tree(f"{self.tip}:intents")}
        contents = dict(self.repository.blobs(set(files.values()))) if files else {}
        return [load_intent(contents[oid], name=f"{self.ref}:intents/{file}") for file, oid in files.items()]

    def _is_empty(self, area: str) -> bool:
        """Say whether the tip has nothing in one of its folders; asked once for all of them."""
        if self._areas is None:
            names = self.repository.git.text("ls-tree", "--name-only", "--end-of-options", str(self.tip))
            self._areas = frozenset(names.split("\n"))
        return area not in self._areas

    def fold(
        self,
        results: Iterable[Result],
        *,
        head: Oid,
        message: str,
        trailers: Mapping[str, str] | None = None,
        intents: Iterable[Intent] | None = None,
        uploads: Mapping[Oid, str] | None = None,
    ) -> Oid | None:
        """Put `results` into one commit about the branch commit `head`, move the ref to it and return the new tip.

        No commit is made when no file and neither Branch nor Settings change, and the branch has what the tip is
        about. `intents`, when given, are all that are outstanding; `uploads` (blob -> URL) are added to those known.
        Folding the same again changes nothing.
        Raises Moved when the ref is not at `tip`.
        """
        folding = self._folding(head)
        if intents is not None:
            folding.put_intents({f"intents/{it.key}.json": dump_intent(it) for it in intents})
        folding.put_uploads(uploads or {})
        for _ in folding.take(results):
            pass
        changes = folding.portion()
        if not changes and not self._news(trailers or {}) and not folding.is_of_another_branch:
            return self.tip
        with self.repository.importer() as importer:
            commit = self._commit(importer, self.tip, changes, head, message, trailers or {})
        self.repository.update_refs([(self.ref, commit.oid, self.tip)], message=f"gitsync: {message}")
        self.reload()
        return self.tip

    def write(
        self,
        importer: Importer,
        results: Iterable[Result],
        *,
        head: Oid,
        message: str,
        trailers: Mapping[str, str] | None = None,
    ) -> CommitHandle | None:
        """Do what `fold` does inside the caller's importer, for any number of results.

        Posts are handed to git as they come. The ref is not moved: do it when the importer is closed, then `reload`.
        A `head` that is still in the importer must be built on the repository's HEAD. None: nothing to commit.
        """
        folding = self._folding(head)
        changes = (change for _ in chain(folding.take(results), (None,)) for change in folding.portion())
        first = list(islice(changes, 1))
        if not first and not self._news(trailers or {}) and not folding.is_of_another_branch:
            return None
        return self._commit(importer, self.tip, chain(first, changes), head, message, trailers or {})

    def _folding(self, head: Oid) -> Folding:
        folding = Folding(self.repository, tip=self.tip)
        # Git does not see yet what is still in an importer, so it cannot say what is in its history.
        seen = head if self.repository.resolve(f"{head}^{{commit}}") else self.repository.head()
        if (at := self.agreed(seen)) != self.tip:
            folding.rebase(self._left_behind(at))
        return folding

    def _left_behind(self, at: Oid | None) -> dict[str, Oid | None]:
        """Return the files of agreement in which the tip differs from `at`, as they are there."""
        if at == self.tip or self.tip is None:
            return {}
        return {
            f"{area}/{change.path}": change.oid
            for area in ("base", "remote", "conflicts")
            for change in self.repository.diff(
                f"{self.tip}:{area}", f"{at}:{area}" if at else EMPTY_TREE, renames=False
            )
        }

    def _news(self, trailers: Mapping[str, str]) -> bool:
        return any(name in trailers and trailers[name] != self._trailer(name) for name in CARRIED)

    def _commit(
        self,
        importer: Importer,
        parent: CommitHandle | Oid | None,
        changes: Iterable[tuple[str, Content]],
        head: Oid,
        message: str,
        trailers: Mapping[str, str],
    ) -> CommitHandle:
        carried = {name: value for name in CARRIED if (value := self._trailer(name)) is not None}
        return importer.commit(
            parent=parent,
            changes=changes,
            message=with_trailers(message, {**carried, **trailers, "Head": head}),
        )


NAMED = 20
"""How many posts a ledger's commit names, for who reads `git log refs/gitsync/SITE`."""


def naming(subject: str, paths: Iterable[str]) -> str:
    """Return a commit message that names the posts it is about, as far as they are few."""
    names = list(dict.fromkeys(paths))
    if not names or len(names) > NAMED:
        return subject
    return "\n".join([subject, "", *(f"- {''.join(c if c.isprintable() else '?' for c in name)}" for name in names)])


def with_trailers(message: str, trailers: Mapping[str, str | tuple[str, ...]]) -> str:
    """Return a commit message that ends with these trailers, one to a line."""
    lines = [
        f"{name}: {' '.join(value.split())}"
        for name, values in trailers.items()
        for value in ((values,) if isinstance(values, str) else values)
    ]
    return "\n".join([message.strip() or "gitsync", "", *lines])


def heads_of(trailers: Mapping[str, str | tuple[str, ...]]) -> tuple[Oid, ...]:
    """Return the branch commits that a ledger commit with these trailers is about."""
    value = trailers.get("Head", ())
    return (value,) if isinstance(value, str) else value

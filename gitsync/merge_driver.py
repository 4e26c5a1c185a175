"""What git asks when both sides changed a post: lines first, as git does, then fields and words. Reads no site.

Source: gitattributes(5), "Defining a custom merge driver".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gitsync import merge
from gitsync.dialects import Dialect
from gitsync.document import Document, edit, parse
from gitsync.errors import InvalidContent
from gitsync.git.gitprocess import Git
from gitsync.model import FIELDS, Post


@dataclass(frozen=True, slots=True)
class Outcome:
    """The merged file, and whether markers are left in it."""

    text: bytes
    clean: bool


def merge_files(
    git: Git,
    base: str,
    ours: str,
    theirs: str,
    *,
    path: str,
    dialect: Dialect,
    labels: tuple[str, str] = ("ours", "theirs"),
    marker_size: int = 7,
) -> Outcome:
    """Merge three versions, in files, of the post at `path`. What words cannot decide is as git would leave it."""
    lines = _lines(git, base, ours, theirs, labels, marker_size)
    if lines.clean:
        return lines
    try:
        documents = [parse(_data(name), path=path, dialect=dialect) for name in (base, ours, theirs)]
        words = _words(*documents, labels=labels)
    except (InvalidContent, UnicodeDecodeError):  # no post: then it is a text like any other
        return lines
    # Markers of another length are for a merge of merges, where git counts on them.
    if words is None or (not words.clean and marker_size != 7):
        return lines
    return words


def _data(name: str) -> bytes:
    with open(name, "rb") as file:  # noqa: PTH123  git names its files relative to where it started us
        return file.read()


def _lines(git: Git, base: str, ours: str, theirs: str, labels: tuple[str, str], marker_size: int) -> Outcome:
    answer = git.run(
        "merge-file",
        "--stdout",
        f"--marker-size={marker_size}",
        *("-L", labels[0], "-L", "base", "-L", labels[1]),
        *("--", ours, base, theirs),
        ok=range(128),
    )
    return Outcome(answer.output, answer.status == 0)


def _words(base: Document, ours: Document, theirs: Document, *, labels: tuple[str, str]) -> Outcome | None:
    """Return the merge by fields and words; None where keys that only the author understands changed on both sides."""
    host = _host(base, ours, theirs)
    if host is None:
        return None
    merged = merge.merge_posts(base.post, ours.post, theirs.post)
    mine = _written(host, merged.ours)
    if merged.clean:
        return Outcome(mine, clean=True)
    other = _written(host, merged.theirs)
    marked = merge.markers(mine.decode(), other.decode(), label_ours=labels[0], label_theirs=labels[1])
    return Outcome(marked.encode(), clean=False)


def _host(base: Document, ours: Document, theirs: Document) -> Document | None:
    """Return the file that the merge is written into: the one whose other keys are the merged ones."""
    before, mine, other = (_others(document) for document in (base, ours, theirs))
    if other in (before, mine):
        return ours
    return theirs if mine == before else None


def _others(document: Document) -> Mapping[str, Any]:
    dialect = document.layout.dialect
    known = {key.partition(".")[0] for keys in dialect.keys.values() for key in keys} | {
        key for key, _ in dialect.flags
    }
    return {str(key): repr(value) for key, value in document.front.items() if str(key) not in known}


def _written(host: Document, post: Post) -> bytes:
    changes = {name: post.get(name) for name in FIELDS if post.get(name) != host.post.get(name)}
    return edit(host, changes, body=post.body)

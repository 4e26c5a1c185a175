"""Files as they were: an old version merged into one that was edited since; a post that leaves one site of several."""

from __future__ import annotations

from collections.abc import Sequence

from gitsync import merge
from gitsync.document import Document
from gitsync.errors import InvalidContent
from gitsync.post import frontmatter, line_ends
from gitsync.project import Project
from gitsync.repository import Oid, Repository


def merged_file(project: Project, path: str, *, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Return `ours` with the difference from `base` to `theirs` made; None where both changed the same place.

    The files are merged as text, so that comments and unknown keys come along; what they say must be what their posts
    merge to.
    """
    try:
        files = [project.read(path, data) for data in (base, ours, theirs)]
        texts = [data.decode() for data in (base, ours, theirs)]
        posts = merge.merge_posts(*(file.post for file in files))
        merged = merge.merge_text(*texts)
        if not posts.clean or merged.hunks:
            return None
        data = merged.ours.encode()
        after = project.read(path, data).post
    except (InvalidContent, UnicodeDecodeError):
        return None
    said = [(name, after.get(name)) for name in after.__slots__ if name != "body"]
    same = all(value == posts.ours.get(name) for name, value in said)
    return data if same and after.body.split() == posts.ours.body.split() else None


def newest_version(repository: Repository, path: str, head: Oid, versions: Sequence[Oid]) -> Oid:
    """Return which of some versions of a file the branch had last; one that it never had counts as the oldest."""
    if len(set(versions)) == 1:
        return versions[0]
    order = {oid: number for number, oid in enumerate(repository.file_history(path, head))}
    return min(versions, key=lambda oid: order.get(oid, len(order)))


def chosen_sites(file: Document, sites: Sequence[str]) -> bytes:
    """Return the file with `sites` in its front matter, and nothing else changed. Raises InvalidContent."""
    layout, block = file.layout, file.layout.block
    language = block.language if block is not None else "yaml"
    front = frontmatter.change(language, layout.front, ("sites",), list(sites), lenient=layout.dialect.lenient)
    if block is not None:
        text = layout.text[: block.start] + front + layout.text[block.end :]
    else:
        text = f"---\n{front}---\n\n{layout.text}"
    return line_ends.encoded(file.data, layout.text, text)

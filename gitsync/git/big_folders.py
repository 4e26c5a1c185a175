"""Trees of folders with very many files: fast-import compares a new name with all others, and sorts all for an edit."""

from __future__ import annotations

from collections.abc import Mapping

MANY = 1000
"""New files from which on a folder is made at once."""

LARGE = 1 << 18
"""Bytes of a tree from which on a changed blob's name is put in its place: some six thousand files."""

_PLAIN = b"100644 "


def listing(files: dict[bytes, bytes]) -> bytearray:
    """Return plain files (name -> blob, both in bytes) as `git mktree -z` reads them. Empties `files`, for memory."""
    rows = bytearray()
    while files:
        name, oid = files.popitem()
        rows += b"%sblob %s\t%s\0" % (_PLAIN, oid.hex().encode("ascii"), name)
    return rows


def replaced(tree: bytes, files: Mapping[bytes, bytes]) -> bytes | None:
    """Return a tree object with other blobs for plain files that it has; None when one of them is not surely there."""
    changed = bytearray(tree)
    for name, oid in files.items():
        entry = _PLAIN + name + b"\0"
        # Found twice, one of them may be a part of a name or a blob's own bytes.
        if tree.count(entry) != 1:
            return None
        start = tree.index(entry) + len(entry)
        changed[start : start + len(oid)] = oid
    return bytes(changed)

"""Front matter: where it stands in a file, what it says, and how one of its values is changed in place."""

from gitsync.post.frontmatter.nodes import (
    NULL,
    Bare,
    Entries,
    Items,
    Node,
    Path,
    Plain,
    Scalar,
    broken,
    find,
    label,
    place,
    plain,
)
from gitsync.post.frontmatter.split import MAX_SIZE, Block, change, read, split

__all__ = [
    "MAX_SIZE", "NULL", "Bare", "Block", "Entries", "Items", "Node", "Path", "Plain", "Scalar",
    "broken", "change", "find", "label", "place", "plain", "read", "split",
]  # fmt: skip

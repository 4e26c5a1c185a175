"""The promise that no edit is lost: three-way merge of posts, carrying a site's edit over, conflicts as data. Pure."""

from gitsync.merge.markers import has_markers, marked_line, markers
from gitsync.merge.posts import Clash, Merged, asked_for, carry, merge_posts, settled
from gitsync.merge.prose import Hunk, MergedText, merge_text

__all__ = [
    "Clash",
    "Hunk",
    "Merged",
    "MergedText",
    "asked_for",
    "carry",
    "has_markers",
    "marked_line",
    "markers",
    "merge_posts",
    "merge_text",
    "settled",
]

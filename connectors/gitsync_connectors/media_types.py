"""Media types that platforms take as uploads, by the names that file names stand for."""

from __future__ import annotations

from typing import Final

PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
"""What every platform takes that takes pictures of any kind."""

DOCUMENTS: Final = frozenset({"application/pdf", "application/zip", "audio/mpeg", "video/mp4", "video/webm"})

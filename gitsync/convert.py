"""From one format to another: read what it says, write what the other can say, tell what that loses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from gitsync.bounded_json import own
from gitsync.errors import InvalidContent
from gitsync.markdown.formats import Format, Translation


def convert(text: str, source: Format, target: Format) -> Translation:
    """Return `text`, a body in `source`, in `target`, with what is lost on either way."""
    read = source.reading(text)
    written = target.write(read.text)
    return Translation(written.text, (*read.losses, *(loss for loss in written.losses if loss not in read.losses)))


_HALF = re.compile("[\ud800-\udfff]")


def convert_lines(lines: Iterable[str], source: Format, target: Format, name: str = "<stdin>") -> Iterator[str]:
    """Yield a JSON line {"text", "losses"} for each JSON line {"text"}, as it comes; other keys are passed on.

    Raises InvalidContent, with its line in the file called `name`, for a line that is no such object.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            asked = own(line)
            text = asked["text"]
        except (ValueError, TypeError, KeyError):
            asked = text = None
        if not isinstance(asked, dict) or not isinstance(text, str):
            hint = 'Write one object with a "text" on each line.'
            raise InvalidContent('a line is not {"text": …} in JSON.', hint, code="JSONL", path=name, line=number)
        if (half := _HALF.search(text)) is not None:
            message = f"the text has half a character at offset {half.start()}, which no file can hold."
            raise InvalidContent(message, "Write both halves, or none.", code="not-utf-8", path=name, line=number)
        done = convert(text, source, target)
        losses = [
            {"code": loss.code, "message": loss.message, "offset": loss.offset, "hint": loss.hint}
            for loss in done.losses
        ]
        said = {**asked, "text": done.text, "losses": losses}
        told = json.dumps(said, ensure_ascii=False)
        yield json.dumps(said) if _HALF.search(told) else told  # other keys are none of ours: as they came

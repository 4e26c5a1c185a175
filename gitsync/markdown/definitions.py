"""HTML definition lists as lines of Markdown, a term and what it means, as Pandoc and markdown-it have them."""

from __future__ import annotations

import re
from collections.abc import Callable

from gitsync.markdown.dom import TEXT, WHITE, Node
from gitsync.markdown.inline import line


def definitions(node: Node, write: Callable[[list[Node]], str], *, careful: bool) -> str | None:
    """Return a `dl` as lines; `write` writes what is in a definition. None for what has no lines.

    Each term is one line and has a definition; all of them are one line of text, or all of them are blocks.
    """
    parts = [kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE)]
    tags = [part.tag for part in parts]
    if not re.fullmatch(r"(?:dt (?:dd )+)+", "".join(f"{tag} " for tag in tags)) or any(part.attrs for part in parts):
        return None
    loose = any(kid.tag == "p" for part in parts for kid in part.kids)
    out: list[str] = []
    for part in parts:
        if part.tag == "dt":
            term = line(part.kids, careful=careful)
            if not term or not all(kid.flows for kid in part.kids) or "\\\n" in term:
                return None
            out.append(("\n" if out else "") + term.replace("\n", " "))
            continue
        flows = {kid.flows for kid in part.kids if kid.tag != TEXT or kid.text.strip(WHITE)}
        if len(flows) != 1 or (loose and True in flows):
            return None
        said = line(part.kids, careful=careful) if True in flows else write(part.kids)
        text = re.sub(r"\n(?=[^\n])", "\n  ", said)
        out.append(("\n" if loose else "") + f": {text}")
    return "\n".join(out)

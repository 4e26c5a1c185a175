"""HTML tables as GitHub's pipe tables, where every row has the same cells and a cell is one line."""

from __future__ import annotations

from collections.abc import Iterator

from gitsync.markdown.dom import TEXT, WHITE, Node
from gitsync.markdown.inline import line

_RULES = {"": "---", "left": ":--", "center": ":-:", "right": "--:"}


def table(node: Node, *, careful: bool = False) -> str | None:
    """Return a table element as Markdown; None when a pipe table cannot say it."""
    parts = list(_elements(node))
    if [part.tag for part in parts] not in (["thead"], ["thead", "tbody"]) or any(part.attrs for part in parts):
        return None
    groups = [list(_elements(part)) for part in parts]
    if len(groups[0]) != 1 or not groups[-1] or any(row.tag != "tr" or row.attrs for rows in groups for row in rows):
        return None
    head, *rows = [list(_elements(row)) for rows in groups for row in rows]
    if not head or any(cell.tag != "th" for cell in head):
        return None
    rules = [cell.get("align") for cell in head]
    if any(not _fits(row, rules) for row in (head, *rows)) or any(cell.tag != "td" for row in rows for cell in row):
        return None
    lines = [[line(cell.kids, where="cell", careful=careful) for cell in row] for row in (head, *rows)]
    lines.insert(1, [_RULES[rule] for rule in rules])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _elements(node: Node) -> Iterator[Node]:
    return (kid for kid in node.kids if kid.tag != TEXT or kid.text.strip(WHITE))


def _fits(row: list[Node], rules: list[str]) -> bool:
    return len(row) == len(rules) and all(
        cell.attrs == ({"align": rule} if rule else {}) and rule in _RULES and all(kid.flows for kid in cell.kids)
        for cell, rule in zip(row, rules, strict=True)
    )

"""Change one value of YAML front matter by replacing only the characters it stands on.

A YAML library that writes whole documents changes quotes, comments, indents and numbers like 007 that nobody asked
it to; the marks of its parser tell where to cut instead.
"""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Sequence

from gitsync.post.frontmatter import yaml_scalar
from gitsync.post.frontmatter.nodes import NULL, Entries, Items, Node, Path, Plain, Scalar, broken, find, label
from gitsync.post.frontmatter.yaml_read import read

Cut = tuple[int, int, str]
"""Replace the characters from the first offset up to the second by the text."""


def change(text: str, path: Path, value: Plain) -> str:
    """Return the front matter `text` (empty, or ending with "\\n") with `value` at `path`; None removes it.

    A map left empty by a removal goes too. Raises InvalidContent where something else is in the way.
    """
    root = read(text)
    if root is None:
        return text if value is None else text + yaml_scalar.entry(str(path[0]), _nested(path[1:], value))
    node = find(root, path)
    if value is None:
        return text if node is None else _apply(text, [_removal(text, root, path)])
    if node is not None:
        return _apply(text, _replacement(text, node, find(root, path[:-1]), path[-1], value))
    depth = next(n for n in range(len(path) - 1, -1, -1) if find(root, path[:n]) is not None)
    holder = find(root, path[:depth])
    value = _nested(path[depth + 1 :], value)
    if isinstance(holder, Entries):
        return _apply(text, [_insertion(text, holder, str(path[depth]), value, root=depth == 0)])
    if depth and isinstance(holder, Scalar) and holder.absent:
        value = _nested(path[depth : depth + 1], value)
        return _apply(text, _replacement(text, holder, find(root, path[: depth - 1]), path[depth - 1], value))
    start = holder.start if holder else 0
    raise broken(text, start, "wrong-type", f"{path[0]!r} cannot take {path[depth]!r}: it is no map.")


def _nested(path: Path, value: Plain) -> Plain:
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def _apply(text: str, cuts: list[Cut]) -> str:
    for start, end, new in sorted(cuts, key=lambda cut: cut[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _end(text: str, node: Node) -> int:
    """Where the last character of `node` is; a parser's mark is after the blank lines and comments that follow."""
    if isinstance(node, Scalar):
        if node.style in ("literal", "folded"):
            last = node.start + len(text[node.start : node.end].rstrip(" \t\n"))
            return text.find("\n", last, node.end) if "\n" in text[last : node.end] else node.end
        return node.end
    if node.style == "flow":
        return node.end
    return _end(text, node.items[-1] if isinstance(node, Items) else list(node.values.values())[-1])


def _line(text: str, offset: int) -> int:
    return text.rfind("\n", 0, offset) + 1


def _next_line(text: str, offset: int) -> int:
    return (text.find("\n", offset) + 1) or len(text)


def _indent(text: str, offset: int) -> str:
    line = text[_line(text, offset) : offset]
    return line[: len(line) - len(line.lstrip(" "))]


def _removal(text: str, root: Node, path: Path) -> Cut:
    parent = find(root, path[:-1])
    children = _children(parent)
    if len(children) == 1 and len(path) > 1:
        return _removal(text, root, path[:-1])
    at = list(parent.values).index(str(path[-1])) if isinstance(parent, Entries) else int(path[-1])
    start, node = children[at]
    if parent is not None and parent.style == "block":
        end = _next_line(text, _end(text, node))
        # Comments indented below a key are about it; they might also become part of a block of text above.
        own = re.compile(rf"(?:(?:[ \t]*\n)*{_indent(text, start)}[ \t]+#[^\n]*\n)*").match(text, end)
        end = own.end() if own else end
        if at and _keeps(text, children[at - 1][1]):
            # The blank lines below would become part of the text above.
            end += len(re.match(r"(?:[ \t]*\n)*", text[end:])[0])  # type: ignore[index]
        return _line(text, start), end, ""
    if at + 1 < len(children):
        return start, children[at + 1][0], ""
    return (_end(text, children[at - 1][1]) if at else start), _end(text, node), ""


def _children(node: Node | None) -> list[tuple[int, Node]]:
    """The children of a list or map, each with where it (or its key) starts."""
    if isinstance(node, Entries):
        return [(key.start, node.values[name]) for name, key in node.keys.items()]
    return [(item.start, item) for item in node.items] if isinstance(node, Items) else []


def _keeps(text: str, node: Node) -> bool:
    """Whether `node` is a block scalar to which the blank lines below it belong."""
    if not isinstance(node, Scalar) or node.style not in ("literal", "folded"):
        return False
    return "+" in text[node.start : node.end].partition("\n")[0].partition("#")[0]


def _insertion(text: str, holder: Entries, key: str, value: Plain, *, root: bool) -> Cut:
    children = _children(holder)
    if holder.style == "flow":
        new = yaml_scalar.dump({key: value})[1:-1]
        if not children:
            return holder.start + 1, holder.end - 1, new
        end = _end(text, children[-1][1])
        return end, end, f", {new}"
    indent = _indent(text, children[0][0])
    end = _next_line(text, _end(text, children[-1][1]))
    if root:
        # New keys go below the author's comments too, but above the blank line that Hashnode ends with. A scalar that
        # keeps its trailing blank lines would lose them: then below everything.
        end = len(text) if _keeps(text, children[-1][1]) else max(end, len(text.rstrip(" \t\n")) + 1)
    return end, end, yaml_scalar.entry(key, value, indent)


def _replacement(text: str, node: Node, parent: Node | None, step: str | int, value: Plain) -> list[Cut]:
    if isinstance(node, Items) and isinstance(value, list) and value:
        return _items_block(text, node, value) if node.style == "block" else [_items_flow(text, node, value)]
    end = _end(text, node)
    if isinstance(node, Scalar) and isinstance(value, str | bool):
        new = None
        if node.style in ("literal", "folded") and isinstance(value, str) and value is not NULL:
            new = yaml_scalar.block(value, text[node.start : end], indent=_indent(text, node.start))
        flow = parent is not None and parent.style == "flow"
        new = new or yaml_scalar.scalar(value, node.style, flow=flow)
        # An empty value stands directly behind its colon.
        return [(node.start, end, f" {new}" if node.start == node.end else new)]
    if isinstance(parent, Entries) and parent.style == "block":
        key = parent.keys[str(step)]
        colon = text.index(":", key.end) + 1
        indent = _indent(text, key.start)
        entry = yaml_scalar.entry("k", value, indent)[len(indent) + 2 : -1]
        return [(colon, max(end, colon), entry)]
    return [(node.start, end, (" " if node.start == node.end else "") + yaml_scalar.dump(value))]


def _opcodes(node: Items, value: list[str]) -> Sequence[tuple[str, int, int, int, int]]:
    old = [label(item) for item in node.items]
    return difflib.SequenceMatcher(None, old, value, autojunk=len(old) * len(value) > 1_000_000).get_opcodes()


def _common_style(node: Items) -> str:
    styles = {item.style for item in node.items if isinstance(item, Scalar)}
    return styles.pop() if len(styles) == 1 else "plain"


def _items_block(text: str, node: Items, value: list[str]) -> list[Cut]:
    style = _common_style(node)
    lines = [_line(text, item.start) for item in node.items]
    ends = [_next_line(text, _end(text, item)) for item in node.items]
    dash = re.match(r" *- *", text[lines[0] :])
    lead = dash[0] if dash else "- "
    cuts: list[Cut] = []
    for kind, a, b, c, d in _opcodes(node, value):
        if kind == "equal":
            continue
        same = min(b - a, d - c)
        for n in range(same):
            item = node.items[a + n]
            kept = item.style if isinstance(item, Scalar) else style
            cuts.append((item.start, _end(text, item), yaml_scalar.scalar(value[c + n], kept)))
        cuts += [(lines[n], ends[n], "") for n in range(a + same, b)]
        if d > c + same:
            at = ends[a + same - 1] if a + same else lines[0]
            cuts.append((at, at, "".join(f"{lead}{yaml_scalar.scalar(new, style)}\n" for new in value[c + same : d])))
    return cuts


def _items_flow(text: str, node: Items, value: list[str]) -> Cut:
    """Write the list anew from the source of the items that stay, and of what stood between them."""
    items = node.items
    if not items:
        return node.start, node.end, yaml_scalar.dump(list(value))
    style = _common_style(node)
    gaps = [text[_end(text, a) : b.start] for a, b in itertools.pairwise(items)]
    gap = re.sub(r"[ \t]*#[^\n]*", "", gaps[0]) if gaps else ", "
    out: list[tuple[str, str]] = []
    for kind, a, b, c, d in _opcodes(node, value):
        for n in range(d - c):
            old = items[a + n] if a + n < b else None
            after = gaps[a + n] if old is not None and a + n < len(gaps) else gap
            if kind == "equal" and old is not None:
                out.append((text[old.start : _end(text, old)], after))
            else:
                kept = old.style if isinstance(old, Scalar) else style
                out.append((yaml_scalar.scalar(value[c + n], kept, flow=True), after))
    inner = "".join(item + after for item, after in out[:-1]) + out[-1][0]
    return items[0].start, _end(text, items[-1]), inner

"""HTML to Markdown beside the peers: how much of it comes back as the same page, and how long a megabyte takes.

    python -m tests.benchmarks.translation FOLDER      # Markdown files, or HTML ones
    python -m tests.benchmarks.translation spec.json   # [{"markdown": …, "html": …}], as CommonMark publishes it

Every text is rendered to HTML, translated to Markdown by each, and rendered again: "same" counts equal pages. The peers
that are installed take part (pip install markdownify html2text html-to-markdown; pandoc). Seconds are the processor's,
so that what else the machine does counts for nobody. Prints a Markdown table.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from markdown_it import MarkdownIt

from gitsync.markdown.equality import same_dom
from gitsync.markdown.html import to_markdown

LARGEST = 200_000
"""Bytes of a file; a few huge ones would be the whole average."""

FRONT = re.compile(r"(---|\+\+\+)\n.*?\n\1[ \t]*\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Peer:
    """A translator; `translate` takes HTML and returns Markdown."""

    name: str
    translate: Callable[[str], str]


def peers() -> Iterator[Peer]:
    """Yield gitsync, and every peer that is installed."""
    yield Peer("gitsync", to_markdown)
    for module, function in (
        ("markdownify", "markdownify"),
        ("html2text", "html2text"),
        ("html_to_markdown", "convert"),
    ):
        try:
            found = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError):
            continue
        yield Peer(module.replace("_", "-"), lambda html, found=found: _text(found(html)))
    if which("pandoc"):
        yield Peer("pandoc", _pandoc)


def _text(answer: object) -> str:
    return answer if isinstance(answer, str) else str(getattr(answer, "content", answer))


def _pandoc(html: str) -> str:
    command = ["pandoc", "-f", "html", "-t", "commonmark_x-smart", "--wrap=preserve"]
    return subprocess.run(command, input=html, capture_output=True, encoding="utf-8", check=True).stdout


def pages(place: Path) -> Iterator[str]:
    """Yield the HTML of every text at `place`."""
    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    if place.suffix == ".json":
        for example in json.loads(place.read_text(encoding="utf-8")):
            yield example["html"]
        return
    for path in sorted(place.rglob("*.*")):
        if path.suffix in (".md", ".html") and path.is_file() and path.stat().st_size < LARGEST:
            text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
            yield text if path.suffix == ".html" else str(render(FRONT.sub("", text, count=1)))


def _seconds() -> float:
    """Return the seconds of the processor that this process, and those it has waited for, have used."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main(place: Path) -> int:
    render = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render
    found = [html for html in pages(place) if html.strip()]
    size = sum(len(html.encode()) for html in found) / 1e6
    print(f"{len(found)} texts, {size:.1f} MB of HTML\n")
    print("| | same | of them | stable | seconds per MB |\n|---|---|---|---|---|")
    for peer in peers():
        same = stable = 0
        spent = 0.0
        for html in found:
            began = _seconds()
            try:
                markdown = peer.translate(html)
            except Exception:  # noqa: BLE001, S112  a peer that gives up has not translated it
                continue
            spent += _seconds() - began
            again = str(render(markdown))
            same += same_dom(again, html)
            stable += peer.translate(again).strip() == markdown.strip() if peer.name != "pandoc" else 0
        share = 100 * same / len(found)
        print(f"| {peer.name} | {same} | {share:.1f} % | {stable} | {spent / size:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

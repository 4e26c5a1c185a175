"""Draws what `gitsync demo` shows on a terminal: python -m tests.recording writes .github/demo.svg from a real run."""

from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parent.parent / ".github/demo.svg"
WIDTH = 110


def demo() -> str:
    """Return what the demo prints in its second and third scene."""
    command = [sys.executable, "-m", "gitsync", "demo"]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=300).stdout
    return scenes(said, "2. ", "4. ")


def scenes(said: str, first: str, after: str) -> str:
    """Return the scenes from the one that begins with `first` to the one before `after`."""
    lines = said.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(first))
    end = next((number for number, line in enumerate(lines) if line.startswith(after)), len(lines))
    return "\n".join(lines[begin:end]).rstrip()


def picture(said: str) -> str:
    """Return the terminal as an SVG file: commands stand out, output is quiet."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text("$ gitsync demo", style="bold green"))
    for line in said.splitlines():
        style = (
            "bold green" if line.lstrip().startswith("$ ") else "cyan" if line.lstrip().startswith(("✓", "ok")) else ""
        )
        console.print(Text(line, style=style))
    drawn = console.export_svg(title="gitsync demo", unique_id="gitsync-demo")
    # Fonts of the reader's own: a picture asks no other host for anything.
    return re.sub(r"\s*(?:@font-face \{.*?\}|<!--.*?-->)", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(picture(demo()), encoding="utf-8")

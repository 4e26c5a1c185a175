"""What the laws of connectors are tried on: awkward on purpose, since dull data hides bugs."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from gitsync.model import Post

SAMPLE = Post(
    title="Ça va? “007” — a/b \\ c: d #e",
    slug="ca-va",
    description="Ein Satz, der nicht im Text steht: 'so' \"oder\" so.",
    tags=("python", "web-dev", "ümlaut", "d", "e", "f"),
    series="Cafés & more",
    cover="https://images.example/ü%20x.png?w=1&h=2",
    canonical_url="https://me.example/posts/ca-va",
    status="published",
    date=datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC),
    authors=("Zoë O’Hara",),
    lang="fr",
    body="# Heading\n\nFirst paragraph, *emphasis*, a [link](https://x.example/?a=1&b=2).\n\n- one\n- two\n",
)

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")
"""One red pixel: platforms look into what they are given."""

BODIES = {
    "unicode": "Ünïcödé 👩‍👩‍👧 日本語 \u200b and e\u0301\n",
    "code": "```yaml\n---\ntitle: no title\n---\n```\n\n    indented {{ code }}\n\nand `inline {% code %}`\n",
    "templates": "Write {{ page.title }} and {% assign x = 1 %} like {{that}}.\n",
    "html": '<div class="x">\n\n*inner*\n\n</div>\n\n<kbd>Ctrl</kbd> &amp; &lt;b&gt;\n',
    "quotes": "It's \"quoted\" 'text' \\ back\\slash; -- '); DROP TABLE posts; %s %(x)s\n",
    "rule first": "***\n\nafter a rule\n\n***\n",
    "no final newline": "one line without an end",
    "one long line": "word " * 20_000 + "\n",
    "many lines": "A line.\n\n" * 5_000,
}

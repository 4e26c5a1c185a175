"""Front matter as people really have it: every quote, list, comment, indent and line end, on purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from gitsync.model import STATUSES, Post, clean_body

WORDS = st.sampled_from(
    ["yes", "no", "on", "off", "y", "N", "null", "Null", "~", "true", "False", "007", "010", "1.10", "1_000",
     "22:22", "0x1f",
     "1e3", ".inf", ".nan", "-", "--", "---", "...", "2024-01-02", "2024-13-45", "=", "<<", "!", "*a", "&a",
     "@x", "`", "%", "|",
     ">", "{", "}", "[", "]", ",", "#", ": ", " #", "a: b", "a #b", "a:", "'", '"', "\\", "C#", "C++", "it's",
     'say "hi"',
     "é", "日本語", "👩‍👩‍👧", "\u2028", "\x85", "\u00a0", "\ufeff", "\t", " lead", "trail ", "two  spaces",
     "null byte \x00", "\x07", "?",
     "? a", "- a", "key: [a, {b: c}]", "{% raw %}", "{{ x }}", "", "a,b", "a, b", "foo bar", "+++", "a\nb",
     "\n", "a\n\n  b\n"]
)  # fmt: skip
TEXT = st.one_of(
    WORDS, st.text(st.characters(exclude_categories=["Cs"]), max_size=30), st.lists(WORDS, max_size=3).map("".join)
)
ITEMS = st.lists(TEXT, max_size=4).map(tuple)
ZONES = st.one_of(
    st.just(UTC),
    st.integers(-1439, 1439).map(lambda m: timezone(timedelta(minutes=m))),
    st.just(timezone(timedelta(seconds=19268))),
)
DATES = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES)
BODIES = st.lists(
    st.sampled_from(
        ["---", "+++", "...", "# Head", "text", "  indented", "", "```", "a: b", "{", "\u2028", "\ttab", "x "]
    ),
    max_size=6,
).flatmap(lambda lines: st.sampled_from(["", "\n"]).map(lambda end: clean_body("\n".join(lines) + end)))

FIELD = {
    **dict.fromkeys(["title", "slug", "description", "series", "cover", "canonical_url", "lang"], TEXT),
    **dict.fromkeys(["tags", "authors"], ITEMS),
    **dict.fromkeys(["date", "updated"], DATES),
    "status": st.sampled_from(STATUSES),
}

POSTS = st.builds(
    Post, body=BODIES, **{name: st.one_of(st.none(), values) for name, values in FIELD.items()}
)  # fmt: skip


def _quoted(text: str) -> list[str]:
    """Ways to write a harmless text in YAML."""
    return [text, f"'{text}'", f'"{text}"', f"{text}   # why", f'"{text}" # "quoted" #']


_PLAIN = st.sampled_from(["Hello", "Hello you", "007", "yes", "1.10", "2024", "héllo", "👋 hi", "a b", "C++"])
_TAGS = st.lists(st.sampled_from(["a", "b-c", "no", "007", "日本"]), min_size=1, max_size=4, unique=True)


def _tags(items: list[str], kind: int) -> str:
    flow, lines = ", ".join(items), "".join(f"  - {item}\n" for item in items)
    return [
        f"tags: [{flow}]\n",
        f"tags: [ {','.join(items)} ] # c\n",
        f"tags: {flow}\n",
        f"tags: '{flow}'\n",
        f"tags:\n{lines}",
        "tags:\n" + "".join(f"- \"{item}\" # '{item}'\n" for item in items),
        f"tags: # all of them\n\n{lines}  # no more\n",
        "tags: [\n" + "".join(f"  '{item}',\n" for item in items) + "]\n",
        "tags: [\n  " + ",\n  ".join(f"{item}" for item in items) + " # last\n  ]\n",
    ][kind]


_DATE_TEXTS = st.sampled_from(
    ["2024-01-02", "2024-01-02T03:04:05Z", "2024-01-02 03:04:05 +0800", "2024-1-2 3:04", "'2024-01-02'",
     '"2024-01-02T03:04"',
     "2024-01-02T03:04:05.123Z", "15 Oct 2023", "2024-01-02 03:04:05.000001", "2024-01-02T03:04:05-03:30 # local"]
)  # fmt: skip


@st.composite
def yaml_lines(draw: st.DrawFn) -> list[str]:
    """Entries of a block mapping, each a text of whole lines; the order is any."""
    entries = []
    for name in ("title", "description", "slug", "series", "cover", "lang"):
        text = draw(_PLAIN)
        kind = draw(st.integers(0, 10))
        blocks = [
            f"{name}: |\n  {text}\n  more\n\n",
            f"{name}: >-\n    {text}\n    more\n",
            f"{name}:\n  {text}\n",
            f'{name}: "{text}\n  more"\n',
        ]
        if kind < 9:
            entries.append(f"{name}: {_quoted(text)[kind]}\n" if kind < 5 else blocks[kind - 5])
        elif kind == 9:
            entries.append(f"{name}:{draw(st.sampled_from(['', ' ', ' # nothing', ' ~']))}\n")
    if draw(st.booleans()):
        entries.append(_tags(draw(_TAGS), draw(st.integers(0, 8))))
    if draw(st.booleans()):
        entries.append(f"date: {draw(_DATE_TEXTS)}\n")
    entries += draw(
        st.sampled_from(
            [
                [],
                ["draft: true\n"],
                ["published: false # yet\n"],
                ["status: Draft\n"],
                ["draft: no\n", "published: yes\n"],
            ]
        )
    )
    entries += draw(
        st.lists(
            st.sampled_from(
                ["mine: [1, 2]\n", "x:\n  y:\n    - z: 1\n      w: 2\n", "'k: k': 'v'\n", "n: 0o17\n",
                 "keep: |+\n  a\n\n\n", "1: one\n",
                 "layout:   post\n", "e:\n", "f: {a: 1, b: [x]}\n", "yes: no\n", "bad: 2024-13-45\n"]
            ), unique=True, max_size=4,
        )
    )  # fmt: skip
    if draw(st.booleans()):
        entries.append(draw(st.sampled_from(
            ["overrides:\n  devto:\n    title: There\n    tags: [a]\n  blog:\n      lang: de # ja\n",
             "overrides: {devto: {title: There}}\n",
             "overrides:\n", "overrides:\n  devto: {lang: en}\n"]
        )))  # fmt: skip
    entries = draw(st.permutations(entries))
    return [
        draw(st.sampled_from(["", "", "", "# a comment\n", "\n", "  \n# title: old\n\n"])) + entry for entry in entries
    ]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A YAML file with any line ends, with or without a BOM and a final newline."""
    front = "".join(draw(yaml_lines())) + draw(st.sampled_from(["", "# end\n", "\n", "\n\n"]))
    close = draw(st.sampled_from(["---", "--- ", "..."]))
    text = f"---\n{front}{close}\n" + draw(st.sampled_from(["", "\n", "\n\n"])) + draw(BODIES)
    kind = draw(st.integers(0, 3))
    if kind == 1:
        text = text.replace("\n", "\r\n")
    elif kind == 2:
        ends = draw(st.lists(st.sampled_from(["\n", "\r\n"]), min_size=1, max_size=5))
        parts = text.split("\n")
        text = "".join(part + ends[n % len(ends)] for n, part in enumerate(parts[:-1])) + parts[-1]
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + text.encode()

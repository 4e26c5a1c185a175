"""Awkward posts, records and results for property tests."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from gitsync.model import STATUSES, Post, clean_body
from gitsync.state.records import KEEP, Conflict, Entry, LedgerRecord, Result, Uses

AWKWARD = ("007", "yes", "a: b", "#no", '"', "\\", "’", "日本", "naïve", "- x", "22:22", "{{ a }}", "~", "<<<<<<< ours")
line = st.sampled_from(AWKWARD) | st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]), min_size=1, max_size=12
).map(str.strip).filter(bool)
zone = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
instant = st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1), timezones=zone).map(
    lambda when: when.replace(microsecond=0)
)
items = st.lists(line.filter(lambda text: "," not in text), max_size=3, unique=True).map(tuple)
body = st.lists(line | st.sampled_from(["", "---", "```", "    x"]), max_size=4).map("\n".join).map(clean_body)

posts = st.builds(
    Post,
    title=line,
    slug=st.none() | st.sampled_from(["a-b", "007"]),
    description=st.none() | line,
    tags=st.none() | items,
    canonical_url=st.none() | st.just("https://me.example/p/?a=1#b"),
    status=st.none() | st.sampled_from(STATUSES),
    date=st.none() | instant,
    authors=st.none() | items,
    body=body,
)
oids = st.integers(1, 9).map(lambda n: f"{n:040x}")
raws = st.dictionaries(
    st.sampled_from(["type", "cover", "é"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
    max_size=2,
)
ids = st.sampled_from(["1", "2", "007", "a/b", "ü", ""])
states = st.sampled_from(["live", "live", "live", "unpublished", "deleted", "gone", "ignored"])
records = st.builds(
    LedgerRecord,
    id=ids,
    former=st.lists(ids, max_size=2, unique=True).map(tuple),
    url=st.none() | st.sampled_from(["https://x.example/1", "https://x.example/2"]),
    revision=st.sampled_from(["", "r1", "r2", "2024-01-01T00:00:00Z"]),
    revisions=st.lists(st.sampled_from(["r0", "r1"]), max_size=2).map(tuple),
    state=states,
    sent=st.none() | st.just("f" * 64),
    written=st.none() | st.floats(0, 2e9),
    uses=st.builds(
        Uses,
        posts=st.dictionaries(st.sampled_from(["posts/é.md", "b.md"]), st.none() | st.just("https://x.example/1")),
        assets=st.dictionaries(st.just("images/a b.png"), oids),
    ),
    assets=st.dictionaries(st.just("e" * 64), st.just("https://cdn.example/e.png")),
    raw=raws,
)
conflicts = st.builds(
    Conflict,
    base=st.none() | oids,
    ours=st.none() | oids,
    theirs=st.none() | oids,
    remote=st.none() | posts,
    revision=st.sampled_from(["", "r2"]),
)
paths = st.sampled_from(["a.md", "b.md", "posts/é x.md", "posts/deep/ü.md", 'q"uo\\te.md'])


def results(site: str = "blog") -> st.SearchStrategy[Result]:
    """Results that keep, set and remove anything anywhere, without renames."""
    keep = st.just(KEEP)
    return st.builds(
        Result,
        site=st.just(site),
        path=paths,
        base=keep | st.none() | oids,
        remote=keep | st.none() | posts,
        record=keep | st.none() | records,
        conflict=keep | st.none() | conflicts,
    )


entries = st.builds(
    Entry,
    path=paths,
    base=st.none() | oids,
    remote=st.none() | posts,
    record=st.none() | records,
    conflict=st.none() | conflicts,
)

-- The table that a custom CMS keeps its posts in.
CREATE TABLE article (
    id           INTEGER PRIMARY KEY,
    kind         TEXT,
    headline     TEXT NOT NULL,
    slug         TEXT NOT NULL UNIQUE,
    teaser       TEXT,
    text_md      TEXT NOT NULL,
    keywords     TEXT DEFAULT '',
    state        TEXT DEFAULT 'new',
    published_at INTEGER,
    changed_at   TEXT NOT NULL
);
INSERT INTO article (kind, headline, slug, text_md, state, changed_at)
VALUES ('page', 'Imprint', 'imprint', 'A page, not a post.', 'live', '2026-01-01 00:00:00');

"""The parts of a post's file: front matter, dates, line ends, names. `gitsync.document` is the way in."""

"""The parts of a sync, from reading a site to sharing the outcome. `gitsync.sync` is the way in."""

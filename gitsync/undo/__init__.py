"""The parts of taking a sync back. `gitsync.rollback` and `gitsync.restore` are the ways in."""

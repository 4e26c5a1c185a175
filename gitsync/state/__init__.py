"""What gitsync remembers, and who may write it. `gitsync.ledger` is the way in."""

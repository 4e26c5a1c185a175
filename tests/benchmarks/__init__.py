"""What gitsync costs at a thousand and at a hundred thousand posts, beside git itself: `python -m tests.benchmarks`."""

"""`python -m gitsync`: the command line, where no script `gitsync` is on the path."""

from __future__ import annotations

import sys

from gitsync.cli import main

sys.exit(main())

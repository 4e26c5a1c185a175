"""The command line. It prints; everything below it only returns values, yields events or raises."""

from __future__ import annotations

import sys

from gitsync import __version__

INTERRUPTED = "Interrupted. Nothing is lost: run the command again and it goes on."


def main() -> int:
    """Run the command in `sys.argv` and return its exit code."""
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: scripts ask for it often, and importing click alone takes 40 ms.
        sys.stdout.write(f"gitsync {__version__}\n")
        return 0
    import gc
    import signal

    # A job may be cancelled while this is still being imported.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # Start-up makes a hundred thousand objects that all live on; looking for rubbish among them costs a twentieth.
        gc.set_threshold(50_000, 10, 10)
        from gitsync.cli.failure import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write(f"{INTERRUPTED}\n")
        if "--json" in sys.argv:
            from gitsync.events import Summary

            sys.stdout.write(f"{Summary().line}\n")
        return 130

"""What the tests of several connectors share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.server import Stage, serving


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Serve one port for all the tests of a module, whichever fake they put on."""
    stage = Stage()
    with serving(stage) as stage.host:
        yield stage

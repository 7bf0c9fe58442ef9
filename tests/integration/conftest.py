"""What holds for every integration test: nothing may hold the event loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guard import Guard, guarding


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """The loop guard: it fails the test by the names of those that held the loop too long."""
    with guarding() as watching:
        yield watching
    watching.check()

"""What holds for every integration test: nothing may hold the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from tests.guard import MEASURED_ANEW, Guard, guarding

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is looked at by the guard."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(MEASURED_ANEW)


@pytest.fixture(autouse=True)
def guard() -> Iterator[Guard]:
    """The loop guard: it fails the test by the names of those that held the loop too long."""
    with guarding() as watching:
        yield watching
    watching.check()


@pytest.fixture(autouse=True)
def _plain_tracebacks() -> Iterator[None]:
    """Where nobody has set logging up, tracebacks are drawn with all variables: 100 ms each."""
    given = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*given[:-1], plain])
    yield
    structlog.configure(processors=given)

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from bench import routes


@pytest.fixture
def unfrozen() -> Iterator[None]:
    """The garbage collector as it was."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("unfrozen")
def test_the_bench_of_routes_prints_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A small run goes through, and tells each cost without routes and with them."""
    words = ["--services=100", "--routes=100", "--events=3", "--broken=0.5"]
    assert routes.main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("100 Services × 3 addresses; 100 routes × 3 backends, 50% broken")
    assert [line[:24].strip() for line in lines[2:]][:5] == [
        "decoding",
        "first batch",
        "first scrape",
        "event, an address more",
        "event, dead or alive",
    ]

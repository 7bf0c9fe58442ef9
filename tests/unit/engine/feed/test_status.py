from __future__ import annotations

import pytest

from exporter.engine.feed import FeedStatus


@pytest.mark.parametrize(
    "status,behind",
    [
        (FeedStatus("pods", last_sync=0.0, last_event=0.0), False),
        (FeedStatus("pods", last_sync=0.0, last_event=900.0, error="503"), False),
        (FeedStatus("pods", last_sync=0.0, last_event=100.0, error="503"), True),
        (FeedStatus("pods", last_sync=900.0, error="503"), False),
        (FeedStatus("pods", error="503"), True),
        (FeedStatus("pods", mode="poll", last_sync=999.0), True),
    ],
)
def test_what_is_polled_or_fails_for_long_is_behind(status: FeedStatus, behind: bool) -> None:
    """A quiet watch is as good as a busy one; one that fails is, for the first minute."""
    assert status.is_behind(now=950.0, seconds=60.0) is behind

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from exporter.engine.feed.status import FeedStatus
from exporter.engine.feed.telling import Telling

Lines = list[MutableMapping[str, Any]]


@pytest.fixture(name="lines")
def _lines() -> Iterator[Lines]:
    """What is logged."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def status(**more: Any) -> FeedStatus:
    """A feed that has synced."""
    return FeedStatus("services", **{"synced": True, "objects": 3, **more})


def events(lines: Lines) -> list[tuple[str, str]]:
    """Level and event of each line."""
    return [(line["log_level"], line["event"]) for line in lines]


def test_the_first_sync_is_told_once(lines: Lines) -> None:
    """A healthy feed says one thing in its life."""
    telling = Telling("services", "d")
    telling.tell(FeedStatus("services"))
    for _ in range(3):
        telling.tell(status())
    assert lines == [
        {
            "event": "synced",
            "log_level": "info",
            "resource": "services",
            "namespace": "d",
            "objects": 3,
            "mode": "watch",
        }
    ]


def test_a_failure_is_told_once_and_its_end_with_how_often_it_came(lines: Lines) -> None:
    """A server that is away for an hour makes two lines, not a thousand."""
    telling = Telling("services", "")
    telling.tell(status())
    for _ in range(5):
        telling.tell(status(error="refused"), failed=True)
        telling.tell(status(error="refused"))  # the rest is over, the next attempt begins
    telling.tell(status())
    assert events(lines) == [
        ("info", "synced"),
        ("warning", "can't be read"),
        ("info", "reading again"),
    ]
    assert lines[1]["error"] == "refused"
    assert lines[2]["failures"] == 5


def test_a_failure_that_comes_and_goes_is_not_told_each_time(lines: Lines) -> None:
    """A watch that is cut every minute: the first time is news."""
    telling = Telling("services", "")
    telling.tell(status())
    for _ in range(20):
        telling.tell(status(error="cut"))
        telling.tell(status())
    assert events(lines) == [
        ("info", "synced"),
        ("warning", "can't be read"),
        ("info", "reading again"),
    ]


def test_another_failure_is_news(lines: Lines) -> None:
    """Refused, then denied: what to do about it differs."""
    telling = Telling("services", "")
    telling.tell(status(error="refused"))
    telling.tell(status(error="denied", forbidden=True, synced=False))
    telling.tell(status(error="not served", absent=True, synced=False))
    assert events(lines) == [
        ("warning", "can't be read"),
        ("warning", "may not be read"),
        ("warning", "is not there"),
    ]


def test_a_change_of_mode_is_told(lines: Lines) -> None:
    """Polling costs more and sees less: an operator may want to know."""
    telling = Telling("services", "")
    telling.tell(status())
    telling.tell(status(mode="poll"))
    telling.tell(status(mode="poll"))
    telling.tell(status())
    assert events(lines) == [
        ("info", "synced"),
        ("info", "polling: the watch is denied"),
        ("info", "watching again"),
    ]

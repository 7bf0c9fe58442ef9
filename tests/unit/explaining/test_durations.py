from __future__ import annotations

import pytest

from exporter.explaining.durations import human_duration, show_time

HOUR, DAY, YEAR = 3600, 86400, 365 * 86400


@pytest.mark.parametrize(
    "seconds,text",
    [
        (0, "0s"),
        (0.9, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (599, "9m59s"),
        (600, "10m"),
        (659, "10m"),
        (3 * HOUR - 1, "179m"),
        (3 * HOUR, "3h"),
        (5 * HOUR + 600, "5h10m"),
        (8 * HOUR + 600, "8h"),
        (48 * HOUR - 1, "47h"),
        (2 * DAY, "2d"),
        (3 * DAY + 5 * HOUR, "3d5h"),
        (8 * DAY + 5 * HOUR, "8d"),
        (2 * YEAR - 1, "729d"),
        (2 * YEAR, "2y"),
        (3 * YEAR + 20 * DAY, "3y20d"),
        (8 * YEAR + 20 * DAY, "8y"),
        (-1.9, "0s"),
        (-2, "<invalid>"),
        (None, "<unknown>"),
        (float("nan"), "<unknown>"),
        (float("inf"), "<unknown>"),
    ],
)
def test_an_age_reads_as_kubectl_writes_it(seconds: float | None, text: str) -> None:
    """HumanDuration of apimachinery, step by step."""
    assert human_duration(seconds) == text


@pytest.mark.parametrize(
    "seconds,text",
    [
        (None, None),
        (0.0, "1970-01-01T00:00:00Z"),
        (1795420800.9, "2026-11-23T08:00:00Z"),
        (1e30, None),
    ],
)
def test_times_are_written_as_kubernetes_writes_them(
    seconds: float | None, text: str | None
) -> None:
    """RFC 3339 in UTC and whole seconds; what is no time is null, not an error."""
    assert show_time(seconds) == text

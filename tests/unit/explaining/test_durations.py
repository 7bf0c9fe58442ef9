from __future__ import annotations

import pytest

from exporter.explaining.durations import human_duration

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

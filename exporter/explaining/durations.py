"""Spans and points of time as kubectl and Kubernetes write them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def human_duration(seconds: float | None) -> str:
    """An age: `45s`, `3m20s`, `5h10m`, `12d` (apimachinery pkg/util/duration HumanDuration).

    None is `<unknown>`; a time more than a second in the future is `<invalid>`, as kubectl says.
    """
    if seconds is None or math.isnan(seconds):
        return "<unknown>"
    if seconds < 0:
        return "<invalid>" if seconds <= -2 else "0s"
    if math.isinf(seconds):
        return "<unknown>"
    whole = int(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole}s"
    if whole < 3 * _HOUR:
        rest = whole % _MINUTE if whole < 10 * _MINUTE else 0
        return f"{whole // _MINUTE}m" + (f"{rest}s" if rest else "")
    if whole < 2 * _DAY:
        rest = whole % _HOUR // _MINUTE if whole < 8 * _HOUR else 0
        return f"{whole // _HOUR}h" + (f"{rest}m" if rest else "")
    if whole < 2 * _YEAR:
        rest = whole % _DAY // _HOUR if whole < 8 * _DAY else 0
        return f"{whole // _DAY}d" + (f"{rest}h" if rest else "")
    rest = whole % _YEAR // _DAY if whole < 8 * _YEAR else 0
    return f"{whole // _YEAR}y" + (f"{rest}d" if rest else "")


def show_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with whole seconds; None for what is not known or no date at all."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None

"""Times as the pages and the API write them."""

from __future__ import annotations

from datetime import UTC, datetime


def show_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC with whole seconds; None for what is not known or no date at all."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None

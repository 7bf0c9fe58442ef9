"""Until when a Service is new: for its first seconds nothing is held against it."""

from __future__ import annotations

# Clocks differ by seconds. A time further to come is none of this cluster's (a dump made up, a
# clock gone wrong), and would make a Service new for as long as it lies ahead.
_CLOCKS_DIFFER = 10.0


def find_end_of_youth(created: float | None, now: float, grace: float) -> float | None:
    """When a Service that is new stops to be; None for one that is not."""
    if created is None or not -_CLOCKS_DIFFER <= now - created < grace:
        return None
    return created + grace

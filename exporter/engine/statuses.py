"""Many feeds of one resource (one per namespace) told as one status."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from exporter.engine.feed import FeedStatus
from exporter.model import ResourceStatus


def combine_statuses(
    feeds: Iterable[FeedStatus], required: Collection[str]
) -> tuple[ResourceStatus, ...]:
    """One ResourceStatus per resource, in the order of the feeds.

    Over several namespaces the worst counts: synced when all are, forbidden or failing when one
    is, polling when one polls, and as old as the oldest.
    """
    grouped: dict[str, list[FeedStatus]] = {}
    for feed in feeds:
        grouped.setdefault(feed.resource, []).append(feed)
    return tuple(
        ResourceStatus(
            resource=resource,
            required=resource in required,
            mode="poll" if any(feed.mode == "poll" for feed in members) else "watch",
            synced=all(feed.synced for feed in members),
            forbidden=any(feed.forbidden for feed in members),
            absent=all(feed.absent for feed in members),
            objects=sum(feed.objects for feed in members),
            last_sync=_oldest(feed.last_sync for feed in members),
            last_event=_oldest(feed.last_event for feed in members),
            error=_describe(members),
        )
        for resource, members in grouped.items()
    )


def _oldest(moments: Iterable[float | None]) -> float | None:
    """None while one of them has none: an age that can't be known is not told."""
    known = []
    for moment in moments:
        if moment is None:
            return None
        known.append(moment)
    return min(known) if known else None


def _describe(members: list[FeedStatus]) -> str:
    for feed in members:
        if feed.error:
            return f"{feed.namespace}: {feed.error}" if feed.namespace else feed.error
    return ""

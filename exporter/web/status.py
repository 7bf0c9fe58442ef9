"""How reading goes: whether what is shown may be out of date, and since when."""

from __future__ import annotations

from exporter.explaining.durations import show_time
from exporter.model import ResourceStatus, Snapshot
from exporter.web.api.documents import Resource, Status
from exporter.web.health import is_ready


def describe_status(snapshot: Snapshot, routes: int | None = None) -> Status:
    """The status document; `routes` is the revision of what is told of them."""
    return Status(
        now=show_time(snapshot.now),
        ready=is_ready(snapshot.ready, snapshot.resources),
        stale=is_stale(snapshot),
        as_of=show_time(find_as_of(snapshot)),
        resources=tuple(map(_describe, snapshot.resources)),
        routes=routes,
    )


def is_stale(snapshot: Snapshot) -> bool:
    """Whether something that is required can't be read at the moment."""
    return any(status.required and status.error for status in snapshot.resources)


def find_as_of(snapshot: Snapshot) -> float | None:
    """The moment that is told of: now, or when what can't be read was last heard of."""
    moments = [
        max(status.last_sync or 0.0, status.last_event or 0.0)
        for status in snapshot.resources
        if status.required and status.error
    ]
    if not moments:
        return snapshot.now
    return min(moments) or None


def _describe(status: ResourceStatus) -> Resource:
    return Resource(
        resource=status.resource,
        required=status.required,
        mode=status.mode,
        synced=status.synced,
        forbidden=status.forbidden,
        objects=status.objects,
        last_sync=show_time(status.last_sync),
        last_event=show_time(status.last_event),
        error=status.error,
    )

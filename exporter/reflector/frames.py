"""What the frames of a watch say: changes, the version reached, or why it ends."""

from __future__ import annotations

import msgspec

from exporter.model import Change, Delete, ObjectKey, Upsert
from exporter.objects.codec import Event, Status
from exporter.objects.meta import Rejected
from exporter.reflector.values import Effect, Failure, FailureKind, Gather

_KNOWN = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"})


class Frames(msgspec.Struct, frozen=True, gc=False):
    """What was read. `rejected` counts objects that can't be decoded; they are changes too."""

    changes: tuple[Change, ...]
    version: str
    follows: bool
    by_type: dict[str, int]
    rejected: int
    failure: Failure | None


def changes_in(events: list[Event], resource: str, version: str, follows: bool) -> Frames:  # noqa: FBT001
    """Frames become changes; the version follows each of them, bookmarks too.

    The version of an ERROR is never taken: its object is a Status and has none. `follows`: as
    long as it is False, versions of ADDED events are not taken either.
    """
    changes: list[Change] = []
    by_type: dict[str, int] = {}
    rejected = 0
    failure: Failure | None = None
    for event in events:
        kind = event.type if event.type in _KNOWN else "UNKNOWN"
        by_type[kind] = by_type.get(kind, 0) + 1
        if kind == "ERROR":
            failure = failure_of(event.status or Status())
            break
        if kind == "UNKNOWN":
            continue  # a later server may have more to say than we can use
        found = event.object
        if found is not None:
            rejected += isinstance(found, Rejected)
            if kind == "DELETED":
                changes.append(Delete(resource, ObjectKey(found.namespace, found.name)))
            else:
                changes.append(Upsert(resource, found))
        follows = follows or kind != "ADDED"
        if follows and event.resource_version:
            version = event.resource_version
    return Frames(tuple(changes), version, follows, by_type, rejected, failure)


def objects_in(events: list[Event]) -> tuple[Effect, ...]:
    """The objects of a stream's beginning, to be gathered."""
    objects = tuple([event.object for event in events if event.object is not None])
    return (Gather(objects),) if objects else ()


def failure_of(status: Status) -> Failure:
    """An ERROR event as a failure."""
    details = status.details
    told = " ".join((status.message or status.reason or "no message").split())
    return Failure(
        FailureKind.ANSWER,
        f"the watch ended with {status.code or 'an error'}: {told}",
        code=status.code or 500,
        retry_after=details.retry_after_seconds if details else None,
    )

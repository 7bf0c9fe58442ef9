"""The exporter's own metric families, as data. It counts nothing."""

from __future__ import annotations

import msgspec

from exporter.catalogue import Kind, Stability

PREFIX = "endpoints_exporter_"

#: How a list can end, why a watch can stop, and what it can bring: each starts at 0, for a counter
#: that first appears with its first count has no increase that a query could see.
LIST_RESULTS = ("success", "gone", "forbidden", "absent", "unauthorized", "error")
WATCH_CAUSES = (
    "end",
    "timeout",
    "idle",
    "reset",
    "short",
    "gone",
    "error",
    "throttled",
    "refused",
    "unauthorized",
    "forbidden",
    "unsupported",
)
EVENT_TYPES = ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR")


class OwnFamily(msgspec.Struct, frozen=True):
    """One family about the exporter itself; `name` is as it stands in the text format."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    stability: Stability = Stability.STABLE


def _own(
    name: str, kind: Kind, text: str, *labels: str, buckets: tuple[float, ...] = ()
) -> OwnFamily:
    return OwnFamily(PREFIX + name, kind, text, labels, buckets)


_QUICK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_CONTROLLERS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
_BYTES = (1e4, 1e5, 2.5e5, 1e6, 2.5e6, 5e6, 1e7, 2.5e7, 5e7, 1e8)

BUILD = _own("build_info", Kind.INFO, "The exporter and what it runs on.", "version", "python")
LEADER = _own(
    "leader",
    Kind.GAUGE,
    "Whether this replica holds the lease and tells of Services; absent without `--leader-lease`.",
)
SYNCED = _own(
    "resource_synced",
    Kind.GAUGE,
    "Whether the resource was read completely at least once since it could last be read.",
    "resource",
)
FORBIDDEN = _own(
    "resource_forbidden",
    Kind.GAUGE,
    "Whether the API server refuses to let it be read.",
    "resource",
)
LAST_SYNC = _own(
    "resource_last_sync_timestamp_seconds",
    Kind.GAUGE,
    "When the resource was last read completely; absent before.",
    "resource",
)
LAST_EVENT = _own(
    "resource_last_event_timestamp_seconds",
    Kind.GAUGE,
    "When something was last heard of the resource, bookmarks included; absent before.",
    "resource",
)
OBJECTS = _own(
    "resource_objects", Kind.GAUGE, "Objects known now; absent before the first sync.", "resource"
)
LISTS = _own("lists_total", Kind.COUNTER, "Lists, by how they ended.", "resource", "result")
EVENTS = _own(
    "watch_events_total", Kind.COUNTER, "Events that watches brought.", "resource", "type"
)
RESTARTS = _own(
    "watch_restarts_total", Kind.COUNTER, "Watches that ended, by cause.", "resource", "cause"
)
REJECTED = _own(
    "objects_rejected_total",
    Kind.COUNTER,
    "Objects that could not be decoded and were left out.",
    "resource",
)
REQUESTS = _own(
    "api_request_duration_seconds",
    Kind.HISTOGRAM,
    "Time until the API server had answered; code 0 when it did not.",
    "verb",
    "code",
    buckets=_SLOW,
)
RECEIVED = _own(
    "api_received_bytes_total",
    Kind.COUNTER,
    "Bytes received from the API server, as they came over the wire.",
    "resource",
)
SCRAPE_TIME = _own(
    "scrape_duration_seconds",
    Kind.HISTOGRAM,
    "Time to serve a scrape, the client's slowness included.",
    buckets=_QUICK,
)
SCRAPE_SIZE = _own(
    "scrape_size_bytes",
    Kind.HISTOGRAM,
    "Bytes of the bodies of scrapes, as sent (compressed where the client takes that).",
    buckets=_BYTES,
)
VISIBLE = _own(
    "event_to_visible_seconds",
    Kind.HISTOGRAM,
    "Time from receiving an event to its being in what a scrape gets.",
    buckets=_QUICK,
)
LAG = _own(
    "loop_lag_seconds",
    Kind.HISTOGRAM,
    "How late the event loop woke a task that slept: what everything waits for.",
    buckets=_QUICK,
)
LATENCY = _own(
    "programming_latency_seconds",
    Kind.HISTOGRAM,
    "Time from the change that triggered an EndpointSlice (its trigger-time annotation) to our "
    "seeing it. Only with the group `changes`.",
    buckets=_CONTROLLERS,
)
ANNOTATIONS = _own(
    "annotations_rejected",
    Kind.GAUGE,
    "Services with an endpoints-exporter.io annotation that is nonsense; the default applies.",
)
SERIES = _own("series", Kind.GAUGE, "Series about Services, by group.", "group")
NOTIFY_CHANGES = _own(
    "notify_changes_total",
    Kind.COUNTER,
    "Changes of Services that were to be sent to the receiver, by what became of them; absent "
    "without one.",
    "outcome",
)
NOTIFY_MESSAGES = _own(
    "notify_messages_total",
    Kind.COUNTER,
    "Messages to the receiver, by what its answer meant; absent without one.",
    "verdict",
)
WRITTEN_EVENTS = _own(
    "events_written_total",
    Kind.COUNTER,
    "Changes of Services that were to become Events, by what became of them; absent without "
    "`--events`.",
    "outcome",
)

_PROCESS = tuple(
    OwnFamily(name, kind, text, labels)
    for name, kind, text, labels in (
        ("process_virtual_memory_bytes", Kind.GAUGE, "Virtual memory size in bytes.", ()),
        ("process_resident_memory_bytes", Kind.GAUGE, "Resident memory size in bytes.", ()),
        (
            "process_start_time_seconds",
            Kind.GAUGE,
            "Start time of the process since unix epoch in seconds.",
            (),
        ),
        (
            "process_cpu_seconds_total",
            Kind.COUNTER,
            "Total user and system CPU time spent in seconds.",
            (),
        ),
        ("process_open_fds", Kind.GAUGE, "Number of open file descriptors.", ()),
        ("process_max_fds", Kind.GAUGE, "Maximum number of open file descriptors.", ()),
        (
            "python_info",
            Kind.GAUGE,
            "Python platform information",
            ("version", "implementation", "major", "minor", "patchlevel"),
        ),
    )
)

#: Every family about the exporter itself, in the order in which they are rendered.
OWN_FAMILIES: tuple[OwnFamily, ...] = (
    BUILD,
    LEADER,
    SYNCED,
    FORBIDDEN,
    LAST_SYNC,
    LAST_EVENT,
    OBJECTS,
    LISTS,
    EVENTS,
    RESTARTS,
    REJECTED,
    REQUESTS,
    RECEIVED,
    SCRAPE_TIME,
    SCRAPE_SIZE,
    VISIBLE,
    LAG,
    LATENCY,
    ANNOTATIONS,
    SERIES,
    NOTIFY_CHANGES,
    NOTIFY_MESSAGES,
    WRITTEN_EVENTS,
    *_PROCESS,
)

"""What the exporter says of itself, and of the process it is: the only user of prometheus_client.

It keeps its own registry (nothing that a library registers slips in), counts what it is told and
renders it. It reads no clock and decides nothing.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from exporter.model import ResourceStatus
from exporter.telemetry.families import (
    ANNOTATIONS,
    BUILD,
    EVENT_TYPES,
    EVENTS,
    FORBIDDEN,
    LAG,
    LAST_EVENT,
    LAST_SYNC,
    LATENCY,
    LEADER,
    LIST_RESULTS,
    LISTS,
    NOTIFY_CHANGES,
    NOTIFY_MESSAGES,
    OBJECTS,
    OWN_FAMILIES,
    RECEIVED,
    REJECTED,
    REQUESTS,
    RESTARTS,
    SCRAPE_SIZE,
    SCRAPE_TIME,
    SERIES,
    SYNCED,
    VISIBLE,
    WATCH_CAUSES,
    WRITTEN_EVENTS,
    OwnFamily,
)
from exporter.telemetry.text import render_metric

__all__ = ["OWN_FAMILIES", "OwnFamily", "Telemetry"]

# Each creation time would be a series of its own: twice as many, and nothing asks for them.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations


class _Shown(Collector):
    """Gauges that are told whole: what is not in the last telling is not there."""

    def __init__(self) -> None:
        self.statuses: tuple[ResourceStatus, ...] = ()
        self.series: Mapping[str, int] = {}
        self.annotations: int | None = None

    def collect(self) -> Iterator[Metric]:
        rows: dict[OwnFamily, list[tuple[str, float | None]]] = {
            SYNCED: [(status.resource, status.synced) for status in self.statuses],
            FORBIDDEN: [(status.resource, status.forbidden) for status in self.statuses],
            LAST_SYNC: [(status.resource, status.last_sync) for status in self.statuses],
            LAST_EVENT: [(status.resource, status.last_event) for status in self.statuses],
            OBJECTS: [
                (status.resource, status.objects if status.synced else None)
                for status in self.statuses
            ],
            ANNOTATIONS: [("", self.annotations)],
            SERIES: [(group, count) for group, count in self.series.items()],
        }
        for family, values in rows.items():
            gauge = GaugeMetricFamily(family.name, family.help, labels=family.labels)
            for label, value in values:
                if value is not None:
                    gauge.add_metric([label] if family.labels else [], value)
            yield gauge


class Telemetry:
    """The exporter's own metrics. Every method is cheap, synchronous and never fails.

    Durations are in seconds; one that a clock's jump made negative counts as 0.
    """

    def __init__(
        self, version: str, *, programming_latency: bool = True, leader: bool = False
    ) -> None:
        """`version` is the exporter's.

        Without `programming_latency` or `leader` their families are absent.
        """
        registry = CollectorRegistry()

        def count(family: OwnFamily) -> Counter:
            name = family.name.removesuffix("_total")
            return Counter(name, family.help, family.labels, registry=registry)

        def measure(family: OwnFamily) -> Histogram:
            return Histogram(
                family.name,
                family.help,
                family.labels,
                buckets=family.buckets,
                registry=registry,
            )

        Info(BUILD.name.removesuffix("_info"), BUILD.help, registry=registry).info(
            {"version": version, "python": platform.python_version()}
        )
        self._registry = registry
        self._shown = _Shown()
        registry.register(self._shown)
        self._lists, self._events = count(LISTS), count(EVENTS)
        self._restarts, self._rejected = count(RESTARTS), count(REJECTED)
        self._requests, self._received = measure(REQUESTS), count(RECEIVED)
        self._scrape_time, self._scrape_size = measure(SCRAPE_TIME), measure(SCRAPE_SIZE)
        self._visible, self._lag = measure(VISIBLE), measure(LAG)
        self._latency = measure(LATENCY) if programming_latency else None
        self._leader = Gauge(LEADER.name, LEADER.help, registry=registry) if leader else None
        self._told, self._messages = count(NOTIFY_CHANGES), count(NOTIFY_MESSAGES)
        self._written = count(WRITTEN_EVENTS)
        self._known: set[str] = set()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def list_ended(self, resource: str, result: str) -> None:
        """A list ended with one of LIST_RESULTS."""
        self._lists.labels(resource, result).inc()

    def watch_event(self, resource: str, type: str, count: int = 1) -> None:  # noqa: A002 - the API's word
        """A watch brought so many events of a type."""
        self._events.labels(resource, type).inc(count)

    def watch_restarted(self, resource: str, cause: str) -> None:
        """A watch ended because of one of WATCH_CAUSES."""
        self._restarts.labels(resource, cause).inc()

    def rejected(self, resource: str, count: int = 1) -> None:
        """So many objects could not be decoded."""
        self._rejected.labels(resource).inc(count)

    def request_ended(self, resource: str, verb: str, code: str, seconds: float) -> None:  # noqa: ARG002 - a label of it would be 15 times the series
        """The API server answered a request (verb list or watch) with a status code."""
        self._requests.labels(verb, code).observe(max(seconds, 0.0))

    def received(self, resource: str, size: int) -> None:
        """So many bytes came over the wire."""
        self._received.labels(resource).inc(size)

    def scrape_ended(self, seconds: float, size: int) -> None:
        """A scrape was served: the time it took and the bytes of its body as sent."""
        self._scrape_time.observe(max(seconds, 0.0))
        self._scrape_size.observe(size)

    def event_visible(self, seconds: float) -> None:
        """What an event changed can be scraped, so long after it was received."""
        self._visible.observe(max(seconds, 0.0))

    def loop_lag(self, seconds: float) -> None:
        """The event loop was so late."""
        self._lag.observe(max(seconds, 0.0))

    def programming_latency(self, seconds: float) -> None:
        """An EndpointSlice reached us so long after what triggered it."""
        if self._latency is not None:
            self._latency.observe(max(seconds, 0.0))

    def show_resources(self, statuses: Iterable[ResourceStatus]) -> None:
        """How reading goes now. The counters of a resource seen for the first time start at 0."""
        self._shown.statuses = tuple(statuses)
        for status in self._shown.statuses:
            if status.resource not in self._known:
                self._known.add(status.resource)
                self._start(status.resource)

    def show_leader(self, leading: bool) -> None:  # noqa: FBT001 - as it is heard
        """Whether the lease is ours."""
        if self._leader is not None:
            self._leader.set(leading)

    def start_notifying(self, outcomes: Iterable[StrEnum], verdicts: Iterable[StrEnum]) -> None:
        """There is a receiver: what can become of changes and messages is counted from 0 on."""
        for outcome in outcomes:
            self._told.labels(outcome.value)
        for verdict in verdicts:
            self._messages.labels(verdict.value)

    def start_writing(self, outcomes: Iterable[StrEnum]) -> None:
        """Events are written: what can become of changes is counted from 0 on."""
        for outcome in outcomes:
            self._written.labels(outcome.value)

    def change_told(self, outcome: str, count: int = 1) -> None:
        """So many changes for the receiver ended so."""
        self._told.labels(outcome).inc(count)

    def message_ended(self, verdict: str) -> None:
        """The receiver's answer meant this."""
        self._messages.labels(verdict).inc()

    def event_written(self, outcome: str, count: int = 1) -> None:
        """So many changes that were to be Events ended so."""
        self._written.labels(outcome).inc(count)

    def show_series(self, by_group: Mapping[str, int]) -> None:
        """How many series about Services there are now."""
        self._shown.series = dict(by_group)

    def show_annotations(self, rejected: int) -> None:
        """How many Services have an annotation of ours that can't be used."""
        self._shown.annotations = rejected

    def _start(self, resource: str) -> None:
        for result in LIST_RESULTS:
            self._lists.labels(resource, result)
        for kind in EVENT_TYPES:
            self._events.labels(resource, kind)
        for cause in WATCH_CAUSES:
            self._restarts.labels(resource, cause)
        self._rejected.labels(resource)
        self._received.labels(resource)

    def exposition(self, openmetrics: bool, families: frozenset[str] | None = None) -> bytes:  # noqa: FBT001
        """The text of all own families that have samples, or of those named.

        One text serves 0.0.4 and 1.0.0. The OpenMetrics end mark is left to whoever puts the page
        together. Families go by their name in the text format (`…_total`, `…_info`).
        """
        return "".join(
            text
            for metric in self._registry.collect()
            if metric.samples
            for name, text in [render_metric(metric, openmetrics=openmetrics)]
            if families is None or name in families
        ).encode()

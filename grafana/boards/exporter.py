"""The exporter itself: whether what the other boards show can be trusted, and what it costs."""

from __future__ import annotations

from grafana.boards.board import Board, Section
from grafana.boards.exporter_costs import COSTS
from grafana.boards.links import EXPORTER
from grafana.boards.meaning import DEGRADED, EMPTY, READY, steps
from grafana.boards.own import BUILD, CHOSEN, INSTANCE, ONE, OWN, RATE, own, quantile, rate
from grafana.boards.panels import Line, graph, number
from grafana.boards.tables import Column, table

_YES_NO = ((0, "No", EMPTY), (1, "Yes", READY))

_AGE = (
    f"time() - max by ({ONE}, resource) ({own('resource_last_event_timestamp_seconds')}"
    f" > {own('resource_last_sync_timestamp_seconds')}"
    f" or {own('resource_last_sync_timestamp_seconds')})"
)
_RENAMED = 'k8s_service_info{cluster=~"$cluster", job=~"$job", instance=~"$instance", '

_TRUST = Section(
    "Can I trust the data?",
    (
        number(
            "Exporters up",
            "The share of exporters seen in the shown time that Prometheus can scrape now. Below "
            "100 %: look at the target's error in Prometheus.",
            f"avg({CHOSEN.series('up')} and on ({ONE}) last_over_time({BUILD}[$__range]))",
            colors=steps(EMPTY, (0.01, DEGRADED), (1, READY)),
            unit="percentunit",
            width=8,
        ),
        number(
            "Everything read",
            "Whether every resource was read completely. 'Incomplete': the table below says which "
            "one is not; without it some metrics are missing.",
            f"min({own('resource_synced')})",
            colors=steps(DEGRADED, (1, READY)),
            words=((0, "Incomplete", DEGRADED), (1, "Complete", READY)),
            width=8,
        ),
        number(
            "Oldest news",
            "How long ago the exporter last heard of the resource that it heard of least: an "
            "event, a bookmark or a complete list. API servers send bookmarks every minute; "
            "much more means that a watch is dead and the data is old.",
            f"max({_AGE})",
            colors=steps(READY, (180, DEGRADED), (600, EMPTY)),
            unit="s",
            width=8,
        ),
        number(
            "Forbidden resources",
            "Resources that the API server does not let the exporter read. Optional ones only make "
            "reasons less exact; deploy/rbac has what each needs.",
            f"sum(max by (cluster, resource) ({own('resource_forbidden')}))",
            colors=steps(READY, (1, DEGRADED)),
            width=8,
        ),
        number(
            "Objects rejected",
            "Objects that could not be decoded, per second; they are left out of every number. "
            "The exporter's log names them.",
            f"sum(rate({own('objects_rejected_total')}{RATE}))",
            colors=steps(READY, (0.0001, EMPTY)),
            unit="ops",
            width=8,
        ),
        number(
            "Labels renamed",
            "Series whose namespace Prometheus has renamed to exported_namespace, for honor_labels "
            "is not set: then every other panel and alert groups wrongly. Set honorLabels: true on "
            "the scrape.",
            f'count({_RENAMED}exported_namespace!=""}}) or 0 * count({BUILD})',
            colors=steps(READY, (1, EMPTY)),
            width=8,
        ),
        table(
            "Resources",
            "What is read of the API server: whether it was read completely, may be read, how many "
            "objects there are, and when it was last heard of (at most 100 rows). Not read and not "
            "forbidden: look at the exporter's log.",
            Column("Cluster", "cluster", width=100),
            Column("Instance", "instance", width=190, filtered=True),
            Column("Resource", "resource", width=260, filtered=True, grows=True),
            Column(
                "Read",
                expression=f"bottomk(100, max by ({ONE}, resource) ({own('resource_synced')}))",
                words=_YES_NO,
            ),
            Column(
                "Forbidden",
                expression=f"topk(100, max by ({ONE}, resource) ({own('resource_forbidden')}))",
                words=((0, "No", READY), (1, "Yes", DEGRADED)),
                width=90,
            ),
            Column(
                "Objects",
                expression=f"topk(100, max by ({ONE}, resource) ({own('resource_objects')}))",
                width=80,
            ),
            Column(
                "Last list",
                expression=f"topk(100, time() - max by ({ONE}, resource)"
                f" ({own('resource_last_sync_timestamp_seconds')}))",
                unit="s",
                width=90,
            ),
            Column("Silent for", expression=f"topk(100, {_AGE})", unit="s", width=90),
            Column("Job", "job", width=160, grows=True),
            nothing="No exporter is scraped",
            sort="Silent for",
        ),
        graph(
            "Oldest news over time",
            "Seconds since something was last heard of the resource that was silent longest, by "
            "instance. A line that climbs steadily is a watch that hangs; the table above names "
            "the resource.",
            Line(f"topk(10, max by (instance) ({_AGE}))", INSTANCE),
            unit="s",
        ),
        graph(
            "From an event to a scrape",
            "How long after an event came its effect could be scraped, and how late the event loop "
            "wakes. More than a second: the exporter has too little CPU.",
            Line(quantile(0.99, "event_to_visible_seconds"), "visible, 99 %"),
            Line(quantile(0.5, "event_to_visible_seconds"), "visible, half"),
            Line(quantile(0.99, "loop_lag_seconds"), "loop lag, 99 %"),
            unit="s",
        ),
    ),
)

_API = Section(
    "The API server",
    (
        graph(
            "Requests",
            "Requests to the API server by verb and status; code 0 is no answer. Codes from 400 "
            "on, 429 above all, mean refused or throttled.",
            Line(rate("api_request_duration_seconds_count", "verb", "code"), "{{verb}} {{code}}"),
            unit="reqps",
        ),
        graph(
            "Time to answer",
            "How long the API server takes to begin its answer, 99 of 100 requests, by verb. Slow "
            "lists at start are normal.",
            Line(quantile(0.99, "api_request_duration_seconds", "verb"), "{{verb}}"),
            unit="s",
        ),
        graph(
            "Watch events",
            "Events by resource, the ten busiest. Bookmarks alone are about one a minute; many "
            "MODIFIED of endpointslices are rollouts, or flapping.",
            Line(
                f"topk(10, {rate('watch_events_total', 'resource', 'type')})",
                "{{resource}} {{type}}",
            ),
            unit="ops",
        ),
        graph(
            "Watches that ended",
            "Watches that ended, by cause (the ten most frequent). 'end' and 'timeout' are normal "
            "every few minutes; 'gone' costs a list; 'forbidden' is RBAC.",
            Line(f"topk(10, {rate('watch_restarts_total', 'cause')})", "{{cause}}"),
            unit="ops",
        ),
        graph(
            "Lists",
            "Complete lists by how they ended. Lists that are not 'success' again and again: see "
            "the result's name, and the exporter's log.",
            Line(rate("lists_total", "result"), "{{result}}"),
            unit="ops",
        ),
        graph(
            "Received",
            "Bytes from the API server by resource (the ten largest). A resource that dominates "
            "can be switched off if its metrics are not needed.",
            Line(f"topk(10, {rate('api_received_bytes_total', 'resource')})", "{{resource}}"),
            unit="Bps",
        ),
        graph(
            "Changes told",
            "Changes of Services for the receiver (--notify.url) and as Events (--events), by what "
            "became of them. 'refused', 'dropped' and 'forbidden' did not arrive: the exporter's "
            "log says why. Empty without both.",
            Line(rate("notify_changes_total", "outcome"), "webhook {{outcome}}"),
            Line(rate("events_written_total", "outcome"), "Events {{outcome}}"),
            unit="ops",
        ),
    ),
)


BOARD = Board(
    uid=EXPORTER,
    title="Service endpoints / Exporter",
    description="Whether the exporter's data can be trusted, how it talks to the API server, and "
    "what it costs.",
    variables=("cluster", "job", "instance"),
    known=f"{OWN}build_info",
    sections=(_TRUST, _API, COSTS),
    annotated=None,
    refresh="1m",
)

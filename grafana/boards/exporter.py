"""The exporter itself: whether what the other boards show can be trusted, and what it costs."""

from __future__ import annotations

from grafana.boards.board import Board, Section
from grafana.boards.links import EXPORTER
from grafana.boards.meaning import DEGRADED, EMPTY, READY, map_values, steps
from grafana.boards.optional import needs
from grafana.boards.panels import Column, Line, Panel, bars, graph, number, table
from grafana.boards.queries import Selection

_CHOSEN = Selection(("cluster", "job", "instance"))
_ONE = "cluster, job, instance"
_OWN = "endpoints_exporter_"
_BUILD = _CHOSEN.series(f"{_OWN}build_info")
_RATE = "[$__rate_interval]"
_INSTANCE = "{{instance}}"
_YES_NO = ((0, "No", EMPTY), (1, "Yes", READY))


def _own(name: str) -> str:
    return _CHOSEN.series(_OWN + name)


def _process(name: str) -> str:
    """A metric that every program has: only of the exporters."""
    return f"{_CHOSEN.series(name)} and on ({_ONE}) {_BUILD}"


def _rate(name: str, *by: str) -> str:
    labels = ", ".join(by)
    return f"sum by ({labels}) (rate({_own(name)}{_RATE}))"


def _quantile(share: float, name: str, *by: str) -> str:
    labels = ", ".join(("le", *by))
    return f"histogram_quantile({share}, sum by ({labels}) (rate({_own(name + '_bucket')}{_RATE})))"


_AGE = (
    f"time() - max by ({_ONE}, resource) ({_own('resource_last_event_timestamp_seconds')}"
    f" > {_own('resource_last_sync_timestamp_seconds')}"
    f" or {_own('resource_last_sync_timestamp_seconds')})"
)
_RENAMED = 'k8s_service_info{cluster=~"$cluster", job=~"$job", instance=~"$instance", '

_TRUST = Section(
    "Can I trust the data?",
    (
        number(
            "Exporters up",
            "The share of exporters seen in the shown time that Prometheus can scrape now. Below "
            "100 %: look at the target's error in Prometheus.",
            f"avg({_CHOSEN.series('up')} and on ({_ONE}) last_over_time({_BUILD}[$__range]))",
            colors=steps(EMPTY, (0.01, DEGRADED), (1, READY)),
            unit="percentunit",
        ),
        number(
            "Everything read",
            "Whether every resource was read completely. 'Incomplete': the table below says which "
            "one is not; without it some metrics are missing.",
            f"min({_own('resource_synced')})",
            colors=steps(DEGRADED, (1, READY)),
            words=map_values((0, "Incomplete", DEGRADED), (1, "Complete", READY)),
        ),
        number(
            "Oldest news",
            "How long ago the exporter last heard of the resource that it heard of least: an "
            "event, a bookmark or a complete list. API servers send bookmarks every minute; "
            "much more means that a watch is dead and the data is old.",
            f"max({_AGE})",
            colors=steps(READY, (180, DEGRADED), (600, EMPTY)),
            unit="s",
        ),
        number(
            "Forbidden resources",
            "Resources that the API server does not let the exporter read. Optional ones only make "
            "reasons less exact; deploy/rbac has what each needs.",
            f"sum(max by (cluster, resource) ({_own('resource_forbidden')}))",
            colors=steps(READY, (1, DEGRADED)),
        ),
        number(
            "Objects rejected",
            "Objects that could not be decoded, per second; they are left out of every number. "
            "The exporter's log names them.",
            f"sum(rate({_own('objects_rejected_total')}{_RATE}))",
            colors=steps(READY, (0.0001, EMPTY)),
            unit="ops",
        ),
        number(
            "Labels renamed",
            "Series whose namespace Prometheus has renamed to exported_namespace, for honor_labels "
            "is not set: then every other panel and alert groups wrongly. Set honorLabels: true on "
            "the scrape.",
            f'count({_RENAMED}exported_namespace!=""}}) or 0 * count({_BUILD})',
            colors=steps(READY, (1, EMPTY)),
        ),
        table(
            "Resources",
            "What is read of the API server: whether it was read completely, may be read, how many "
            "objects there are, and when it was last heard of (at most 100 rows). Not read and not "
            "forbidden: look at the exporter's log.",
            Column("Cluster", "cluster"),
            Column("Instance", "instance"),
            Column("Resource", "resource", width=260),
            Column(
                "Read",
                expression=f"bottomk(100, max by ({_ONE}, resource) ({_own('resource_synced')}))",
                words=_YES_NO,
            ),
            Column(
                "Forbidden",
                expression=f"topk(100, max by ({_ONE}, resource) ({_own('resource_forbidden')}))",
                words=((0, "No", READY), (1, "Yes", DEGRADED)),
            ),
            Column(
                "Objects",
                expression=f"topk(100, max by ({_ONE}, resource) ({_own('resource_objects')}))",
            ),
            Column(
                "Last list",
                expression=f"bottomk(100, max by ({_ONE}, resource)"
                f" ({_own('resource_last_sync_timestamp_seconds')}) * 1000)",
                unit="dateTimeFromNow",
            ),
            Column("Silent for", expression=f"topk(100, {_AGE})", unit="s"),
            Column("Job", "job"),
            sort="Resource",
            descending=False,
        ),
        graph(
            "Age of the data",
            "Seconds since something was last heard of each resource (the 15 oldest). A line that "
            "climbs steadily is a watch that hangs.",
            Line(f"topk(15, {_AGE})", "{{resource}} {{instance}}"),
            unit="s",
        ),
        graph(
            "From an event to a scrape",
            "How long after an event came its effect could be scraped, and how late the event loop "
            "wakes. More than a second: the exporter has too little CPU.",
            Line(_quantile(0.99, "event_to_visible_seconds"), "visible, 99 %"),
            Line(_quantile(0.5, "event_to_visible_seconds"), "visible, half"),
            Line(_quantile(0.99, "loop_lag_seconds"), "loop lag, 99 %"),
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
            Line(_rate("api_request_duration_seconds_count", "verb", "code"), "{{verb}} {{code}}"),
            unit="reqps",
        ),
        graph(
            "Time to answer",
            "How long the API server takes to begin its answer, 99 of 100 requests, by verb. Slow "
            "lists at start are normal.",
            Line(_quantile(0.99, "api_request_duration_seconds", "verb"), "{{verb}}"),
            unit="s",
        ),
        graph(
            "Watch events",
            "Events by resource, the ten busiest. Bookmarks alone are about one a minute; many "
            "MODIFIED of endpointslices are rollouts, or flapping.",
            Line(
                f"topk(10, {_rate('watch_events_total', 'resource', 'type')})",
                "{{resource}} {{type}}",
            ),
            unit="ops",
        ),
        graph(
            "Watches that ended",
            "Watches that ended, by cause (the ten most frequent). 'end' and 'timeout' are normal "
            "every few minutes; 'gone' costs a list; 'forbidden' is RBAC.",
            Line(f"topk(10, {_rate('watch_restarts_total', 'cause')})", "{{cause}}"),
            unit="ops",
        ),
        graph(
            "Lists",
            "Complete lists by how they ended. Lists that are not 'success' again and again: see "
            "the result's name, and the exporter's log.",
            Line(_rate("lists_total", "result"), "{{result}}"),
            unit="ops",
        ),
        graph(
            "Received",
            "Bytes from the API server by resource (the ten largest). A resource that dominates "
            "can be switched off if its metrics are not needed.",
            Line(f"topk(10, {_rate('api_received_bytes_total', 'resource')})", "{{resource}}"),
            unit="Bps",
        ),
    ),
)


def _whole(title: str, text: str, name: str, unit: str) -> Panel:
    return graph(title, text, Line(f"topk(10, {_process(name)})", _INSTANCE), unit=unit, width=8)


_COSTS = Section(
    "What it costs",
    (
        graph(
            "Scrapes",
            "How long scrapes take, a slow client included. Near the scrape timeout: fewer groups, "
            "or a longer timeout.",
            Line(_quantile(0.99, "scrape_duration_seconds"), "99 %"),
            Line(_quantile(0.5, "scrape_duration_seconds"), "half"),
            unit="s",
            width=8,
        ),
        graph(
            "Size of scrapes",
            "Mean size of a scrape as sent, compressed where Prometheus asks for that. It follows "
            "the number of series.",
            Line(
                f"sum by (instance) (rate({_own('scrape_size_bytes_sum')}{_RATE}))"
                f" / sum by (instance) (rate({_own('scrape_size_bytes_count')}{_RATE}))",
                _INSTANCE,
            ),
            unit="bytes",
            width=8,
        ),
        graph(
            "Series by group",
            "How many series about Services each group makes. Groups can be switched off with "
            "--no-groups and on with --groups.",
            Line(f"max by (group) ({_own('series')})", "{{group}}"),
            stacked=True,
            whole=True,
            width=8,
        ),
        _whole(
            "Memory",
            "Resident memory. It follows the number of Pods and endpoints; growth without growth "
            "of the cluster is a defect: please report it.",
            "process_resident_memory_bytes",
            "bytes",
        ),
        graph(
            "CPU",
            "Share of one CPU core. Peaks at lists and large rollouts are normal; always near 1 "
            "means that the one loop is full.",
            Line(
                "topk(10, rate("
                + _CHOSEN.series("process_cpu_seconds_total")
                + f"{_RATE}) and on ({_ONE}) {_BUILD})",
                _INSTANCE,
            ),
            unit="percentunit",
            width=8,
        ),
        _whole(
            "Open files",
            "Open file descriptors: connections, mostly. Steady growth means that somebody keeps "
            "connections open.",
            "process_open_fds",
            "short",
        ),
        graph(
            "Programming latency",
            "From the change that triggered an EndpointSlice to its being seen here: how slow "
            "Kubernetes itself is." + needs("changes"),
            Line(_quantile(0.99, "programming_latency_seconds"), "99 %"),
            Line(_quantile(0.5, "programming_latency_seconds"), "half"),
            unit="s",
            width=8,
        ),
        bars(
            "Annotations rejected",
            "Services with an endpoints-exporter.io annotation that is nonsense; the default "
            "applies to them. The Service's page in the exporter says which.",
            f"topk(10, {_own('annotations_rejected')})",
            _INSTANCE,
            colors=steps(READY, (1, DEGRADED)),
            width=8,
        ),
        table(
            "Versions",
            "Which exporter runs where, and since when it runs (at most 50). Replicas should be of "
            "one version.",
            Column("Cluster", "cluster"),
            Column("Instance", "instance"),
            Column("Version", "version"),
            Column("Python", "python"),
            Column(
                "Started",
                expression=f"topk(50, {_BUILD} * on ({_ONE}) group_left ()"
                f" {_CHOSEN.series('process_start_time_seconds')} * 1000)",
                unit="dateTimeFromNow",
            ),
            Column("Job", "job"),
            sort="Started",
            width=8,
            height=8,
        ),
    ),
)

BOARD = Board(
    uid=EXPORTER,
    title="Service endpoints / Exporter",
    description="Whether the exporter's data can be trusted, how it talks to the API server, and "
    "what it costs.",
    variables=("cluster", "job", "instance"),
    known=f"{_OWN}build_info",
    sections=(_TRUST, _API, _COSTS),
)

"""What the exporter costs: scrapes, series, memory, and the versions that run."""

from __future__ import annotations

from grafana.boards.board import Section
from grafana.boards.meaning import DEGRADED, READY
from grafana.boards.optional import needs
from grafana.boards.own import BUILD, CHOSEN, INSTANCE, ONE, RATE, own, process, quantile
from grafana.boards.panels import Line, Panel, graph
from grafana.boards.tables import Column, table


def _whole(title: str, text: str, name: str, unit: str) -> Panel:
    return graph(title, text, Line(f"topk(10, {process(name)})", INSTANCE), unit=unit)


COSTS = Section(
    "What it costs",
    (
        graph(
            "Scrapes",
            "How long scrapes take, a slow client included. Near the scrape timeout: fewer groups, "
            "or a longer timeout.",
            Line(quantile(0.99, "scrape_duration_seconds"), "99 %"),
            Line(quantile(0.5, "scrape_duration_seconds"), "half"),
            unit="s",
        ),
        graph(
            "Size of scrapes",
            "Mean size of a scrape as sent, compressed where Prometheus asks for that. It follows "
            "the number of series.",
            Line(
                f"sum by (instance) (rate({own('scrape_size_bytes_sum')}{RATE}))"
                f" / sum by (instance) (rate({own('scrape_size_bytes_count')}{RATE}))",
                INSTANCE,
            ),
            unit="bytes",
        ),
        graph(
            "Series by group",
            "How many series about Services each group makes. Groups can be switched off with "
            "--no-groups and on with --groups.",
            Line(f"max by (group) ({own('series')})", "{{group}}"),
            stacked=True,
            whole=True,
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
                + CHOSEN.series("process_cpu_seconds_total")
                + f"{RATE}) and on ({ONE}) {BUILD})",
                INSTANCE,
            ),
            unit="percentunit",
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
            Line(quantile(0.99, "programming_latency_seconds"), "99 %"),
            Line(quantile(0.5, "programming_latency_seconds"), "half"),
            unit="s",
        ),
        table(
            "Versions",
            "Which exporter runs where, for how long, and how many Services have an "
            "endpoints-exporter.io annotation that is nonsense (at most 50). Replicas should be of "
            "one version; the finding BadAnnotation names the Services.",
            Column("Cluster", "cluster", width=100),
            Column("Instance", "instance", width=190, filtered=True),
            Column("Version", "version", width=100),
            Column("Python", "python", width=90),
            Column(
                "Runs for",
                expression=f"topk(50, max by ({ONE}, version, python) ({BUILD}"
                f" * on ({ONE}) group_left ()"
                f" (time() - {CHOSEN.series('process_start_time_seconds')})))",
                unit="s",
                width=90,
            ),
            Column(
                "Bad annotations",
                expression=f"topk(50, max by ({ONE}) ({own('annotations_rejected')}))",
                colors=((0, READY), (1, DEGRADED)),
                width=130,
            ),
            Column("Job", "job", width=160, grows=True),
            nothing="No exporter is scraped",
            sort="Runs for",
            height=6,
        ),
    ),
)

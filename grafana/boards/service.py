"""One Service: why it is as it is, and since when."""

from __future__ import annotations

from grafana.boards import queries
from grafana.boards.board import Board, Section
from grafana.boards.links import SERVICE as UID
from grafana.boards.meaning import (
    DEGRADED,
    EMPTY,
    PLAIN,
    READY,
    STANDING_TEXT,
    STANDINGS,
    TERMINATING,
    steps,
)
from grafana.boards.panels import Line, graph, number, timeline
from grafana.boards.queries import Selection
from grafana.boards.service_reach import PLACES, PORTS
from grafana.boards.tables import Column, table

_CHOSEN = Selection(("cluster", "namespace", "service"))
_KNOWN = _CHOSEN.series(queries.STANDING)
_FINDINGS = (
    f"label_replace({_CHOSEN.top(queries.FINDING, by='finding')},"
    ' "reason", "$1", "finding", "(.+)")'
)

_NUMBERS = Section(
    "Right now",
    (
        number(
            "Standing",
            f"How the Service stands; of clusters that have it, the worst. {STANDING_TEXT}",
            f"max({_CHOSEN.standing})",
            words=STANDINGS,
            width=4,
        ),
        number(
            "Reason",
            "Why there is no ready endpoint, or else what is wrong with the Service. The table "
            "below leads to what to do about it; kube-endpoints-exporter explain NAMESPACE/NAME "
            "shows the evidence.",
            f"count by (reason) ({_CHOSEN.reason})"
            f' or (label_replace(0 * count({_KNOWN}), "reason", "As it should be", "", "")'
            f" unless on () count({_CHOSEN.reason}))",
            colors=steps(READY, (1, EMPTY)),
            legend="{{reason}}",
            width=8,
        ),
        number(
            "Down for",
            "How long the Service has had no usable ready endpoint, at least; 0 while it has one.",
            f"max(time() - {_CHOSEN.top(queries.SINCE)}) or 0 * count({_KNOWN})",
            colors=steps(READY, (1, EMPTY)),
            unit="s",
            width=4,
        ),
        number(
            "Ready",
            "Ready addresses; of a dual-stack Service the family that has more. Compare with min "
            "ready.",
            f"sum({_CHOSEN.top(queries.READY)})",
            colors=steps(EMPTY, (1, READY)),
            width=4,
        ),
        number(
            "Not ready",
            "Addresses that are not ready, terminating ones included. The panel on unready Pods "
            "says why.",
            f"sum({_CHOSEN.top(queries.NOT_READY)})",
            colors=steps(READY, (1, DEGRADED)),
            width=4,
        ),
    ),
)

_WHY = Section(
    "Why, and since when",
    (
        timeline(
            "Standing over time",
            f"How the Service stood. {STANDING_TEXT} 'No data': nothing was scraped.",
            f"topk(20, {_CHOSEN.standing})",
            "Standing {{cluster}}",
            width=14,
            height=6,
        ),
        table(
            "Reason and findings",
            "The reason why it is down, and all that is remarkable besides. Each leads to what to "
            "do about it, and to the exporter's own page with the evidence and the commands.",
            Column("What", "reason", width=230, grows=True),
            Column("Namespace", "namespace", hidden=True),
            Column("Service", "service", hidden=True),
            Column(
                "Down",
                expression=f"topk(20, max by (namespace, service, reason)"
                f" ({_CHOSEN.series(queries.REASON)})"
                f" or 0 * max by (namespace, service, reason) ({_FINDINGS}))",
                words=((1, "Why it is down", EMPTY), (0, "Found", PLAIN)),
                width=130,
            ),
            nothing="Nothing is wrong with it, or nothing was scraped",
            sort="Down",
            width=10,
            height=6,
        ),
        graph(
            "Endpoints",
            "Addresses by state against what the Service should have. Routable is what kube-proxy "
            "would use now: ready ones or, when there is none, terminating ones that still serve. "
            "Ready below min ready: look at the Pods at the right.",
            Line(f"sum({_CHOSEN.top(queries.READY)})", "Ready", READY),
            Line(f"sum({_CHOSEN.top(queries.NOT_READY)})", "Not ready", DEGRADED),
            Line(f"sum({_CHOSEN.top(queries.TERMINATING)})", "Terminating", TERMINATING),
            Line(f"sum({_CHOSEN.top(queries.SERVING)})", "Serving"),
            Line(f"sum({_CHOSEN.top(queries.ROUTABLE)})", "Routable", PLAIN),
            Line(f"sum({_CHOSEN.top(queries.MIN_READY)})", "Min ready", EMPTY, dashed=True),
            whole=True,
            height=9,
        ),
        graph(
            "Pods that should serve and do not",
            "Pods that the Service selects and that are not ready, by the Pod's own reason. Absent "
            "where the exporter may not read Pods.",
            Line(
                f"sum by (reason) ({_CHOSEN.top('k8s_service_pods_unready', by='reason')})",
                "{{reason}}",
            ),
            stacked=True,
            whole=True,
            reasons=True,
            nothing="No Pod of it is unready, or nothing was scraped",
        ),
        graph(
            "Reason over time",
            "Why the Service had no ready endpoint: a line of height 1 while it was so. A reason "
            "that changes shows how far a repair has come.",
            Line(f"max by (reason) ({_CHOSEN.series(queries.REASON)})", "{{reason}}"),
            whole=True,
            reasons=True,
            nothing="It had ready endpoints all the time, or nothing was scraped",
        ),
        graph(
            "Pods selected",
            "Pods that the selector matches. 0: the selector and the Pods' labels do not fit. "
            "Absent without a selector, or where Pods can't be read.",
            Line(f"sum({_CHOSEN.top('k8s_service_pods_selected')})", "Pods"),
            whole=True,
        ),
    ),
)

BOARD = Board(
    uid=UID,
    title="Service endpoints / Service",
    description="Why a Service has no, or too few, endpoints that take traffic, and since when.",
    variables=("cluster", "namespace", "service"),
    known=queries.INFO,
    sections=(_NUMBERS, _WHY, PORTS, PLACES),
    single=("namespace", "service"),
    annotated=True,
    refresh="1m",
)

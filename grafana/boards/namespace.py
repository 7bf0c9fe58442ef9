"""One namespace, or several: its Services, how they are, and what its slices look like."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import NAMESPACE as UID
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.meaning import DEGRADED, READY, STATE_TEXT, STATES, TERMINATING
from grafana.boards.panels import CLUSTER, NAMESPACE, WHO, Column, Line, graph, number, table
from grafana.boards.queries import PER, Selection, worst

_CHOSEN = Selection(("cluster", "namespace"))
_MOST = 100


def _of_worst(expression: str) -> str:
    return worst(expression, _MOST, _CHOSEN.state)


_NUMBERS = Section(
    "Right now",
    (
        common.count_services(_CHOSEN),
        common.count_empty(_CHOSEN),
        common.count_draining(_CHOSEN),
        common.count_degraded(_CHOSEN),
        common.count_intended(_CHOSEN),
        number(
            "Ready addresses",
            "Ready addresses of all Services together; of a dual-stack Service the family that has "
            "more. An address counts once for each Service that it belongs to.",
            f"sum({_CHOSEN.top(queries.READY)})",
        ),
    ),
)

_SERVICES = Section(
    "Services",
    (
        table(
            "All Services",
            f"The {_MOST} worst Services, worst first. {STATE_TEXT} Click the Service to see why.",
            *WHO,
            Column(
                "State", expression=f"bottomk({_MOST}, {_CHOSEN.state})", words=STATES, width=150
            ),
            Column("Ready", expression=_of_worst(_CHOSEN.top(queries.READY))),
            Column("Not ready", expression=_of_worst(_CHOSEN.top(queries.NOT_READY))),
            Column("Terminating", expression=_of_worst(_CHOSEN.top(queries.TERMINATING))),
            Column("Min ready", expression=_of_worst(_CHOSEN.top(queries.MIN_READY))),
            Column(
                "Empty since",
                expression=_of_worst(f"{_CHOSEN.top(queries.SINCE)} * 1000"),
                unit="dateTimeFromNow",
            ),
            sort="State",
            descending=False,
            height=12,
        ),
        common.show_states(_CHOSEN, title="Services over time", count=40, height=14),
    ),
)

_TRENDS = Section(
    "Over time",
    (
        common.count_over_time(_CHOSEN),
        common.count_reasons(_CHOSEN),
        graph(
            "Addresses by state",
            "Ready, not ready and terminating addresses of all Services together. Ready falling "
            "while not ready rises: something that many share has broken.",
            Line(f"sum({_CHOSEN.top(queries.READY)})", "Ready", READY),
            Line(f"sum({_CHOSEN.top(queries.NOT_READY)})", "Not ready", DEGRADED),
            Line(f"sum({_CHOSEN.top(queries.TERMINATING)})", "Terminating", TERMINATING),
            whole=True,
        ),
        graph(
            "Services with most unready addresses",
            "The ten Services with most addresses that are not ready and not terminating. Click a "
            "line to see which Pods they are.",
            Line(
                f"topk(10, {_CHOSEN.top(queries.NOT_READY)} - on ({PER})"
                f" {_CHOSEN.top(queries.TERMINATING)})",
                common.WHO,
            ),
            whole=True,
            links=(SERIES_SERVICE,),
        ),
        common.count_unready_pods(_CHOSEN),
        common.count_changes(_CHOSEN),
    ),
)


def _slices(name: str) -> str:
    return f"max by (cluster, namespace) ({_CHOSEN.series(name)})"


_MOST_SLICES = (
    f"topk(50, sum by (cluster, namespace) ({_CHOSEN.top('k8s_service_endpoints_slices')}))"
)


def _of_largest(expression: str) -> str:
    return f"{expression} and on (cluster, namespace) {_MOST_SLICES}"


_SLICES = Section(
    "Slices and load balancers",
    (
        graph(
            "Slices that serve no Service as they should",
            "Orphaned: the Service does not exist. Unlabelled: no Service is named. Frozen: the "
            "controller left them behind. Of all namespaces together; the table below tells which. "
            "Delete them, or mend what writes them.",
            Line(f"sum({_slices('k8s_endpointslices_orphaned')})", "Orphaned"),
            Line(f"sum({_slices('k8s_endpointslices_unlabelled')})", "Unlabelled"),
            Line(f"sum({_slices('k8s_endpointslices_frozen')})", "Frozen"),
            whole=True,
        ),
        table(
            "Load balancers",
            "LoadBalancer Services and how many ingress points their status has, pending ones "
            "first (at most 50). 0 for long: look at the events of the Service and at the cloud "
            "controller's log.",
            *WHO,
            Column(
                "Ingress points",
                expression=f"bottomk(50, {_CHOSEN.top('k8s_service_load_balancer_ingress')})",
                colors=((0, DEGRADED), (1, READY)),
            ),
            sort="Ingress points",
            descending=False,
            width=12,
            height=8,
        ),
        table(
            "Slices by namespace",
            "How many EndpointSlices the Services of a namespace have (the 50 namespaces with "
            "most), how many of them are managed by something other than Kubernetes' controllers, "
            "which is fine when you know what, and those that serve no Service as they should.",
            CLUSTER,
            NAMESPACE,
            Column("Slices", expression=_MOST_SLICES),
            Column(
                "Foreign",
                expression=_of_largest(
                    "sum by (cluster, namespace) "
                    f"({_CHOSEN.top('k8s_service_endpoints_slices_foreign')})"
                ),
            ),
            *(
                Column(
                    title,
                    expression=_of_largest(_slices(f"k8s_endpointslices_{title.lower()}")),
                    colors=((0, READY), (1, DEGRADED)),
                )
                for title in ("Orphaned", "Unlabelled", "Frozen")
            ),
            sort="Slices",
            height=8,
        ),
    ),
)

BOARD = Board(
    uid=UID,
    title="Service endpoints / Namespace",
    description="The Services of a namespace: how they are, how they were, and their slices.",
    variables=("cluster", "namespace"),
    known=queries.INFO,
    sections=(_NUMBERS, _SERVICES, _TRENDS, _SLICES),
)

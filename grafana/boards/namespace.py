"""One namespace, or several: its Services, how they are, and what its slices look like."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import NAMESPACE as UID
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.meaning import DEGRADED, READY, STANDING_TEXT, STANDINGS, TERMINATING, steps
from grafana.boards.optional import RULES
from grafana.boards.panels import FEW_POINTS, Line, bars, graph
from grafana.boards.queries import PER, Selection, among
from grafana.boards.tables import CLUSTER, NAMESPACE, WHO, Column, table

_CHOSEN = Selection(("cluster", "namespace"))
_MOST = 100
_WORST = f"topk({_MOST}, {_CHOSEN.standing})"


def _of_worst(name: str) -> str:
    return among(_CHOSEN.top(name), _WORST)


_NUMBERS = Section("Right now", common.count_standings(_CHOSEN))

_SERVICES = Section(
    "Services",
    (
        table(
            "All Services",
            f"The {_MOST} worst Services, worst first, with what is wrong. {STANDING_TEXT} Click "
            "the Service to see why.",
            *WHO,
            Column(
                "Standing",
                expression=f"{_WORST} * on ({PER}) group_left (reason) ({_CHOSEN.reason} > bool 0)"
                f" or on ({PER}) {_WORST}",
                words=STANDINGS,
                width=100,
            ),
            # Most Services have no reason, and what is not there can't be a link.
            Column("Reason", "reason", width=190, linked=False, filtered=True),
            Column(
                "Down for",
                width=80,
                expression=among(f"time() - {_CHOSEN.top(queries.SINCE)}", _WORST),
                unit="s",
            ),
            Column("Ready", expression=_of_worst(queries.READY)),
            Column("Not ready", expression=_of_worst(queries.NOT_READY), width=90),
            Column("Terminating", expression=_of_worst(queries.TERMINATING), width=100),
            Column("Min ready", expression=_of_worst(queries.MIN_READY), width=90),
            nothing="No Services are known in what is chosen above",
            sort="Standing",
            height=12,
        ),
        common.show_standings(_CHOSEN, title="Trouble over time", count=40, height=14),
    ),
)


def _addresses(state: str) -> str:
    recorded = _CHOSEN.series(queries.COUNTED_ADDRESSES, f'state="{state}"')
    return f"sum({recorded})"


_TRENDS = Section(
    "Over time",
    (
        common.count_over_time(_CHOSEN),
        common.count_reasons(_CHOSEN),
        graph(
            "Addresses by state",
            "Ready, not ready and terminating addresses of all Services together; of a dual-stack "
            "Service the family that has more. Ready falling while not ready rises: something that "
            "many share has broken." + RULES,
            Line(_addresses("ready"), "Ready", READY),
            Line(_addresses("not_ready"), "Not ready", DEGRADED),
            Line(_addresses("terminating"), "Terminating", TERMINATING),
            whole=True,
        ),
        bars(
            "Services with most unready addresses",
            "The ten Services with most addresses that are not ready and not terminating, now. "
            "Click a bar to see which Pods they are.",
            Line(
                f"topk(10, {_CHOSEN.top(queries.NOT_READY)} - on ({PER})"
                f" {_CHOSEN.top(queries.TERMINATING)} > 0)",
                common.SERVICE,
            ),
            colors=steps(DEGRADED),
            nothing="No address is unready, or nothing was scraped",
            links=(SERIES_SERVICE,),
            height=9,
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
            points=FEW_POINTS,
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
                width=120,
            ),
            nothing="No Service is of type LoadBalancer, or nothing was scraped",
            sort="Ingress points",
            descending=False,
            width=12,
            height=9,
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
                width=80,
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
                    width=100,
                )
                for title in ("Orphaned", "Unlabelled", "Frozen")
            ),
            nothing="No slices are known in what is chosen above",
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
    refresh="1m",
)

"""The board to begin with: what is broken right now."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import OVERVIEW
from grafana.boards.meaning import DEGRADED, EMPTY, READY, map_values, steps
from grafana.boards.panels import CLUSTER, NAMESPACE, SERVICE, WHO, Column, Panel, number, table
from grafana.boards.queries import PER, Selection

_CHOSEN = Selection(("cluster", "namespace"))
_CLUSTERS = Selection(("cluster",))
_REASONS = _CHOSEN.top(queries.REASON, f'reason!~"{queries.INTENDED}"', by="reason")
_NEWEST = f"topk(50, {_REASONS} * on ({PER}) group_left () {_CHOSEN.top(queries.SINCE)} * 1000)"

_PORTS = _CHOSEN.top("k8s_service_endpoints_port_ready", by="port_name, protocol, port")
_UNREACHED = _CHOSEN.judged(
    f"{_PORTS} == 0 unless on ({PER}) {_CHOSEN.top(queries.REASON)}"
    f" and on ({PER}) {_CHOSEN.top(queries.READY)} > 0"
)
_PENDING = _CHOSEN.judged(f"{_CHOSEN.top('k8s_service_load_balancer_ingress')} == 0")


def _of_broken(name: str) -> str:
    """A value of each Service in the table of broken ones, with its reason."""
    return f"{_CHOSEN.top(name)} * on ({PER}) group_left (reason) ({_NEWEST} > bool 0)"


def _finding(title: str, text: str, expression: str, known: str, color: str = DEGRADED) -> Panel:
    return number(title, text, _CHOSEN.total(expression, known), colors=steps(READY, (1, color)))


_NUMBERS = Section(
    "Right now",
    (
        common.count_services(_CHOSEN),
        common.count_empty(_CHOSEN),
        common.count_draining(_CHOSEN),
        common.count_degraded(_CHOSEN),
        common.count_intended(_CHOSEN),
        number(
            "Can this be trusted?",
            "Whether the exporter has read everything that it needs. 'Incomplete' means that a "
            "resource was not read yet or may not be read; 'No data' that no exporter is scraped. "
            "See the board Exporter.",
            f"min({_CLUSTERS.series('endpoints_exporter_resource_synced')})",
            colors=steps(EMPTY, (1, READY)),
            words=map_values((0, "Incomplete", DEGRADED), (1, "Complete", READY)),
            trend=False,
        ),
    ),
)

_BROKEN = Section(
    "What is broken",
    (
        table(
            "Services without ready endpoints",
            "Each Service that should have ready endpoints and has none, the newest first (at most "
            "50), with the reason and since when. Routable above 0: terminating endpoints still "
            "take traffic. Click the Service to see why and what to do.",
            *WHO,
            Column("Reason", "reason", width=200),
            Column("Since", expression=_NEWEST, unit="dateTimeFromNow"),
            Column(
                "Routable",
                expression=_of_broken(queries.ROUTABLE),
                colors=((0, EMPTY), (1, "purple")),
            ),
            Column("Not ready", expression=_of_broken(queries.NOT_READY)),
            Column("Min ready", expression=_of_broken(queries.MIN_READY)),
            sort="Since",
        ),
        common.show_states(_CHOSEN, title="The worst Services over time"),
        table(
            "Degraded Services",
            "Services with ready endpoints, but too few (at most 50, fewest first): fewer than "
            "min-ready, or fewer than half of what should be ready. Click one to see its Pods.",
            *WHO,
            Column("Ready", expression=f"bottomk(50, {_CHOSEN.degraded})", width=80),
            Column(
                "Not ready",
                expression=f"{_CHOSEN.top(queries.NOT_READY)} and on ({PER})"
                f" bottomk(50, {_CHOSEN.degraded})",
                width=100,
            ),
            Column(
                "Min ready",
                expression=f"{_CHOSEN.top(queries.MIN_READY)} and on ({PER})"
                f" bottomk(50, {_CHOSEN.degraded})",
                width=100,
            ),
            sort="Ready",
            descending=False,
            width=10,
            height=8,
        ),
        table(
            "Alerts",
            "Our alerts that fire or are about to (at most 100), as Prometheus has them. Empty "
            "when nothing is wrong, or when the rules in alerts/ are not loaded. Each alert has a "
            "page in docs/runbooks.",
            Column("Alert", "alertname", width=280),
            Column("State", "alertstate", width=90),
            Column("Severity", "severity", width=90),
            CLUSTER,
            NAMESPACE,
            SERVICE,
            Column(
                "Series",
                expression="topk(100, count by (alertname, alertstate, severity, cluster, "
                'namespace, service) (ALERTS{cluster=~"$cluster", namespace=~"$namespace", '
                'alertname=~"Kube(Service|EndpointSlices).*|EndpointsExporter.*"}))',
            ),
            width=14,
            height=8,
        ),
    ),
)

_TRENDS = Section(
    "Over time",
    (
        common.count_over_time(_CHOSEN),
        common.count_reasons(_CHOSEN),
        common.count_unready_pods(_CHOSEN),
        common.count_changes(_CHOSEN),
    ),
)

_PLACES = Section(
    "Where",
    (
        table(
            "Namespaces",
            "Namespaces by how many of their Services are empty, then by Services (at most 50). "
            "Click one for its Services.",
            CLUSTER,
            NAMESPACE,
            Column(
                "Without endpoints",
                expression=f"topk(50, count by (cluster, namespace) ({_CHOSEN.broken})"
                f" or 0 * count by (cluster, namespace) ({_CHOSEN.top(queries.INFO)}))",
                colors=((0, READY), (1, EMPTY)),
            ),
            Column(
                "Services",
                expression="count by (cluster, namespace) "
                f"({_CHOSEN.top(queries.INFO)}) and on (cluster, namespace) topk(50, "
                f"count by (cluster, namespace) ({_CHOSEN.broken})"
                f" or 0 * count by (cluster, namespace) ({_CHOSEN.top(queries.INFO)}))",
            ),
            sort="Without endpoints",
            height=9,
        ),
    ),
)

_FINDINGS = Section(
    "Also worth a look",
    (
        _finding(
            "Load balancers pending",
            "LoadBalancer Services without an address in their status: from outside nothing "
            "reaches them. Look at the cloud controller's events.",
            f"count({_PENDING})",
            queries.INFO,
        ),
        _finding(
            "Ports without endpoints",
            "Ports that no ready endpoint has, of Services that do have ready endpoints: "
            "connections to them are refused. Compare targetPort with the containers' ports.",
            f"count({_UNREACHED})",
            queries.INFO,
        ),
        _finding(
            "Lagging endpoints",
            "Endpoints that have disagreed with their Pods for longer than the lag threshold: the "
            "EndpointSlice controller is behind, or addresses lead to Pods that are gone.",
            _CHOSEN.top("k8s_service_endpoints_lagging", by="kind"),
            queries.INFO,
        ),
        _finding(
            "Orphaned slices",
            "EndpointSlices whose label names a Service that does not exist. Nobody uses them and "
            "nobody deletes them: find out what wrote them.",
            f"max by (cluster, namespace) ({_CHOSEN.series('k8s_endpointslices_orphaned')})",
            queries.INFO,
        ),
        _finding(
            "Unlabelled slices",
            "EndpointSlices without the label that names their Service: kube-proxy ignores them. "
            "Whatever writes them must set kubernetes.io/service-name.",
            f"max by (cluster, namespace) ({_CHOSEN.series('k8s_endpointslices_unlabelled')})",
            queries.INFO,
        ),
        _finding(
            "Frozen slices",
            "EndpointSlices that the controller left behind when their Service lost its selector: "
            "their addresses may belong to other Pods by now. Delete them or bring the selector "
            "back.",
            f"max by (cluster, namespace) ({_CHOSEN.series('k8s_endpointslices_frozen')})",
            queries.INFO,
        ),
    ),
)

BOARD = Board(
    uid=OVERVIEW,
    title="Service endpoints / Overview",
    description="What is broken right now: Services without endpoints that can take traffic, why "
    "and since when.",
    variables=("cluster", "namespace"),
    known=queries.INFO,
    sections=(_NUMBERS, _BROKEN, _TRENDS, _PLACES, _FINDINGS),
)

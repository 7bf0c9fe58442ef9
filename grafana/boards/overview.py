"""The board to begin with: what is broken right now."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import OVERVIEW
from grafana.boards.meaning import DEGRADED, EMPTY, READY, URGENCIES, steps
from grafana.boards.panels import Panel, number
from grafana.boards.queries import PER, Selection
from grafana.boards.tables import CLUSTER, NAMESPACE, SERVICE, Column, table

_CHOSEN = Selection(("cluster", "namespace"))
_CLUSTERS = Selection(("cluster",))
_OURS = 'alertname=~"Kube(Service|EndpointSlices).*|EndpointsExporter.*"'
_ALERTS = " Empty without the rules in alerts/. The name leads to the runbook."


def _trust(title: str, text: str, expression: str) -> Panel:
    words = ((0, "Incomplete", DEGRADED), (1, "Complete", READY))
    return number(title, text, expression, colors=steps(EMPTY, (1, READY)), words=words, width=6)


def _count_firing() -> Panel:
    here = 'cluster=~"$cluster", namespace=~"$namespace|"'
    return number(
        "Alerts firing",
        "How many of our alerts fire, as Prometheus has them; the tables below name them."
        + _ALERTS,
        f"count(group by (alertname, severity, {PER})"
        f' (ALERTS{{{here}, {_OURS}, alertstate="firing"}}))',
        colors=steps(READY, (1, DEGRADED)),
        nothing="No alerts",
        width=6,
    )


_NUMBERS = Section(
    "Right now",
    (
        *common.count_standings(_CHOSEN),
        number(
            "Services",
            "Services that the exporter knows in what is chosen above. Falls when Services are "
            "deleted; No data means that the exporter is not scraped: see the board Exporter.",
            f"count({_CHOSEN.standing})",
            width=6,
        ),
        _trust(
            "Can this be trusted?",
            "Whether the exporter has read everything that it needs. 'Incomplete' means that a "
            "resource was not read yet or may not be read; 'No data' that no exporter is scraped. "
            "See the board Exporter.",
            f"min({_CLUSTERS.series('endpoints_exporter_resource_synced')})",
        ),
        _count_firing(),
        number(
            "Findings",
            "What is remarkable about Services, notes on healthy ones included; the table of "
            "findings below tells what and how often.",
            _CHOSEN.count(_CHOSEN.top(queries.FINDING, by="finding")),
            width=6,
        ),
    ),
)


def _urgency(selector: str, *labels: str) -> str:
    """A number for each alert by `meaning.URGENCIES`: the larger the worse."""
    kept = ", ".join(("alertname", *labels))
    parts = (
        f"{rank} * max by ({kept})"
        f' (ALERTS{{{selector}, {_OURS}, severity="{severity}", alertstate="{state}"}})'
        for rank, severity, state, _ in URGENCIES
    )
    return f"topk(100, {' or '.join(parts)})"


_WORDS = tuple(
    (rank, severity.capitalize() + ("" if state == "firing" else ", pending"), color)
    for rank, severity, state, color in URGENCIES
)
_HERE = 'cluster=~"$cluster", namespace=~"$namespace"'

_BROKEN = Section(
    "What is broken",
    (
        common.list_troubled(_CHOSEN, title="Not as they should be"),
        common.show_standings(_CHOSEN, title="Trouble over time"),
        table(
            "Alerts on Services",
            "Alerts on one Service that fire or are about to (at most 100), firing and critical "
            "first." + _ALERTS,
            Column("Alert", "alertname", width=220, filtered=True, grows=True),
            Column(
                "Urgency",
                expression=_urgency(
                    f'{_HERE}, namespace!="", service!=""', "cluster", "namespace", "service"
                ),
                words=_WORDS,
                width=140,
            ),
            Column("Cluster", "cluster", width=80),
            NAMESPACE,
            SERVICE,
            nothing="No alerts on Services",
            sort="Urgency",
            width=14,
            height=8,
        ),
        table(
            "Other alerts",
            "Alerts on namespaces, and on the exporter itself, that fire or are about to (at most "
            "100), firing and critical first." + _ALERTS,
            Column("Alert", "alertname", width=215, filtered=True, grows=True),
            Column(
                "Urgency",
                expression=_urgency(
                    'cluster=~"$cluster", namespace=~"$namespace|", service=""',
                    "cluster",
                    "namespace",
                ),
                words=_WORDS,
                width=140,
            ),
            Column("Cluster", "cluster", width=80),
            Column("Namespace", "namespace", width=90, linked=False),
            nothing="No other alerts",
            sort="Urgency",
            width=10,
            height=8,
        ),
    ),
)

_DOORS = Section(
    "Front doors",
    (
        common.list_doors(
            'cluster=~"$cluster", namespace=~"$namespace|"',
            CLUSTER,
            Column("Kind", "kind", width=240, filtered=True),
            Column("Namespace", "namespace", width=130, linked=False, filtered=True),
            Column("Name", "name", width=200, filtered=True, grows=True),
            Column("To Service", "service", width=170, linked=False, filtered=True),
            Column("Port", "port", width=70),
            Column("Problem", "problem", width=200, filtered=True),
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


def _by_namespace(expression: str) -> str:
    return f"count by (cluster, namespace) ({expression})"


_ALL = _by_namespace(_CHOSEN.standing)
_TROUBLED = f"topk(50, {_by_namespace(_CHOSEN.troubled)} or 0 * {_ALL})"


def _of_troubled(expression: str) -> str:
    return f"{expression} and on (cluster, namespace) {_TROUBLED}"


_PLACES = Section(
    "Where, and what else",
    (
        table(
            "Namespaces",
            "Namespaces by how many of their Services are not as they should be, then by Services "
            "(at most 50). Click one for its Services.",
            CLUSTER,
            NAMESPACE,
            Column(
                "In trouble", expression=_TROUBLED, colors=((0, READY), (1, DEGRADED)), width=105
            ),
            Column(
                "Down",
                expression=_of_troubled(
                    f"({_by_namespace(f'{_CHOSEN.standing} == 5')} or 0 * {_ALL})"
                ),
                colors=((0, READY), (1, EMPTY)),
            ),
            Column("Services", expression=_of_troubled(_ALL), width=80),
            nothing="No namespace has Services, or nothing was scraped",
            sort="In trouble",
            width=12,
            height=9,
        ),
        table(
            "Findings by kind",
            "What is remarkable about Services, and about how many of them; notes are no fault. "
            "Each leads to its meaning and to what to do.",
            Column("Finding", "finding", width=230, filtered=True, grows=True),
            Column(
                "Services",
                expression="topk(30, count by (finding) "
                f"({_CHOSEN.top(queries.FINDING, by='finding')}))",
                width=90,
            ),
            nothing="Nothing remarkable, or nothing was scraped",
            sort="Services",
            width=12,
            height=9,
        ),
    ),
)


def _slices(title: str, text: str, name: str) -> Panel:
    return number(
        title,
        text,
        _CHOSEN.total(f"max by (cluster, namespace) ({_CHOSEN.series(name)})"),
        colors=steps(READY, (1, DEGRADED)),
        width=8,
    )


_SLICES = Section(
    "Slices that serve no Service as they should",
    (
        _slices(
            "Orphaned slices",
            "EndpointSlices whose label names a Service that does not exist. Nobody uses them and "
            "nobody deletes them: find out what wrote them.",
            "k8s_endpointslices_orphaned",
        ),
        _slices(
            "Unlabelled slices",
            "EndpointSlices without the label that names their Service: kube-proxy ignores them. "
            "Whatever writes them must set kubernetes.io/service-name.",
            "k8s_endpointslices_unlabelled",
        ),
        _slices(
            "Frozen slices",
            "EndpointSlices that the controller left behind when their Service lost its selector: "
            "their addresses may belong to other Pods by now. Delete them or bring the selector "
            "back.",
            "k8s_endpointslices_frozen",
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
    sections=(_NUMBERS, _BROKEN, _DOORS, _TRENDS, _PLACES, _SLICES),
)

"""What would not survive the next failure: single points of failure, spread, traffic policies."""

from __future__ import annotations

from grafana.boards import queries
from grafana.boards.board import Board, Section
from grafana.boards.links import RESILIENCE
from grafana.boards.meaning import DEGRADED, EMPTY, READY, UNKNOWN, steps
from grafana.boards.optional import needs
from grafana.boards.panels import Line, bars, number
from grafana.boards.queries import PER, Selection, among
from grafana.boards.tables import WHO, Column, table

_CHOSEN = Selection(("cluster", "namespace", "service"))
_READY = _CHOSEN.top(queries.READY)
_NODES = _CHOSEN.top("k8s_service_endpoints_ready_nodes")
_ZONES = _CHOSEN.top("k8s_service_endpoints_ready_zones")
_BY_ZONE = _CHOSEN.top("k8s_service_endpoints_zone_ready", by="zone")
_HINTED = _CHOSEN.top("k8s_service_endpoints_hinted")
_BLIND_NODES = _CHOSEN.top("k8s_service_endpoints_nodes_without_local")
_SURVIVES = "k8s_service_endpoints_survives"
_SURVIVES_NODE = _CHOSEN.top(_SURVIVES, 'loss="node"')
_SURVIVES_ZONE = _CHOSEN.top(_SURVIVES, 'loss="zone"')
_DEPENDENTS = _CHOSEN.top("k8s_service_dependents", by="kind")
_LONELY = f"topk(100, {_READY} == 1)"
_BELOW = _CHOSEN.judged(f"{_READY} < on ({PER}) {_CHOSEN.top(queries.MIN_READY)}")
_ONE_PLACE = steps(READY, (1, DEGRADED))
_NODES_KNOWN = "k8s_service_endpoints_ready_nodes"

_NUMBERS = Section(
    "Single points of failure",
    (
        number(
            "One ready endpoint",
            "Services with exactly one ready address: the next restart is an outage. Fine for what "
            "may be away for a moment; else run two and set endpoints-exporter.io/min-ready.",
            _CHOSEN.count(f"{_READY} == 1"),
            colors=_ONE_PLACE,
            width=6,
        ),
        number(
            "Below min ready",
            "Services with fewer ready addresses than their min-ready, empty ones included. The "
            "table on the board Namespace names them.",
            _CHOSEN.count(_BELOW),
            colors=steps(READY, (1, EMPTY)),
            width=6,
        ),
        number(
            "On one Node",
            "Services with two or more ready addresses, all on one Node: that Node is a single "
            "point of failure. Add a spread constraint or anti-affinity." + needs("topology"),
            _CHOSEN.count(f"{_NODES} == 1 and on ({PER}) {_READY} > 1", _NODES_KNOWN),
            colors=_ONE_PLACE,
            width=6,
        ),
        number(
            "In one zone",
            "Services with two or more ready addresses, all in one zone, as it is known. Add a "
            "topology spread constraint over zones." + needs("topology"),
            _CHOSEN.count(f"{_ZONES} == 1 and on ({PER}) {_READY} > 1", _NODES_KNOWN),
            colors=_ONE_PLACE,
            width=6,
        ),
        number(
            "Lost with one Node",
            "Services that would have no usable ready endpoint after the loss of their worst Node. "
            "`whatif --nodes 1` names the Node." + needs("topology"),
            _CHOSEN.count(f"{_SURVIVES_NODE} == 0", _SURVIVES),
            colors=_ONE_PLACE,
            width=6,
        ),
        number(
            "Lost with one zone",
            "Services that would have no usable ready endpoint after the loss of their worst zone, "
            "where zones are known." + needs("topology"),
            _CHOSEN.count(f"{_SURVIVES_ZONE} == 0", _SURVIVES),
            colors=_ONE_PLACE,
            width=6,
        ),
        number(
            "Policy black holes",
            "Services whose internal traffic policy is Local and that some schedulable Nodes have "
            "no local endpoint for: clients there reach nothing. Run a Pod on each Node, or change "
            "the policy." + needs("topology"),
            _CHOSEN.count(f"{_BLIND_NODES} > 0", _NODES_KNOWN),
            colors=steps(READY, (1, EMPTY)),
            width=6,
        ),
        number(
            "Dead with dependents",
            "Empty Services that an Ingress, a route, a webhook or an APIService points at: who "
            "uses those gets errors." + needs("dependents"),
            f"count(sum by ({PER}) ({_DEPENDENTS}) > 0 and on ({PER}) ({_CHOSEN.standing} == 5))"
            f" or 0 * count({_CHOSEN.series('k8s_service_dependents')})",
            colors=steps(READY, (1, EMPTY)),
            width=6,
        ),
    ),
)

_UNEVEN = (
    f"max by ({PER}) ({_BY_ZONE}) / on ({PER}) sum by ({PER}) ({_BY_ZONE})"
    f" and on ({PER}) {_ZONES} > 1"
)
_MOST_UNEVEN = f"topk(50, {_UNEVEN})"

_SPREAD = Section(
    "Spread over zones and Nodes, as it is now",
    (
        bars(
            "Services by redundancy",
            "How many Services have none, one, or more ready addresses. The middle one is what the "
            "next failed Pod turns into an outage.",
            Line(_CHOSEN.count(f"{_READY} == 0"), "None", EMPTY),
            Line(_CHOSEN.count(f"{_READY} == 1"), "One", DEGRADED),
            Line(_CHOSEN.count(f"{_READY} > 1"), "Two and more", READY),
        ),
        bars(
            "Ready addresses by zone",
            "All ready addresses by zone; the unknown zone is empty (at most 20). One zone far "
            "above the others takes the traffic with it when it fails." + needs("topology"),
            Line(f"topk(20, sum by (zone) ({_BY_ZONE}))", "zone {{zone}}"),
        ),
        bars(
            "Services by number of zones",
            "How many Services are ready in so many zones. Those in one zone, or in none, do not "
            "survive the loss of it." + needs("topology"),
            Line(f'topk(10, count_values("zones", {_ZONES}))', "{{zones}} zones"),
        ),
        bars(
            "Services by number of Nodes",
            "How many Services are ready on so many Nodes (the ten most frequent numbers). Those "
            "on one Node do not survive its loss." + needs("topology"),
            Line(f'topk(10, count_values("nodes", {_NODES}))', "{{nodes}} Nodes"),
        ),
    ),
)

_ONE_SPOT = f"({_READY} > 1 and on ({PER}) ({_ZONES} == 1 or {_NODES} == 1))"

_LISTS = Section(
    "Which Services",
    (
        table(
            "Services with one ready endpoint",
            "Services with exactly one ready address (at most 100), with min-ready and how many "
            "Pods the selector finds: with more Pods than one, the others are not ready.",
            *WHO,
            Column(
                "Min ready",
                expression=among(_CHOSEN.top(queries.MIN_READY), _LONELY),
                width=90,
            ),
            Column("Pods", expression=among(_CHOSEN.top("k8s_service_pods_selected"), _LONELY)),
            nothing="Every Service has none or several, or nothing was scraped",
            sort="Pods",
            width=12,
        ),
        table(
            "All on one Node or in one zone",
            "Services with two or more ready addresses on one Node or in one zone (at most 100)."
            + needs("topology"),
            *WHO,
            Column(
                "Nodes",
                expression=f"bottomk(100, {among(_NODES, _ONE_SPOT)})",
                colors=((0, DEGRADED), (2, READY)),
            ),
            Column(
                "Zones",
                expression=f"bottomk(100, {among(_ZONES, _ONE_SPOT)})",
                colors=((0, UNKNOWN), (1, DEGRADED), (2, READY)),
            ),
            nothing="Every Service is spread, or the group topology is off",
            sort="Nodes",
            descending=False,
            width=12,
        ),
        table(
            "Uneven over zones",
            "Services in more than one zone, by how much of their ready addresses one zone holds "
            "(the 50 most uneven). 90 % means that the other zones will be overrun when that one "
            "fails." + needs("topology"),
            *WHO,
            Column("Largest zone", expression=_MOST_UNEVEN, unit="percentunit", width=110),
            Column("Zones", expression=among(_ZONES, _MOST_UNEVEN)),
            nothing="No Service is in several zones, or the group topology is off",
            sort="Largest zone",
            width=12,
            height=8,
        ),
        table(
            "Addresses with hints",
            "How much of the ready addresses carries a zone or node hint, of Services with some "
            "(at most 50, lowest first). Below 100 % kube-proxy ignores all hints of the Service: "
            "find the address without one." + needs("topology"),
            *WHO,
            Column(
                "Hinted",
                expression=f"bottomk(50, ({_HINTED} > 0) / on ({PER}) ({_READY} > 0))",
                unit="percentunit",
                colors=((0, DEGRADED), (1, READY)),
                width=90,
            ),
            nothing="No address has a hint, or the group topology is off",
            sort="Hinted",
            descending=False,
            width=12,
            height=8,
        ),
    ),
)

_POLICIES = Section(
    "Traffic policies and hints",
    (
        table(
            "Traffic policies",
            "How many Services have which policies. Local saves a hop and drops traffic where no "
            "local endpoint is; an empty cell does not apply or is the default.",
            Column("Type", "type", width=120),
            Column("Internal policy", "internal_traffic_policy", width=120),
            Column("External policy", "external_traffic_policy", width=120),
            Column("Distribution", "traffic_distribution", width=130, grows=True),
            Column(
                "Services",
                width=80,
                expression="topk(50, count by (type, internal_traffic_policy, "
                "external_traffic_policy, traffic_distribution) ("
                + _CHOSEN.top(
                    queries.INFO,
                    by="type, internal_traffic_policy, external_traffic_policy, "
                    "traffic_distribution",
                )
                + "))",
            ),
            nothing="No Services are known in what is chosen above",
            sort="Services",
            width=12,
            height=8,
        ),
        table(
            "Nodes without a local endpoint",
            "Services whose internal traffic policy is Local, and how many schedulable Nodes have "
            "no ready endpoint of theirs (at most 50). Not 0: clients on those Nodes reach nothing."
            + needs("topology"),
            *WHO,
            Column(
                "Nodes without",
                expression=f"topk(50, {_BLIND_NODES})",
                colors=((0, READY), (1, EMPTY)),
                width=120,
            ),
            nothing="No Service has such a policy, or the group topology is off",
            sort="Nodes without",
            width=12,
            height=8,
        ),
        table(
            "What points at Services",
            "Objects that point at Services, by kind (at most 100 rows), with how many addresses "
            "take traffic. 0 there: whoever comes through the object gets errors."
            + needs("dependents"),
            *WHO,
            Column("Kind", "kind", width=240, filtered=True),
            Column("Objects", expression=f"topk(100, {_DEPENDENTS})", width=80),
            Column(
                "Routable",
                expression=f"{_CHOSEN.top(queries.ROUTABLE)} * on ({PER}) group_right ()"
                f" (topk(100, {_DEPENDENTS}) > bool 0)",
                colors=((0, EMPTY), (1, READY)),
                width=90,
            ),
            nothing="Nothing points at any Service, or the group dependents is off",
            sort="Routable",
            descending=False,
            height=8,
        ),
    ),
)

BOARD = Board(
    uid=RESILIENCE,
    title="Service endpoints / Resilience",
    description="What would not survive the next failure: Services with one endpoint, on one Node "
    "or in one zone, and traffic policies that drop traffic.",
    variables=("cluster", "namespace", "service"),
    known=queries.INFO,
    sections=(_NUMBERS, _SPREAD, _LISTS, _POLICIES),
)

"""One Service: why it is as it is, and since when."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Board, Section
from grafana.boards.links import SERIES_SERVICE
from grafana.boards.links import SERVICE as UID
from grafana.boards.meaning import (
    DEGRADED,
    EMPTY,
    PLAIN,
    READY,
    STATE_TEXT,
    STATES,
    TERMINATING,
    map_values,
    state_steps,
    steps,
)
from grafana.boards.optional import needs
from grafana.boards.panels import WHO, Column, Line, graph, number, table, timeline
from grafana.boards.queries import PER, Selection

_CHOSEN = Selection(("cluster", "namespace", "service"))
_KNOWN = _CHOSEN.series(queries.INFO)
_PORT = "port_name, protocol, port"

_NUMBERS = Section(
    "Right now",
    (
        number(
            "State",
            f"The state of the chosen Service; of several, the worst. {STATE_TEXT}",
            f"min({_CHOSEN.state})",
            colors=state_steps(),
            words=map_values(*STATES),
            trend=False,
            width=4,
        ),
        number(
            "Reason",
            "Why there is no ready endpoint; of several Services, the most frequent reasons. "
            "docs/reasons.md tells what to do about each; kube-endpoints-exporter explain "
            "NAMESPACE/NAME shows the evidence.",
            f"topk(3, count by (reason) ({_CHOSEN.top(queries.REASON, by='reason')}))"
            f' or (label_replace(0 * count({_KNOWN}), "reason", "It has ready endpoints", "", "")'
            f" unless on () count({_CHOSEN.series(queries.REASON)}))",
            colors=steps(READY, (1, EMPTY)),
            legend="{{reason}}",
            trend=False,
            width=5,
        ),
        number(
            "Empty for",
            "How long the Service has had no usable ready endpoint; of several, the longest. 0 "
            "while it has one.",
            f"max(time() - {_CHOSEN.top(queries.SINCE)}) or 0 * count({_KNOWN})",
            colors=steps(READY, (1, EMPTY)),
            unit="s",
            trend=False,
            width=3,
        ),
        number(
            "Ready",
            "Ready addresses; of a dual-stack Service the family that has more. Compare with min "
            "ready.",
            f"sum({_CHOSEN.top(queries.READY)})",
            colors=steps(EMPTY, (1, READY)),
            width=3,
        ),
        number(
            "Not ready",
            "Addresses that are not ready, terminating ones included. The panel on unready Pods "
            "says why.",
            f"sum({_CHOSEN.top(queries.NOT_READY)})",
            colors=steps(READY, (1, DEGRADED)),
            width=3,
        ),
        number(
            "Terminating",
            "Addresses whose Pods are being deleted. Some during a rollout is normal; the same "
            "number for long is a Pod that does not end: a finalizer or a lost Node.",
            f"sum({_CHOSEN.top(queries.TERMINATING)})",
            colors=steps(READY, (1, TERMINATING)),
            width=3,
        ),
        number(
            "Min ready",
            "Ready addresses that the Service should have at least: its annotation "
            "endpoints-exporter.io/min-ready, or the default. Alerts compare with it.",
            f"sum({_CHOSEN.top(queries.MIN_READY)})",
            trend=False,
            width=3,
        ),
    ),
)

_WHY = Section(
    "Why, and since when",
    (
        timeline(
            "State over time",
            f"The state of what is chosen (at most 20 Services). {STATE_TEXT} A gap means that the "
            "exporter was not scraped.",
            f"{_CHOSEN.state} and on ({PER}) bottomk(20, max by ({PER})"
            f" ({_CHOSEN.series(queries.READY)} @ end()))",
            common.WHO,
            links=(SERIES_SERVICE,),
            height=5,
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
            Line(f"sum({_CHOSEN.top(queries.MIN_READY)})", "Min ready", EMPTY),
            whole=True,
            height=9,
        ),
        common.count_unready_pods(_CHOSEN),
        common.count_reasons(_CHOSEN),
        graph(
            "Pods selected",
            "Pods that the selector matches, of the ten Services with most. 0: the selector and "
            "the Pods' labels do not fit. Absent without a selector, or where Pods can't be read.",
            Line(f"topk(10, {_CHOSEN.top('k8s_service_pods_selected')})", common.WHO),
            whole=True,
            links=(SERIES_SERVICE,),
        ),
    ),
)

_PORTS = Section(
    "Ports and slices",
    (
        graph(
            "Ready endpoints by port",
            "What each port of the Service reaches (at most 20 ports, those with least). 0 while "
            "others have some: no container has that port; compare targetPort with the Pods.",
            Line(
                f"bottomk(20, {_CHOSEN.top('k8s_service_endpoints_port_ready', by=_PORT)})",
                "{{service}} {{port_name}} {{port}}/{{protocol}}",
            ),
            whole=True,
            links=(SERIES_SERVICE,),
        ),
        graph(
            "Endpoints that disagree with their Pod",
            "Endpoints that have differed from what their Pod says for longer than the lag "
            "threshold, by kind. PodGone and OtherAddress lose traffic. Look at "
            "kube-controller-manager. Nothing here is good.",
            Line(
                "sum by (kind) "
                f"({_CHOSEN.top('k8s_service_endpoints_lagging', by='kind')})"
                f" or 0 * count({_KNOWN})",
                "lagging {{kind}}",
            ),
            whole=True,
        ),
        table(
            "What kind of Service",
            "Type, traffic policies and families as the Service has them (at most 50 Services). "
            "Local policies and publishNotReadyAddresses change what 'ready' is worth.",
            *WHO,
            Column("Type", "type"),
            Column("Headless", "headless"),
            Column("Selector", "selector"),
            Column("Publishes not ready", "publish_not_ready_addresses"),
            Column("Internal policy", "internal_traffic_policy"),
            Column("External policy", "external_traffic_policy"),
            Column("Distribution", "traffic_distribution"),
            Column("Families", "ip_families"),
            Column(
                "Slices",
                expression="topk(50, "
                + _CHOSEN.top(
                    queries.INFO,
                    by="type, headless, selector, publish_not_ready_addresses, "
                    "internal_traffic_policy, external_traffic_policy, traffic_distribution, "
                    "ip_families",
                )
                + f" * on ({PER}) group_left () {_CHOSEN.top('k8s_service_endpoints_slices')})",
            ),
            height=6,
        ),
        table(
            "Addresses by family",
            "Ready and not ready addresses by address type (at most 50 rows). One family at 0 "
            "while the other has some: half of the clients reach nothing.",
            *WHO,
            Column("Address type", "address_type"),
            Column(
                "Ready",
                expression=f"bottomk(50, {_CHOSEN.top(queries.READY, by='address_type')})",
                colors=((0, EMPTY), (1, READY)),
            ),
            sort="Ready",
            descending=False,
            height=6,
        ),
    ),
)

_PLACES = Section(
    "Zones, Nodes, dependents",
    (
        graph(
            "Ready addresses by zone",
            "Where the ready addresses are; the unknown zone is empty (at most 20). A zone that "
            "falls to 0: its Nodes, or the spread constraints." + needs("topology"),
            Line(
                "topk(20, sum by (zone) "
                f"({_CHOSEN.top('k8s_service_endpoints_zone_ready', by='zone')}))",
                "zone {{zone}}",
            ),
            stacked=True,
            whole=True,
            width=6,
        ),
        graph(
            "Nodes and zones with ready addresses",
            "On how many Nodes and in how many zones the Service is ready; of several, the one "
            "with fewest. 1 is a single point of failure." + needs("topology"),
            Line(f"min({_CHOSEN.top('k8s_service_endpoints_ready_nodes')})", "Nodes"),
            Line(f"min({_CHOSEN.top('k8s_service_endpoints_ready_zones')})", "Zones"),
            whole=True,
            width=6,
        ),
        table(
            "What points at it",
            "Ingresses, Gateway routes, webhooks and APIServices that point at the Service (at "
            "most 50 rows): who is hurt when it is empty. A webhook that reaches nothing can "
            "stop the API server from taking changes." + needs("dependents"),
            *WHO,
            Column("Kind", "kind", width=250),
            Column(
                "Objects",
                expression=f"topk(50, {_CHOSEN.top('k8s_service_dependents', by='kind')})",
            ),
            sort="Objects",
            width=12,
            height=9,
        ),
        common.count_changes(_CHOSEN),
        graph(
            "Share of time without a ready endpoint",
            "How much of the time the Service was without a usable ready endpoint, outages shorter "
            "than a scrape interval included; the ten worst. 100 % is an outage that lasts."
            + needs("changes"),
            Line(
                f"topk(10, clamp_max(max by ({PER}) (rate("
                f"{_CHOSEN.series('k8s_service_endpoints_unavailable_seconds_total')}"
                "[$__rate_interval])), 1))",
                common.WHO,
            ),
            unit="percentunit",
            links=(SERIES_SERVICE,),
        ),
        table(
            "Last change",
            "When an address of the Service last came, went or changed its readiness (at most 50 "
            "Services, newest first). Compare with when the trouble began." + needs("changes"),
            *WHO,
            Column(
                "Last change",
                expression="topk(50, "
                f"{_CHOSEN.top('k8s_service_endpoints_last_change_timestamp_seconds')} * 1000)",
                unit="dateTimeFromNow",
            ),
            sort="Last change",
            height=6,
        ),
    ),
)

BOARD = Board(
    uid=UID,
    title="Service endpoints / Service",
    description="Why a Service has no, or too few, endpoints that take traffic, and since when.",
    variables=("cluster", "namespace", "service"),
    known=queries.INFO,
    sections=(_NUMBERS, _WHY, _PORTS, _PLACES),
)

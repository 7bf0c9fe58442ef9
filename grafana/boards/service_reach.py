"""What one Service reaches: ports, families, zones and Nodes, who points at it, what changes."""

from __future__ import annotations

from grafana.boards import common, queries
from grafana.boards.board import Section
from grafana.boards.meaning import EMPTY, READY
from grafana.boards.optional import needs
from grafana.boards.panels import Line, graph, number
from grafana.boards.queries import PER, Selection
from grafana.boards.tables import Column, table

_CHOSEN = Selection(("cluster", "namespace", "service"))
_KNOWN = _CHOSEN.series(queries.STANDING)
_PORT = "port_name, protocol, port"
_KIND = (
    "type, headless, selector, publish_not_ready_addresses, internal_traffic_policy, "
    "external_traffic_policy, traffic_distribution, ip_families"
)

PORTS = Section(
    "Ports and slices",
    (
        graph(
            "Ready endpoints by port",
            "What each port of the Service reaches (at most 20 ports, those with least). 0 while "
            "others have some: no container has that port; compare targetPort with the Pods.",
            Line(
                f"bottomk(20, {_CHOSEN.top('k8s_service_endpoints_port_ready', by=_PORT)})",
                "{{port_name}} {{port}}/{{protocol}}",
            ),
            whole=True,
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
            "Type, traffic policies and families as the Service has them. Local policies and "
            "publishNotReadyAddresses change what 'ready' is worth.",
            Column("Type", "type", width=110),
            Column("Headless", "headless", width=90),
            Column("Selector", "selector", width=90),
            Column("Publishes not ready", "publish_not_ready_addresses", width=150),
            Column("Internal policy", "internal_traffic_policy", width=120),
            Column("External policy", "external_traffic_policy", width=120),
            Column("Distribution", "traffic_distribution", width=130),
            Column("Families", "ip_families", width=120, grows=True),
            Column(
                "Slices",
                expression=f"topk(50, max by ({_KIND}) ("
                f"{_CHOSEN.top(queries.INFO, by=_KIND)} * on ({PER}) group_left ()"
                f" {_CHOSEN.top('k8s_service_endpoints_slices')}))",
            ),
            nothing="The Service is not known, or nothing was scraped",
            height=4,
        ),
        table(
            "Addresses by family",
            "Ready and not ready addresses by address type. One family at 0 while the other has "
            "some: half of the clients reach nothing.",
            Column("Address type", "address_type", width=120, grows=True),
            Column(
                "Ready",
                expression=f"bottomk(50, max by (address_type) ({_CHOSEN.series(queries.READY)}))",
                colors=((0, EMPTY), (1, READY)),
            ),
            Column(
                "Not ready",
                expression="bottomk(50, max by (address_type) "
                f"({_CHOSEN.series(queries.NOT_READY)}))",
                width=90,
            ),
            nothing="The Service has no addresses, or nothing was scraped",
            sort="Ready",
            descending=False,
            width=8,
            height=6,
        ),
        table(
            "What points at it",
            "Ingresses, Gateway routes, webhooks and APIServices that point at the Service: who is "
            "hurt when it is empty. A webhook that reaches nothing can stop the API server from "
            "taking changes." + needs("dependents"),
            Column("Kind", "kind", width=250, grows=True),
            Column(
                "Objects",
                width=80,
                expression=f"topk(50, max by (kind) ({_CHOSEN.series('k8s_service_dependents')}))",
            ),
            nothing="Nothing points at it, or the group is off",
            sort="Objects",
            width=8,
            height=6,
        ),
        number(
            "Last change",
            "How long ago an address of the Service last came, went or changed its readiness. "
            "Compare with when the trouble began." + needs("changes"),
            "time() - max("
            f"{_CHOSEN.series('k8s_service_endpoints_last_change_timestamp_seconds')})",
            unit="s",
            width=8,
        ),
        common.list_doors(
            'cluster=~"$cluster", namespace=~"$namespace|"',
            Column("Kind", "kind", width=240),
            Column("Name", "name", width=220),
            Column("Port", "port", width=80),
            Column("Problem", "problem", width=240, grows=True),
            to=', service=~"$service"',
            height=5,
        ),
    ),
)

PLACES = Section(
    "Zones, Nodes, changes",
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
        ),
        graph(
            "Nodes and zones with ready addresses",
            "On how many Nodes and in how many zones the Service is ready. 1 is a single point of "
            "failure." + needs("topology"),
            Line(f"min({_CHOSEN.top('k8s_service_endpoints_ready_nodes')})", "Nodes"),
            Line(f"min({_CHOSEN.top('k8s_service_endpoints_ready_zones')})", "Zones"),
            whole=True,
        ),
        graph(
            "Changes of endpoints",
            "Addresses that came, went, became ready or not ready. Much in both directions without "
            "a rollout is flapping: a probe that is too strict, or a program that restarts."
            + needs("changes"),
            Line(
                f"sum by (change) (max by ({PER}, change) (increase("
                f"{_CHOSEN.series('k8s_service_endpoints_changes_total')}"
                "[$__rate_interval])))",
                "{{change}}",
            ),
        ),
        graph(
            "Share of time without a ready endpoint",
            "How much of the time the Service was without a usable ready endpoint, outages shorter "
            "than a scrape interval included. 100 % is an outage that lasts." + needs("changes"),
            Line(
                "clamp_max(max(rate("
                f"{_CHOSEN.series('k8s_service_endpoints_unavailable_seconds_total')}"
                "[$__rate_interval])), 1)",
                "Without",
                EMPTY,
            ),
            unit="percentunit",
        ),
    ),
)

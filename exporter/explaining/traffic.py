"""What kube-proxy makes of a Service's endpoints, where that is less than their number tells.

Sentences for people about traffic policies, hints, families and load balancers (semantics.md §3);
numbers for the same are counted elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporter.analysis.families import reported_families
from exporter.analysis.merge import Merged
from exporter.explaining.wording import count_of, join_some
from exporter.model import ServiceReport, ServiceView
from exporter.objects.services import Service
from exporter.objects.slices import NODE_HINT, READY, SERVING, ZONE_HINT, Endpoint


def tell_traffic(view: ServiceView, report: ServiceReport, merged: Merged) -> Iterator[str]:
    """One sentence for each thing that keeps traffic from ready endpoints or hides their state."""
    service = report.service
    ready = [entry for held in merged.values() for entry in held.values() if entry.flags & READY]
    if service.publish_not_ready:
        yield _tell_masked(ready, states_known=view.source.exact)
    if ready:
        yield from _tell_gaps(report)
        yield from _tell_local(view, service, {entry.node for entry in ready})
        yield from _tell_hints(view, ready)
    if service.type == "LoadBalancer" and not service.ingress:
        yield "the load balancer is pending: status.loadBalancer.ingress is empty"


def _tell_masked(ready: list[Endpoint], *, states_known: bool) -> str:
    text = "publishNotReadyAddresses is set: addresses count as ready whatever their Pods say"
    masked = sum(not entry.flags & SERVING for entry in ready)
    if states_known and masked:
        text += f"; of {count_of(len(ready), 'ready address')} {masked} not serving"
    return text


def _tell_gaps(report: ServiceReport) -> Iterator[str]:
    service = report.service
    if service.selector:
        for counts in report.counts:
            if not counts.ready and counts.address_type in reported_families(service):
                yield f"no {counts.address_type} address is ready, though the Service wants some"


def _tell_local(view: ServiceView, service: Service, used: set[str]) -> Iterator[str]:
    exposed = service.type in ("NodePort", "LoadBalancer") or bool(service.external_ips)
    local = []
    if service.internal_policy == "Local":
        local.append("internalTrafficPolicy")
    # The external policy counts only where something can come from outside.
    if service.external_policy == "Local" and exposed:
        local.append("externalTrafficPolicy")
    if not local:
        return
    policy = " and ".join(local) + (" is" if len(local) == 1 else " are")
    if view.nodes is None:
        yield f"{policy} Local: only Nodes with a ready endpoint of their own serve it"
        return
    without = sorted(n.name for n in view.nodes.values() if n.schedulable and n.name not in used)
    if without:
        yield (
            f"{policy} Local: traffic is dropped on {count_of(len(without), 'schedulable Node')} "
            f"without a ready endpoint: {join_some(without)}"
        )
        if "externalTrafficPolicy" in local and service.health_check_node_port:
            yield f"health checks on port {service.health_check_node_port} fail on those Nodes"


def _tell_hints(view: ServiceView, ready: list[Endpoint]) -> Iterator[str]:
    """kube-proxy heeds hints only while every ready endpoint has one (topology.go)."""
    for flag, word in ((NODE_HINT, "node"), (ZONE_HINT, "zone")):
        hinted = sum(bool(entry.flags & flag) for entry in ready)
        if 0 < hinted < len(ready):
            yield (
                f"{word} hints are ignored: {len(ready) - hinted} of {len(ready)} ready "
                "endpoints have none"
            )
    if view.nodes is None or not all(entry.flags & ZONE_HINT for entry in ready):
        return
    hinted_zones = {zone for entry in ready for zone in entry.zones}
    bare = sorted({node.zone for node in view.nodes.values() if node.zone} - hinted_zones)
    if bare:
        yield f"no endpoint is hinted for {join_some([f'zone {zone}' for zone in bare])}"

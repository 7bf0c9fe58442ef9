"""Legacy Endpoints, as the Endpoints controller writes them.

Rules: kubernetes pkg/controller/endpoint/endpoints_controller.go. One family, no serving and no
terminating, unresolved ports left out together with their addresses, at most 1,000 addresses.
"""

from __future__ import annotations

from exporter.sim.encoding import Object
from exporter.sim.kinds.podstatus import PodFacts
from exporter.sim.kinds.slices import (
    HEADLESS,
    TRIGGER,
    ServiceFacts,
    address_in,
    resolve_ports,
)
from exporter.sim.notation import Port
from exporter.sim.stamps import stamp, uid_of

CAPACITY = 1_000

_Subsets = dict[tuple[Port, ...], tuple[list[Object], list[Object]]]


def _address(facts: ServiceFacts, pod: PodFacts, ip: str) -> Object:
    out: Object = {"ip": ip}
    if pod.workload.kind == "StatefulSet" and facts.name == (
        pod.workload.governing or pod.workload_name
    ):
        out["hostname"] = pod.name
    if pod.node:
        out["nodeName"] = pod.node
    out["targetRef"] = {
        "kind": "Pod",
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
    }
    return out


def _subsets(facts: ServiceFacts) -> _Subsets:
    out: _Subsets = {}
    for pod in facts.selected:
        ip = address_in(pod, facts.spec.families[0])
        if not ip or pod.state.finished or (pod.state.deleting and not facts.spec.publish):
            continue
        ports = resolve_ports(pod, facts.spec)
        if facts.spec.ports and not ports:
            continue
        ready, unready = out.setdefault(ports, ([], []))
        good = pod.state.serving or facts.spec.publish
        (ready if good else unready).append(_address(facts, pod, ip))
    return out


def _truncated(subsets: _Subsets) -> bool:
    """Cut the subsets to the capacity, ready addresses first; True when something was cut."""
    total = sum(len(r) + len(n) for r, n in subsets.values())
    if total <= CAPACITY:
        return False
    room = CAPACITY
    for which in (0, 1):
        for pair in subsets.values():
            del pair[which][room:]
            room -= len(pair[which])
    return True


def _subset(ports: tuple[Port, ...], ready: list[Object], unready: list[Object]) -> Object:
    out: Object = {}
    if ready:
        out["addresses"] = ready
    if unready:
        out["notReadyAddresses"] = unready
    if ports:
        out["ports"] = [{"name": p.name, "port": p.number, "protocol": p.protocol} for p in ports]
    return out


def build_endpoints(facts: ServiceFacts) -> Object:
    """Return the Endpoints of a Service with a selector."""
    subsets = _subsets(facts)
    truncated = _truncated(subsets)
    annotations: dict[str, str] = {}
    if truncated:
        annotations["endpoints.kubernetes.io/over-capacity"] = "truncated"
    if facts.trigger is not None:
        annotations[TRIGGER] = stamp(facts.trigger)
    labels = facts.labels | {"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
    if facts.spec.headless:
        labels[HEADLESS] = ""
    metadata: Object = {
        "name": facts.name,
        "namespace": facts.namespace,
        "uid": uid_of("Endpoints", facts.namespace, facts.name),
        "creationTimestamp": stamp(facts.made),
        "labels": labels,
    }
    if annotations:
        metadata["annotations"] = annotations
    out: Object = {"kind": "Endpoints", "apiVersion": "v1", "metadata": metadata}
    listed = [
        _subset(ports, ready, unready)
        for ports, (ready, unready) in subsets.items()
        if ready or unready
    ]
    if listed:
        out["subsets"] = listed
    return out

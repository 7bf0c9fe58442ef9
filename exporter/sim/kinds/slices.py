"""EndpointSlices, as the EndpointSlice controller writes them, and as people write them.

Rules: k8s.io/endpointslice (reconciler.go, utils.go, trafficdist/trafficdist.go). It never decides
whether the controller gets to a Service at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from exporter.sim.encoding import Object
from exporter.sim.kinds.podstatus import PodFacts
from exporter.sim.kinds.services import selector_of
from exporter.sim.notation import EndpointSpec, NodeSpec, Port, ServiceSpec, SliceSpec, parse_port
from exporter.sim.stamps import stamp, suffix_of, uid_of

#: --max-endpoints-per-slice
PER_SLICE = 100
CONTROLLER = "endpointslice-controller.k8s.io"
_SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
HEADLESS = "service.kubernetes.io/headless"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"

_Ports = tuple[Port, ...]


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A Service and what the controllers know when they sync it.

    `trigger` is the time (Unix seconds) of the change that caused the sync, None when no Pod and no
    Service gave one. `pods` are those of its namespace, in a stable order.
    """

    namespace: str
    name: str
    spec: ServiceSpec
    made: float
    trigger: float | None
    pods: Sequence[PodFacts]
    nodes: Mapping[str, NodeSpec]

    @property
    def uid(self) -> str:
        """The uid of the Service."""
        return uid_of("Service", self.namespace, self.name)

    @property
    def selected(self) -> list[PodFacts]:
        """The Pods that its selector matches."""
        wanted = selector_of(self.name, self.spec).items()
        return [p for p in self.pods if wanted <= p.labels.items()]

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return {"app": self.name} if self.spec.labels is None else dict(self.spec.labels)


def resolve_port(pod: PodFacts, port: Port) -> int | None:
    """Return the number a Service port has on a Pod, None when its name is on no container."""
    if isinstance(port.target, int):
        return port.target
    ports = pod.workload.ports if pod.spec.ports is None else pod.spec.ports
    if port.target not in ports:
        return None
    number, _, protocol = str(ports[port.target]).partition("/")
    # a name is only found together with the right protocol
    return int(number) if (protocol or "TCP") == port.protocol else None


def resolve_ports(pod: PodFacts, service: ServiceSpec) -> _Ports:
    """Return the ports of a Service as they are on one Pod; the unresolved are left out."""
    out = []
    for text in service.ports:
        port = parse_port(text)
        number = resolve_port(pod, port)
        if number is not None:
            out.append(Port(port.name, number, number, port.protocol))
    return tuple(out)


def address_in(pod: PodFacts, family: str) -> str:
    """Return a Pod's address of a family, empty when it has none."""
    for ip in pod.addresses:
        if (":" in ip) == (family == "IPv6"):
            return ip
    return ""


def _hints(pod: PodFacts, zone: str, distribution: str) -> Object:
    out: Object = {}
    if distribution in ("PreferClose", "PreferSameZone", "PreferSameNode") and zone:
        out["forZones"] = [{"name": zone}]
    if distribution == "PreferSameNode" and pod.node:
        out["forNodes"] = [{"name": pod.node}]
    return out


def _endpoint(facts: ServiceFacts, pod: PodFacts, address: str) -> Object:
    serving = pod.state.serving
    terminating = pod.state.deleting
    ready = facts.spec.publish or (serving and not terminating)
    out: Object = {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
    }
    if pod.workload.kind == "StatefulSet" and facts.name == (
        pod.workload.governing or pod.workload_name
    ):
        out["hostname"] = pod.name
    out["targetRef"] = {
        "kind": "Pod",
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
    }
    if pod.node:
        out["nodeName"] = pod.node
    zone = facts.nodes[pod.node].zone if pod.node in facts.nodes else ""
    if zone:
        out["zone"] = zone
    if ready and (hints := _hints(pod, zone, facts.spec.distribution)):
        out["hints"] = hints
    return out


def _slice_ports(ports: Iterable[Port]) -> list[Object] | None:
    out = [{"name": p.name, "port": p.number, "protocol": p.protocol} for p in ports]
    # an empty list comes back from storage as null
    return out or None


def _groups(facts: ServiceFacts, family: str) -> dict[_Ports, list[Object]]:
    """The endpoints of one family by the ports they have."""
    out: dict[_Ports, list[Object]] = {}
    for pod in facts.selected:
        if pod.state.finished:
            continue
        # a Pod whose Node is gone is left out, unless unready Pods are published on purpose
        if pod.node and pod.node not in facts.nodes and not facts.spec.publish:
            continue
        if address := address_in(pod, family):
            ports = resolve_ports(pod, facts.spec)
            out.setdefault(ports, []).append(_endpoint(facts, pod, address))
    return out


def build_slices(facts: ServiceFacts) -> list[Object]:
    """Return the slices of a Service with a selector: at least one for each of its families."""
    out = []
    for family in facts.spec.families:
        chunks: list[tuple[_Ports, list[Object]]] = []
        for ports, endpoints in _groups(facts, family).items():
            chunks += [
                (ports, endpoints[at : at + PER_SLICE])
                for at in range(0, len(endpoints), PER_SLICE)
            ]
        for number, (ports, endpoints) in enumerate(chunks or [((), [])]):
            out.append(_slice(facts, family, number, ports, endpoints))
    return out


def _slice(
    facts: ServiceFacts, family: str, number: int, ports: _Ports, endpoints: list[Object]
) -> Object:
    suffix = suffix_of(5, "slice", facts.namespace, facts.name, family, number)
    labels = facts.labels | {_MANAGED_BY: CONTROLLER, _SERVICE_NAME: facts.name}
    if facts.spec.headless:
        labels[HEADLESS] = ""
    metadata: Object = {
        "name": f"{facts.name}-{suffix}",
        "generateName": f"{facts.name}-",
        "namespace": facts.namespace,
        "uid": uid_of("EndpointSlice", facts.namespace, facts.name, suffix),
        "creationTimestamp": stamp(facts.made),
        "labels": labels,
    }
    if facts.trigger is not None:
        metadata["annotations"] = {TRIGGER: stamp(facts.trigger)}
    metadata["ownerReferences"] = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "name": facts.name,
            "uid": facts.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": metadata,
        "addressType": family,
        "endpoints": endpoints or None,
        "ports": _slice_ports(ports),
    }


def _manual_endpoint(namespace: str, endpoint: EndpointSpec) -> Object:
    conditions = {
        "ready": endpoint.ready,
        "serving": endpoint.serving,
        "terminating": endpoint.terminating,
    }
    out: Object = {
        "addresses": list(endpoint.addresses),
        "conditions": {key: value for key, value in conditions.items() if value is not None},
    }
    if endpoint.pod:
        out["targetRef"] = {
            "kind": "Pod",
            "namespace": namespace,
            "name": endpoint.pod,
            "uid": uid_of("Pod", namespace, endpoint.pod),
        }
    if endpoint.node:
        out["nodeName"] = endpoint.node
    if endpoint.zone:
        out["zone"] = endpoint.zone
    if endpoint.hints:
        out["hints"] = {"forZones": [{"name": zone} for zone in endpoint.hints]}
    return out


def build_manual_slice(namespace: str, name: str, spec: SliceSpec, made: float) -> Object:
    """Return a slice that no controller writes, or that one has left behind."""
    labels = dict(spec.labels)
    if spec.service:
        labels[_SERVICE_NAME] = spec.service
    if spec.managed_by:
        labels[_MANAGED_BY] = spec.managed_by
    metadata: Object = {
        "name": name,
        "namespace": namespace,
        "uid": uid_of("EndpointSlice", namespace, name),
        "creationTimestamp": stamp(made),
    }
    if labels:
        metadata["labels"] = labels
    if spec.owner:
        metadata["ownerReferences"] = [
            {
                "apiVersion": "v1",
                "kind": "Service",
                "name": spec.owner,
                "uid": uid_of("Service", namespace, spec.owner),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return {
        "kind": "EndpointSlice",
        "apiVersion": "discovery.k8s.io/v1",
        "metadata": metadata,
        "addressType": spec.family,
        "endpoints": [_manual_endpoint(namespace, e) for e in spec.endpoints] or None,
        "ports": _slice_ports(map(parse_port, spec.ports)),
    }

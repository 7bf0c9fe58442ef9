"""Services as the API server stores them.

It never makes slices.
"""

from __future__ import annotations

from exporter.sim.encoding import Object
from exporter.sim.notation import ServiceSpec, parse_port
from exporter.sim.stamps import cluster_ip, digest_of, stamp, uid_of

#: Node ports: 30000–32767.
_NODE_PORTS = (30_000, 2_768)


def selector_of(name: str, service: ServiceSpec) -> dict[str, str]:
    """Return the selector, empty for a Service without one."""
    if service.selector == "none":
        return {}
    return {"app": name} if service.selector is None else dict(service.selector)


def _node_port(*parts: object) -> int:
    first, count = _NODE_PORTS
    return first + digest_of("node-port", *parts) % count


def _ports(namespace: str, name: str, service: ServiceSpec) -> list[Object]:
    out = []
    for text in service.ports:
        port = parse_port(text)
        entry: Object = {
            "name": port.name,
            "protocol": port.protocol,
            "port": port.number,
            "targetPort": port.target,
        }
        if not port.name:
            del entry["name"]
        if port.app:
            entry["appProtocol"] = port.app
        if service.type in ("NodePort", "LoadBalancer"):
            entry["nodePort"] = _node_port(namespace, name, text)
        out.append(entry)
    return out


def _addresses(namespace: str, name: str, service: ServiceSpec) -> Object:
    if service.headless:
        ips = ["None"]
    else:
        ips = [cluster_ip(family, namespace, name) for family in service.families]
    return {"clusterIP": ips[0], "clusterIPs": ips}


def _spec(namespace: str, name: str, service: ServiceSpec) -> Object:
    spec: Object = {}
    if ports := _ports(namespace, name, service):
        spec["ports"] = ports
    if selector := selector_of(name, service):
        spec["selector"] = selector
    if service.type == "ExternalName":
        # the API server wipes addresses, families and policies of such a Service
        return spec | {
            "type": "ExternalName",
            "sessionAffinity": "None",
            "externalName": service.external_name,
        }
    spec |= _addresses(namespace, name, service)
    spec |= {"type": service.type, "sessionAffinity": "None"}
    if service.type in ("NodePort", "LoadBalancer"):
        spec["externalTrafficPolicy"] = service.external or "Cluster"
    if service.type == "LoadBalancer":
        if service.external == "Local":
            spec["healthCheckNodePort"] = _node_port(namespace, name, "health-check")
        spec["allocateLoadBalancerNodePorts"] = True
    if service.external_ips:
        spec["externalIPs"] = list(service.external_ips)
    if service.publish:
        spec["publishNotReadyAddresses"] = True
    two = len(service.families) > 1
    spec |= {
        "ipFamilies": list(service.families),
        "ipFamilyPolicy": "RequireDualStack" if two else "SingleStack",
        "internalTrafficPolicy": service.internal,
    }
    if service.distribution:
        spec["trafficDistribution"] = service.distribution
    return spec


def _ingress(point: str) -> Object:
    if point.replace(".", "").isdigit() or ":" in point:
        return {"ip": point, "ipMode": "VIP"}
    return {"hostname": point}


def build_service(
    namespace: str, name: str, service: ServiceSpec, made: float, deleted: float | None
) -> Object:
    """Return the Service; creation and deletion are Unix seconds."""
    metadata: Object = {
        "name": name,
        "namespace": namespace,
        "uid": uid_of("Service", namespace, name),
        "creationTimestamp": stamp(made),
    }
    if deleted is not None:
        metadata["deletionTimestamp"] = stamp(deleted)
        metadata["deletionGracePeriodSeconds"] = 0
    labels = {"app": name} if service.labels is None else dict(service.labels)
    if labels:
        metadata["labels"] = labels
    if service.annotations:
        metadata["annotations"] = dict(service.annotations)
    if service.type == "LoadBalancer" or deleted is not None:
        metadata["finalizers"] = ["service.kubernetes.io/load-balancer-cleanup"]
    balancer = {"ingress": [_ingress(p) for p in service.ingress]} if service.ingress else {}
    return {
        "kind": "Service",
        "apiVersion": "v1",
        "metadata": metadata,
        "spec": _spec(namespace, name, service),
        "status": {"loadBalancer": balancer},
    }

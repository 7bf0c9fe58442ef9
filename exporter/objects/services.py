"""Service: the fields that decide whether and how it takes traffic."""

from __future__ import annotations

import sys

import msgspec

from exporter.objects.meta import (
    WireMeta,
    intern_labels,
    intern_text,
    keep_annotations,
    parse_time,
)


class ServicePort(msgspec.Struct, frozen=True, gc=False, order=True):
    """One entry of `spec.ports`. `name` is "" when unnamed; `target` is a number or a name."""

    name: str
    protocol: str
    port: int
    target: int | str
    node_port: int
    app_protocol: str


class Service(msgspec.Struct, frozen=True):
    """A Service. Times are seconds since the epoch; what is not set is "", 0, () or {}."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    created: float | None
    deleting: bool
    labels: dict[str, str]
    annotations: dict[str, str]
    type: str
    cluster_ips: tuple[str, ...]
    ip_families: tuple[str, ...]
    selector: dict[str, str]
    ports: tuple[ServicePort, ...]
    publish_not_ready: bool
    internal_policy: str
    external_policy: str
    traffic_distribution: str
    external_name: str
    external_ips: tuple[str, ...]
    health_check_node_port: int
    ingress: tuple[str, ...]

    @property
    def headless(self) -> bool:
        """`clusterIP: None`: no virtual address, DNS hands out the endpoints."""
        return self.cluster_ips[:1] == ("None",)

    @property
    def cluster_ip(self) -> str:
        """The primary cluster IP: an address, "None" (headless) or "" (not given)."""
        return self.cluster_ips[0] if self.cluster_ips else ""

    @property
    def exposed(self) -> bool:
        """Whether traffic can come from outside: only then does an external policy count."""
        return self.type in ("NodePort", "LoadBalancer") or bool(self.external_ips)


class _WirePort(msgspec.Struct, frozen=True, rename="camel", gc=False):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None
    target_port: int | str | None = None
    node_port: int | None = None
    app_protocol: str | None = None


class _WireSpec(msgspec.Struct, frozen=True, rename="camel"):
    type: str | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: list[str] | None = msgspec.field(default=None, name="clusterIPs")
    ip_families: list[str] | None = None
    selector: dict[str, str] | None = None
    ports: list[_WirePort] | None = None
    publish_not_ready_addresses: bool | None = None
    internal_traffic_policy: str | None = None
    external_traffic_policy: str | None = None
    traffic_distribution: str | None = None
    external_name: str | None = None
    external_ips: list[str] | None = msgspec.field(default=None, name="externalIPs")
    health_check_node_port: int | None = None


class _WireIngress(msgspec.Struct, frozen=True, gc=False):
    ip: str | None = None
    hostname: str | None = None


class _WireLoadBalancer(msgspec.Struct, frozen=True):
    ingress: list[_WireIngress] | None = None


class _WireStatus(msgspec.Struct, frozen=True, rename="camel"):
    load_balancer: _WireLoadBalancer | None = None


class WireService(msgspec.Struct, frozen=True):
    """A Service as the wire has it."""

    metadata: WireMeta
    spec: _WireSpec | None = None
    status: _WireStatus | None = None

    def compact(self) -> Service:
        """The retained form."""
        meta, spec = self.metadata, self.spec or _WireSpec()
        balancer = self.status.load_balancer if self.status else None
        labels = intern_labels(meta.labels)
        cluster_ips = spec.cluster_ips or ([spec.cluster_ip] if spec.cluster_ip else [])
        return Service(
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            uid=meta.uid or "",
            resource_version=meta.resource_version or "",
            created=parse_time(meta.creation_timestamp),
            deleting=meta.deletion_timestamp is not None,
            labels=labels,
            annotations=keep_annotations(meta.annotations),
            type=intern_text(spec.type) or "ClusterIP",
            cluster_ips=tuple(cluster_ips),
            ip_families=_intern_tuple(spec.ip_families),
            # People write the same twice: one dict less for each of 100,000.
            selector=labels if spec.selector == meta.labels else intern_labels(spec.selector),
            ports=_share_ports(tuple([_compact_port(port) for port in spec.ports or ()])),
            publish_not_ready=bool(spec.publish_not_ready_addresses),
            internal_policy=intern_text(spec.internal_traffic_policy),
            external_policy=intern_text(spec.external_traffic_policy),
            traffic_distribution=intern_text(spec.traffic_distribution),
            external_name=spec.external_name or "",
            external_ips=tuple(spec.external_ips or ()),
            health_check_node_port=spec.health_check_node_port or 0,
            ingress=tuple(
                item.ip or item.hostname or ""
                for item in (balancer.ingress if balancer else None) or ()
            ),
        )


_FAMILIES: dict[tuple[str, ...], tuple[str, ...]] = {}


def _intern_tuple(items: list[str] | None) -> tuple[str, ...]:
    key = tuple(dict.fromkeys(items or ()))  # twice the same family would be twice the same series
    return _FAMILIES.setdefault(key, key) if len(_FAMILIES) < 64 else key


_PORTS: dict[tuple[ServicePort, ...], tuple[ServicePort, ...]] = {}
#: Different ports that are shared before sharing stops: a bound for hostile input.
_MOST_PORTS = 4096


def _share_ports(ports: tuple[ServicePort, ...]) -> tuple[ServicePort, ...]:
    return _PORTS.setdefault(ports, ports) if len(_PORTS) < _MOST_PORTS else ports


def _compact_port(port: _WirePort) -> ServicePort:
    target, number = port.target_port, port.port or 0
    return ServicePort(
        name=sys.intern(port.name or ""),
        protocol=sys.intern(port.protocol or "TCP"),
        port=number,
        # 0 and "" mean 'the same number as the Service port' (semantics: target port default).
        target=number if target in (None, 0, "") else target,
        node_port=port.node_port or 0,
        app_protocol=intern_text(port.app_protocol),
    )

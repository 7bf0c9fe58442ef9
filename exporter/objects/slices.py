"""EndpointSlice: endpoints with their states, packed to what is asked of 200,000 of them.

Unset conditions get their meaning here and nowhere else: ready and serving unset are true,
terminating unset is false (the discovery/v1 API text).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from exporter.objects.addresses import canonical_address
from exporter.objects.meta import (
    LeanMeta,
    find_latest,
    intern_text,
    parse_time,
)
from exporter.objects.sharing import share

READY = 1
SERVING = 2
TERMINATING = 4
ZONE_HINT = 8
NODE_HINT = 16

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
#: Labels of slices that by design name no Service (KEP-1645, KEP-6116).
NAMELESS_LABELS = frozenset(
    {"multicluster.kubernetes.io/service-name", "kubernetes.io/endpoint-selector-name"}
)
HEADLESS_LABEL = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CONTROLLER = "endpointslice-controller.k8s.io"
MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"
#: Who manages slices that nobody foreign does.
OWN_MANAGERS = (None, "", CONTROLLER, MIRRORING_CONTROLLER)


class Endpoint(msgspec.Struct, frozen=True, gc=False):
    """One endpoint of a slice. `flags` is an OR of READY, SERVING, TERMINATING and the hints.

    `address` is the canonical first address, the only one with a meaning (discovery/v1 API text;
    kube-proxy's endpointslicecache.go). `pod` is the name of the Pod it targets, or "". `zones`
    and `nodes` are the hinted ones.
    """

    address: str
    flags: int
    node: str
    zone: str
    pod: str
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()


class SlicePort(msgspec.Struct, frozen=True, gc=False, order=True):
    """One entry of a slice's `ports`. `number` is 0 when unset: kube-proxy skips such a port."""

    name: str
    protocol: str
    number: int


class EndpointSlice(msgspec.Struct, frozen=True, gc=False):
    """An EndpointSlice. `service` is "" when the label that links it to a Service is missing.

    `managed_by` is None when the label is absent. `triggered` is the trigger time of its
    last change, None when the controller gave none; `changed` is that or, failing it, when the
    slice was last written, as far as its managed fields tell. Both in seconds since the epoch.
    `nameless`: it names no Service by design, for another label says whose it is.
    """

    namespace: str
    name: str
    resource_version: str
    service: str
    managed_by: str | None
    headless: bool
    truncated: bool
    triggered: float | None
    changed: float | None
    address_type: str
    ports: tuple[SlicePort, ...]
    endpoints: tuple[Endpoint, ...]
    nameless: bool = False

    @property
    def foreign(self) -> bool:
        """Whether something other than Kubernetes' own controllers manages it."""
        return self.managed_by not in OWN_MANAGERS


#: How many different values are shared before sharing stops: a bound for hostile input.
_SHARED = 4096


class _WireConditions(msgspec.Struct, frozen=True, gc=False):
    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class _WireHint(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None


class _WireHints(msgspec.Struct, frozen=True, rename="camel"):
    for_zones: list[_WireHint] | None = None
    for_nodes: list[_WireHint] | None = None


class _WireTarget(msgspec.Struct, frozen=True, gc=False):
    kind: str | None = None
    name: str | None = None


class _WireEndpoint(msgspec.Struct, frozen=True, rename="camel"):
    addresses: list[str] | None = None
    conditions: _WireConditions | None = None
    node_name: str | None = None
    zone: str | None = None
    target_ref: _WireTarget | None = None
    hints: _WireHints | None = None


class _WirePort(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None


class _WireMeta(LeanMeta, frozen=True, rename="camel"):
    annotations: dict[str, str] | None = None
    # Looked into where no annotation tells the time: few slices are without it.
    managed_fields: msgspec.Raw = msgspec.Raw(b"null")


class _WireParts(msgspec.Struct, frozen=True, rename="camel"):
    metadata: _WireMeta
    address_type: str
    ports: list[_WirePort] | None = None

    def _compact(self, endpoints: list[Endpoint]) -> EndpointSlice:
        meta = self.metadata
        labels, annotations = meta.labels or {}, meta.annotations or {}
        managed_by = labels.get(MANAGED_BY_LABEL)
        triggered = parse_time(annotations.get(TRIGGER_TIME))
        return EndpointSlice(
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            service=labels.get(SERVICE_NAME_LABEL, ""),
            managed_by=None if managed_by is None else sys.intern(managed_by),
            headless=HEADLESS_LABEL in labels,
            truncated=annotations.get(OVER_CAPACITY) == "truncated",
            triggered=triggered,
            changed=triggered if triggered is not None else find_latest(meta.managed_fields),
            address_type=sys.intern(self.address_type),
            ports=_compact_ports(self.ports),
            endpoints=tuple(endpoints),
            nameless=not NAMELESS_LABELS.isdisjoint(labels),
        )


class WireSlice(_WireParts, frozen=True, rename="camel"):
    """An EndpointSlice as the wire has it: lists may be null or absent."""

    endpoints: list[_WireEndpoint] | None = None

    def compact(self) -> EndpointSlice:
        """The retained form. An endpoint without an address is left out, as kube-proxy does."""
        return self._compact(_compact_endpoints(self.endpoints or (), self.address_type))


#: From so many bytes on a slice that came by a watch is taken for one that comes again.
LONG = 1 << 14
#: Bytes of endpoints that are remembered: some dozen long slices.
_REMEMBERED = 1 << 21
_SEEN: dict[tuple[str, bytes], Endpoint | None] = {}
_seen_bytes = 0
_ENDPOINTS = msgspec.json.Decoder(_WireEndpoint)


class WireLongSlice(_WireParts, frozen=True, rename="camel"):
    """The same, when it is long: of 500 endpoints one has changed since it came last."""

    endpoints: list[msgspec.Raw] | None = None

    def compact(self) -> EndpointSlice:
        """The retained form; endpoints whose bytes were seen lately are the objects of then."""
        found = [_recall(raw, self.address_type) for raw in self.endpoints or ()]
        return self._compact([endpoint for endpoint in found if endpoint is not None])


def _recall(raw: msgspec.Raw, address_type: str) -> Endpoint | None:
    global _seen_bytes  # noqa: PLW0603 - the size of a table of this module
    key = (address_type, bytes(raw))
    try:
        return _SEEN[key]
    except KeyError:
        pass
    found = _compact_endpoints([_ENDPOINTS.decode(raw)], address_type)
    endpoint = found[0] if found else None
    _seen_bytes += len(key[1])
    if _seen_bytes > _REMEMBERED:
        _SEEN.clear()
        _seen_bytes = len(key[1])
    _SEEN[key] = endpoint
    return endpoint


def _compact_endpoints(wires: Sequence[_WireEndpoint], address_type: str) -> list[Endpoint]:
    """The retained forms of those that have an address."""
    # Its body runs 200,000 times before the first scrape: every call in here shows.
    found: list[Endpoint] = []
    add, intern, is_ip = found.append, sys.intern, address_type != "FQDN"
    for wire in wires:
        if not wire.addresses:
            continue
        flags = READY | SERVING
        if (conditions := wire.conditions) is not None:
            if conditions.ready is False:
                flags ^= READY
            if conditions.serving is False:
                flags ^= SERVING
            if conditions.terminating:
                flags |= TERMINATING
        address = wire.addresses[0]
        if is_ip:
            address = share(canonical_address(address))
        node, zone, target = wire.node_name, wire.zone, wire.target_ref
        node = intern(node) if node else ""
        zone = intern(zone) if zone else ""
        pod = ""
        if target is not None and target.kind == "Pod" and target.name:
            pod = share(target.name)
        if wire.hints is None:
            add(Endpoint(address, flags, node, zone, pod))
        else:
            add(_hinted(Endpoint(address, flags, node, zone, pod), wire.hints))
    return found


def _hinted(plain: Endpoint, hints: _WireHints) -> Endpoint:
    zones, nodes = _compact_hints(hints.for_zones), _compact_hints(hints.for_nodes)
    flags = plain.flags | (ZONE_HINT if zones else 0) | (NODE_HINT if nodes else 0)
    return Endpoint(plain.address, flags, plain.node, plain.zone, plain.pod, zones, nodes)


_HINTS: dict[tuple[str, ...], tuple[str, ...]] = {}


def _compact_hints(hints: list[_WireHint] | None) -> tuple[str, ...]:
    if not hints:
        return ()
    key = tuple([sys.intern(hint.name or "") for hint in hints])
    return _HINTS.setdefault(key, key) if len(_HINTS) < _SHARED else key


_PORTS: dict[tuple[SlicePort, ...], tuple[SlicePort, ...]] = {}


def _compact_ports(ports: list[_WirePort] | None) -> tuple[SlicePort, ...]:
    if not ports:
        return ()
    key = tuple(
        [
            SlicePort(sys.intern(p.name or ""), sys.intern(p.protocol or "TCP"), p.port or 0)
            for p in ports
        ]
    )
    return _PORTS.setdefault(key, key) if len(_PORTS) < _SHARED else key

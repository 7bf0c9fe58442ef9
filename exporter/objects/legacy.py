"""Endpoints (core/v1): deprecated since Kubernetes 1.33, read only when asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import msgspec

from exporter.objects.addresses import canonical_address
from exporter.objects.meta import WireMeta, intern_text, parse_time
from exporter.objects.slices import (
    OVER_CAPACITY,
    READY,
    SERVING,
    TRIGGER_TIME,
    Endpoint,
    EndpointSlice,
    SlicePort,
)

LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"


class LegacyAddress(msgspec.Struct, frozen=True, gc=False):
    """One address of a subset. `uid` tells Pods with one IP apart; node and pod may be ""."""

    address: str
    uid: str
    node: str
    pod: str


class Subset(msgspec.Struct, frozen=True, gc=False):
    """Addresses × ports. Without ports the addresses stand alone (headless without ports)."""

    ready: tuple[LegacyAddress, ...]
    not_ready: tuple[LegacyAddress, ...]
    ports: tuple[SlicePort, ...]


class Endpoints(msgspec.Struct, frozen=True):
    """A legacy Endpoints object; it belongs to the Service of its own name.

    `leader`: it only holds a leader election record. `truncated`: over 1,000 addresses, cut.
    `triggered` and `changed` as in an EndpointSlice.
    """

    namespace: str
    name: str
    resource_version: str
    leader: bool
    truncated: bool
    triggered: float | None
    changed: float | None
    subsets: tuple[Subset, ...]


class _WireTarget(msgspec.Struct, frozen=True, gc=False):
    kind: str | None = None
    name: str | None = None
    uid: str | None = None


class _WireAddress(msgspec.Struct, frozen=True, rename="camel"):
    ip: str
    node_name: str | None = None
    target_ref: _WireTarget | None = None


class _WirePort(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None
    protocol: str | None = None
    port: int | None = None


class _WireSubset(msgspec.Struct, frozen=True, rename="camel"):
    addresses: list[_WireAddress] | None = None
    not_ready_addresses: list[_WireAddress] | None = None
    ports: list[_WirePort] | None = None


class WireEndpoints(msgspec.Struct, frozen=True):
    """An Endpoints object as the wire has it; `subsets` is absent when there are none."""

    metadata: WireMeta
    subsets: list[_WireSubset] | None = None

    def compact(self) -> Endpoints:
        """The retained form."""
        meta = self.metadata
        annotations = meta.annotations or {}
        triggered = parse_time(annotations.get(TRIGGER_TIME))
        return Endpoints(
            namespace=intern_text(meta.namespace),
            name=meta.name or "",
            resource_version=meta.resource_version or "",
            leader=LEADER_ANNOTATION in annotations,
            truncated=annotations.get(OVER_CAPACITY) == "truncated",
            triggered=triggered,
            changed=triggered if triggered is not None else meta.written(),
            subsets=tuple(_compact_subset(subset) for subset in self.subsets or ()),
        )


def _compact_subset(subset: _WireSubset) -> Subset:
    return Subset(
        ready=tuple(_compact_address(a) for a in subset.addresses or ()),
        not_ready=tuple(_compact_address(a) for a in subset.not_ready_addresses or ()),
        ports=tuple(
            SlicePort(sys.intern(p.name or ""), sys.intern(p.protocol or "TCP"), p.port or 0)
            for p in subset.ports or ()
        ),
    )


def _compact_address(wire: _WireAddress) -> LegacyAddress:
    target = wire.target_ref
    return LegacyAddress(
        address=canonical_address(wire.ip),
        uid=(target.uid or "") if target else "",
        node=intern_text(wire.node_name),
        pod=sys.intern(target.name) if target and target.kind == "Pod" and target.name else "",
    )


def tell_as_slices(endpoints: Endpoints) -> tuple[EndpointSlice, ...]:
    """The slices that say the same as a legacy Endpoints object, duplicates already decided.

    One slice per family and port, ready xor not ready (not ready trumps ready for the same address,
    Pod and port: kubernetes pkg/api/v1/endpoints/util.go). A ready one is marked serving too; what
    serving and terminating really are is unknown, and nobody may report it. Without any address it
    is one empty slice.
    """
    states: dict[SlicePort | None, dict[tuple[str, str], tuple[bool, LegacyAddress]]] = {}
    for subset in endpoints.subsets:
        for port in subset.ports or (None,):
            entries = states.setdefault(port, {})
            for ready, address in _addresses(subset.ready, subset.not_ready):
                key = (address.address, address.uid)
                if not ready or key not in entries:
                    entries[key] = (ready, address)
    pieces = []
    for port, entries in states.items():
        for family in ("IPv4", "IPv6"):
            found = tuple(
                Endpoint(
                    address=address.address,
                    flags=READY | SERVING if ready else 0,
                    node=address.node,
                    zone="",
                    pod=address.pod,
                )
                for ready, address in entries.values()
                if (":" in address.address) == (family == "IPv6")
            )
            if found:
                pieces.append(_slice(endpoints, family, port, found))
    if not pieces:
        # As the slice controller's placeholder: it is there, and holds nothing.
        pieces.append(_slice(endpoints, "IPv4", None, ()))
    return tuple(pieces)


def _addresses(
    ready: Iterable[LegacyAddress], not_ready: Iterable[LegacyAddress]
) -> Iterator[tuple[bool, LegacyAddress]]:
    yield from ((True, address) for address in ready)
    yield from ((False, address) for address in not_ready)


def _slice(
    endpoints: Endpoints, family: str, port: SlicePort | None, found: tuple[Endpoint, ...]
) -> EndpointSlice:
    return EndpointSlice(
        namespace=endpoints.namespace,
        name=endpoints.name,
        resource_version=endpoints.resource_version,
        service=endpoints.name,
        managed_by=None,
        headless=False,
        truncated=endpoints.truncated,
        triggered=endpoints.triggered,
        changed=endpoints.changed,
        address_type=family,
        ports=(port,) if port else (),
        endpoints=found,
    )

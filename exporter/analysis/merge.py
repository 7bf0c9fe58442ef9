"""Many entries for one address become one: the rules for duplicates, for both sources.

Slices (decision D2): among duplicates the largest of (not terminating, ready, serving) wins. It
agrees with kube-proxy wherever kube-proxy is defined. Legacy Endpoints (decision D5) go the other
way: not ready trumps ready for the same address, Pod and port.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exporter.analysis.families import IP_FAMILIES, usable_families
from exporter.objects.legacy import Endpoints, LegacyAddress
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, Endpoint, EndpointSlice, SlicePort

#: address type → canonical address → the entry that speaks for it
Merged = dict[str, dict[str, Endpoint]]
#: (canonical address, port number) → the entry that speaks for it
Pairs = dict[tuple[str, int], Endpoint]

_STATE = READY | SERVING | TERMINATING
#: flags → rank of (not terminating, ready, serving)
_RANK = tuple(
    4 * (not flags & TERMINATING) + 2 * bool(flags & READY) + bool(flags & SERVING)
    for flags in range(_STATE + 1)
)


def _order(entry: Endpoint) -> tuple[int, int, str, str, str]:
    # What follows the rank only makes the result independent of the order of slices.
    return (_RANK[entry.flags & _STATE], entry.flags, entry.zone, entry.node, entry.pod)


def _stronger(one: Endpoint, other: Endpoint) -> Endpoint:
    return one if _order(one) >= _order(other) else other


def merge_slices(slices: Iterable[EndpointSlice]) -> Merged:
    """One entry per unique address and address type, over all slices of a Service."""
    merged: Merged = {}
    for piece in slices:
        entries = merged.setdefault(piece.address_type, {})
        for entry in piece.endpoints:
            held = entries.setdefault(entry.address, entry)
            if held is not entry:
                entries[entry.address] = _stronger(held, entry)
    return merged


def routed_slices(service: Service, slices: Sequence[EndpointSlice]) -> list[EndpointSlice]:
    """The slices that traffic to the Service can take its endpoints from.

    kube-proxy never sees a slice with the headless label, whatever the Service is
    (kubernetes cmd/kube-proxy/app/server.go), and proxies only the Service's own families.
    """
    families = usable_families(service)
    return [
        piece
        for piece in slices
        if piece.address_type in families and (service.headless or not piece.headless)
    ]


def merge_pairs(slices: Iterable[EndpointSlice], name: str, protocol: str) -> Pairs:
    """One entry per unique (address, number) behind the Service port of this name and protocol.

    A slice port without a number reaches nothing: kube-proxy skips it (endpointslicecache.go).
    """
    pairs: Pairs = {}
    for piece in slices:
        for port in piece.ports:
            if port.number and port.name == name and port.protocol == protocol:
                for entry in piece.endpoints:
                    key = (entry.address, port.number)
                    held = pairs.setdefault(key, entry)
                    if held is not entry:
                        pairs[key] = _stronger(held, entry)
    return pairs


def read_legacy(endpoints: Endpoints) -> tuple[EndpointSlice, ...]:
    """The slices that say the same as a legacy Endpoints object, duplicates already decided.

    One slice per family and port, ready xor not ready (not ready trumps ready for the same address,
    Pod and port: kubernetes pkg/api/v1/endpoints/util.go). A ready one is marked serving too; what
    serving and terminating really are is unknown, and nobody may report it.
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
        for family in IP_FAMILIES:
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
        uid=endpoints.uid,
        resource_version=endpoints.resource_version,
        created=endpoints.created,
        service=endpoints.name,
        managed_by=None,
        headless=False,
        truncated=endpoints.truncated,
        owners=(),
        triggered=endpoints.triggered,
        changed=endpoints.changed,
        address_type=family,
        ports=(port,) if port else (),
        endpoints=found,
    )

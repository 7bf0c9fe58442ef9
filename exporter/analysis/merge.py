"""Many entries for one address become one: the rule for duplicates.

Among duplicates the largest of (not terminating, ready, serving) wins (decision D2): it agrees with
kube-proxy wherever kube-proxy is defined. Legacy Endpoints, which go the other way, come with their
duplicates decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exporter.analysis.families import usable_families
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, Endpoint, EndpointSlice

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


def ready_entries(merged: Merged) -> Iterator[Endpoint]:
    """Those that are ready, of all address types."""
    for entries in merged.values():
        for entry in entries.values():
            if entry.flags & READY:
                yield entry


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

"""How many addresses are in which state, per address type."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.analysis.merge import Merged
from exporter.model import AddressCounts
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice, SlicePort


def count_addresses(
    merged: Merged, families: Sequence[str], *, states_known: bool = True
) -> tuple[AddressCounts, ...]:
    """Counts for every family of the Service (zeros too), then for further address types.

    `states_known` is False for legacy Endpoints, which know neither serving nor terminating; nor
    do they hold any but the first family, so of a second one nothing is said.
    """
    wanted = families if states_known else families[:1]
    further = sorted(kind for kind in merged if kind not in wanted)
    return tuple([_count(kind, merged, states_known=states_known) for kind in (*wanted, *further)])


def _count(address_type: str, merged: Merged, *, states_known: bool) -> AddressCounts:
    ready = serving = terminating = 0
    entries = merged.get(address_type, {})
    for entry in entries.values():
        flags = entry.flags
        if flags & READY:
            ready += 1
        if flags & SERVING:
            serving += 1
        if flags & TERMINATING:
            terminating += 1
    return AddressCounts(
        address_type,
        ready,
        len(entries) - ready,
        serving if states_known else None,
        terminating if states_known else None,
    )


def count_pairs(
    slices: Iterable[EndpointSlice], family: str, *, publish_not_ready: bool
) -> tuple[int, int]:
    """Ready and not ready (address, port) pairs as the legacy Endpoints object would hold them.

    It knows only the first family, and no terminating Pods unless the Service publishes those that
    are not ready (kubernetes pkg/controller/endpoint).
    """
    ready: set[tuple[str, SlicePort]] = set()
    not_ready: set[tuple[str, SlicePort]] = set()
    for piece in slices:
        if piece.address_type != family:
            continue
        for entry in piece.endpoints:
            if entry.flags & TERMINATING and not publish_not_ready:
                continue
            held = ready if entry.flags & READY else not_ready
            held.update([(entry.address, port) for port in piece.ports])
    return len(ready), len(not_ready - ready)

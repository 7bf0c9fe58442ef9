"""The short way for the common Service: no address twice, the same ports in every slice.

Nothing has to be merged then: each number is a count of flags. Where it is not so, None sends the
caller the long way, which gives the same numbers for these Services too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exporter.analysis.families import usable_families
from exporter.analysis.merge import Merged
from exporter.analysis.ports import Reach
from exporter.model import AddressCounts, PortReady
from exporter.objects.services import Service
from exporter.objects.slices import (
    NODE_HINT,
    READY,
    SERVING,
    TERMINATING,
    ZONE_HINT,
    EndpointSlice,
    SlicePort,
)

_WELL = READY | SERVING
_HINTS = ZONE_HINT | NODE_HINT
_DRAINS = SERVING | TERMINATING

Simple = tuple[Merged, tuple[AddressCounts, ...], Reach, Collection[str], Collection[int]]


def measure_simply(
    service: Service,
    slices: Sequence[EndpointSlice],
    families: Sequence[str],
    *,
    exact: bool,
) -> Simple | None:
    """Merged, counts, reach, ready addresses and states; None: it is none of the common."""
    if not exact or service.headless or not slices:
        return None
    usable = usable_families(service)
    ports = slices[0].ports
    merged: Merged = {}
    for piece in slices:
        if (
            piece.headless
            or piece.address_type not in usable
            or (piece.ports != ports and piece.endpoints)
        ):
            return None
        held = merged.get(piece.address_type)
        fresh = {entry.address: entry for entry in piece.endpoints}
        size = len(piece.endpoints) + (len(held) if held else 0)
        if held:
            held.update(fresh)
            fresh = held
        else:
            merged[piece.address_type] = fresh
        if len(fresh) != size:
            return None
    counts: list[AddressCounts] = []
    ready: set[str] = set()
    routable = 0
    states: set[int] = set()
    for kind in (*families, *[kind for kind in merged if kind not in families]):
        entries = merged.get(kind, {})
        flags = [entry.flags for entry in entries.values()]
        distinct = set(flags)
        states |= distinct
        if all(state & ~_HINTS == _WELL for state in distinct):
            counts.append(AddressCounts(kind, len(flags), 0, len(flags), 0))
            ready.update(entries)
            routable += len(flags)
            continue
        up = [address for address, entry in entries.items() if entry.flags & READY]
        ready.update(up)
        # Each family falls back by itself, for kube-proxy has a proxier for each.
        routable += len(up) or sum(one & _DRAINS == _DRAINS for one in flags)
        counts.append(
            AddressCounts(
                kind,
                len(up),
                len(flags) - len(up),
                sum(bool(one & SERVING) for one in flags),
                sum(bool(one & TERMINATING) for one in flags),
            )
        )
    return merged, tuple(counts), _reach(service, ports, len(ready), routable), ready, states


def _reach(service: Service, ports: tuple[SlicePort, ...], ready: int, routable: int) -> Reach:
    told: dict[tuple[str, str, int], PortReady] = {}
    reached = False
    for port in service.ports:
        numbers = {
            one.number
            for one in ports
            if one.number and one.name == port.name and one.protocol == port.protocol
        }
        reached = reached or bool(numbers)
        key = (port.name, port.protocol, port.port)
        told[key] = PortReady(*key, ready * len(numbers))
    usable = bool(ready) and reached
    return Reach(tuple(told.values()), usable=usable, routable=routable if reached else 0)

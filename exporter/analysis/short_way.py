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
    READY,
    SERVING,
    TERMINATING,
    EndpointSlice,
    SlicePort,
)

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
    ports = slices[0].ports
    merged = _merge_simply(slices, usable_families(service), ports)
    if merged is None:
        return None
    counts: list[AddressCounts] = []
    ready: set[str] = set()
    routable = 0
    states: set[int] = set()
    for kind in (*families, *[kind for kind in merged if kind not in families]):
        entries = merged.get(kind, {})
        flags = [entry.flags for entry in entries.values()]
        counted, handed_out, distinct = _count(kind, flags)
        counts.append(counted)
        routable += handed_out
        states |= distinct
        if not counted.not_ready:
            ready.update(entries)
        elif counted.ready:
            ready.update([address for address, entry in entries.items() if entry.flags & READY])
    return merged, tuple(counts), _reach(service, ports, len(ready), routable), ready, states


def _merge_simply(
    slices: Sequence[EndpointSlice], usable: Sequence[str], ports: tuple[SlicePort, ...]
) -> Merged | None:
    merged: Merged = {}
    for piece in slices:
        kind, endpoints = piece.address_type, piece.endpoints
        if piece.headless or kind not in usable or (piece.ports != ports and endpoints):
            return None
        fresh = {entry.address: entry for entry in endpoints}
        size = len(endpoints)
        held = merged.get(kind)
        if held is None:
            merged[kind] = fresh
        else:
            size += len(held)
            held.update(fresh)
            fresh = held
        if len(fresh) != size:
            return None
    return merged


def _count(kind: str, flags: list[int]) -> tuple[AddressCounts, int, set[int]]:
    """The counts of a family, how many addresses it hands out, and the different flags.

    What is counted is states: of twenty addresses most have the same.
    """
    total, ready, serving, terminating, draining = len(flags), 0, 0, 0, 0
    distinct = set(flags)
    for state in distinct:
        alike = total if len(distinct) == 1 else flags.count(state)
        if state & READY:
            ready += alike
        if state & SERVING:
            serving += alike
        if state & TERMINATING:
            terminating += alike
            draining += alike if state & SERVING else 0
    counted = AddressCounts(kind, ready, total - ready, serving, terminating)
    # Each family falls back by itself, for kube-proxy has a proxier for each.
    return counted, ready or draining, distinct


def _reach(service: Service, ports: tuple[SlicePort, ...], ready: int, routable: int) -> Reach:
    told: dict[tuple[str, str, int], PortReady] = {}
    reached = False
    for port in service.ports:
        name, protocol = port.name, port.protocol
        found = 0
        if len(ports) == 1:
            one = ports[0]
            found = 1 if one.number and one.name == name and one.protocol == protocol else 0
        else:
            numbers = {
                one.number
                for one in ports
                if one.number and one.name == name and one.protocol == protocol
            }
            found = len(numbers)
        reached = reached or found > 0
        key = (name, protocol, port.port)
        told[key] = PortReady(name, protocol, port.port, ready * found)
    usable = bool(ready) and reached
    return Reach(tuple(told.values()), usable=usable, routable=routable if reached else 0)

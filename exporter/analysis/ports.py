"""Which addresses traffic reaches: through each Service port, and over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from exporter.analysis.families import IP_FAMILIES
from exporter.analysis.merge import Merged, Pairs, merge_pairs
from exporter.model import PortReady
from exporter.objects.services import Service, ServicePort
from exporter.objects.slices import READY, SERVING, TERMINATING, Endpoint, EndpointSlice


class Reach(msgspec.Struct, frozen=True):
    """Ready pairs by Service port; `usable`: is any ready endpoint reached; `routable`: addresses.

    `routable` counts what kube-proxy or a headless DNS answer would hand out now. `reached` are the
    ready entries that traffic reaches; None: all that are ready.
    """

    ports: tuple[PortReady, ...]
    usable: bool
    routable: int
    reached: tuple[Endpoint, ...] | None = None


def measure_reach(service: Service, merged: Merged, routed: Sequence[EndpointSlice]) -> Reach:
    """Follows every Service port to its endpoints (semantics.md §3 and §5.0).

    Each port stands by itself, and of a port each family: its ready endpoints or, when it has none,
    those that are serving while they terminate (kube-proxy has a proxier for each family). A
    headless Service hands out addresses whatever its ports say.
    """
    ports: list[PortReady] = []
    routable: set[str] = set()
    reached: list[Endpoint] = []
    usable = False
    for port in _distinct(service.ports):
        pairs = merge_pairs(routed, port.name, port.protocol)
        ready = [pair for pair, entry in pairs.items() if entry.flags & READY]
        ports.append(PortReady(port.name, port.protocol, port.port, len(ready)))
        if service.headless:
            continue
        usable = usable or bool(ready)
        reached += [pairs[pair] for pair in ready]
        routable.update([address for address, _ in ready])
        if len(ready) < len(pairs):
            routable.update(_fall_back(pairs))
    if service.headless:
        entries = [entry for kind in IP_FAMILIES for entry in merged.get(kind, {}).values()]
        reached = [entry for entry in entries if entry.flags & READY]
        usable = bool(reached)
        handed = reached or [entry for entry in entries if _drains(entry)]
        routable.update([entry.address for entry in handed])
    return Reach(tuple(ports), usable, len(routable), tuple(reached))


def _fall_back(pairs: Pairs) -> Iterator[str]:
    """The addresses that drain in those families that have no ready pair."""
    alive = {":" in address for (address, _), entry in pairs.items() if entry.flags & READY}
    for (address, _), entry in pairs.items():
        if _drains(entry) and (":" in address) not in alive:
            yield address


def _distinct(ports: Sequence[ServicePort]) -> Iterable[ServicePort]:
    # The API server lets no two ports be the same; a file may, and no series may be there twice.
    if len(ports) == 1:
        return ports
    return {(port.name, port.protocol, port.port): port for port in ports}.values()


def _drains(entry: Endpoint) -> bool:
    return entry.flags & (SERVING | TERMINATING) == SERVING | TERMINATING

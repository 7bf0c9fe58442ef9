"""Where the ready addresses are: Nodes, zones, hints, and Nodes that have none of their own."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.analysis.merge import Merged
from exporter.model import Topology
from exporter.objects.nodes import Node
from exporter.objects.services import Service
from exporter.objects.slices import NODE_HINT, READY, ZONE_HINT


def locate(
    service: Service,
    merged: Merged,
    nodes: Mapping[str, Node] | None,
    *,
    zones_known: bool = True,
) -> Topology:
    """The Topology of a Service's ready addresses.

    `nodes` is None where Nodes can't be read; `zones_known` is False for legacy Endpoints.
    """
    zones: dict[str, int] = {}
    used: set[str] = set()
    hinted = 0
    for entries in merged.values():
        for entry in entries.values():
            flags = entry.flags
            if not flags & READY:
                continue
            used.add(entry.node)
            zones[entry.zone] = zones.get(entry.zone, 0) + 1
            if flags & (ZONE_HINT | NODE_HINT):
                hinted += 1
    used.discard("")
    without_local = None
    if service.internal_policy == "Local" and nodes is not None:
        without_local = sum(node.schedulable and name not in used for name, node in nodes.items())
    return Topology(
        nodes=len(used),
        zones=tuple(sorted(zones.items())) if zones_known else None,
        hinted=hinted if zones_known else None,
        without_local=without_local,
    )

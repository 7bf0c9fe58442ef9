"""Where the ready addresses are: Nodes, zones, hints, Nodes that have none, what a loss leaves."""

from __future__ import annotations

from collections.abc import Collection

from exporter.analysis.facts import Facts
from exporter.analysis.merge import ready_entries
from exporter.model import Topology
from exporter.objects.slices import NODE_HINT, ZONE_HINT


def locate(facts: Facts) -> Topology:
    """The Topology of a Service's ready addresses."""
    zones: dict[str, int] = {}
    used: set[str] = set()
    hinted = 0
    for entry in ready_entries(facts.merged):
        used.add(entry.node)
        zones[entry.zone] = zones.get(entry.zone, 0) + 1
        if entry.flags & (ZONE_HINT | NODE_HINT):
            hinted += 1
    reached = facts.reach.reached
    nodes_reached: Collection[str] = used if reached is None else {one.node for one in reached}
    zones_reached: Collection[str] = zones if reached is None else {one.zone for one in reached}
    view, exact = facts.view, facts.exact
    usable = facts.reach.usable
    without_local = None
    if view.service.internal_policy == "Local" and view.nodes is not None:
        without_local = sum(
            node.schedulable and name not in used for name, node in view.nodes.items()
        )
    return Topology(
        nodes=len(used) - ("" in used),
        zones=tuple(sorted(zones.items())) if exact else None,
        hinted=hinted if exact else None,
        without_local=without_local,
        survives_node=_survive(nodes_reached) if usable else None,
        survives_zone=_survive(zones_reached) if usable and exact else None,
    )


def _survive(places: Collection[str]) -> bool | None:
    """Whether what is in these places outlives the loss of any one of them.

    An endpoint of which nobody knows where it is ("") may be in the one place that is known.
    """
    if len(places) - ("" in places) > 1:
        return True
    return None if "" in places else False

"""Nodes, and what of their changes concerns anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from exporter.cluster.dirty import Dirty
from exporter.objects.nodes import Node


class NodeIndex:
    """The Nodes by name. Their readiness flips as often as it likes: no report asks for it."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._zones: Counter[str] = Counter()
        #: The zones that have Nodes.
        self.zones: frozenset[str] = frozenset()

    @property
    def by_name(self) -> Mapping[str, Node]:
        """All of them, as they are at any time."""
        return self._nodes

    def put(self, old: Node | None, new: Node | None, dirty: Dirty) -> None:
        """Takes a Node's change (None: not there).

        Whether it is there matters to the Pods on it, whether it takes Pods to Services whose
        traffic stays on a Node, and which zones have Nodes to whoever is promised one.
        """
        if old is not None:
            self._nodes.pop(old.name, None)
            self._zones[old.zone] -= 1
        if new is not None:
            self._nodes[new.name] = new
            self._zones[new.zone] += 1
        if old is None or new is None:
            dirty.nodes.update(node.name for node in (old, new) if node is not None)
            dirty.local = True
            # Whether all in one place is one place of several is asked of every Service.
            dirty.zones = dirty.zones or len(self._nodes) == (1 if new is None else 2)
        elif old.schedulable != new.schedulable:
            dirty.local = True
        if (old.zone if old else "") != (new.zone if new else ""):
            self._compare_zones(old, new, dirty)
            if dirty.zones:
                self.zones = frozenset(
                    zone for zone, count in self._zones.items() if zone and count
                )

    def _compare_zones(self, old: Node | None, new: Node | None, dirty: Dirty) -> None:
        if old is not None and old.zone and not self._zones[old.zone]:
            del self._zones[old.zone]
            dirty.zones = True
        if new is not None and new.zone and self._zones[new.zone] == 1:
            dirty.zones = True

"""What changes touched, gathered until it is computed again."""

from __future__ import annotations

import msgspec

from exporter.model import ServiceKey


class Dirty(msgspec.Struct):
    """What has to be computed again: Services, and the slices of namespaces as a whole.

    `nodes` are those that came or went, until the Services they concern are found: one walk over
    all Pods serves a hundred of them. `local`: so are the Services whose traffic stays on a Node;
    `zones`: so is every Service, for there are others zones than before. `left` are namespaces
    that may have no Service of ours any more.
    """

    services: set[ServiceKey] = msgspec.field(default_factory=set)
    namespaces: set[str] = msgspec.field(default_factory=set)
    nodes: set[str] = msgspec.field(default_factory=set)
    local: bool = False
    zones: bool = False
    left: set[str] = msgspec.field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.services or self.namespaces or self.unresolved)

    @property
    def unresolved(self) -> bool:
        """Whether there is something that only `Cluster.resolve` finds out."""
        return bool(self.nodes or self.local or self.zones or self.left)

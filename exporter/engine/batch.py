"""A batch: what is computed together, and becomes visible by one commit."""

from __future__ import annotations

from exporter.cluster import Dirty
from exporter.engine.routes import RouteBatch
from exporter.exposition.fragments import Fragment
from exporter.history import Clock
from exporter.model import ServiceKey, ServiceReport


class Batch:
    """Work in hand: what is still to be computed, and what will be committed."""

    def __init__(self, dirty: Dirty, clock: Clock) -> None:
        self.clock = clock
        self.services = dirty.services
        self.namespaces = dirty.namespaces
        self.reports: dict[ServiceKey, ServiceReport | None] = {}
        self.foreign: dict[ServiceKey, ServiceReport | None] = {}
        self.lines: dict[ServiceKey, Fragment | None] = {}
        self.namespace_lines: dict[str, Fragment | None] = {}
        #: None until all Services are through.
        self.routes: RouteBatch | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to compute."""
        through = not (self.services or self.namespaces)
        return through and self.routes is not None and self.routes.finished

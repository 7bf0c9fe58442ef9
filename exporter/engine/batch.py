"""A batch: what is computed together, and becomes visible by one commit."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.cluster import Dirty
from exporter.engine.routes import RouteBatch
from exporter.engine.shown import let_go
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
        self.lines: list[tuple[ServiceKey, Fragment | None]] = []
        self.namespace_lines: dict[str, Fragment | None] = {}
        #: None until all Services are through.
        self.routes: RouteBatch | None = None

    def release(self) -> Iterator[None]:
        """Lets go, in short steps, of what was committed."""
        for held in (self.reports, self.foreign):
            yield from let_go(held)
        if self.routes is not None:
            yield from let_go(self.routes.reports)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to compute."""
        through = not (self.services or self.namespaces)
        return through and self.routes is not None and self.routes.finished

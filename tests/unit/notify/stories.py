"""What becomes of Service d/s, told as the engine tells it."""

from __future__ import annotations

from exporter.engine.state import State
from exporter.engine.transitions import Story
from exporter.model import Delete, ObjectKey, ServiceKey, ServiceReport
from tests.unit.apiserver import KEY, NOW, at_version, endpoint, service, slice_of, state_of, upsert

Told = tuple[ServiceKey, Story, ServiceReport | None]

READY = ("TTF", "TTF")
DOWN = ("FFF", "FFF")
HALF = ("TTF", "FFF")


class Play:
    """Service d/s, whose endpoints become what a test says; `told` is all that was told of it."""

    def __init__(self, min_ready: int = 1) -> None:
        self.state: State = state_of(service(), slice_of(*_endpoints(READY)), min_ready=min_ready)
        self.told: list[Told] = []
        self._version = 1
        self.state.transitions.follow(
            lambda key, story: self.told.append((key, story, self.state.reports.get(key)))
        )

    def become(self, flags: tuple[str, ...]) -> Told:
        """The endpoints are these now; what was told of it."""
        self._version += 1
        made = slice_of(*_endpoints(flags))
        self.state.deliver(upsert(at_version(made, str(self._version))))
        self.state.settle(NOW)
        return self.told[-1]

    def go(self) -> Told:
        """The Service is deleted."""
        self.state.deliver(Delete("services", ObjectKey(KEY.namespace, KEY.name)))
        self.state.settle(NOW)
        return self.told[-1]


def _endpoints(flags: tuple[str, ...]) -> list[dict[str, object]]:
    return [endpoint(f".{number}", rst) for number, rst in enumerate(flags, 1)]

"""What points at which Service: Ingresses, routes, webhooks, APIServices."""

from __future__ import annotations

from exporter.model import ObjectKey, ServiceKey
from exporter.objects.dependents import Dependent

#: Resource and key: two kinds may share a name.
DependentKey = tuple[str, ObjectKey]


class DependentIndex:
    """Dependents by the Services that they point at, which need not exist."""

    def __init__(self) -> None:
        self._pointing: dict[ServiceKey, dict[DependentKey, Dependent]] = {}

    def put(
        self, key: DependentKey, old: Dependent | None, new: Dependent | None
    ) -> set[ServiceKey]:
        """Takes a dependent's change (None: not there), returns the Services that it concerns."""
        before = {ServiceKey(*target) for target in old.targets} if old is not None else set()
        after = {ServiceKey(*target) for target in new.targets} if new is not None else set()
        for target in before - after:
            held = self._pointing[target]
            del held[key]
            if not held:
                del self._pointing[target]
        if new is not None:
            for target in after:
                self._pointing.setdefault(target, {})[key] = new
        return before | after

    def of(self, key: ServiceKey) -> tuple[Dependent, ...]:
        """What points at a Service."""
        return tuple(self._pointing.get(key, {}).values())

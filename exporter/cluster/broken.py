"""Objects that could not be decoded, by resource; and how many a Service has among its slices."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.model import ObjectKey, ServiceKey
from exporter.objects.meta import Rejected
from exporter.objects.resources import RESOURCES


class BrokenIndex:
    """They are few: nothing is counted, or looked for, where there is none."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._held: dict[str, dict[ObjectKey, Rejected]] = {name: {} for name in RESOURCES}
        self._slices: dict[ServiceKey, int] = {}

    def put(self, resource: str, found: Rejected) -> None:
        """Takes an object that is broken now."""
        self._held[resource][ObjectKey(found.namespace, found.name)] = found
        self._count(resource, found, 1)

    def pop(self, resource: str, namespace: str, name: str) -> Rejected | None:
        """Forgets an object, and returns it if it was broken."""
        held = self._held[resource]
        if not held:
            return None
        found = held.pop(ObjectKey(namespace, name), None)
        if found is not None:
            self._count(resource, found, -1)
        return found

    def _count(self, resource: str, found: Rejected, step: int) -> None:
        if resource == self._source and found.service:
            key = ServiceKey(found.namespace, found.service)
            count = self._slices.pop(key, 0) + step
            if count:
                self._slices[key] = count

    def slices_of(self, key: ServiceKey) -> int:
        """How many of a Service's slices (or its Endpoints) are broken."""
        return self._slices.get(key, 0)

    def has(self, resource: str, key: ServiceKey | ObjectKey) -> bool:
        """Whether this object is broken."""
        held = self._held[resource]
        return bool(held) and ObjectKey(*key) in held

    def keys(self, resource: str, scope: str = "") -> list[ObjectKey]:
        """The broken objects of a resource in a scope ("": all)."""
        return [key for key in self._held[resource] if not scope or key.namespace == scope]

    def objects(self) -> Iterator[Rejected]:
        """All broken objects."""
        for held in self._held.values():
            yield from held.values()

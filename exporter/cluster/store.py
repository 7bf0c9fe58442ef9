"""The objects of one resource, by namespace and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from exporter.objects.codec import Retained

_NONE: Mapping[str, Retained] = MappingProxyType({})


class Store:
    """Objects in a dict a namespace: 200,000 keys of their own would cost 14 MB."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, dict[str, Retained]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._held.values()))

    def get(self, namespace: str, name: str) -> Retained | None:
        """One object, None when there is none."""
        held = self._held.get(namespace)
        return held.get(name) if held is not None else None

    def put(self, found: Retained) -> None:
        """Takes an object, in place of the one before."""
        held = self._held.get(found.namespace)
        if held is None:
            held = self._held[found.namespace] = {}
        held[found.name] = found

    def pop(self, namespace: str, name: str) -> Retained | None:
        """Lets an object go and returns it. A namespace goes with its last one."""
        held = self._held.get(namespace)
        if held is None:
            return None
        found = held.pop(name, None)
        if not held:
            del self._held[namespace]
        return found

    def inside(self, namespace: str) -> Mapping[str, Retained]:
        """The objects of one namespace by name."""
        return self._held.get(namespace, _NONE)

    def namespaces(self, scope: str = "") -> list[str]:
        """The namespaces of a scope ("": all) that hold something."""
        if not scope:
            return list(self._held)
        return [scope] if scope in self._held else []

    def objects(self) -> Iterator[Retained]:
        """All objects."""
        for held in self._held.values():
            yield from held.values()

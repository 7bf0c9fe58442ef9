"""What is ours to hold: not what is denied, and where several processes share a cluster our part.

Every shard reads everything that is read and holds its part of Services and slices, Pods and
workloads of the namespaces where those Services are (see `gaps`), and Nodes and dependents whole.
The first shard tells of routes, and with that group on it holds everything.
"""

from __future__ import annotations

import zlib

import msgspec

from exporter.model import ServiceKey
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected
from exporter.objects.slices import EndpointSlice

_DIVIDED = frozenset({"services", "endpointslices", "endpoints"})


class Shard(msgspec.Struct, frozen=True):
    """Shard number `index` of `total`, counted from 0."""

    index: int = 0
    total: int = 1

    def owns(self, key: ServiceKey) -> bool:
        """Whether this shard reports on a Service: exactly one shard does."""
        return self.total == 1 or self._is_mine(f"{key.namespace}/{key.name}")

    def owns_namespace(self, namespace: str) -> bool:
        """Whether this shard reports on the slices of a namespace as a whole."""
        return self.total == 1 or self._is_mine(namespace)

    def keeps(self, resource: str, found: Retained | Rejected) -> bool:
        """Whether an object is needed for what this shard reports on."""
        if self.total == 1 or resource not in _DIVIDED:
            return True
        # Orphans are told from the slices and Services of the whole namespace.
        if self.owns_namespace(found.namespace):
            return True
        name = found.name if resource != "endpointslices" else _find_service(found)
        return self.owns(ServiceKey(found.namespace, name))

    def _is_mine(self, text: str) -> bool:
        # Stable over processes and versions, unlike hash().
        return zlib.crc32(text.encode()) % self.total == self.index


class Interest(msgspec.Struct, frozen=True):
    """The one answer to whether an object is to be held, or measured, at all.

    Nothing is held of the `denied` namespaces, and of another shard's Services only what tells of
    our own, unless we need the `whole` of them.
    """

    denied: frozenset[str] = frozenset()
    shard: Shard = Shard()
    whole: bool = False

    def holds(self, resource: str, found: Retained | Rejected) -> bool:
        """Whether an object is held."""
        return found.namespace not in self.denied and (
            self.whole or self.shard.keeps(resource, found)
        )

    def measures(self, found: EndpointSlice) -> bool:
        """Whether a slice is of a Service that we report on: no two shards measure the same."""
        key = ServiceKey(found.namespace, found.service)
        return found.namespace not in self.denied and self.shard.owns(key)


def _find_service(found: Retained | Rejected) -> str:
    service: str = getattr(found, "service", "")
    return service

"""Which part of the Services is ours, where several processes share a large cluster.

Every shard reads everything that is read and holds its part of Services and slices; Pods, Nodes,
workloads and dependents it holds whole, for any of them may belong to any Service. The first shard
tells of routes, and with that group on it holds all Services and slices.
"""

from __future__ import annotations

import zlib

import msgspec

from exporter.model import Change, Delete, Forget, ObjectKey, Replace, ServiceKey, Upsert
from exporter.objects.codec import Retained
from exporter.objects.meta import Rejected

_DIVIDED = frozenset({"services", "endpointslices", "endpoints"})


class Shard(msgspec.Struct, frozen=True):
    """Shard number `index` of `total`, counted from 0."""

    index: int = 0
    total: int = 1

    def owns(self, key: ServiceKey) -> bool:
        """Whether this shard reports on a Service: exactly one shard does."""
        return self._is_mine(f"{key.namespace}/{key.name}")

    def owns_namespace(self, namespace: str) -> bool:
        """Whether this shard reports on the slices of a namespace as a whole."""
        return self._is_mine(namespace)

    def keeps(self, resource: str, found: Retained | Rejected) -> bool:
        """Whether an object is needed for what this shard reports on."""
        if self.total == 1 or resource not in _DIVIDED:
            return True
        # Orphans are told from the slices and Services of the whole namespace.
        if self.owns_namespace(found.namespace):
            return True
        name = found.name if resource != "endpointslices" else _find_service(found)
        return self.owns(ServiceKey(found.namespace, name))

    def narrow(self, change: Change) -> Change:
        """The change as far as it concerns this shard.

        A slice may change its Service: what is no longer ours is deleted, not left as it was.
        """
        match change:
            case Upsert() if not self.keeps(change.resource, change.object):
                return Delete(
                    change.resource, ObjectKey(change.object.namespace, change.object.name)
                )
            case Replace() if self.total > 1 and change.resource in _DIVIDED:
                ours = (found for found in change.objects if self.keeps(change.resource, found))
                return msgspec.structs.replace(change, objects=tuple(ours))
            case Upsert() | Replace() | Delete() | Forget():
                return change

    def _is_mine(self, text: str) -> bool:
        # Stable over processes and versions, unlike hash().
        return self.total == 1 or zlib.crc32(text.encode()) % self.total == self.index


def _find_service(found: Retained | Rejected) -> str:
    service: str = getattr(found, "service", "")
    return service

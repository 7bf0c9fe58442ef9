"""Where Pods and workloads are not held: in namespaces without a Service that this shard owns.

What was let go of is not known any more, which is not the same as not there. Comes a Service of
ours, its namespace is read again, after which it is as if it had been held all the time: what the
watch tells meanwhile counts more than what was read, for the watch goes on to whatever is newer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from exporter.cluster.shard import Shard
from exporter.model import Missing, ServiceKey
from exporter.objects.resources import PODS, WORKLOADS

#: The resources that may be let go of, namespace by namespace.
SHED = (PODS.name, *(resource.name for resource in WORKLOADS))

_SHED = frozenset(SHED)

#: Namespaces remembered that nobody asks about. When the last Pod of one goes nobody can tell, so
#: they would fill the memory in the course of months.
MOST = 4096


class _Gap(msgspec.Struct):
    """A resource of a namespace of which something was let go.

    `ticket` is 0 while nobody asks for it; `touched` are the names that the watch told of since
    somebody does.
    """

    ticket: int = 0
    touched: set[str] = msgspec.field(default_factory=set)


class Gaps:
    """What is not held, and what of it is wanted again.

    `may_shed` says whether the Services of a namespace are read: before, nobody knows whose they
    are.
    """

    def __init__(self, shard: Shard | None, may_shed: Callable[[str], bool]) -> None:
        #: None where everything is held.
        self._shard = shard
        self._may_shed = may_shed
        #: How many Services of ours a namespace has.
        self._wanted: dict[str, int] = {}
        self._gaps: dict[str, dict[str, _Gap]] = {}
        # Resources of which a gap is no longer remembered: any namespace may have one.
        self._lost: set[str] = set()
        self._missing: dict[tuple[str, str], int] = {}
        self._tickets = 0

    def count(self, key: ServiceKey, step: int) -> bool:
        """Takes that a Service came (1) or went (-1); returns whether its namespace has none now.

        With the first one, what was let go of there is missing.
        """
        if self._shard is None or not step or not self._shard.owns(key):
            return False
        namespace = key.namespace
        count = self._wanted.pop(namespace, 0) + step
        if count:
            self._wanted[namespace] = count
        if count == step == 1:
            for resource in self._lost:
                self.open(resource, namespace)
            for resource, gap in self._gaps.get(namespace, {}).items():
                self._tickets += 1
                gap.ticket = self._missing[resource, namespace] = self._tickets
        elif not count:
            for resource, gap in self._gaps.get(namespace, {}).items():
                self._missing.pop((resource, namespace), None)
                gap.ticket, gap.touched = 0, set()
        return not count

    def holds(self, resource: str, namespace: str, name: str, *, some: bool) -> bool:
        """Whether an object that came is held. `some`: others of its namespace are.

        Those that are still held where nobody asks for them go all together.
        """
        if self._shard is None or resource not in _SHED:
            return True
        gap = self._find(resource, namespace)
        if namespace in self._wanted:
            if gap is not None:
                gap.touched.add(name)
            return True
        if gap is None and (some or not self._may_shed(namespace)):
            return True
        if gap is None:
            self.open(resource, namespace)
        return False

    def went(self, resource: str, namespace: str, name: str) -> None:
        """An object went: if a list still has it, the list is older."""
        gap = self._find(resource, namespace)
        if gap is not None and gap.ticket:
            gap.touched.add(name)

    def sheds(self, namespace: str) -> bool:
        """Whether what is held of a namespace is to be let go."""
        return (
            self._shard is not None and namespace not in self._wanted and self._may_shed(namespace)
        )

    def open(self, resource: str, namespace: str) -> None:
        """Something of this namespace is let go."""
        self._gaps.setdefault(namespace, {}).setdefault(resource, _Gap())
        if len(self._gaps) - len(self._wanted) > MOST:
            oldest = next(name for name in self._gaps if name not in self._wanted)
            self._lost.update(self._gaps.pop(oldest))

    def close(self, resource: str, scope: str) -> list[str]:
        """All of a scope ("": of all) is told anew; returns the namespaces that waited for it."""
        if not scope:
            self._lost.discard(resource)
        places: Iterable[str] = [scope] if scope else list(self._gaps)
        return [place for place in places if self._close(resource, place)]

    def _close(self, resource: str, namespace: str) -> bool:
        gaps = self._gaps.get(namespace)
        gap = gaps.pop(resource, None) if gaps else None
        if gaps is not None and not gaps:
            del self._gaps[namespace]
        return self._missing.pop((resource, namespace), None) is not None and gap is not None

    def fill(self, missing: Missing) -> set[str] | None:
        """What was missing has been read: the names that are known better; None: it is void."""
        gap = self._find(missing.resource, missing.namespace)
        if gap is None or gap.ticket != missing.ticket:
            return None
        self._close(missing.resource, missing.namespace)
        return gap.touched

    def has(self, resource: str, namespace: str) -> bool:
        """Whether something of a namespace ("": of any) is not held."""
        if not namespace:
            return resource in self._lost or any(resource in gaps for gaps in self._gaps.values())
        return bool(self._gaps) and self._find(resource, namespace) is not None

    def missing(self) -> Iterator[Missing]:
        """What is to be read again, oldest wish first."""
        for (resource, namespace), ticket in self._missing.items():
            yield Missing(resource, namespace, ticket)

    def _find(self, resource: str, namespace: str) -> _Gap | None:
        gaps = self._gaps.get(namespace)
        return gaps.get(resource) if gaps is not None else None

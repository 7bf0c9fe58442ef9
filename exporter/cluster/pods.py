"""Which Pods a Service selects, kept as Pods and selectors come and go.

Pods of one workload have the same labels, so a label set is matched once for all of them. Every
selector is filed under the one of its pairs that the fewest share when it comes; a label set looks
its own pairs up there and checks the few Services it finds. Neither side ever walks all of the
other, whatever selectors have in common.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from exporter.model import ServiceKey
from exporter.objects.pods import Labels, Pod

#: Label sets looked at between two pauses, and Pods: some hundred microseconds.
_SETS = 256
_PODS = 2048

_Pair = tuple[str, str, str]  # namespace, label key, label value


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pair of the selector is among the labels; an empty selector selects nothing.

    (semantics.md §4: equality AND of all pairs; without a selector nobody manages endpoints.)
    """
    if not selector:
        return False
    return all(labels.get(key) == value for key, value in selector.items())


class _Group:
    """The Pods of a namespace that share a label set, and the Services that select them."""

    __slots__ = ("labels", "pods", "services")

    def __init__(self, labels: Labels, services: tuple[ServiceKey, ...]) -> None:
        self.labels = labels
        self.services = services
        self.pods: dict[str, Pod] = {}


class PodIndex:
    """Pods by their label set, selectors by one of their pairs, and what selects what.

    Label sets are known by their identity: equal ones are one object as long as a Pod holds it,
    and two equal ones would only be two groups.
    """

    def __init__(self) -> None:
        self._selectors: dict[ServiceKey, dict[str, str]] = {}
        self._under: dict[ServiceKey, _Pair] = {}
        # Nearly all pairs have one Service: 100,000 sets of a single key would cost 20 MB.
        self._filed: dict[_Pair, ServiceKey | set[ServiceKey]] = {}
        self._groups: dict[str, dict[int, _Group]] = {}
        self._joined: dict[ServiceKey, dict[int, _Group]] = {}
        # By namespace: the Services whose selector no group was matched with yet.
        self._fresh: dict[str, set[ServiceKey]] = {}

    def put_service(self, key: ServiceKey, selector: dict[str, str]) -> None:
        """Takes a Service's selector ({} when it has none or is gone)."""
        old = self._selectors.get(key, {})
        if old == selector:
            return
        if old:
            self._take_out(key)
        if not selector:
            return
        self._selectors[key] = selector
        pair = min(
            ((key.namespace, label, value) for label, value in selector.items()),
            key=lambda pair: (len(self._under_pair(pair)), pair),
        )
        self._under[key] = pair
        filed = self._filed.get(pair)
        if isinstance(filed, set):
            filed.add(key)
        else:
            self._filed[pair] = key if filed is None else {filed, key}
        if key.namespace in self._groups:
            self._fresh.setdefault(key.namespace, set()).add(key)

    def _take_out(self, key: ServiceKey) -> None:
        del self._selectors[key]
        pair = self._under.pop(key)
        filed = self._filed[pair]
        if isinstance(filed, set):
            filed.discard(key)
            if len(filed) == 1:
                (self._filed[pair],) = filed
        else:
            del self._filed[pair]
        for group in self._joined.pop(key, {}).values():
            group.services = tuple(other for other in group.services if other != key)
        fresh = self._fresh.get(key.namespace)
        if fresh is not None:
            fresh.discard(key)

    def settle(self) -> Iterator[None]:
        """Matches the selectors that came since with the Pods there are, in short steps.

        All new selectors of a namespace in one walk over its label sets: 10,000 Services that are
        read after their Pods would else walk 10,000 times.
        """
        while self._fresh:
            yield from self._settle(next(iter(self._fresh)))

    def _settle(self, namespace: str) -> Iterator[None]:
        fresh: dict[tuple[str, str], list[ServiceKey]] = {}
        for key in self._fresh.pop(namespace):
            _, label, value = self._under[key]
            fresh.setdefault((label, value), []).append(key)
        groups = list(self._groups.get(namespace, {}).values())
        for number, group in enumerate(groups, 1):
            for pair in group.labels.items():
                for key in fresh.get(pair, ()):
                    self._join(group, key)
            if not number % _SETS:
                yield
        yield

    def _join(self, group: _Group, key: ServiceKey) -> None:
        selector = self._selectors.get(key, {})
        # Both may have gone while others had their turn.
        if group.pods and key not in group.services and selects(selector, group.labels):
            group.services = (*group.services, key)
            self._joined.setdefault(key, {})[id(group.labels)] = group

    def put_pod(self, old: Pod | None, new: Pod | None) -> set[ServiceKey]:
        """Takes a Pod's change (None: not there), returns the Services it concerns."""
        touched: set[ServiceKey] = set()
        if old is not None:
            group = self._groups[old.namespace][id(old.labels)]
            touched.update(group.services)
            if new is None or new.labels is not old.labels:
                del group.pods[old.name]
                if not group.pods:
                    self._drop(old.namespace, group)
        if new is not None:
            group = self._find_group(new)
            group.pods[new.name] = new
            touched.update(group.services)
        return touched

    def _find_group(self, pod: Pod) -> _Group:
        groups = self._groups.get(pod.namespace)
        if groups is None:
            groups = self._groups[pod.namespace] = {}
        mark = id(pod.labels)
        group = groups.get(mark)
        if group is None:
            services = tuple(self.match(pod.namespace, pod.labels))
            group = groups[mark] = _Group(pod.labels, services)
            for key in services:
                self._joined.setdefault(key, {})[mark] = group
        return group

    def _drop(self, namespace: str, group: _Group) -> None:
        mark = id(group.labels)
        for key in group.services:
            joined = self._joined[key]
            del joined[mark]
            if not joined:
                del self._joined[key]
        groups = self._groups[namespace]
        del groups[mark]
        if not groups:
            del self._groups[namespace]
            self._fresh.pop(namespace, None)

    def match(self, namespace: str, labels: Mapping[str, str]) -> set[ServiceKey]:
        """The Services in the namespace whose selectors match the labels."""
        found: set[ServiceKey] = set()
        for key, value in labels.items():
            for service in self._under_pair((namespace, key, value)):
                if selects(self._selectors[service], labels):
                    found.add(service)
        return found

    def _under_pair(self, pair: _Pair) -> Collection[ServiceKey]:
        filed = self._filed.get(pair)
        if isinstance(filed, set):
            return filed
        return () if filed is None else (filed,)

    def selected(self, key: ServiceKey) -> tuple[Pod, ...]:
        """The Pods a Service selects."""
        if key in self._fresh.get(key.namespace, ()):
            for _ in self._settle(key.namespace):
                pass
        joined = self._joined.get(key)
        if joined is None:
            return ()
        return tuple([pod for group in joined.values() for pod in group.pods.values()])

    def on_nodes(self, nodes: Collection[str], found: set[ServiceKey]) -> Iterator[None]:
        """Adds the Services that select a Pod on one of these Nodes, in short steps."""
        seen = 0
        for groups in list(self._groups.values()):
            for group in list(groups.values()):
                if group.services and not found.issuperset(group.services):
                    if any(pod.node in nodes for pod in group.pods.values()):
                        found.update(group.services)
                    seen += len(group.pods)
                seen += 1
                if seen > _PODS:
                    seen = 0
                    yield

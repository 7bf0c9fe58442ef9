"""Which Pods a Service selects, kept as Pods and selectors come and go.

Every selector is filed under one of its pairs; a Pod looks its own labels up there and checks the
few Services it finds, so neither side ever walks all of the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from exporter.model import ServiceKey
from exporter.objects.pods import Pod

_Pair = tuple[str, str, str]  # namespace, label key, label value


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pair of the selector is among the labels; an empty selector selects nothing.

    (semantics.md §4: equality AND of all pairs; without a selector nobody manages endpoints.)
    """
    if not selector:
        return False
    return all(labels.get(key) == value for key, value in selector.items())


class PodIndex:
    """Pods by namespace, selectors by one of their pairs, and what selects what."""

    def __init__(self) -> None:
        self._selectors: dict[ServiceKey, dict[str, str]] = {}
        self._filed: dict[_Pair, set[ServiceKey]] = {}
        self._pods: dict[str, dict[str, Pod]] = {}
        self._selected: dict[ServiceKey, dict[str, Pod]] = {}

    def put_service(self, key: ServiceKey, selector: dict[str, str]) -> None:
        """Takes a Service's selector ({} when it has none or is gone)."""
        old = self._selectors.get(key, {})
        if old == selector:
            return
        if old:
            pair = _file(key, old)
            self._filed[pair].discard(key)
            if not self._filed[pair]:
                del self._filed[pair]
            del self._selectors[key]
        self._selected.pop(key, None)
        if not selector:
            return
        self._selectors[key] = selector
        self._filed.setdefault(_file(key, selector), set()).add(key)
        found = {
            pod.name: pod
            for pod in self._pods.get(key.namespace, {}).values()
            if selects(selector, pod.labels)
        }
        if found:
            self._selected[key] = found

    def put_pod(self, old: Pod | None, new: Pod | None) -> set[ServiceKey]:
        """Takes a Pod's change (None: not there), returns the Services it concerns."""
        touched: set[ServiceKey] = set()
        if old is not None:
            before = self.match(old.namespace, old.labels)
            gone = before if new is None else before - self.match(new.namespace, new.labels)
            for key in gone:
                held = self._selected[key]
                held.pop(old.name, None)
                if not held:
                    del self._selected[key]
            touched |= before
            if new is None:
                self._drop(old)
        if new is not None:
            self._pods.setdefault(new.namespace, {})[new.name] = new
            for key in self.match(new.namespace, new.labels):
                self._selected.setdefault(key, {})[new.name] = new
                touched.add(key)
        return touched

    def _drop(self, pod: Pod) -> None:
        held = self._pods[pod.namespace]
        held.pop(pod.name, None)
        if not held:
            del self._pods[pod.namespace]

    def match(self, namespace: str, labels: Mapping[str, str]) -> set[ServiceKey]:
        """The Services in the namespace whose selectors match the labels."""
        found: set[ServiceKey] = set()
        for key, value in labels.items():
            for service in self._filed.get((namespace, key, value), ()):
                if selects(self._selectors[service], labels):
                    found.add(service)
        return found

    def selected(self, key: ServiceKey) -> tuple[Pod, ...]:
        """The Pods a Service selects."""
        held = self._selected.get(key)
        return tuple(held.values()) if held else ()

    def on_nodes(self, nodes: Collection[str]) -> set[ServiceKey]:
        """The Services that select a Pod on one of these Nodes."""
        return {
            key
            for key, held in self._selected.items()
            if any(pod.node in nodes for pod in held.values())
        }


def _file(key: ServiceKey, selector: Mapping[str, str]) -> _Pair:
    # The largest pair: `app.kubernetes.io/name` and the like tell more than what sorts first.
    label, value = max(selector.items())
    return key.namespace, label, value

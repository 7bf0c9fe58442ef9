"""What monitors choose by label, kept as monitors and what they choose come and go.

A monitor is filed under one of its pairs; an object looks its own labels up there and checks the
few monitors it finds. Monitors that are new look at all objects once, all of them together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from exporter.model import ObjectKey
from exporter.model.routes import RouteKey
from exporter.objects.monitors import Monitor

_File = tuple[str, str, str]  # namespace or "" for all, label key, label value

_NONE: frozenset[ObjectKey] = frozenset()


class Selections:
    """The monitors that choose objects of one kind, and what they choose."""

    def __init__(self) -> None:
        self._monitors: dict[RouteKey, Monitor] = {}
        self._filed: dict[_File, set[RouteKey]] = {}
        self._chosen: dict[RouteKey, set[ObjectKey]] = {}
        self._fresh: set[RouteKey] = set()

    def __bool__(self) -> bool:
        return bool(self._monitors)

    def put_monitor(self, key: RouteKey, new: Monitor | None) -> None:
        """Takes a monitor's change (None: it is gone)."""
        old = self._monitors.pop(key, None)
        if old is not None:
            self._chosen.pop(key, None)
            self._fresh.discard(key)
            for place in _files(old):
                held = self._filed[place]
                held.discard(key)
                if not held:
                    del self._filed[place]
        if new is not None:
            self._monitors[key] = new
            self._fresh.add(key)
            for place in _files(new):
                self._filed.setdefault(place, set()).add(key)

    def put_object(
        self,
        key: ObjectKey,
        old: Mapping[str, str] | None,
        new: Mapping[str, str] | None,
    ) -> set[RouteKey]:
        """Takes the labels of an object (None: not there), returns the monitors it concerns."""
        if not self._monitors:
            return set()
        before = self._match(key.namespace, old) if old is not None else set()
        after = self._match(key.namespace, new) if new is not None else set()
        for monitor in before - after:
            self._chosen.get(monitor, set()).discard(key)
        for monitor in after:
            self._chosen.setdefault(monitor, set()).add(key)
        return before | after

    def look_around(self, objects: Iterable[tuple[ObjectKey, Mapping[str, str]]]) -> None:
        """Lets the new monitors choose among all that is there."""
        if not self._fresh:
            return
        for key, labels in objects:
            for monitor in self._match(key.namespace, labels) & self._fresh:
                self._chosen.setdefault(monitor, set()).add(key)
        self._fresh.clear()

    def _match(self, namespace: str, labels: Mapping[str, str]) -> set[RouteKey]:
        found: set[RouteKey] = set()
        for place in (namespace, ""):
            for pair in (("", ""), *labels.items()):
                for key in self._filed.get((place, *pair), ()):
                    if self._monitors[key].selector.matches(labels):
                        found.add(key)
        return found

    def choosing(self, namespace: str, labels: Mapping[str, str]) -> Collection[RouteKey]:
        """The monitors that choose an object with these labels."""
        return self._match(namespace, labels) if self._monitors else ()

    def chosen(self, key: RouteKey) -> Collection[ObjectKey]:
        """What a monitor chooses."""
        return self._chosen.get(key, _NONE)

    def keys(self) -> Iterable[RouteKey]:
        """All monitors."""
        return self._monitors.keys()


def _files(monitor: Monitor) -> list[_File]:
    pair = max(monitor.selector.pairs.items(), default=("", ""))
    return [(place, *pair) for place in dict.fromkeys(monitor.namespaces or ("",))]

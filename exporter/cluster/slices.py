"""Slices by the Service that their label names, and those that serve none as they should."""

from __future__ import annotations

from exporter.model import ObjectKey, ServiceKey
from exporter.objects.services import Service
from exporter.objects.slices import CONTROLLER, EndpointSlice


class SliceIndex:
    """Which slices carry which Service's name; a slice without the label is filed under "".

    Orphaned and frozen slices are counted by Service key, for they are few: to count them anew for
    a namespace would walk all its slices at every change of one.
    """

    def __init__(self) -> None:
        # Nearly all have one: 100,000 dicts of a single entry would cost 18 MB.
        self._slices: dict[ServiceKey, EndpointSlice | dict[str, EndpointSlice]] = {}
        self._odd: dict[str, dict[ServiceKey, tuple[int, int]]] = {}

    def put(
        self, key: ObjectKey, old: EndpointSlice | None, new: EndpointSlice | None
    ) -> set[ServiceKey]:
        """Takes a slice's change (None: not there), returns the keys that it concerns.

        The label can move a slice from one Service to another. A key without a name stands for
        slices without the label.
        """
        touched: set[ServiceKey] = set()
        if old is not None and (new is None or new.service != old.service):
            before = ServiceKey(key.namespace, old.service)
            held = self._slices[before]
            if isinstance(held, dict):
                del held[key.name]
                if len(held) == 1:
                    (self._slices[before],) = held.values()
            else:
                del self._slices[before]
            touched.add(before)
        if new is not None:
            after = ServiceKey(key.namespace, new.service)
            there = self._slices.get(after)
            if isinstance(there, dict):
                there[key.name] = new
            elif there is None or there.name == key.name:
                self._slices[after] = new
            else:
                self._slices[after] = {there.name: there, key.name: new}
            touched.add(after)
        return touched

    def of(self, key: ServiceKey) -> tuple[EndpointSlice, ...]:
        """The slices that carry this Service's name."""
        held = self._slices.get(key)
        if isinstance(held, dict):
            return tuple(held.values())
        return () if held is None else (held,)

    def unlabelled(self, namespace: str) -> int:
        """How many slices of a namespace name no Service, though they should.

        Some by design don't: those that somebody else manages, and those that another label files
        (Multi-Cluster Services, KEP-6116).
        """
        nameless = self.of(ServiceKey(namespace, ""))
        return sum(not (piece.nameless or piece.foreign) for piece in nameless)

    def odd(self, namespace: str) -> tuple[int, int]:
        """How many slices of a namespace are orphaned, and how many frozen."""
        found = self._odd.get(namespace, {}).values()
        return sum(orphaned for orphaned, _ in found), sum(frozen for _, frozen in found)

    def classify(self, key: ServiceKey, service: Service | None, *, unreadable: bool) -> bool:
        """Counts a key's slices anew; returns whether the counts of its namespace changed.

        `service` is None when there is none; `unreadable`: there is one that can't be decoded.
        """
        verdict = self._judge(key, service, unreadable=unreadable)
        odd = self._odd.setdefault(key.namespace, {})
        changed = verdict != odd.get(key, (0, 0))
        if verdict == (0, 0):
            odd.pop(key, None)
        else:
            odd[key] = verdict
        if not odd:
            del self._odd[key.namespace]
        return changed

    def _judge(
        self, key: ServiceKey, service: Service | None, *, unreadable: bool
    ) -> tuple[int, int]:
        slices = self.of(key)
        if not slices or unreadable:
            return 0, 0
        if service is None:
            return len(slices), 0
        if service.selector and service.type != "ExternalName":
            return 0, 0
        # The controller returns early for such a Service without deleting what it made before.
        return 0, sum(piece.managed_by == CONTROLLER for piece in slices)

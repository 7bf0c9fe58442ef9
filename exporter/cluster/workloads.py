"""Workloads by the labels their Pods get, and by the controller they stand for.

A selector looks its rarest pair up and checks the few workloads it finds. What is owned by a
controller is told together with all else that is: a ReplicaSet alone says nothing of what is meant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from exporter.model import WorkloadGroup, WorkloadsView
from exporter.objects.workloads import Workload

_Name = tuple[str, str]  # resource, name
_Held = dict[_Name, Workload]

_EMPTY: _Held = {}
NO_WORKLOADS = WorkloadsView()
_Key = TypeVar("_Key")


class WorkloadIndex:
    """Workloads of all namespaces."""

    def __init__(self) -> None:
        self._by_pair: dict[tuple[str, str, str], _Held] = {}
        self._by_owner: dict[tuple[str, str], _Held] = {}
        self._by_uid: dict[tuple[str, str], Workload] = {}

    def put(
        self, resource: str, old: Workload | None, new: Workload | None
    ) -> list[Mapping[str, str]]:
        """Takes a workload's change (None: not there), returns the labels that it concerns.

        Those are its own and those of all that stand for the same controller.
        """
        touched: list[Mapping[str, str]] = []
        if old is not None:
            touched += self._related(old)
            self._file(resource, old, add=False)
        if new is not None:
            self._file(resource, new, add=True)
            touched += self._related(new)
        return touched

    def _file(self, resource: str, workload: Workload, *, add: bool) -> None:
        namespace, name = workload.namespace, (resource, workload.name)
        for label, value in workload.template_labels.items():
            _hold(self._by_pair, (namespace, label, value), name, workload, add=add)
        if workload.owner_uid:
            _hold(self._by_owner, (namespace, workload.owner_uid), name, workload, add=add)
        if workload.uid:
            if add:
                self._by_uid[namespace, workload.uid] = workload
            else:
                self._by_uid.pop((namespace, workload.uid), None)

    def _related(self, workload: Workload) -> list[Mapping[str, str]]:
        owned = self._by_owner.get((workload.namespace, workload.uid), _EMPTY).values()
        group = self._group(workload, ()).members
        return [one.template_labels for one in (workload, *group, *owned)]

    def view(
        self, namespace: str, selector: Mapping[str, str], unreadable: Collection[str]
    ) -> WorkloadsView:
        """The workloads whose Pods the selector would match, and whom they stand for.

        `unreadable`: kinds of workloads that can't be read.
        """
        matching = tuple(self._match(namespace, selector))
        if not matching:
            return NO_WORKLOADS
        groups: dict[str, WorkloadGroup] = {}
        for workload in matching:
            group = self._group(workload, unreadable)
            groups.setdefault(group.uid or f"{workload.kind}/{workload.name}", group)
        return WorkloadsView(matching, tuple(groups.values()))

    def _match(self, namespace: str, selector: Mapping[str, str]) -> Iterable[Workload]:
        if not selector:
            return ()
        filed = [
            self._by_pair.get((namespace, label, value), _EMPTY)
            for label, value in selector.items()
        ]
        wanted = selector.items()
        fewest = min(filed, key=len)
        return [one for one in fewest.values() if wanted <= one.template_labels.items()]

    def _group(self, workload: Workload, unreadable: Collection[str]) -> WorkloadGroup:
        """Up from owner to owner, as far as they are read; two that own each other end it."""
        seen = {workload.uid}
        while workload.owner_uid and workload.owner_uid not in seen:
            owner = self._by_uid.get((workload.namespace, workload.owner_uid))
            if owner is None:
                held = self._by_owner.get((workload.namespace, workload.owner_uid), _EMPTY)
                return WorkloadGroup(
                    uid=workload.owner_uid,
                    kind=workload.owner_kind,
                    name=workload.owner_name,
                    members=tuple(held.values()) or (workload,),
                    readable=workload.owner_kind not in unreadable,
                )
            seen.add(owner.uid)
            workload = owner
        return WorkloadGroup(
            uid=workload.uid, kind=workload.kind, name=workload.name, members=(workload,)
        )


def _hold(
    index: dict[_Key, _Held], key: _Key, name: _Name, workload: Workload, *, add: bool
) -> None:
    if add:
        index.setdefault(key, {})[name] = workload
        return
    held = index[key]
    held.pop(name, None)
    if not held:
        del index[key]

"""A declared cluster through time: from a declaration and its changes to objects and deletions.

It remembers what has to stay the same between changes and what controllers have left behind. It
never reads a clock: the time of each change is given.
"""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.sim.encoding import Object
from exporter.sim.kinds.endpoints import build_endpoints
from exporter.sim.kinds.nodes import build_namespace, build_node
from exporter.sim.kinds.pods import build_pod
from exporter.sim.kinds.podstatus import PodFacts
from exporter.sim.kinds.services import build_service, selector_of
from exporter.sim.kinds.slices import ServiceFacts, build_manual_slice, build_slices
from exporter.sim.kinds.workloads import build_workload
from exporter.sim.notation import ClusterSpec, NodeSpec, WorkloadSpec, normalise
from exporter.sim.roster import Roster
from exporter.sim.stamps import stamp, uid_of
from exporter.sim.store import merge_patch

#: (kind, namespace, name)
Key = tuple[str, str, str]

_CLUSTER_AGE = 30 * 86_400.0
_OBJECT_AGE = 3 * 86_400.0
_DEFAULT_NODES = {
    "node-1": {"zone": "eu-central-1a"},
    "node-2": {"zone": "eu-central-1b"},
    "node-3": {"zone": "eu-central-1c"},
}


class Difference(msgspec.Struct, frozen=True):
    """What a change comes to: objects to apply, in order, and keys to delete before that."""

    apply: tuple[Object, ...] = ()
    delete: tuple[Key, ...] = ()


def key_of(obj: Object) -> Key:
    """Return (kind, namespace, name) of an object."""
    metadata = obj["metadata"]
    return obj["kind"], metadata.get("namespace", ""), metadata["name"]


class Timeline:
    """One cluster that changes.

    `declaration` is in the notation of `notation`; `epoch` is Unix seconds of the scenario's start,
    from which every age counts back; `first_pod` shifts the addresses that Pods get, for clusters
    of several timelines. ValueError (msgspec.ValidationError) when the declaration isn't one.
    """

    def __init__(self, declaration: dict[str, Any], epoch: float, *, first_pod: int = 0) -> None:
        self.epoch = epoch
        self._raw = normalise(declaration)
        self._raw.setdefault("nodes", _DEFAULT_NODES)
        self._roster = Roster(epoch, first_pod)
        self._born: dict[Key, float] = {}
        self._written: dict[tuple[str, str], list[Object]] = {}
        self._node_since: dict[str, tuple[bool, float]] = {}
        self._started = False
        self._at = epoch
        self._objects: dict[Key, Object] = {}
        self._step()
        self._started = True

    @property
    def objects(self) -> list[Object]:
        """Every object as of now, in an order in which they could be created."""
        return list(self._objects.values())

    @property
    def declaration(self) -> dict[str, Any]:
        """The declaration as it stands, with its shorthands written out."""
        return self._raw

    def change(self, patch: dict[str, Any], at: float) -> Difference:
        """Merge a change into the declaration, `at` seconds after the epoch."""
        return self._become(merge_patch(self._raw, normalise(patch)), at)

    def become(self, declaration: dict[str, Any], at: float) -> Difference:
        """Replace the declaration, `at` seconds after the epoch."""
        new = normalise(declaration)
        new.setdefault("nodes", _DEFAULT_NODES)
        return self._become(new, at)

    def _become(self, raw: dict[str, Any], at: float) -> Difference:
        before = self._objects
        self._raw = raw
        self._at = self.epoch + at
        self._step()
        gone = tuple(key for key in before if key not in self._objects)
        new = tuple(obj for key, obj in self._objects.items() if before.get(key) != obj)
        return Difference(new, gone)

    # --- one state ------------------------------------------------------------------------------

    def _step(self) -> None:
        spec = msgspec.convert(self._raw, ClusterSpec)
        facts = self._roster.facts(spec, self._at if self._started else None)
        out: list[Object] = []
        names = {key.split("/")[0] for part in (spec.services, spec.workloads) for key in part}
        made = self.epoch - _CLUSTER_AGE
        out += [build_namespace(name, made) for name in sorted(names)]
        out += [
            build_node(name, node, made, self._node_changed(name, node))
            for name, node in spec.nodes.items()
        ]
        out += self._services(spec)
        for key, workload in spec.workloads.items():
            namespace, name = key.split("/")
            mine = [p for p in facts if (p.namespace, p.workload_name) == (namespace, name)]
            born = self._birth(("Workload", namespace, name), workload.age)
            failing = self._failure(namespace, name, workload)
            out += build_workload(namespace, name, workload, mine, born, failing)
            out += map(build_pod, mine)
        out += self._slices(spec, facts)
        out += [self._written_out(obj) for obj in spec.objects.values()]
        self._objects = {key_of(obj): obj for obj in out}

    def _written_out(self, obj: Object) -> Object:
        """An object that is given in full, with a uid and a creation time."""
        key = key_of(obj)
        metadata = {
            "uid": uid_of(*key),
            "creationTimestamp": stamp(self._birth(key, _OBJECT_AGE)),
            **obj["metadata"],
        }
        return {**obj, "metadata": metadata}

    def _birth(self, key: Key, age: float) -> float:
        """When something was created: `age` before the start, or now when it's new."""
        return self._born.setdefault(key, self._at if self._started else self.epoch - age)

    def _failure(self, namespace: str, name: str, workload: WorkloadSpec) -> float:
        """Since when its Pods can't be made; forgotten when they can be again."""
        key = ("Failure", namespace, name)
        if not workload.failure:
            self._born.pop(key, None)
            return self._at
        return self._birth(key, workload.failing)

    def _node_changed(self, name: str, node: NodeSpec) -> float:
        """When a Node's Ready condition last changed."""
        ready, since = self._node_since.get(name, (None, 0.0))
        if ready != node.ready:
            if node.since is not None:
                since = self.epoch - node.since
            else:
                since = self._at if self._started else self.epoch - _CLUSTER_AGE
            self._node_since[name] = (node.ready, since)
        return since

    # --- Services and what controllers make of them -----------------------------------------------

    def _services(self, spec: ClusterSpec) -> list[Object]:
        out = []
        for key, service in spec.services.items():
            namespace, name = key.split("/")
            made = self._birth(("Service", namespace, name), service.age)
            deleted = None
            if service.deleting is not None:
                deleted = self._birth(("Deletion", namespace, name), service.deleting)
            out.append(build_service(namespace, name, service, made, deleted))
        return out

    def _slices(self, spec: ClusterSpec, pods: list[PodFacts]) -> list[Object]:
        out: list[Object] = []
        for key, service in spec.services.items():
            namespace, name = key.split("/")
            place = (namespace, name)
            # without a selector, and for ExternalName, the controllers return early and what they
            # wrote before stays as it was
            left_alone = (
                service.stalled or service.type == "ExternalName" or not selector_of(name, service)
            )
            if service.slices == "none":
                self._written.pop(place, None)
            elif not left_alone:
                facts = ServiceFacts(
                    namespace=namespace,
                    name=name,
                    spec=service,
                    made=self._birth(("Service", namespace, name), service.age),
                    trigger=None,
                    pods=[p for p in pods if p.namespace == namespace],
                    nodes=spec.nodes,
                )
                self._written[place] = self._sync(facts)
            out += self._written.get(place, [])
        for place in [p for p in self._written if "/".join(p) not in spec.services]:
            del self._written[place]
        for key, manual in spec.slices.items():
            namespace, name = key.split("/")
            made = self._birth(("EndpointSlice", namespace, name), manual.age)
            out.append(build_manual_slice(namespace, name, manual, made))
        return out

    def _sync(self, facts: ServiceFacts) -> list[Object]:
        """What the controllers write for a Service, and the annotation that says what caused it."""
        former = {key_of(obj): obj for obj in self._written.get((facts.namespace, facts.name), [])}
        trigger = self._trigger(facts)
        out = []
        timed = msgspec.structs.replace(facts, trigger=trigger)
        plain = [*build_slices(facts), build_endpoints(facts)]
        for obj, without in zip([*build_slices(timed), build_endpoints(timed)], plain, strict=True):
            before = former.get(key_of(obj))
            # what doesn't change is not written again, so it keeps its annotation too
            same = before is not None and _unannotated(before) == _unannotated(without)
            out.append(before if before is not None and same else obj)
        return out

    def _trigger(self, facts: ServiceFacts) -> float | None:
        """The time of the change that caused a sync; None when only something went away."""
        selected = [p for p in facts.selected if p.addresses]
        if not self._started:
            times = [p.ready_since for p in selected if p.ready_since <= self._at]
            return max(times, default=facts.made)
        if facts.made == self._at:
            return facts.made
        changed = [p.ready_since for p in selected if p.ready_since == self._at]
        return min(changed, default=None)


def _unannotated(obj: Object) -> Object:
    """An object without the annotation that only says what caused its last write."""
    metadata = {key: value for key, value in obj["metadata"].items() if key != "annotations"}
    return {**obj, "metadata": metadata}

"""The Pods of a declared cluster through time.

Remembers what has to stay the same of a Pod from change to change: its address, its name, when it
was made, when it came into its state, where it runs. It never makes objects and reads no clock.
"""

from __future__ import annotations

import msgspec

from exporter.sim.encoding import Object
from exporter.sim.kinds.nodes import node_ip
from exporter.sim.kinds.podstatus import PodFacts
from exporter.sim.kinds.workloads import labels_of, owner_of, template_hash
from exporter.sim.notation import ClusterSpec, PodSpec, WorkloadSpec
from exporter.sim.podstates import POD_STATES
from exporter.sim.stamps import pod_ip, suffix_of, uid_of

#: How long Pods that are there from the start have existed, unless they say otherwise.
_POD_AGE = 7_200.0
#: Seconds from a Pod's creation to its first Ready condition.
_SETTLED = 12.0
#: Addresses that a roster gives out; those of Pods that are gone are given out again.
ADDRESSES = 4_096


class _PodMemory(msgspec.Struct):
    """What stays of a Pod from change to change. Times are Unix seconds."""

    number: int
    life: int
    created: float
    since: float
    ready_since: float
    spec: PodSpec
    node: str
    revision: int


class Roster:
    """Every Pod there is, by its workload and its id in the notation.

    `epoch` is Unix seconds; addresses are given out from the number after `first` on, `ADDRESSES`
    of them round and round.
    """

    def __init__(self, epoch: float, first: int = 0) -> None:
        self.epoch = epoch
        self._pods: dict[tuple[str, str], _PodMemory] = {}
        self._lives: dict[tuple[str, str], int] = {}
        self._first = first
        self._given = 0
        self._started = False
        self._at = epoch

    def facts(self, spec: ClusterSpec, at: float | None) -> list[PodFacts]:
        """Return the Pods of a declaration as of a moment (Unix seconds; None: from the start).

        ValueError for a state that doesn't exist.
        """
        self._started = at is not None
        self._at = self.epoch if at is None else at
        out = []
        seen = set()
        for key, workload in spec.workloads.items():
            for pod_id, pod in workload.pods.items():
                if pod.state not in POD_STATES:
                    raise ValueError(f"{key}: Pod {pod_id}: unknown state {pod.state!r}")
                memory = self._remember(key, pod_id, pod, spec, workload)
                seen.add((key, pod_id))
                out.append(self._facts(key, pod_id, workload, memory))
        for place in [p for p in self._pods if p not in seen]:
            del self._pods[place]
        return out

    def _remember(
        self, key: str, pod_id: str, pod: PodSpec, spec: ClusterSpec, workload: WorkloadSpec
    ) -> _PodMemory:
        place = (key, pod_id)
        memory = self._pods.get(place)
        revision = pod.revision or workload.revision
        if memory is not None and memory.revision != revision:
            memory = None  # another template: another Pod
        if memory is None:
            memory = self._new_pod(place, pod, spec, workload)
            self._pods[place] = memory
            return memory
        if memory.spec.state != pod.state:
            memory.since = self._at
            if POD_STATES[memory.spec.state].serving != POD_STATES[pod.state].serving:
                memory.ready_since = self._at
        if not memory.node and POD_STATES[pod.state].scheduled == "True":
            memory.node = self._place(pod, spec, memory.number)
        memory.spec = pod
        return memory

    def _new_pod(
        self, place: tuple[str, str], pod: PodSpec, spec: ClusterSpec, workload: WorkloadSpec
    ) -> _PodMemory:
        number = self._give_address()
        life = self._lives.get(place, 0) + 1
        self._lives[place] = life
        state = POD_STATES[pod.state]
        if self._started:
            created = ready_since = since = self._at
        else:
            age = _POD_AGE if pod.age is None else pod.age
            if pod.since is not None:
                age = max(age, pod.since + _SETTLED)
            created = self.epoch - min(age, workload.age)
            settled = created + (_SETTLED if state.serving else 1.0)
            since = settled if pod.since is None else self.epoch - pod.since
            ready_since = since
            if state.serving and state.deleting:
                ready_since = settled
        node = self._place(pod, spec, number) if state.scheduled == "True" else ""
        revision = pod.revision or workload.revision
        return _PodMemory(number, life, created, since, ready_since, pod, node, revision)

    def _give_address(self) -> int:
        """The next number that no Pod holds: a demo that runs for weeks stays in its range."""
        taken = {memory.number for memory in self._pods.values()}
        while True:
            self._given = self._given % max(ADDRESSES, len(taken) + 1) + 1
            if (number := self._first + self._given) not in taken:
                return number

    def _place(self, pod: PodSpec, spec: ClusterSpec, number: int) -> str:
        """The Node a Pod runs on: the one it names, else the next in turn that takes Pods."""
        if pod.node:
            return pod.node
        nodes = [n for n, node in spec.nodes.items() if node.ready and not node.unschedulable]
        nodes = nodes or list(spec.nodes)
        return nodes[(number - 1) % len(nodes)] if nodes else ""

    def _facts(self, key: str, pod_id: str, workload: WorkloadSpec, memory: _PodMemory) -> PodFacts:
        namespace, name = key.split("/")
        pod = memory.spec
        labels = labels_of(name, workload)
        owner: Object | None = None
        pod_name, generate = f"{name}-{pod_id}", ""
        hashed = template_hash(namespace, name, memory.revision)
        random = suffix_of(5, "pod", key, pod_id, memory.life)
        if workload.kind == "Deployment":
            generate = f"{name}-{hashed}-"
            owner = owner_of("ReplicaSet", namespace, f"{name}-{hashed}")
            labels["pod-template-hash"] = hashed
        elif workload.kind == "StatefulSet":
            generate = f"{name}-"
            labels |= {
                "apps.kubernetes.io/pod-index": pod_id,
                "controller-revision-hash": f"{name}-{hashed}",
                "statefulset.kubernetes.io/pod-name": pod_name,
            }
        elif workload.kind != "none":
            generate = f"{name}-"
        if workload.kind == "Job":
            labels |= {"batch.kubernetes.io/job-name": name, "job-name": name}
        if generate and workload.kind != "StatefulSet":
            pod_name = generate + random
        if owner is None and workload.kind != "none":
            owner = owner_of(workload.kind, namespace, name)
        for label, value in pod.labels.items():
            labels[label] = value
        labels = {label: value for label, value in labels.items() if value != "-"}
        ips = tuple(pod_ip(family, memory.number) for family in workload.families)
        return PodFacts(
            namespace=namespace,
            name=pod_name,
            uid=uid_of("Pod", namespace, pod_name, memory.life),
            spec=pod,
            workload=workload,
            workload_name=name,
            node=memory.node,
            node_ip=node_ip(memory.node),
            ips=ips if pod.ips is None else tuple(pod.ips),
            labels=labels,
            owner=owner,
            generate_name=generate,
            created=memory.created,
            since=memory.since,
            ready_since=memory.ready_since,
        )

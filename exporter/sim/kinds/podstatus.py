"""The status of a Pod as the kubelet, the scheduler and the node lifecycle controller write it.

Rules: kubernetes pkg/kubelet/status/generate.go. It never decides which state a Pod is in.
"""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.sim.encoding import Object
from exporter.sim.notation import PodSpec, WorkloadSpec
from exporter.sim.podstates import POD_STATES, PodState
from exporter.sim.stamps import hex_of, stamp

#: Seconds from a Pod's creation to its sandbox, its init containers and its container.
_SANDBOX, _INITIALIZED, _STARTED = 2.0, 4.0, 5.0
#: The readiness gate that AWS's load balancer controller adds.
_GATE_MESSAGE = 'corresponding condition of pod readiness gate "{}" does not exist.'
_GATE_FALSE = 'the status of pod readiness gate "{}" is not "True", but False'
_UNREADY = "containers with unready status: [app]"


class PodFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one Pod that its notation doesn't say. Times are Unix seconds.

    `since` is when it came into its state, `ready_since` when its Ready condition last changed.
    """

    namespace: str
    name: str
    uid: str
    spec: PodSpec
    workload: WorkloadSpec
    workload_name: str
    node: str
    node_ip: str
    ips: tuple[str, ...]
    labels: dict[str, str]
    owner: dict[str, Any] | None
    generate_name: str
    created: float
    since: float
    ready_since: float

    @property
    def state(self) -> PodState:
        """What its state means."""
        return POD_STATES[self.spec.state]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Its addresses, none while it has no sandbox."""
        return self.ips if self.state.address else ()


def _condition(kind: str, when: float, status: str, reason: str = "", message: str = "") -> Object:
    out: Object = {
        "type": kind,
        "observedGeneration": 1,
        "status": status,
        "lastProbeTime": None,
        "lastTransitionTime": stamp(when),
    }
    if reason:
        out["reason"] = reason
    if message:
        out["message"] = message
    return out


def _gate_fault(facts: PodFacts) -> str:
    if facts.state.gate == "True":
        return ""
    text = _GATE_MESSAGE if facts.state.gate == "missing" else _GATE_FALSE
    return ", ".join(text.format(gate) for gate in facts.workload.gates)


def _readiness(facts: PodFacts) -> list[Object]:
    """The conditions Ready and ContainersReady."""
    state, when = facts.state, facts.ready_since
    if state.finished:
        reason = "PodCompleted" if state.phase == "Succeeded" else "PodFailed"
        return [_condition(kind, when, "False", reason) for kind in ("Ready", "ContainersReady")]
    if not state.ready:
        return [
            _condition(kind, when, "False", "ContainersNotReady", _UNREADY)
            for kind in ("Ready", "ContainersReady")
        ]
    containers = _condition("ContainersReady", facts.created + _STARTED, "True")
    if fault := _gate_fault(facts):
        return [_condition("Ready", when, "False", "ReadinessGatesNotReady", fault), containers]
    if state.forced:
        # the node lifecycle controller flips the status and nothing else
        return [_condition("Ready", when, "False"), containers]
    return [_condition("Ready", when, "True"), containers]


def _conditions(facts: PodFacts) -> list[Object]:
    state = facts.state
    if state.scheduled != "True":
        if not state.scheduled:
            return []
        return [
            _condition(
                "PodScheduled",
                facts.since,
                state.scheduled,
                state.scheduled_reason,
                state.scheduled_message,
            )
        ]
    sandbox = state.address and not state.finished
    out = [
        _condition(
            "PodReadyToStartContainers",
            facts.created + _SANDBOX if sandbox else facts.since,
            "True" if sandbox else "False",
        )
    ]
    if state.init:
        message = "containers with incomplete status: [migrate]"
        out.append(
            _condition("Initialized", facts.created, "False", "ContainersNotInitialized", message)
        )
    else:
        reason = "PodCompleted" if state.phase == "Succeeded" else ""
        out.append(_condition("Initialized", facts.created + _INITIALIZED, "True", reason))
    out += _readiness(facts)
    out.append(_condition("PodScheduled", facts.created, "True"))
    if facts.workload.gates and state.gate != "missing":
        out += [_condition(gate, facts.ready_since, state.gate) for gate in facts.workload.gates]
    if state.pod_reason == "Evicted":
        out.append(
            _condition(
                "DisruptionTarget", facts.since, "True", "TerminationByKubelet", state.pod_message
            )
        )
    return out


def _ended(facts: PodFacts, reason: str, code: int, finished: float) -> Object:
    return {
        "exitCode": code,
        "reason": reason,
        "startedAt": stamp(max(facts.created, finished - 2)),
        "finishedAt": stamp(finished),
        "containerID": "containerd://" + hex_of(facts.uid, "ended"),
    }


def _text(facts: PodFacts, container: str) -> str:
    return facts.state.message.format(
        container=container,
        pod=facts.name,
        namespace=facts.namespace,
        uid=facts.uid,
        image=facts.workload.image,
    )


def _status_of(
    facts: PodFacts, container: str, state: str, *, ready: bool, started: bool
) -> Object:
    """One element of containerStatuses."""
    shape = facts.state
    restarts = shape.restarts if facts.spec.restarts is None else facts.spec.restarts
    ran = state in ("running", "terminated") or restarts > 0
    out: Object = {
        "name": container,
        "state": {},
        "lastState": {},
        "ready": ready,
        "restartCount": restarts,
        "image": facts.workload.image,
        "imageID": "registry.example.com/app@sha256:" + hex_of(facts.workload.image) if ran else "",
        "started": started,
    }
    if state == "running":
        out["state"] = {"running": {"startedAt": stamp(facts.created + _STARTED)}}
    elif state == "terminated":
        out["state"] = {"terminated": _ended(facts, shape.reason, shape.exit, facts.since)}
    else:
        waiting = {"reason": shape.reason, "message": _text(facts, container)}
        out["state"] = {"waiting": {key: value for key, value in waiting.items() if value}}
    last = facts.spec.last or shape.last
    if last and restarts:
        code = 137 if last == "OOMKilled" else shape.exit
        out["lastState"] = {"terminated": _ended(facts, last, code, facts.since - 10)}
    if ran:
        out["containerID"] = "containerd://" + hex_of(facts.uid, container)
    return out


def _init_status(facts: PodFacts) -> Object:
    """The status of the init container: done, unless the state says that it isn't."""
    shape = facts.state
    if shape.init == "waiting":
        out = _status_of(facts, "migrate", "waiting", ready=False, started=False)
        out["state"]["waiting"]["reason"] = "CrashLoopBackOff"
        return out
    status: Object = {
        "name": "migrate",
        "lastState": {},
        "ready": not shape.init,
        "restartCount": 0,
        "image": facts.workload.image,
        "imageID": "registry.example.com/app@sha256:" + hex_of(facts.workload.image),
        "containerID": "containerd://" + hex_of(facts.uid, "migrate"),
        "started": shape.init == "running",
    }
    begun = facts.created + _SANDBOX
    if shape.init == "running":
        status["state"] = {"running": {"startedAt": stamp(begun)}}
    elif shape.init == "terminated":
        status["state"] = {"terminated": _ended(facts, "Error", 1, facts.since)}
    else:
        done = facts.created + _INITIALIZED
        status["state"] = {"terminated": _ended(facts, "Completed", 0, done)}
    return status


def build_status(facts: PodFacts) -> Object:
    """Return the Pod's status."""
    shape = facts.state
    out: Object = {"observedGeneration": 1, "phase": shape.phase, "qosClass": "Burstable"}
    if conditions := _conditions(facts):
        out["conditions"] = conditions
    if shape.pod_reason:
        out["reason"], out["message"] = shape.pod_reason, shape.pod_message
    if facts.node:
        out |= {"hostIP": facts.node_ip, "hostIPs": [{"ip": facts.node_ip}]}
        out["startTime"] = stamp(facts.created)
    if facts.addresses:
        out["podIP"] = facts.addresses[0]
        out["podIPs"] = [{"ip": ip} for ip in facts.addresses]
    if facts.workload.init and facts.node:
        out["initContainerStatuses"] = [_init_status(facts)]
    if shape.state != "none":
        main = _status_of(facts, "app", shape.state, ready=shape.ready, started=shape.started)
        if shape.init:  # the reason, the message and the restarts are the init container's
            main["state"] = {"waiting": {"reason": "PodInitializing"}}
            main |= {"lastState": {}, "restartCount": 0, "imageID": ""}
            main.pop("containerID", None)
        out["containerStatuses"] = [main]
    return out

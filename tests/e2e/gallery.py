"""Every reason that can be staged, as data: what is put on the cluster, and what must be said.

One Service for each case, all in one namespace: they are staged once and looked at together.
The statuses are those that a kubelet, the scheduler or the API server writes. Some cases need
nobody's help: the real scheduler finds no Node, the real API server gates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.harness.control_plane import ControlPlane
from tests.e2e.manifests import (
    Manifest,
    make_container,
    make_deployment,
    make_pod,
    make_service,
    make_slice,
)
from tests.e2e.staging import (
    STAGED_NODE,
    create_pod,
    make_container_status,
    make_ready_status,
    make_running,
    make_status,
    make_terminated,
    make_waiting,
)

Stage = Callable[[ControlPlane, str, str, str], None]
_PROBE = {"httpGet": {"path": "/healthz", "port": 8080}}


@dataclass(frozen=True)
class Case:
    """One staged Service.

    `stage` gets the control plane, the namespace, the Service's name and an IPv4 address of its
    own. `reason` is what must be said with all permissions, `without_pods` with the required ones
    alone. `detail` is that of `explain`. `unready` is k8s_service_pods_unready by
    reason; `selected` is None where a Service without selector leaves it open; `ready` and
    `not_ready` are sums over address types; `since` is False where no object tells since when.
    """

    name: str
    reason: str
    without_pods: str
    stage: Stage
    detail: str | None = None
    selected: int | None = 1
    unready: dict[str, int] = field(default_factory=dict)
    not_ready: int = 0
    ready: int = 0
    service: dict[str, Any] = field(default_factory=dict)
    since: bool = True


def _put(status: Callable[[str], Manifest] | None, **pod: Any) -> Stage:
    """Return a stage of one Pod; `status` gets the Pod's address."""

    def stage(plane: ControlPlane, namespace: str, name: str, address: str) -> None:
        spec = {"app": name, "node": STAGED_NODE, **pod}
        written = None if status is None else status(address)
        create_pod(plane, make_pod(namespace, f"{name}-0", **spec), written)

    return stage


def _wait_for(reason: str, *, address: bool = True, restarts: int = 0) -> Stage:
    """Return a stage of one Pod whose container waits for `reason`."""

    def status(ip: str) -> Manifest:
        container = make_container_status(make_waiting(reason), restarts=restarts)
        return make_status([ip] if address else [], [container], phase="Pending")

    return _put(status)


def _crash(ip: str) -> Manifest:
    container = make_container_status(
        make_waiting("CrashLoopBackOff"), restarts=7, last=make_terminated(137, "OOMKilled")
    )
    return make_status([ip], [container])


def _fail_probe(ip: str) -> Manifest:
    return make_status([ip], [make_container_status(make_running(), started=True)])


def _start_slowly(ip: str) -> Manifest:
    return make_status([ip], [make_container_status(make_running(), started=False)])


def _wait_for_gate(ip: str) -> Manifest:
    container = make_container_status(make_running(), ready=True, started=True)
    return make_status(
        [ip], [container], containers_ready=True, ready_reason="ReadinessGatesNotReady"
    )


def _lose_node(ip: str) -> Manifest:
    """Return what the node-lifecycle controller leaves: only Ready turns False."""
    container = make_container_status(make_running(), ready=True, started=True)
    return make_status([ip], [container], containers_ready=True, ready_reason=None)


def _init(ip: str) -> Manifest:
    waiting = make_container_status(make_waiting("PodInitializing"))
    init = make_container_status(make_running(), name="migrate", started=True)
    return make_status([ip], [waiting], phase="Pending", initialized=False, init_containers=[init])


def _finish(phase: str, reason: str | None = None) -> Callable[[str], Manifest]:
    def status(ip: str) -> Manifest:
        code = 0 if phase == "Succeeded" else 1
        ended = make_terminated(code, "Completed" if code == 0 else "Error")
        why = "PodCompleted" if code == 0 else "PodFailed"
        return make_status(
            [ip], [make_container_status(ended)], phase=phase, ready_reason=why, reason=reason
        )

    return status


def _terminate(status: Callable[[str], Manifest]) -> Stage:
    """Return a stage of one Pod that is being deleted and that a finalizer holds."""

    def stage(plane: ControlPlane, namespace: str, name: str, address: str) -> None:
        pod = make_pod(
            namespace, f"{name}-0", app=name, node=STAGED_NODE, finalizers=["e2e.invalid/hold"]
        )
        create_pod(plane, pod, status(address))
        plane.request("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}-0")

    return stage


def _fail_pull(ip: str) -> Manifest:
    return make_status([ip], [make_container_status(make_waiting("ErrImagePull"))], phase="Pending")


def _mix(plane: ControlPlane, namespace: str, name: str, address: str) -> None:
    """Stage four Pods: one fails its probe, one crashes, one can't be pulled, one is draining."""
    parts = address.rsplit(".", 1)
    statuses: dict[str, Callable[[str], Manifest]] = {
        "probe": _fail_probe,
        "crash": _crash,
        "pull": _fail_pull,
    }
    for offset, (suffix, status) in enumerate(statuses.items(), start=100):
        containers = [make_container(readinessProbe=_PROBE)]
        pod = make_pod(
            namespace, f"{name}-{suffix}", app=name, node=STAGED_NODE, containers=containers
        )
        create_pod(plane, pod, status(f"{parts[0]}.{offset}"))
    _terminate(make_ready_status)(plane, namespace, name, address)


def _scale_to_zero(plane: ControlPlane, namespace: str, name: str, _address: str) -> None:
    plane.kubectl.apply(make_deployment(namespace, name, replicas=0))


def _match_nothing(plane: ControlPlane, namespace: str, name: str, address: str) -> None:
    """Stage a Pod that has all but one of the selector's pairs: the tier differs by a letter."""
    pod = make_pod(namespace, f"{name}-0", app=name, node=STAGED_NODE, labels={"tier": "backend"})
    create_pod(plane, pod, make_ready_status(address))


def _write_slice(**fields: Any) -> Stage:
    def stage(plane: ControlPlane, namespace: str, name: str, address: str) -> None:
        endpoint = {"addresses": [address], "conditions": {"ready": False, "serving": False}}
        given = {"endpoints": [endpoint], **fields}
        plane.kubectl.apply(make_slice(namespace, f"{name}-1", service=name, **given))

    return stage


def _do_nothing(_plane: ControlPlane, _namespace: str, _name: str, _address: str) -> None:
    """Stage nothing: the Service alone is the case."""


def _delete_service(plane: ControlPlane, namespace: str, name: str, _address: str) -> None:
    finalizers = {"metadata": {"finalizers": ["e2e.invalid/hold"]}}
    plane.kubectl.patch(f"service/{name}", namespace, finalizers)
    plane.kubectl.delete(f"service/{name}", namespace)


def _one(reason: str) -> dict[str, int]:
    return {reason: 1}


_GATED = {"readinessGates": [{"conditionType": "e2e.invalid/lb"}]}
CASES = (
    Case(
        "deleting",
        "ServiceDeleting",
        "ServiceDeleting",
        _delete_service,
        selected=0,
    ),
    Case(
        "by-hand-empty",
        "SelectorlessNoEndpoints",
        "SelectorlessNoEndpoints",
        _do_nothing,
        selected=None,
        since=False,
        service={"selector": None},
    ),
    Case(
        "by-hand-fqdn",
        "SelectorlessUnusable",
        "SelectorlessUnusable",
        _write_slice(endpoints=[{"addresses": ["db.example.com"]}], address_type="FQDN"),
        detail="FQDNOnly",
        selected=None,
        ready=1,
        service={"selector": None},
    ),
    Case(
        "by-hand-family",
        "SelectorlessUnusable",
        "SelectorlessUnusable",
        _write_slice(endpoints=[{"addresses": ["2001:db8::7"]}], address_type="IPv6"),
        detail="FamilyMismatch",
        selected=None,
        ready=1,
        service={"selector": None},
    ),
    Case(
        "by-hand-port",
        "SelectorlessUnusable",
        "SelectorlessUnusable",
        _write_slice(
            endpoints=[{"addresses": ["192.0.2.77"]}],
            ports=[{"name": "other", "port": 8080, "protocol": "TCP"}],
        ),
        detail="PortMismatch",
        selected=None,
        ready=1,
        service={"selector": None},
    ),
    Case(
        "by-hand-down",
        "SelectorlessNotReady",
        "SelectorlessNotReady",
        _write_slice(),
        selected=None,
        not_ready=1,
        service={"selector": None},
    ),
    Case(
        "named-port",
        "NamedPortMissing",
        "NamedPortMissing",
        _put(make_ready_status),
        ready=1,
        service={"ports": [{"name": "http", "port": 80, "targetPort": "web-port"}]},
    ),
    Case("scaled-to-zero", "ScaledToZero", "NoEndpoints", _scale_to_zero, selected=0),
    Case(
        "near-miss",
        "SelectorMatchesNoPods",
        "NoEndpoints",
        _match_nothing,
        detail="NearMiss",
        selected=0,
        service={"selector": {"app": "near-miss", "tier": "backent"}},
    ),
    Case(
        "draining",
        "AllPodsTerminating",
        "AllTerminating",
        _terminate(make_ready_status),
        detail="Serving",
        not_ready=1,
    ),
    Case(
        "ending",
        "AllPodsTerminating",
        "AllTerminating",
        _terminate(_fail_probe),
        not_ready=1,
    ),
    Case(
        "job",
        "AllPodsFinished",
        "NoEndpoints",
        _put(_finish("Succeeded")),
        detail="Succeeded",
    ),
    Case("failed", "AllPodsFinished", "NoEndpoints", _put(_finish("Failed")), detail="Failed"),
    Case(
        "evicted",
        "AllPodsFinished",
        "NoEndpoints",
        _put(_finish("Failed", "Evicted")),
        detail="Evicted",
    ),
    Case(
        "node-missing",
        "NodeMissing",
        "NoEndpoints",
        _put(make_ready_status, node="vanished"),
        unready=_one("NodeMissing"),
    ),
    Case(
        "family",
        "FamilyMismatch",
        "NoEndpoints",
        _put(lambda ip: make_ready_status(f"fd00:10:244:c8::{ip.rsplit('.', 1)[1]}")),
        unready=_one("FamilyMismatch"),
    ),
    Case(
        "gate",
        "ReadinessGateNotReady",
        "EndpointsNotReady",
        _put(_wait_for_gate, **_GATED),
        unready=_one("ReadinessGateNotReady"),
        not_ready=1,
    ),
    Case(
        "node-not-ready",
        "NodeNotReady",
        "EndpointsNotReady",
        _put(_lose_node),
        detail="NodeRecovered",  # the staged Node is ready
        unready=_one("NodeNotReady"),
        not_ready=1,
    ),
    Case(
        "probe",
        "ReadinessProbeFailing",
        "EndpointsNotReady",
        _put(_fail_probe, containers=[make_container(readinessProbe=_PROBE)]),
        unready=_one("ReadinessProbeFailing"),
        not_ready=1,
    ),
    Case(
        "startup",
        "ReadinessProbeFailing",
        "EndpointsNotReady",
        _put(_start_slowly, containers=[make_container(startupProbe=_PROBE)]),
        detail="StartupProbe",
        unready=_one("ReadinessProbeFailing"),
        not_ready=1,
    ),
    Case(
        "crash",
        "CrashLoopBackOff",
        "EndpointsNotReady",
        _put(_crash),
        detail="OOMKilled",
        unready=_one("CrashLoopBackOff"),
        not_ready=1,
    ),
    Case(
        "init",
        "InitNotComplete",
        "EndpointsNotReady",
        _put(_init, initContainers=[make_container("registry.invalid/migrate:1", name="migrate")]),
        unready=_one("InitNotComplete"),
        not_ready=1,
    ),
    Case(
        "image-pull",
        "ImagePull",
        "EndpointsNotReady",
        _wait_for("ImagePullBackOff"),
        unready=_one("ImagePull"),
        not_ready=1,
    ),
    Case(
        "image-name",
        "ImagePull",
        "NoEndpoints",
        _wait_for("InvalidImageName", address=False),
        unready=_one("ImagePull"),
    ),
    Case(
        "config",
        "ContainerConfigError",
        "EndpointsNotReady",
        _wait_for("CreateContainerConfigError"),
        unready=_one("ContainerConfigError"),
        not_ready=1,
    ),
    Case(
        "creating",
        "ContainerCreating",
        "NoEndpoints",
        _wait_for("ContainerCreating", address=False),
        unready=_one("ContainerCreating"),
    ),
    Case(
        "unschedulable",
        "Unschedulable",
        "NoEndpoints",
        _put(None, node=None, nodeSelector={"e2e.invalid/node": "none"}),
        unready=_one("Unschedulable"),
    ),
    Case(
        "gated",
        "SchedulingGated",
        "NoEndpoints",
        _put(None, node=None, schedulingGates=[{"name": "e2e.invalid/gate"}]),
        unready=_one("SchedulingGated"),
    ),
    Case(
        "unscheduled",
        "Unscheduled",
        "NoEndpoints",
        _put(None, node=None, schedulerName="nobody"),
        unready=_one("Unscheduled"),
    ),
    Case(
        "other",
        "PodsNotReady",
        "EndpointsNotReady",
        _put(lambda ip: make_status([ip], [make_container_status(make_running())])),
        unready=_one("PodsNotReady"),
        not_ready=1,
    ),
    Case(
        "mixed",
        "ReadinessProbeFailing",
        "EndpointsNotReady",
        _mix,
        selected=4,
        unready={"ReadinessProbeFailing": 1, "CrashLoopBackOff": 1, "ImagePull": 1},
        not_ready=4,
    ),
)


def stage_all(plane: ControlPlane, namespace: str) -> None:
    """Put all cases on the cluster."""
    services = [make_service(namespace, case.name, **case.service) for case in CASES]
    plane.kubectl.apply(*services)
    for number, case in enumerate(CASES, start=10):
        case.stage(plane, namespace, case.name, f"10.244.200.{number}")

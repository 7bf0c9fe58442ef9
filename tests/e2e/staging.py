"""Pod statuses as a kubelet writes them, for Pods that the tests put on the unmanaged Node."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.e2e.harness.control_plane import ControlPlane
from tests.e2e.manifests import Manifest

STAGED_NODE = "staged"


def now() -> str:
    """Return the present time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def make_condition(kind: str, status: bool, reason: str | None = None) -> Manifest:
    """Return a Pod condition that changed just now."""
    condition = {
        "type": kind,
        "status": "True" if status else "False",
        "lastTransitionTime": now(),
    }
    return {**condition, **({"reason": reason} if reason else {})}


def make_container_status(
    state: Mapping[str, Any],
    *,
    name: str = "web",
    ready: bool = False,
    started: bool = False,
    restarts: int = 0,
    last: Mapping[str, Any] | None = None,
) -> Manifest:
    """Return the status of one container; `last` is what became of the run before."""
    return {
        "name": name,
        "image": "registry.invalid/web:1",
        "imageID": "",
        "ready": ready,
        "started": started,
        "restartCount": restarts,
        "state": dict(state),
        "lastState": dict(last or {}),
    }


def make_waiting(reason: str) -> Manifest:
    """Return the state of a container that waits."""
    return {"waiting": {"reason": reason, "message": f"staged: {reason}"}}


def make_running() -> Manifest:
    """Return the state of a container that runs."""
    return {"running": {"startedAt": now()}}


def make_terminated(code: int, reason: str) -> Manifest:
    """Return the state of a container that ended."""
    times = {"startedAt": now(), "finishedAt": now()}
    return {"terminated": {"exitCode": code, "reason": reason, **times}}


def make_status(
    addresses: Sequence[str],
    containers: Sequence[Manifest],
    *,
    phase: str = "Running",
    initialized: bool = True,
    containers_ready: bool = False,
    ready: bool = False,
    ready_reason: str | None = "ContainersNotReady",
    init_containers: Sequence[Manifest] = (),
    reason: str | None = None,
) -> Manifest:
    """Return a Pod's status; no addresses: the sandbox is not up yet."""
    status: Manifest = {
        "phase": phase,
        "startTime": now(),
        "conditions": [
            make_condition("PodReadyToStartContainers", bool(addresses)),
            make_condition("Initialized", initialized),
            make_condition("ContainersReady", containers_ready, ready_reason),
            make_condition("Ready", ready, ready_reason),
            make_condition("PodScheduled", True),
        ],
        "containerStatuses": list(containers),
    }
    if init_containers:
        status["initContainerStatuses"] = list(init_containers)
    if addresses:
        status["podIP"] = addresses[0]
        status["podIPs"] = [{"ip": address} for address in addresses]
    if reason is not None:
        status["reason"] = reason
    return status


def make_ready_status(*addresses: str) -> Manifest:
    """Return the status of a Pod that runs and is ready."""
    container = make_container_status(make_running(), ready=True, started=True)
    return make_status(addresses, [container], containers_ready=True, ready=True, ready_reason=None)


def write_status(cluster: ControlPlane, namespace: str, pod: str, status: Manifest) -> None:
    """Replace what a kubelet would have written into a Pod's status."""
    cluster.request(
        "PATCH",
        f"/api/v1/namespaces/{namespace}/pods/{pod}/status",
        {"status": status},
        content_type="application/merge-patch+json",
    )


def create_pod(cluster: ControlPlane, pod: Manifest, status: Manifest | None = None) -> None:
    """Create a bare Pod and write its status."""
    namespace = pod["metadata"]["namespace"]
    cluster.request("POST", f"/api/v1/namespaces/{namespace}/pods", pod)
    if status is not None:
        write_status(cluster, namespace, pod["metadata"]["name"], status)


def read_pod(cluster: ControlPlane, namespace: str, pod: str) -> Any:
    """Return a Pod as the API server has it."""
    return json.loads(cluster.request("GET", f"/api/v1/namespaces/{namespace}/pods/{pod}"))

"""The states a Pod can be in, as data: what the kubelet, the scheduler and others write of it.

Sources: kubernetes pkg/kubelet/status/generate.go, pkg/kubelet/container/sync_result.go,
pkg/kubelet/images/types.go, pkg/controller/util/node/controller_utils.go. Only data.
"""

from __future__ import annotations

import msgspec

_UNSCHEDULABLE = (
    "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: "
    "3 No preemption victims found for incoming pod."
)
_BACK_OFF = "back-off 5m0s restarting failed container={container} pod={pod}_{namespace}({uid})"
_PULL = 'failed to pull and unpack image "{image}": not found'


class PodState(msgspec.Struct, frozen=True, kw_only=True):
    """What of a Pod's status depends on its state.

    `scheduled` is the status of the condition PodScheduled ("" for none), `reason` and `message`
    belong to the container (or the init container where `init` is set), `state` is running,
    waiting, terminated or none (no statuses). `last` is the reason of the container's former end
    and `exit` its code. `forced` is a Ready condition that somebody else than the kubelet has set
    to False. `gate` is how the readiness gates stand: True, False or missing.
    """

    phase: str = "Running"
    scheduled: str = "True"
    scheduled_reason: str = ""
    scheduled_message: str = ""
    address: bool = True
    state: str = "running"
    reason: str = ""
    message: str = ""
    exit: int = 0
    ready: bool = False
    started: bool = False
    last: str = ""
    restarts: int = 0
    init: str = ""
    forced: bool = False
    gate: str = "True"
    deleting: bool = False
    pod_reason: str = ""
    pod_message: str = ""

    @property
    def serving(self) -> bool:
        """True when the Pod's Ready condition is True."""
        return self.ready and not self.forced and self.gate == "True"

    @property
    def finished(self) -> bool:
        """True when the Pod has come to its end."""
        return self.phase in ("Succeeded", "Failed")


def _waiting(reason: str, message: str, phase: str = "Pending") -> PodState:
    return PodState(phase=phase, state="waiting", reason=reason, message=message)


POD_STATES: dict[str, PodState] = {
    "Ready": PodState(ready=True, started=True),
    "NotReady": PodState(started=True),
    "Starting": PodState(),
    "CrashLoopBackOff": PodState(
        state="waiting",
        reason="CrashLoopBackOff",
        message=_BACK_OFF,
        last="Error",
        exit=1,
        restarts=7,
    ),
    "OOMKilled": PodState(
        state="waiting",
        reason="CrashLoopBackOff",
        message=_BACK_OFF,
        last="OOMKilled",
        exit=137,
        restarts=12,
    ),
    "Crashed": PodState(state="terminated", reason="Error", exit=1, restarts=1, last="Error"),
    "RunContainerError": PodState(
        state="waiting",
        reason="RunContainerError",
        message=(
            "failed to create containerd task: failed to create shim task: OCI runtime create "
            'failed: exec: "/app": stat /app: no such file or directory: unknown'
        ),
        last="StartError",
        exit=128,
        restarts=3,
    ),
    "ImagePullBackOff": _waiting("ImagePullBackOff", 'Back-off pulling image "{image}"'),
    "ErrImagePull": _waiting("ErrImagePull", _PULL),
    "InvalidImageName": _waiting(
        "InvalidImageName",
        'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": '
        "invalid reference format",
    ),
    "CreateContainerConfigError": _waiting(
        "CreateContainerConfigError", 'configmap "app-settings" not found'
    ),
    "CreateContainerError": _waiting(
        "CreateContainerError",
        "failed to generate container spec: no command specified",
    ),
    "InitRunning": PodState(
        phase="Pending", state="waiting", reason="PodInitializing", init="running"
    ),
    "InitCrashLoopBackOff": PodState(
        phase="Pending",
        state="waiting",
        reason="PodInitializing",
        message=_BACK_OFF,
        init="waiting",
        last="Error",
        exit=1,
        restarts=5,
    ),
    "InitError": PodState(
        phase="Pending", state="waiting", reason="PodInitializing", init="terminated", exit=1
    ),
    "ContainerCreating": PodState(
        phase="Pending", state="waiting", reason="ContainerCreating", address=False
    ),
    "Unschedulable": PodState(
        phase="Pending",
        state="none",
        address=False,
        scheduled="False",
        scheduled_reason="Unschedulable",
        scheduled_message=_UNSCHEDULABLE,
    ),
    "SchedulerError": PodState(
        phase="Pending",
        state="none",
        address=False,
        scheduled="False",
        scheduled_reason="SchedulerError",
        scheduled_message="running PreBind plugin: timed out waiting for the condition",
    ),
    "SchedulingGated": PodState(
        phase="Pending",
        state="none",
        address=False,
        scheduled="False",
        scheduled_reason="SchedulingGated",
        scheduled_message="Scheduling is blocked due to non-empty scheduling gates",
    ),
    "Unscheduled": PodState(phase="Pending", state="none", address=False, scheduled=""),
    "GateMissing": PodState(ready=True, started=True, gate="missing"),
    "GateFalse": PodState(ready=True, started=True, gate="False"),
    "NodeLost": PodState(ready=True, started=True, forced=True),
    "NodeLostTerminating": PodState(ready=True, started=True, forced=True, deleting=True),
    "Succeeded": PodState(phase="Succeeded", state="terminated", reason="Completed"),
    "Failed": PodState(phase="Failed", state="terminated", reason="Error", exit=1),
    "Evicted": PodState(
        phase="Failed",
        state="terminated",
        reason="ContainerStatusUnknown",
        exit=137,
        pod_reason="Evicted",
        pod_message=(
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 61464Ki. "
        ),
    ),
    "Terminating": PodState(ready=True, started=True, deleting=True),
    "TerminatingNotServing": PodState(started=True, deleting=True),
}

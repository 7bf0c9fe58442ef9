"""Why one Pod is not ready, as far as the Pod itself tells: rules 18 to 29 of semantics.md §5.

A function of the facts alone: no Service, no slice, no Node and no time come into it. Facts are
shared by all Pods of a workload that are in the same state, so each state is judged once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from exporter.model import Reason
from exporter.objects.containers import Container, ContainerKind, ContainerState
from exporter.objects.pod_facts import Facts

Verdict = tuple[Reason, str | None]

CRASHING = frozenset({"CrashLoopBackOff", "RunContainerError", "PostStartHookError"})
# kubernetes pkg/kubelet/images/types.go and cri-api/pkg/errors
PULLING = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
# kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go
MISCONFIGURED = frozenset(
    {
        "CreateContainerConfigError",
        "CreateContainerError",
        "PreCreateHookError",
        "PreStartHookError",
    }
)
CREATING = frozenset({"ContainerCreating", "PodInitializing"})
UNSCHEDULABLE = frozenset({"Unschedulable", "SchedulerError"})


@lru_cache(maxsize=4096)
def own_reason(facts: Facts) -> Verdict:
    """The first of rules 18 to 29 that holds, and its detail; for a Pod that is not serving."""
    if not facts.known:
        return Reason.PODS_NOT_READY, None
    if facts.ready == "False" and facts.ready_reason == "ReadinessGatesNotReady":
        return Reason.READINESS_GATE_NOT_READY, None
    if facts.containers_ready == "True":
        if facts.unmet:
            return Reason.READINESS_GATE_NOT_READY, None
        if facts.ready != "True":
            # The node lifecycle controller turns Ready alone to False and leaves ContainersReady.
            return Reason.NODE_NOT_READY, None
    return _by_containers(facts) or _by_scheduling(facts) or (Reason.PODS_NOT_READY, None)


def _by_containers(facts: Facts) -> Verdict | None:
    containers = facts.containers
    lasting = [c for c in containers if c.kind is not ContainerKind.INIT]
    late = unready_containers(facts)
    if late and all(c.state is ContainerState.RUNNING for c in late):
        if any(starts_slowly(c) for c in late):
            return Reason.READINESS_PROBE_FAILING, "StartupProbe"
        if any(c.readiness is not None or c.startup for c in late):
            return Reason.READINESS_PROBE_FAILING, None
    crashed = [c for c in lasting if crashes(c)]
    if crashed:
        return Reason.CRASH_LOOP_BACK_OFF, choose_detail(crash_detail(c) for c in crashed)
    if facts.initialized != "True" and any(holds_up(c) for c in containers):
        return Reason.INIT_NOT_COMPLETE, None
    waiting = {c.why for c in containers if c.state is ContainerState.WAITING}
    if waiting & PULLING:
        return Reason.IMAGE_PULL, None
    if waiting & MISCONFIGURED:
        return Reason.CONTAINER_CONFIG_ERROR, None
    if facts.bound or facts.scheduled == "True":
        unseen = all(c.state is ContainerState.UNKNOWN for c in containers)
        if waiting & CREATING or unseen or facts.sandbox == "False":
            return Reason.CONTAINER_CREATING, None
    return None


def _by_scheduling(facts: Facts) -> Verdict | None:
    if facts.scheduled == "False":
        if facts.scheduled_reason in UNSCHEDULABLE:
            return Reason.UNSCHEDULABLE, None
        if facts.scheduled_reason == "SchedulingGated":
            return Reason.SCHEDULING_GATED, None
    if not facts.bound and not facts.scheduled:
        return Reason.UNSCHEDULED, None
    return None


def unready_containers(facts: Facts) -> list[Container]:
    """App containers and sidecars that are not ready: those the Pod's readiness waits for."""
    return [c for c in facts.containers if c.kind is not ContainerKind.INIT and not c.ready]


def starts_slowly(container: Container) -> bool:
    """Its startup probe has not succeeded yet, so its readiness probe is not even asked."""
    return container.startup and container.started is False


def crashes(container: Container) -> bool:
    """It ended with an error, or waits to be started again after it did."""
    if container.state is ContainerState.WAITING:
        return container.why in CRASHING
    return container.state is ContainerState.TERMINATED and bool(container.exit_code)


def crash_detail(container: Container) -> str | None:
    """What ended it (OOMKilled, Error …), None when nobody says."""
    if container.state is ContainerState.TERMINATED:
        return container.why or container.last_reason or None
    return container.last_reason or None


def holds_up(container: Container) -> bool:
    """An init container that keeps those after it from starting."""
    if container.kind is ContainerKind.APP:
        return False
    if container.kind is ContainerKind.SIDECAR and container.started:
        return False  # it did its part: the next one may start
    return container.state is ContainerState.RUNNING or crashes(container)


def choose_detail(details: Iterable[str | None]) -> str | None:
    """One detail for several containers or Pods, whatever their order.

    OOMKilled comes first, for it names its cause; then any that says something.
    """
    found = {detail for detail in details if detail}
    if "OOMKilled" in found:
        return "OOMKilled"
    return min(found, default=None)

"""What was seen of a Service's Pods, told in sentences: each says one thing that can be checked.

Nothing is decided here: reasons come in, words go out. Escaping is left to who shows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.analysis.candidates import starts_slowly, unready_containers
from exporter.analysis.near_misses import NearMiss
from exporter.explaining.scene import Scene
from exporter.explaining.wording import count_of, join_some, show_since
from exporter.model import Reason
from exporter.objects.containers import Container, ContainerKind, ContainerState
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service

MOST_PODS = 3

_REASONS = {str(reason): reason for reason in Reason}


def find_reason(text: str) -> Reason | None:
    """The reason of this name, None when there is none."""
    return _REASONS.get(text)


def tell_culprits(scene: Scene) -> Iterator[str]:
    """Some Pods one by one: those that show the reason, or those that are on their way out."""
    for reason, pod in scene.judged[:MOST_PODS]:
        yield tell_pod(scene, reason, pod)
    if scene.judged:
        return
    leaving = sorted((pod for pod in scene.pods if not pod.candidate), key=lambda pod: pod.name)
    for pod in leaving[:MOST_PODS]:
        yield f"Pod {pod.name}: {describe_leaving(pod, scene.now)}"


def tell_pod(scene: Scene, reason: Reason, pod: Pod) -> str:
    """A Pod that takes no traffic: since when, and what shows why."""
    state = "ready" if pod.facts.ready == "True" else "not ready"
    since = show_since(pod.changed, scene.now)
    known = f" ({state}{since})" if since else ""
    nodes = scene.view.pods.nodes if scene.view.pods is not None else None
    return f"Pod {pod.name}{known}: {describe_pod(reason, pod, scene.service, nodes)}"


def describe_leaving(pod: Pod, now: float) -> str:
    """What is seen of a Pod that takes no traffic any more: finished, or on its way out."""
    if pod.finished:
        text = f"phase {pod.facts.phase}"
        return f"{text} ({pod.facts.reason})" if pod.facts.reason else text
    where = f" on Node {pod.node}" if pod.node else ""
    if pod.deleted and pod.deleted < now:
        return f"terminating{where}, should have been gone{show_since(pod.deleted, now)}"
    return f"terminating{where}"


def describe_pod(
    reason: Reason,
    pod: Pod,
    service: Service,
    nodes: Mapping[str, Node] | None,
) -> str:
    """What shows that the reason is true of this Pod."""
    addresses = ", ".join(pod.ips)
    match reason:
        case Reason.ENDPOINTS_LAGGING:
            return f"ready, but {addresses} is no ready endpoint"
        case Reason.NODE_MISSING:
            return f"ready, but its Node {pod.node} does not exist"
        case Reason.FAMILY_MISMATCH:
            wanted = " or ".join(service.ip_families)
            return f"ready, has {addresses}, the Service wants {wanted}"
        case Reason.READINESS_GATE_NOT_READY:
            gates = join_some(pod.facts.unmet) or "unknown"
            return f"containers ready, gate not open: {gates}"
        case Reason.NODE_NOT_READY:
            return _describe_node(pod, nodes)
        case Reason.UNSCHEDULABLE | Reason.SCHEDULING_GATED | Reason.UNSCHEDULED:
            return _describe_unscheduled(reason, pod)
        case _:
            return _describe_containers(reason, pod)


def _describe_unscheduled(reason: Reason, pod: Pod) -> str:
    facts = pod.facts
    if reason is Reason.UNSCHEDULABLE:
        return f"no Node: {facts.scheduled_message or facts.scheduled_reason}"
    if reason is Reason.SCHEDULING_GATED:
        return "held by a scheduling gate"
    return "has no Node and no scheduler has looked at it"


def _describe_containers(reason: Reason, pod: Pod) -> str:
    facts = pod.facts
    if not facts.known:
        return "its status could not be read"
    told = [describe_container(item) for item in _telling(reason, pod)]
    if told:
        return "; ".join(told[:MOST_PODS])
    where = f"on Node {pod.node}" if pod.node else "without a Node"
    phase = f"phase {facts.phase}" if facts.phase else "no phase"
    if all(container.state is ContainerState.UNKNOWN for container in facts.containers):
        return f"{where}, {phase}, the kubelet has reported no container yet"
    return f"{where}, {phase}, no container was reported as not ready"


def _describe_node(pod: Pod, nodes: Mapping[str, Node] | None) -> str:
    if nodes is None:
        return f"its Node {pod.node} has probably stopped reporting (Nodes can't be read)"
    node = nodes.get(pod.node)
    if node is None:
        return f"its Node {pod.node} does not exist"
    return f"its Node {pod.node} is {'ready again' if node.ready else 'not ready'}"


def _telling(reason: Reason, pod: Pod) -> list[Container]:
    """The containers that show the reason: for an init reason the init containers that hold up."""
    if reason is Reason.INIT_NOT_COMPLETE:
        late = [c for c in pod.facts.containers if c.kind is not ContainerKind.APP]
        return [c for c in late if not (c.ready or c.state is ContainerState.UNKNOWN)]
    if reason in (Reason.IMAGE_PULL, Reason.CONTAINER_CONFIG_ERROR, Reason.CONTAINER_CREATING):
        return [c for c in pod.facts.containers if c.state is ContainerState.WAITING]
    return [c for c in unready_containers(pod.facts) if c.state is not ContainerState.UNKNOWN]


def find_culprit(reason: Reason, pod: Pod) -> str:
    """The name of the container whose logs are worth reading, "" when there is none."""
    told = _telling(reason, pod)
    return told[0].name if told else ""


def describe_container(container: Container) -> str:
    """State, cause and history of a container that is not ready."""
    kind = "container" if container.kind is ContainerKind.APP else f"{container.kind} container"
    parts = [f"{kind} {container.name}: {_describe_state(container)}"]
    if container.last_reason or container.last_exit_code is not None:
        parts.append(
            f"ended before with {_ending(container.last_reason, container.last_exit_code)}"
        )
    if container.restarts:
        at_least = "at least " if container.restarts >= 5 else ""
        parts.append(f"restarted {at_least}{count_of(container.restarts, 'time')}")
    return ", ".join(parts)


def _describe_state(container: Container) -> str:
    why = container.why or "no reason given"
    match container.state:
        case ContainerState.RUNNING if starts_slowly(container):
            return "running, but its startup probe has not succeeded"
        case ContainerState.RUNNING if container.readiness is not None:
            return f"running, but not ready: {container.readiness.text} fails"
        case ContainerState.RUNNING:
            return "running, but not ready"
        case ContainerState.TERMINATED:
            return f"ended with {_ending(container.why, container.exit_code)}"
        case ContainerState.WAITING:
            return f"{why}: {container.message}" if container.message else why
    return "not reported yet"


def _ending(why: str, exit_code: int | None) -> str:
    code = "" if exit_code is None else f"exit code {exit_code}"
    return f"{why} ({code})" if why and code else why or code or "no reason given"


def tell_near_miss(miss: NearMiss) -> str:
    """Which Pods nearly match, and in what they differ."""
    who = f"{count_of(miss.count, 'Pod')} in namespace {miss.namespace} (such as {miss.example})"
    if not miss.key:
        return f"near miss: {who} would match, but a Service selects in its own namespace alone"
    wanted = f"{miss.key}={miss.wanted}"
    if miss.found is not None:
        return f"near miss: {who}: the selector wants {wanted}, found {miss.key}={miss.found}"
    if miss.found_key:
        return (
            f"near miss: {who}: the selector wants {wanted}, found {miss.found_key}={miss.wanted}"
        )
    return f"near miss: {who}: the selector wants {wanted}, the Pods have no label {miss.key}"

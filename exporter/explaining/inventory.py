"""What a Service has, told in sentences that can be checked: addresses, slices, ports, Pods.

Plain facts. What is wrong with one of them is told with the reason or the finding about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.analysis.dependents import name_dependents
from exporter.explaining.scene import Scene
from exporter.explaining.wording import count_of, join_some, show_selector
from exporter.model import ANNOTATION_PREFIX, Reason, Source, Standing
from exporter.objects.slices import CONTROLLER, MIRRORING_CONTROLLER, READY, EndpointSlice

_MOST_SLICES = 5
_MOST_PORTS = 10

#: What others write on a Service that is served from elsewhere too, as an annotation or a label.
_MARKS = (
    ("service.cilium.io/global", "other clusters of the mesh may serve it too"),
    ("multicluster.kubernetes.io/service-name", "it stands for a Service of other clusters"),
)

_TROUBLED = (Standing.DOWN, Standing.NEW)

#: What kube-prometheus-stack calls the Services by which it scrapes a control plane, by their label
#: `app`, and the value of that chart that makes them.
_STACK = {
    "kube-prometheus-stack-kube-controller-manager": "kubeControllerManager",
    "kube-prometheus-stack-kube-etcd": "kubeEtcd",
    "kube-prometheus-stack-kube-proxy": "kubeProxy",
    "kube-prometheus-stack-kube-scheduler": "kubeScheduler",
}


def tell_addresses(scene: Scene) -> Iterator[str]:
    """Counts by address type, the slices (or what there is instead), and what each port reaches."""
    view, report, service = scene.view, scene.report, scene.service
    if report.reason is Reason.EXTERNAL_NAME:
        yield f"it is an alias of {service.external_name or '<none>'}"
        return
    what = "EndpointSlice" if view.source is Source.ENDPOINTSLICES else "Endpoints object"
    if view.broken:
        yield f"{count_of(view.broken, what)} of it can't be decoded: no number can be trusted"
        return
    if not report.known:
        yield f"{what}s can't be read"
        return
    for counts in report.counts:
        states = [f"{counts.ready} ready", f"{counts.not_ready} not ready"]
        states += [f"{counts.serving} serving"] if counts.serving else []
        states += [f"{counts.terminating} terminating"] if counts.terminating else []
        yield f"{counts.address_type} addresses: {', '.join(states)}"
    yield from _tell_sources(scene, scene.slices or ())
    yield from _tell_ports(scene)


def _tell_ports(scene: Scene) -> Iterator[str]:
    reached = {(one.name, one.protocol, one.port): one.ready for one in scene.report.ports}
    ports = scene.service.ports
    for port in ports[:_MOST_PORTS]:
        ready = reached.get((port.name, port.protocol, port.port), 0)
        name = f"{port.name or '<unset>'} {port.port}/{port.protocol}"
        yield f"port {name} to {port.target}: {count_of(ready, 'ready endpoint')}"
    if len(ports) > _MOST_PORTS:
        yield f"{count_of(len(ports) - _MOST_PORTS, 'more port')}"


def _tell_sources(scene: Scene, slices: Sequence[EndpointSlice]) -> Iterator[str]:
    if scene.view.source is Source.ENDPOINTSLICES:
        for piece in sorted(slices, key=lambda piece: piece.name)[:_MOST_SLICES]:
            yield f"EndpointSlice {piece.name}: {_describe_slice(piece)}"
        if len(slices) > _MOST_SLICES:
            yield f"{count_of(len(slices) - _MOST_SLICES, 'more EndpointSlice')}"
        if not slices:
            yield f"no EndpointSlice has the label kubernetes.io/service-name={scene.service.name}"
        if scene.report.foreign:
            yield f"{count_of(scene.report.foreign, 'EndpointSlice')} managed by somebody else"
    elif not slices:
        yield "there is no Endpoints object, or it has no address"


def _describe_slice(piece: EndpointSlice) -> str:
    ports = [
        f"{port.name or '<unset>'} {port.number or '*'}/{port.protocol}" for port in piece.ports
    ]
    own = piece.managed_by in (CONTROLLER, MIRRORING_CONTROLLER)
    who = "" if own else f", managed by {piece.managed_by or 'nobody'}"
    if not piece.endpoints:
        return f"{piece.address_type}, empty{who}"
    ready = sum(bool(entry.flags & READY) for entry in piece.endpoints)
    text = f"{piece.address_type}, {count_of(len(piece.endpoints), 'endpoint')}, {ready} ready, "
    return text + (f"ports {join_some(ports)}" if ports else "no ports") + who


def tell_pods(scene: Scene) -> Iterator[str]:
    """How many Pods the selector matches, and how many of them are in which state."""
    service = scene.service
    if scene.view.pods is None:
        if service.selector and scene.report.reason is not Reason.EXTERNAL_NAME:
            down = scene.report.reason is not None
            what = "the reason is what can be told without them" if down else "they may tell more"
            yield f"Pods can't be read: {what}"
        return
    if not service.selector:
        return
    selector = show_selector(service.selector)
    if not scene.pods:
        yield f"the selector {selector} matches no Pod"
        return
    parts = ", ".join(_count_states(scene))
    yield f"the selector {selector} matches {count_of(len(scene.pods), 'Pod')}: {parts}"


def _count_states(scene: Scene) -> list[str]:
    states: dict[str, int] = {}
    for reason, _ in scene.judged:
        states[str(reason)] = states.get(str(reason), 0) + 1
    well = terminating = 0
    phases: dict[str, int] = {}
    for pod in scene.pods:
        if pod.finished:
            phase = "Evicted" if pod.facts.reason == "Evicted" else pod.facts.phase
            phases[phase] = phases.get(phase, 0) + 1
        elif pod.terminating:
            terminating += 1
        else:
            well += 1
    well -= len(scene.judged)
    parts = [f"{well} ready"] if well else []
    parts += [f"{count} {state}" for state, count in states.items()]
    parts += [f"{terminating} terminating"] if terminating else []
    return parts + [f"{count} {phase}" for phase, count in sorted(phases.items())]


def tell_rest(scene: Scene) -> Iterator[str]:
    """What its owner, its traffic and others have to do with it."""
    service = scene.service
    if service.publish_not_ready:
        yield "publishNotReadyAddresses is set: addresses count as ready whatever their Pods say"
    policies = [
        name
        for name, policy in (
            ("internalTrafficPolicy", service.internal_policy),
            ("externalTrafficPolicy", service.external_policy),
        )
        if policy == "Local"
    ]
    if policies:
        verb = "is" if len(policies) == 1 else "are"
        yield f"{' and '.join(policies)} {verb} Local: a Node serves from its own endpoints alone"
    names = name_dependents(scene.view.dependents)
    if names:
        verb = "depends" if len(names) == 1 else "depend"
        yield f"{len(names)} {verb} on it: {join_some(names, 5)}"
    for mark, meaning in _MARKS:
        value = service.annotations.get(mark) or service.labels.get(mark)
        if value and value != "false":
            yield f"{mark} is {value}: {meaning}"
    part = _STACK.get(service.labels.get("app", ""))
    if part and service.namespace == "kube-system" and scene.report.judgement.standing in _TROUBLED:
        yield (
            "kube-prometheus-stack made it to scrape the control plane, which has no Pods to select"
            f" where the provider runs it: there set {part}.enabled to false, or ignore it with"
            f" --ignore={service.namespace}/{service.name}"
        )
    if scene.report.ignored:
        asked = service.annotations.get(f"{ANNOTATION_PREFIX}ignore") == "true"
        why = f"the annotation {ANNOTATION_PREFIX}ignore is true" if asked else "--ignore says so"
        yield f"it is ignored: {why}"

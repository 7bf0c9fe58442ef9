"""What shows each finding, in lines that can be checked against the cluster.

Nothing is decided here: a finding comes in, words go out. Escaping is left to who shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from exporter.analysis.hints import find_missing_ports
from exporter.explaining.durations import human_duration
from exporter.explaining.evidence import describe_leaving, find_reason, tell_pod
from exporter.explaining.scene import Scene
from exporter.explaining.wording import count_of, join_some, show_since
from exporter.model import ANNOTATION_PREFIX, Finding, FindingCode, LagKind, Source

_Proof = Callable[[Scene, Finding], Iterator[str]]


def prove(scene: Scene, finding: Finding, most: int) -> list[str]:
    """One to `most` lines, and one more that counts what is left out."""
    lines = list(_PROOFS[finding.code](scene, finding))
    hidden = max(len(lines) - most, 0)
    if finding.code in _LINE_EACH:
        hidden += max(finding.count - len(finding.about), 0)
    return [*lines[:most], *([f"{hidden} more"] if hidden else [])]


def _withdrawn(_scene: Scene, finding: Finding) -> Iterator[str]:
    had = f"it had {count_of(finding.count, 'endpoint')}" if finding.count else "it had endpoints"
    yield f"{had}, and has none now"
    yield "it has no selector: Kubernetes writes no endpoints for it, somebody else did"


def _stale(scene: Scene, finding: Finding) -> Iterator[str]:
    gone = {(lag.address, lag.pod): lag.kind is LagKind.POD_GONE for lag in scene.report.lags}
    for address, pod in finding.about:
        what = "is gone" if gone.get((address, pod)) else "has another address"
        yield f"address {address} is listed for Pod {pod}, which {what}"


def _lagging(scene: Scene, finding: Finding) -> Iterator[str]:
    pods = {pod.name: pod for pod in scene.pods}
    for name, address in finding.about:
        pod = pods.get(name)
        ready = pod is not None and pod.facts.ready == "True"
        since = show_since(pod.changed, scene.now) if pod is not None else ""
        state = f"Pod {name} is {'ready' if ready else 'not ready'}{since}"
        yield (
            f"{state}, its address {address} says otherwise"
            if address
            else (f"{state} and in no EndpointSlice")
        )


def _below(scene: Scene, finding: Finding) -> Iterator[str]:
    wish = f"{ANNOTATION_PREFIX}min-ready"
    if wish in scene.service.annotations:
        yield f"the annotation {wish} asks for {finding.total}"
    else:
        yield f"the default of {wish} is {finding.total}"


def _ports(scene: Scene, finding: Finding) -> Iterator[str]:
    targets = {port.name or str(port.port): port for port in scene.service.ports}
    missing = find_missing_ports(scene.service, scene.pods) if scene.pods_known else ()
    lacking = {(name, protocol): count for name, protocol, count in missing}
    for name, _ in finding.about:
        port = targets.get(name)
        if port is None:
            continue
        line = f"port {name} to targetPort {port.target}: no ready endpoint"
        count = lacking.get((str(port.target), port.protocol))
        if count:
            line += f"; {count_of(count, 'Pod')} without a containerPort of that name"
        yield line


def _families(scene: Scene, finding: Finding) -> Iterator[str]:
    counts = {one.address_type: one for one in scene.report.counts}
    for family, _ in finding.about:
        listed = counts[family].not_ready if family in counts else 0
        yield f"{family} is one of the Service's ipFamilies: 0 ready, {listed} not ready"
        bare = [pod for pod in scene.pods if pod.candidate and not _has(pod.ips, family)]
        if bare:
            names = join_some([pod.name for pod in bare])
            yield f"{count_of(len(bare), 'Pod')} without an {family} address: {names}"


def _has(addresses: tuple[str, ...], family: str) -> bool:
    return any((":" in address) == (family == "IPv6") for address in addresses)


def _unready(scene: Scene, finding: Finding) -> Iterator[str]:
    if not scene.pods_known:
        yield "Pods can't be read: why is not known"
        return
    by_name = {pod.name: pod for _, pod in scene.judged}
    for name, why in finding.about:
        pod = by_name.get(name)
        reason = find_reason(why)
        if pod is None or reason is None:
            yield f"Pod {name}: {why}"
            continue
        yield tell_pod(scene, reason, pod)


def _pending(scene: Scene, _finding: Finding) -> Iterator[str]:
    yield "type is LoadBalancer, and status.loadBalancer.ingress is empty"
    created = scene.service.created
    if created is not None and created <= scene.now:
        yield f"the Service was made {human_duration(scene.now - created)} ago"


def _gap(scene: Scene, finding: Finding) -> Iterator[str]:
    names = join_some([node for node, _ in finding.about], of=finding.count)
    yield f"Nodes without a ready endpoint of their own: {names}"
    port = scene.service.health_check_node_port
    if port and "externalTrafficPolicy" in finding.detail:
        yield f"health checks on port {port} fail on those Nodes"


def _stuck(scene: Scene, finding: Finding) -> Iterator[str]:
    by_name = {pod.name: pod for pod in scene.pods}
    for name, node in finding.about:
        pod = by_name.get(name)
        where = f" on Node {node}" if node else ""
        said = describe_leaving(pod, scene.now) if pod is not None else f"terminating{where}"
        yield f"Pod {name}: {said}"


def _reference(scene: Scene, finding: Finding) -> Iterator[str]:
    there = [f"{port.name or '<unset>'} {port.port}" for port in scene.service.ports]
    for who, port in finding.about:
        yield f"{who} names port {port}; the Service has {join_some(there) or 'none'}"


def _replicas(_scene: Scene, finding: Finding) -> Iterator[str]:
    for who, message in finding.about:
        why = ": ".join(filter(None, (finding.detail, message)))
        yield f"{who}: {why}" if why else f"{who} wants Pods that are not there"


def _truncated(scene: Scene, _finding: Finding) -> Iterator[str]:
    if scene.view.source is Source.ENDPOINTS:
        yield "the Endpoints object says endpoints.kubernetes.io/over-capacity: truncated"
    else:
        yield "the slices mirror an Endpoints object that holds more than they do"


def _leftover(_scene: Scene, finding: Finding) -> Iterator[str]:
    for name, manager in finding.about:
        who = f"managed by {manager}" if manager else "managed by nobody"
        yield f"EndpointSlice {name}: {who}, which does not keep slices of such a Service"


def _masked(_scene: Scene, finding: Finding) -> Iterator[str]:
    yield (
        "publishNotReadyAddresses is set: addresses count as ready whatever their Pods say; of "
        f"{count_of(finding.total, 'ready address')} {finding.count} not serving"
    )


def _hints(_scene: Scene, finding: Finding) -> Iterator[str]:
    yield (
        f"{finding.total - finding.count} of {count_of(finding.total, 'ready endpoint')} have a "
        f"{finding.detail} hint: kube-proxy heeds hints only while all have one"
    )


def _zones(_scene: Scene, finding: Finding) -> Iterator[str]:
    names = join_some([zone for zone, _ in finding.about], of=finding.count)
    yield f"of {count_of(finding.total, 'zone')} with Nodes these are in no hint: {names}"


def _single(_scene: Scene, finding: Finding) -> Iterator[str]:
    ready = count_of(finding.count, "ready address")
    where = join_some([name for name, _ in finding.about])
    yield f"{ready} on {finding.detail.capitalize()} {where}" if where else ready


def _shared(_scene: Scene, finding: Finding) -> Iterator[str]:
    for address, others in finding.about:
        yield f"address {address}: {others}"


def _undeclared(_scene: Scene, finding: Finding) -> Iterator[str]:
    for port, number in finding.about:
        yield f"port {port} goes to {number}, which no container declares as containerPort"


def _probes(_scene: Scene, finding: Finding) -> Iterator[str]:
    for container, probe in finding.about:
        yield f"container {container}: {probe}, which is no targetPort of the Service"


def _annotations(_scene: Scene, finding: Finding) -> Iterator[str]:
    yield from (f"annotation {bad}" for bad, _ in finding.about)


_PROOFS: dict[FindingCode, _Proof] = {
    FindingCode.ENDPOINTS_WITHDRAWN: _withdrawn,
    FindingCode.STALE_ENDPOINTS: _stale,
    FindingCode.BELOW_MIN_READY: _below,
    FindingCode.PORT_WITHOUT_ENDPOINTS: _ports,
    FindingCode.FAMILY_WITHOUT_ENDPOINTS: _families,
    FindingCode.HALF_UNREADY: _unready,
    FindingCode.ENDPOINTS_LAGGING: _lagging,
    FindingCode.LOAD_BALANCER_PENDING: _pending,
    FindingCode.LOCAL_POLICY_GAP: _gap,
    FindingCode.TERMINATING_STUCK: _stuck,
    FindingCode.BROKEN_REFERENCE: _reference,
    FindingCode.REPLICAS_MISSING: _replicas,
    FindingCode.TRUNCATED: _truncated,
    FindingCode.LEFTOVER_SLICES: _leftover,
    FindingCode.SOME_UNREADY: _unready,
    FindingCode.MASKED_READINESS: _masked,
    FindingCode.HINTS_IGNORED: _hints,
    FindingCode.ZONE_WITHOUT_HINT: _zones,
    FindingCode.SINGLE_POINT: _single,
    FindingCode.SHARED_ADDRESS: _shared,
    FindingCode.TARGET_PORT_UNDECLARED: _undeclared,
    FindingCode.PROBE_ELSEWHERE: _probes,
    FindingCode.BAD_ANNOTATION: _annotations,
}

#: What these tell is a line for each that they are about.
_LINE_EACH = frozenset(
    {
        FindingCode.STALE_ENDPOINTS,
        FindingCode.PORT_WITHOUT_ENDPOINTS,
        FindingCode.HALF_UNREADY,
        FindingCode.ENDPOINTS_LAGGING,
        FindingCode.TERMINATING_STUCK,
        FindingCode.LEFTOVER_SLICES,
        FindingCode.SOME_UNREADY,
        FindingCode.SHARED_ADDRESS,
        FindingCode.TARGET_PORT_UNDECLARED,
        FindingCode.PROBE_ELSEWHERE,
        FindingCode.BAD_ANNOTATION,
    }
)

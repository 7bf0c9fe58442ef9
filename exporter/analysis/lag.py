"""Where slices and Pods disagree: endpoints that are behind what Pods already are.

Only slices of Kubernetes' own controller are held to account; what others write is theirs. A
disagreement begins at the later of the Pod's change and the slice's, by their own times: the older
one of the two was right until then.
"""

from __future__ import annotations

from collections.abc import Iterable

from exporter.model import Lag, LagKind
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import CONTROLLER, READY, SERVING, Endpoint, EndpointSlice

_RANK = {kind: rank for rank, kind in enumerate(LagKind)}


def find_lags(
    service: Service,
    slices: Iterable[EndpointSlice],
    selected: Iterable[Pod],
    unpublished: Iterable[Pod],
) -> tuple[Lag, ...]:
    """All disagreements, by kind, Pod and address, however young.

    `unpublished` are the ready candidates that no slice has as ready and nothing else explains. A
    Pod that is gone has no time of it: `since` is None then.
    """
    own = [piece for piece in slices if piece.managed_by == CONTROLLER]
    found: list[Lag] = []
    if own:
        flag = SERVING if service.publish_not_ready else READY
        pods = {pod.name: pod for pod in selected}
        for piece in own:
            for entry in piece.endpoints:
                if not entry.pod:
                    continue
                pod = pods.get(entry.pod)
                # The agreeing case first: of hundreds of endpoints hardly one is another.
                if (
                    pod is not None
                    and entry.address == pod.ip
                    and pod.deleted is None
                    and bool(entry.flags & flag) == (pod.facts.ready == "True")
                    and not pod.facts.finished
                ):
                    continue
                lag = _compare(service, piece, entry, pod)
                if lag is not None:
                    found.append(lag)
    missing = [_miss(own, pod) for pod in unpublished if not _is_listed(own, pod)]
    if not found and not missing:
        return ()
    return tuple(
        sorted({*found, *missing}, key=lambda lag: (_RANK[lag.kind], lag.pod, lag.address))
    )


def _compare(
    service: Service, piece: EndpointSlice, entry: Endpoint, pod: Pod | None
) -> Lag | None:
    listed = bool(entry.flags & READY)
    if pod is None or pod.finished:
        return Lag(LagKind.POD_GONE, entry.pod, entry.address, listed, pod_ready=False, since=None)
    if not pod.facts.known:
        return None  # its status could not be read: it contradicts nothing
    ready = pod.facts.ready == "True"
    if entry.address not in pod.ips:
        since = _later(pod.changed, piece.changed)
        return Lag(LagKind.OTHER_ADDRESS, pod.name, entry.address, listed, ready, since)
    flag = SERVING if service.publish_not_ready or pod.terminating else READY
    if bool(entry.flags & flag) == ready:
        return None
    since = _later(pod.changed, piece.changed)
    return Lag(LagKind.READINESS_DIFFERS, pod.name, entry.address, listed, ready, since)


def _is_listed(own: Iterable[EndpointSlice], pod: Pod) -> bool:
    return any(entry.address in pod.ips for piece in own for entry in piece.endpoints)


def _miss(own: Iterable[EndpointSlice], pod: Pod) -> Lag:
    written = [piece.changed for piece in own if piece.changed is not None]
    since = _later(pod.changed, max(written, default=None))
    return Lag(LagKind.MISSING, pod.name, "", ready=False, pod_ready=True, since=since)


def _later(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return max(one, other)

"""Where slices and Pods disagree: endpoints that are behind what Pods already are.

Only slices of Kubernetes' own controller are held to account; what others write is theirs. How
long a disagreement lasts is told by the Pod's own timestamps, never by when it was noticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from exporter.analysis.pods import is_published, judge_pod
from exporter.model import PodsView, Reason
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import CONTROLLER, READY, SERVING, Endpoint, EndpointSlice


class LagKind(StrEnum):
    """How an endpoint and its Pod disagree."""

    POD_GONE = "PodGone"
    OTHER_ADDRESS = "OtherAddress"
    READINESS_DIFFERS = "ReadinessDiffers"
    MISSING = "MissingFromSlices"


class Lag(msgspec.Struct, frozen=True, gc=False):
    """One disagreement. `since` is seconds since the epoch, None where no timestamp tells.

    `address` is the slice's ("" for a Pod that is in none); `pod_ready` is what the Pod says.
    """

    kind: LagKind
    pod: str
    address: str
    pod_ready: bool
    since: float | None


def find_lag(
    service: Service,
    slices: Iterable[EndpointSlice],
    view: PodsView,
    *,
    now: float,
    threshold: float,
) -> tuple[Lag, ...]:
    """All disagreements, by kind, Pod and address; readiness only when `threshold` seconds old.

    A Pod that is gone or has moved has no time of it: it is told at once, `since` None. A time in
    the future (a clock that is off) is not older than any threshold.
    """
    if not service.selector:
        return ()
    own = [piece for piece in slices if piece.managed_by == CONTROLLER]
    pods = {pod.name: pod for pod in view.selected}
    found = {
        lag
        for piece in own
        for entry in piece.endpoints
        if entry.pod
        for lag in _compare(service, entry, pods.get(entry.pod))
        if lag.since is None or now - lag.since > threshold
    }
    for pod in _missing(service, own, view):
        if pod.changed is not None and now - pod.changed > threshold:
            found.add(Lag(LagKind.MISSING, pod.name, "", pod_ready=True, since=pod.changed))
    return tuple(
        sorted(found, key=lambda lag: (list(LagKind).index(lag.kind), lag.pod, lag.address))
    )


def _compare(service: Service, entry: Endpoint, pod: Pod | None) -> Iterable[Lag]:
    if pod is None or pod.finished:
        yield Lag(LagKind.POD_GONE, entry.pod, entry.address, pod_ready=False, since=None)
        return
    if not pod.facts.known:
        return  # its status could not be read: it contradicts nothing
    ready = pod.facts.ready == "True"
    if entry.address not in pod.ips:
        yield Lag(LagKind.OTHER_ADDRESS, pod.name, entry.address, pod_ready=ready, since=None)
        return
    flag = SERVING if service.publish_not_ready or pod.terminating else READY
    if bool(entry.flags & flag) != ready and pod.changed is not None:
        yield Lag(LagKind.READINESS_DIFFERS, pod.name, entry.address, ready, pod.changed)


def _missing(service: Service, slices: Sequence[EndpointSlice], view: PodsView) -> Iterable[Pod]:
    """Ready candidates that no slice has, in whatever state."""
    listed = {entry.address for piece in slices for entry in piece.endpoints}
    for pod in view.selected:
        if pod.candidate and pod.facts.ready == "True" and not is_published(pod, listed):
            verdict = judge_pod(pod, service, listed, view.nodes)
            if verdict is not None and verdict[0] is Reason.ENDPOINTS_LAGGING:
                yield pod

"""What others owe a Service and don't do: controllers, the cloud, whoever writes or refers."""

from __future__ import annotations

from exporter.judging.case import Case, some
from exporter.model import STALE, Finding, FindingCode, Lag, Reason, Weight
from exporter.objects.slices import CONTROLLER, MIRRORING_CONTROLLER
from exporter.objects.workloads import Workload
from exporter.routing.references import find_dangling

#: Seconds past the end of its grace period after which a Pod that is still there is stuck.
STUCK = 300.0


def find_withdrawn(case: Case) -> Finding | None:
    """Whoever wrote the endpoints of a Service without a selector took them away."""
    if case.service.selector or case.facts.listed or not case.seen.most:
        return None
    return Finding(FindingCode.ENDPOINTS_WITHDRAWN, Weight.WARNING, count=case.seen.most)


def find_stale(case: Case) -> Finding | None:
    """A ready endpoint leads to a Pod that is gone or has another address."""
    if not case.seen.lags:
        return None
    lags = [lag for lag in case.seen.lags if lag.kind in STALE and lag.ready]
    return _tell_lags(FindingCode.STALE_ENDPOINTS, [(lag.address, lag.pod) for lag in lags], lags)


def find_lagging(case: Case) -> Finding | None:
    """Slices say other than Pods of who is ready."""
    if not case.seen.lags:
        return None
    lags = [lag for lag in case.seen.lags if lag.kind not in STALE]
    return _tell_lags(FindingCode.ENDPOINTS_LAGGING, [(lag.pod, lag.address) for lag in lags], lags)


def _tell_lags(code: FindingCode, about: list[tuple[str, str]], lags: list[Lag]) -> Finding | None:
    return Finding(code, Weight.WARNING, some(about), count=len(lags)) if lags else None


def find_pending_balancer(case: Case) -> Finding | None:
    """No ingress point in the status of a LoadBalancer Service that is old enough to have one."""
    service = case.service
    if service.type != "LoadBalancer" or service.ingress or case.young is not None:
        return None
    return Finding(FindingCode.LOAD_BALANCER_PENDING, Weight.WARNING)


def find_stuck(case: Case) -> Finding | None:
    """A Pod is still there long after the end of its grace period.

    Behind a Service that nobody wants endpoints of it is no trouble of the Service's: a note.
    """
    pods = case.facts.view.pods
    if pods is None or (case.facts.pods is not None and not case.facts.pods.terminating):
        return None
    stuck = [
        (pod.name, pod.node)
        for pod in pods.selected
        # A deletion time that can't be read is 0: it tells nothing.
        if pod.deleted and pod.terminating and not case.is_within(pod.deleted, STUCK)
    ]
    if not stuck:
        return None
    meant = case.reason is Reason.SCALED_TO_ZERO
    weight = Weight.NOTE if meant else Weight.WARNING
    return Finding(FindingCode.TERMINATING_STUCK, weight, some(stuck), count=len(stuck))


def find_broken_references(case: Case) -> Finding | None:
    """Something points at the Service with a port that it does not have."""
    dependents = case.facts.view.dependents
    dangling = find_dangling(case.service, dependents) if dependents else ()
    if not dangling:
        return None
    about = [
        (" ".join((one.kind, "/".join(filter(None, (one.namespace, one.name))))), str(one.port))
        for one in dangling
    ]
    return Finding(FindingCode.BROKEN_REFERENCE, Weight.WARNING, some(about), count=len(dangling))


def missing_key(workload: Workload) -> tuple[str, ...]:
    """What history remembers a workload by that wants more Pods than there are."""
    return (FindingCode.REPLICAS_MISSING, workload.kind, workload.name)


def find_missing_replicas(case: Case) -> Finding | None:
    """A workload behind the Service has wanted more Pods than exist for longer than the grace."""
    if not case.short:
        return None
    begun = dict(case.seen.begun) if case.seen.begun else {}
    late = []
    for workload in case.short:
        told = workload.failure.since if workload.failure is not None else None
        began = told if told is not None else begun.get(missing_key(workload), case.now)
        if not case.is_within(began, case.grace):
            late.append(workload)
    if not late:
        return None
    failures = [one.failure for one in late if one.failure is not None]
    return Finding(
        FindingCode.REPLICAS_MISSING,
        Weight.WARNING,
        some(
            [(f"{one.kind} {one.name}", one.failure.message if one.failure else "") for one in late]
        ),
        count=sum(one.existing or 0 for one in late),
        total=sum(one.replicas for one in late),
        detail=failures[0].reason if failures else "",
    )


def find_truncation(case: Case) -> Finding | None:
    """The Endpoints object (or the one that slices mirror) was cut at 1,000 addresses."""
    exact = case.facts.exact
    for piece in case.facts.slices or ():
        if piece.truncated and (not exact or piece.managed_by == MIRRORING_CONTROLLER):
            return Finding(FindingCode.TRUNCATED, Weight.WARNING)
    return None


def find_leftovers(case: Case) -> Finding | None:
    """Slices that nobody keeps up: the controller that wrote them does not serve this Service."""
    service = case.service
    served = bool(service.selector) and service.type != "ExternalName"
    abandoned = MIRRORING_CONTROLLER if served else CONTROLLER
    left = [
        (piece.name, abandoned)
        for piece in case.facts.view.slices or ()
        if piece.managed_by == abandoned
    ]
    if not left:
        return None
    return Finding(FindingCode.LEFTOVER_SLICES, Weight.WARNING, some(left), count=len(left))

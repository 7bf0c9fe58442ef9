"""Why a Service has no usable ready endpoint: the first rule that holds, in the order of Reason.

The order of the rules is the meaning (semantics.md §5). Rules 0 to 10 (and 17, where slices alone
show it) need no Pods; where Pods can be read, 8 to 10 give way to what Pods and workloads tell.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exporter.analysis.candidates import Verdict, choose_detail
from exporter.analysis.facts import Facts
from exporter.analysis.families import usable_families
from exporter.analysis.merge import Merged
from exporter.analysis.pods import PodsFacts
from exporter.judging.intent import find_failure, is_meant, wants_pods
from exporter.model import REASON_RANK, Reason
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import READY, SERVING, TERMINATING, EndpointSlice

#: These say that Pods were not asked; with Pods there is a more exact one, but for Pods that slices
#: contradict with something newer.
WITHOUT_PODS = frozenset({Reason.ENDPOINTS_NOT_READY, Reason.ALL_TERMINATING, Reason.NO_ENDPOINTS})


def find_reason(facts: Facts) -> Verdict | None:
    """The reason and its detail; None while there is a usable ready endpoint or nobody can tell."""
    if facts.view.service.type == "ExternalName":
        return Reason.EXTERNAL_NAME, None
    if facts.slices is None or facts.reach.usable:
        return None
    verdict = _by_slices(facts)
    if facts.pods is None or verdict[0] not in WITHOUT_PODS:
        return verdict
    reason, detail = judge_pods(facts.pods, verdict)
    if reason is Reason.ALL_PODS_TERMINATING and any(state & SERVING for state in facts.states):
        detail = "Serving"
    return reason, detail


# ── what Services and slices tell ────────────────────────────────────────────────────────────


def _by_slices(facts: Facts) -> Verdict:
    service, slices, merged = facts.view.service, facts.slices or (), facts.merged
    if service.deleting:
        return Reason.SERVICE_DELETING, None
    if not service.selector:
        return _selectorless(facts, slices)
    exact = facts.exact
    if not slices:
        return Reason.ENDPOINT_SLICES_MISSING, None if exact else "Endpoints"
    ready = _ready_types(merged)
    if exact and ready:
        if ready & set(usable_families(service)):
            return Reason.NAMED_PORT_MISSING, _blocked_by(service, slices)
        return Reason.FAMILY_MISMATCH, None
    flags = facts.states
    if not exact and all(state & READY for state in flags):
        # No address, or ready ones behind other ports: which, Endpoints can't tell.
        return Reason.NO_ENDPOINTS, None
    if any(not state & TERMINATING for state in flags):
        return Reason.ENDPOINTS_NOT_READY, None
    if flags:
        serving = any(state & SERVING for state in flags)
        return Reason.ALL_TERMINATING, "Serving" if serving else None
    return Reason.NO_ENDPOINTS, None


def _selectorless(facts: Facts, slices: Sequence[EndpointSlice]) -> Verdict:
    service, merged, flags = facts.view.service, facts.merged, facts.states
    if not flags:
        return Reason.SELECTORLESS_NO_ENDPOINTS, None
    ready = _ready_types(merged)
    if not ready:
        terminating = all(state & TERMINATING for state in flags)
        return Reason.SELECTORLESS_NOT_READY, "Terminating" if terminating else None
    if ready & set(usable_families(service)):
        detail = _blocked_by(service, slices) or "PortMismatch"
        return Reason.SELECTORLESS_UNUSABLE, detail
    only_names = ready == {"FQDN"}
    return Reason.SELECTORLESS_UNUSABLE, "FQDNOnly" if only_names else "FamilyMismatch"


def _blocked_by(service: Service, slices: Sequence[EndpointSlice]) -> str | None:
    """Tell "HeadlessLabel" when kube-proxy's filter alone hides ready endpoints, else None."""
    families = usable_families(service)
    visible = any(
        entry.flags & READY
        for piece in slices
        if piece.address_type in families and not piece.headless
        for entry in piece.endpoints
    )
    return None if visible else "HeadlessLabel"


def _ready_types(merged: Merged) -> set[str]:
    return {
        kind
        for kind, entries in merged.items()
        if any(entry.flags & READY for entry in entries.values())
    }


# ── what Pods and workloads tell ─────────────────────────────────────────────────────────────


def judge_pods(pods: PodsFacts, verdict: Verdict) -> Verdict:
    """Rules 11 to 29; `verdict` is what slices alone tell."""
    workloads = pods.view.workloads
    selected = pods.view.selected
    if workloads is not None and not pods.candidates and is_meant(workloads):
        return Reason.SCALED_TO_ZERO, "Draining" if pods.terminating else None
    if not selected:
        if workloads is not None and wants_pods(workloads):
            failure = find_failure(workloads)
            return Reason.PODS_NOT_CREATED, failure.reason or None if failure else None
        return Reason.SELECTOR_MATCHES_NO_PODS, None
    if not pods.candidates:
        if pods.terminating:
            return Reason.ALL_PODS_TERMINATING, None
        return Reason.ALL_PODS_FINISHED, _ending(selected)
    if not pods.unready:
        if pods.unsure:
            return verdict  # slices say something newer than the Pods do
        # All are ready and published, and no Service port reaches them: only legacy Endpoints
        # that are behind can look like that.
        return Reason.ENDPOINTS_LAGGING, None
    reason = min((one.reason for one in pods.unready), key=REASON_RANK.__getitem__)
    details = {one.detail for one in pods.unready if one.reason is reason}
    if None in details and reason in (Reason.READINESS_PROBE_FAILING, Reason.NODE_NOT_READY):
        return reason, None  # one that has started is closer; one Node at least is not back
    return reason, choose_detail(details)


def _ending(pods: Collection[Pod]) -> str:
    """Succeeded when all did; Evicted when that is how all others failed; else Failed."""
    failed = [pod.facts for pod in pods if pod.facts.phase == "Failed"]
    if not failed:
        return "Succeeded"
    return "Evicted" if all(facts.reason == "Evicted" for facts in failed) else "Failed"

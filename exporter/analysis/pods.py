"""Which of a Service's Pods take no traffic, and why: rules 11 to 29 of semantics.md §5.

Each candidate gets the first rule that holds for it; the Service gets the smallest of them, the one
closest to serving. Slices are asked for nothing but ready addresses, and the clock is not asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from exporter.analysis.candidates import Verdict, choose_detail, own_reason
from exporter.analysis.families import served_families
from exporter.analysis.workloads import find_scaled_to_zero
from exporter.model import REASON_RANK, PodsReport, PodsView, Reason
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service


class PodsDiagnosis(msgspec.Struct, frozen=True):
    """Why a Service has no usable ready endpoint, out of its Pods; detail is None or one word."""

    reason: Reason
    detail: str | None
    pods: PodsReport


def is_published(pod: Pod, ready: Collection[str]) -> bool:
    """Whether one of the Pod's addresses is a ready one."""
    if pod.ip in ready and pod.ip:
        return True
    return any(ip in ready for ip in pod.other_ips)


def judge_pod(
    pod: Pod, service: Service, ready: Collection[str], nodes: Mapping[str, Node] | None
) -> Verdict | None:
    """A candidate's own reason (15 to 29) and detail, None while it takes traffic.

    With publishNotReadyAddresses an unready Pod is published; it is judged by itself all the same.
    """
    facts = pod.facts
    if facts.ready == "True":
        if is_published(pod, ready):
            return None
        families = served_families(service)
        fits = any(("IPv6" if ":" in ip else "IPv4") in families for ip in pod.ips)
        lost = (
            nodes is not None
            and bool(pod.node)
            and pod.node not in nodes
            and not service.publish_not_ready
        )
        if lost:
            # The controller drops Pods whose Node object is gone (reconciler.go).
            return Reason.NODE_MISSING, None
        if fits:
            return Reason.ENDPOINTS_LAGGING, None
        if pod.ip:
            return Reason.FAMILY_MISMATCH, None
    return own_reason(facts)


def summarise(service: Service, view: PodsView, ready: Collection[str]) -> PodsReport:
    """How many Pods the Service selects, and its candidates that take no traffic by own reason.

    `ready` holds the ready addresses of the Service, of all families.
    """
    return _report(view, _judge_all(service, view, ready))


def diagnose(service: Service, view: PodsView, ready: Collection[str]) -> PodsDiagnosis:
    """The reason of a Service with a selector and slices but no ready entry (rules 11 to 29)."""
    verdicts = _judge_all(service, view, ready)
    reason, detail = _decide(service, view, verdicts)
    return PodsDiagnosis(reason, detail, _report(view, verdicts))


def _judge_all(service: Service, view: PodsView, ready: Collection[str]) -> dict[Verdict, int]:
    found: dict[Verdict, int] = {}
    for pod in view.selected:
        if not pod.candidate:
            continue
        if pod.facts.ready == "True" and pod.ip in ready and pod.ip:
            continue  # what judge_pod would say, for the many that are well
        verdict = judge_pod(pod, service, ready, view.nodes)
        if verdict is not None:
            found[verdict] = found.get(verdict, 0) + 1
    return found


def _report(view: PodsView, verdicts: Mapping[Verdict, int]) -> PodsReport:
    counts: dict[Reason, int] = {}
    for (reason, _), count in verdicts.items():
        counts[reason] = counts.get(reason, 0) + count
    unready = sorted(counts.items(), key=lambda item: REASON_RANK[item[0]])
    return PodsReport(len(view.selected), tuple((str(reason), n) for reason, n in unready))


def _decide(service: Service, view: PodsView, verdicts: Mapping[Verdict, int]) -> Verdict:
    pods = view.selected
    if not pods:
        if find_scaled_to_zero(service, view.workloads):
            return Reason.SCALED_TO_ZERO, None
        return Reason.SELECTOR_MATCHES_NO_PODS, None
    if not any(pod.candidate for pod in pods):
        if any(pod.terminating for pod in pods):
            return Reason.ALL_PODS_TERMINATING, None  # the caller knows whether entries serve
        return Reason.ALL_PODS_FINISHED, _ending(pods)
    if not verdicts:
        # All are ready and published, and no Service port reaches them: only legacy Endpoints
        # that are behind can look like that.
        return Reason.ENDPOINTS_LAGGING, None
    reason = min((reason for reason, _ in verdicts), key=REASON_RANK.__getitem__)
    details = {detail for own, detail in verdicts if own is reason}
    if reason is Reason.READINESS_PROBE_FAILING and None in details:
        return reason, None  # one that has started is closer to serving
    return reason, choose_detail(details)


def _ending(pods: Collection[Pod]) -> str:
    """Succeeded when all did; Evicted when that is how all others failed; else Failed."""
    failed = [pod.facts for pod in pods if pod.facts.phase == "Failed"]
    if not failed:
        return "Succeeded"
    return "Evicted" if all(facts.reason == "Evicted" for facts in failed) else "Failed"

"""What each of a Service's Pods does for it: takes traffic, or why it does not.

One pass over the Pods; each candidate that takes no traffic gets the first rule of semantics.md §5
(15 to 29) that holds for it. Which of them is the Service's reason is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from exporter.analysis.candidates import Verdict, own_reason
from exporter.analysis.families import served_families
from exporter.model import REASON_RANK, PodsReport, PodsView, Reason
from exporter.objects.nodes import Node
from exporter.objects.pods import Pod
from exporter.objects.services import Service
from exporter.objects.slices import EndpointSlice


class Unready(msgspec.Struct, frozen=True):
    """A candidate that takes no traffic, and why."""

    reason: Reason
    detail: str | None
    pod: Pod


class PodsFacts(msgspec.Struct, frozen=True):
    """What the selected Pods do. `unready` are the candidates that take no traffic.

    `unsure` are those of which slices say something newer than the Pods: who is right can't be
    told yet.
    """

    view: PodsView
    candidates: int
    terminating: int
    unready: tuple[Unready, ...] = ()
    unsure: tuple[Pod, ...] = ()

    @property
    def late(self) -> tuple[Pod, ...]:
        """The ready candidates that slices should have as ready, and have not."""
        if not (self.unready or self.unsure):
            return ()
        lagging = [one.pod for one in self.unready if one.reason is Reason.ENDPOINTS_LAGGING]
        return (*lagging, *self.unsure)

    @property
    def selected(self) -> int:
        """How many Pods the selector matches."""
        return len(self.view.selected)

    def report(self) -> PodsReport:
        """The numbers of it."""
        counts: dict[Reason, int] = {}
        for one in self.unready:
            counts[one.reason] = counts.get(one.reason, 0) + 1
        unready = sorted(counts.items(), key=lambda item: REASON_RANK[item[0]])
        return PodsReport(self.selected, tuple([(str(reason), n) for reason, n in unready]))


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
    verdict = own_reason(facts)
    if verdict[0] is Reason.NODE_NOT_READY and nodes is not None:
        node = nodes.get(pod.node)
        if node is not None and node.ready:
            # The Node came back, and the kubelet never set Ready back.
            return Reason.NODE_NOT_READY, "NodeRecovered"
    return verdict


def look_at_pods(
    service: Service,
    view: PodsView,
    ready: Collection[str],
    slices: Iterable[EndpointSlice],
    *,
    recent: float,
) -> PodsFacts:
    """The PodsFacts of a Service with a selector; `ready` are its ready addresses.

    A slice of it that was written after `recent` (seconds since the epoch) and after the Pod
    changed may be right, where the Pod as it is known says otherwise.
    """
    candidates = terminating = 0
    unready: list[Unready] = []
    unsure: list[Pod] = []
    for pod in view.selected:
        if pod.deleted is not None:
            terminating += not pod.facts.finished
            continue
        facts = pod.facts
        if facts.finished:
            continue
        candidates += 1
        if facts.ready == "True" and pod.ip in ready and pod.ip:
            continue  # what judge_pod would say, for the many that are well
        verdict = judge_pod(pod, service, ready, view.nodes)
        if verdict is None:
            continue
        if verdict[0] is Reason.ENDPOINTS_LAGGING and (
            view.behind or _is_newer(slices, pod, recent)
        ):
            unsure.append(pod)
            continue
        unready.append(Unready(verdict[0], verdict[1], pod))
    return PodsFacts(view, candidates, terminating, tuple(unready), tuple(unsure))


def _is_newer(slices: Iterable[EndpointSlice], pod: Pod, recent: float) -> bool:
    """Whether the slice that lists the Pod speaks of a later moment than the Pod does."""
    if pod.changed is None:
        return False
    return any(
        piece.changed is not None
        and piece.changed > max(recent, pod.changed)
        and any(entry.pod == pod.name for entry in piece.endpoints)
        for piece in slices
    )

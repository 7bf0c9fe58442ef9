"""Why a Service is as it is, as one value: verdict, since when, evidence, and what to do next.

All text in it is escaped: it can be printed as it is. It reads no clock and asks nobody.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from exporter.analysis.dependents import name_dependents
from exporter.analysis.hints import find_missing_ports, find_probe_mismatches
from exporter.analysis.merge import Merged, merge_slices
from exporter.analysis.near_misses import NearMiss
from exporter.analysis.policy import read_policy
from exporter.explaining.advice import ADVICE, DETAILS, Advice
from exporter.explaining.evidence import (
    MOST_PODS,
    find_culprit,
    judge_candidates,
    tell_lag,
    tell_near_miss,
    tell_pods,
)
from exporter.explaining.explanation import Explanation
from exporter.explaining.inventory import tell_addresses
from exporter.explaining.render import render_text
from exporter.explaining.traffic import tell_traffic
from exporter.explaining.wording import count_of, escape_text, join_some, quote, show_selector
from exporter.model import LagKind, Reason, ServiceReport, ServiceView
from exporter.objects.pods import Pod
from exporter.objects.slices import READY
from exporter.objects.workloads import Workload

__all__ = ["Explanation", "explain", "render_text"]

_MOST_LAGS = 5


def explain(
    view: ServiceView,
    report: ServiceReport,
    *,
    now: float,
    near_misses: Sequence[NearMiss] = (),
) -> Explanation:
    """The Explanation of a Service out of its view and the report on it.

    `near_misses` are wanted for `SelectorMatchesNoPods` alone (see find_near_misses); `now` is in
    seconds since the epoch.
    """
    service = report.service
    policy = read_policy(service, report.min_ready)
    reason, detail = report.reason, report.detail
    if reason is Reason.SELECTOR_MATCHES_NO_PODS and detail is None and near_misses:
        detail = "NearMiss" if near_misses[0].key else "OtherNamespace"
    advice, healthy = _advise(report)
    known = report.known or reason is Reason.EXTERNAL_NAME
    slices = view.addresses or ()
    merged = merge_slices(slices)
    judged = []
    if view.pods is not None and service.selector:
        judged = judge_candidates(service, view.pods, _ready_addresses(merged))
    evidence = [
        *tell_addresses(view, report, slices),
        *_tell_selection(view, report, near_misses),
        *(tell_pods(service, view.pods, judged, now) if view.pods and service.selector else ()),
        *_tell_misfits(view, report, now, {pod.name for _, pod in judged[:MOST_PODS]}),
        *(tell_traffic(view, report, merged) if report.known else ()),
        *_tell_rest(view, report),
    ]
    example = _find_example(view, reason, judged)
    values = {"service": service.name, "namespace": service.namespace}
    message = advice.message.format(**values, selector=show_selector(service.selector))
    addition = DETAILS.get((reason, detail)) if reason and detail else None
    return Explanation(
        namespace=service.namespace,
        service=service.name,
        reason=reason,
        message=escape_text(f"{message} {addition}" if addition else message),
        detail=None if detail is None else escape_text(detail),
        fix=escape_text(advice.fix.format(**values)),
        ready=report.ready if known else None,
        not_ready=report.not_ready if known else None,
        evidence=tuple(escape_text(line) for line in evidence),
        commands=tuple(_fill_commands(advice, view, reason, example)),
        since=report.since,
        now=now,
        severity=escape_text(policy.severity),
        owner=escape_text(policy.owner),
        healthy=healthy,
    )


def _advise(report: ServiceReport) -> tuple[Advice, bool]:
    if report.reason is not None:
        return ADVICE[report.reason], False
    if not report.known:
        return Advice(
            "What endpoints the Service has can't be known.",
            "Let the exporter list and watch EndpointSlices, and look at objects it can't decode.",
            ("kubectl auth can-i list endpointslices.discovery.k8s.io --all-namespaces",),
        ), False
    best = max((counts.ready for counts in report.counts), default=0)
    if best < report.min_ready:
        return Advice(
            f"Only {best} of at least {report.min_ready} wanted endpoints "
            f"{'is' if best == 1 else 'are'} ready.",
            "Look at the Pods that are not ready, or scale the workload up.",
            ("kubectl get pods -n {namespace} -l {selector} -o wide",),
        ), False
    return Advice(
        f"The Service has {count_of(report.ready, 'ready address')}.", "Nothing to do."
    ), True


def _ready_addresses(merged: Merged) -> set[str]:
    return {
        entry.address
        for entries in merged.values()
        for entry in entries.values()
        if entry.flags & READY
    }


# ── evidence ─────────────────────────────────────────────────────────────────────────────────


def _tell_selection(
    view: ServiceView, report: ServiceReport, near_misses: Sequence[NearMiss]
) -> Iterator[str]:
    service = report.service
    if view.pods is None:
        if service.selector and report.reason is not Reason.EXTERNAL_NAME:
            down = report.reason is not None
            what = "the reason is what can be told without them" if down else "they may tell more"
            yield f"Pods can't be read: {what}"
        return
    if view.pods.selected or not service.selector:
        return
    yield f"the selector {show_selector(service.selector)} matches no Pod"
    if near_misses and report.reason is Reason.SELECTOR_MATCHES_NO_PODS:
        yield from (tell_near_miss(miss) for miss in near_misses)
    for workload in _find_workloads(view):
        wanted = count_of(workload.replicas, "Pod")
        yield f"{workload.kind} {workload.name} makes Pods with these labels and wants {wanted}"


def _find_workloads(view: ServiceView) -> list[Workload]:
    """The workloads whose Pods the Service would select, by kind and name.

    A ReplicaSet of a Deployment does not count: it only repeats what the Deployment says.
    """
    known = view.pods.workloads if view.pods is not None else None
    found = [
        one
        for one in (known.matching if known is not None else ())
        if not (one.kind == "ReplicaSet" and one.owner_kind == "Deployment")
    ]
    return sorted(found, key=lambda one: (one.kind, one.name))


def _tell_misfits(
    view: ServiceView, report: ServiceReport, now: float, told: Container[str]
) -> Iterator[str]:
    service = view.service
    if view.pods is None or not service.selector:
        return
    pods = view.pods.selected
    for name, protocol, count in find_missing_ports(service, pods):
        yield f"targetPort {name} ({protocol}) is no containerPort of {count_of(count, 'Pod')}"
    for container, probe in find_probe_mismatches(service, pods):
        yield (
            f"the readiness probe of container {container} ({probe}) asks a port that the "
            "Service does not send to"
        )
    lags = [lag for lag in report.lags if lag.kind is not LagKind.MISSING or lag.pod not in told]
    yield from (tell_lag(lag, now) for lag in lags[:_MOST_LAGS])
    if len(lags) > _MOST_LAGS:
        yield f"lag: {len(lags) - _MOST_LAGS} more disagreements"


def _tell_rest(view: ServiceView, report: ServiceReport) -> Iterator[str]:
    if report.foreign:
        yield f"{count_of(report.foreign, 'EndpointSlice')} managed by somebody else"
    if report.truncated:
        yield "the Endpoints object is cut at 1,000 addresses"
    names = name_dependents(view.dependents)
    if names:
        verb = "depends" if len(names) == 1 else "depend"
        yield f"{len(names)} {verb} on it: {join_some(names, 5)}"
    if report.ignored:
        yield "it is ignored: the annotation endpoints-exporter.io/ignore is true"
    yield from (f"annotation {bad}" for bad in report.bad_annotations)


# ── what to do next ──────────────────────────────────────────────────────────────────────────


def _find_example(
    view: ServiceView, reason: Reason | None, judged: Sequence[tuple[Reason, Pod]]
) -> Pod | None:
    """The Pod that commands speak of: the first that shows the reason."""
    for own, pod in judged:
        if own is reason or reason is None:
            return pod
    pods = view.pods.selected if view.pods else ()
    return min(pods, key=lambda pod: pod.name, default=None)


def _fill_commands(
    advice: Advice, view: ServiceView, reason: Reason | None, example: Pod | None
) -> Iterator[str]:
    service = view.service
    values = {"namespace": quote(service.namespace), "service": quote(service.name)}
    if service.selector:
        values["selector"] = quote(show_selector(service.selector))
    if example is not None:
        values["pod"] = quote(example.name)
        container = find_culprit(reason, example) if reason is not None else ""
        if container:
            values["container"] = quote(container)
        if example.node:
            values["node"] = quote(example.node)
    if view.pods is not None:
        for workload in _find_workloads(view)[:1]:
            values["workload"] = quote(f"{workload.kind.lower()}/{workload.name}")
    for command in advice.commands:
        try:
            yield command.format(**values)
        except KeyError:
            continue  # nothing to show it with

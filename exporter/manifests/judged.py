"""What judging says of Services, beside the lines of their manifests. It judges nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from exporter.analysis.hints import find_missing_ports, find_probe_mismatches
from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.explaining.explain import Explanation
from exporter.explaining.wording import count_of, join_some, show_selector
from exporter.judging.scaling import may_fall_short
from exporter.manifests.kinds import SYSTEM, makes_pods
from exporter.manifests.places import Json, Manifest
from exporter.manifests.remarks import Level, Remark, Rule, make_remark
from exporter.manifests.templates import Hidden, Template
from exporter.model import (
    ANNOTATION_PREFIX,
    Finding,
    FindingCode,
    Reason,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Standing,
    Weight,
)
from exporter.objects.pods import Pod
from exporter.objects.services import Service

#: Told where the reference stands, not at the Service.
_ELSEWHERE = frozenset({FindingCode.BROKEN_REFERENCE})
_MIN_READY = ("metadata", "annotations", f"{ANNOTATION_PREFIX}min-ready")
_PORTS = ("spec", "ports")
_WHERE: Mapping[FindingCode, tuple[str, ...]] = {
    FindingCode.BELOW_MIN_READY: _MIN_READY,
    FindingCode.PORT_WITHOUT_ENDPOINTS: _PORTS,
    FindingCode.TARGET_PORT_UNDECLARED: _PORTS,
    FindingCode.BAD_ANNOTATION: ("metadata", "annotations"),
}


class Known(msgspec.Struct, frozen=True):
    """What remarks on Services are made from.

    `services` and `templates` are by (namespace, name) of the Service and of the Pod; `blind`: not
    all was read, so that nothing missing proves anything. `view` and `explain` answer for a
    Service.
    """

    manifests: tuple[Manifest, ...]
    all_templates: tuple[Template, ...]
    hidden: tuple[Hidden, ...]
    templates: Mapping[tuple[str, str], Template]
    pods: tuple[Pod, ...]
    view: Callable[[ServiceKey], ServiceView | None]
    explain: Callable[[ServiceKey], Explanation | None]
    blind: bool = False
    complete: bool = False


def judge_report(report: ServiceReport, about: Manifest, known: Known) -> Iterator[Remark]:
    """Everything there is to say of one Service."""
    view, explanation = known.view(report.key), known.explain(report.key)
    if view is None or explanation is None or report.ignored:
        return
    standing = report.judgement.standing
    selected = view.pods.selected if view.pods is not None else ()
    if standing is Standing.UNKNOWN:
        yield make_remark(Level.UNKNOWN, Rule.UNREADABLE, about, explanation.message)
        return
    behind = _find_behind(selected, known)
    if standing is Standing.DOWN and report.reason is not None:
        yield from _tell_down(report, report.reason, about, explanation, known)
    told = {one.code: one for one in explanation.findings}
    for finding in report.judgement.findings:
        if finding.code in _ELSEWHERE or not _is_certain(finding, behind):
            continue
        own = _TEXTS.get(finding.code)
        message, fix = told[finding.code].message, told[finding.code].fix
        if own is not None:
            message, fix = own(finding)
        level = Level.WARNING if finding.weight is Weight.WARNING else Level.NOTE
        yield make_remark(level, finding.code, about, message, fix, at=_place(finding, about))
    yield from _tell_scale(report, about, behind)
    yield from _tell_ports(report, about, selected)


def _find_behind(selected: tuple[Pod, ...], known: Known) -> tuple[Template, ...]:
    """The templates of the selected Pods, each once."""
    found = {}
    for pod in selected:
        template = known.templates.get((pod.namespace, pod.name))
        if template is not None:
            found[id(template)] = template
    return tuple(found.values())


def _is_certain(finding: Finding, behind: tuple[Template, ...]) -> bool:
    """Whether what depends on the number of Pods holds whatever that will be."""
    if finding.code is FindingCode.BELOW_MIN_READY:
        return all(one.counted for one in behind)
    if finding.code is FindingCode.SINGLE_POINT:
        return all(one.counted and one.scale.exact for one in behind)
    return True


def _place(finding: Finding, about: Manifest) -> tuple[str | int, ...]:
    where = _WHERE.get(finding.code, ())
    if where != _PORTS or not finding.about:
        return where
    first = finding.about[0][0]
    return _find_port(about, lambda port: first in (port.get("name"), str(port.get("port"))))


# ── a Service that nothing would answer for ──────────────────────────────────────────────────


def _tell_down(
    report: ServiceReport,
    reason: Reason,
    about: Manifest,
    explanation: Explanation,
    known: Known,
) -> Iterator[Remark]:
    if reason is Reason.SELECTOR_MATCHES_NO_PODS:
        yield from _tell_unmatched(report, about, known)
        return
    at: tuple[str | int, ...] = ()
    message = explanation.message
    if reason is Reason.NAMED_PORT_MISSING:
        at = _PORTS
        view = known.view(report.key)
        selected = view.pods.selected if view is not None and view.pods is not None else ()
        missing = find_missing_ports(report.service, selected)
        names = join_some([f"{name} ({protocol})" for name, protocol, _ in missing])
        message = f"No port of it leads to a Pod: no container declares a port named {names}."
        at = _find_target(about, missing[0][0]) if missing else _PORTS
    yield make_remark(Level.ERROR, reason, about, message, explanation.fix, at=at)


def _find_target(about: Manifest, name: str) -> tuple[str | int, ...]:
    return _find_port(about, lambda port: port.get("targetPort") == name)


def _find_port(about: Manifest, is_meant: Callable[[Json], bool]) -> tuple[str | int, ...]:
    """Where the first port that is meant says its target; all ports where there is none."""
    ports = about.get(*_PORTS)
    for number, port in enumerate(ports if isinstance(ports, list) else ()):
        if isinstance(port, dict) and is_meant(port):
            return (*_PORTS, number, "targetPort")
    return _PORTS


def _tell_unmatched(report: ServiceReport, about: Manifest, known: Known) -> Iterator[Remark]:
    service = report.service
    wanted = service.selector.items()
    here = [one for one in known.all_templates if one.owner.namespace == service.namespace]
    if any(not one.count and wanted <= one.labels.items() for one in here):
        return  # something fills it that is at zero for now: suspended, or scaled by events
    misses = find_near_misses(service, known.pods)
    near = list(_tell_near_misses(misses, known))
    # Another value, or another key, looks like a slip; a label that is not there at all, less so.
    slip = any(miss.found is not None or miss.found_key for miss in misses)
    makers = _find_makers(service, known, slip=slip)
    message = f"Its selector {show_selector(service.selector)} matches the Pods of no workload."
    fix = "Make the selector fit the labels of a Pod template."
    level = Level.ERROR
    if not near:
        fix += " Where its Pods come with other manifests, give these together."
    if makers:
        level = Level.UNKNOWN
        message += f" {makers[0].subject} may make them, or another of its like: nobody can know."
    elif service.namespace in SYSTEM and not slip and not known.complete:
        level = Level.UNKNOWN
        message += f" Much of {service.namespace} is in no manifest: that can't be known."
    if known.blind:
        level = Level.UNKNOWN
        message += " Not all that was given could be read: they may be in there."
    yield make_remark(
        level,
        Reason.SELECTOR_MATCHES_NO_PODS,
        about,
        " ".join((message, *near)),
        fix,
        at=("spec", "selector"),
    )


def _find_makers(service: Service, known: Known, *, slip: bool) -> list[Manifest]:
    """What may make Pods for a Service. Beside what looks like a slip no custom resource counts."""
    found = [
        one.owner for one in known.hidden if one.may_match(service.namespace, service.selector)
    ]
    if not slip:
        found += [
            one
            for one in known.manifests
            if one.namespace == service.namespace and makes_pods(one.group, one.kind)
        ]
    return found


def _tell_near_misses(misses: Iterable[NearMiss], known: Known) -> Iterator[str]:
    for miss in misses:
        template = known.templates.get((miss.namespace, miss.example))
        if template is None:
            continue
        who = f"{template.owner.subject} ({template.owner.file} line {template.owner.line})"
        if not miss.key:
            yield f"Near miss: {who} would match, but a Service selects in its own namespace alone."
        elif miss.found is not None:
            yield f"Near miss: {who} has {miss.key}={miss.found}."
        elif miss.found_key:
            yield f"Near miss: {who} has {miss.found_key}={miss.wanted}."
        else:
            yield f"Near miss: {who} has no label {miss.key}."


# ── findings in the words of manifests ───────────────────────────────────────────────────────


def _tell_min_ready(finding: Finding) -> tuple[str, str]:
    pods = count_of(finding.count, "Pod")
    message = f"min-ready is {finding.total}, and there will be {pods} at most."
    return message, "Run more replicas, or ask for fewer."


def _tell_dead_port(finding: Finding) -> tuple[str, str]:
    named = [f"{port} (targetPort {target})" for port, target in finding.about]
    leads = "leads" if len(named) == 1 else "lead"
    message = f"Port {join_some(named)} {leads} nowhere: no container declares a port of that name."
    fix = (
        "Give a containerPort the name that targetPort asks for (with the same protocol), or put "
        "the number into targetPort."
    )
    return message, fix


def _tell_single(_finding: Finding) -> tuple[str, str]:
    message = "It has one Pod: whenever that goes, nothing answers."
    return message, "Run two replicas or more, if it matters."


_TEXTS: Mapping[FindingCode, Callable[[Finding], tuple[str, str]]] = {
    FindingCode.BELOW_MIN_READY: _tell_min_ready,
    FindingCode.PORT_WITHOUT_ENDPOINTS: _tell_dead_port,
    FindingCode.SINGLE_POINT: _tell_single,
}


# ── what a running cluster would not show ────────────────────────────────────────────────────


def _tell_scale(
    report: ServiceReport, about: Manifest, behind: tuple[Template, ...]
) -> Iterator[Remark]:
    if not behind or not all(one.counted for one in behind):
        return
    low = sum(one.scale.low for one in behind)
    high = sum(one.count for one in behind)
    if may_fall_short(report, low, high):
        yield make_remark(
            Level.NOTE,
            Rule.MIN_READY_ABOVE_LEAST,
            about,
            f"min-ready is {report.min_ready}, and the autoscaler may leave "
            f"{count_of(low, 'Pod')}.",
            "Raise the least number of replicas, or ask for fewer.",
            at=_MIN_READY,
        )


def _tell_ports(
    report: ServiceReport, about: Manifest, selected: tuple[Pod, ...]
) -> Iterator[Remark]:
    if not selected or report.reason is not None:
        return
    for name, protocol, count in find_missing_ports(report.service, selected):
        if count < len(selected):
            yield make_remark(
                Level.NOTE,
                Rule.PORT_MISSING_IN_SOME,
                about,
                f"{count} of {count_of(len(selected), 'Pod')} that it selects declare no port "
                f"{name} ({protocol}): its selector may match a workload that is not meant.",
                "Select by one more label, or give all of them the port.",
                at=_find_target(about, name),
            )
    mismatches = find_probe_mismatches(report.service, selected)
    if mismatches:
        named = join_some([f"{container} ({probe})" for container, probe in mismatches])
        yield make_remark(
            Level.NOTE,
            FindingCode.PROBE_ELSEWHERE,
            about,
            f"Readiness is asked on a port that the Service does not send to: {named}.",
            "Ask the port that serves, unless the other one tells as much.",
            at=_PORTS,
        )

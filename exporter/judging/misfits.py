"""What does not fit together: readiness that is masked, ports, probes, addresses, annotations."""

from __future__ import annotations

from exporter.analysis.hints import find_probe_mismatches, find_undeclared_targets
from exporter.analysis.merge import ready_entries
from exporter.judging.case import Case, some
from exporter.model import MOST_ABOUT, Finding, FindingCode, Weight
from exporter.objects.slices import SERVING


def find_masked(case: Case) -> Finding | None:
    """PublishNotReadyAddresses makes addresses count as ready that do not serve."""
    if not case.service.publish_not_ready or not case.facts.exact:
        return None
    flags = [entry.flags for entry in ready_entries(case.facts.merged)]
    masked = sum(not state & SERVING for state in flags)
    if not masked:
        return None
    return Finding(FindingCode.MASKED_READINESS, Weight.NOTE, count=masked, total=len(flags))


def find_shared_addresses(case: Case) -> Finding | None:
    """One address is listed for two Pods; those on the host's network share theirs by design."""
    if case.facts.simple:
        return None
    first: dict[tuple[str, str], str] = {}
    shared: dict[tuple[str, str], set[str]] = {}
    for piece in case.facts.slices or ():
        for entry in piece.endpoints:
            if not entry.pod:
                continue  # were it remembered as the first, two Pods after it would go untold
            key = (piece.address_type, entry.address)
            held = first.setdefault(key, entry.pod)
            if held != entry.pod:
                shared.setdefault(key, {held}).add(entry.pod)
    if not shared:
        return None
    pods = case.facts.pods
    selected = pods.view.selected if pods is not None else ()
    hosted = {pod.name for pod in selected if pod.facts.host_network}
    about = [
        (address, ", ".join(sorted(names)))
        for (_, address), names in shared.items()
        if len(names - hosted) > 1
    ]
    if not about:
        return None
    return Finding(FindingCode.SHARED_ADDRESS, Weight.NOTE, some(about), count=len(about))


def find_undeclared_ports(case: Case) -> Finding | None:
    """A numeric targetPort is declared by no container, though they declare others."""
    pods = case.facts.pods
    if pods is None or not pods.candidates:
        return None
    about = find_undeclared_targets(case.service, pods.view.selected)
    if not about:
        return None
    return Finding(FindingCode.TARGET_PORT_UNDECLARED, Weight.NOTE, some(about), count=len(about))


def find_other_probes(case: Case) -> Finding | None:
    """A container that is not ready is probed on a port that the Service does not send to."""
    pods = case.facts.pods
    if pods is None or not pods.unready:
        return None
    about = find_probe_mismatches(case.service, [one.pod for one in pods.unready])
    if not about:
        return None
    return Finding(FindingCode.PROBE_ELSEWHERE, Weight.NOTE, some(about), count=len(about))


def find_bad_annotations(case: Case) -> Finding | None:
    """An annotation of ours has a value that it does not take."""
    bad = case.facts.policy.bad
    if not bad:
        return None
    about = tuple((line, "") for line in bad[:MOST_ABOUT])
    return Finding(FindingCode.BAD_ANNOTATION, Weight.NOTE, about, count=len(bad))

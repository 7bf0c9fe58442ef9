"""What is missing of a Service that works: endpoints, a port, a family."""

from __future__ import annotations

from exporter.analysis.families import reported_families
from exporter.analysis.pods import Unready
from exporter.judging.case import Case, some
from exporter.model import REASON_RANK, About, Finding, FindingCode, Reason, Weight
from exporter.objects.slices import READY, TERMINATING


def find_below_min_ready(case: Case) -> Finding | None:
    """Fewer are ready, in the best family, than the owner wants at least."""
    least = case.facts.policy.min_ready
    if case.best >= least:
        return None
    return Finding(FindingCode.BELOW_MIN_READY, Weight.WARNING, count=case.best, total=least)


def find_dead_ports(case: Case) -> Finding | None:
    """A port of a Service with a cluster IP has no ready endpoint, another has some."""
    ports = case.facts.reach.ports
    if len(ports) < 2 or case.service.headless:
        return None
    dead = [port for port in ports if not port.ready]
    if not dead or len(dead) == len(ports):
        return None
    targets = {(one.name, one.protocol, one.port): one.target for one in case.service.ports}
    about = [
        (port.name or str(port.port), str(targets[port.name, port.protocol, port.port]))
        for port in dead
    ]
    return Finding(
        FindingCode.PORT_WITHOUT_ENDPOINTS,
        Weight.WARNING,
        some(about),
        count=len(dead),
        total=len(ports),
    )


def find_dead_families(case: Case) -> Finding | None:
    """An IP family of a Service with a selector has no ready address, another has some."""
    counted = case.facts.counts
    if len(counted) < 2 or not case.service.selector:
        return None
    families = reported_families(case.service)
    if not any(counts.ready for counts in counted if counts.address_type in families):
        return None
    dead = [
        (counts.address_type, "")
        for counts in counted
        if not counts.ready and counts.address_type in families
    ]
    if not dead:
        return None
    return Finding(
        FindingCode.FAMILY_WITHOUT_ENDPOINTS,
        Weight.WARNING,
        tuple(dead),
        count=len(dead),
        total=len(families),
    )


def find_many_unready(case: Case) -> Finding | None:
    """More candidates are not ready than are; a note where the owner's own min-ready is met."""
    count, total = _count_unready(case)
    if count <= total - count:
        return None
    policy = case.facts.policy
    met = policy.explicit and case.best >= policy.min_ready
    weight = Weight.NOTE if met else Weight.WARNING
    return _tell_unready(case, FindingCode.HALF_UNREADY, weight, count, total)


def find_some_unready(case: Case) -> Finding | None:
    """Some candidates are not ready, but no more than are."""
    count, total = _count_unready(case)
    if not count or count > total - count:
        return None
    return _tell_unready(case, FindingCode.SOME_UNREADY, Weight.NOTE, count, total)


def _count_unready(case: Case) -> tuple[int, int]:
    """Candidates that are not ready, and all; out of the slices where Pods can't be read."""
    if case.unready is None:
        case.unready = _find_unready(case)
    return case.unready


def _find_unready(case: Case) -> tuple[int, int]:
    if case.service.publish_not_ready:
        return 0, 0  # the owner wants them to count as ready, whatever they are
    pods = case.facts.pods
    if pods is not None:
        return (len(_unready(case)) if pods.unready else 0), pods.candidates
    if not any(counts.not_ready for counts in case.facts.counts):
        return 0, case.best
    best = (0, 0)
    for entries in case.facts.merged.values():
        flags = [entry.flags for entry in entries.values()]
        total = ready = 0
        for state in set(flags):
            if not state & TERMINATING:
                alike = flags.count(state)
                total += alike
                ready += alike if state & READY else 0
        # The family that has most: in it the Service is best off.
        if ready > best[1] - best[0] or not best[1]:
            best = (total - ready, total)
    return best


def _unready(case: Case) -> list[Unready]:
    """Those that are not ready by themselves: one that slices are late with is another matter."""
    pods = case.facts.pods
    found = pods.unready if pods is not None else ()
    return [one for one in found if one.reason is not Reason.ENDPOINTS_LAGGING]


def _tell_unready(case: Case, code: FindingCode, weight: Weight, count: int, total: int) -> Finding:
    unready = _unready(case)
    about: list[About] = [(one.pod.name, one.reason.value) for one in unready]
    first = min((one.reason for one in unready), key=REASON_RANK.__getitem__, default=None)
    return Finding(
        code, weight, some(about), count, total, detail=first.value if first is not None else ""
    )

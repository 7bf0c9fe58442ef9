"""What is remarkable about a Service: each finding of the table, in its order."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.analysis.families import reported_families
from exporter.judging.youth import find_end_of_youth
from exporter.model import MOST_ABOUT, Finding, FindingCode, ServiceReport, Weight


def find_anything(report: ServiceReport, now: float, grace: float) -> Iterator[Finding]:
    """The findings on a Service that hold at this time, in the order of their codes."""
    if report.known and report.reason is None:
        yield from _find_gaps(report)
    service = report.service
    waits = service.type == "LoadBalancer" and not service.ingress
    if waits and find_end_of_youth(service.created, now, grace) is None:
        yield Finding(FindingCode.LOAD_BALANCER_PENDING, Weight.WARNING)
    if report.truncated:
        yield Finding(FindingCode.TRUNCATED, Weight.WARNING)
    if report.bad_annotations:
        yield Finding(
            FindingCode.BAD_ANNOTATION,
            Weight.NOTE,
            tuple((bad, "") for bad in report.bad_annotations[:MOST_ABOUT]),
            count=len(report.bad_annotations),
        )


def _find_gaps(report: ServiceReport) -> Iterator[Finding]:
    """What is missing while at least something is ready."""
    service = report.service
    # Of a dual-stack Service each Pod has two addresses: the sum would hide that half are gone.
    best = max((counts.ready for counts in report.counts), default=0)
    if best < report.min_ready:
        yield Finding(
            FindingCode.BELOW_MIN_READY, Weight.WARNING, count=best, total=report.min_ready
        )
    if not service.headless:
        dead = [(port.name or str(port.port), "") for port in report.ports if not port.ready]
        if dead:
            yield Finding(
                FindingCode.PORT_WITHOUT_ENDPOINTS,
                Weight.WARNING,
                tuple(dead[:MOST_ABOUT]),
                count=len(dead),
                total=len(report.ports),
            )
    if service.selector:
        families = reported_families(service)
        bare = [
            (counts.address_type, "")
            for counts in report.counts
            if not counts.ready and counts.address_type in families
        ]
        if bare:
            yield Finding(
                FindingCode.FAMILY_WITHOUT_ENDPOINTS,
                Weight.WARNING,
                tuple(bare),
                count=len(bare),
                total=len(families),
            )

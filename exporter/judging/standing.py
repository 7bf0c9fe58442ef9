"""How a Service stands, out of its report and the findings on it."""

from __future__ import annotations

from exporter.judging.findings import find_anything
from exporter.judging.youth import find_end_of_youth
from exporter.model import INTENDED, Judgement, ServiceReport, Standing, Weight

_READY = Judgement(Standing.READY)


def judge(report: ServiceReport, now: float, grace: float) -> tuple[Judgement, float | None]:
    """The judgement on a Service at this time, and when time alone will make it another.

    `grace`: for how many seconds after it was made a Service may be down or degraded.
    """
    findings = tuple(find_anything(report, now, grace))
    ends = find_end_of_youth(report.service.created, now, grace)
    standing = _stand(report, Judgement(Standing.READY, findings))
    if ends is not None and standing in (Standing.DOWN, Standing.DEGRADED):
        standing = Standing.NEW
    if standing is Standing.READY and not findings:
        return _READY, ends
    return Judgement(standing, findings), ends


def _stand(report: ServiceReport, found: Judgement) -> Standing:
    if report.ignored:
        return Standing.INTENDED
    if not report.known and report.reason is None:
        return Standing.UNKNOWN
    if report.reason is not None and report.reason not in INTENDED:
        return Standing.DOWN
    if any(finding.weight is Weight.WARNING for finding in found.findings):
        return Standing.DEGRADED
    return Standing.READY if report.reason is None else Standing.INTENDED

"""How a Service stands, out of the facts and the findings on it."""

from __future__ import annotations

from exporter.judging.case import Case
from exporter.judging.findings import find_all
from exporter.model import INTENDED, Finding, FindingCode, Judgement, Standing, Weight

_READY = Judgement(Standing.READY)


def judge(case: Case) -> Judgement:
    """The judgement on a Service, now; `case.due` says when time alone will make it another."""
    findings = find_all(case)
    if case.works and not findings and not case.facts.policy.ignored:
        return _READY
    standing = _stand(case, findings)
    if case.young is not None and standing in (Standing.DOWN, Standing.DEGRADED):
        standing = Standing.NEW
    return Judgement(standing, tuple(findings))


def _stand(case: Case, findings: list[Finding]) -> Standing:
    if case.facts.policy.ignored:
        return Standing.INTENDED
    if case.facts.slices is None and case.reason is None:
        return Standing.UNKNOWN
    if case.reason is not None and case.reason not in INTENDED:
        return Standing.DOWN
    if findings and findings[0].code is FindingCode.ENDPOINTS_WITHDRAWN:
        return Standing.DOWN
    if any(finding.weight is Weight.WARNING for finding in findings):
        return Standing.DEGRADED
    return Standing.READY if case.reason is None else Standing.INTENDED

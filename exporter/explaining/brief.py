"""What a list has room for beside a Service: a few words, and short notes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.model import Finding, FindingCode, ServiceReport, Standing


class Brief(msgspec.Struct, frozen=True):
    """How a Service stands, in words.

    `words` say what the reason does not: "" or as in "below min-ready 3". `notes` are one for each
    finding; what follows a colon in one is the finer detail.
    """

    standing: Standing
    words: str = ""
    notes: tuple[str, ...] = ()
    fine: bool = False


def brief(report: ServiceReport) -> Brief:
    """The Brief of a report's judgement."""
    judgement = report.judgement
    words = ""
    notes: list[str] = []
    if report.ignored:
        words = "ignored"
    elif judgement.standing is Standing.UNKNOWN:
        words = "its endpoints can't be read"
    for finding in judgement.findings:
        if finding.code is FindingCode.BELOW_MIN_READY:
            words = f"below min-ready {finding.total}"
        else:
            notes += _tell(finding)
    return Brief(judgement.standing, words, tuple(notes), judgement.fine)


def _tell(finding: Finding) -> Iterator[str]:
    match finding.code:
        case FindingCode.PORT_WITHOUT_ENDPOINTS:
            yield from (f"port {name} has no ready endpoint" for name, _ in finding.about)
        case FindingCode.FAMILY_WITHOUT_ENDPOINTS:
            yield from (f"no ready {name} endpoint" for name, _ in finding.about)
        case FindingCode.LOAD_BALANCER_PENDING:
            yield "load balancer pending"
        case FindingCode.TRUNCATED:
            yield "Endpoints truncated at 1,000 addresses"
        case FindingCode.BAD_ANNOTATION:
            yield from (f"bad annotation: {bad}" for bad, _ in finding.about)
        case _:
            yield str(finding.code)

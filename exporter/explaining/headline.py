"""What stands on top of all that can be said of a Service: one sentence, from its report."""

from __future__ import annotations

from exporter.explaining.advice import ADVICE, DETAILS, UNREADABLE, Advice
from exporter.explaining.findings import find_telling
from exporter.explaining.phrases import fill_in
from exporter.explaining.wording import count_of, escape_text, show_selector
from exporter.model import INTENDED, Finding, ServiceReport, Standing, Weight


def find_headline(report: ServiceReport) -> Finding | None:
    """The finding that stands on top: without a reason, or with one that alone would be meant."""
    findings = report.judgement.findings
    if report.reason is None:
        return next(iter(findings), None)
    if report.reason in INTENDED and not report.judgement.fine:
        return next((found for found in findings if found.weight is Weight.WARNING), None)
    return None


def advise(report: ServiceReport) -> Advice:
    """What is said where no finding stands on top; texts have their placeholders still."""
    if report.reason is not None:
        return ADVICE[report.reason]
    if not report.known or report.judgement.standing is Standing.UNKNOWN:
        return UNREADABLE
    return Advice(f"The Service has {count_of(report.ready, 'ready address')}.", "")


def write_headline(report: ServiceReport) -> str:
    """The sentence, escaped."""
    finding = find_headline(report)
    if finding is not None:
        telling = find_telling(finding.code, finding.detail, str(finding.weight))
        return escape_text(fill_in(telling.message, finding, report.pods is not None))
    service = report.service
    message = advise(report).message.format(
        namespace=service.namespace,
        service=service.name,
        selector=show_selector(service.selector),
    )
    reason, detail = report.reason, report.detail
    addition = DETAILS.get((reason, detail)) if reason and detail else None
    return escape_text(f"{message} {addition}" if addition else message)

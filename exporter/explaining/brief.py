"""What a list has room for beside a Service: a few words on each finding."""

from __future__ import annotations

import msgspec

from exporter.explaining.findings import find_telling
from exporter.explaining.phrases import fill_in
from exporter.explaining.wording import escape_text
from exporter.model import FindingCode, ServiceReport, Standing, Weight


class Note(msgspec.Struct, frozen=True):
    """A finding in a few words. What follows a colon in them is the finer detail."""

    code: FindingCode
    weight: Weight
    text: str


def note_findings(report: ServiceReport) -> tuple[Note, ...]:
    """A note on each finding, in their order; () for nearly all Services."""
    findings = report.judgement.findings
    if not findings:
        return ()
    pods = report.pods is not None
    return tuple(
        Note(
            found.code,
            found.weight,
            fill_in(find_telling(found.code, found.detail, str(found.weight)).note, found, pods),
        )
        for found in findings
    )


def note_standing(report: ServiceReport) -> str:
    """Why it stands so, where neither a reason nor a finding says it; else ""."""
    if report.ignored:
        return "ignored"
    return "its endpoints can't be read" if report.judgement.standing is Standing.UNKNOWN else ""


def write_notes(report: ServiceReport) -> tuple[str, ...]:
    """All of it as texts."""
    texts = (note_standing(report), *(note.text for note in note_findings(report)))
    return tuple(filter(None, texts))


def tell_state(report: ServiceReport) -> str:
    """How a Service stands, in the words of a line: `down, CrashLoopBackOff, 0/3 ready`."""
    parts = [str(report.judgement.standing)]
    if report.reason is not None:
        parts.append(report.reason.value)
    if report.known:
        parts.append(f"{report.ready}/{report.ready + report.not_ready} ready")
    return escape_text(", ".join((*parts, *write_notes(report))))

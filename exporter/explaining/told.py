"""Each finding told: its sentence, what shows it, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from exporter.explaining.advice import ADVICE
from exporter.explaining.commands import Blanks
from exporter.explaining.evidence import find_reason
from exporter.explaining.findings import find_telling
from exporter.explaining.phrases import fill_in
from exporter.explaining.proof import prove
from exporter.explaining.scene import Scene
from exporter.explaining.wording import escape_text
from exporter.model import Finding, FindingCode, Reason, Weight

#: Lines that show one finding, and how many of a long list are named.
MOST_LINES = 5

_UNREADY = (FindingCode.HALF_UNREADY, FindingCode.SOME_UNREADY)


class Told(msgspec.Struct, frozen=True):
    """A finding in words; all text is escaped. `alert` watches it, None: none does.

    `runbook` is the section of docs/reasons.md about it.
    """

    code: FindingCode
    weight: Weight
    message: str
    evidence: tuple[str, ...]
    fix: str
    commands: tuple[str, ...]
    alert: str | None
    runbook: str


def tell(scene: Scene, finding: Finding, blanks: Blanks) -> Told:
    """The finding in words. `blanks` fills the commands in."""
    code = finding.code
    telling = find_telling(code, finding.detail, str(finding.weight))
    fix, templates = telling.fix, telling.commands
    reason = find_reason(finding.detail)
    if code in _UNREADY and reason is not None:
        # What is to be done about some Pods is what is to be done about all of them.
        advice = ADVICE[reason]
        fix, templates = advice.fix, advice.commands
    values = {"service": scene.service.name, "namespace": scene.service.namespace}
    return Told(
        code=code,
        weight=finding.weight,
        message=escape_text(fill_in(telling.message, finding, scene.pods_known)),
        evidence=tuple(map(escape_text, prove(scene, finding, MOST_LINES))),
        fix=escape_text(fix.format(**values)),
        commands=tuple(blanks.about(finding).fill(templates)),
        alert=telling.alert or None,
        runbook=anchor_of(code),
    )


def anchor_of(code: FindingCode | Reason) -> str:
    """The section of docs/reasons.md, as GitHub and others name it."""
    return f"reasons.md#{code.lower()}"


def tell_all(scene: Scene, blanks: Blanks) -> Iterator[Told]:
    """All findings on the Service, in their order."""
    return (tell(scene, finding, blanks) for finding in scene.report.judgement.findings)

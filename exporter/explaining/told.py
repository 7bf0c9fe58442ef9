"""Each finding told: its sentence, what shows it, and what to do, filled in with what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from exporter.explaining.advice import ADVICE
from exporter.explaining.commands import Blanks
from exporter.explaining.findings import Telling, find_telling
from exporter.explaining.proof import prove
from exporter.explaining.scene import Scene
from exporter.explaining.wording import count_of, escape_text, join_some, plural_of
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


class _Number(int):
    """A number in a text: `{count}` is 3, `{count:Pod}` is `3 Pods`."""

    def __format__(self, noun: str) -> str:
        return count_of(self, noun) if noun else str(int(self))


class _Noun(int):
    """The noun alone: `{named:port}` is `port` for one and `ports` for several."""

    def __format__(self, noun: str) -> str:
        return noun if self == 1 else plural_of(noun)


class _Verb(int):
    """`{verb:is:are}` agrees with the number."""

    def __format__(self, forms: str) -> str:
        one, _, many = forms.partition(":")
        return one if self == 1 else many


def tell(scene: Scene, finding: Finding, blanks: Blanks) -> Told:
    """The finding in words. `blanks` fills the commands in."""
    code = finding.code
    telling = find_telling(code, finding.detail, str(finding.weight))
    fix, templates = telling.fix, telling.commands
    if code in _UNREADY and finding.detail in Reason:
        # What is to be done about some Pods is what is to be done about all of them.
        advice = ADVICE[Reason(finding.detail)]
        fix, templates = advice.fix, advice.commands
    values = {"service": scene.service.name, "namespace": scene.service.namespace}
    return Told(
        code=code,
        weight=finding.weight,
        message=escape_text(_fill(telling, finding, scene)),
        evidence=tuple(map(escape_text, prove(scene, finding, MOST_LINES))),
        fix=escape_text(fix.format(**values)),
        commands=tuple(blanks.about(finding).fill(templates)),
        alert=telling.alert or None,
        runbook=anchor_of(code),
    )


def anchor_of(code: FindingCode | Reason) -> str:
    """The section of docs/reasons.md, as GitHub and others name it."""
    return f"reasons.md#{code.lower()}"


def _fill(telling: Telling, finding: Finding, scene: Scene) -> str:
    named = finding.count or len(finding.about)
    noun = "Pod" if scene.pods_known else "endpoint"
    policies = finding.detail.split(",")
    values: Mapping[str, object] = {
        "count": _Number(named),
        "total": _Number(finding.total),
        "named": _Noun(named),
        "verb": _Verb(named),
        "names": join_some([who for who, _ in finding.about], of=named),
        "detail": finding.detail,
        "policies": f"{' and '.join(policies)} {'is' if len(policies) == 1 else 'are'}",
    }
    return telling.message.replace(":what}", f":{noun}}}").format(**values)


def tell_all(scene: Scene, blanks: Blanks) -> Iterator[Told]:
    """All findings on the Service, in their order."""
    return (tell(scene, finding, blanks) for finding in scene.report.judgement.findings)

"""Sentences about findings with their numbers and names filled in, in the right number."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.explaining.wording import count_of, join_some, plural_of
from exporter.model import Finding, FindingCode

#: They count something else than what they are about by name.
_COUNTING_OTHERS = frozenset({FindingCode.SINGLE_POINT, FindingCode.REPLICAS_MISSING})


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


def fill_in(template: str, finding: Finding, pods_known: bool) -> str:  # noqa: FBT001 - as it reads
    """The template with what the finding holds; `{total:what}` counts Pods, or else endpoints."""
    many = finding.count or len(finding.about)
    # None of three is 0 of 3; of what has no whole the names are the number.
    number = finding.count if finding.total else many
    of = 0 if finding.code in _COUNTING_OTHERS else many
    policies = finding.detail.split(",")
    values: Mapping[str, object] = {
        "count": _Number(number),
        "total": _Number(finding.total),
        "named": _Noun(many),
        "verb": _Verb(number),
        "names": join_some([who for who, _ in finding.about], of=of),
        "detail": finding.detail,
        "policies": f"{' and '.join(policies)} {'is' if len(policies) == 1 else 'are'}",
    }
    noun = "Pod" if pods_known else "endpoint"
    return template.replace(":what}", f":{noun}}}").format(**values)

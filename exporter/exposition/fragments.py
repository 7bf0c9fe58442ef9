"""From a report to bytes: the sample lines of one Service (or namespace), family by family."""

from __future__ import annotations

import math
from operator import attrgetter
from typing import Any

from exporter.catalogue import Family, Scope
from exporter.exposition.formats import escape_value
from exporter.model import NamespaceReport, ServiceReport

#: Lines per family, in the order of the families; None where they are what they were.
Fragment = tuple[bytes | None, ...]


def format_number(value: float) -> str:
    """A sample's value: whole numbers without a point, others as short as they are exact."""
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


#: How many ends of lines a family remembers: Services have few that differ.
_REMEMBERED = 512


class _Form:
    """The lines of a family, but for whom they are about and the number.

    Labels are escaped and joined once for all Services that have the same; a family that has ever
    new ones (addresses) soon remembers no more.
    """

    __slots__ = ("_ends", "_labels", "family", "opening", "subject")

    def __init__(self, family: Family) -> None:
        self.family = family
        self.opening = family.name + '{namespace="'
        self.subject = family.scope.labels[1] + '="' if family.scope is not Scope.NAMESPACE else ""
        self._labels = tuple(f'",{label}="' for label in family.labels)
        self._ends: dict[tuple[Any, ...], str] = {}

    def end(self, values: tuple[Any, ...]) -> str:
        """What stands between the subject of a line and its number."""
        end = self._ends.get(values)
        if end is None:
            joined = _free(values) if self.family.free else _join(self._labels, values)
            end = joined + '"} '
            if len(self._ends) < _REMEMBERED:
                self._ends[values] = end
        return end


class Renderer:
    """Renders reports for a fixed choice of families of one scope of reports.

    Empty label values are left out: to Prometheus they are the same as none, and cost bytes.
    """

    def __init__(self, families: tuple[Family, ...]) -> None:
        self._forms = [_Form(family) for family in families]
        self._subjects = {form.subject for form in self._forms}
        reads = sorted({field for family in families for field in family.reads})
        # Of two it gives a tuple in any case; a report always has a key, and it is what it was.
        self._parts = attrgetter(*reads, "key", "key")
        bits = {field: 1 << number for number, field in enumerate(reads)}
        # What no field is declared of is always looked at.
        self._masks = [sum(bits[field] for field in one.reads) or -1 for one in families]
        self._all = list(enumerate(self._forms))
        self._concerned: dict[int, list[tuple[int, _Form]]] = {}

    def render_service(
        self, report: ServiceReport, before: ServiceReport | None = None
    ) -> Fragment:
        """The lines of one Service.

        `before` is the report whose lines are kept now: a change of one slice leaves most families
        as they are, which is told by what they read of a report, or by their samples at the latest.
        """
        concerned = self._all if before is None else self._find_concerned(report, before)
        found: list[bytes | None] = [None] * len(self._forms)
        namespace, name = escape_value(report.key.namespace), escape_value(report.key.name)
        about = {one: f'{namespace}",{one}{name}' for one in self._subjects}
        for number, form in concerned:
            samples = form.family.samples(report)
            if before is not None and samples == form.family.samples(before):
                continue
            start, end = form.opening + about[form.subject], form.end
            text = ""
            for values, value in samples:  # most have one
                told = value if type(value) is int else format_number(value)
                text += f"{start}{end(values)}{told}\n"
            found[number] = text.encode("utf-8", "replace")
        return tuple(found)

    def _find_concerned(
        self, report: ServiceReport, before: ServiceReport
    ) -> list[tuple[int, _Form]]:
        """The families that read what is another now, each with its place."""
        changed, bit = 0, 1
        for new, old in zip(self._parts(report), self._parts(before), strict=True):
            if new is not old and new != old:
                changed |= bit
            bit <<= 1
        concerned = self._concerned.get(changed)
        if concerned is None:
            concerned = [
                (number, form)
                for number, form in enumerate(self._forms)
                if self._masks[number] & changed or self._masks[number] < 0
            ]
            if len(self._concerned) < _REMEMBERED:
                self._concerned[changed] = concerned
        return concerned

    def render_namespace(self, report: NamespaceReport) -> Fragment:
        """The lines of one namespace."""
        found = []
        for form in self._forms:
            text = "".join(
                [
                    f'{form.opening}{escape_value(report.namespace)}"}} {format_number(value)}\n'
                    for _, value in form.family.samples(report)
                ]
            )
            found.append(text.encode("utf-8", "replace"))
        return tuple(found)


def _join(labels: tuple[str, ...], values: tuple[str, ...]) -> str:
    text = ""
    for label, value in zip(labels, values, strict=True):
        if value:
            text += label + escape_value(value)
    return text


def _free(pairs: tuple[tuple[str, str], ...]) -> str:
    return "".join([f'",{name}="{escape_value(value)}' for name, value in pairs if value])


class WideRenderer:
    """Renders reports whose families begin with labels of another kind than Services have."""

    def __init__(self, families: tuple[Family, ...]) -> None:
        self._families = families
        self._nothing: Fragment = (b"",) * len(families)

    def render(self, subject: tuple[str, ...], report: object) -> Fragment:
        """The lines of one report; `subject` are the values of the scope's labels."""
        told = [(family, family.samples(report)) for family in self._families]
        if not any(samples for _, samples in told):
            return self._nothing  # of thousands of routes most are well, and have no lines
        found = []
        size = len(subject)
        opening = _pairs(self._families[0].all_labels[:size], subject)
        for family, samples in told:
            text = "".join(
                [
                    f"{family.name}{{{opening}{_pairs(family.labels, values, before=opening)}}}"
                    f" {format_number(value)}\n"
                    for values, value in samples
                ]
            )
            found.append(text.encode("utf-8", "replace"))
        return tuple(found)


def _pairs(labels: tuple[str, ...], values: tuple[str, ...], *, before: str = "") -> str:
    found = [
        f'{label}="{escape_value(value)}"'
        for label, value in zip(labels, values, strict=True)
        if value
    ]
    return ("," if before and found else "") + ",".join(found)

"""How much of a rule's traffic fails, and what objects of all kinds have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exporter.model import ServiceKey
from exporter.model.routes import ReferenceReport, RuleReport
from exporter.objects.codec import Retained
from exporter.objects.dependents import EVERYTHING, Dependent, Rule
from exporter.objects.monitors import Monitor


def measure_share(references: Iterable[ReferenceReport]) -> float:
    """The part of a rule's traffic that goes to broken backends, by weight; mirrors have none.

    What is not known to fail does not fail; a rule without any weight has no traffic.
    """
    total = lost = 0
    for reference in references:
        if not reference.backend.mirror:
            total += reference.backend.weight
            lost += reference.backend.weight if reference.broken else 0
    return lost / total if total else 0.0


def describe_end(reference: ReferenceReport) -> RuleReport:
    """An endpoint of a monitor as a rule of its own: it matches nothing and sends nothing on."""
    rule = Rule((reference.backend,), EVERYTHING, name=str(reference.backend.port or ""))
    return RuleReport(rule, (reference,), 1.0 if reference.broken else 0.0)


def count_backends(one: Dependent | Monitor) -> int:
    """How many references an object makes; a monitor makes one for each of its endpoints."""
    if isinstance(one, Dependent):
        return sum(len(rule.backends) for rule in one.rules)
    chooses = 0 if not one.chooses else max(len(one.ends), 1)
    return chooses + (one.prober is not None)


def targets_of(one: Dependent | Monitor) -> set[ServiceKey]:
    """The Services that an object names."""
    if isinstance(one, Dependent):
        return {ServiceKey(*target) for target in one.targets}
    return set() if one.prober is None else {ServiceKey(one.prober.namespace, one.prober.name)}


def labels_of(one: Retained | None) -> Mapping[str, str] | None:
    """The labels that monitors choose by; None when there is no object."""
    return None if one is None else one.labels  # type: ignore[attr-defined]  # all chosen kinds have them

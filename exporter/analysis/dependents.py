"""What depends on a Service, by kind and by name."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.objects.dependents import Dependent


def count_dependents(dependents: Iterable[Dependent] | None) -> tuple[tuple[str, int], ...] | None:
    """(kind, count), sorted by kind, only kinds that are there; None: can't be read."""
    if dependents is None:
        return None
    counts: dict[str, int] = {}
    for dependent in dependents:
        counts[dependent.kind] = counts.get(dependent.kind, 0) + 1
    return tuple(sorted(counts.items()))


def name_dependents(dependents: Iterable[Dependent] | None) -> tuple[str, ...]:
    """`Ingress d/shop`, `APIService v1.metrics.k8s.io` …, sorted."""
    return tuple(
        sorted(
            f"{d.kind} {d.namespace}/{d.name}" if d.namespace else f"{d.kind} {d.name}"
            for d in dependents or ()
        )
    )

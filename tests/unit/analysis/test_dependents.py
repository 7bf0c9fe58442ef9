from __future__ import annotations

from exporter.analysis.dependents import count_dependents, name_dependents
from exporter.objects.dependents import Dependent


def make(kind: str, name: str, namespace: str = "") -> Dependent:
    """A dependent that points at d/s."""
    return Dependent(kind, namespace, name, "1", (("d", "s"),))


DEPENDENTS = [make("Ingress", "b", "d"), make("APIService", "v1.x"), make("Ingress", "a", "e")]


def test_dependents_are_counted_by_kind() -> None:
    """Only kinds that are there, sorted; what can't be read is not a zero."""
    assert count_dependents(DEPENDENTS) == (("APIService", 1), ("Ingress", 2))
    assert count_dependents(()) == ()
    assert count_dependents(None) is None


def test_dependents_are_named_with_their_namespace_if_they_have_one() -> None:
    """Names are sorted and tell the kind."""
    assert name_dependents(DEPENDENTS) == ("APIService v1.x", "Ingress d/b", "Ingress e/a")
    assert name_dependents(None) == ()

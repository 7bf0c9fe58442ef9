"""Label selectors as the API has them: pairs, and requirements that name an operator."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.objects.meta import intern_labels

_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})


class Requirement(msgspec.Struct, frozen=True, gc=False):
    """One of a selector's requirements: In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether labels are as it wants them; NotIn holds where the label is not there."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return self.key not in labels or labels[self.key] not in self.values
            case "Exists":
                return self.key in labels
        return self.key not in labels


class LabelSelector(msgspec.Struct, frozen=True):
    """Labels to choose by; an empty one chooses all."""

    pairs: dict[str, str] = {}
    requirements: tuple[Requirement, ...] = ()

    @property
    def strange(self) -> bool:
        """Whether what it chooses can't be told."""
        return any(one.operator not in _OPERATORS for one in self.requirements)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether it chooses what has these labels."""
        return all(labels.get(key) == value for key, value in self.pairs.items()) and all(
            one.holds(labels) for one in self.requirements
        )


class _WireRequirement(msgspec.Struct, frozen=True, gc=False):
    key: str | None = None
    operator: str | None = None
    values: list[str] | None = None


class WireSelector(msgspec.Struct, frozen=True, rename="camel"):
    """A label selector as the wire has it."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[_WireRequirement] | None = None

    def compact(self) -> LabelSelector:
        """The retained form."""
        return LabelSelector(
            intern_labels(self.match_labels),
            tuple(
                Requirement(one.key or "", one.operator or "", tuple(one.values or ()))
                for one in self.match_expressions or ()
            ),
        )

"""Label selectors in manifests, as the API has them."""

from __future__ import annotations

from exporter.manifests.places import dig, read_labels
from exporter.objects.selectors import LabelSelector, Requirement


def read_selector(value: object) -> LabelSelector:
    """`matchLabels` and `matchExpressions` of a selector."""
    requirements = dig(value, "matchExpressions")
    found = []
    for one in requirements if isinstance(requirements, list) else ():
        values = dig(one, "values")
        found.append(
            Requirement(
                str(dig(one, "key") or ""),
                str(dig(one, "operator") or ""),
                tuple(map(str, values)) if isinstance(values, list) else (),
            )
        )
    return LabelSelector(read_labels(dig(value, "matchLabels")), tuple(found))

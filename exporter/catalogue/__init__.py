"""Every metric family of the domain: name, kind, help, labels, group, stability, samples.

The one place where these names are spelled: documentation, dashboards, alerts and the chart are
generated from it or checked against it. The exporter's own metrics are in `telemetry`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from exporter.catalogue.core import CORE
from exporter.catalogue.detail import COMPATIBILITY, DETAIL, allow_list_families
from exporter.catalogue.family import DEFAULT_GROUPS, Family, Group, Kind, Scope, Stability
from exporter.catalogue.further import CHANGES, DEPENDENTS, PODS, PORTS, SLICES, TOPOLOGY
from exporter.catalogue.routes import ROUTES

__all__ = [
    "DEFAULT_GROUPS",
    "FAMILIES",
    "Family",
    "Group",
    "Kind",
    "Scope",
    "Stability",
    "select_families",
]

FAMILIES: tuple[Family, ...] = (
    *CORE,
    *PORTS,
    *TOPOLOGY,
    *SLICES,
    *CHANGES,
    *PODS,
    *DEPENDENTS,
    *ROUTES,
    *allow_list_families((), ()),
    *DETAIL,
    *COMPATIBILITY,
)


def select_families(
    groups: Collection[str],
    *,
    labels: Sequence[str] = (),
    annotations: Sequence[str] = (),
) -> tuple[Family, ...]:
    """The families of the groups, in the catalogue's order.

    `labels` and `annotations` are the allow-lists (`*` is a wildcard) of the labels group, which
    has a family for each of them that is not empty.
    """
    found: list[Family] = []
    listed = {family.name: family for family in allow_list_families(labels, annotations)}
    for family in FAMILIES:
        if family.group.value not in groups:
            continue
        if family.group is Group.LABELS:
            allowed = labels if family.name == "k8s_service_labels" else annotations
            if not allowed:
                continue
        found.append(listed.get(family.name, family))
    return tuple(found)

"""Where a Service's ready endpoints are, and where none are: Nodes, zones, hints."""

from __future__ import annotations

from exporter.analysis.merge import ready_entries
from exporter.judging.case import Case, some
from exporter.model import Finding, FindingCode, Weight
from exporter.objects.services import Service
from exporter.objects.slices import NODE_HINT, ZONE_HINT


def find_local_gap(case: Case) -> Finding | None:
    """Under a Local policy a Node without a ready endpoint of its own drops traffic.

    A warning when that is every Node that could take some; else a note, for not every Node need be
    asked. The external policy counts only where something can come from outside.
    """
    policies = local_policies(case.service)
    nodes = case.facts.view.nodes
    if not policies or nodes is None:
        return None
    used = {entry.node for entry in ready_entries(case.facts.merged)}
    schedulable = [node.name for node in nodes.values() if node.schedulable]
    without = [name for name in schedulable if name not in used]
    if not without:
        return None
    return Finding(
        FindingCode.LOCAL_POLICY_GAP,
        Weight.WARNING if len(without) == len(schedulable) else Weight.NOTE,
        some([(name, "") for name in without]),
        count=len(without),
        total=len(schedulable),
        detail=",".join(policies),
    )


def local_policies(service: Service) -> list[str]:
    """Which traffic policies of a Service are Local and count."""
    found = []
    if service.internal_policy == "Local":
        found.append("internalTrafficPolicy")
    if service.external_policy == "Local" and service.exposed:
        found.append("externalTrafficPolicy")
    return found


def find_ignored_hints(case: Case) -> Finding | None:
    """kube-proxy heeds hints only while every ready endpoint has one (topology.go)."""
    if not any(state & (ZONE_HINT | NODE_HINT) for state in case.facts.states):
        return None
    flags = [entry.flags for entry in ready_entries(case.facts.merged)]
    for flag, word in ((NODE_HINT, "node"), (ZONE_HINT, "zone")):
        bare = sum(not state & flag for state in flags)
        if 0 < bare < len(flags):
            return Finding(
                FindingCode.HINTS_IGNORED, Weight.NOTE, count=bare, total=len(flags), detail=word
            )
    return None


def find_bare_zones(case: Case) -> Finding | None:
    """All ready endpoints are hinted for zones, and a zone with Nodes is among none of them."""
    zones = case.facts.view.zones
    if zones is None:
        return None
    hinted: set[str] = set()
    for entry in ready_entries(case.facts.merged):
        if not entry.flags & ZONE_HINT:
            return None
        hinted.update(entry.zones)
    bare = zones - hinted
    if not bare:
        return None
    return Finding(
        FindingCode.ZONE_WITHOUT_HINT,
        Weight.NOTE,
        some([(zone, "") for zone in bare]),
        count=len(bare),
        total=len(zones),
    )


def find_single_point(case: Case) -> Finding | None:
    """One ready endpoint, or all of them on one Node (of several), or in one zone of several."""
    if case.best == 1:
        return Finding(FindingCode.SINGLE_POINT, Weight.NOTE, count=1, detail="endpoint")
    view = case.facts.view
    node = _common("node", case)
    if node and (view.nodes is None or len(view.nodes) > 1):
        return Finding(
            FindingCode.SINGLE_POINT, Weight.NOTE, ((node, ""),), count=case.best, detail="node"
        )
    if view.zones is None or len(view.zones) < 2:
        return None
    zone = _common("zone", case)
    if not zone:
        return None
    return Finding(
        FindingCode.SINGLE_POINT, Weight.NOTE, ((zone, ""),), count=case.best, detail="zone"
    )


def _common(field: str, case: Case) -> str:
    """The Node or zone that all ready endpoints are in; "" when they differ or it is not known."""
    found = ""
    for entry in ready_entries(case.facts.merged):
        place: str = getattr(entry, field)
        if not place or (found and place != found):
            return ""
        found = place
    return found

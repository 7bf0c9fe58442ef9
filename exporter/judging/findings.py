"""What is remarkable about a Service: every finding of the table, asked in its order.

A rule is a function of the case; most look at one number of a healthy Service and make no object.
What a Service's owner has told us to ignore has no findings, and a Service that is being deleted
none but those that are about its annotations.
"""

from __future__ import annotations

from collections.abc import Callable

from exporter.judging import misfits, places, shortfalls, upkeep
from exporter.judging.case import Case
from exporter.model import Finding

Rule = Callable[[Case], Finding | None]

#: Asked of a Service that has a usable ready endpoint.
_WORKING: tuple[Rule, ...] = (
    upkeep.find_stale,
    shortfalls.find_below_min_ready,
    shortfalls.find_dead_ports,
    shortfalls.find_dead_families,
    shortfalls.find_many_unready,
    upkeep.find_lagging,
    upkeep.find_pending_balancer,
    places.find_local_gap,
    upkeep.find_stuck,
    upkeep.find_broken_references,
    upkeep.find_missing_replicas,
    upkeep.find_truncation,
    upkeep.find_leftovers,
    shortfalls.find_some_unready,
    misfits.find_masked,
    places.find_ignored_hints,
    places.find_bare_zones,
    places.find_single_point,
    misfits.find_shared_addresses,
    misfits.find_undeclared_ports,
    misfits.find_other_probes,
    misfits.find_bad_annotations,
)

#: Asked of one that has none: its reason tells the rest.
_DOWN: tuple[Rule, ...] = (
    upkeep.find_withdrawn,
    upkeep.find_stale,
    upkeep.find_lagging,
    upkeep.find_pending_balancer,
    upkeep.find_stuck,
    upkeep.find_broken_references,
    upkeep.find_missing_replicas,
    upkeep.find_truncation,
    upkeep.find_leftovers,
    misfits.find_shared_addresses,
    misfits.find_undeclared_ports,
    misfits.find_other_probes,
    misfits.find_bad_annotations,
)

#: Asked of one whose addresses can't be read: what needs none.
_UNREAD: tuple[Rule, ...] = (
    upkeep.find_pending_balancer,
    upkeep.find_stuck,
    upkeep.find_broken_references,
    upkeep.find_missing_replicas,
    misfits.find_bad_annotations,
)

_ALIAS: tuple[Rule, ...] = (
    upkeep.find_broken_references,
    upkeep.find_leftovers,
    misfits.find_bad_annotations,
)

_LEFT_ALONE: tuple[Rule, ...] = (misfits.find_bad_annotations,)


def find_all(case: Case) -> list[Finding]:
    """The findings on a Service that hold now, in the order of their codes."""
    return [found for rule in _choose(case) if (found := rule(case)) is not None]


def _choose(case: Case) -> tuple[Rule, ...]:
    if case.facts.policy.ignored or case.service.deleting:
        return _LEFT_ALONE
    if case.service.type == "ExternalName":
        return _ALIAS
    if case.facts.slices is None:
        return _UNREAD
    return _WORKING if case.works else _DOWN

"""What is remarkable about a Service: every finding of the table, asked in its order.

A rule is a function of the case; most look at one number of a healthy Service and make no object.
What a Service's owner has told us to ignore has no findings, and a Service that is being deleted
none but those that are about its annotations.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from exporter.judging import misfits, places, shortfalls, upkeep
from exporter.judging.case import Case
from exporter.model import Finding
from exporter.objects.slices import ZONE_HINT

Rule = Callable[[Case], Finding | None]

_NOT_READY = attrgetter("not_ready")

# What there has to be for a rule to find anything: a Service without Pods, second ports and hints
# is asked a third of the questions. None of them is more than one look.
_LAGS = 2
_PODS = 4
_SHORT = 8
_REFERRERS = 16
_BALANCER = 32
_PORTS = 64
_FAMILIES = 128
_LOCAL = 256
_UNREADY = 512
_MASKING = 1024
_HINTS = 2048
_ZONES = 4096
_SHARED = 8192
_BAD = 16384

_NEEDS: dict[Rule, int] = {
    upkeep.find_stale: _LAGS,
    upkeep.find_lagging: _LAGS,
    upkeep.find_stuck: _PODS,
    misfits.find_undeclared_ports: _PODS,
    misfits.find_other_probes: _PODS,
    upkeep.find_missing_replicas: _SHORT,
    upkeep.find_broken_references: _REFERRERS,
    upkeep.find_pending_balancer: _BALANCER,
    shortfalls.find_dead_ports: _PORTS,
    shortfalls.find_dead_families: _FAMILIES,
    places.find_local_gap: _LOCAL,
    shortfalls.find_many_unready: _UNREADY,
    shortfalls.find_some_unready: _UNREADY,
    misfits.find_masked: _MASKING,
    places.find_ignored_hints: _HINTS,
    places.find_bare_zones: _ZONES,
    misfits.find_shared_addresses: _SHARED,
    misfits.find_bad_annotations: _BAD,
}


class Table:
    """Rules in the order of their codes; `asking` leaves those out that could find nothing."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self._chosen: dict[int, tuple[Rule, ...]] = {}

    def asking(self, has: int) -> tuple[Rule, ...]:
        """Those to be asked where there is so much to ask about."""
        chosen = self._chosen.get(has)
        if chosen is None:
            chosen = tuple([rule for rule in self.rules if has & _NEEDS.get(rule, has)])
            self._chosen[has] = chosen
        return chosen


#: Asked of a Service that has a usable ready endpoint.
_WORKING = Table(
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
_DOWN = Table(
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
_UNREAD = Table(
    upkeep.find_pending_balancer,
    upkeep.find_stuck,
    upkeep.find_broken_references,
    upkeep.find_missing_replicas,
    misfits.find_bad_annotations,
)

_ALIAS = Table(
    upkeep.find_broken_references,
    upkeep.find_leftovers,
    misfits.find_bad_annotations,
)

_LEFT_ALONE = Table(misfits.find_bad_annotations)


def find_all(case: Case) -> list[Finding]:
    """The findings on a Service that hold now, in the order of their codes."""
    rules = choose(case).asking(_look(case))
    return [found for rule in rules if (found := rule(case)) is not None]


def _look(case: Case) -> int:
    """What there is to ask about."""
    facts = case.facts
    has = _look_at_service(case)
    if case.seen.lags:
        has |= _LAGS
    if case.short:
        has |= _SHORT
    if len(facts.reach.ports) > 1:
        has |= _PORTS
    if len(facts.counts) > 1:
        has |= _FAMILIES
    if facts.pods.unready if facts.pods is not None else any(map(_NOT_READY, facts.counts)):
        has |= _UNREADY
    if max(facts.states, default=0) >= ZONE_HINT:
        has |= _HINTS
    if not facts.simple:
        has |= _SHARED
    if facts.policy.bad:
        has |= _BAD
    return has


def _look_at_service(case: Case) -> int:
    service, view = case.service, case.facts.view
    has = 1  # there is always something
    if view.pods is not None:
        has |= _PODS
    if view.dependents:
        has |= _REFERRERS
    if view.zones is not None:
        has |= _ZONES
    if service.type == "LoadBalancer":
        has |= _BALANCER
    if service.internal_policy == "Local" or service.external_policy == "Local":
        has |= _LOCAL
    if service.publish_not_ready:
        has |= _MASKING
    return has


def choose(case: Case) -> Table:
    """The table of a Service: what is asked depends on how it is."""
    if case.facts.policy.ignored or case.service.deleting:
        return _LEFT_ALONE
    if case.service.type == "ExternalName":
        return _ALIAS
    if case.facts.slices is None:
        return _UNREAD
    return _WORKING if case.works else _DOWN

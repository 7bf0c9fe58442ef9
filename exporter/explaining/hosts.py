"""What becomes of requests for a host: door by door, host → rule → backend → endpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from exporter.explaining.routes import (
    Find,
    RuleDocument,
    describe_rule,
    show_match,
    state_of_rules,
)
from exporter.model import RouteKey, RouteReport, RuleReport
from exporter.routing.doors import Passage
from exporter.routing.hosts import Address, Candidate, is_decided

#: How a host may stand, worst first.
HOST_STATES = ("dead", "broken", "unknown", "degraded", "new", "intended", "ok")


class TakenDocument(msgspec.Struct, frozen=True):
    """A rule that takes requests for the host. `host` and `match` are what it says itself.

    `state` is that of the rule: broken, unknown, degraded, new, intended or ok. `decided`: whether
    a request for just this host and path goes here; False where it wants a method, a header or a
    query besides, or a pattern that only its controller can read.
    """

    kind: str
    namespace: str
    name: str
    host: str
    match: str
    decided: bool
    state: str
    rule: RuleDocument


class DoorDocument(msgspec.Struct, frozen=True):
    """A door. `takes` is the rule that takes the request, null when none does.

    `also` are those that may take it, too: each wants more of it than a host and a path. `rules`
    are all that the door knows of the host, whatever the path.
    """

    door: str
    state: str
    takes: TakenDocument | None
    also: tuple[TakenDocument, ...]
    rules: tuple[TakenDocument, ...]


class HostDocument(msgspec.Struct, frozen=True):
    """A host.

    `state`: dead (all of what was asked for fails, or nobody takes it), broken (some of it),
    unknown, degraded, new, intended or ok. `named`: something names it; False where only what
    takes any host would take it. `rejected` are routes that name it and that no parent accepts.
    """

    host: str
    path: str | None
    named: bool
    state: str
    doors: tuple[DoorDocument, ...]
    rejected: tuple[str, ...]


def describe_host(
    address: Address,
    passages: Sequence[Passage],
    reports: Callable[[RouteKey], RouteReport | None],
    find: Find,
    *,
    rejected: Sequence[RouteKey] = (),
) -> HostDocument:
    """The document; without a path all rules of the host decide its state."""
    whole = address.whole
    # What takes any host says nothing of one that is named elsewhere.
    naming = [one for one in passages if any(candidate.host for candidate in one.named)]
    passages = naming or passages
    doors = tuple(_describe_door(one, reports, find, whole=whole) for one in passages)
    states = [door.state for door in doors] or ["dead"]
    worst = min(states, key=HOST_STATES.index)
    if worst == "dead" and any(state != "dead" for state in states):
        worst = "broken"
    return HostDocument(
        host=address.host,
        path=None if whole else address.path,
        named=bool(naming),
        state=worst,
        doors=doors,
        rejected=tuple(map(str, rejected)),
    )


def _describe_door(
    passage: Passage,
    reports: Callable[[RouteKey], RouteReport | None],
    find: Find,
    *,
    whole: bool,
) -> DoorDocument:
    def rule_of(one: Candidate) -> RuleReport | None:
        report = reports(one.key)
        fits = report is not None and one.number < len(report.rules)
        return report.rules[one.number] if report is not None and fits else None

    def describe(candidates: Sequence[Candidate]) -> Iterator[TakenDocument]:
        for one in candidates:
            rule = rule_of(one)
            if rule is not None:
                yield TakenDocument(
                    kind=one.key.kind,
                    namespace=one.key.namespace,
                    name=one.key.name,
                    host=one.host or "*",
                    match="(default backend)" if rule.rule.fallback else show_match(one.match),
                    decided=one.plain and is_decided(one.match),
                    state=state_of_rules((rule,)),
                    rule=describe_rule(one.key, rule, find),
                )

    plain = [one for one in passage.candidates if one.plain]
    # A pattern that nobody can read here may take it; what can be read is the better answer.
    read = [one for one in plain if is_decided(one.match)] or plain
    taking = read[:1]
    also = [
        one
        for one in passage.candidates
        if one not in taking and not (one.plain and is_decided(one.match))
    ]
    counted = passage.named if whole else taking
    rules = [rule for one in counted if (rule := rule_of(one)) is not None]
    return DoorDocument(
        door=passage.door,
        state=_judge(rules),
        takes=next(describe(taking), None),
        also=tuple(describe(also)),
        rules=tuple(describe(passage.named)),
    )


def _judge(rules: Sequence[RuleReport]) -> str:
    if not rules or all(rule.share == 1 for rule in rules):
        return "dead"
    return state_of_rules(rules)

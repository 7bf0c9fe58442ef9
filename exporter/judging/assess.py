"""The report on a Service: facts, reason, what time tells, judgement; each made once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.analysis.candidates import Verdict
from exporter.analysis.counts import count_pairs
from exporter.analysis.dependents import count_dependents
from exporter.analysis.facts import Facts, measure
from exporter.analysis.families import reported_families
from exporter.analysis.topology import locate
from exporter.history import Clock, Past, Seen, count_changes, look
from exporter.judging.case import Case
from exporter.judging.intent import find_short
from exporter.judging.reasons import find_reason
from exporter.judging.standing import judge
from exporter.judging.upkeep import missing_key
from exporter.model import (
    AddressReport,
    IgnoreRule,
    Judgement,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Standing,
)


class Options(msgspec.Struct, frozen=True):
    """What the user chose: thresholds (seconds but for `min_ready`), and which details are wanted.

    `addresses`: single addresses; `pairs`: what the compatibility group counts; `changes`: what
    changed over time. `addresses_of`: the namespaces whose addresses are listed; None is all.
    """

    min_ready: int = 1
    ignoring: tuple[IgnoreRule, ...] = ()
    lag_threshold: float = 60.0
    grace_period: float = 60.0
    addresses: bool = False
    pairs: bool = False
    topology: bool = True
    changes: bool = False
    addresses_of: frozenset[str] | None = None


_DEFAULTS = Options()


def assess(
    past: Past | None, view: ServiceView, clock: Clock, options: Options = _DEFAULTS
) -> tuple[Past | None, ServiceReport]:
    """What to remember of a Service, and the report on it at this moment."""
    now = clock.now
    facts = measure(
        view,
        min_ready=options.min_ready,
        ignoring=options.ignoring,
        now=now,
        lag_threshold=options.lag_threshold,
    )
    verdict = find_reason(facts)
    workloads = view.pods.workloads if view.pods is not None else None
    short = find_short(workloads) if workloads is not None else ()
    after, seen = look(
        past,
        facts,
        clock,
        down=verdict is not None,
        lasting=tuple([missing_key(workload) for workload in short]),
        lag_threshold=options.lag_threshold,
    )
    case = Case(facts, verdict, seen, short, now, options.grace_period)
    judgement = judge(case)
    if facts.pods is not None and facts.pods.unsure and facts.changed is not None:
        case.is_within(facts.changed, options.lag_threshold)  # who is right is clear by then
    known = facts.slices is not None and view.service.type != "ExternalName"
    if after is not None and options.changes and known:
        down = judgement.standing is Standing.DOWN
        after = count_changes(past, after, facts, clock, down=down)
    return after, _tell(facts, verdict, seen, judgement, after, case.due, options)


def _tell(
    facts: Facts,
    verdict: Verdict | None,
    seen: Seen,
    judgement: Judgement,
    after: Past | None,
    due: float | None,
    options: Options,
) -> ServiceReport:
    view, policy = facts.view, facts.policy
    service = view.service
    key = ServiceKey(service.namespace, service.name)
    reason, detail = verdict if verdict is not None else (None, None)
    if facts.slices is None or service.type == "ExternalName":
        return ServiceReport(
            key=key,
            service=service,
            known=False,
            min_ready=policy.min_ready,
            ignored=policy.ignored,
            reason=reason,
            detail=detail,
            dependents=count_dependents(view.dependents),
            bad_annotations=policy.bad,
            due=due,
            judgement=judgement,
        )
    slices, exact = facts.slices, facts.exact
    pairs = None
    if options.pairs:
        family = reported_families(service)[0]
        pairs = count_pairs(slices, family, publish_not_ready=service.publish_not_ready)
    return ServiceReport(
        key=key,
        service=service,
        known=True,
        min_ready=policy.min_ready,
        ignored=policy.ignored,
        counts=facts.counts,
        routable=facts.reach.routable,
        ports=facts.reach.ports,
        topology=locate(facts) if options.topology else None,
        slices=len(slices) if exact else None,
        foreign=sum([piece.foreign for piece in slices]) if exact else None,
        truncated=None if exact else int(any(piece.truncated for piece in slices)),
        reason=reason,
        detail=detail,
        since=seen.since,
        since_seen=seen.witnessed,
        changes=after.changes if after is not None and options.changes else None,
        pods=facts.pods.report() if facts.pods is not None else None,
        lagging=_count(str(lag.kind) for lag in seen.lags) if seen.lags else (),
        due=due,
        dependents=count_dependents(view.dependents),
        addresses=_list_addresses(facts) if _lists_addresses(key, options) else (),
        pairs=pairs,
        bad_annotations=policy.bad,
        judgement=judgement,
        lags=seen.lags,
    )


def _count(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    return tuple(sorted(counts.items()))


def _lists_addresses(key: ServiceKey, options: Options) -> bool:
    if not options.addresses:
        return False
    return options.addresses_of is None or key.namespace in options.addresses_of


def _list_addresses(facts: Facts) -> tuple[AddressReport, ...]:
    merged = facts.merged
    return tuple(
        AddressReport(kind, entry.address, entry.flags, entry.node, entry.zone, entry.pod)
        for kind in sorted(merged)
        for _, entry in sorted(merged[kind].items())
    )

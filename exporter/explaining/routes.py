"""A route, webhook or monitor as a document: what commands print and the JSON API answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from exporter.explaining.references import tell_reference
from exporter.model import (
    ReferenceReport,
    Result,
    RouteKey,
    RouteReport,
    RuleReport,
    ServiceKey,
    ServiceReport,
)
from exporter.objects.dependents import Match

Find = Callable[[ServiceKey], ServiceReport | None]

#: How a route may stand, worst first.
ROUTE_STATES = ("broken", "rejected", "unknown", "degraded", "new", "intended", "ok")

_STATES = {
    Result.UNKNOWN: "unknown",
    Result.DEGRADED: "degraded",
    Result.NEW: "new",
    Result.INTENDED: "intended",
}


class BackendDocument(msgspec.Struct, frozen=True):
    """One reference. `result` is ok, one of the problems, or what else there is to say of it.

    `broken`: what is sent there is lost. `port` is as it was named, "" when it was not. `ready` are
    the Service's ready addresses, null when they can't be known. `message` and `fix` are "" where
    there is nothing to say.
    """

    namespace: str
    service: str
    port: str
    weight: int
    mirror: bool
    result: str
    broken: bool
    reason: str
    ready: int | None
    message: str
    fix: str


class RuleDocument(msgspec.Struct, frozen=True):
    """A rule. `share` is the part of its traffic that fails; `matches` are as people write them.

    `state` is that of its references: broken, unknown, degraded, new, intended or ok.
    `redirects`: it answers by itself, and needs no backend.
    """

    name: str
    state: str
    hosts: tuple[str, ...]
    matches: tuple[str, ...]
    failure_policy: str
    redirects: bool
    share: float
    backends: tuple[BackendDocument, ...]


class RouteDocument(msgspec.Struct, frozen=True):
    """An object that refers to Services.

    `state`: broken, rejected (no parent accepts it), unknown, degraded, new, intended or ok.
    `share` is that of its worst rule. `parents` tell what its Gateways say of it.
    """

    kind: str
    namespace: str
    name: str
    state: str
    share: float
    hosts: tuple[str, ...]
    parents: tuple[str, ...]
    rules: tuple[RuleDocument, ...]


def state_of(report: RouteReport) -> str:
    """How a route stands, in a word: the worst of what its references come to."""
    if report.rejected:
        return "rejected"
    return state_of_rules(report.rules)


def state_of_rules(rules: Iterable[RuleReport]) -> str:
    """The same of some of its rules; what nobody can judge is never told as well."""
    rules = tuple(rules)
    references = [reference for rule in rules for reference in rule.references]
    if any(reference.broken for reference in references):
        return "broken"
    found = {_STATES.get(reference.result, "ok") for reference in references}
    silent = any(not rule.references and not rule.rule.answers for rule in rules)
    strange = all(reference.result is Result.NOT_JUDGED for reference in references)
    if silent or (references and strange):
        found.add("unknown")
    return next((state for state in ROUTE_STATES if state in found), "ok")


def hosts_of(report: RouteReport) -> tuple[str, ...]:
    """The host names of a route, in its order; `*` for a rule that takes any."""
    if report.key.kind not in ("Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute"):
        return ()
    named = (host for rule in report.rules for host in rule.rule.hosts or ("*",))
    return tuple(dict.fromkeys(named))


def describe_route(report: RouteReport, find: Find) -> RouteDocument:
    """The document; `find` gives the report on a Service."""
    key = report.key
    return RouteDocument(
        kind=key.kind,
        namespace=key.namespace,
        name=key.name,
        state=state_of(report),
        share=report.share,
        hosts=hosts_of(report),
        parents=tuple(_tell_parents(report)),
        rules=tuple(describe_rule(key, rule, find) for rule in report.rules),
    )


def describe_rule(key: RouteKey, rule: RuleReport, find: Find) -> RuleDocument:
    """One rule of a route."""
    routed = key.kind in ("Ingress", "HTTPRoute", "GRPCRoute")
    return RuleDocument(
        name=rule.rule.name,
        state=state_of_rules((rule,)),
        hosts=rule.rule.hosts,
        matches=tuple(map(show_match, rule.rule.matches)) if routed else (),
        failure_policy=rule.rule.policy,
        redirects=rule.rule.answers,
        share=rule.share,
        backends=tuple(_describe_backend(key, one, find) for one in rule.references),
    )


def _describe_backend(key: RouteKey, one: ReferenceReport, find: Find) -> BackendDocument:
    backend = one.backend
    service = find(one.service) if not backend.other else None
    message, fix = tell_reference(key, one, service)
    return BackendDocument(
        namespace=backend.namespace,
        service=backend.name,
        port=str(backend.port or ""),
        weight=backend.weight,
        mirror=backend.mirror,
        result=one.result.value,
        broken=one.broken,
        reason=one.reason,
        ready=service.ready if service is not None and service.known else None,
        message=message,
        fix=fix,
    )


def _tell_parents(report: RouteReport) -> Iterator[str]:
    for parent in report.parents:
        words = {"True": "accepts it", "False": "does not accept it"}
        said = words.get(parent.accepted, "has not said yet whether it accepts it")
        why = ": ".join(filter(None, (parent.reason, parent.message)))
        more = f" ({why})" if why and parent.accepted != "True" else ""
        yield f"{parent.name} {said}{more}"


def show_match(match: Match) -> str:
    """`/api (PathPrefix), POST, x-canary: yes, ?debug=1`, without what says nothing."""
    parts = [f"{match.path} ({match.kind})"]
    if match.method:
        parts.append(match.method)
    return ", ".join((*parts, *match.headers, *(f"?{query}" for query in match.queries)))


def show_backend(one: BackendDocument) -> str:
    """`shop/web:80`, and what stands for a Service where there is none."""
    where = f"{one.namespace}/{one.service}" if one.service else "(by label)"
    return f"{where}:{one.port}" if one.port else where

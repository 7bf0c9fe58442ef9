"""The group routes: references that lead nowhere, and what refers to Services at all."""

from __future__ import annotations

from collections import Counter

from exporter.catalogue.family import Family, Group, Kind, Sample, Scope
from exporter.model import KindReport, RouteReport


def _broken(report: RouteReport) -> list[Sample]:
    # Ten paths to one dead Service are one series.
    found = {
        (reference.backend.name, str(reference.backend.port or ""), reference.result.value)
        for reference in report.broken
    }
    return [(labels, 1) for labels in sorted(found)]


def _share(report: RouteReport) -> list[Sample]:
    return [((), report.share)] if report.share else []


def _webhooks(report: RouteReport) -> list[Sample]:
    failing = [
        rule.rule.policy
        for rule in report.rules
        if rule.rule.policy and any(reference.broken for reference in rule.references)
    ]
    if not failing:
        return []
    return [((policy,), count) for policy, count in sorted(Counter(failing).items())]


def _routes(report: KindReport) -> list[Sample]:
    return [((), report.routes)]


def _backends(report: KindReport) -> list[Sample]:
    return [((), report.backends)]


ROUTES: tuple[Family, ...] = (
    Family(
        "k8s_route_backend_broken",
        Kind.GAUGE,
        Group.ROUTES,
        "1 while a route, webhook or monitor refers to a Service or port that can't answer, by"
        " problem; absent else.",
        _broken,
        ("service", "port", "problem"),
        scope=Scope.ROUTE,
    ),
    Family(
        "k8s_route_broken_share",
        Kind.GAUGE,
        Group.ROUTES,
        "The part of its worst rule's traffic that fails, by weight, 0 to 1; absent while none"
        " does.",
        _share,
        scope=Scope.ROUTE,
    ),
    Family(
        "k8s_route_webhooks_broken",
        Kind.GAUGE,
        Group.ROUTES,
        "Webhooks of the object whose Service can't answer, by failurePolicy; Fail keeps the API"
        " server from taking changes.",
        _webhooks,
        ("failure_policy",),
        scope=Scope.ROUTE,
    ),
    Family(
        "k8s_routes",
        Kind.GAUGE,
        Group.ROUTES,
        "Objects of the kind that refer to Services; absent where they can't be read.",
        _routes,
        scope=Scope.KIND,
    ),
    Family(
        "k8s_route_backends",
        Kind.GAUGE,
        Group.ROUTES,
        "References to Services that objects of the kind make.",
        _backends,
        scope=Scope.KIND,
    ),
)

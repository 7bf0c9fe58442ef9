"""`explain`: why a Service has no, or too few, ready endpoints, and what to do."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable

import msgspec

from exporter.analysis.near_misses import NearMiss, find_near_misses
from exporter.cli.errors import CommandError, Exit
from exporter.cli.gathering import Gathered, complain, gather
from exporter.cli.guessing import guess_service
from exporter.cli.kubeconfigs import find_namespace
from exporter.cli.naming import find_namespace_of, read_name
from exporter.cli.output import to_json
from exporter.cli.terminal import wants_colour
from exporter.config import Settings
from exporter.explaining.explain import Explanation, explain, render_text
from exporter.explaining.offline import advise_on_file, without_grants
from exporter.explaining.wording import escape_text
from exporter.model import Reason, RouteKey, ServiceKey, ServiceReport
from exporter.objects.pods import Pod


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print the explanation; 0 when the Service is as it should be, else 1."""
    if args.host is not None:
        return _explain_host(args, settings)
    if args.target is None:
        raise CommandError("explain: takes a SERVICE, or --host HOST; see --help")
    if (route := _read_route(args, settings)) is not None:
        from exporter.cli.routes import explain_route

        return explain_route(args, settings, route)
    named = read_name(args.target, args.namespace, "explain")
    namespace = named.namespace
    if not namespace and args.from_file is None:
        namespace = find_namespace(settings.kubeconfig, settings.context)
    scope = (namespace,) if namespace else ()
    gathered = gather(settings, args.from_file, scope, routes=True)
    complain(gathered)
    namespace = namespace or find_namespace_of(named.name, gathered.state.reports)
    key = ServiceKey(namespace, named.name)
    found = explain_service(gathered, key) if namespace else None
    if found and _may_be_elsewhere(found[0]) and args.from_file is None and settings.pods:
        from exporter.cli.live import read_all_pods

        found = explain_service(gathered, key, read_all_pods(settings))
    if found is None:
        guess = guess_service(named.name, scope, gathered.state.reports)
        raise CommandError(f"no Service {escape_text(str(key).lstrip('/'))}{guess}")
    report, explanation = found
    if args.output == "json":
        sys.stdout.write(to_json(explanation.answer()))
    else:
        colours = wants_colour(args.color, sys.stdout, os.environ)
        sys.stdout.write(render_text(explanation, colour=colours))
    fine = report.judgement.fine
    return Exit.FINE if fine else Exit.NOT_FINE


def _explain_host(args: argparse.Namespace, settings: Settings) -> int:
    from exporter.cli.hosts import explain_host

    if args.target is not None or args.namespace is not None:
        raise CommandError("explain: --host is all it takes: a host is of no namespace")
    return explain_host(args, settings)


def _read_route(args: argparse.Namespace, settings: Settings) -> RouteKey | None:
    """The route that is meant where the words begin with a kind: `ingress/shop/front`."""
    if "/" not in args.target:
        return None
    from exporter.cli.routes import read_key

    namespace = args.namespace
    if namespace is None and args.from_file is None:
        namespace = find_namespace(settings.kubeconfig, settings.context)
    return read_key(args.target, namespace)


def _may_be_elsewhere(report: ServiceReport) -> bool:
    """Whether Pods of other namespaces, which were not read, may be the answer."""
    return report.reason is Reason.SELECTOR_MATCHES_NO_PODS


def explain_service(
    gathered: Gathered, key: ServiceKey, more_pods: Iterable[Pod] = ()
) -> tuple[ServiceReport, Explanation] | None:
    """The report on a Service and its explanation; None when there is no such Service.

    `more_pods` are looked at for near misses in place of the gathered ones, if there are any.
    """
    report, view = gathered.find(key), gathered.state.view(key)
    if report is None or view is None:
        return None
    near_misses: tuple[NearMiss, ...] = ()
    if report.reason is Reason.SELECTOR_MATCHES_NO_PODS:
        pods = tuple(more_pods) or gathered.state.cluster.pods()
        near_misses = find_near_misses(report.service, pods)
    explanation = explain(view, report, now=gathered.now, near_misses=near_misses)
    return report, _fit_to_file(explanation) if gathered.offline else explanation


def _fit_to_file(explanation: Explanation) -> Explanation:
    return msgspec.structs.replace(
        explanation,
        fix=advise_on_file(explanation.fix),
        commands=without_grants(explanation.commands),
    )

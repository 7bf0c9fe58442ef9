"""Routes on the command line: the table, one of them explained, and what a host leads to."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterator, Sequence

import msgspec

from exporter.cli.errors import PROGRAM, CommandError, Exit
from exporter.cli.gathering import Gathered, complain, gather
from exporter.cli.output import answer, write_document
from exporter.cli.terminal import Cell, Colour, Table, paint, wants_colour
from exporter.config import Settings
from exporter.explaining.routes import (
    ROUTE_STATES,
    BackendDocument,
    RouteDocument,
    RuleDocument,
    describe_route,
    show_backend,
    state_of,
)
from exporter.explaining.wording import escape_text, join_some
from exporter.model import RouteKey, RouteReport
from exporter.objects.resources import RESOURCES
from exporter.routing import RESOURCE_OF

_COLOURS = {
    "ok": Colour.READY,
    "broken": Colour.EMPTY,
    "dead": Colour.EMPTY,
    "degraded": Colour.DEGRADED,
}
_HEAD = ("NAMESPACE", "KIND", "NAME", "HOSTS", "BACKENDS", "STATE", "PROBLEMS")


class Listing(msgspec.Struct, frozen=True):
    """What `get routes -o json|yaml` prints."""

    items: tuple[RouteDocument, ...]


def read_kind(word: str) -> str | None:
    """The kind that a word of kubectl's means: `ing`, `httproutes.gateway.networking.k8s.io`."""
    name, _, group = word.lower().partition(".")
    for kind, resource in RESOURCE_OF.items():
        served = RESOURCES[resource]
        if name in (kind.lower(), resource, _SHORT.get(kind)) and group in ("", served.group):
            return kind
    return None


_SHORT = {
    "Ingress": "ing",
    "CustomResourceDefinition": "crd",
    "ServiceMonitor": "smon",
    "PodMonitor": "pmon",
    "Probe": "prb",
}


def describe_all(gathered: Gathered, namespaces: Collection[str] = ()) -> list[RouteDocument]:
    """All routes of these namespaces (none: of all, and those of no namespace), worst first."""
    found = [
        describe_route(report, gathered.find)
        for report in gathered.state.routes.reports.values()
        if not namespaces or report.key.namespace in namespaces
    ]
    found.sort(key=lambda one: (ROUTE_STATES.index(one.state), one.namespace, one.kind, one.name))
    return found


# ── get routes ───────────────────────────────────────────────────────────────────────────────


def show_routes(args: argparse.Namespace, settings: Settings, namespaces: tuple[str, ...]) -> int:
    """Print the table or the document."""
    if args.watch:
        raise CommandError("get: --watch follows Services, not routes")
    gathered = gather(settings, args.from_file, namespaces, routes=True)
    complain(gathered)
    found = describe_all(gathered, namespaces)
    if args.sort == "name":
        found.sort(key=lambda one: (one.namespace, one.kind, one.name))
    if args.output in ("json", "yaml"):
        write_document(args.output, Listing(tuple(found)))
        return Exit.FINE
    if not found:
        print(f"{PROGRAM}: no routes, webhooks or monitors found", file=sys.stderr)
        return Exit.FINE
    table = Table(_HEAD, colours=wants_colour(args.color, sys.stdout, os.environ))
    rows = [_row(one, wide=args.output == "wide") for one in found]
    table.measure(rows)
    if not args.no_headers:
        print(table.head_line())
    for row in rows:
        print(table.line(row))
    return Exit.FINE


def _row(one: RouteDocument, *, wide: bool) -> list[Cell]:
    most = 100 if wide else 2
    backends = [backend for rule in one.rules for backend in rule.backends]
    problems = [
        f"{show_backend(backend)} {backend.result}"
        for backend in backends
        if backend.result not in ("ok", "NotJudged", "WeightZero")
    ]
    if one.state == "rejected":
        problems = list(one.parents)
    return [
        Cell(escape_text(one.namespace) or "-"),
        Cell(escape_text(one.kind)),
        Cell(escape_text(one.name)),
        Cell(escape_text(join_some(one.hosts, most)) or "-"),
        Cell(str(len(backends))),
        Cell(one.state, _COLOURS.get(one.state, Colour.UNKNOWN)),
        Cell(escape_text(join_some(list(dict.fromkeys(problems)), most)) or "-"),
    ]


# ── explain KIND/NAMESPACE/NAME ──────────────────────────────────────────────────────────────


def read_key(text: str, namespace: str | None) -> RouteKey | None:
    """The object that `KIND/NAMESPACE/NAME` or `KIND/NAME` names, None when it names none.

    `KIND/NAME` may also be a Service in a namespace that is called like a kind: then -n says more.
    """
    parts = text.split("/")
    kind = read_kind(parts[0]) if len(parts) in (2, 3) and all(parts) else None
    if kind is None:
        return None
    namespaced = RESOURCES[RESOURCE_OF[kind]].namespaced
    if len(parts) == 3:
        return RouteKey(kind, parts[1], parts[2]) if namespaced else None
    if not namespaced:
        return RouteKey(kind, "", parts[1])
    return RouteKey(kind, namespace, parts[1]) if namespace else None


def explain_route(args: argparse.Namespace, settings: Settings, key: RouteKey) -> int:
    """Print what becomes of each reference; 1 when one of them is broken, 2 when it can't tell."""
    # An Ingress stays in its namespace; all others may point, or look, anywhere.
    scope = (key.namespace,) if key.kind == "Ingress" else ()
    gathered = gather(settings, args.from_file, scope, routes=True)
    complain(gathered)
    report = gathered.state.routes.reports.get(key)
    if report is None:
        raise CommandError(f"no {key.kind} {escape_text('/'.join(filter(None, key[1:])))}")
    document = describe_route(report, gathered.find)
    answer(args, document, _tell_route)
    return status(document.state)


def status(state: str) -> int:
    """The exit status that a state comes to."""
    if state in ("broken", "rejected", "dead"):
        return Exit.NOT_FINE
    return Exit.FAILED if state == "unknown" else Exit.FINE


def _tell_route(one: RouteDocument, *, colours: bool) -> Iterator[str]:
    name = escape_text("/".join(filter(None, (one.kind.lower(), one.namespace, one.name))))
    yield f"{name}: {mark(one.state, colours=colours)}"
    for parent in one.parents:
        yield escape_text(parent)
    if one.state == "rejected":
        yield "No parent accepts it: what it refers to is told, and does not count as broken."
    for rule in one.rules:
        yield ""
        yield escape_text(_name_rule(rule))
        yield from tell_backends(rule, colours=colours)
    yield from tell_fixes(one.rules)


def _name_rule(rule: RuleDocument) -> str:
    hosts = ", ".join(rule.hosts)
    matches = " or ".join(rule.matches)
    policy = f"failurePolicy {rule.failure_policy}" if rule.failure_policy else ""
    return " ".join(filter(None, (rule.name, hosts, matches, policy))) or "all of it"


def tell_backends(rule: RuleDocument, *, colours: bool) -> Iterator[str]:
    """The lines of a rule's backends, each with its mark and what is the matter."""
    if not rule.backends:
        yield "  (no backend)"
    for backend in rule.backends:
        more = ["mirror"] if backend.mirror else []
        if len(rule.backends) > 1 and not backend.mirror:
            more.append(f"weight {backend.weight}")
        if backend.ready is not None:
            more.append(f"{backend.ready} ready")
        shown = f" ({', '.join(more)})" if more else ""
        yield (
            f"  → {escape_text(show_backend(backend))}{shown}: "
            f"{_mark_result(backend, colours=colours)}"
        )
        if backend.message:
            yield f"    {escape_text(backend.message)}"
    if 0 < rule.share < 1:
        yield f"  {rule.share:.0%} of its traffic fails"


def tell_fixes(rules: Sequence[RuleDocument]) -> Iterator[str]:
    """What to do about some rules."""
    fixes = dict.fromkeys(b.fix for rule in rules for b in rule.backends if b.fix)
    yield ""
    yield "What to do"
    for fix in fixes or ("Nothing to do.",):
        yield f"  {escape_text(fix)}"


def mark(state: str, *, colours: bool) -> str:
    """A state in its colour."""
    return paint(state, _COLOURS.get(state, Colour.UNKNOWN), colours=colours)


def _mark_result(backend: BackendDocument, *, colours: bool) -> str:
    told = backend.result in ("ok", "NotJudged", "WeightZero", "New", "Intended", "unknown")
    colour = Colour.UNKNOWN if told else Colour.EMPTY
    colour = {"ok": Colour.READY, "Degraded": Colour.DEGRADED}.get(backend.result, colour)
    reason = f" ({backend.reason})" if backend.reason and backend.result != "NotJudged" else ""
    return paint(escape_text(backend.result + reason), colour, colours=colours)


# ── for check ────────────────────────────────────────────────────────────────────────────────


def find_broken(gathered: Gathered, namespaces: Collection[str]) -> list[RouteReport]:
    """The routes with references that are broken and count, in order."""
    reports = gathered.state.routes.reports
    return [
        reports[key]
        for key in sorted(reports)
        if state_of(reports[key]) == "broken" and (not namespaces or key.namespace in namespaces)
    ]


def tell_broken(document: RouteDocument) -> Iterator[str]:
    """What is broken, a sentence each."""
    for rule in document.rules:
        for backend in rule.backends:
            if backend.broken:
                yield f"{show_backend(backend)} {backend.result}. {backend.message} {backend.fix}"

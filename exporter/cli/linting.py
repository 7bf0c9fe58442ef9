"""`check --manifests`: what Services, routes and workloads will be once manifests are applied."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator

import msgspec

from exporter import __version__
from exporter.cli.errors import CommandError
from exporter.cli.explain import explain_service
from exporter.cli.gathering import Gathered, choose
from exporter.cli.output import answer, write_document
from exporter.cli.terminal import Colour, paint
from exporter.config import Settings
from exporter.dump import SourceError
from exporter.engine.state import State
from exporter.explaining.explain import Explanation
from exporter.explaining.wording import escape_text
from exporter.manifests.formats import (
    sum_up,
    write_github,
    write_json,
    write_junit,
    write_line,
    write_sarif,
)
from exporter.manifests.judged import Known, judge_report
from exporter.manifests.kinds import SYSTEM
from exporter.manifests.places import Manifest
from exporter.manifests.reading import Reading, read_manifests
from exporter.manifests.remarks import Level, Remark, Rule, make_remark, tell_fault
from exporter.manifests.routed import Places, judge_route
from exporter.manifests.rules.budgets import judge_budgets
from exporter.manifests.rules.services import judge_services
from exporter.manifests.rules.workloads import find_twice, judge_workloads
from exporter.manifests.synthesis import Made, make_objects
from exporter.manifests.templates import TEMPLATED, Hidden, Template, find_templates
from exporter.manifests.verdict import Subject, Verdict, decide
from exporter.model import Reason, Replace, ServiceKey, Upsert
from exporter.objects.resources import ENDPOINTS, NODES, REFERENCEGRANTS, RESOURCES, SERVICES
from exporter.routing import RESOURCE_OF

#: Every Pod is ready and nothing is young: the moment that is looked at does not matter.
_NOW = 0.0

#: Of these only the namespaces are known from which something is there.
_PARTIAL = (SERVICES.name, REFERENCEGRANTS.name)

#: What is judged besides Services and what refers to them.
_JUDGED = TEMPLATED | {"PodDisruptionBudget"}


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print what is wrong with manifests, and say by the status whether anything is."""
    try:
        reading = read_manifests(args.manifests, args.namespace or "default")
    except SourceError as error:
        raise CommandError(escape_text(str(error))) from None
    verdict = lint(
        reading,
        settings,
        complete=args.complete,
        strict=args.strict,
        allow_empty=args.allow_empty,
    )
    _print(verdict, args)
    return verdict.exit


def lint(
    reading: Reading,
    settings: Settings,
    *,
    complete: bool = False,
    strict: bool = False,
    allow_empty: bool = False,
) -> Verdict:
    """The verdict on what was read. `complete`: what is not in it is nowhere."""
    remarks = list(find_twice(reading.manifests))
    last = {(one.group, one.kind, one.namespace, one.name): one for one in reading.manifests}
    manifests = tuple(last.values())
    templates, hidden = find_templates(manifests)
    made = make_objects(manifests, templates)
    faults = (*reading.faults, *(one.fault for one in hidden))
    blind = any(fault.blinding for fault in faults)
    served = {one.namespace for one in manifests if one.kind == "Service"}
    whole = None if complete else served - SYSTEM
    gathered = _settle(made, settings, whole)
    remarks += [tell_fault(fault) for fault in faults]
    remarks += [
        make_remark(
            Level.ERROR, Rule.REFUSED, one, f"The API server would refuse it: {why}.", at=("spec",)
        )
        for one, why in made.rejected
    ]
    remarks += judge_workloads(templates)
    remarks += judge_services(manifests, templates, whole)
    remarks += judge_budgets(manifests, templates, blind=blind)
    known = _gather(manifests, templates, hidden, made, gathered)
    known = msgspec.structs.replace(known, blind=blind, complete=complete)
    said = list(_judge_services(known, gathered))
    remarks += said
    remarks += _judge_routes(
        manifests,
        gathered,
        Places(
            blind,
            _find_unknown(gathered, said),
            None if complete else {one.owner.namespace for one in templates},
        ),
    )
    judged = [
        Subject(one.kind, "/".join(filter(None, (one.namespace, one.name))), one.file, one.line)
        for one in manifests
        if one.kind in ("Service", *RESOURCE_OF) or one.kind in _JUDGED
    ]
    missing: tuple[str, ...] = ()
    if not allow_empty and not any(one.kind == "Service" for one in judged):
        missing = ("there are no Services in it; --allow-empty takes that for good",)
    return decide(remarks, judged, missing, blind=blind, strict=strict)


def _settle(made: Made, settings: Settings, whole: set[str] | None) -> Gathered:
    """The same engine as of a cluster, on what there would be."""
    state = State(choose(settings))
    for name in RESOURCES:
        objects = tuple(made.objects.get(name, ()))
        if name in (ENDPOINTS.name, NODES.name):
            continue  # slices stand for Endpoints; what Nodes there will be no manifest says
        if name in _PARTIAL and whole is not None:
            for namespace in sorted(whole):
                inside = tuple(one for one in objects if one.namespace == namespace)
                state.deliver(Replace(name, namespace, inside))
            for one in objects:
                if one.namespace not in whole:  # it is there, and others may be
                    state.deliver(Upsert(name, one))
        else:
            state.deliver(Replace(name, "", objects))
    state.settle(_NOW)
    return Gathered(state, _NOW, missing=(), offline=True)


def _gather(
    manifests: tuple[Manifest, ...],
    templates: tuple[Template, ...],
    hidden: tuple[Hidden, ...],
    made: Made,
    gathered: Gathered,
) -> Known:
    def explain(key: ServiceKey) -> Explanation | None:
        found = explain_service(gathered, key)
        return found[1] if found else None

    return Known(
        manifests=manifests,
        all_templates=templates,
        hidden=hidden,
        templates=made.templates,
        pods=tuple(gathered.state.cluster.pods()),
        view=gathered.state.view,
        explain=explain,
    )


def _judge_services(known: Known, gathered: Gathered) -> Iterator[Remark]:
    for one in known.manifests:
        report = gathered.find(ServiceKey(one.namespace, one.name))
        if one.kind == "Service" and not one.group and report is not None:
            yield from judge_report(report, one, known)


def _find_unknown(gathered: Gathered, said: Iterable[Remark]) -> set[ServiceKey]:
    """The Services that nothing would answer for, and that are not known to be wrong."""
    wrong = {one.subject for one in said if one.level is Level.ERROR}
    return {
        report.key
        for report in gathered.reports()
        if report.reason is Reason.SELECTOR_MATCHES_NO_PODS and f"Service {report.key}" not in wrong
    }


def _judge_routes(
    manifests: tuple[Manifest, ...], gathered: Gathered, places: Places
) -> Iterator[Remark]:
    by_key = {(one.kind, one.namespace, one.name): one for one in manifests}
    for key, report in sorted(gathered.state.routes.reports.items()):
        about = by_key.get((key.kind, key.namespace, key.name))
        if about is not None:
            yield from judge_route(report, about, gathered.find, places)


# ── what is printed ──────────────────────────────────────────────────────────────────────────

_COLOURS = {
    Level.ERROR: Colour.EMPTY,
    Level.WARNING: Colour.DEGRADED,
    Level.NOTE: Colour.READY,
    Level.UNKNOWN: Colour.UNKNOWN,
}


def _print(verdict: Verdict, args: argparse.Namespace) -> None:
    match args.output:
        case "json":
            write_document("json", write_json(verdict))
        case "sarif":
            write_document("json", write_sarif(verdict, __version__))
        case "junit":
            sys.stdout.write(write_junit(verdict))
        case "github":
            print(*write_github(verdict), sep="\n")
        case _:
            answer(args, verdict, _describe)


def _describe(verdict: Verdict, *, colours: bool) -> Iterator[str]:
    """One line a remark, `FILE:LINE: LEVEL: RULE: what. Fix.`, and one that sums up."""
    for one in verdict.remarks:
        yield write_line(one, paint(one.level.value, _COLOURS[one.level], colours=colours))
    yield from verdict.missing
    yield sum_up(verdict)

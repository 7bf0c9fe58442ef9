"""`check`: whether every Service is as it should be, told by the exit status."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import msgspec

from exporter.cli.errors import CommandError, Exit
from exporter.cli.gate import find_unmatched
from exporter.cli.gathering import Gathered, complain, describe_rejected, gather
from exporter.cli.output import answer
from exporter.cli.routes import find_broken, tell_broken
from exporter.cli.terminal import Colour, paint
from exporter.config import Settings
from exporter.config.kinds import BadValue, Whole, show_text
from exporter.explaining.brief import write_notes
from exporter.explaining.durations import show_time
from exporter.explaining.routes import RouteDocument, describe_route
from exporter.explaining.wording import count_of, escape_text
from exporter.judging import rank
from exporter.model import FindingCode, Reason, ServiceReport, Standing
from exporter.objects.resources import SERVICES

_MIN_READY = Whole(1, 1_000_000)


class Problem(msgspec.Struct, frozen=True):
    """A Service that is not as it should be, or of which that can't be told (`unknown`).

    `ready` and `not_ready` are null when unknown; `since` is RFC 3339 or null, and where nobody saw
    it fall (`since_seen`) it is so since then at least. `findings` are their codes.
    """

    namespace: str
    service: str
    standing: Standing
    reason: Reason | None
    detail: str | None
    message: str
    fix: str
    ready: int | None
    not_ready: int | None
    min_ready: int
    since: str | None
    notes: tuple[str, ...]
    since_seen: bool
    findings: tuple[FindingCode, ...]


class Verdict(msgspec.Struct, frozen=True):
    """What `check -o json` prints. `ok` is null when it can't be told; `exit` is the status.

    `services` is how many were judged; `problems` are worst first; `missing` says what can't be
    read, `rejected` what can't be decoded. `broken_routes` are routes, webhooks and monitors that
    lead nowhere.
    """

    ok: bool | None
    exit: int
    services: int
    problems: tuple[Problem, ...]
    missing: tuple[str, ...]
    rejected: tuple[str, ...]
    broken_routes: tuple[RouteDocument, ...] = ()


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print what is not as it should be, and say by the status whether there is any."""
    settings = _with_min_ready(args, settings)
    if args.manifests is not None:
        if args.from_file is not None or args.all_namespaces:
            raise CommandError("check: --manifests goes with neither --from-file nor -A")
        from exporter.cli.linting import run as lint

        return lint(args, settings)
    if args.complete or args.output not in ("text", "json"):
        flag = "--complete" if args.complete else f"-o {args.output}"
        raise CommandError(f"check: {flag} goes with --manifests alone")
    namespaces = (args.namespace,) if args.namespace is not None else ()
    gathered = gather(settings, args.from_file, namespaces, routes=True)
    if not args.allow_empty:
        unmatched = tuple(find_unmatched(gathered, settings, namespaces))
        missing = (*gathered.missing, *unmatched)
        gathered = msgspec.structs.replace(gathered, missing=missing)
    if args.output == "text":
        complain(gathered)
    verdict = check(gathered, namespaces, strict=args.strict)
    answer(args, verdict, describe)
    return verdict.exit


def _with_min_ready(args: argparse.Namespace, settings: Settings) -> Settings:
    if args.min_ready is None:
        return settings
    try:
        least = _MIN_READY.parse(args.min_ready)
    except BadValue as bad:
        raise CommandError(
            f"--min-ready: {show_text(bad.text)} {bad.problem}; takes {_MIN_READY.takes}"
        ) from None
    return msgspec.structs.replace(settings, default_min_ready=least)


def check(gathered: Gathered, namespaces: Sequence[str] = (), *, strict: bool = False) -> Verdict:
    """Judge every Service. One that is known to be bad outweighs what can't be told."""
    reports = gathered.reports(namespaces)
    problems = sorted((one for one in reports if counts(one, strict=strict)), key=rank)
    rejected = tuple(
        describe_rejected(one)
        for one in gathered.rejected()
        if not namespaces or one.namespace in namespaces
    )
    # A Service that can't be decoded may be down, for all one can tell.
    lost = any(one.resource == SERVICES.name for one in gathered.rejected())
    broken = find_broken(gathered, namespaces)
    down = any(one.judgement.standing is not Standing.UNKNOWN for one in problems)
    if broken or down:
        status, ok = Exit.NOT_FINE, False
    elif problems or lost or gathered.missing:
        status, ok = Exit.FAILED, None
    else:
        status, ok = Exit.FINE, True
    return Verdict(
        ok=ok,
        exit=int(status),
        services=len(reports),
        problems=tuple(_tell(gathered, one) for one in problems),
        missing=gathered.missing,
        rejected=rejected,
        broken_routes=tuple(describe_route(one, gathered.find) for one in broken),
    )


def counts(report: ServiceReport, *, strict: bool) -> bool:
    """Whether a Service is a problem; to the strict also when a finding of any weight holds.

    Not of one that its owner has ignored, nor of one that has only just been made.
    """
    judgement = report.judgement
    if not judgement.fine:
        return True
    young = judgement.standing is Standing.NEW
    return strict and bool(judgement.findings) and not (young or report.ignored)


def _tell(gathered: Gathered, report: ServiceReport) -> Problem:
    from exporter.cli.explain import explain_service  # where all is well nothing is explained

    found = explain_service(gathered, report.key)
    message, fix, detail = "", "", report.detail
    if found is not None:
        message, fix, detail = found[1].message, found[1].fix, found[1].detail
    return Problem(
        namespace=report.key.namespace,
        service=report.key.name,
        standing=report.judgement.standing,
        reason=report.reason,
        detail=detail,
        message=message,
        fix=fix,
        ready=report.ready if report.known else None,
        not_ready=report.not_ready if report.known else None,
        min_ready=report.min_ready,
        since=show_time(report.since),
        notes=write_notes(report),
        since_seen=report.since_seen,
        findings=tuple(found.code for found in report.judgement.findings),
    )


_COLOURS = {Standing.DOWN: Colour.EMPTY, Standing.UNKNOWN: Colour.UNKNOWN}


def describe(verdict: Verdict, *, colours: bool) -> Iterator[str]:
    """One line a problem, `NAMESPACE/NAME: what. Fix.`, and one that sums up."""
    for one in verdict.problems:
        name = escape_text(f"{one.namespace}/{one.service}")
        colour = _COLOURS.get(one.standing, Colour.DEGRADED)
        yield f"{paint(name, colour, colours=colours)}: {escape_text(_sentence(one))}"
    for route in verdict.broken_routes:
        name = "/".join(filter(None, (route.kind.lower(), route.namespace, route.name)))
        for line in tell_broken(route):
            yield (
                f"{paint(escape_text(name), Colour.EMPTY, colours=colours)}: "
                f"{escape_text(line.rstrip())}"
            )
    total = count_of(verdict.services, "Service")
    if verdict.ok:
        good = f"{total}, all as they should be" if verdict.services else "no Services to check"
        yield paint(good, Colour.READY, colours=colours)
        return
    if not verdict.services and not verdict.rejected and not verdict.broken_routes:
        yield "nothing was checked"
        return
    unknown = sum(one.standing is Standing.UNKNOWN for one in verdict.problems)
    bad = len(verdict.problems) - unknown
    parts = []
    if bad:
        is_not = "is not as it" if bad == 1 else "are not as they"
        parts.append(f"{bad} of {total} {is_not} should be")
    if verdict.broken_routes:
        leads = "leads" if len(verdict.broken_routes) == 1 else "lead"
        parts.append(f"{count_of(len(verdict.broken_routes), 'route')} {leads} nowhere")
    if unknown or verdict.ok is None:
        parts.append(f"{unknown or 'some'} can't be told")
    yield "; ".join(parts)


def _sentence(one: Problem) -> str:
    parts = [str(one.standing)]
    if one.reason is not None:
        parts.append(one.reason.value)
    if one.ready is not None and one.not_ready is not None:
        parts.append(f"{one.ready}/{one.ready + one.not_ready} ready")
    if one.since is not None:
        parts.append(f"{'' if one.since_seen else 'at least '}since {one.since}")
    parts += one.notes
    return " ".join(filter(None, (", ".join(parts) + ".", one.fix)))

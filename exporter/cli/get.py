"""`get`: one row a Service, in a table or as a document; with --watch again when it changes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import msgspec

from exporter.cli.documents import ServiceDocument, describe
from exporter.cli.errors import PROGRAM, CommandError, Exit
from exporter.cli.gathering import Gathered, complain, gather
from exporter.cli.guessing import guess_service
from exporter.cli.kubeconfigs import find_namespace
from exporter.cli.naming import read_name
from exporter.cli.output import write_document
from exporter.cli.rows import NARROW_HEAD, WIDE_HEAD, narrow_row, wide_row
from exporter.cli.terminal import Cell, Table, wants_colour
from exporter.config import Settings
from exporter.explaining.wording import escape_text
from exporter.judging import rank
from exporter.model import ServiceReport

#: What stands for the table of routes; a Service of such a name is `svc/NAME`.
WORDS = frozenset({"route", "routes"})


class Listing(msgspec.Struct, frozen=True):
    """What `get -o json|yaml` prints: always a list, of one Service too."""

    items: tuple[ServiceDocument, ...]


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Print what there is; 1 when the Service that was asked for is not among it."""
    if args.watch and args.from_file is not None:
        raise CommandError("get: a file does not change; --watch needs a cluster")
    if args.watch and args.output not in ("table", "wide"):
        raise CommandError("get: --watch prints a table; it does not go with -o json or yaml")
    if args.service in WORDS:
        from exporter.cli.routes import show_routes

        return show_routes(args, settings, choose_namespaces(args, settings))
    if args.service is not None:
        named = read_name(args.service, args.namespace, "get")
        args.service, args.namespace = named.name, named.namespace or None
    namespaces = choose_namespaces(args, settings)
    if args.watch:
        from exporter.cli.following import follow_rows

        return follow_rows(args, settings, namespaces)
    gathered = gather(settings, args.from_file, namespaces)
    complain(gathered)
    reports = gathered.reports(namespaces)
    if args.service is not None:
        reports = find_named(gathered, reports, args.service, namespaces)
    if args.sort == "worst":
        reports.sort(key=rank)
    show(args, gathered, reports, namespaces)
    return Exit.FAILED if gathered.missing and not reports else Exit.FINE


def choose_namespaces(args: argparse.Namespace, settings: Settings) -> tuple[str, ...]:
    """The namespaces to show, () for all: -n, -A, the setting, else those kubectl would show."""
    if args.namespace is not None:  # with -A too, where NAMESPACE/NAME was given
        return (args.namespace,)
    if args.all_namespaces:
        return ()
    if settings.namespaces or args.from_file is not None:
        return settings.namespaces
    return (find_namespace(settings.kubeconfig, settings.context),)


def find_named(
    gathered: Gathered,
    reports: Sequence[ServiceReport],
    name: str,
    namespaces: Sequence[str],
) -> list[ServiceReport]:
    """The Services of this name (one in each namespace at most), or CommandError."""
    found = [report for report in reports if report.key.name == name]
    if found:
        return found
    if gathered.missing:
        raise CommandError(f"Service {escape_text(name)}: Services can't be read")
    guess = guess_service(name, namespaces, gathered.state.reports)
    where = f" in namespace {escape_text(namespaces[0])}" if len(namespaces) == 1 else ""
    raise CommandError(f"no Service {escape_text(name)}{where}{guess}", status=Exit.NOT_FINE)


def show(
    args: argparse.Namespace,
    gathered: Gathered,
    reports: Sequence[ServiceReport],
    namespaces: Sequence[str],
) -> None:
    """Print the reports in the form that was asked for."""
    if args.output in ("json", "yaml"):
        items = tuple(describe(one, gathered.state.view(one.key)) for one in reports)
        write_document(args.output, Listing(items))
        return
    if not reports:
        where = f" in namespace {escape_text(namespaces[0])}" if len(namespaces) == 1 else ""
        if not gathered.missing:
            print(f"{PROGRAM}: no Services found{where}", file=sys.stderr)
        return
    rows = [row_of(args, one, gathered, namespaces) for one in reports]
    table = start_table(args, namespaces)
    table.measure(rows)
    if not args.no_headers:
        print(table.head_line())
    for row in rows:
        print(table.line(row))


def start_table(args: argparse.Namespace, namespaces: Sequence[str]) -> Table:
    """An empty table with the columns that were asked for; one namespace needs no column."""
    head = WIDE_HEAD if args.output == "wide" else NARROW_HEAD
    colours = wants_colour(args.color, sys.stdout, os.environ)
    return Table(head[1:] if len(namespaces) == 1 else head, colours=colours)


def row_of(
    args: argparse.Namespace,
    report: ServiceReport,
    gathered: Gathered,
    namespaces: Sequence[str],
) -> list[Cell]:
    """The row of a Service under the head of start_table."""
    if args.output == "wide":
        row = wide_row(report, gathered.state.view(report.key), gathered.now)
    else:
        row = narrow_row(report, gathered.now)
    return row[1:] if len(namespaces) == 1 else row

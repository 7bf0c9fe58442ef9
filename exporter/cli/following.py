"""`get --watch`: what there is, and then each Service again whenever something about it changes."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator, Sequence

import msgspec

from exporter.cli.errors import Exit
from exporter.cli.gathering import Gathered, complain, wanted_resources
from exporter.cli.get import find_named, row_of, start_table
from exporter.cli.live import log_quietly, make_plans, open_client, read_once
from exporter.cli.stopping import run_until_stopped
from exporter.cli.terminal import Cell, Colour, Table
from exporter.config import Settings
from exporter.engine.feed import FeedStatus, Lists, Unmeasured, follow
from exporter.judging import rank
from exporter.model import Change, ServiceKey, ServiceReport

#: Seconds that changes are gathered: a rollout's many slices are one row, not five.
PAUSE = 0.1


def follow_rows(args: argparse.Namespace, settings: Settings, namespaces: tuple[str, ...]) -> int:
    """Print the table, then rows as they change, until interrupted."""
    log_quietly(settings)
    if namespaces:
        settings = msgspec.structs.replace(settings, namespaces=namespaces)
    return run_until_stopped(_Watch(args, settings, namespaces).run(), interrupted=Exit.INTERRUPTED)


class _Watch:
    """What was printed of each Service, and the state that tells what to print next."""

    def __init__(
        self, args: argparse.Namespace, settings: Settings, namespaces: Sequence[str]
    ) -> None:
        self._args = args
        self._settings = settings
        self._namespaces = namespaces
        self._table: Table = start_table(args, namespaces)
        self._seen: dict[ServiceKey, ServiceReport] = {}
        self._told: dict[ServiceKey, list[Cell]] = {}

    async def run(self) -> None:
        """Read once (so that what is wrong is told at once), then follow."""
        resources = wanted_resources(self._settings, dependents=False)
        async with await open_client(self._settings) as client:
            gathered = await read_once(client, self._settings, resources)
            complain(gathered)
            self._show_first(gathered)
            changed = asyncio.Event()

            def deliver(changes: Sequence[Change]) -> None:
                for change in changes:
                    gathered.state.deliver(change)
                changed.set()

            lists = Lists()
            feeds = [
                follow(
                    client,
                    plan,
                    deliver,
                    status=FeedStatus(plan.resource, plan.namespace),
                    lists=lists,
                    telemetry=Unmeasured(),
                )
                for plan in make_plans(self._settings, resources)
            ]
            try:
                async with asyncio.TaskGroup() as tasks:
                    for feed in feeds:
                        tasks.create_task(feed)
                    while True:
                        await changed.wait()
                        await asyncio.sleep(PAUSE)
                        changed.clear()
                        self._show_changes(gathered)
            except BaseExceptionGroup as group:
                # A reader that went away is known by its own error, not by a group of one.
                raise group.exceptions[0] from None

    def _wanted(self, gathered: Gathered) -> Iterator[ServiceReport]:
        name = self._args.service
        return (
            report
            for report in gathered.reports(self._namespaces)
            if name is None or report.key.name == name
        )

    def _show_first(self, gathered: Gathered) -> None:
        reports = list(self._wanted(gathered))
        if self._args.service is not None:
            reports = find_named(gathered, reports, self._args.service, self._namespaces)
        if self._args.sort == "worst":
            reports.sort(key=rank)
        rows = [self._row(gathered, report) for report in reports]
        self._table.measure(rows)
        if not self._args.no_headers:
            print(self._table.head_line())
        for row in rows:
            print(self._table.line(row))
        print(end="", flush=True)

    def _row(self, gathered: Gathered, report: ServiceReport) -> list[Cell]:
        row = row_of(self._args, report, gathered, self._namespaces)
        self._seen[report.key] = report
        self._told[report.key] = row
        return row

    def _differ(self, one: Sequence[Cell], other: Sequence[Cell]) -> bool:
        """Whether two rows say something else; ages grow by themselves."""
        return any(
            a.text != b.text
            for title, a, b in zip(self._table.head, one, other, strict=True)
            if title not in ("SINCE", "AGE")
        )

    def _show_changes(self, gathered: Gathered) -> None:
        now = time.time()
        gathered.state.settle(now)
        gathered = msgspec.structs.replace(gathered, now=now)
        here: set[ServiceKey] = set()
        for report in self._wanted(gathered):
            here.add(report.key)
            if self._seen.get(report.key) is report:
                continue
            before = self._told.get(report.key)
            row = self._row(gathered, report)
            if before is None or self._differ(before, row):
                self._print(row)
        for key in sorted(self._told.keys() - here):
            row = self._told.pop(key)
            del self._seen[key]
            self._print([*row[: self._reason_at], Cell("(deleted)", Colour.UNKNOWN)])

    @property
    def _reason_at(self) -> int:
        return self._table.head.index("REASON")

    def _print(self, row: Sequence[Cell]) -> None:
        self._table.measure([row])
        print(self._table.line(row), flush=True)

"""Rows of Services, ready to be sorted, filtered and sent: kept while somebody looks.

A row is made again only when its report was; what nobody has asked for in a while is let go. It
reads no clock and does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import Protocol

import msgspec

from exporter.analysis.policy import read_policy
from exporter.model import ServiceKey, ServiceReport, Snapshot
from exporter.web.moments import show_time, write_json

#: How a Service may stand, worst first.
STATES = ("down", "unknown", "degraded", "new", "ready", "intended")

#: Rows made in one step: some three milliseconds.
STEP = 256
#: More rows than this to make, and an answer is made in steps.
MOST_AT_ONCE = 500

_SEVERITIES = {"critical": 0, "": 1, "warning": 1, "info": 2}


#: What rows are sorted by.
Key = tuple[str | int | bool, ...]


class Judged(Protocol):
    """How a Service stands: down, unknown, degraded, new, ready or intended; and what words add."""

    @property
    def standing(self) -> str:
        """One of the six words."""

    @property
    def words(self) -> str:
        """What the reason does not say; may be empty."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is remarkable besides."""


class Item(msgspec.Struct, frozen=True):
    """A Service in a list. Keys are only ever added; null is 'can't be known'.

    `state`: down, unknown, degraded, new, ready or intended. `reason` and `since` (RFC 3339) are
    null while there is a usable ready endpoint. `severity` is what the owner says: critical,
    warning, info or "". `notes` are short texts for people.
    """

    namespace: str
    service: str
    type: str
    state: str
    reason: str | None
    detail: str | None
    since: str | None
    ready: int | None
    not_ready: int | None
    min_ready: int
    severity: str
    notes: tuple[str, ...]
    labels: dict[str, str]


class Row(msgspec.Struct, frozen=True):
    """A Service, the JSON of its item, and where it stands among others.

    `moment` is the item's `since` in seconds since the epoch, `text` what a search looks at, and
    `revision` the desk's when the item became as it is.
    """

    report: ServiceReport
    item: Item
    json: bytes
    moment: int | None
    worst: Key
    text: str
    revision: int


#: Gives the key of a row; always the same object for the same order.
Order = Callable[[Row], Key]


class Desk:
    """The rows of all Services. `instance` tells its revisions from those of another process."""

    def __init__(self, judge: Callable[[ServiceReport, float], Judged], instance: str) -> None:
        self._judge = judge
        self._instance = instance
        self._rows: dict[ServiceKey, Row] = {}
        self._orders: dict[Order, list[Row]] = {}
        self._filled = False
        self._due: set[ServiceKey] = set()
        # Those that become something else by time alone, the one looked at last at the end.
        self._new: dict[ServiceKey, None] = {}
        self._aged: set[ServiceKey] = set()
        self._asked: float | None = None
        self.revision = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def tag(self) -> str:
        """Changes whenever any row does; safe inside of a quoted ETag."""
        return f"{self._instance}-{self.revision}"

    # ── bringing rows up to date ─────────────────────────────────────────────────────────────

    def tell(self, keys: Collection[ServiceKey]) -> None:
        """These Services have changed, come or gone. While there are no rows it costs nothing."""
        if self._filled:
            self._due.update(keys)

    def begin(self, snapshot: Snapshot) -> Iterator[bytes] | None:
        """Bring rows up to date; when that is long work, the steps of it: each gives b""."""
        self._asked = snapshot.now
        if not self._filled:
            self._filled = True
            self._due.update(snapshot.reports, self._rows)
        self._due.update(self._new)
        work = self._work(snapshot)
        if len(self._due) > MOST_AT_ONCE:
            return work
        for _ in work:
            pass
        return None

    def _work(self, snapshot: Snapshot) -> Iterator[bytes]:
        # Of several who work at the same time each takes some, and all wait for the last.
        while self._due:
            for _ in range(min(STEP, len(self._due))):
                self.refresh(self._due.pop(), snapshot)
            yield b""

    def refresh(self, key: ServiceKey, snapshot: Snapshot) -> Row | None:
        """The row of one Service, up to date."""
        self._due.discard(key)
        report, row = snapshot.reports.get(key), self._rows.get(key)
        if report is None:
            if row is not None:
                del self._rows[key]
                self._new.pop(key, None)
                self._orders.clear()
                self.revision += 1
            return None
        if row is None or row.report is not report or key in self._new:
            fresh = self._make(report, snapshot.now)
            if row is not None and row.report is report and fresh.json != row.json:
                self._aged.add(key)
            return fresh
        return row

    def age(self, snapshot: Snapshot) -> set[ServiceKey]:
        """The Services that time alone has changed since this was asked for last."""
        for key in tuple(islice(self._new, MOST_AT_ONCE)):
            self.refresh(key, snapshot)
        aged, self._aged = self._aged, set()
        return aged

    def rest(self, now: float, idle: float) -> bool:
        """Let all rows go when nobody asked for so many seconds; whether it did."""
        if self._asked is None or now - self._asked < idle:
            return False
        self._rows, self._orders, self._new = {}, {}, {}
        self._due, self._aged = set(), set()
        self._filled, self._asked = False, None
        self.revision += 1
        return True

    def _make(self, report: ServiceReport, now: float) -> Row:
        old = self._rows.get(report.key)
        judged = self._judge(report, now)
        item = _describe(report, judged)
        packed = write_json(item)
        if old is not None and old.json == packed:
            # What shows is the same, and so is the place among others: the lists stay as they are.
            row = msgspec.structs.replace(old, report=report)
        else:
            self.revision += 1
            self._orders.clear()
            moment = _whole(report.since) if item.since else None
            rank = _rank(item, moment)
            row = Row(report, item, packed, moment, rank, _searched(item), self.revision)
        self._rows[report.key] = row
        self._new.pop(report.key, None)
        if item.state == "new":
            self._new[report.key] = None
        return row

    # ── reading them ─────────────────────────────────────────────────────────────────────────

    def rows(self, order: Order | None = None) -> list[Row]:
        """All rows as of the last begin(), worst first or in another order. Not to be changed."""
        by = order or _worst
        found = self._orders.get(by)
        if found is None:
            found = self._orders[by] = sorted(self._rows.values(), key=by)
        return found


def _worst(row: Row) -> Key:
    return row.worst


def _describe(report: ServiceReport, judged: Judged) -> Item:
    return Item(
        namespace=report.key.namespace,
        service=report.key.name,
        type=report.service.type,
        state=str(judged.standing),
        reason=None if report.reason is None else report.reason.value,
        detail=report.detail,
        since=show_time(report.since),
        ready=report.ready if report.known else None,
        not_ready=report.not_ready if report.known else None,
        min_ready=report.min_ready,
        severity=read_policy(report.service, 1).severity,
        notes=tuple(filter(None, (judged.words, *judged.notes))),
        labels=report.service.labels,
    )


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _rank(item: Item, moment: int | None) -> Key:
    # In a state: the owner's severity, then what broke last, for that is what somebody looks for.
    state = STATES.index(item.state) if item.state in STATES else len(STATES)
    severity = _SEVERITIES[item.severity]
    return (state, severity, moment is None, -(moment or 0), item.namespace, item.service)


def _searched(item: Item) -> str:
    parts = [f"{item.namespace}/{item.service}", item.type, item.state, item.reason or ""]
    parts += [f"{key}={value}" for key, value in item.labels.items()]
    return "\n".join(parts).lower()

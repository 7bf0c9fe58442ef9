"""Rows of Services, ready to be sorted, filtered and sent: kept while somebody looks.

A row is made again only when its report was; what nobody has asked for in a while is let go. It
reads no clock and does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    `revision` is the desk's when the item became as it is.
    """

    report: ServiceReport
    item: Item
    json: bytes
    worst: tuple[int, int, int, float, str, str]
    text: str
    revision: int


class Desk:
    """The rows of all Services. `instance` tells its revisions from those of another process."""

    def __init__(self, judge: Callable[[ServiceReport, float], Judged], instance: str) -> None:
        self._judge = judge
        self._instance = instance
        self._rows: dict[ServiceKey, Row] = {}
        self._sorted: tuple[int, list[Row]] | None = None
        self._asked: float | None = None
        self.revision = 0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def tag(self) -> str:
        """Changes whenever any row does; safe inside of a quoted ETag."""
        return f"{self._instance}-{self.revision}"

    # ── bringing rows up to date ─────────────────────────────────────────────────────────────

    def begin(self, snapshot: Snapshot) -> Iterator[bytes] | None:
        """Bring rows up to date; when that is long work, the steps of it: each gives b""."""
        self._asked = snapshot.now
        self._drop_gone(snapshot)
        due = [
            report
            for key, report in snapshot.reports.items()
            if (row := self._rows.get(key)) is None
            or row.report is not report
            or row.item.state == "new"  # time alone makes another of it
        ]
        if len(due) > MOST_AT_ONCE:
            return self._work(due, snapshot)
        for report in due:
            self._make(report, snapshot.now)
        return None

    def _work(self, due: list[ServiceReport], snapshot: Snapshot) -> Iterator[bytes]:
        for number, report in enumerate(due):
            if number % STEP == STEP - 1:
                yield b""
            # Meanwhile Services come and go.
            if snapshot.reports.get(report.key) is report:
                self._make(report, snapshot.now)

    def refresh(self, key: ServiceKey, snapshot: Snapshot) -> Row | None:
        """The row of one Service, up to date."""
        report = snapshot.reports.get(key)
        if report is None:
            if self._rows.pop(key, None) is not None:
                self.revision += 1
            return None
        row = self._rows.get(key)
        if row is None or row.report is not report or row.item.state == "new":
            row = self._make(report, snapshot.now)
        return row

    def rest(self, now: float, idle: float) -> bool:
        """Let all rows go when nobody asked for so many seconds; whether it did."""
        if self._asked is None or now - self._asked < idle:
            return False
        self._rows, self._sorted, self._asked = {}, None, None
        self.revision += 1
        return True

    def _drop_gone(self, snapshot: Snapshot) -> None:
        gone = self._rows.keys() - snapshot.reports.keys()
        if gone:
            self.revision += 1
            for key in gone:
                del self._rows[key]

    def _make(self, report: ServiceReport, now: float) -> Row:
        old = self._rows.get(report.key)
        judged = self._judge(report, now)
        item = _describe(report, judged)
        packed = write_json(item)
        if old is not None and old.json == packed:
            row = msgspec.structs.replace(old, report=report)
            self._sorted = None
        else:
            self.revision += 1
            self._sorted = None
            row = Row(report, item, packed, _rank(report, item), _searched(item), self.revision)
        self._rows[report.key] = row
        return row

    # ── reading them ─────────────────────────────────────────────────────────────────────────

    def rows(self) -> list[Row]:
        """All rows, worst first, then those that broke last; as of the last begin()."""
        if self._sorted is None or self._sorted[0] != self.revision:
            self._sorted = (self.revision, sorted(self._rows.values(), key=_worst))
        return self._sorted[1]


def _worst(row: Row) -> tuple[int, int, int, float, str, str]:
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


def _rank(report: ServiceReport, item: Item) -> tuple[int, int, int, float, str, str]:
    # In a state: the owner's severity, then what broke last, for that is what somebody looks for.
    state = STATES.index(item.state) if item.state in STATES else len(STATES)
    severity = _SEVERITIES[item.severity]
    since = report.since
    return (state, severity, since is None, -(since or 0.0), item.namespace, item.service)


def _searched(item: Item) -> str:
    parts = [f"{item.namespace}/{item.service}", item.type, item.state, item.reason or ""]
    parts += [f"{key}={value}" for key, value in item.labels.items()]
    return "\n".join(parts).lower()

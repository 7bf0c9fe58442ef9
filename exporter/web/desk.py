"""Rows of Services, ready to be sorted, filtered and sent: kept while somebody looks.

A row is made again only when its report was; what nobody has asked for in a while is let go. It
reads no clock and does no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice

import msgspec

from exporter.analysis.policy import read_policy
from exporter.explaining.brief import Note, note_findings, note_standing, write_notes
from exporter.explaining.durations import show_time
from exporter.judging.order import Rank, rank
from exporter.model import ServiceKey, ServiceReport, Snapshot
from exporter.web.writing import write_json

#: Rows made in one step: some three milliseconds.
STEP = 256
#: More rows than this to make, and an answer is made in steps.
MOST_AT_ONCE = 500


#: What rows are sorted by.
Key = tuple[str | int | bool, ...]


class Item(msgspec.Struct, frozen=True):
    """A Service in a list. Keys are only ever added; null is 'can't be known'.

    `standing`: down, degraded, unknown, new, ready or intended; `state` is the same, and will go
    with the next release. `reason` and `since` (RFC 3339) are null while there is a usable ready
    endpoint; where nobody saw it fall (`since_seen`) it is down since then at least. `severity` is
    what the owner says: critical, warning, info or "". `notes` are short texts for people.
    `urgency` has what stands before `since` in the order of what is worst; `remark` says why it
    stands so where neither reason nor finding does.
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
    standing: str
    since_seen: bool
    findings: tuple[Note, ...]
    urgency: tuple[int, ...]
    remark: str


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

    def __init__(self, instance: str) -> None:
        self._instance = instance
        self._rows: dict[ServiceKey, Row] = {}
        self._orders: dict[Order, list[Row]] = {}
        self._filled = False
        self._due: set[ServiceKey] = set()
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
                self._orders.clear()
                self.revision += 1
            return None
        if row is None or row.report is not report:
            return self._make(report)
        return row

    def rest(self, now: float, idle: float) -> bool:
        """Let all rows go when nobody asked for so many seconds; whether it did."""
        if self._asked is None or now - self._asked < idle:
            return False
        self._rows, self._orders, self._due = {}, {}, set()
        self._filled, self._asked = False, None
        self.revision += 1
        return True

    def _make(self, report: ServiceReport) -> Row:
        old = self._rows.get(report.key)
        worst = rank(report)
        item = _describe(report, worst)
        packed = write_json(item)
        if old is not None and old.json == packed:
            # What shows is the same, and so is the place among others: the lists stay as they are.
            row = msgspec.structs.replace(old, report=report)
        else:
            self.revision += 1
            self._orders.clear()
            moment = _whole(report.since) if item.since else None
            row = Row(report, item, packed, moment, worst, _searched(item), self.revision)
        self._rows[report.key] = row
        return row

    # ── reading them ─────────────────────────────────────────────────────────────────────────

    def any_row(self) -> list[Row]:
        """One row, whichever; none where there is none."""
        return list(islice(self._rows.values(), 1))

    def arrange(self, order: Order) -> Iterator[bytes]:
        """Put the rows into an order, in steps: each gives b""."""
        if order in self._orders:
            return
        rows, revision = list(self._rows.values()), self.revision
        runs: list[Row] = []
        for begin in range(0, len(rows), MOST_AT_ONCE):
            runs += sorted(rows[begin : begin + MOST_AT_ONCE], key=order)
            yield b""
        # To merge runs that are sorted costs a third of sorting them.
        runs.sort(key=order)
        if self.revision == revision:
            self._orders[order] = runs

    def rows(self, order: Order | None = None) -> list[Row]:
        """All rows as of the last begin(), worst first or in another order. Not to be changed."""
        by = order or _worst
        found = self._orders.get(by)
        if found is None:
            found = self._orders[by] = sorted(self._rows.values(), key=by)
        return found


def _worst(row: Row) -> Key:
    return row.worst


def _describe(report: ServiceReport, worst: Rank) -> Item:
    standing = str(report.judgement.standing)
    return Item(
        namespace=report.key.namespace,
        service=report.key.name,
        type=report.service.type,
        state=standing,
        reason=None if report.reason is None else report.reason.value,
        detail=report.detail,
        since=show_time(report.since),
        ready=report.ready if report.known else None,
        not_ready=report.not_ready if report.known else None,
        min_ready=report.min_ready,
        severity=read_policy(report.service, 1).severity,
        notes=write_notes(report),
        labels=report.service.labels,
        standing=standing,
        since_seen=report.since_seen,
        findings=note_findings(report),
        urgency=worst[:2],
        remark=note_standing(report),
    )


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else int(seconds)


def _searched(item: Item) -> str:
    parts = [f"{item.namespace}/{item.service}", item.type, item.standing, item.reason or ""]
    parts += [str(note.code) for note in item.findings]
    parts += [f"{key}={value}" for key, value in item.labels.items()]
    return "\n".join(parts).lower()

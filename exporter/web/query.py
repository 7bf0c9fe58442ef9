"""What a list is asked for: filters, order and page, out of a query; and the rows that answer it.

Every fault is told in one line; nothing here does I/O.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator, Iterable

import msgspec

from exporter.judging import STANDINGS
from exporter.model import FindingCode, Reason
from exporter.spelling import find_close
from exporter.web.desk import Desk, Key, Order, Row, by_worst

TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
#: The name of `reason=` for Services that have none.
NO_REASON = "none"
MOST = 1000
USUAL = 100
_LONGEST = 500
_MOST_VALUES = 100
#: Words of `q` and parts of `label` together.
MOST_TERMS = 20
#: Rows that are looked at in one turn.
_TURN = 500

SORTS: dict[str, Order] = {
    "worst": by_worst,
    "name": lambda row: (row.item.service, row.item.namespace),
    "namespace": lambda row: (row.item.namespace, row.item.service),
    "since": lambda row: (row.moment is None, -(row.moment or 0), *row.report.key),
    "ready": lambda row: (row.item.ready is None, row.item.ready or 0, *row.report.key),
}
#: `state` is the former name of `standing`, and goes with the next release.
PARAMETERS = (
    "namespace",
    "type",
    "standing",
    "state",
    "reason",
    "finding",
    "label",
    "q",
    "sort",
    "limit",
    "page",
)


class BadQuery(Exception):  # noqa: N818 - it becomes a 400
    """A parameter that can't be meant as it is; `parameter` names it."""

    def __init__(self, parameter: str, text: str) -> None:
        super().__init__(text)
        self.parameter = parameter


class Query(msgspec.Struct, frozen=True):
    """What is asked for. Empty filters keep everything; `after` is a key in the order of `sort`."""

    namespaces: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    standings: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    findings: frozenset[str] = frozenset()
    labels: tuple[tuple[str, str, str], ...] = ()
    words: tuple[str, ...] = ()
    sort: str = "worst"
    limit: int = USUAL
    after: Key | None = None

    def keeps(self, row: Row) -> bool:
        """Whether a row passes all filters."""
        item = row.item
        return (
            (not self.standings or item.standing in self.standings)
            and (not self.namespaces or item.namespace in self.namespaces)
            and (not self.types or item.type in self.types)
            and (not self.reasons or (item.reason or NO_REASON) in self.reasons)
            and (not self.findings or _has_one(row, self.findings))
            and all(word in row.text for word in self.words)
            and all(holds(item.labels, *wish) for wish in self.labels)
        )

    def sift(self, rows: list[Row]) -> Generator[bytes, None, list[Row]]:
        """The rows that are kept, in their order, found in one pass.

        It gives b"" now and then: as many terms as there may be, asked of 10,000 Services, are
        more than one turn's work.
        """
        kept: list[Row] = []
        for begin in range(0, len(rows), _TURN):
            kept += filter(self.keeps, rows[begin : begin + _TURN])
            yield b""
        return kept


class Found(msgspec.Struct, frozen=True):
    """A page of rows, how many pass the filters in all, and the token of the next page."""

    rows: tuple[Row, ...]
    total: int
    next: str | None


def read_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """The Query of a request, or BadQuery."""
    given: dict[str, list[str]] = {name: [] for name in PARAMETERS}
    for name, value in pairs:
        if name not in given:
            close = find_close(name[:40], PARAMETERS)
            guess = f"; did you mean {close}?" if close else ""
            raise BadQuery(show(name), f"no such parameter: {show(name)}{guess}")
        if len(value) > _LONGEST:
            raise BadQuery(name, f"{name}: longer than {_LONGEST} characters")
        given[name].append(value)
        if len(given[name]) > _MOST_VALUES:
            raise BadQuery(name, f"{name}: given more than {_MOST_VALUES} times")
    sort = _last(given["sort"]) or "worst"
    if sort not in SORTS:
        raise BadQuery("sort", f"sort: takes {', '.join(SORTS)}, not {show(sort)}")
    labels = [part for value in given["label"] for part in _parts(value)]
    words = _last(given["q"]).lower().split()
    if len(labels) + len(words) > MOST_TERMS:
        name = "label" if len(labels) > len(words) else "q"
        raise BadQuery(name, f"{name}: more than {MOST_TERMS} terms, those of label and q together")
    return Query(
        namespaces=_split(given["namespace"]),
        types=_choose("type", given["type"], TYPES),
        standings=_choose("standing", given["standing"], STANDINGS)
        | _choose("state", given["state"], STANDINGS),
        reasons=_choose("reason", given["reason"], (NO_REASON, *(r.value for r in Reason))),
        findings=_choose("finding", given["finding"], tuple(FindingCode)),
        labels=tuple(map(_read_label, labels)),
        words=tuple(words),
        sort=sort,
        limit=_read_limit(_last(given["limit"])),
        after=_read_token(_last(given["page"]), sort),
    )


def find(desk: Desk, query: Query) -> Generator[bytes, None, Found]:
    """The page of rows that is asked for; on its way it gives b"", as Query.sift does.

    A page token that is none of this list is a BadQuery before anything is given.
    """
    order = SORTS[query.sort]
    if query.after is not None:
        _count_up_to(desk.any_row(), order, query.after)
    yield from desk.arrange(order)
    kept = yield from query.sift(desk.rows(order))
    total, begin = len(kept), 0
    if query.after is not None:
        # What changes between two pages moves, but nothing that stays is skipped or told twice.
        begin = _count_up_to(kept, order, query.after)
    shown = tuple(kept[begin : begin + query.limit])
    more = begin + query.limit < total
    return Found(shown, total, _write_token(query.sort, order(shown[-1])) if more else None)


def show(text: str) -> str:
    """A client's text in one line of an error."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text[:80])
    return shown if len(text) <= 80 else f"{shown[:79]}…"


def _has_one(row: Row, codes: frozenset[str]) -> bool:
    return any(note.code in codes for note in row.item.findings)


def _count_up_to(rows: list[Row], order: Order, after: Key) -> int:
    low, high = 0, len(rows)
    try:
        while low < high:
            middle = (low + high) // 2
            if order(rows[middle]) <= after:
                low = middle + 1
            else:
                high = middle
    except TypeError:
        raise BadQuery("page", "page: is no page of this list") from None
    return low


def _write_token(sort: str, key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([sort, *key])).decode().rstrip("=")


def _read_token(text: str, sort: str) -> Key | None:
    if not text:
        return None
    bad = BadQuery("page", "page: is no page of this list; begin without it")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = msgspec.json.decode(raw, type=Key)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        raise bad from None
    if not parts or parts[0] != sort:
        raise bad
    return tuple(parts[1:])


def _read_limit(text: str) -> int:
    if not text:
        return USUAL
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= MOST):
        raise BadQuery("limit", f"limit: takes a whole number from 1 to {MOST}")
    return int(text)


def _read_label(text: str) -> tuple[str, str, str]:
    """(key, verb, value); the verbs are =, !=, exists and absent."""
    if "(" in text or ")" in text:
        raise BadQuery("label", "label: takes key=value, key!=value, key or !key")
    for verb in ("!=", "==", "="):
        key, found, value = text.partition(verb)
        if found and key.strip():
            return key.strip(), "=" if verb == "==" else verb, value.strip()
    key = text.removeprefix("!").strip()
    if not key or "=" in key:
        raise BadQuery("label", "label: takes key=value, key!=value, key or !key")
    return key, "absent" if text.startswith("!") else "exists", ""


def holds(labels: dict[str, str], key: str, verb: str, value: str) -> bool:
    """Whether labels fulfil one wish of Query.labels."""
    if verb == "=":
        return labels.get(key) == value
    if verb == "!=":
        return labels.get(key) != value
    return (key in labels) == (verb == "exists")


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _split(values: list[str]) -> frozenset[str]:
    return frozenset(part for value in values for part in _parts(value))


def _choose(name: str, values: list[str], known: tuple[str, ...]) -> frozenset[str]:
    chosen = _split(values)
    for word in sorted(chosen - set(known)):
        close = find_close(word[:80], known)
        hint = f"; did you mean {close}?" if close else f"; takes {', '.join(known[:6])}"
        raise BadQuery(name, f"{name}: no such {name}: {show(word)}{hint}")
    return chosen


def _last(values: list[str]) -> str:
    return values[-1].strip() if values else ""

"""The landing page: what is here, how reading goes, which Services are worst.

One HTML document without scripts and without anything from elsewhere. Every value is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import nsmallest
from html import escape

import msgspec

from exporter.analysis.durations import human_duration
from exporter.model import ResourceStatus, ServiceReport, Snapshot
from exporter.web.health import describe_further, describe_state, is_ready
from exporter.web.messages import COMMON_HEADERS, Judged, Request, Response, Site
from exporter.web.style import STYLE, STYLE_HASH

_POLICY = (
    f"default-src 'none'; style-src '{STYLE_HASH}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

#: How many Services the table shows, and how many are judged in one step.
SHOWN = 25
_STEP = 256

_STANDINGS = {
    "down": "no ready endpoint",
    "unknown": "can't be told",
    "degraded": "fewer than wanted",
    "new": "just made",
    "ready": "as they should be",
    "intended": "empty on purpose",
}
_BAD = ("down", "unknown", "degraded", "new")

_LINKS = (
    ("/metrics", "the metrics; ?namespace=… and ?family=… keep a part of them"),
    ("/readyz?verbose", "whether everything that may be read was read"),
    ("/livez", "whether the process is alive (also /healthz, /-/healthy)"),
)


class _Row(msgspec.Struct, frozen=True):
    """A Service that needs attention."""

    report: ServiceReport
    judged: Judged

    @property
    def order(self) -> tuple[object, ...]:
        """Worst standing first; in it what broke last, for that is what somebody looks for."""
        since = self.report.since
        age = (since is None, -(since or 0.0))
        return (_BAD.index(self.judged.standing), *age, self.report.key)


def answer_landing(_request: Request, site: Site) -> Response:
    """The page. It is made in steps, for judging ten thousand Services is not short work."""
    return Response(
        200,
        (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Security-Policy", _POLICY),
            *COMMON_HEADERS,
        ),
        _write_page(site, site.snapshot()),
    )


class _Tally:
    """What the numbers of the page say, added up Service by Service."""

    def __init__(self) -> None:
        self.services = self.ready = self.addresses = 0
        self.standings: Counter[str] = Counter()
        self.namespaces: set[str] = set()
        self.bad: list[_Row] = []

    def add(self, report: ServiceReport, judged: Judged) -> None:
        self.services += 1
        self.standings[str(judged.standing)] += 1
        self.namespaces.add(report.key.namespace)
        if report.known:
            ready = report.ready
            self.ready += ready
            self.addresses += ready + report.not_ready
        if judged.standing in _BAD:
            self.bad.append(_Row(report, judged))


def _write_page(site: Site, snapshot: Snapshot) -> Iterator[bytes]:
    # The mapping may be live: between two steps Services come and go.
    reports = tuple(snapshot.reports.values())
    tally = _Tally()
    for at in range(0, len(reports), _STEP):
        for report in reports[at : at + _STEP]:
            tally.add(report, site.judge(report, snapshot.now))
        yield b""
    worst = nsmallest(SHOWN, tally.bad, key=lambda row: row.order)
    yield "".join(
        (
            _head(site.version, ready=is_ready(snapshot.ready, snapshot.resources)),
            _numbers(tally),
            _services(worst, len(tally.bad), snapshot.now),
            _resources(snapshot.resources, snapshot.now),
            _links(),
            "</main>\n</html>\n",
        )
    ).encode("utf-8", "replace")


def _head(version: str, *, ready: bool) -> str:
    state = '<b class="ready">ready</b>' if ready else '<b class="down">not ready yet</b>'
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>kube-endpoints-exporter</title>\n<style>{STYLE}</style>\n<main>\n"
        f"<h1>kube-endpoints-exporter</h1>\n<p>Version {escape(version)} · {state}</p>\n"
    )


def _numbers(tally: _Tally) -> str:
    spread = len(tally.namespaces)
    about = f"{_name(tally.services, 'Service')} in {spread} {_name(spread, 'namespace')}"
    cells = [
        ("", tally.services, about),
        *((word, tally.standings[word], f"{word}: {text}") for word, text in _STANDINGS.items()),
        ("", f"{tally.ready}/{tally.addresses}", "addresses ready"),
    ]
    items = "".join(
        f'<li class="{kind}"><b>{value}</b> {escape(text)}</li>\n' for kind, value, text in cells
    )
    return f'<ul class="numbers">\n{items}</ul>\n'


def _name(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


def _services(rows: list[_Row], bad: int, now: float) -> str:
    if not rows:
        return "<h2>Worst Services</h2>\n<p>None needs attention.</p>\n"
    head = ("Service", "State", "Reason", "Since", "Ready")
    body = "".join(_row(head, _service_cells(row, now)) for row in rows)
    more = f"<p>{bad - len(rows)} more: <code>kube-endpoints-exporter get -A</code></p>\n"
    return (
        f"<h2>Worst Services</h2>\n{_table(head, body)}{more if bad > len(rows) else ''}"
        "<p>Why, and what to do: <code>kube-endpoints-exporter explain NAMESPACE/NAME</code></p>\n"
    )


def _service_cells(row: _Row, now: float) -> tuple[str, ...]:
    report, standing = row.report, str(row.judged.standing)
    reason = "" if report.reason is None else report.reason.value
    words = " · ".join(filter(None, (reason, report.detail, row.judged.words)))
    known = f"{report.ready}/{report.ready + report.not_ready}" if report.known else "unknown"
    return (
        escape(str(report.key)),
        f'<b class="{escape(standing)}">{escape(standing)}</b>',
        escape(words or "–"),
        _ago(report.since, now),
        known,
    )


def _ago(moment: float | None, now: float) -> str:
    if moment is None:
        return "–"
    age = escape(human_duration(now - moment))
    try:
        exact = datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return age
    return f'<time datetime="{exact}" title="{exact}">{age}</time>'


def _resources(statuses: tuple[ResourceStatus, ...], now: float) -> str:
    if not statuses:
        return "<h2>Resources</h2>\n<p>Nothing is read yet.</p>\n"
    head = ("Resource", "State", "More")
    body = "".join(
        _row(
            head,
            (
                escape(status.resource),
                f'<b class="{_colour(status)}">{escape(describe_state(status))}</b>',
                escape("; ".join(describe_further(status, now))),
            ),
        )
        for status in statuses
    )
    return f"<h2>Resources</h2>\n{_table(head, body)}"


def _colour(status: ResourceStatus) -> str:
    if status.forbidden:
        return "down" if status.required else "unknown"
    return "ready" if status.synced else "degraded"


def _links() -> str:
    items = "".join(
        f'<li><a href="{escape(path)}">{escape(path)}</a> – {escape(text)}</li>\n'
        for path, text in _LINKS
    )
    return f"<h2>What is here</h2>\n<ul>\n{items}</ul>\n"


def _table(head: tuple[str, ...], body: str) -> str:
    titles = "".join(f'<th scope="col">{title}</th>' for title in head)
    return f"<table>\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def _row(head: tuple[str, ...], cells: tuple[str, ...]) -> str:
    # On a phone each row is a block, and the column's title stands before its value.
    inside = "".join(
        f'<td data-title="{title}">{cell}</td>' for title, cell in zip(head, cells, strict=True)
    )
    return f"<tr>{inside}</tr>\n"

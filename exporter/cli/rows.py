"""A Service as `get` shows it: a row of the table, or a document for a program."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from exporter.analysis.merge import merge_pairs, merge_slices, routed_slices
from exporter.cli.output import format_time
from exporter.cli.terminal import Cell, Colour
from exporter.explaining.brief import Brief
from exporter.explaining.durations import human_duration
from exporter.explaining.wording import escape_text
from exporter.model import Reason, ServiceReport, ServiceView, Standing
from exporter.objects.services import ServicePort
from exporter.objects.slices import READY

NONE = "<none>"
NONE_READY = "<none ready>"
#: Ready, but behind no port of the Service, or in a family that it does not have.
NONE_USABLE = "<none usable>"
UNKNOWN = "<unknown>"
#: Nothing to say: a healthy Service has no reason, and no since.
NOTHING = "-"

_SHOWN = 3

NARROW_HEAD = ("NAMESPACE", "NAME", "TYPE", "READY", "PORTS", "REASON", "SINCE")
WIDE_HEAD = (
    *NARROW_HEAD,
    "NOT-READY",
    "TERMINATING",
    "NODES",
    "ZONES",
    "SLICES",
    "ENDPOINTS",
    "SELECTOR",
    "AGE",
)

_COLOURS = {
    Standing.DOWN: Colour.EMPTY,
    Standing.UNKNOWN: Colour.UNKNOWN,
    Standing.DEGRADED: Colour.DEGRADED,
    Standing.NEW: Colour.DEGRADED,
    Standing.READY: Colour.READY,
    Standing.INTENDED: Colour.UNKNOWN,
}


class AddressesDocument(msgspec.Struct, frozen=True):
    """Unique addresses of one type; null is 'this source does not know'."""

    address_type: str
    ready: int
    not_ready: int
    serving: int | None
    terminating: int | None


class PortDocument(msgspec.Struct, frozen=True):
    """Ready (address, number) pairs behind one Service port."""

    name: str
    protocol: str
    port: int
    ready: int


class ServiceDocument(msgspec.Struct, frozen=True):
    """One Service in `get -o json|yaml`. Keys are only ever added; null is 'can't be known'.

    `standing`: ready, degraded, down, new, intended or unknown. `reason` and `since` (RFC 3339)
    are null while there is a usable ready endpoint. `notes` are short texts for people.
    """

    namespace: str
    service: str
    type: str
    standing: Standing
    ready: int | None
    not_ready: int | None
    routable: int | None
    min_ready: int
    ignored: bool
    reason: Reason | None
    detail: str | None
    since: str | None
    notes: tuple[str, ...]
    addresses: tuple[AddressesDocument, ...]
    ports: tuple[PortDocument, ...]
    nodes: int | None
    zones: dict[str, int] | None
    slices: int | None
    selector: dict[str, str]
    created: str | None


def describe(report: ServiceReport, judgement: Brief) -> ServiceDocument:
    """The document on a Service."""
    service, topology = report.service, report.topology
    counted = report.known
    return ServiceDocument(
        namespace=report.key.namespace,
        service=report.key.name,
        type=service.type,
        standing=judgement.standing,
        ready=report.ready if counted else None,
        not_ready=report.not_ready if counted else None,
        routable=report.routable,
        min_ready=report.min_ready,
        ignored=report.ignored,
        reason=report.reason,
        detail=report.detail,
        since=format_time(report.since),
        notes=tuple(filter(None, (judgement.words, *judgement.notes))),
        addresses=tuple(
            AddressesDocument(
                one.address_type, one.ready, one.not_ready, one.serving, one.terminating
            )
            for one in report.counts
        ),
        ports=tuple(
            PortDocument(one.name, one.protocol, one.port, one.ready) for one in report.ports
        ),
        nodes=topology.nodes if topology else None,
        zones=dict(topology.zones) if topology and topology.zones is not None else None,
        slices=report.slices,
        selector=service.selector,
        created=format_time(service.created),
    )


def narrow_row(report: ServiceReport, judgement: Brief, now: float) -> list[Cell]:
    """The cells under NARROW_HEAD."""
    colour = _COLOURS[judgement.standing]
    return [
        Cell(escape_text(report.key.namespace) or NONE),
        Cell(escape_text(report.key.name)),
        Cell(escape_text(report.service.type)),
        Cell(_ready(report), colour),
        Cell(_ports(report)),
        Cell(_reason(report, judgement), _reason_colour(judgement)),
        Cell(_age(report.since, now) if report.since is not None else _no_since(report)),
    ]


def wide_row(
    report: ServiceReport, judgement: Brief, view: ServiceView | None, now: float
) -> list[Cell]:
    """The cells under WIDE_HEAD."""
    topology = report.topology
    terminating = [one.terminating for one in report.counts if one.terminating is not None]
    return [
        *narrow_row(report, judgement, now),
        _number(report.not_ready if report.known else None, report, Colour.DEGRADED),
        _number(sum(terminating) if terminating else None, report, Colour.TERMINATING),
        _number(topology.nodes if topology else None, report),
        Cell(_zones(report)),
        _number(report.slices, report),
        Cell(_endpoints(report, view)),
        Cell(_selector(report)),
        Cell(_age(report.service.created, now)),
    ]


def _age(moment: float | None, now: float) -> str:
    return human_duration(None if moment is None else now - moment)


def _no_since(report: ServiceReport) -> str:
    """While it is down and nobody can tell since when, that is not nothing."""
    down = report.reason is not None and report.reason is not Reason.EXTERNAL_NAME
    return UNKNOWN if down else NOTHING


def _ready(report: ServiceReport) -> str:
    if report.reason is Reason.EXTERNAL_NAME:
        return NONE
    return f"{report.ready}/{report.ready + report.not_ready}" if report.known else UNKNOWN


def _reason(report: ServiceReport, judgement: Brief) -> str:
    parts = []
    if report.reason is not None:
        # A detail can be a sentence (near misses); in a table only a word has room.
        word = report.detail is not None and report.detail.isidentifier()
        parts.append(f"{report.reason.value}({report.detail})" if word else report.reason.value)
    notes = (note.partition(": ")[0] for note in judgement.notes)
    more = list(dict.fromkeys([*filter(None, [judgement.words]), *notes]))
    if judgement.standing is Standing.NEW:
        more.insert(0, "new")
    if more:
        parts.append(f"({escape_text('; '.join(more))})")
    return " ".join(parts) or NOTHING


def _port(port: ServicePort) -> str:
    number = f"{port.port}:{port.node_port}" if port.node_port else str(port.port)
    return f"{number}/{port.protocol}"


def _reason_colour(judgement: Brief) -> Colour:
    """Of a ready Service only what is remarkable stands under REASON, and it is not green."""
    if judgement.standing is Standing.READY:
        return Colour.DEGRADED if judgement.notes else Colour.PLAIN
    return _COLOURS[judgement.standing]


def _ports(report: ServiceReport) -> str:
    return escape_text(",".join(_port(port) for port in report.service.ports)) or NONE


def _number(value: int | None, report: ServiceReport, colour: Colour = Colour.PLAIN) -> Cell:
    if value is None:
        return Cell(NONE if report.reason is Reason.EXTERNAL_NAME else UNKNOWN)
    return Cell(str(value), colour if value else Colour.PLAIN)


def _zones(report: ServiceReport) -> str:
    if report.topology is None or report.topology.zones is None:
        return NONE if report.reason is Reason.EXTERNAL_NAME else UNKNOWN
    # The zone that nobody told comes last, as `?`.
    zones = sorted(report.topology.zones, key=lambda pair: (not pair[0], pair))
    return escape_text(",".join(f"{zone or '?'}={ready}" for zone, ready in zones)) or NONE


def _selector(report: ServiceReport) -> str:
    pairs = sorted(report.service.selector.items())
    return escape_text(",".join(f"{key}={value}" for key, value in pairs)) or NONE


def shorten(items: Iterable[str]) -> str:
    """The first three, and how many more there are, as kubectl writes it; "" for none."""
    held = list(items)
    shown = ",".join(held[:_SHOWN])
    return f"{shown} + {len(held) - _SHOWN} more..." if len(held) > _SHOWN else shown


def _endpoints(report: ServiceReport, view: ServiceView | None) -> str:
    """Ready `ip:port` that traffic reaches, each once, or why there is none."""
    if report.reason is Reason.EXTERNAL_NAME:
        return NONE
    slices = view.addresses if view is not None else None
    if slices is None:
        return UNKNOWN
    routed = routed_slices(report.service, slices)
    found: dict[str, None] = {}
    for port in report.service.ports:
        pairs = merge_pairs(routed, port.name, port.protocol)
        ready = [pair for pair, entry in pairs.items() if entry.flags & READY]
        # By length first: 10.0.0.9 before 10.0.0.10.
        ready.sort(key=lambda pair: (len(pair[0]), pair))
        found.update(dict.fromkeys(_join(address, number) for address, number in ready))
    if report.service.headless and not report.service.ports:
        merged = merge_slices(routed)
        entries = [entry for kind in merged.values() for entry in kind.values()]
        up = [one.address for one in entries if one.flags & READY]
        found = dict.fromkeys(sorted(up, key=lambda address: (len(address), address)))
    if found:
        return escape_text(shorten(found))
    if report.ready:
        return NONE_USABLE
    return NONE_READY if report.not_ready else NONE


def _join(address: str, number: int) -> str:
    return f"[{address}]:{number}" if ":" in address else f"{address}:{number}"

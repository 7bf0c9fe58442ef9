"""A Service as a row of the table that `get` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.analysis.merge import merge_pairs, merge_slices, ready_entries, routed_slices
from exporter.cli.terminal import Cell, Colour
from exporter.explaining.brief import Note, note_findings, note_standing
from exporter.explaining.durations import human_duration
from exporter.explaining.owners import list_owners
from exporter.explaining.wording import escape_text
from exporter.model import Reason, ServiceReport, ServiceView, Standing, Weight
from exporter.objects.services import ServicePort
from exporter.objects.slices import READY
from exporter.urls import join_port

NONE = "<none>"
NONE_READY = "<none ready>"
#: Ready, but behind no port of the Service, or in a family that it does not have.
NONE_USABLE = "<none usable>"
UNKNOWN = "<unknown>"
#: Nothing to say: a healthy Service has no reason, and no since.
NOTHING = "-"

_SHOWN = 3

NARROW_HEAD = ("NAMESPACE", "NAME", "TYPE", "STANDING", "READY", "PORTS", "REASON", "SINCE")
WIDE_HEAD = (
    *NARROW_HEAD,
    "NOT-READY",
    "TERMINATING",
    "NODES",
    "ZONES",
    "SLICES",
    "ENDPOINTS",
    "CLUSTER-IP",
    "EXTERNAL-IP",
    "POLICY",
    "WORKLOAD",
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


def narrow_row(report: ServiceReport, now: float) -> list[Cell]:
    """The cells under NARROW_HEAD: of the findings those that make it degraded."""
    warnings = [note for note in note_findings(report) if note.weight is Weight.WARNING]
    return _row(report, now, _ports(report), warnings)


def wide_row(report: ServiceReport, view: ServiceView | None, now: float) -> list[Cell]:
    """The cells under WIDE_HEAD: all findings, and where each port leads."""
    topology = report.topology
    terminating = [one.terminating for one in report.counts if one.terminating is not None]
    return [
        *_row(report, now, _routed_ports(report), note_findings(report)),
        _number(report.not_ready if report.known else None, report, Colour.DEGRADED),
        _number(sum(terminating) if terminating else None, report, Colour.TERMINATING),
        _number(topology.nodes if topology else None, report),
        Cell(_zones(report)),
        _number(report.slices, report),
        Cell(_endpoints(report, view)),
        Cell(_list(report.service.cluster_ips)),
        Cell(_external(report)),
        Cell(_policies(report)),
        Cell(_workloads(view)),
        Cell(_selector(report)),
        Cell(_age(report.service.created, now)),
    ]


def _row(report: ServiceReport, now: float, ports: str, notes: Sequence[Note]) -> list[Cell]:
    standing = report.judgement.standing
    colour = _COLOURS[standing]
    # Of a Service that is as it should be only what is remarkable stands out, and not in green.
    plain = Colour.PLAIN if standing is Standing.READY else colour
    return [
        Cell(escape_text(report.key.namespace) or NONE),
        Cell(escape_text(report.key.name)),
        Cell(escape_text(report.service.type)),
        Cell(str(standing), colour),
        Cell(_ready(report), colour),
        Cell(ports),
        Cell(_reason(report, notes), plain),
        Cell(_age(report.since, now) if report.since is not None else _no_since(report)),
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


def _reason(report: ServiceReport, notes: Sequence[Note]) -> str:
    parts = []
    if report.reason is not None:
        # A detail can be a sentence (near misses); in a table only a word has room.
        word = report.detail is not None and report.detail.isidentifier()
        parts.append(f"{report.reason.value}({report.detail})" if word else report.reason.value)
    texts = [note_standing(report), *(note.text.partition(": ")[0] for note in notes)]
    more = list(dict.fromkeys(filter(None, texts)))
    if more:
        parts.append(f"({escape_text('; '.join(more))})")
    return " ".join(parts) or NOTHING


def _port(port: ServicePort) -> str:
    number = f"{port.port}:{port.node_port}" if port.node_port else str(port.port)
    return f"{number}/{port.protocol}"


def _ports(report: ServiceReport) -> str:
    return escape_text(",".join(_port(port) for port in report.service.ports)) or NONE


def _routed_ports(report: ServiceReport) -> str:
    """Each port with where it leads: `80>8080/TCP`, `80:30080>http/TCP`."""
    found = []
    for port in report.service.ports:
        number, _, protocol = _port(port).partition("/")
        found.append(f"{number}>{port.target}/{protocol}")
    return _list(found)


def _list(items: Iterable[str]) -> str:
    return escape_text(shorten(items)) or NONE


def _external(report: ServiceReport) -> str:
    """What reaches it from outside, as kubectl shows it: load balancer, external IPs, alias."""
    service = report.service
    if service.type == "ExternalName":
        return escape_text(service.external_name) or NONE
    points = [*service.ingress, *service.external_ips]
    if service.type == "LoadBalancer" and not service.ingress:
        points.insert(0, "<pending>")
    return _list(points)


def _policies(report: ServiceReport) -> str:
    """The traffic policies that are not the usual one."""
    service = report.service
    pairs = (("internal", service.internal_policy), ("external", service.external_policy))
    return ",".join(f"{who}={policy}" for who, policy in pairs if policy == "Local") or NOTHING


def _workloads(view: ServiceView | None) -> str:
    owners = list_owners(view) if view is not None else None
    if owners is None:
        return NOTHING
    return _list(f"{owner.kind}/{owner.name}" for owner in owners)


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
        found.update(dict.fromkeys(join_port(address, number) for address, number in ready))
    if report.service.headless and not report.service.ports:
        up = [entry.address for entry in ready_entries(merge_slices(routed))]
        found = dict.fromkeys(sorted(up, key=lambda address: (len(address), address)))
    if found:
        return escape_text(shorten(found))
    if report.ready:
        return NONE_USABLE
    return NONE_READY if report.not_ready else NONE

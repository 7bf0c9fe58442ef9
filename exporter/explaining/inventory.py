"""Which addresses, slices and ports a Service has, told in sentences that can be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.explaining.wording import count_of, join_some
from exporter.model import Reason, ServiceReport, ServiceView, Source
from exporter.objects.slices import CONTROLLER, MIRRORING_CONTROLLER, READY, EndpointSlice

_MOST_SLICES = 5


def tell_addresses(
    view: ServiceView, report: ServiceReport, slices: Sequence[EndpointSlice]
) -> Iterator[str]:
    """Counts by address type, the slices (or what there is instead), and what each port reaches."""
    service = report.service
    if report.reason is Reason.EXTERNAL_NAME:
        yield f"it is an alias of {service.external_name or '<none>'}"
        return
    what = "EndpointSlice" if view.source is Source.ENDPOINTSLICES else "Endpoints object"
    if view.broken:
        yield f"{count_of(view.broken, what)} of it can't be decoded: no number can be trusted"
        return
    if not report.known:
        yield f"{what}s can't be read"
        return
    for counts in report.counts:
        states = [f"{counts.ready} ready", f"{counts.not_ready} not ready"]
        states += [f"{counts.serving} serving"] if counts.serving else []
        states += [f"{counts.terminating} terminating"] if counts.terminating else []
        yield f"{counts.address_type} addresses: {', '.join(states)}"
    yield from _tell_sources(view, slices)
    for port in service.ports:
        ready = next(
            (p.ready for p in report.ports if (p.name, p.port) == (port.name, port.port)), 0
        )
        name = f"{port.name or '<unset>'} {port.port}/{port.protocol}"
        yield f"port {name} to {port.target}: {count_of(ready, 'ready endpoint')}"


def _tell_sources(view: ServiceView, slices: Sequence[EndpointSlice]) -> Iterator[str]:
    if view.source is Source.ENDPOINTSLICES:
        for piece in sorted(slices, key=lambda piece: piece.name)[:_MOST_SLICES]:
            yield f"EndpointSlice {piece.name}: {_describe_slice(piece)}"
        if len(slices) > _MOST_SLICES:
            yield f"{len(slices) - _MOST_SLICES} more EndpointSlices"
        if not slices:
            yield f"no EndpointSlice has the label kubernetes.io/service-name={view.service.name}"
    elif not slices:
        yield "there is no Endpoints object, or it has no address"


def _describe_slice(piece: EndpointSlice) -> str:
    ports = [
        f"{port.name or '<unset>'} {port.number or '*'}/{port.protocol}" for port in piece.ports
    ]
    own = piece.managed_by in (CONTROLLER, MIRRORING_CONTROLLER)
    who = "" if own else f", managed by {piece.managed_by or 'nobody'}"
    if not piece.endpoints:
        return f"{piece.address_type}, empty{who}"
    ready = sum(bool(entry.flags & READY) for entry in piece.endpoints)
    text = f"{piece.address_type}, {count_of(len(piece.endpoints), 'endpoint')}, {ready} ready, "
    return text + (f"ports {join_some(ports)}" if ports else "no ports") + who

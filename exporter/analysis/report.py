"""The report on one Service: every question asked once, the answers in one value."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from exporter.analysis.counts import count_addresses, count_pairs
from exporter.analysis.dependents import count_dependents
from exporter.analysis.families import reported_families
from exporter.analysis.merge import (
    Merged,
    merge_slices,
    read_legacy,
    routed_slices,
)
from exporter.analysis.pods import diagnose, summarise
from exporter.analysis.policy import read_policy
from exporter.analysis.ports import measure_reach
from exporter.analysis.reason import WITHOUT_PODS, find_reason
from exporter.analysis.topology import locate
from exporter.model import (
    AddressReport,
    PodsReport,
    Reason,
    ServiceKey,
    ServiceReport,
    ServiceView,
    Source,
)
from exporter.objects.slices import (
    CONTROLLER,
    MIRRORING_CONTROLLER,
    READY,
    SERVING,
    EndpointSlice,
)


class ReportOptions(msgspec.Struct, frozen=True):
    """What the user chose: the default threshold, and which costly details are wanted.

    `addresses`: single addresses; `pairs`: what the compatibility group counts.
    `addresses_of`: the namespaces whose addresses are listed; None is all of them.
    """

    min_ready: int = 1
    addresses: bool = False
    pairs: bool = False
    topology: bool = True
    addresses_of: frozenset[str] | None = None


_DEFAULTS = ReportOptions()


def slices_of(view: ServiceView) -> tuple[EndpointSlice, ...] | None:
    """A Service's slices, or its Endpoints object told as slices; None: can't be known."""
    if view.slices is None or view.broken:
        return None
    if view.source is Source.ENDPOINTS:
        return read_legacy(view.endpoints) if view.endpoints is not None else ()
    return view.slices


def analyse(view: ServiceView, options: ReportOptions = _DEFAULTS) -> ServiceReport:
    """The report on a Service as it is known now, without what only time can tell."""
    service = view.service
    key = ServiceKey(service.namespace, service.name)
    policy = read_policy(service, options.min_ready)
    report = ServiceReport(
        key=key,
        service=service,
        known=False,
        min_ready=policy.min_ready,
        ignored=policy.ignored,
        dependents=count_dependents(view.dependents),
        bad_annotations=policy.bad,
    )
    if service.type == "ExternalName":
        return msgspec.structs.replace(report, reason=Reason.EXTERNAL_NAME)
    slices = slices_of(view)
    if slices is None:
        return report
    legacy = view.source is Source.ENDPOINTS
    merged = merge_slices(slices)
    routed = routed_slices(service, slices)
    reached = merged if len(routed) == len(slices) else merge_slices(routed)
    reach = measure_reach(service, reached, routed)
    reason, detail, pods = _explain_zero(view, merged, slices, usable=reach.usable)
    pairs = None
    if options.pairs:
        pairs = count_pairs(
            slices, reported_families(service)[0], publish_not_ready=service.publish_not_ready
        )
    return msgspec.structs.replace(
        report,
        known=True,
        counts=count_addresses(merged, reported_families(service), states_known=not legacy),
        routable=reach.routable,
        ports=reach.ports,
        topology=(
            locate(service, merged, view.nodes, zones_known=not legacy)
            if options.topology
            else None
        ),
        slices=None if legacy else len(slices),
        foreign=None if legacy else _count_foreign(slices),
        truncated=int(view.endpoints is not None and view.endpoints.truncated) if legacy else None,
        reason=reason,
        detail=detail,
        pods=pods,
        addresses=_list_addresses(merged) if _lists_addresses(key, options) else (),
        pairs=pairs,
    )


def _explain_zero(
    view: ServiceView, merged: Merged, slices: tuple[EndpointSlice, ...], *, usable: bool
) -> tuple[Reason | None, str | None, PodsReport | None]:
    """Reason, detail and Pods; the reason is None while there is a usable ready endpoint."""
    service = view.service
    pods = view.pods if service.selector else None
    ready = _ready_addresses(merged)
    if usable:
        return None, None, summarise(service, pods, ready) if pods is not None else None
    legacy = view.source is Source.ENDPOINTS
    present = view.endpoints is not None if legacy else bool(slices)
    reason, detail = find_reason(service, view.source, merged, slices, present=present)
    if pods is None:
        return reason, detail, None
    if reason not in WITHOUT_PODS:
        return reason, detail, summarise(service, pods, ready)
    found = diagnose(service, pods, ready)
    if found.reason is Reason.ALL_PODS_TERMINATING and found.detail is None:
        serving = any(e.flags & SERVING for entries in merged.values() for e in entries.values())
        detail = "Serving" if serving else None
    else:
        detail = found.detail
    return found.reason, detail, found.pods


def _ready_addresses(merged: Merged) -> Collection[str]:
    return {
        entry.address
        for entries in merged.values()
        for entry in entries.values()
        if entry.flags & READY
    }


def _count_foreign(slices: tuple[EndpointSlice, ...]) -> int:
    own = (None, "", CONTROLLER, MIRRORING_CONTROLLER)
    return sum(piece.managed_by not in own for piece in slices)


def _lists_addresses(key: ServiceKey, options: ReportOptions) -> bool:
    if not options.addresses:
        return False
    return options.addresses_of is None or key.namespace in options.addresses_of


def _list_addresses(merged: Merged) -> tuple[AddressReport, ...]:
    return tuple(
        AddressReport(kind, entry.address, entry.flags, entry.node, entry.zone, entry.pod)
        for kind in sorted(merged)
        for _, entry in sorted(merged[kind].items())
    )
